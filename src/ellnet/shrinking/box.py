"""Box: how low and how high each input of a network can be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, columns, is_sparse, to_numpy
from ellnet.errors import DataError, ShapeError

__all__ = ["AT_ONCE", "Box", "dense_columns"]

Vector = NDArray[np.float64]

AT_ONCE = 2048
"""Examples that are looked at together."""


@dataclass(frozen=True, eq=False)
class Box:
    """A least and a largest value for each input; every corner belongs to it.

    Attributes:
        lower: (n[0],), -inf where there is no least value.
        upper: (n[0],), inf where there is no largest.
        origin: what it is, in words, as "the range of the data".
    """

    lower: Vector
    upper: Vector
    origin: str = "the box that was given"

    def __post_init__(self) -> None:
        """Bring both ends to float64, and refuse a box that holds nothing.

        Raises:
            ShapeError: the ends are no two vectors of one length.
            DataError: a lower end that is above the upper one, or no number.
        """
        for name in ("lower", "upper"):
            object.__setattr__(self, name, np.array(getattr(self, name), np.float64))
        if self.lower.ndim != 1 or self.lower.shape != self.upper.shape:
            raise ShapeError(
                f"a box needs a lower and an upper end for each input, both (n[0],), got "
                f"{self.lower.shape} and {self.upper.shape}"
            )
        wrong = np.flatnonzero(~(self.lower <= self.upper))
        if len(wrong):
            j = int(wrong[0])
            raise DataError(
                f"a box's lower end must not be above its upper end, got {self.lower[j]} and "
                f"{self.upper[j]} for input {j + 1}"
            )

    @classmethod
    def of(cls, X: Array, origin: str = "the range of the data") -> Self:
        """Return the smallest box that holds the inputs X (n[0], m), m at least 1.

        Raises:
            DataError: no example, or a number that is not finite; names input and example.
        """
        if X.shape[1] == 0:
            raise DataError("X = A[0] must hold at least one example, got none; leave it out")
        lower = np.full(X.shape[0], np.inf)
        upper = np.full(X.shape[0], -np.inf)
        begin = 0
        for part in dense_columns(X):
            _check_finite(part, begin)
            lower, upper = (
                np.minimum(lower, part.min(axis=1)),
                np.maximum(upper, part.max(axis=1)),
            )
            begin += part.shape[1]
        return cls(lower, upper, origin)

    @classmethod
    def everything(cls, inputs: int) -> Self:
        """Return the box without ends, which holds every input."""
        return cls(np.full(inputs, -np.inf), np.full(inputs, np.inf), "every input")

    @property
    def bounded(self) -> bool:
        """Whether any input has an end."""
        return bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())

    def holds(self, other: "Box") -> bool:
        """Say whether all of another box lies in this one."""
        return bool(np.all(self.lower <= other.lower) and np.all(other.upper <= self.upper))


def dense_columns(X: Array, index: NDArray[np.int64] | None = None) -> Iterator[Vector]:
    """Go through columns of X (n[0], m), some at a time, as NumPy arrays of float64.

    Args:
        X: of any library, or sparse.
        index: which columns; by default all of them.
    """
    chosen = np.arange(X.shape[1]) if index is None else index
    for begin in range(0, len(chosen), AT_ONCE):
        part = columns(X, chosen[begin : begin + AT_ONCE])
        yield np.asarray(part.toarray() if is_sparse(part) else to_numpy(part), np.float64)


def _check_finite(part: Vector, begin: int) -> None:
    wrong = np.argwhere(~np.isfinite(part))
    if len(wrong):
        j, i = wrong[0].tolist()
        raise DataError(
            f"X = A[0] must hold finite numbers, got {part[j, i]} for input {j + 1} of example "
            f"{begin + i + 1}; leave that example out"
        )
