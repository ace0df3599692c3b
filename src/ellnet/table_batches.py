"""Tables in batches: files larger than memory are read a few rows at a time, in their order.

Text and Parquet, Feather and other arrow files are never in memory as a whole. An npz file and a table
that is in memory already are cut into the same batches.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ellnet.bad_rows import BadRow
from ellnet.columns import Column, Columns, Kind, check_names
from ellnet.csv_files import typed_column
from ellnet.csv_records import CsvRecords, Records, open_records
from ellnet.errors import DataError, FileAccessError
from ellnet.files.durable import open_regular
from ellnet.tables import close_name, column_of, ending_of, read_table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Batch", "TableBatches", "Wanted", "batches_of", "open_batches"]

TEXT = frozenset({".csv", ".tsv", ".txt"})
NPZ = ".npz"

READS = 8
"""Times that a batch's rows are looked up in a Parquet file, at most, each for some of the columns."""

KINDS = {"number": "a number", "boolean": "true or false", "date": "a date", "category": "a word"}


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a table.

    Attributes:
        kinds: the columns to convert, and what each is to hold.
        keep: the columns to hand on as they are.
        size: rows of a batch.
    """

    kinds: Mapping[str, Kind]
    keep: Sequence[str]
    size: int

    @property
    def categorical(self) -> list[str]:
        """The columns that are to hold categories."""
        return [name for name, kind in self.kinds.items() if kind == "category"]


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows of a table, in order.

    Attributes:
        columns: the columns that were converted; `columns.rows` numbers the rows as the table does.
        kept: the columns that are handed on.
        lines: the line of each row, (m,), where the table is text; else None.
        bad: what cannot be read: rows that `columns` lacks, and values that it holds as missing.
        part: how much of the table has been read, from 0 to 1.
    """

    columns: Columns
    kept: "pl.DataFrame"
    lines: NDArray[np.int64] | None
    bad: Sequence[BadRow]
    part: float


@dataclass(frozen=True, eq=False)
class TableBatches:
    """A table that is being read: its name, the names of all its columns, and its rows in batches."""

    source: str
    names: Sequence[str]
    batches: Iterator[Batch]


@contextmanager
def open_batches(path: Path, wanted: Wanted) -> Iterator[TableBatches]:
    """Open a file to be read in batches; columns that the file lacks are left out of `kinds`.

    Raises:
        FileAccessError: the file cannot be read; says why.
        DataError: it is no such table, or has no column that is to be kept.
    """
    ending = ending_of(path)
    if not path.exists():
        raise FileAccessError(f"there is no file {path}{close_name(path)}")
    if ending in TEXT:
        with open_records(path) as records:
            check_names(wanted.keep, records.names, path.name)
            batches = _text_batches(records, wanted, path.name)
            yield TableBatches(path.name, records.names, batches)
    elif ending == NPZ:
        yield batches_of(read_table(path, categorical=wanted.categorical), wanted)
    else:
        yield _arrow_batches(path, ending, wanted)


def _text_batches(records: CsvRecords, wanted: Wanted, source: str) -> Iterator[Batch]:
    while found := records.take(wanted.size):
        yield _text_batch(found, records, wanted, source)


def _text_batch(found: Records, records: CsvRecords, wanted: Wanted, source: str) -> Batch:
    """Convert records column by column."""
    import polars as pl  # noqa: PLC0415 - slow to import

    places = {name: j for j, name in enumerate(records.names)}

    def text(name: str) -> "pl.Series":
        j = places[name]
        return pl.Series(name, [values[j] for values in found.values], pl.String)

    bad, columns = list(found.bad), []
    for name, kind in wanted.kinds.items():
        if name in places:
            series = text(name)
            column, failed = typed_column(series, kind)
            columns.append(column)
            bad += [
                BadRow(
                    found.rows[place],
                    found.lines[place],
                    name,
                    f"must hold {KINDS[kind]}, as in training, got {series[place].strip()!r:.60}",
                )
                for place in failed.tolist()
            ]
    rows, lines = np.array(found.rows, np.int64), np.array(found.lines, np.int64)
    kept = pl.DataFrame([text(name).replace("", None) for name in wanted.keep])
    return Batch(_numbered(columns, source, rows), kept, lines, bad, records.part)


def _numbered(columns: Sequence[Column], source: str, rows: NDArray[np.int64]) -> Columns:
    named = {column.name: column for column in columns}
    return Columns(named, len(rows), source, rows)


def _arrow_batches(path: Path, ending: str, wanted: Wanted) -> TableBatches:
    """Read slices of a Parquet or arrow file; it must stay as it is meanwhile."""
    import polars as pl  # noqa: PLC0415 - slow to import

    with open_regular(path) as file:
        if not file.read(1):
            raise DataError(f"{path} is empty; a table needs column names and rows")
    identity = _identity(path)
    with _readable(path):
        lazy = (
            pl.scan_parquet(path, glob=False, parallel="none")
            if ending == ".parquet"
            else pl.scan_ipc(path, glob=False)
        )
        names = lazy.collect_schema().names()
        m = int(lazy.select(pl.len()).collect().item())
    check_names(wanted.keep, names, path.name)
    if not names:
        raise DataError(f"{path} has no columns")

    def batches() -> Iterator[Batch]:
        asked = [name for name in names if name in wanted.kinds or name in wanted.keep]
        for start in range(0, m, wanted.size):
            with _readable(path):
                _check_identity(path, identity)
                frame = _slice(lazy, asked, start, wanted.size)
                _check_identity(path, identity)
            yield _frame_batch(frame, wanted, path.name, start, (start + frame.height) / m)

    return TableBatches(path.name, names, batches())


def _slice(lazy: "pl.LazyFrame", names: Sequence[str], start: int, size: int) -> "pl.DataFrame":
    """Read some rows, a few columns at a time: much of a large row group is unpacked for that."""
    import polars as pl  # noqa: PLC0415 - slow to import

    step = max(1, -(-len(names) // READS))
    parts = [
        lazy.select(names[k : k + step]).slice(start, size).collect()
        for k in range(0, len(names), step)
    ]
    return pl.concat(parts, how="horizontal") if parts else pl.DataFrame()


def _frame_batch(
    frame: "pl.DataFrame", wanted: Wanted, source: str, start: int, part: float
) -> Batch:
    columns = [
        column_of(frame[name], source, kind == "category")
        for name, kind in wanted.kinds.items()
        if name in frame.columns
    ]
    rows = np.arange(start, start + frame.height, dtype=np.int64)
    kept = frame.select(wanted.keep)
    return Batch(_numbered(columns, source, rows), kept, None, (), part)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what polars says of a file into a sentence."""
    import polars as pl  # noqa: PLC0415 - slow to import

    try:
        yield
    except (pl.exceptions.PolarsError, OSError, pl.exceptions.PanicException) as error:
        if isinstance(error, FileAccessError):
            raise
        raise DataError(
            f"{path} cannot be read ({str(error).splitlines()[0]}); is it whole, and what its name "
            "says?"
        ) from error


def _identity(path: Path) -> tuple[int, int, int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _check_identity(path: Path, before: tuple[int, int, int, int]) -> None:
    try:
        same = _identity(path) == before
    except OSError:
        same = False
    if not same:
        raise FileAccessError(
            f"{path} cannot be read: it changed meanwhile; try again when nothing writes to it"
        )


def batches_of(table: Columns, wanted: Wanted) -> TableBatches:
    """Cut a table that is in memory into batches.

    Raises:
        DataError: there is no column that is to be kept.
    """
    check_names(wanted.keep, table.names, table.source)
    inside = [name for name in wanted.kinds if name in table.names]

    def batches() -> Iterator[Batch]:
        for start in range(0, table.m, wanted.size):
            rows = np.arange(start, min(start + wanted.size, table.m), dtype=np.int64)
            taken = table.take(rows)
            columns = _numbered([taken[name] for name in inside], table.source, rows)
            kept = _frame_of([taken[name] for name in wanted.keep])
            yield Batch(columns, kept, None, (), (int(rows[-1]) + 1) / table.m)

    return TableBatches(table.source, table.names, batches())


def _frame_of(columns: Collection[Column]) -> "pl.DataFrame":
    import polars as pl  # noqa: PLC0415 - slow to import

    return pl.DataFrame({column.name: _plain(column) for column in columns})


def _plain(column: Column) -> Any:
    """Return a column as polars takes it: dates as dates, words as words."""
    import polars as pl  # noqa: PLC0415 - slow to import

    if column.kind == "category":
        return pl.Series(column.name, column.values.tolist(), pl.String)
    series = pl.Series(column.name, column.values).fill_nan(None)
    if column.kind == "boolean":
        return series.cast(pl.Boolean)
    return (series * 1e6).cast(pl.Datetime("us")) if column.kind == "date" else series
