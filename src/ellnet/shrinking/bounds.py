"""Bounds of every Z[l]: by interval arithmetic for all inputs of a box, or as seen on data.

Intervals are widened by more than all rounding can come to, so that they hold for the numbers of real
arithmetic, and for those that float64 calculates in any order of its sums.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, overflow_allowed
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.linear import linear
from ellnet.shrinking.box import Box, dense_columns
from ellnet.shrinking.chain import Chain, Layer
from ellnet.shrinking.curves import CURVES

__all__ = ["Interval", "bounds_in", "bounds_on", "least", "values_in"]

Vector = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
TINY = float(np.finfo(np.float64).tiny)


class Interval(NamedTuple):
    """How low and how high each unit's z can be, each (n,)."""

    lower: Vector
    upper: Vector


def bounds_in(chain: Chain, box: Box) -> list[Interval]:
    """Return bounds of Z[l], l = 1..L, that hold for every input in the box."""
    A = Interval(box.lower, box.upper)
    found = []
    for layer in chain:
        Z = _affine(layer, A)
        found.append(Z)
        A = values_in(layer.activation, Z)
    return found


def bounds_on(chain: Chain, X: Array) -> list[Interval]:
    """Return the least and the largest Z[l], l = 1..L, on the examples X (n[0], m)."""
    lower = [np.full(layer.n, np.inf) for layer in chain]
    upper = [np.full(layer.n, -np.inf) for layer in chain]
    with overflow_allowed():
        for part in dense_columns(X):
            A = part
            for k, layer in enumerate(chain):
                Z = linear(layer.W, A, layer.b)
                lower[k] = np.minimum(lower[k], Z.min(axis=1))
                upper[k] = np.maximum(upper[k], Z.max(axis=1))
                A = ACTIVATIONS[layer.activation].value(Z)
    return [Interval(*ends) for ends in zip(lower, upper, strict=True)]


def _affine(layer: Layer, A: Interval) -> Interval:
    """Return the interval of W a + b for a in A."""
    lower = least(layer.W, layer.b[:, 0], A)
    upper = -least(-layer.W, -layer.b[:, 0], A)
    return Interval(lower, upper)


def least(W: Vector, b: Vector, A: Interval) -> Vector:
    """Return what W a + b is never below, (n,), for a in A.

    Where no term can be below zero neither can their sum, whatever its rounding.
    """
    with overflow_allowed():
        terms = np.where(W > 0, W * A.lower, np.where(W < 0, W * A.upper, 0.0))
    rounding = 2.0 * (W.shape[1] + 2) * (EPS * (np.abs(terms).sum(axis=1) + np.abs(b)) + TINY)
    least = terms.sum(axis=1) + b - rounding
    falls = ((W > 0) & (A.lower < 0)) | ((W < 0) & (A.upper > 0))
    never_negative = ~falls.any(axis=1) & (b >= 0)
    least = np.where(np.isfinite(least), least, -np.inf)
    return np.where(never_negative, np.maximum(least, 0.0), least)


def values_in(activation: str, Z: Interval) -> Interval:
    """Return the interval of g(z) for z in Z."""
    with overflow_allowed():
        return _values(activation, Z)


def _values(activation: str, Z: Interval) -> Interval:
    curve = CURVES[activation]
    if not curve.apart:
        return Interval(np.full(Z.lower.shape, curve.floor), np.full(Z.upper.shape, curve.ceiling))
    low, high = (ACTIVATIONS[activation].value(np.where(np.isfinite(z), z, 0.0)) for z in Z)
    low, high = low - _slack(low), high + _slack(high)
    if not curve.rises:  # below zero it lies between its floor and zero
        low = np.where(Z.lower >= 0, low, curve.floor)
        high = np.where(Z.upper > 0, high, 0.0)
    low = np.where(np.isfinite(Z.lower) & np.isfinite(low), low, curve.floor)
    high = np.where(np.isfinite(Z.upper) & np.isfinite(high), high, curve.ceiling)
    return Interval(np.maximum(low, curve.floor), np.minimum(high, curve.ceiling))


def _slack(values: Vector) -> Vector:
    """Return more than a function of the library can be wrong by."""
    return 16.0 * EPS * np.abs(values) + TINY
