"""What comes in from outside: X, y and weights, checked; every refusal names rows and columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._array_api import get_namespace
from sklearn.utils.validation import check_array, column_or_1d, validate_data

from ellnet.arrays import Array, device, is_sparse, move, namespace, precision, to_numpy
from ellnet.errors import DataError

__all__ = ["beside", "check_library", "column_names", "read_X", "read_X_y", "read_weights"]

SHOWN = 3


def read_X(estimator: Any, X: Any, *, reset: bool = False) -> Array:
    """Return X (m, n[0]) in float64 or float32, as it came; a sparse one in rows.

    Raises:
        ValueError: what scikit-learn refuses, with the rows and columns it is about.
    """
    _refuse_masks(X)
    try:
        found = validate_data(estimator, X, reset=reset, **_expected(X))
    except (ValueError, TypeError) as error:
        raise _with_places(error, X) from None
    return found


def read_X_y(estimator: Any, X: Any, y: Any, *, reset: bool, numeric: bool) -> tuple[Array, Any]:
    """Return X as `read_X` does, and y as a NumPy array (m,) or (m, k).

    Raises:
        ValueError: what scikit-learn refuses, with the rows and columns it is about.
    """
    _refuse_masks(X, y)
    expected = _expected(X)
    try:
        X_found, y_found = validate_data(
            estimator, X, y, reset=reset, multi_output=True, y_numeric=numeric, **expected
        )
    except (ValueError, TypeError) as error:
        raise _with_places(error, X, y) from None
    found = y_found.toarray() if is_sparse(y_found) else to_numpy(y_found)
    single = found.ndim == 2 and found.shape[1] == 1
    return X_found, column_or_1d(found, warn=True) if single else found


def _expected(X: Any) -> dict[str, Any]:
    xp, _ = get_namespace(X)
    return {"accept_sparse": "csr", "dtype": (xp.float64, xp.float32)}


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


def read_weights(weights: Any, m: int, name: str = "sample_weight") -> NDArray[np.float64] | None:
    """Return the weights (m,), or None where there are none.

    Raises:
        ValueError: not one number an example, or one that is negative, NaN or infinite; names rows.
    """
    if weights is None:
        return None
    if isinstance(weights, int | float):
        weights = np.full(m, weights)
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
    return found


def beside(array: Array, X: Array) -> Array:
    """Return the array in the library and on the device of X, and in X's precision."""
    like = np.empty(0, X.dtype) if is_sparse(X) else X
    return move(to_numpy(array).astype(precision(X)), like)


def _with_places(error: Exception, X: Any, y: Any = None) -> Exception:
    """Add to scikit-learn's sentence where in X or y the trouble is."""
    text = str(error)
    if "NaN" in text or "infinity" in text:
        return DataError(text.split("\n", 1)[0] + _bad_places(X, "X") + _bad_places(y, "y"))
    words = _text_column(X) or _word_in(X, text)
    return DataError(f"X must hold numbers. {words}") if words else error


def _refuse_masks(*arrays: Any) -> None:
    """Refuse masked entries: what stands under the mask would be taken for a value."""
    for array in arrays:
        if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
            place = _place(np.argwhere(np.ma.getmaskarray(array))[0].tolist(), [])
            raise DataError(
                f"masked entries are not taken, and the first is at {place}: fill them by "
                "array.filled(numpy.nan), and impute (sklearn.impute.SimpleImputer)"
            )


def _bad_places(array: Any, name: str) -> str:
    """Say where an array-like has numbers that are not finite, "" where it has none."""
    try:
        dense = check_array(
            array,
            ensure_all_finite=False,
            ensure_2d=False,
            dtype=np.float64,
            allow_nd=True,
            accept_sparse=False,
        )
    except (TypeError, ValueError):
        return ""
    bad = np.argwhere(~np.isfinite(dense))
    if len(bad) == 0:
        return ""
    names = column_names(array)
    shown = ", ".join(_place(place, names) for place in bad[:SHOWN].tolist())
    more = ", ..." if len(bad) > SHOWN else ""
    return (
        f" {len(bad)} value{'s' * (len(bad) > 1)} of {name} {'are' if len(bad) > 1 else 'is'} not "
        f"finite: {shown}{more}; take those rows out, or impute them (sklearn.impute.SimpleImputer)."
    )


def _place(place: Sequence[int], names: Sequence[str]) -> str:
    row, *rest = place
    if not rest:
        return f"row {row}"
    return f"row {row}, column {names[rest[0]]!r}" if names else f"row {row}, column {rest[0]}"


def column_names(frame: Any) -> list[str]:
    """Return the names of a frame's columns, [] where it is none."""
    columns = getattr(frame, "columns", getattr(frame, "column_names", None))
    return [str(name) for name in columns] if columns is not None else []


def _text_column(frame: Any) -> str:
    """Name the first column of a frame that holds no numbers, with some of what it holds."""
    names = column_names(frame)
    for k, name in enumerate(names):
        values = frame.iloc[:, k] if hasattr(frame, "iloc") else frame[name]
        sample = np.asarray(values)[:SHOWN]
        if sample.dtype.kind not in "biuf" and not all(map(_is_number, sample.tolist())):
            shown = ", ".join(repr(value) for value in sample.tolist())
            return (
                f"Column {name!r} holds none ({shown}, ...): encode it first "
                "(sklearn.preprocessing.OneHotEncoder for categories, differences from a day for dates)."
            )
    return ""


def _word_in(array: Any, text: str) -> str:
    """Say where in an array of objects the word stands that could not be a number."""
    if "could not convert" not in text or np.ndim(array) != 2 or hasattr(array, "columns"):
        return ""
    for row, line in enumerate(np.asarray(array, object)):
        for column, value in enumerate(line):
            if isinstance(value, str | bytes) and not _reads_as_number(value):
                return f"Row {row}, column {column} holds {value!r}: encode words first"
    return ""


def _reads_as_number(value: str | bytes) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) or value is None
