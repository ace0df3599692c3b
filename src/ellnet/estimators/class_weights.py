"""Weights of classes: what class_weight comes to for each class, and so for each example."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.errors import HyperparameterError
from ellnet.estimators.labels import Labels

__all__ = ["class_factors", "factors_by_example"]

Factors = NDArray[np.float64]


def class_factors(
    class_weight: Any, labels: Labels, y: NDArray[Any], weights: NDArray[np.float64] | None
) -> Factors:
    """Return a factor for each class, (k,); of several labels at once for 0 and 1 of each, (k, 2).

    Args:
        class_weight: "balanced", or a dict of factors by class; for "multilabel" a list of dicts.
        labels: the classes.
        y: (m,) labels, or an (m, k) matrix of 0 and 1, whose classes "balanced" weighs alike.
        weights: (m,) weights of the examples, or None.

    Raises:
        HyperparameterError: a factor that is no number of at least 0, or classes without one.
    """
    if labels.kind != "multilabel":
        return _factors(class_weight, labels.classes, labels.numbers(y), weights)
    k = len(labels.classes)
    each = [class_weight] * k if class_weight == "balanced" else class_weight
    if isinstance(each, Mapping) or len(each) != k:
        raise HyperparameterError(
            f"class_weight must be 'balanced' or a list of {k} dicts, one a label, got "
            f"{class_weight!r:.80}"
        )
    two = np.arange(2)
    columns = np.asarray(y).astype(np.int64).T
    pairs = zip(each, columns, strict=True)
    return np.stack([_factors(one, two, column, weights) for one, column in pairs])


def factors_by_example(factors: Factors, labels: Labels, y: NDArray[Any]) -> NDArray[np.float64]:
    """Return the factor of each example, (m,): of several labels at once the product."""
    if labels.kind != "multilabel":
        return np.asarray(factors[labels.numbers(y)])
    each = factors[np.arange(len(factors)), np.asarray(y).astype(np.int64)]
    return np.asarray(each.prod(axis=1))


def _factors(
    chosen: Any,
    classes: NDArray[Any],
    numbers: NDArray[np.int64],
    weights: NDArray[np.float64] | None,
) -> Factors:
    if chosen == "balanced":
        return _balanced(np.bincount(numbers, weights, len(classes)))
    if not isinstance(chosen, Mapping):
        raise HyperparameterError(
            f"class_weight must be 'balanced' or a dict of factors by class, got {chosen!r:.80}"
        )
    for label, factor in chosen.items():
        if not isinstance(factor, Real) or not 0 <= float(factor) < np.inf:
            raise HyperparameterError(
                f"class_weight must hold finite numbers of at least 0, got {factor!r:.40} for the class "
                f"{label!r}"
            )
    labels = classes.tolist()
    lacking = [label for label in labels if label not in chosen]
    if lacking and len(labels) - len(lacking) != len(chosen):
        raise HyperparameterError(f"The classes, {lacking}, are not in class_weight")
    return np.array([float(chosen.get(label, 1.0)) for label in labels])


def _balanced(totals: NDArray[Any]) -> Factors:
    """Give every class that is there the same total weight."""
    there = totals > 0
    factors = np.zeros(len(totals))
    factors[there] = totals.sum() / (there.sum() * totals[there])
    return factors
