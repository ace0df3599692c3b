"""MLPRegressor: scikit-learn's, and more."""

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if

from ellnet.arrays import Array, to_numpy
from ellnet.equations.costs import COSTS
from ellnet.errors import DataError, HyperparameterError
from ellnet.estimators.base import BaseMLP
from ellnet.estimators.callbacks import with_callbacks
from ellnet.estimators.fitting import Held
from ellnet.estimators.parameters import ABOVE_0, CONSTRAINTS, REGRESSOR_LOSSES, is_stochastic, keep
from ellnet.estimators.scores import r2

__all__ = ["MLPRegressor"]


class MLPRegressor(RegressorMixin, BaseMLP):  # type: ignore[misc]
    """A deep fully-connected network that predicts quantities, under scikit-learn's names.

    It takes the parameters of scikit-learn's MLPRegressor, with their meaning and their defaults, and
    those after `max_fun` beside them. Training minimises half the squared error (eq. 11.7), summed
    over the outputs, with the penalty alpha / (2 sum of weights) * sum W^2 (eq. 14.1).

    Args:
        loss: "squared_error", "absolute_error", "huber", "poisson" (of counts, with an exponential
            output) or "quantile".
        hidden_layer_sizes: units of each hidden layer; () for none, which is linear regression.
        activation: of the hidden layers: one name, or a list with one a layer.
        solver: "adam", "sgd" (with momentum), "lbfgs" (all examples at once), or an optimizer's name.
        alpha: strength of the L2 penalty.
        batch_size: examples a step; "auto" is min(200, m), "full" is m.
        learning_rate: schedule of the learning rate; "invscaling" and "adaptive" act with sgd alone.
        learning_rate_init: the learning rate at the start.
        power_t: power of "invscaling".
        max_iter: epochs, or iterations of lbfgs, at most.
        shuffle: whether each epoch has an order of its own.
        random_state: a whole number is the seed; None draws one.
        tol: gain that an epoch must bring; for lbfgs the largest entry of the gradient at the end.
        verbose: whether to print the cost of every epoch.
        warm_start: whether fit goes on where the last one ended, moments of the optimizer included.
        momentum: of sgd.
        nesterovs_momentum: whether it is Nesterov's.
        early_stopping: whether to hold out `validation_fraction`, stop when the score no longer rises
            and keep the best parameters.
        validation_fraction: what is held out.
        beta_1: decay of Adam's first moment.
        beta_2: decay of Adam's second moment.
        epsilon: what keeps Adam's quotient finite.
        n_iter_no_change: epochs in a row without gain that are allowed.
        max_fun: evaluations of the cost by lbfgs, at most.
        threshold: of the loss "huber": the error from which it grows as a straight line.
        quantiles: of the loss "quantile": predict has a column for each, target by target.
        scoring: what early stopping watches: None for R^2 (of the quantile nearest to the median,
            where there are several), "loss" for the validation cost, or any scorer of scikit-learn's.
        dropout: part of the hidden units silent in a step: one number, or a list with one a layer.
        input_dropout: part of the inputs silent in a step.
        alpha_l1: strength of the L1 penalty.
        weight_decay: decay of the weights by solver "adamw", beside the gradient.
        max_norm: largest norm of the weights into a unit; 0 for any.
        clip_norm: norm to which a longer gradient is cut; 0 for never.
        rho: decay of RMSprop's mean square.
        momentum_decay: how fast the momentum of "nadam" grows.
        warmup: part of the run in which the learning rate grows to its height.
        gamma: factor of the schedules "step" and "exponential".
        period: epochs of a step, and of the first cycle of "cosine_restarts".
        growth: how many times longer each cycle of "cosine_restarts" is.
        floor: lowest factor of the schedules "cosine" and "one_cycle".
        weight_decay_schedule: how the weight decay changes.
        dropout_schedule: how dropout changes.
        initialization: initial weights: "sklearn" for scikit-learn's, "auto" for those that suit each
            activation, or an initializer's name.
        unit_variance: whether to scale initial weights so that each Z[l] has variance 1.
        zero_last: whether to begin with an output layer of zeros.
        transform_layer: the layer that `transform` shows; None for the last hidden one.
        engine: "auto" for the fastest there is, or one by name.
        n_threads: threads; None for what suits the size of the work.

    Attributes:
        coefs_: W[l] transposed, (n[l-1], n[l]), for l = 1..L.
        intercepts_: b[l], (n[l],), for l = 1..L.
        loss_, loss_curve_, best_loss_: training cost of the last epoch, of each, and the lowest.
        validation_scores_, best_validation_score_: score of each epoch where there is validation.
        validation_loss_curve_: validation cost of each epoch, likewise.
        n_iter_: epochs of the last call.
        t_: examples that steps were taken from, all calls together.
        n_layers_, n_outputs_, out_activation_: layers with the input counted, output units, their
            activation.
        stopped_: why the last call ended: "epochs", "early", "converged", "stuck", "hook",
            "interrupted", "diverged".
        history_: the `History` of the last call.
        network_: the `Network`, in the shapes of the notes.
        n_features_in_, feature_names_in_: as everywhere in scikit-learn.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "loss": [StrOptions(set(REGRESSOR_LOSSES))],
        "threshold": [ABOVE_0],
        "quantiles": ["array-like"],
    }
    _numeric = True

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        threshold: float = 1.0,
        quantiles: Any = (0.5,),
        scoring: Any = None,
        dropout: Any = 0.0,
        input_dropout: float = 0.0,
        alpha_l1: float = 0.0,
        weight_decay: float = 0.01,
        max_norm: float = 0.0,
        clip_norm: float = 0.0,
        rho: float = 0.99,
        momentum_decay: float = 0.004,
        warmup: float = 0.0,
        gamma: float = 0.5,
        period: int = 10,
        growth: int = 1,
        floor: float = 0.0,
        weight_decay_schedule: str = "constant",
        dropout_schedule: str = "constant",
        initialization: str = "sklearn",
        unit_variance: bool = False,
        zero_last: bool = False,
        transform_layer: int | None = None,
        engine: str = "auto",
        n_threads: int | None = None,
    ) -> None:
        keep(self, locals())

    @with_callbacks  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Train on examples, from the start unless `warm_start` is on.

        Args:
            X: (m, n[0]), dense, sparse or a frame; float32 is computed in float32, anything else in
                float64.
            y: (m,) quantities, or (m, k) for k outputs at once.
            sample_weight: (m,) weights; an example of weight 2 counts as two.
            X_val: validation examples, in place of a hold-out.
            y_val: their quantities.
            sample_weight_val: their weights.

        Returns:
            The estimator itself.

        Raises:
            ValueError: data or parameters that cannot be trained on; names row, column or parameter.
            DivergenceError: a parameter became infinite or not a number.
        """
        return self._fit((X, y, sample_weight), (X_val, y_val, sample_weight_val))

    @available_if(is_stochastic)  # type: ignore[untyped-decorator]
    @with_callbacks  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        epochs: int = 1,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Go on training with the examples given, for some epochs.

        Args:
            X: (m, n[0]), as for `fit`.
            y: (m,) quantities, or (m, k).
            sample_weight: (m,) weights.
            epochs: how many to go on. Under early stopping they may end before, and the parameters
                kept are the best of this call.
            X_val: validation examples, in place of a hold-out.
            y_val: their quantities.
            sample_weight_val: their weights.

        Returns:
            The estimator itself.

        Raises:
            ValueError: data or parameters that cannot be trained on; names row, column or parameter.
            DivergenceError: a parameter became infinite or not a number.
        """
        validation = (X_val, y_val, sample_weight_val)
        return self._fit((X, y, sample_weight), validation, epochs=epochs)

    def predict(self, X: Any) -> Array:
        """Return the predicted quantities, (m,), or (m, k) for k outputs.

        Args:
            X: (m, n[0]).

        Raises:
            NotFittedError: there is no fitted network yet.
            ValueError: X does not fit.
        """
        A = self._propagate(self.network_, X, "predict")
        return A[0, :] if A.shape[0] == 1 else A.T

    def _ends(self) -> tuple[str, str]:
        return REGRESSOR_LOSSES[self.loss], self.loss

    def _cost_options(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in COSTS[self.loss].options}

    def _encode(self, y: NDArray[Any], *, first: bool, incremental: bool) -> NDArray[Any]:
        del incremental
        if self.loss == "poisson" and np.any(y < 0):
            row = int(np.flatnonzero(np.any(np.atleast_2d(y.T) < 0, axis=0))[0])
            raise DataError(
                f"Some value(s) of y are out of the valid range of the loss 'poisson', which takes "
                f"counts of at least 0: got {np.min(y[row]):g} in row {row}"
            )
        Y = y[None, :] if y.ndim == 1 else y.T
        if self.loss == "quantile":
            if len(self.quantiles) == 0 or not all(isinstance(q, Real) for q in self.quantiles):
                raise HyperparameterError(
                    f"quantiles must hold one number between 0 and 1 or more, got {self.quantiles!r:.80}"
                )
            Y = np.repeat(Y, len(self.quantiles), axis=0)
        if not first and hasattr(self, "coefs_") and len(Y) != len(self.intercepts_[-1]):
            raise DataError(
                f"y must have {len(self.intercepts_[-1])} outputs, as in the fit before, got {len(Y)}"
            )
        return Y

    def _score_outputs(self, A: Array, held: Held) -> float:
        predicted = self._central(to_numpy(A).T)
        return r2(held.y.reshape(predicted.shape), predicted, held.weights)

    def _central(self, A: NDArray[Any]) -> NDArray[Any]:
        """Return one column a target: for quantiles the one nearest to the median."""
        if self.loss != "quantile":
            return A
        middle = int(np.argmin(np.abs(np.asarray(self.quantiles) - 0.5)))
        return A[:, middle :: len(self.quantiles)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R^2 of the prediction; of several quantiles the one nearest to the median counts.

        Args:
            X: (m, n[0]).
            y: (m,) quantities, or (m, k).
            sample_weight: (m,) weights.

        Raises:
            NotFittedError: there is no fitted network yet.
            ValueError: X or y does not fit.
        """
        if self.loss != "quantile":
            return float(super().score(X, y, sample_weight))
        predicted = self._central(np.reshape(self.predict(X), (-1, self.n_outputs_)))
        return float(
            r2_score(np.reshape(y, predicted.shape), predicted, sample_weight=sample_weight)
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
