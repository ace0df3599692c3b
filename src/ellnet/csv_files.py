"""CSV files: read as text, so that each column's type is decided by rules that can be told.

A column is numbers, yes and no, dates, or else categories. Missing is whatever stands in `MISSING`. A
column of numbers with a few words among them is refused: it is more often a mistake than a wish.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ellnet.columns import Column, Columns, Kind, check_names
from ellnet.errors import DataError
from ellnet.series import floats, objects

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MISSING", "header_of", "read_csv", "typed_column"]

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?")
"""What stands for a missing value, blanks around it apart."""

DELIMITERS = ",;\t|"
MOSTLY = 0.9
"""The part of a column's values from which it is taken for numbers with mistakes among them."""

SHOWN = 3


def read_csv(
    path: Path, data: bytes, *, ignore: Collection[str] = (), categorical: Collection[str] = ()
) -> Columns:
    """Read the bytes of a CSV file, compressed by gzip or not.

    Args:
        path: the file's name, for messages.
        data: its bytes.
        ignore: columns to leave out.
        categorical: columns whose numbers are categories.

    Raises:
        DataError: the file, a line or a value that cannot be read; names file, line and column.
    """
    text = _decoded(path, _unpacked(path, data))
    header, delimiter = _header(path, text)
    check_names(ignore, header, path.name)
    frame = _parsed(path, text, header, delimiter)
    frame = _whole_rows(path, text, frame, delimiter)
    plain = text.rstrip("\n").count("\n") == frame.height
    table = Columns({}, frame.height, path.name, None, 2 if plain else None)
    columns = [
        _column(frame[name], name, name in categorical, table.where)
        for name in header
        if name not in ignore
    ]
    return Columns.of(columns, path.name, table.first_line)


def _unpacked(path: Path, data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"{path} is compressed and cut off or damaged ({error}); get the whole file again"
        ) from error


def _decoded(path: Path, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path} must be UTF-8 text, got the byte {data[error.start]:#04x} in line {line}; "
            "save it as UTF-8"
        ) from error
    if "\0" in text:
        raise DataError(f"{path} must be text, and holds zero bytes; is it another kind of file?")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _header(path: Path, text: str) -> tuple[list[str], str]:
    """Read the names of the columns, and find the delimiter."""
    first, _, rows = text.partition("\n")
    found = header_of(path, first if text.strip() else "")
    if not rows.strip():
        raise DataError(f"{path} has a line of column names and no row below it")
    return found


def header_of(path: Path, first: str) -> tuple[list[str], str]:
    """Return the names of the columns and the delimiter that the first line of a file has.

    Args:
        path: the file's name, for messages.
        first: its first line, with or without its end; "" where the file has nothing.

    Raises:
        DataError: there is no name, a column without one, or two of one name.
    """
    if not first:
        raise DataError(f"{path} is empty; a table needs a line of column names and a row")
    if not first.strip():
        raise DataError(f"{path}: line 1 must name the columns, and is blank; take the line out")
    split = {d: next(csv.reader([first], delimiter=d)) for d in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda d: len(split[d]))
    names = [name.strip() for name in split[delimiter]]
    for i, name in enumerate(names):
        if not name:
            raise DataError(f"{path}: every column needs a name in line 1, column {i + 1} has none")
        if name in names[:i]:
            raise DataError(f"{path} has two columns called {name!r} in line 1; rename one")
    return names, delimiter


def _parsed(path: Path, text: str, header: list[str], delimiter: str) -> "pl.DataFrame":
    import polars as pl  # noqa: PLC0415 - prediction from a record needs none of it

    try:
        return pl.read_csv(
            io.BytesIO(text.encode()),
            separator=delimiter,
            has_header=False,
            skip_rows=1,
            new_columns=header,
            schema=dict.fromkeys(header, pl.String),
            infer_schema=False,
        )
    except pl.exceptions.PolarsError as error:
        where = _bad_line(text, len(header), delimiter)
        found = str(error).splitlines()[0]
        raise DataError(
            f"{path}: {where or f'{found}; is there a quote that is never closed?'}"
        ) from error


def _bad_line(text: str, width: int, delimiter: str) -> str:
    """Find the first row that does not have as many values as there are columns."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        for values in reader:
            if values and len(values) != width:
                return (
                    f"line {reader.line_num} must have {width} values, as line 1 has, "
                    f"got {len(values)}"
                )
    except csv.Error as error:
        return f"line {reader.line_num} cannot be read ({error})"
    return ""


def _whole_rows(path: Path, text: str, frame: "pl.DataFrame", delimiter: str) -> "pl.DataFrame":
    """Leave out blank lines, and refuse rows that are too short.

    Both would pass for rows with missing values at their end.
    """
    if frame.width == 1 or frame[frame.columns[-1]].null_count() == 0:
        return frame
    where = _bad_line(text, frame.width, delimiter)
    if where:
        raise DataError(f"{path}: {where}")
    records = csv.reader(io.StringIO(text), delimiter=delimiter)
    kept = [i for i, values in enumerate(records) if values][1:]
    return frame if len(kept) == frame.height else frame[[i - 1 for i in kept]]


def _column(
    series: "pl.Series", name: str, categorical: bool, where: Callable[[int], str]
) -> Column:
    """Decide what a column of text holds, and convert it."""
    import polars as pl  # noqa: PLC0415 - see above

    text = _without_missing(series)
    known = text.len() - text.null_count()
    if categorical or known == 0:
        kind: Kind = "category" if categorical else "number"
        return Column(name, kind, objects(text) if categorical else np.full(len(text), np.nan))
    numbers = text.cast(pl.Float64, strict=False)
    failed = (numbers.is_null() & text.is_not_null()) | numbers.is_nan().fill_null(value=False)
    bad = np.flatnonzero(failed.to_numpy())
    if len(bad) == 0:
        return Column(name, "number", floats(numbers))
    if known - len(bad) >= MOSTLY * known:
        raise DataError(_mixed(name, "numbers", text, bad, where))
    if len(bad) < known:
        return Column(name, "category", objects(text))
    _check_commas(name, text, where)
    truth = _yes_and_no(text)
    if truth is not None:
        return Column(name, "boolean", truth)
    dates = _dates(name, text, where)
    if dates is not None:
        return Column(name, "date", dates)
    return Column(name, "category", objects(text))


def typed_column(series: "pl.Series", kind: Kind) -> tuple[Column, NDArray[np.int64]]:
    """Convert a column of text that is known to hold a kind of values.

    What `read_csv` makes of a file whose columns have these kinds is the same, to the bit.

    Returns:
        The column, and the rows whose text is no such value; there the column holds none.
    """
    text = _without_missing(series)
    if kind == "category":
        return Column(series.name, kind, objects(text)), np.empty(0, np.int64)
    values = {"number": _numbers, "boolean": _truth, "date": _times}[kind](text)
    bad = np.isnan(values) & text.is_not_null().to_numpy()
    return Column(series.name, kind, values), np.flatnonzero(bad)


def _without_missing(series: "pl.Series") -> "pl.Series":
    stripped = series.str.strip_chars()
    return stripped.set(stripped.is_in(list(MISSING)), None)


def _numbers(text: "pl.Series") -> NDArray[np.float64]:
    import polars as pl  # noqa: PLC0415 - see above

    return floats(text.cast(pl.Float64, strict=False))


def _truth(text: "pl.Series") -> NDArray[np.float64]:
    words = text.str.to_lowercase()
    known = words.is_in(["true", "false"]).fill_null(value=False).to_numpy()
    return np.where(known, (words == "true").fill_null(value=False).to_numpy(), np.nan)


def _times(text: "pl.Series") -> NDArray[np.float64]:
    looks = _looks_like_dates(text)
    return _seconds(text.set(~looks, None))


def _mixed(
    name: str, what: str, text: "pl.Series", bad: NDArray[np.int64], where: Callable[[int], str]
) -> str:
    """Say which values are not what nearly all others of their column are."""
    known = len(text) - text.null_count()
    shown = ", ".join(f"{text[int(row)]!r} in {where(int(row))}" for row in bad[:SHOWN])
    return (
        f"column {name!r} holds {what} in {known - len(bad)} of {known} values, and other words in "
        f"the rest: {shown}{', ...' if len(bad) > SHOWN else ''}; mend them, or take all for "
        f"categories with --categorical {name}"
    )


def _check_commas(name: str, text: "pl.Series", where: Callable[[int], str]) -> None:
    """Refuse numbers written with commas: nobody can know whether 1,234 is a thousand or one."""
    known = text.drop_nulls()
    if known.str.contains(r"^[+-]?\d+(,\d+)+(\.\d+)?$").mean() >= MOSTLY:  # type: ignore[operator]
        row = int(np.flatnonzero(text.is_not_null().to_numpy())[0])
        raise DataError(
            f"column {name!r} holds numbers with commas, such as {text[row]!r} in {where(row)}; "
            f"write 1234.5 for them, or take them for categories with --categorical {name}"
        )


def _yes_and_no(text: "pl.Series") -> NDArray[np.float64] | None:
    words = text.str.to_lowercase()
    if not words.drop_nulls().is_in(["true", "false"]).all():
        return None
    truth = (words == "true").to_numpy().astype(np.float64)
    return np.where(words.is_null().to_numpy(), np.nan, truth)


def _dates(name: str, text: "pl.Series", where: Callable[[int], str]) -> NDArray[np.float64] | None:
    """Read ISO 8601 dates, with or without a time, if nearly all of a column looks like them."""
    looks = _looks_like_dates(text)
    known = len(text) - text.null_count()
    if int(looks.sum()) < MOSTLY * known:
        return None
    seconds = _seconds(text.set(~looks, None))
    bad = np.flatnonzero(text.is_not_null().to_numpy() & np.isnan(seconds))
    if len(bad):
        raise DataError(_mixed(name, "dates", text, bad, where))
    return seconds


def _looks_like_dates(text: "pl.Series") -> "pl.Series":
    looks = text.str.contains(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$")
    return looks.fill_null(value=False)


def _seconds(text: "pl.Series") -> NDArray[np.float64]:
    """Return seconds since 1970, NaN where no date can be read; UTC where no zone is named."""
    import polars as pl  # noqa: PLC0415 - see above

    dated = text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    zoned = text.str.contains(r"(Z|[+-]\d{2}:?\d{2})$").fill_null(value=False)
    local = text.set(zoned, None).str.replace(" ", "T", literal=True)
    timed = local.str.to_datetime(strict=False, time_unit="us", format=None)
    parts = [dated, timed]
    if zoned.any():
        there = text.set(~zoned, None).str.replace(" ", "T", literal=True)
        utc = there.str.to_datetime("%+", strict=False, time_unit="us", time_zone="UTC")
        parts.append(utc.dt.replace_time_zone(None))
    micros = [floats(part.dt.timestamp("us")) for part in parts]
    seconds = micros[0]
    for other in micros[1:]:
        seconds = np.where(np.isnan(seconds), other, seconds)
    return seconds / 1e6
