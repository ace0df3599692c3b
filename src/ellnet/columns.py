"""Columns: a table in memory whose every entry is a number, a category, or missing."""

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ellnet.errors import DataError

__all__ = ["Column", "Columns", "Kind", "check_names", "suggestion"]

Kind = Literal["number", "category", "boolean", "date"]
"""What a column holds."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Column:
    """One column.

    Attributes:
        name: its name.
        kind: what it holds.
        values: (m,). Numbers, booleans (0 or 1) and dates (seconds since 1970, UTC) are float64 with
            NaN where missing; categories are objects, str or None.
    """

    name: str
    kind: Kind
    values: NDArray[Any]

    def take(self, rows: Rows) -> "Column":
        """Return the rows named, in that order."""
        return Column(self.name, self.kind, self.values[rows])

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Where nothing stands, (m,)."""
        if self.kind == "category":
            return np.array([value is None for value in self.values], bool)
        return np.asarray(np.isnan(self.values))

    @classmethod
    def of(cls, name: str, values: Iterable[Any]) -> Self:
        """Build a column from plain values; its kind follows from them.

        None and NaN are missing. Strings are categories, booleans booleans, dates and datetimes
        dates, everything else numbers.

        Raises:
            DataError: values of different kinds; names two of them and their rows.
        """
        array = np.asarray(values if isinstance(values, np.ndarray) else list(values), object)
        if array.ndim != 1:
            raise DataError(f"column {name!r} must have one value a row, got shape {array.shape}")
        kinds = [_kind_of(name, row, value) for row, value in enumerate(array)]
        first = next(((row, kind) for row, kind in enumerate(kinds) if kind), (0, "number"))
        for row, kind in enumerate(kinds):
            if kind and kind != first[1]:
                raise DataError(
                    f"column {name!r} must hold values of one kind, got {array[first[0]]!r} in row "
                    f"{first[0]} and {array[row]!r} in row {row}"
                )
        return cls(name, first[1], _converted(first[1], array, kinds))


def _kind_of(name: str, row: int, value: object) -> Kind | None:
    """Return the kind of one value, or None where it is missing."""
    if value is None or (isinstance(value, float | np.floating) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return "category"
    if isinstance(value, bool | np.bool_):
        return "boolean"
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else "date"
    if isinstance(value, date):
        return "date"
    if isinstance(value, int | float | np.number) and not isinstance(
        value, complex | np.complexfloating
    ):
        return "number"
    raise DataError(
        f"column {name!r} must hold numbers, strings, booleans or dates, got {value!r} "
        f"({type(value).__name__}) in row {row}"
    )


def _converted(kind: Kind, array: NDArray[Any], kinds: Sequence[Kind | None]) -> NDArray[Any]:
    """Bring values of one kind to their common form."""
    if kind == "category":
        values = [str(value) if k else None for value, k in zip(array, kinds, strict=True)]
        return np.array([*values, None], object)[:-1]
    convert = _seconds if kind == "date" else _float
    return np.array(
        [convert(value) if k else math.nan for value, k in zip(array, kinds, strict=True)], float
    )


def _float(value: Any) -> float:
    """Return a number as a float; a whole number beyond its range is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _seconds(value: Any) -> float:
    """Return the seconds from 1970 to a date; a time without a zone is taken for UTC."""
    if isinstance(value, np.datetime64):
        return float(value.astype("datetime64[us]").astype(np.int64)) / 1e6
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return float((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())


@dataclass(frozen=True, eq=False)
class Columns:
    """A table: columns of the same length, in order.

    Attributes:
        columns: name -> column.
        m: number of rows.
        source: where it comes from, for messages.
        rows: number of each row in the source, (m,), for messages.
        first_line: line of row 0 in the source, where it is a text file with a row a line.
    """

    columns: Mapping[str, Column]
    m: int
    source: str = "the table"
    rows: Rows | None = None
    first_line: int | None = None

    @classmethod
    def of(
        cls, columns: Iterable[Column], source: str = "the table", first_line: int | None = None
    ) -> Self:
        """Build a table.

        Raises:
            DataError: columns of different length, or two of one name.
        """
        named: dict[str, Column] = {}
        for column in columns:
            if column.name in named:
                raise DataError(f"{source} has two columns called {column.name!r}; rename one")
            named[column.name] = column
        lengths = {name: len(column.values) for name, column in named.items()}
        first = next(iter(lengths), "")
        for name, length in lengths.items():
            if length != lengths[first]:
                raise DataError(
                    f"all columns must have the same number of rows, got {lengths[first]} in "
                    f"{first!r} and {length} in {name!r}"
                )
        return cls(named, lengths.get(first, 0), source, None, first_line)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Iterable[Any]], source: str = "the table") -> Self:
        """Build from columns of plain values by name."""
        return cls.of((Column.of(str(name), v) for name, v in mapping.items()), source)

    @classmethod
    def from_records(cls, records: Sequence[Mapping[str, Any]], source: str = "the table") -> Self:
        """Build from rows, each a dict; what a row does not name is missing."""
        names = dict.fromkeys(str(name) for record in records for name in record)
        columns = (Column.of(name, [record.get(name) for record in records]) for name in names)
        table = cls.of(columns, source)
        return cls(table.columns, len(records), source)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(self.columns)

    def __getitem__(self, name: str) -> Column:
        """Return a column by its name.

        Raises:
            DataError: there is none; suggests a name that is close.
        """
        check_names([name], self.names, self.source)
        return self.columns[name]

    def take(self, rows: Rows) -> "Columns":
        """Return the rows named, in that order."""
        numbers = rows if self.rows is None else self.rows[rows]
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return Columns(columns, len(rows), self.source, numbers, self.first_line)

    def drop(self, names: Iterable[str]) -> "Columns":
        """Return the table without some columns.

        Raises:
            DataError: there is no such column.
        """
        without = {self[name].name for name in names}
        kept = {name: column for name, column in self.columns.items() if name not in without}
        return Columns(kept, self.m, self.source, self.rows, self.first_line)

    def where(self, row: int) -> str:
        """Name a row as the source numbers it: "row 17", or "row 17 (line 19)" of a text file."""
        number = int(row if self.rows is None else self.rows[row])
        line = "" if self.first_line is None else f" (line {number + self.first_line})"
        return f"row {number}{line}"


def check_names(asked: Iterable[str], names: Sequence[str], source: str) -> None:
    """Refuse a name that is not among `names`.

    Raises:
        DataError: suggests a name that is close.
    """
    for name in asked:
        if name not in names:
            raise DataError(f"{source} has no column {name!r}; {suggestion(name, names)}")


def suggestion(name: str, names: Sequence[str]) -> str:
    """Say which name may have been meant, or which there are."""
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    shown = ", ".join(repr(other) for other in names[:12])
    return f"it has {shown}{', ...' if len(names) > 12 else ''}" if names else "it has none at all"
