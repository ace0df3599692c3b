"""Honest scores: a model's, and beside them those of a baseline that anybody could have had."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array
from ellnet.batches import Examples
from ellnet.engines import Score, engine
from ellnet.network import Network, Parameters
from ellnet.targets import Target
from ellnet.training import Metric

__all__ = ["ClassScores", "Scores", "fit_linear", "metric_of", "prior", "score"]

LINEAR_ENTRIES = 2 * 10**7
"""Entries of X that the linear baseline is fitted on, at most: keeps it to seconds."""


@dataclass(frozen=True)
class ClassScores:
    """Scores of one class: of those predicted so, of those that are so, and their harmonic mean."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Scores:
    """Scores on one set of examples.

    Attributes:
        m: number of examples.
        cost: the network's own cost.
        values: for classification accuracy, balanced_accuracy; for regression rmse, mae, r2, in the
            target's own units.
        confusion: for classification, rows true, columns predicted, (k, k); else None.
        classes: one entry a class; empty for regression.
    """

    m: int
    cost: float
    values: dict[str, float]
    confusion: NDArray[np.int64] | None = None
    classes: tuple[ClassScores, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the scores as plain JSON values; null is what is not a finite number."""
        numbers = {"cost": self.cost, **self.values}
        result: dict[str, Any] = {"m": self.m}
        result |= {name: x if math.isfinite(x) else None for name, x in numbers.items()}
        if self.confusion is not None:
            result["confusion"] = self.confusion.tolist()
            result["classes"] = [vars(row) for row in self.classes]
        return result


def class_numbers(A: NDArray[Any]) -> NDArray[np.int64]:
    """Return the class (m,) that each column of A (k, m) stands for; k = 1 is a sigmoid unit."""
    if A.shape[0] == 1:
        return np.asarray(A[0] > 0.5, np.int64)
    return np.asarray(np.argmax(A, axis=0), np.int64)


def metric_of(target: Target) -> Metric:
    """Return what is watched beside the cost: accuracy, or the root of the mean squared error."""
    if target.task == "regression":
        scale = float(target.scale)

        def rmse(net: Network, A: Array, examples: Examples) -> float:
            del net
            return scale * float(np.sqrt(np.mean(np.square(A - examples.Y, dtype=np.float64))))

        return Metric("rmse", rmse)

    def accuracy(net: Network, A: Array, examples: Examples) -> float:
        del net
        return float(np.mean(class_numbers(A) == class_numbers(examples.Y)))

    return Metric("accuracy", accuracy, score=Score("right", lambda right: float(np.mean(right))))


def score(net: Network, examples: Examples, target: Target) -> Scores:
    """Score a network on examples, X (n[0], m) and Y (n[L], m)."""
    chosen = engine("auto")
    A = chosen.predict(net, examples.X)
    cost = chosen.cost(net, examples)
    if target.task == "regression":
        return _regression(cost, target.decode(examples.Y), target.decode(A))
    labels = [str(label) for label in target.classes]
    return _classification(cost, class_numbers(examples.Y), class_numbers(A), labels)


def _regression(cost: float, y: NDArray[Any], predicted: NDArray[Any]) -> Scores:
    from sklearn.metrics import (  # noqa: PLC0415 - slow to import, and prediction needs none of it
        mean_absolute_error,
        r2_score,
        root_mean_squared_error,
    )

    values = {
        "rmse": float(root_mean_squared_error(y, predicted)),
        "mae": float(mean_absolute_error(y, predicted)),
    }
    if len(y) > 1:
        values["r2"] = float(r2_score(y, predicted))
    return Scores(len(y), cost, values)


def _classification(
    cost: float, y: NDArray[np.int64], predicted: NDArray[np.int64], labels: list[str]
) -> Scores:
    from sklearn.metrics import (  # noqa: PLC0415 - slow to import, and prediction needs none of it
        confusion_matrix,
        precision_recall_fscore_support,
    )

    numbers = list(range(len(labels)))
    columns = precision_recall_fscore_support(y, predicted, labels=numbers, zero_division=0.0)
    rows = zip(labels, *(column.tolist() for column in columns), strict=True)
    present = columns[3] > 0
    values = {
        "accuracy": float(np.mean(y == predicted)),
        "balanced_accuracy": float(np.mean(columns[1][present])),
    }
    confusion = confusion_matrix(y, predicted, labels=numbers)
    return Scores(len(y), cost, values, confusion, tuple(ClassScores(*row) for row in rows))


def prior(net: Network, Y: NDArray[Any]) -> Network:
    """Return the network that predicts the one thing for all that costs least on the training part.

    That is the class frequencies, the mean, the median or a quantile, as the cost has it. Its weights are
    zero and its one layer's biases are the link of that of Y (n[L], m).
    """
    return _one_layer(net, np.zeros((net.n[net.L], net.n[0])), _best_constant(net, Y))


def _best_constant(net: Network, Y: NDArray[Any]) -> NDArray[np.float64]:
    """Return the biases (n[L],) of the constant output that costs least for the targets Y (n[L], m)."""
    mean = np.asarray(np.mean(Y, axis=1, dtype=np.float64))
    if net.cost == "binary_cross_entropy":
        return _log(mean) - _log(1.0 - mean)
    if net.cost in {"categorical_cross_entropy", "poisson"}:
        return _log(mean)
    if net.cost == "squared_error" or net.activations[net.L] in {"sigmoid", "softmax"}:
        return mean
    if net.cost == "huber":
        t = float(net.cost_options.get("threshold", 1.0))
        return np.array([_huber_centre(y.astype(np.float64), t) for y in Y])
    levels = net.cost_options.get("quantiles", (0.5,)) if net.cost == "quantile" else (0.5,)
    return np.array([np.quantile(y, levels[k % len(levels)]) for k, y in enumerate(Y)], np.float64)


def _huber_centre(y: NDArray[np.float64], threshold: float) -> float:
    """Return the number with the least sum of Huber's errors, where the bounded differences sum to 0."""
    low, high = float(np.min(y)), float(np.max(y))
    for _ in range(60):
        middle = low + (high - low) / 2
        if np.sum(np.clip(middle - y, -threshold, threshold)) > 0:
            high = middle
        else:
            low = middle
    return low + (high - low) / 2


def _log(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(p, 1e-12)))


def fit_linear(net: Network, examples: Examples, seed: int) -> Network:
    """Fit logistic, Poisson or ridge regression by scikit-learn; return it as a network of one layer.

    Where the cost is not the squared error, ridge regression is moved to where its residuals cost least.

    Args:
        net: the network that it is to stand beside.
        examples: the training part, X (n[0], m) and Y (n[L], m).
        seed: chooses the rows where there are more than the fit needs.
    """
    from sklearn.linear_model import (  # noqa: PLC0415 - slow to import
        LogisticRegression,
        PoissonRegressor,
        Ridge,
    )

    rows = max(1000, LINEAR_ENTRIES // net.n[0])
    X, Y = np.asarray(examples.X).T, np.asarray(examples.Y).T
    if len(X) > rows:
        chosen = np.random.default_rng(seed).choice(len(X), rows, replace=False)
        X, Y = X[chosen], Y[chosen]
    if net.cost == "poisson" and np.any(Y > 0):
        counted = PoissonRegressor(alpha=1.0 / len(X), max_iter=300).fit(X, Y[:, 0])
        return _one_layer(net, counted.coef_[None, :], np.atleast_1d(counted.intercept_))
    if net.cost == "poisson":
        return prior(net, Y.T)
    if not net.cost.endswith("cross_entropy"):
        ridge = Ridge(alpha=1.0).fit(X, Y)
        b = np.atleast_1d(ridge.intercept_)
        if net.cost != "squared_error":
            b = b + _best_constant(net, (Y - ridge.predict(X).reshape(Y.shape)).T)
        return _one_layer(net, np.reshape(ridge.coef_, (Y.shape[1], -1)), b)
    numbers = class_numbers(Y.T)
    if len(np.unique(numbers)) < 2:
        return prior(net, np.asarray(examples.Y))
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # a baseline that has not quite converged is one all the same
        logistic = LogisticRegression(max_iter=300, tol=1e-3).fit(X, numbers)
    return _logistic_layer(net, logistic.classes_, logistic.coef_, logistic.intercept_)


def _logistic_layer(
    net: Network, classes: NDArray[np.int64], coef: NDArray[Any], intercept: NDArray[Any]
) -> Network:
    """Put the classes that the sample held back in their places; the others get no probability."""
    k = net.n[net.L]
    if k == 1:
        return _one_layer(net, coef, intercept)
    W, b = np.zeros((k, net.n[0])), np.full(k, -30.0)
    if len(classes) == 2:
        W[classes[1]], b[classes[0]], b[classes[1]] = coef[0], 0.0, intercept[0]
    else:
        W[classes], b[classes] = coef, intercept
    return _one_layer(net, W, b)


def _one_layer(net: Network, W: NDArray[Any], b: NDArray[Any]) -> Network:
    output = {
        "binary_cross_entropy": "sigmoid",
        "categorical_cross_entropy": "softmax",
        "poisson": "exponential",
    }
    dtype = net.W[1].dtype
    parameters = Parameters.of([W.astype(dtype)], [np.reshape(b, (-1, 1)).astype(dtype)])
    activation = output.get(net.cost, "identity")
    n, options = (net.n[0], net.n[net.L]), net.cost_options
    return Network(n, (activation,), net.cost, parameters, cost_options=options)
