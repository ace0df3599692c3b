"""Where a command's table comes from: a file, or a built-in set by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ellnet.columns import Columns
from ellnet.datasets import DATASETS, load_dataset
from ellnet.errors import DataError, FileAccessError, HyperparameterError
from ellnet.models import Model
from ellnet.run_records import RunRecord, differing_columns, fingerprint
from ellnet.tables import close_name, ending_of, read_table

__all__ = [
    "BUILT_IN_TARGET",
    "differs_from_run",
    "file_of",
    "is_built_in",
    "open_as_recorded",
    "open_for",
    "open_recorded",
    "open_table",
    "refuse_no_target",
    "table_name",
]

BUILT_IN_TARGET = "target"


def is_built_in(source: str) -> bool:
    """Say whether the word names a built-in set; a file of that name goes first."""
    return source.partition(":")[0] in DATASETS and not Path(source).exists()


def open_table(
    source: str, *, ignore: Sequence[str] = (), categorical: Sequence[str] = ()
) -> Columns:
    """Read a file, or make a built-in set.

    Raises:
        DataError, FileAccessError: the table cannot be had; names file, row and column.
    """
    path = file_of(source)
    if path is not None:
        return read_table(path, ignore=ignore, categorical=categorical)
    if categorical:
        raise DataError(
            f"the built-in set {source} has no column to take as categories, got "
            f"{', '.join(map(repr, categorical))}; leave --categorical away"
        )
    table = load_dataset(source)
    return table.drop(ignore) if ignore else table


def file_of(source: str) -> Path | None:
    """Return the file that the word means; None for a built-in set.

    Raises:
        DataError: no such file and no such set; a word without an ending may have meant either.
    """
    if is_built_in(source):
        return None
    path = Path(source)
    if not path.suffix and "/" not in source and not path.exists():
        raise DataError(
            f"there is no file {source}, and no built-in set of that name: there are "
            f"{', '.join(DATASETS)}"
        )
    return path


def refuse_no_target(source: str) -> NoReturn:
    """Ask for the column to predict, of a table that is there to have one.

    Raises:
        DataError, FileAccessError: the word names no table, or a file that is not there.
        HyperparameterError: it does.
    """
    path = file_of(source)
    if path is not None:
        ending_of(path)
        if not path.exists():
            raise FileAccessError(f"there is no file {path}{close_name(path)}")
    raise HyperparameterError("say which column to predict, with --target COLUMN")


def open_for(model: Model, source: str, target: str | None = None) -> Columns:
    """Read a table that a model is to be used on: what were categories in training are so again.

    Args:
        model: the model.
        source: a file or a built-in set.
        target: the column with the truth, where it is needed.

    Raises:
        DataError, FileAccessError: the table cannot be had; names file, row and column.
    """
    if is_built_in(source):
        return open_table(source)
    categorical = set(model.preprocessing.category_names)
    if target is not None and isinstance(next(iter(model.target.classes), None), str):
        categorical.add(target)
    return open_table(source, categorical=sorted(categorical))


def open_recorded(run: RunRecord, folder: Path, table: str | None = None) -> Columns:
    """Read the table of a run again, and see that it is what the run saw.

    Args:
        run: the run's record.
        folder: its folder, for messages.
        table: where the table lies now; by default where it lay.

    Raises:
        DataError: it is another table; names the difference.
        FileAccessError: it cannot be read.
    """
    columns = open_as_recorded(run, table)
    differs = differs_from_run(run, columns)
    if differs:
        raise DataError(
            f"{columns.source} is not what the run {folder} saw: {differs}; bring the old table back, or "
            f"branch on purpose: ellnet branch {folder} {table or run.table} --epoch N"
        )
    return columns


def open_as_recorded(run: RunRecord, table: str | None = None) -> Columns:
    """Read a table as a run read its own; by default that one."""
    source = table or run.table
    if table is None and run.path and not Path(source).exists():
        source = run.path
    return open_table(source, ignore=run.ignore, categorical=run.categorical)


def differs_from_run(run: RunRecord, columns: Columns) -> str:
    """Say in words how a table differs from the one that a run saw; "" where it does not."""
    return differing_columns(run.data, fingerprint(columns)) if run.data else ""


def table_name(source: str) -> str:
    """Return a short name for a run's folder."""
    if is_built_in(source):
        return source.partition(":")[0]
    return Path(source).name.partition(".")[0] or "table"
