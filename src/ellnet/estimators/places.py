"""What X and y may not hold, and where it stands: rows and columns by name."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from ellnet.arrays import is_sparse, to_numpy
from ellnet.errors import DataError

__all__ = [
    "column_names",
    "refuse_dates",
    "refuse_labels",
    "refuse_masks",
    "with_places",
]

SHOWN = 3

DATES = ("date", "time", "duration", "period")
"""How the names of types begin that are dates, times of day or spans of time, in any library."""

UNREADABLE = ("could not convert", "float() argument", "Cannot cast", "cannot be interpreted")
"""What is in the words of an error about something that is no number."""


def with_places(error: Exception, X: Any, y: Any = None) -> Exception:
    """Add to scikit-learn's sentence where in X or y the trouble is."""
    text = str(error)
    if "NaN" in text or "infinity" in text:
        return DataError(text.split("\n", 1)[0] + _bad_places(X, "X") + _bad_places(y, "y"))
    if not any(words in text for words in UNREADABLE):
        return error
    for array, name in ((X, "X"), (y, "y")):
        where = _text_column(array) or _unreadable(array)
        if where and isinstance(error, TypeError):
            return TypeError(f"{text}. {name} must hold numbers. {where}")
        if where:
            return DataError(f"{name} must hold numbers. {where}")
    return error


def refuse_masks(array: Any) -> None:
    """Refuse masked entries: what stands under the mask would be taken for a value.

    Raises:
        DataError: names the place of the first.
    """
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        place = _place(np.argwhere(np.ma.getmaskarray(array))[0].tolist(), [])
        raise DataError(
            f"masked entries are not taken, and the first is at {place}: fill them by "
            "array.filled(numpy.nan), and impute (sklearn.impute.SimpleImputer)"
        )


def refuse_dates(array: Any, name: str) -> None:
    """Refuse dates and spans of time, which would count in days or in nanoseconds as they come.

    Raises:
        DataError: names the first such column, or the type of the array.
    """
    names = column_names(array)
    types = _column_types(array) if names else [str(getattr(array, "dtype", ""))]
    for k, dtype in enumerate(types):
        if dtype.lower().startswith(DATES):
            where = f"Column {names[k]!r}" if names else "It"
            raise DataError(
                f"{name} must hold numbers. {where} holds {dtype}: make numbers of it first, such as "
                "days since a day that you choose"
            )


def refuse_labels(y: Any) -> None:
    """Refuse labels that are missing, and words beside numbers, which have no order.

    Raises:
        DataError: names rows.
    """
    labels = _one_by_one(y)
    missing = [row for row, label in enumerate(labels) if _is_missing(label)]
    if missing:
        shown = ", ".join(f"row {row}" for row in missing[:SHOWN])
        raise DataError(
            f"Input y contains NaN. {len(missing)} of its labels {_is_or_are(missing)} missing: "
            f"{shown}{', ...' if len(missing) > SHOWN else ''}; take those rows out"
        )
    words = [isinstance(label, str) for label in labels]
    if any(words) and not all(words):
        word, other = words.index(True), words.index(False)
        raise DataError(
            f"y must hold labels of one kind, got {labels[word]!r} in row {word} and "
            f"{labels[other]!r} in row {other}; make words of all, or numbers"
        )


def _one_by_one(y: Any) -> list[Any]:
    """Return labels one by one where they are objects of Python's, [] where they are all of one type.

    A list is looked at as it is: NumPy makes words of all if there is one among them.
    """
    if isinstance(y, list | tuple):
        return [] if any(isinstance(label, list | tuple | np.ndarray) for label in y) else list(y)
    labels = np.asarray(y) if isinstance(y, np.ndarray) or hasattr(y, "to_numpy") else np.empty(0)
    return list(labels.reshape(-1)) if labels.dtype == object else []


def _is_missing(label: object) -> bool:
    """Say whether a label is None or not equal to itself, as NaN; pandas' NA is neither."""
    try:
        return label is None or bool(label != label)  # noqa: PLR0124 - how NaN is known
    except (TypeError, ValueError):
        return True


def _bad_places(array: Any, name: str) -> str:
    """Say where an array-like has numbers that are not finite, "" where it has none."""
    bad = _not_finite(array)
    if not bad:
        return ""
    names = column_names(array)
    shown = ", ".join(_place(place, names) for place in bad[:SHOWN])
    more = ", ..." if len(bad) > SHOWN else ""
    return (
        f" {len(bad)} value{'s' * (len(bad) > 1)} of {name} {_is_or_are(bad)} not finite: "
        f"{shown}{more}; take those rows out, or impute them (sklearn.impute.SimpleImputer)."
    )


def _not_finite(array: Any) -> list[list[int]]:
    """Return the places of numbers that are not finite, row by row."""
    if array is None:
        return []
    if is_sparse(array):
        there = array.tocoo()
        bad = ~np.isfinite(there.data)
        return sorted([int(i), int(j)] for i, j in zip(there.row[bad], there.col[bad], strict=True))
    try:
        dense = check_array(
            array if hasattr(array, "columns") else to_numpy(array),
            ensure_all_finite=False,
            ensure_2d=False,
            dtype=np.float64,
            allow_nd=True,
        )
    except (TypeError, ValueError):
        return []
    found: list[list[int]] = np.argwhere(~np.isfinite(dense)).tolist()
    return found


def _is_or_are(several: Sequence[object]) -> str:
    return "is" if len(several) == 1 else "are"


def _place(place: Sequence[int], names: Sequence[str]) -> str:
    row, *rest = place
    if not rest:
        return f"row {row}"
    return f"row {row}, column {names[rest[0]]!r}" if names else f"row {row}, column {rest[0]}"


def _is_arrow(frame: Any) -> bool:
    """Say whether it is a table of pyarrow's, whose `columns` are not names."""
    return type(frame).__module__.partition(".")[0] == "pyarrow"


def column_names(frame: Any) -> list[str]:
    """Return the names of a frame's columns, [] where it is none."""
    columns = getattr(frame, "column_names" if _is_arrow(frame) else "columns", None)
    return [str(name) for name in columns] if columns is not None else []


def _column_types(frame: Any) -> list[str]:
    """Return the names of the types of a frame's columns."""
    types = frame.schema.types if _is_arrow(frame) else frame.dtypes
    return [str(dtype) for dtype in types]


def _text_column(frame: Any) -> str:
    """Name the first column of a frame that holds no numbers, with some of what it holds."""
    for k, name in enumerate(column_names(frame)):
        values = np.asarray(frame.iloc[:, k] if hasattr(frame, "iloc") else frame[name])
        if values.dtype.kind in "biuf":
            continue
        for row, value in enumerate(values.tolist()):
            if not _is_missing(value) and not _reads_as_number(value):
                shown = ", ".join(map(repr, values[:SHOWN].tolist()))
                return (
                    f"Column {name!r} ({shown}, ...) holds {value!r} in row {row}: encode it first "
                    "(sklearn.preprocessing.OneHotEncoder)."
                )
    return ""


def _unreadable(array: Any) -> str:
    """Say where in an array of objects or words something stands that could not be a number."""
    if hasattr(array, "columns") or np.ndim(array) not in {1, 2}:
        return ""
    for place, value in np.ndenumerate(np.asarray(array, object)):
        if not _reads_as_number(value):
            where = _place(place, []).capitalize()
            return f"{where} holds {value!r}: encode what is no number first."
    return ""


def _reads_as_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
