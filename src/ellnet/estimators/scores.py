"""The estimators' own scores, measured after every epoch: scikit-learn's without its checks.

Those checks take longer than an epoch of a small network, and the data were checked before.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["accuracy", "r2", "share"]


def accuracy(
    y: NDArray[Any], predicted: NDArray[Any], weights: NDArray[np.float64] | None
) -> float:
    """Return the share of right predictions, as `sklearn.metrics.accuracy_score` does.

    Args:
        y: (m,) labels, or (m, k) of 0 and 1, where a row is right if all of it is.
        predicted: of the same shape.
        weights: (m,), or None.
    """
    right = y == predicted
    if right.ndim == 2:
        right = right.all(axis=1)
    return share(right, weights)


def share(right: NDArray[np.bool_], weights: NDArray[np.float64] | None) -> float:
    """Return the share of what is right, (m,), by weights (m,) where there are some."""
    return float(np.average(right, weights=weights))


def r2(y: NDArray[Any], predicted: NDArray[Any], weights: NDArray[np.float64] | None) -> float:
    """Return R^2, the mean over the columns, as `sklearn.metrics.r2_score` does.

    Args:
        y: (m, k) quantities; a column that is constant scores 1 where it is met exactly, else 0.
        predicted: (m, k).
        weights: (m,), or None.

    Returns:
        NaN where there are fewer than two examples.
    """
    if len(y) < 2:
        return math.nan
    w = np.ones((len(y), 1)) if weights is None else weights[:, None]
    mean = np.average(y, axis=0, weights=weights)
    left = np.sum(w * (y - predicted) ** 2, axis=0)
    there = np.sum(w * (y - mean) ** 2, axis=0)
    constant = there == 0
    scores = 1.0 - left / np.where(constant, 1.0, there)
    return float(np.mean(np.where(constant, left == 0, scores)))
