"""What both estimators share: fit, partial_fit, transform, and the attributes of a fitted one."""

import math
from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import TransformerMixin
from sklearn.exceptions import ConvergenceWarning

from ellnet.arrays import Array, is_finite, is_sparse
from ellnet.engines import Score, engine
from ellnet.errors import DataError, DivergenceError, HyperparameterError
from ellnet.estimators.callbacks import CallbackHook, CallbackSupportMixin
from ellnet.estimators.first_weights import first_parameters
from ellnet.estimators.fitted import FittedMLP
from ellnet.estimators.fitting import (
    Held,
    Material,
    Progress,
    examples_of,
    hold_out,
    metric_of,
    parameters_of,
    stopping_of,
    warn_of_the_end,
    warn_the_caller,
)
from ellnet.estimators.inputs import (
    check_library,
    precision_in_use,
    read_weights,
    read_X,
    read_X_y,
)
from ellnet.estimators.parameters import (
    CONSTRAINTS,
    check_epochs,
    hidden_sizes,
    hyperparameters_of,
    seed_of,
)
from ellnet.estimators.printing import Printer
from ellnet.estimators.scores import share
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network
from ellnet.starting import starting_network
from ellnet.training import Hook, Metric, Outcome, train

__all__ = ["BaseMLP"]

NON_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need "
    "to be preprocessed."
)


class BaseMLP(CallbackSupportMixin, TransformerMixin, FittedMLP):  # type: ignore[misc]
    """What both estimators share. The classes to use are MLPClassifier and MLPRegressor."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS
    _numeric = False

    @abstractmethod
    def _encode(self, y: NDArray[Any], *, first: bool, incremental: bool) -> NDArray[Any]:
        """Learn or check the target; return Y (n[L], m)."""

    @abstractmethod
    def _score_outputs(self, A: Array, held: Held) -> float:
        """Return the estimator's own score from A[L], which is finite."""

    def _counts_right(self, held: Held) -> bool:
        """Say whether that score is the share of right predictions, as an engine finds them."""
        del held
        return False

    def _strata(self, y: NDArray[Any]) -> NDArray[Any] | None:
        """Return the labels that a hold-out keeps in proportion, or None."""
        del y
        return None

    def _class_factors(
        self, y: NDArray[Any], weights: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        """Return factors by class, which training examples give, or None."""
        del y, weights
        return None

    def _by_class(
        self, y: NDArray[Any], factors: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        """Return those of examples, (m,), which stand beside the user's weights, or None."""
        del y, factors
        return None

    # Training

    def _fit(
        self,
        data: tuple[Any, Any, Any],
        validation: tuple[Any, Any, Any] = (None, None, None),
        *,
        epochs: int | None = None,
    ) -> Self:
        """Train on data X, y, sample_weight; `epochs` says that it is partial_fit, and how many."""
        hidden_sizes(self.hidden_layer_sizes)
        incremental = epochs is not None
        if incremental:
            check_epochs(epochs)
        with self._unchanged_on_error():
            first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
            material = self._material(*data, first=first, incremental=incremental)
            held = self._held(validation, material)
            if first:
                self._forget()
            progress = self._left("_progress", None)
            seed = seed_of(self.random_state) if progress is None else progress.seed
            if held is None and self.early_stopping:
                labels = self._strata(material.y)
                material, held = hold_out(material, self.validation_fraction, seed, labels)
            self._warn_of_batch_size(material.examples.m)
            now = self.max_iter if epochs is None else epochs
            outcome, trouble = self._train(material, held, seed, now, data)
        self._judge(outcome, trouble, incremental=incremental)
        return self

    def _material(
        self, X: Any, y: Any, sample_weight: Any, *, first: bool, incremental: bool
    ) -> Material:
        """Check what came in, and make examples of it."""
        X, y = read_X_y(self, X, y, reset=first, numeric=self._numeric)
        Y = self._encode(y, first=first, incremental=incremental)
        weights = read_weights(sample_weight, X)
        factors = self._class_factors(y, weights)
        examples = examples_of(X, Y, weights, self._by_class(y, factors))
        return Material(examples, y, weights, factors)

    def _held(self, validation: tuple[Any, Any, Any], material: Material) -> Held | None:
        """Check the validation data that were passed."""
        X, y, sample_weight = validation
        if (X is None) != (y is None):
            raise DataError("X_val and y_val must be passed together, got one without the other")
        if X is None:
            return None
        X, y = read_X_y(self, X, y, reset=False, numeric=self._numeric)
        Y = self._encode(y, first=False, incremental=True)
        weights = read_weights(sample_weight, X, "sample_weight_val")
        examples = examples_of(X, Y, weights, self._by_class(y, material.factors))
        return Material(examples, y, weights).held()

    def _train(
        self,
        material: Material,
        held: Held | None,
        seed: int,
        epochs: int,
        data: tuple[Any, Any, Any],
    ) -> tuple[Outcome, str]:
        """Run the training loop, and keep what it gave; say what went wrong, "" for nothing."""
        progress, trouble = self._left("_progress", None), ""
        planned = max(self.max_iter, epochs + (0 if progress is None else progress.epoch))
        net, chosen = self._network_and_hyperparameters(material, planned, seed)
        plateau = stopping_of(self, held, self._past(held))
        try:
            outcome = train(
                net,
                material.examples,
                chosen,
                None if held is None else held.examples,
                metric=self._metric(held),
                hooks=self._hooks(data, epochs, held),
                state=None if progress is None else progress.state(net.parameters, chosen),
                epochs=epochs,
                stopping=plateau if self.solver != "lbfgs" or self.early_stopping else None,
                feature_names=self._names(),
                n_threads=self._threads(),
            )
        except DivergenceError as error:
            if not isinstance(error.outcome, Outcome):
                raise
            outcome, trouble = error.outcome, str(error)
        self._record(outcome, plateau, held)
        self._progress = Progress.of(outcome.state, chosen.optimizer)
        seen = 0 if self.solver == "lbfgs" else self.n_iter_ * material.examples.m
        self.t_ = self._left("t_", 0) + seen
        return outcome, trouble

    def _metric(self, held: Held | None) -> Metric | None:
        if held is None:
            return None

        def of_outputs(A: Array) -> float:
            return self._score_outputs(A, held) if is_finite(A) else math.nan

        score = Score("outputs", of_outputs)
        if self._counts_right(held):
            score = Score("right", lambda right: share(right, held.weights))
        return metric_of(self.scoring, held, of_outputs, score, self._fitted_copy)

    def _network_and_hyperparameters(
        self, material: Material, planned: int, seed: int
    ) -> tuple[Network, Hyperparameters]:
        """Return the network at the start of this call, and all that is chosen."""
        examples = material.examples
        dtype = precision_in_use(self.coefs_[0] if hasattr(self, "coefs_") else examples.X)
        chosen = hyperparameters_of(self, m=examples.m, epochs=planned, seed=seed, dtype=dtype)
        output, cost = self._ends()
        n = (int(examples.X.shape[0]), *chosen.hidden, int(examples.Y.shape[0]))
        activations = (*chosen.hidden_activations, output)
        net = Network(n, activations, cost, cost_options=self._cost_options())
        if hasattr(self, "coefs_"):
            self._check_same_sizes(n)
            return net.with_parameters(parameters_of(self.coefs_, self.intercepts_)), chosen
        drawn = None
        if self.initialization == "sklearn":
            drawn = first_parameters(n, activations, seed, dtype)
        net = starting_network(net, chosen, examples.X, drawn)
        return net.with_parameters(net.parameters.like(examples.Y)), chosen

    def _check_same_sizes(self, n: tuple[int, ...]) -> None:
        there = (self.coefs_[0].shape[0], *(coef.shape[1] for coef in self.coefs_))
        if there != n:
            raise HyperparameterError(
                f"going on from an earlier fit needs the same layers: there are {there} units, input "
                f"first, and hidden_layer_sizes asks for {n}; fit with warm_start=False instead"
            )

    def _hooks(self, data: tuple[Any, Any, Any], epochs: int, held: Held | None) -> list[Hook]:
        hooks: list[Hook] = []
        if self.verbose:
            validated = held is not None and self.early_stopping
            score = "Validation loss" if self.scoring == "loss" else "Validation score"
            hooks.append(Printer(self, score if validated else "Training loss"))
        if CallbackHook.wanted(self):
            X, y, weights = data
            metadata = {} if weights is None else {"sample_weight": weights}
            given = {"X": X, "y": y, "metadata": metadata}
            hooks.append(CallbackHook(self, given, epochs, self._attributes))
        return hooks

    def _warn_of_batch_size(self, m: int) -> None:
        if not isinstance(self.batch_size, str) and self.batch_size > m:
            warn_the_caller(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped"
            )

    def _judge(self, outcome: Outcome, trouble: str, *, incremental: bool) -> None:
        """Refuse or warn of what went wrong; the last good parameters are kept."""
        where = f"{trouble[:1].upper()}{trouble[1:]}."
        if trouble and self.early_stopping and outcome.history.best_epoch:
            warn_the_caller(f"{where} The best parameters are kept.", ConvergenceWarning)
        elif trouble:
            raise DivergenceError(f"{NON_FINITE} {where}", outcome)
        elif not incremental or outcome.history.stopped == "interrupted":
            warn_of_the_end(outcome.history, solver=self.solver, max_iter=self.max_iter)

    # Use

    def _propagate(self, net: Network, X: Any, method: str) -> Array:
        """Return the output of a network for rows X, (n[L], m)."""
        X = read_X(self, X)
        check_library(self, X, method)
        return engine(self.engine).predict(net, X.T, n_threads=self._threads())

    def _threads(self) -> int | None:
        return None if self.n_threads is None else int(self.n_threads)

    def transform(self, X: Any) -> Array:
        """Return what a layer makes of X: the activations A[l] as rows (m, n[l]).

        The layer is `transform_layer`; by default it is the last hidden one. Layer 0 is X itself.

        Args:
            X: (m, n[0]).

        Raises:
            NotFittedError: there is no fitted network yet.
            ValueError: X does not fit, or there is no such layer.
        """
        net = self.network_
        layer = self._layer(net)
        if layer == 0:
            X = read_X(self, X)
            check_library(self, X, "transform")
            X = X.toarray() if is_sparse(X) else X
            return X.astype(np.float64) if isinstance(X, np.ndarray) and X.dtype.kind != "f" else X
        return self._propagate(net.upto(layer), X, "transform").T

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return a name for each column that `transform` gives: "mlpclassifier1_0" is A[1], unit 0.

        Args:
            input_features: not used; the names are those of units.

        Raises:
            NotFittedError: there is no fitted network yet.
            ValueError: there is no such layer as `transform_layer`.
        """
        del input_features
        net = self.network_
        layer = self._layer(net)
        prefix = f"{type(self).__name__.lower()}{layer}_"
        return np.array([f"{prefix}{unit}" for unit in range(net.n[layer])], object)

    def _layer(self, net: Network) -> int:
        layer = net.L - 1 if self.transform_layer is None else int(self.transform_layer)
        if layer > net.L:
            raise HyperparameterError(
                f"transform_layer must be a layer from 0 to L = {net.L}, got {layer}"
            )
        return layer

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.array_api_support = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
