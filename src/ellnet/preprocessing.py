"""Preprocessing: a table's columns to X (m, n[0]), learned on the training part only."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import EllipsisType
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from ellnet.columns import Column, Columns, Kind, suggestion
from ellnet.encodings import ENCODINGS, CategoryEncoding, Encoding, Standard, Unseen
from ellnet.errors import CorruptFileError, DataError, EllnetWarning
from ellnet.strict_json import Fields

__all__ = ["Preprocessing", "of_kind"]

Precision = Literal["float32", "float64"]

AS_IT_STANDS = "none"
"""What a file has for the standard of a number that goes in as it stands."""


@dataclass(frozen=True)
class Preprocessing:
    """How each column becomes features.

    Attributes:
        encodings: name of the column -> its encoding, in the order of the features.
        dtype: precision of X.
    """

    encodings: Mapping[str, Encoding]
    dtype: Precision = "float32"

    @classmethod
    def fit(cls, columns: Columns, *, dtype: Precision = "float32") -> Self:
        """Learn from the columns of the training part.

        Raises:
            DataError: no column at all, a column without any value, or an infinite number.
        """
        if not columns.names:
            raise DataError(f"{columns.source} has no column to learn from beside the target")
        if columns.m == 0:
            raise DataError(f"{columns.source} has no row to learn from")
        _check_empty(columns)
        encodings = {
            name: ENCODINGS[column.kind].fit(column, columns.where)
            for name, column in columns.columns.items()
        }
        _warn_of_constants(columns)
        return cls(encodings, dtype)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns, in the order of training."""
        return tuple(self.encodings)

    @property
    def category_names(self) -> tuple[str, ...]:
        """The names of the columns that hold categories."""
        return tuple(n for n, e in self.encodings.items() if isinstance(e, CategoryEncoding))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the columns of X, (n[0],)."""
        return tuple(f for name, e in self.encodings.items() for f in e.features(name))

    def ranges(self) -> NDArray[np.float64]:
        """Return the least and the largest value of each column of X, (n[0], 2), for any table."""
        pairs = [pair for encoding in self.encodings.values() for pair in encoding.ranges()]
        return np.array(pairs, np.float64).reshape(-1, 2)

    def describe(self) -> Iterator[tuple[str, Kind, int]]:
        """Yield name, kind and number of features of each column."""
        for name, encoding in self.encodings.items():
            yield name, encoding.kind, len(encoding.features(name))

    def transform(self, columns: Columns, unseen: Unseen = "error") -> NDArray[Any]:
        """Return X (m, n[0]), C-ordered, one example a row.

        Columns are found by name, in whatever order they come; those that training did not have are
        passed over with a warning.

        Args:
            columns: the table.
            unseen: what to do with categories, and missing values, that training never saw: "error"
                refuses them, "ignore" takes them for no category and for the average.

        Raises:
            DataError: a column is missing or of another kind, or a value cannot be taken; names
                column and row.
        """
        self.check_names(columns.names, columns.source)
        parts = [
            encoding.encode(of_kind(columns, name, encoding.kind), columns.where, unseen)
            for name, encoding in self.encodings.items()
        ]
        return np.ascontiguousarray(np.concatenate(parts, axis=1), self.dtype)

    def check_names(self, names: Sequence[str], source: str) -> None:
        """Refuse a table that lacks a column of training, and warn of one that training lacked.

        Raises:
            DataError: names the columns that are missing.
        """
        missing = [name for name in self.encodings if name not in names]
        extra = [name for name in names if name not in self.encodings]
        if missing:
            hint = suggestion(missing[0], extra or names)
            raise DataError(
                f"{source} must have the columns of training, and lacks "
                f"{', '.join(repr(name) for name in missing[:8])}"
                f"{', ...' if len(missing) > 8 else ''}; {hint}"
            )
        if extra:
            warnings.warn(
                f"{source} has columns that training did not have, which are passed over: "
                f"{', '.join(extra[:8])}{', ...' if len(extra) > 8 else ''}",
                EllnetWarning,
                stacklevel=3,
            )

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        columns = [
            {"name": name, "kind": encoding.kind, **_plain(encoding)}
            for name, encoding in self.encodings.items()
        ]
        return {"dtype": self.dtype, "columns": columns}

    @classmethod
    def from_json(cls, values: object) -> Self:
        """Build from what `to_json` gives.

        Raises:
            CorruptFileError: a field that is missing, unknown or of the wrong type; names it.
        """
        fields = Fields(values, "preprocessing")
        dtype = fields.one_of("dtype", get_args(Precision))
        encodings: dict[str, Encoding] = {}
        for column in fields.objects("columns"):
            name = column.text("name")
            if name in encodings:
                raise CorruptFileError(f"preprocessing: column {name!r} stands there twice")
            encodings[name] = _encoding_from(column)
        fields.done()
        return cls(encodings, dtype)  # type: ignore[arg-type]


def _plain(encoding: Encoding) -> dict[str, Any]:
    """Return an encoding's fields as plain JSON values."""
    return {
        name: AS_IT_STANDS
        if value is None
        else vars(value)
        if isinstance(value, Standard)
        else list(value)
        if isinstance(value, tuple)
        else value
        for name, value in vars(encoding).items()
    }


def _encoding_from(fields: Fields) -> Encoding:
    """Read one column's encoding."""
    kind = fields.one_of("kind", tuple(ENCODINGS))
    values: dict[str, Any] = {"missing": fields.flag("missing")}
    if kind == "number":
        values["standard"] = (
            None if fields.says("standard", AS_IT_STANDS) else _standard_from(fields)
        )
    if kind == "date":
        values["standard"] = _standard_from(fields)
    if kind == "date":
        values["hours"] = fields.flag("hours")
    if kind == "category":
        values["levels"] = fields.texts("levels")
        values["infrequent"] = fields.flag("infrequent")
    fields.done()
    return ENCODINGS[kind](**values)  # type: ignore[index]


def _standard_from(fields: Fields) -> Standard:
    """Read how a column is standardised."""
    standard = fields.object("standard")
    mean, scale = standard.number("mean"), standard.number("scale")
    if scale <= 0:
        raise CorruptFileError(f"{standard.place}: scale must be above 0, got {scale}")
    standard.done()
    return Standard(mean, scale)


def _check_empty(columns: Columns) -> None:
    empty = [name for name, column in columns.columns.items() if bool(column.missing.all())]
    if empty:
        raise DataError(
            f"column {empty[0]!r} of {columns.source} has no value in any training row; leave it "
            f"out with {' '.join(f'--ignore {name}' for name in empty)}"
        )


def _warn_of_constants(columns: Columns) -> None:
    constant = [n for n, c in columns.columns.items() if c.kind == "number" and _constant(c)]
    if constant:
        warnings.warn(
            f"{len(constant)} columns have the same value in every training row and teach nothing: "
            f"{', '.join(constant[:8])}{', ...' if len(constant) > 8 else ''}",
            EllnetWarning,
            stacklevel=3,
        )


def _constant(column: Column) -> bool:
    known = column.values[~column.missing]
    return len(known) == len(column.values) and bool(np.all(known == known[0]))


def of_kind(columns: Columns, name: str, kind: Kind) -> Column:
    """Return a column, refusing one of another kind; one without any value fits every kind.

    Raises:
        DataError: the column holds another kind of values; names it and the first row.
    """
    column = columns[name]
    if column.kind == kind:
        return column
    known = np.flatnonzero(~column.missing)
    if len(known) == 0:
        empty = np.full(len(column.values), None if kind == "category" else np.nan, object)
        return Column(name, kind, empty if kind == "category" else empty.astype(float))
    if kind == "category" and column.kind in {"number", "boolean"}:
        return Column(name, kind, _as_categories(column))
    dates = [_date(value) for value in column.values] if kind == "date" else []
    bad = next((row for row, value in enumerate(dates) if value is ...), int(known[0]))
    if dates and ... not in dates:
        return Column.of(name, dates)
    raise DataError(
        f"column {name!r} must hold a {kind}, as in training, got {column.values[bad]!r} "
        f"({column.kind}) in {columns.where(bad)}"
    )


def _date(value: object) -> datetime | EllipsisType | None:
    """Read a date as records have it, in ISO 8601; `...` where it is none."""
    if value is None:
        return None
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return ...


def _as_categories(column: Column) -> NDArray[Any]:
    """Write numbers and booleans as the text that a table has for them."""
    words = {0.0: "False", 1.0: "True"} if column.kind == "boolean" else {}
    texts = [
        None if np.isnan(v) else words.get(v) or (str(int(v)) if v.is_integer() else repr(float(v)))
        for v in column.values
    ]
    return np.array([*texts, None], object)[:-1]
