"""The only file that knows which array libraries exist.

The equations and the array engine are written once over the Python array API standard; the library
that they run on is the one whose arrays they are given.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeAlias

import array_api_compat
import array_api_compat.numpy
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

__all__ = [
    "Array",
    "Namespace",
    "columns",
    "device",
    "in_precision",
    "indicator",
    "is_finite",
    "is_sparse",
    "largest_in_rows",
    "move",
    "namespace",
    "overflow_allowed",
    "precision",
    "threads_for",
    "to_numpy",
    "without_dust",
]

Array: TypeAlias = Any
"""An array of any library that follows the array API standard, which has no static type of its own."""

Namespace: TypeAlias = Any
"""The module of array functions to which an array belongs."""


MANY_PRODUCTS = 10**8
"""Multiplications from which a matrix product gains by a second thread."""


def namespace(*arrays: Array) -> Namespace:
    """Return the array API namespace that all `arrays` belong to."""
    if all(type(array) is np.ndarray for array in arrays):
        return array_api_compat.numpy  # what the next line finds in fifty times as long
    return array_api_compat.array_namespace(*arrays)


def move(array: Array, like: Array) -> Array:
    """Return the numbers of `array`, in its own precision, in the library and on the device of `like`.

    Nothing is copied where both already belong together.
    """
    if type(array) is type(like) and isinstance(array, np.ndarray):
        return array
    xp = namespace(like)
    dtype = getattr(xp, precision(array))
    return xp.asarray(to_numpy(array), dtype=dtype, device=array_api_compat.device(like))


def device(array: Array) -> object:
    """Return the device that `array` lives on."""
    return array_api_compat.device(array)


def is_sparse(array: Array) -> bool:
    """Say whether `array` is a sparse array of SciPy's: products with it are NumPy arrays."""
    return hasattr(array, "tocsr")


def precision(array: Array) -> str:
    """Return the name of the array's dtype, the same in every library, such as "float32"."""
    return str(array.dtype).rsplit(".", maxsplit=1)[-1]


def in_precision(array: Array, like: Array) -> Array:
    """Return the array, a sparse one too, in its own library and in the precision of `like`."""
    if type(array) is type(like) is np.ndarray:
        return array.astype(like.dtype, copy=False)
    if is_sparse(array):
        return array.astype(precision(like), copy=False)
    xp = namespace(array)
    return xp.astype(array, getattr(xp, precision(like)), copy=False)


def largest_in_rows(array: Array) -> Array:
    """Return the largest absolute value (n,) of each row of the (n, m) `array`."""
    if is_sparse(array):
        return abs(array).max(axis=1).toarray().reshape(-1)
    xp = namespace(array)
    return xp.max(xp.abs(array), axis=1)


@contextmanager
def overflow_allowed() -> Iterator[None]:
    """Let numbers overflow without NumPy's warnings: the caller looks for what is not finite."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        yield


@contextmanager
def threads_for(products: int, n_threads: int | None = None) -> Iterator[None]:
    """Keep small matrix products on one thread: a BLAS loses up to ten times by sharing them out.

    Args:
        products: multiplications in the largest matrix product inside.
        n_threads: the number of threads, said instead.
    """
    limit = n_threads or (1 if products < MANY_PRODUCTS else None)
    with _thread_pools().limit(limits=limit):
        yield


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()


def to_numpy(array: Array) -> NDArray[Any]:
    """Return `array` as a NumPy array on the host, without a copy where that can be had."""
    try:
        return np.asarray(array)
    except (TypeError, RuntimeError):  # it lives on another device
        xp = namespace(array)
        host = (
            xp.Device("CPU_DEVICE") if array_api_compat.is_array_api_strict_namespace(xp) else "cpu"
        )
        return np.asarray(array_api_compat.to_device(array, host))


def columns(array: Array, index: Array) -> Array:
    """Return the columns of the (n, m) `array` that `index` (k,) names, as an (n, k) array.

    The index may be NumPy's whatever the array's library.

    Rows are taken of the transposed view: an array whose examples lie one after another in memory,
    as every table's do, is then read in whole runs and never copied as a whole.
    """
    if is_sparse(array):
        return array[:, index]
    xp = namespace(array)
    return xp.take(array.T, move(index, array), axis=0).T


def indicator(where: Array, like: Array) -> Array:
    """1 where true and 0 elsewhere, in the precision of `like`.

    A product with it is ten times faster than a choice.
    """
    return namespace(like).astype(where, like.dtype)


def is_finite(*arrays: Array) -> bool:
    """Say whether every entry of every array is finite."""
    return all(_each_finite(arrays))


def without_dust(*arrays: Array) -> tuple[Array, ...]:
    """Return the arrays, of one shape, with entries set to zero that are dust in all of them.

    Dust is what is smaller than the smallest normal number over epsilon.
    """
    xp = namespace(*arrays)
    info = xp.finfo(arrays[0].dtype)
    limit = info.smallest_normal / info.eps
    matters = xp.abs(arrays[0]) >= limit
    for array in arrays[1:]:
        matters = matters | (xp.abs(array) >= limit)
    keep = xp.astype(matters, arrays[0].dtype)
    return tuple(array * keep for array in arrays)


def _each_finite(arrays: tuple[Array, ...]) -> Iterator[bool]:
    for array in arrays:
        xp = namespace(array)
        yield bool(xp.all(xp.isfinite(array)))
