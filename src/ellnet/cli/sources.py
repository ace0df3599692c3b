"""Where a command's table comes from: a file, or a built-in set by name."""

from collections.abc import Sequence
from pathlib import Path

from ellnet.columns import Columns
from ellnet.datasets import DATASETS, load_dataset
from ellnet.tables import read_table

__all__ = ["BUILT_IN_TARGET", "is_built_in", "open_table", "table_name"]

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
    if is_built_in(source):
        table = load_dataset(source)
        return table.drop(list(ignore)) if ignore else table
    return read_table(Path(source), ignore=ignore, categorical=categorical)


def table_name(source: str) -> str:
    """Return a short name for a run's folder."""
    if is_built_in(source):
        return source.partition(":")[0]
    return Path(source).name.partition(".")[0] or "table"
