"""Tables of any kind to columns. polars is the one reader.

Files: CSV and TSV (.gz too), Parquet, Feather, npz. Frames: polars, pandas and pyarrow through the arrow
C stream, mappings of columns, records, NumPy arrays.
"""

import difflib
import io
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ellnet.columns import Column, Columns, check_names
from ellnet.csv_files import read_csv
from ellnet.errors import DataError, FileAccessError
from ellnet.files.durable import read_whole
from ellnet.series import floats, objects

if TYPE_CHECKING:
    import polars as pl

__all__ = ["close_name", "column_of", "ending_of", "from_frame", "read_table"]

FILE_LIMIT = 64 * 2**30

Names = Collection[str]


def read_table(path: str | Path, *, ignore: Names = (), categorical: Names = ()) -> Columns:
    """Read a table from a file.

    Args:
        path: a .csv, .tsv, .txt (each also .gz), .parquet, .feather, .arrow, .ipc or .npz file.
        ignore: columns to leave out.
        categorical: columns whose numbers are categories; those that the table lacks are passed over.

    Raises:
        FileAccessError: the file cannot be read; says why.
        DataError: what is in it cannot be taken for a table; names line, row and column.
    """
    path = Path(path)
    reader = READERS[ending_of(path)]
    if not path.exists():
        raise FileAccessError(f"there is no file {path}{close_name(path)}")
    data = read_whole(path, FILE_LIMIT)
    if not data:
        raise DataError(f"{path} is empty; a table needs column names and rows")
    table = reader(path, data, ignore, categorical)
    if not table.names:
        raise DataError(f"{path} has no columns{' left' if ignore else ''}")
    return table


def ending_of(path: Path) -> str:
    """Return the end of a table's name that says how it is read, without .gz.

    Raises:
        DataError: no table is read by such an end.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".gz"]:
        suffixes = suffixes[:-1]
    if not suffixes or suffixes[-1] not in READERS:
        raise DataError(
            f"{path} must be a {', '.join(READERS)} file (text also with .gz), "
            f"or the name of a built-in set"
        )
    return suffixes[-1]


def close_name(path: Path) -> str:
    """Suggest a file of that folder with a similar name."""
    if not path.parent.is_dir():
        return f"; there is no folder {path.parent}"
    names = [other.name for other in path.parent.iterdir() if other.is_file()]
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _from_csv(path: Path, data: bytes, ignore: Names, categorical: Names) -> Columns:
    return read_csv(path, data, ignore=ignore, categorical=categorical)


def _from_parquet(path: Path, data: bytes, ignore: Names, categorical: Names) -> Columns:
    import polars as pl  # noqa: PLC0415 - prediction from a record needs none of it

    return _read_frame(path, pl.read_parquet, data, ignore, categorical)


def _from_feather(path: Path, data: bytes, ignore: Names, categorical: Names) -> Columns:
    import polars as pl  # noqa: PLC0415 - see above

    return _read_frame(path, pl.read_ipc, data, ignore, categorical)


def _read_frame(
    path: Path,
    read: Callable[[Any], "pl.DataFrame"],
    data: bytes,
    ignore: Names,
    categorical: Names,
) -> Columns:
    import polars as pl  # noqa: PLC0415 - see above

    try:
        frame = read(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError, pl.exceptions.PanicException) as error:
        raise DataError(
            f"{path} cannot be read ({str(error).splitlines()[0]}); is it whole, and what its name "
            "says?"
        ) from error
    return _from_polars(frame, path.name, ignore, categorical)


def _from_npz(path: Path, data: bytes, ignore: Names, categorical: Names) -> Columns:
    """Read arrays: X and y, or X_train, y_train, X_test, y_test, or one a column."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError, KeyError) as error:
        raise DataError(f"{path} is no npz file of plain arrays ({error})") from error
    if "X_train" in arrays:
        mapping = _parts(path, arrays)
    elif "X" in arrays:
        mapping = _features(arrays)
    else:
        mapping = arrays
    check_names(ignore, tuple(mapping), path.name)
    kept = {name: values for name, values in mapping.items() if name not in ignore}
    columns = [_array_column(name, v, name in categorical) for name, v in kept.items()]
    return Columns.of(columns, path.name)


def _parts(path: Path, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Join the training and the test part, with a column `split` that tells them apart."""
    parts = [part for part in ("train", "validation", "test") if f"X_{part}" in arrays]
    found = [_features({"X": arrays[f"X_{p}"], **_of_part(arrays, p)}) for p in parts]
    for part, mapping in zip(parts, found, strict=True):
        if mapping.keys() != found[0].keys():
            raise DataError(f"{path}: X_{part} must have the columns of X_{parts[0]}")
    joined = {name: np.concatenate([mapping[name] for mapping in found]) for name in found[0]}
    lengths = [len(arrays[f"X_{part}"]) for part in parts]
    return {**joined, "split": np.repeat(parts, lengths)}


def _of_part(arrays: Mapping[str, NDArray[Any]], part: str) -> dict[str, NDArray[Any]]:
    ending = f"_{part}"
    return {
        name.removesuffix(ending): array
        for name, array in arrays.items()
        if name.endswith(ending) and name != f"X{ending}"
    }


def _features(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Lay X out as columns x0, x1, ..., beside the other arrays."""
    if arrays["X"].ndim == 0:
        raise DataError("the array X must have rows, got a single value")
    X = np.reshape(arrays["X"], (len(arrays["X"]), -1))
    others = {name: array for name, array in arrays.items() if name != "X"}
    return {**{f"x{j}": X[:, j] for j in range(X.shape[1])}, **others}


READERS: dict[str, Callable[[Path, bytes, Names, Names], Columns]] = {
    ".csv": _from_csv,
    ".tsv": _from_csv,
    ".txt": _from_csv,
    ".parquet": _from_parquet,
    ".feather": _from_feather,
    ".arrow": _from_feather,
    ".ipc": _from_feather,
    ".npz": _from_npz,
}
"""How a file is read, by the end of its name."""


def from_frame(frame: Any, source: str = "the frame") -> Columns:
    """Return the columns of a frame in memory.

    Args:
        frame: polars, pandas or pyarrow frame; a mapping of columns; a list of records, each a dict; a
            NumPy array (m, columns), whose columns become x0, x1, ...
        source: what messages call it.

    Raises:
        DataError: it is none of these, or a column cannot be taken; names it.
    """
    if isinstance(frame, Columns):
        return frame
    if isinstance(frame, Mapping):
        return Columns.of([_array_column(str(n), v, False) for n, v in frame.items()], source)
    if isinstance(frame, np.ndarray):
        if frame.ndim != 2:
            raise DataError(f"{source} must have rows and columns, got shape {frame.shape}")
        return from_frame({f"x{j}": frame[:, j] for j in range(frame.shape[1])}, source)
    if isinstance(frame, Sequence) and all(isinstance(record, Mapping) for record in frame):
        return Columns.from_records(frame, source)
    if hasattr(frame, "__arrow_c_stream__"):
        return _from_arrow(frame, source)
    raise DataError(
        f"{source} must be a polars, pandas or pyarrow frame, a dict of columns, a list of records "
        f"or a NumPy array, got {type(frame).__name__}"
    )


def _from_arrow(frame: Any, source: str) -> Columns:
    """Take a frame through the arrow C stream, or column by column where that is not possible."""
    import polars as pl  # noqa: PLC0415 - see above

    try:
        taken = pl.DataFrame(frame)
    except Exception as error:
        if not hasattr(frame, "columns"):
            raise DataError(f"{source} cannot be read: {error}") from error
        return from_frame({str(name): frame[name].to_numpy() for name in frame.columns}, source)
    return _from_polars(taken, source, (), ())


def _array_column(name: str, values: Any, categorical: bool) -> Column:
    """Build a column from an array or a list; numbers go without a loop."""
    if isinstance(values, np.ma.MaskedArray):
        values = values.tolist()
    if isinstance(values, np.ndarray) and values.ndim == 1 and not categorical:
        if values.dtype.kind == "b":
            return Column(name, "boolean", values.astype(np.float64))
        if values.dtype.kind in "iuf":
            return Column(name, "number", values.astype(np.float64))
    if categorical:
        values = [None if v is None or v != v else str(v) for v in np.asarray(values).tolist()]  # noqa: PLR0124 - NaN
    return Column.of(name, values)


def _from_polars(frame: "pl.DataFrame", source: str, ignore: Names, categorical: Names) -> Columns:
    check_names(ignore, frame.columns, source)
    columns = [
        column_of(series, source, series.name in categorical)
        for series in frame.iter_columns()
        if series.name not in ignore
    ]
    return Columns.of(columns, source)


def column_of(series: "pl.Series", source: str, categorical: bool) -> Column:
    """Convert a column of polars by its type.

    Args:
        series: the column.
        source: what messages call the table.
        categorical: whether numbers in it are categories.

    Raises:
        DataError: it holds no numbers, strings, booleans or dates.
    """
    import polars as pl  # noqa: PLC0415 - see above

    kind = series.dtype
    text = isinstance(kind, pl.String | pl.Categorical | pl.Enum)
    if text or (categorical and not kind.is_nested()):
        return Column(series.name, "category", objects(series.cast(pl.String)))
    if isinstance(kind, pl.Boolean):
        return Column(series.name, "boolean", floats(series))
    if isinstance(kind, pl.Date | pl.Datetime):
        times = series.cast(pl.Datetime("us")).dt.timestamp("us")
        return Column(series.name, "date", floats(times) / 1e6)
    if kind.is_numeric():
        return Column(series.name, "number", floats(series))
    if isinstance(kind, pl.Null):
        return Column(series.name, "number", np.full(len(series), np.nan))
    if isinstance(kind, pl.Object):
        return Column.of(series.name, series.to_list())
    raise DataError(
        f"column {series.name!r} of {source} must hold numbers, strings, booleans or dates, got "
        f"{kind}; convert it, or leave it out with --ignore {series.name}"
    )
