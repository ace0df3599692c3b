"""MLPClassifier: scikit-learn's, and more."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if

from ellnet.arrays import Array, move, namespace, to_numpy
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.sigmoids import sigmoid
from ellnet.errors import DataError
from ellnet.estimators.base import BaseMLP
from ellnet.estimators.callbacks import with_callbacks
from ellnet.estimators.class_weights import class_factors, factors_by_example
from ellnet.estimators.fitting import Held
from ellnet.estimators.labels import Labels, announced
from ellnet.estimators.parameters import (
    BELOW_1,
    CLASSIFIER_LOSSES,
    CONSTRAINTS,
    is_stochastic,
    keep,
)
from ellnet.estimators.scores import accuracy

__all__ = ["MLPClassifier"]


def can_go_on(estimator: Any) -> bool:
    """Say whether partial_fit makes sense.

    Raises:
        AttributeError: it does not; says why.
    """
    if estimator.class_weight == "balanced":
        raise AttributeError(
            "partial_fit is not available with class_weight='balanced', which needs all of the data: "
            "pass the weights as a dict, from sklearn.utils.class_weight.compute_class_weight"
        )
    return is_stochastic(estimator)


def _uncertain(P: Array) -> Array:
    """Keep probabilities between 0 and 1, both excluded."""
    xp = namespace(P)
    info = xp.finfo(P.dtype)
    return xp.clip(P, min=float(info.smallest_normal), max=1.0 - float(info.eps) / 2)


class MLPClassifier(ClassifierMixin, BaseMLP):  # type: ignore[misc]
    """A deep fully-connected network that classifies, under scikit-learn's names.

    It takes the parameters of scikit-learn's MLPClassifier, with their meaning and their defaults,
    and those after `max_fun` beside them. Training minimises the cross-entropy (eq. 11.3, 11.6) with
    the penalty alpha / (2 sum of weights) * sum W^2 (eq. 14.1).

    Args:
        hidden_layer_sizes: units of each hidden layer; () for none, which is logistic regression.
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
        validation_fraction: what is held out, in proportion of the classes.
        beta_1: decay of Adam's first moment.
        beta_2: decay of Adam's second moment.
        epsilon: what keeps Adam's quotient finite.
        n_iter_no_change: epochs in a row without gain that are allowed.
        max_fun: evaluations of the cost by lbfgs, at most.
        loss: "log_loss", or a cost by name.
        label_smoothing: share of each label spread over all classes.
        class_weight: None, "balanced", or a dict of factors by class; for several labels at once a
            list of dicts, one a label, whose factors are multiplied. They count in the validation
            cost too.
        scoring: what early stopping watches: None for accuracy, "loss" for the validation cost, or
            any scorer of scikit-learn's.
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
        classes_: the labels, (k,), sorted.
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
        "loss": [StrOptions(set(CLASSIFIER_LOSSES))],
        "label_smoothing": [BELOW_1],
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
    }

    def __init__(
        self,
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
        loss: str = "log_loss",
        label_smoothing: float = 0.0,
        class_weight: Any = None,
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
            y: (m,) labels, or an (m, k) matrix of 0 and 1 for k labels at once.
            sample_weight: (m,) weights; an example of weight 2 counts as two.
            X_val: validation examples, in place of a hold-out.
            y_val: their labels.
            sample_weight_val: their weights.

        Returns:
            The estimator itself.

        Raises:
            ValueError: data or parameters that cannot be trained on; names row, column or parameter.
            DivergenceError: a parameter became infinite or not a number.
        """
        return self._fit((X, y, sample_weight), (X_val, y_val, sample_weight_val))

    @available_if(can_go_on)  # type: ignore[untyped-decorator]
    @with_callbacks  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        epochs: int = 1,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Go on training with the examples given, for some epochs.

        Args:
            X: (m, n[0]), as for `fit`.
            y: (m,) labels, or an (m, k) matrix of 0 and 1.
            sample_weight: (m,) weights.
            classes: all labels there will ever be; needed in the first call.
            epochs: how many to go on. Under early stopping they may end before, and the parameters
                kept are the best of this call.
            X_val: validation examples, in place of a hold-out.
            y_val: their labels.
            sample_weight_val: their weights.

        Returns:
            The estimator itself.

        Raises:
            ValueError: data or parameters that cannot be trained on; names row, column or parameter.
            DivergenceError: a parameter became infinite or not a number.
        """
        validation = (X_val, y_val, sample_weight_val)
        with self._unchanged_on_error():
            self._learn_classes(y, classes)
            return self._fit((X, y, sample_weight), validation, epochs=epochs)

    def decision_function(self, X: Any) -> Array:
        """Return Z[L] as rows: log-odds (m,) of the second of two classes, else (m, k).

        Args:
            X: (m, n[0]).

        Raises:
            NotFittedError: there is no fitted network yet.
            ValueError: X does not fit.
        """
        Z = self._outputs(X, "decision_function")
        return Z[0, :] if self._labels.outputs == 1 else Z.T

    def predict(self, X: Any) -> Array:
        """Return the most probable label of each row, (m,), or (m, k) of 0 and 1.

        Args:
            X: (m, n[0]).

        Raises:
            NotFittedError: there is no fitted network yet.
            ValueError: X does not fit.
        """
        Z = self._outputs(X, "predict")
        labels = self._labels.decode(to_numpy(Z))
        return (
            labels
            if isinstance(Z, np.ndarray) or labels.dtype.kind not in "biuf"
            else move(labels, Z)
        )

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class of `classes_`, (m, k); of each label for multilabel.

        What rounding would make 0 or 1 is the nearest number between: no finite Z[L] stands for
        certainty.

        Args:
            X: (m, n[0]).

        Raises:
            NotFittedError: there is no fitted network yet.
            ValueError: X does not fit.
        """
        return self._probabilities(X, "predict_proba")

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of `predict_proba`, (m, k), which is always finite.

        Args:
            X: (m, n[0]).

        Raises:
            NotFittedError: there is no fitted network yet.
            ValueError: X does not fit.
        """
        P = self._probabilities(X, "predict_log_proba")
        return namespace(P).log(P)

    def _probabilities(self, X: Any, method: str) -> Array:
        Z = self._outputs(X, method)
        if self._labels.kind == "single":
            return 0 * Z.T + 1
        if self._labels.kind == "binary":
            return _uncertain(sigmoid(namespace(Z).concat([-Z, Z], axis=0))).T
        return _uncertain(ACTIVATIONS[self._labels.output_activation].value(Z)).T

    def _outputs(self, X: Any, method: str) -> Array:
        """Return Z[L], (n[L], m)."""
        return self._propagate(self.network_.without_output_activation(), X, method)

    def _ends(self) -> tuple[str, str]:
        output = self._labels.output_activation
        cost = CLASSIFIER_LOSSES[self.loss]
        return output, self._labels.cost if cost == "auto" else cost

    def _encode(self, y: NDArray[Any], *, first: bool, incremental: bool) -> NDArray[Any]:
        if not hasattr(self, "classes_") or (first and not incremental):
            self._labels = Labels.of(y)
            self.classes_ = self._labels.classes
        elif self.warm_start and not incremental:
            self._check_same_classes(y)
        elif len(unseen := self._labels.unseen(y)):
            raise DataError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' "
                f"has {unseen} beside them."
            )
        return self._labels.encode(y)

    def _check_same_classes(self, y: NDArray[Any]) -> None:
        classes = Labels.of(y).classes
        if set(classes.tolist()) != set(self.classes_.tolist()):
            raise DataError(
                "warm_start can only be used where `y` has the same classes as in the previous call "
                f"to fit. Previously got {self.classes_}, `y` has {classes}"
            )

    def _learn_classes(self, y: Any, classes: Any) -> None:
        """Take the classes of the first call of partial_fit; later ones must be the same."""
        if not hasattr(self, "classes_"):
            if classes is None:
                raise DataError("classes must be passed on the first call to partial_fit.")
            self._labels = announced(y, classes)
            self.classes_ = self._labels.classes
        elif classes is not None and not np.array_equal(self.classes_, np.unique(classes)):
            raise DataError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: "
                f"{self.classes_!r}"
            )

    def _strata(self, y: NDArray[Any]) -> NDArray[Any] | None:
        return None if self._labels.kind == "multilabel" else y

    def _class_factors(
        self, y: NDArray[Any], weights: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        if self.class_weight is None:
            return None
        return class_factors(self.class_weight, self._labels, y, weights)

    def _by_class(
        self, y: NDArray[Any], factors: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        return None if factors is None else factors_by_example(factors, self._labels, y)

    def _score_outputs(self, A: Array, held: Held) -> float:
        threshold = 0.0 if self._labels.kind == "multiclass" else 0.5
        predicted = self._labels.decode(to_numpy(A) - threshold)
        return accuracy(held.y, predicted, held.weights)

    def _counts_right(self, held: Held) -> bool:
        return self._labels.are_targets(held.y)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
