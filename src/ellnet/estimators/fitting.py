"""One call of fit or partial_fit: examples made ready, what is held out, what ends the run."""

import inspect
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from ellnet.arrays import Array, is_finite, precision
from ellnet.batches import Examples, split
from ellnet.engines import Score
from ellnet.errors import DataError
from ellnet.estimators.inputs import beside
from ellnet.estimators.plateau import Plateau, training_cost, validation_cost, validation_score
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState
from ellnet.training import Metric, moments_of

__all__ = [
    "Held",
    "Material",
    "Past",
    "Progress",
    "examples_of",
    "hold_out",
    "metric_of",
    "parameters_of",
    "stopping_of",
    "warn_of_the_end",
    "warn_the_caller",
]

INSIDE = ("ellnet", "sklearn")
"""Packages whose lines a user did not write."""


@dataclass(frozen=True, eq=False)
class Progress:
    """Where training stands beside the parameters: all that another call needs to go on."""

    optimizer: str
    moments: tuple[Parameters, ...]
    step: int
    epoch: int
    cuts: int
    seed: int

    @classmethod
    def of(cls, state: TrainingState, optimizer: str) -> "Progress":
        """Take what a state has beside its parameters."""
        return cls(optimizer, state.moments, state.step, state.epoch, state.cuts, state.seed)

    def state(self, parameters: Parameters, chosen: Hyperparameters) -> TrainingState:
        """Return the state to go on from; another optimizer begins with moments of its own."""
        start = TrainingState.start(parameters, moments_of(chosen), self.seed)
        kept = self.moments if chosen.optimizer == self.optimizer else start.moments
        return TrainingState(
            parameters, kept, step=self.step, epoch=self.epoch, cuts=self.cuts, seed=self.seed
        )


class Held(NamedTuple):
    """Validation data: as a scorer takes them, rows X (m, n[0]) and y, and as the engine does."""

    X: Array
    y: NDArray[Any]
    weights: NDArray[np.float64] | None
    examples: Examples


class Material(NamedTuple):
    """What is learned from: the examples, and y and the user's weights (m,) beside them.

    The factors are those of the classes, where there are some.
    """

    examples: Examples
    y: NDArray[Any]
    weights: NDArray[np.float64] | None
    factors: NDArray[np.float64] | None = None

    def take(self, rows: NDArray[np.int64]) -> "Material":
        """Return some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        return Material(self.examples.take(rows), self.y[rows], weights)

    def held(self) -> Held:
        """Return the same as validation data."""
        return Held(self.examples.X.T, self.y, self.weights, self.examples)


def hold_out(
    material: Material, fraction: float, seed: int, labels: NDArray[Any] | None
) -> tuple[Material, Held]:
    """Hold out a fraction for validation, the same fraction of each class.

    Args:
        material: all of it.
        fraction: the part to hold out.
        seed: of the random numbers.
        labels: (m,) labels to stratify by, or None.

    Raises:
        DataError: too few examples, or a class with a single one.
    """
    m = material.examples.m
    count = math.ceil(fraction * m)
    if count < 2 or count > m - 1:
        raise DataError(
            f"The validation set is too small. Increase 'validation_fraction' or the size of your "
            f"dataset: {fraction:g} of {m} examples is {count}, and at least 2 are held out; X_val "
            "and y_val, passed to fit, spare the hold-out."
        )
    numbers = None
    if labels is not None:
        classes, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
        rare = [str(label) for label in classes[counts < 2]]
        if rare and len(classes) > 1:
            raise DataError(
                "The least populated classes in y have only 1 member, which is too few to be held "
                f"out in part. Classes with too few members are: {rare}; give more examples of "
                "them, leave them out, or pass X_val and y_val to fit"
            )
    parts = split(m, count / m, seed, numbers)
    return material.take(parts.train), material.take(parts.held_out).held()


def examples_of(
    X: Array, Y: NDArray[Any], weights: NDArray[Any] | None, by_class: NDArray[Any] | None
) -> Examples:
    """Return examples, one a column, from rows X (m, n[0]) and targets Y (n[L], m).

    Y and the weights go to the library, the device and the precision of X.
    """
    w = weights if by_class is None else by_class * (1.0 if weights is None else weights)
    there = beside(Y, X)
    if precision(there) != precision(Y) and not is_finite(there):
        example = int(np.argmax(np.abs(Y).max(axis=0)))
        raise DataError(
            f"y must fit {precision(there)}, the precision of X, got {np.abs(Y[:, example]).max():g} in "
            f"row {example}: scale it (sklearn.compose.TransformedTargetRegressor), or give X in float64"
        )
    return Examples(X.T, there, None if w is None else beside(w[None, :], X))


def parameters_of(coefs: Sequence[Array], intercepts: Sequence[Array]) -> Parameters:
    """Return W[l] and b[l] as views of scikit-learn's attributes."""
    return Parameters.of([coef.T for coef in coefs], [b[:, None] for b in intercepts])


class Past(NamedTuple):
    """What earlier calls left behind for the rule that ends a run."""

    best: float = math.inf
    waited: int = 0


def stopping_of(estimator: Any, held: Held | None, past: Past) -> Plateau:
    """Return scikit-learn's rule for an estimator's parameters."""
    watched = training_cost
    if estimator.early_stopping and held is not None:
        watched = validation_cost if estimator.scoring == "loss" else validation_score
    return Plateau(
        watched,
        tol=estimator.tol,
        n_iter_no_change=estimator.n_iter_no_change,
        best=past.best,
        count=past.waited,
    )


def metric_of(
    scoring: Any,
    held: Held | None,
    default: Callable[[Array], float],
    score: Score,
    fitted: Callable[[Parameters], Any],
) -> Metric | None:
    """Return what is measured on the validation examples after every epoch.

    Args:
        scoring: None for the default, "loss" for nothing, else a scorer of scikit-learn's.
        held: the validation data.
        default: the estimator's own score, from A[L] of the validation data.
        score: the same as engines take it.
        fitted: gives an estimator with such parameters.
    """
    if held is None or scoring == "loss":
        return None
    if scoring is None:
        return Metric("score", lambda *seen: default(seen[1]), score=score)
    from sklearn.metrics import check_scoring  # noqa: PLC0415 - slow to import, and seldom needed

    def measure(net: Network, A: Array, examples: Examples) -> float:
        del A, examples
        scored = fitted(net.parameters)
        scorer = check_scoring(scored, scoring)
        weighs = held.weights is not None and _takes_weights(scorer)
        options = {"sample_weight": held.weights} if weighs else {}
        return float(scorer(scored, held.X, held.y, **options))

    name = scoring if isinstance(scoring, str) else "score"
    return Metric(name, measure, of_outputs=False)


def _takes_weights(scorer: Any) -> bool:
    """Say whether a scorer can be given weights: some metrics have none, and functions of one's own."""
    measured = getattr(scorer, "_score_func", scorer)
    kinds = {p.name: p.kind for p in inspect.signature(measured).parameters.values()}
    return "sample_weight" in kinds or inspect.Parameter.VAR_KEYWORD in kinds.values()


def warn_the_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line outside scikit-learn and ellnet that began it all."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in INSIDE:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def warn_of_the_end(history: History, *, solver: str, max_iter: int) -> None:
    """Warn where the run ended before it had converged, in scikit-learn's words."""
    if history.stopped == "interrupted":
        warn_the_caller("Training interrupted by user.")
    elif solver == "lbfgs" and history.stopped in {"epochs", "stuck"}:
        stuck = "no lower cost was found" if history.stopped == "stuck" else "a limit was reached"
        warn_the_caller(
            f"lbfgs failed to converge after {len(history.epochs)} iterations: {stuck}. Increase "
            f"the number of iterations (max_iter={max_iter}) or of evaluations (max_fun), or scale "
            "the data.",
            ConvergenceWarning,
        )
    elif history.stopped == "epochs":
        warn_the_caller(
            f"Stochastic Optimizer: Maximum iterations ({max_iter}) reached and the optimization "
            "hasn't converged yet.",
            ConvergenceWarning,
        )
