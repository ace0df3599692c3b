"""The same numbers in every form in which an array may come."""

import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["KINDS", "LAYOUTS", "Form"]

Matrix = NDArray[Any]
Form = Callable[[Matrix], Matrix]


def strided(A: Matrix) -> Matrix:
    """Every third row and second column of a larger array."""
    large = np.zeros((3 * A.shape[0], 2 * A.shape[1]), A.dtype)
    large[::3, ::2] = A
    return large[::3, ::2]


def backwards(A: Matrix) -> Matrix:
    """Both strides negative."""
    return A[::-1, ::-1].copy()[::-1, ::-1]


def part_of_a_table(A: Matrix) -> Matrix:
    """Columns in the middle of a table whose rows are examples."""
    table = np.zeros((A.shape[1], A.shape[0] + 5), A.dtype)
    table[:, 2:-3] = A.T
    return table[:, 2:-3].T


def read_only(A: Matrix) -> Matrix:
    """Nothing may be written."""
    B = A.copy()
    B.flags.writeable = False
    return B


def misaligned(A: Matrix) -> Matrix:
    """Every number begins one byte after where it should."""
    raw = np.zeros(A.nbytes + 1, np.uint8)
    B = raw[1:].view(A.dtype).reshape(A.shape)
    B[...] = A
    return B


def memory_mapped(A: Matrix) -> Matrix:
    """In a file, which may only be read."""
    with tempfile.NamedTemporaryFile() as file:
        np.ascontiguousarray(A).tofile(file)
        file.flush()
        if A.size == 0:
            return A
        return np.memmap(file.name, A.dtype, "r", shape=A.shape)


def other_bytes(A: Matrix) -> Matrix:
    """The bytes of each number the other way round."""
    return A.astype(A.dtype.newbyteorder())


class Subclass(np.ndarray):
    """A class of somebody else's."""


LAYOUTS: dict[str, Form] = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "strided": strided,
    "backwards": backwards,
    "part of a table": part_of_a_table,
    "read-only": read_only,
    "misaligned": misaligned,
    "memory-mapped": memory_mapped,
    "other bytes": other_bytes,
    "subclass": lambda A: A.view(Subclass),
}
"""Each returns an array of the same numbers that lies in memory in its own way."""

KINDS = ("float32", "float64", "uint8", "bool", "int8", "uint16", "int64", "float16")
"""What the numbers may be; the first three are read as they are."""
