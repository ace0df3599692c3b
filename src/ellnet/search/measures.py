"""What trials are compared by, and how sure it is: cost, or any metric, with bootstrap replicates."""

import functools
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names

from ellnet.arrays import Array
from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.equations.costs import output_losses
from ellnet.errors import HyperparameterError
from ellnet.network import Network
from ellnet.randomness import Stream, generator
from ellnet.search.words import nearest
from ellnet.targets import Target

__all__ = ["Measure", "Resamples", "measure_of"]

REPLICATES, FEWEST, MOST_NUMBERS = 200, 25, 2 * 10**7
SLOW_REPLICATES = 40
"""Replicates of a metric that has to be computed anew for each."""

OF_NUMBERS, OF_CLASSES = ("cost", "rmse", "mae"), ("cost", "accuracy")
TRIED_ROWS = 12
"""Made-up examples that a scorer is tried on, to see which tasks it is for."""


@dataclass(frozen=True, eq=False)
class Resamples:
    """The validation rows of a fold drawn again and again, the same for every trial.

    Attributes:
        counts: how often each row was drawn, (replicates, m).
    """

    counts: NDArray[np.float32]

    @classmethod
    def of(cls, m: int, seed: int, fold: int) -> "Resamples":
        """Draw m of m rows, putting back."""
        replicates = max(FEWEST, min(REPLICATES, MOST_NUMBERS // m))
        rng = generator(seed, Stream.SEARCH, layer=fold + 1)
        counts = np.zeros((replicates, m), np.float32)
        for row in counts:
            row[:] = np.bincount(rng.integers(m, size=m), minlength=m)
        return cls(counts)

    @classmethod
    def none(cls, m: int) -> "Resamples":
        """Draw nothing of m rows, for whoever wants the value alone."""
        return cls(np.zeros((0, m), np.float32))

    def means(self, terms: NDArray[Any]) -> NDArray[np.float64]:
        """Return the mean of the terms (m,) in each replicate."""
        sums = np.einsum("rm,m->r", self.counts, terms.astype(np.float32))
        return np.asarray(sums / np.float64(len(terms)))


Measured = tuple[float, NDArray[np.float64]]


@dataclass(frozen=True)
class Measure:
    """A metric.

    Attributes:
        name: what it is called.
        greater: whether more is better.
        of: gives the value on a fold's validation examples, and its replicates, from the network, those
            examples, the target, the lowest validation cost, and the resamples.
    """

    name: str
    greater: bool
    of: Callable[[Network, Examples, Target, float, Resamples], Measured]

    @property
    def direction(self) -> str:
        """What Optuna calls it."""
        return "maximize" if self.greater else "minimize"

    def better(self, a: float, b: float) -> bool:
        """Say whether a is better than b."""
        return a > b if self.greater else a < b


def measure_of(name: str, target: Target) -> Measure:
    """Return a metric by its name: `cost`, `rmse`, `mae`, `accuracy`, or a scorer of scikit-learn's.

    Raises:
        HyperparameterError: there is no such metric, or not for this task; names the nearest.
    """
    task = target.task
    own = {"cost": Measure("cost", False, _cost)}
    if task != "regression":
        own["accuracy"] = Measure("accuracy", True, _accuracy)
    else:
        own |= {"rmse": Measure("rmse", False, _rmse), "mae": Measure("mae", False, _mae)}
    if name in own:
        return own[name]
    every = {*OF_NUMBERS, *OF_CLASSES, *get_scorer_names()}
    if name not in every and (name.lower() not in every or name.lower() in _known(task)):
        raise HyperparameterError(f"there is no metric {name!r}; {_near(name, _known(task))}")
    _check_task(name.lower(), task)
    return Measure(name, True, _scored(name, target))


def _check_task(name: str, task: str) -> None:
    """Refuse a metric that is of another task."""
    of = "regression" if name in OF_NUMBERS or _takes(name, "regression") else "classes"
    if (of == "regression") != (task == "regression"):
        whose = "regressions" if of == "regression" else "classes"
        raise HyperparameterError(
            f"metric {name} is of {whose}, and the task is {task}; say {_instead(name, task)}"
        )
    if not _takes(name, task):
        raise HyperparameterError(
            f"metric {name} does not go with the task {task}; say {_instead(name, task)}"
        )


def _near(name: str, known: Sequence[str]) -> str:
    """Return the metric that is meant, or all that there are."""
    return nearest(name, known) or f"there are {', '.join(known)}"


@functools.cache
def _known(task: str) -> tuple[str, ...]:
    """Return the metrics that go with a task, our own first."""
    regression = task == "regression"
    scorers = [
        name
        for name in get_scorer_names()
        if _takes(name, task) and (regression or not _takes(name, "regression"))
    ]
    return tuple(dict.fromkeys([*(OF_NUMBERS if regression else OF_CLASSES), *scorers]))


def _instead(name: str, task: str) -> str:
    """Name metrics that go with the task: kin of the one that does not, else the usual ones."""
    kin = [k for k in _known(task) if k.startswith(f"{name}_") or name.startswith(f"{k}_")]
    *others, last = kin or ["rmse" if task == "regression" else "accuracy", "cost"]
    return f"{', '.join(others)} or {last}" if others else last


@functools.cache
def _takes(name: str, task: str) -> bool:
    """Try a scorer on a few made-up answers for a task, and say whether it takes them.

    For a regression they are numbers with fractions, of which metrics of classes, and of clusters, at
    least warn; metrics of regressions take numbers of classes too, so that only the former tells.
    """
    rows = np.arange(TRIED_ROWS)
    y: NDArray[Any]
    if task == "regression":
        y = 1.25 + 0.5 * rows
        answers: Any = _Values(y[::-1])
    else:
        n = 2 if task == "binary" else 3
        y = rows % n
        said = np.where(rows < n, (y + 1) % n, y)  # some are wrong, so that no share is of nothing
        answers = _Classes((np.eye(n) + 0.5)[said] / (1 + 0.5 * n))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error" if task == "regression" else "ignore")
            get_scorer(name)(answers, rows[:, None], y)
    except (ValueError, TypeError, AttributeError, Warning):
        return False
    return True


def _outputs(net: Network, examples: Examples) -> tuple[Array, Array]:
    """Return Z[L] and A[L]; the last product in an order that does not depend on threads."""
    chosen = engine("auto")
    below = (
        examples.X if net.L == 1 else chosen.predict(net.upto(net.L - 1), examples.X, n_threads=1)
    )
    if hasattr(below, "toarray"):
        below = below.toarray()
    Z = np.einsum("ij,jm->im", net.W[net.L], np.asarray(below, net.W[net.L].dtype)) + net.b[net.L]
    return Z, chosen.predict(net, examples.X, n_threads=1)


def _cost(
    net: Network, examples: Examples, target: Target, lowest: float, resamples: Resamples
) -> Measured:
    del target
    Z, A = _outputs(net, examples)
    options = net.cost_options
    losses = output_losses(net.activations[net.L], net.cost, Z, A, examples.Y, **options)
    return lowest, resamples.means(np.asarray(losses)[0])


def _accuracy(
    net: Network, examples: Examples, target: Target, lowest: float, resamples: Resamples
) -> Measured:
    del target, lowest
    right = _numbers(_predicted(net, examples)) == _numbers(np.asarray(examples.Y))
    return float(np.mean(right)), resamples.means(right)


def _errors(net: Network, examples: Examples, target: Target) -> NDArray[np.float64]:
    A = _predicted(net, examples).astype(np.float64)
    return np.asarray(target.scale * np.abs(A[0] - np.asarray(examples.Y, np.float64)[0]))


def _rmse(
    net: Network, examples: Examples, target: Target, lowest: float, resamples: Resamples
) -> Measured:
    del lowest
    largest = max(1e-300, float(np.max(_errors(net, examples, target))))
    squares = (_errors(net, examples, target) / largest) ** 2
    value = largest * float(np.sqrt(np.mean(squares)))
    return value, largest * np.sqrt(resamples.means(squares))


def _mae(
    net: Network, examples: Examples, target: Target, lowest: float, resamples: Resamples
) -> Measured:
    del lowest
    errors = _errors(net, examples, target)
    return float(np.mean(errors)), resamples.means(errors)


def _predicted(net: Network, examples: Examples) -> NDArray[Any]:
    return np.asarray(engine("auto").predict(net, examples.X, n_threads=1))


def _numbers(A: NDArray[Any]) -> NDArray[np.int64]:
    numbers = A[0] > 0.5 if A.shape[0] == 1 else np.argmax(A, axis=0)
    return np.asarray(numbers, np.int64)


class _Classes(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classes that are known already, by row number, for a scorer to ask for."""

    def __init__(self, probabilities: NDArray[Any] | None = None) -> None:
        self.probabilities = probabilities
        self.classes_ = np.arange(0 if probabilities is None else probabilities.shape[1])

    def predict(self, X: Any) -> NDArray[np.int64]:
        return np.asarray(np.argmax(self.predict_proba(X), axis=1))

    def predict_proba(self, X: Any) -> NDArray[Any]:
        assert self.probabilities is not None  # noqa: S101 - scorers are given some
        return np.asarray(self.probabilities[np.asarray(X)[:, 0]])


class _Values(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers that are known already, by row number, for a scorer to ask for."""

    def __init__(self, values: NDArray[Any] | None = None) -> None:
        self.values = values

    def predict(self, X: Any) -> NDArray[Any]:
        assert self.values is not None  # noqa: S101 - scorers are given some
        return np.asarray(self.values[np.asarray(X)[:, 0]])


def _scored(
    name: str, task: Target
) -> Callable[[Network, Examples, Target, float, Resamples], Measured]:
    scorer = get_scorer(name)

    def score(answers: Any, y: NDArray[Any], rows: NDArray[np.int64]) -> float:
        try:
            return float(scorer(answers, rows[:, None], y[rows]))
        except (ValueError, TypeError, AttributeError) as error:
            said = str(error).partition("\n")[0].rstrip(".")
            raise HyperparameterError(
                f"metric {name} cannot be had of these rows: {said}; say {_instead('', task.task)}"
            ) from None

    def measured(
        net: Network, examples: Examples, target: Target, lowest: float, resamples: Resamples
    ) -> Measured:
        del lowest
        A, Y = _predicted(net, examples), np.asarray(examples.Y)
        if target.task == "regression":
            answers: Any = _Values(target.decode(A))
            y = target.decode(Y)
        else:
            answers, y = _Classes(target.probabilities(A)), _numbers(Y)
        value = score(answers, y, np.arange(len(y)))
        counts = resamples.counts[:SLOW_REPLICATES].astype(np.int64)
        drawn = (np.repeat(np.arange(len(y)), row) for row in counts)
        whole = np.unique(y) if target.task != "regression" else y[:0]
        again = [
            math.nan if len(np.unique(y[rows])) < len(whole) else score(answers, y, rows)
            for rows in drawn
        ]
        return value, np.array(again)

    return measured
