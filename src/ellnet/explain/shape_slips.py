"""Slips that show in a shape: a sum that lost its column, a matrix on its side, no outer product."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.explain.slips import Work

__all__ = ["ShapeSlip", "straightened"]

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class ShapeSlip:
    """A mistake that has a name and shows in a shape."""

    name: str
    says: str
    right: str
    erratum: int = 0


KEEPDIMS = ShapeSlip(
    "missing keepdims",
    "db[l] = np.sum(dZ[l], axis=1), which is no column",
    "np.sum(dZ[l], axis=1, keepdims=True) keeps the column (n[l], 1) (eq. 6.3); the argument is keepdims",
    erratum=5,
)
NOT_SUMMED = ShapeSlip(
    "db not summed",
    "db[l] = dZ[l], a column for each example",
    "db[l] = (1/m) sum of dZ[l] over its columns (eq. 6.3)",
)
TURNED = ShapeSlip(
    "dW turned on its side",
    "dW[l] has the shape (n[l-1], n[l])",
    "dW[l] = (1/m) dZ[l] A[l-1]^T (eq. 6.2): a row for each unit of layer l",
)
ELEMENTWISE = ShapeSlip(
    "elementwise product for dW",
    "dW[l] = dz[l] a[l-1] without the transpose",
    "for one example dW[l] = dz[l] a[l-1]^T, an outer product (eq. 6.2)",
    erratum=4,
)
SCALAR = ShapeSlip(
    "inner product for dW",
    "dW[l] = dz[l] . a[l-1], one number",
    "for one example dW[l] = dz[l] a[l-1]^T, an outer product (eq. 6.2)",
    erratum=4,
)
OUT_OF_PLACE = ShapeSlip(
    "A[l] in place of A[l-1]",
    "dW[l] = (1/m) dZ[l] A[l]^T, as the summary prints it for l = L and l = 1",
    "dW[l] = (1/m) dZ[l] A[l-1]^T (eq. 6.2); for l = 1 that is X^T",
    erratum=1,
)

Straight = tuple[ShapeSlip | None, Matrix | None]
"""What bent an array, and the array in its own shape, None where its numbers say no more."""


def straightened(
    letter: str,
    array: NDArray[Any],
    required: tuple[int, int],
    work: Work,
    layer: int,
    *,
    tolerance: float,
) -> Straight | None:
    """Return what bent an array and the array unbent; None where it is not known.

    Args:
        letter: "W" or "b".
        array: what came.
        required: the shape of dW[l] or db[l].
        work: the right derivation.
        layer: l.
        tolerance: relative difference up to which two arrays are the same.
    """
    array = np.asarray(array, np.float64)
    if array.shape == required:
        return None, array
    if letter == "b":
        return _bias(array, required, work, layer, tolerance)
    return _weights(array, required, work, layer, tolerance)


def _bias(
    array: Matrix, required: tuple[int, int], work: Work, layer: int, tolerance: float
) -> Straight | None:
    if array.size == required[0] and array.shape in {(), (required[0],), (1, required[0])}:
        return KEEPDIMS, array.reshape(required)
    if array.shape == (required[0], work.m):
        scale = 1.0 if _close(array, work.dZ[layer], tolerance) else float(work.m)
        if _close(array * scale, work.dZ[layer], tolerance):
            return NOT_SUMMED, None
    return None


def _weights(
    array: Matrix, required: tuple[int, int], work: Work, layer: int, tolerance: float
) -> Straight | None:
    if array.shape == required[::-1]:
        return TURNED, array.T.copy()
    dZ, A = work.dZ[layer], work.a(layer - 1)
    if array.shape == (required[0], required[0]) and _close(
        array, dZ @ work.a(layer).T / work.m, tolerance
    ):
        return OUT_OF_PLACE, None
    if dZ.shape != A.shape:
        return None
    if array.size == 1 and _close(array.reshape(1), np.sum(dZ * A).reshape(1), tolerance):
        return SCALAR, None
    flat = array.reshape(dZ.shape) if array.size == dZ.size else None
    if flat is not None and any(_close(flat * s, dZ * A, tolerance) for s in (1.0, float(work.m))):
        return ELEMENTWISE, None
    return None


def _close(one: Matrix, other: Matrix, tolerance: float) -> bool:
    sizes = float(np.linalg.norm(one) + np.linalg.norm(other))
    return float(np.linalg.norm(one - other)) <= tolerance * sizes
