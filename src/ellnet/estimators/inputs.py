"""What comes in from outside: X, y and weights, checked, and brought to what training takes."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._array_api import get_namespace
from sklearn.utils.validation import column_or_1d, validate_data

from ellnet.arrays import (
    Array,
    device,
    is_sparse,
    move,
    namespace,
    overflow_allowed,
    precision,
    to_numpy,
)
from ellnet.errors import DataError
from ellnet.estimators.places import refuse_dates, refuse_labels, refuse_masks, with_places

__all__ = [
    "beside",
    "check_library",
    "precision_in_use",
    "read_X",
    "read_X_y",
    "read_weights",
]

WHOLE = "biu"
"""NumPy's letters of truth values and whole numbers."""


def read_X(estimator: Any, X: Any) -> Array:
    """Return X (m, n[0]) in float64 or float32, as it came; a sparse one in rows.

    Whole numbers in an array of NumPy's stay what they are: they take up to an eighth of the memory,
    and an engine makes floating point of a minibatch at a time.

    Raises:
        ValueError: what scikit-learn refuses, with the rows and columns it is about.
    """
    _refuse(X, "X")
    try:
        with overflow_allowed():
            found = validate_data(estimator, X, reset=False, **_expected(X))
    except (ValueError, TypeError) as error:
        raise with_places(error, X) from None
    return _aligned(found)


def read_X_y(estimator: Any, X: Any, y: Any, *, reset: bool, numeric: bool) -> tuple[Array, Any]:
    """Return X as `read_X` does, and y as a NumPy array (m,) or (m, k).

    Raises:
        ValueError: what scikit-learn refuses, with the rows and columns it is about.
    """
    _refuse(X, "X")
    refuse_masks(y)
    if numeric:
        refuse_dates(y, "y")
    else:
        refuse_labels(y)
    try:
        with overflow_allowed():
            X_found, y_found = validate_data(
                estimator, X, y, reset=reset, multi_output=True, y_numeric=numeric, **_expected(X)
            )
    except (ValueError, TypeError) as error:
        raise with_places(error, X, y) from None
    found = y_found.toarray() if is_sparse(y_found) else to_numpy(y_found)
    if found.ndim == 2 and found.shape[1] == 1:
        found = column_or_1d(found, warn=True)
    return _aligned(X_found), _quantities(found) if numeric else found


def _quantities(y: NDArray[Any]) -> NDArray[Any]:
    """Return y as numbers.

    Raises:
        DataError: it holds something else; names the row.
    """
    if y.dtype.kind in "biuf":
        return y
    try:
        return y.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise with_places(error, None, y) from None


def _refuse(array: Any, name: str) -> None:
    refuse_masks(array)
    refuse_dates(array, name)


def _expected(X: Any) -> dict[str, Any]:
    """Return what scikit-learn's check is to make of X: rows one after another in memory.

    Of an array in columns, as a frame's are, NumPy would copy the whole for every minibatch, and a BLAS
    would round in another way.
    """
    xp, _ = get_namespace(X)
    dtype: Any = (xp.float64, xp.float32)
    if isinstance(X, np.ndarray) and X.dtype.kind in WHOLE:
        dtype = None
    elif isinstance(X, np.ndarray) and X.dtype == np.dtype(np.float32).newbyteorder():
        dtype = np.float32
    return {"accept_sparse": "csr", "dtype": dtype, "order": "C"}


def _aligned(X: Array) -> Array:
    """Return X with every number at an address that is a multiple of its size."""
    return X if not isinstance(X, np.ndarray) or X.flags.aligned else X.copy()


def precision_in_use(X: Array) -> str:
    """Return the precision that X is computed in: its own, and float64 for whole numbers."""
    own = precision(X)
    return own if own.startswith("float") else "float64"


def check_library(estimator: Any, X: Array, method: str) -> None:
    """Refuse an X of another array library or device than that of training.

    Raises:
        ValueError: names both.
    """
    fitted = estimator.coefs_[0]
    if is_sparse(X) and isinstance(fitted, np.ndarray):
        return
    if namespace(X) is namespace(fitted) and device(X) == device(fitted):
        return
    raise DataError(
        f"Inputs passed to {type(estimator).__name__}.{method}() must use the same namespace and the "
        f"same device as those passed to fit(): that was {namespace(fitted).__name__} on "
        f"{device(fitted)}, and this is {namespace(X).__name__} on {device(X)}"
    )


def read_weights(weights: Any, X: Array, name: str = "sample_weight") -> NDArray[np.float64] | None:
    """Return the weights (m,) of the rows of X, or None where there are none.

    Raises:
        ValueError: not one number an example, one that is negative, NaN or infinite, or a sum that
            the precision of X does not hold; names rows.
    """
    if weights is None:
        return None
    refuse_masks(weights)
    m = X.shape[0]
    if isinstance(weights, Real):
        weights = np.full(m, float(weights))
    try:
        found = np.asarray(to_numpy(weights), np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name} must hold one number an example, got {weights!r:.80}") from None
    if found.ndim != 1:
        raise DataError(f"Sample weights must be 1D array or scalar, got {name} of {found.ndim}D")
    if len(found) != m:
        raise DataError(f"{name}.shape == {found.shape}, expected {(m,)}: one weight an example")
    bad = np.flatnonzero(~(np.isfinite(found) & (found >= 0)))
    if len(bad):
        raise DataError(
            f"{name} must be finite and at least 0, got {found[bad[0]]:g} in row {bad[0]} "
            f"({len(bad)} such rows)"
        )
    if not np.any(found):
        raise DataError(f"{name}: Sample weights cannot all be zero; give some example weight")
    _check_sum(found, precision_in_use(X), name)
    return found


def _check_sum(weights: NDArray[np.float64], dtype: str, name: str) -> None:
    """Refuse weights whose sum is too large or too small for the precision in use."""
    with overflow_allowed():
        total = float(np.sum(weights))
    limits = np.finfo(dtype)
    if not float(limits.tiny) * len(weights) <= total <= float(limits.max):
        raise DataError(
            f"{name} must have a sum that {dtype}, the precision of X, holds, got {total:g}; "
            "multiply the weights by a number of your choice, and alpha by the same"
        )


def beside(array: Array, X: Array) -> Array:
    """Return the array in the library and on the device of X, and in the precision in use."""
    like = np.empty(0) if is_sparse(X) else X
    with overflow_allowed():
        return move(to_numpy(array).astype(precision_in_use(X)), like)
