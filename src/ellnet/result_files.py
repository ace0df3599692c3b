"""Result files: frames, one after another, become a CSV or Parquet file, durably; or text."""

import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, final

from ellnet.errors import FileAccessError
from ellnet.files.durable import writing_durably
from ellnet.parquet_joining import ParquetJoiner

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ENDINGS", "CsvText", "JsonLines", "ResultFile", "check_ending", "result_file"]

ENDINGS = (".csv", ".parquet")

ROW_GROUP = 2**18
"""Rows of a Parquet file that are written together, at least."""


class ResultFile(ABC):
    """A table under way: frames of one schema are added, in order."""

    @abstractmethod
    def add(self, frame: "pl.DataFrame") -> None:
        """Write the rows of a frame.

        Raises:
            FileAccessError: the file cannot be written; says why.
        """

    @abstractmethod
    def end(self) -> None:
        """Write what is still to be written; there must have been a frame."""


@final
class CsvText(ResultFile):
    """Text: a line of names, then a line a row."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        """Take the function that writes at the end of the file."""
        self._write = write
        self._begun = False

    def add(self, frame: "pl.DataFrame") -> None:
        """Write the rows as text."""
        text = frame.write_csv(include_header=not self._begun)
        self._begun = True
        self._write(text.encode())

    def end(self) -> None:
        """Nothing is left to be written."""


@final
class JsonLines(ResultFile):
    """Text: a JSON object a row."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        """Take the function that writes at the end of the file."""
        self._write = write

    def add(self, frame: "pl.DataFrame") -> None:
        """Write the rows as text."""
        lines = [json.dumps(row, default=str) for row in frame.iter_rows(named=True)]
        self._write("".join(f"{line}\n" for line in lines).encode())

    def end(self) -> None:
        """Nothing is left to be written."""


@final
class _Parquet(ResultFile):
    """Parquet: small frames are gathered to row groups."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._joiner = ParquetJoiner(write)
        self._frames: list[pl.DataFrame] = []
        self._rows = 0

    def add(self, frame: "pl.DataFrame") -> None:
        """Write the rows, or keep them until there are enough for a row group."""
        self._frames.append(frame)
        self._rows += frame.height
        if self._rows >= ROW_GROUP:
            self._flush()

    def end(self) -> None:
        """Write what was kept, and the footer."""
        if self._frames:
            self._flush()
        self._joiner.end()

    def _flush(self) -> None:
        import polars as pl  # noqa: PLC0415 - slow to import

        buffer = io.BytesIO()
        frame = pl.concat(self._frames)
        frame.write_parquet(buffer, row_group_size=max(1, frame.height))
        self._frames, self._rows = [], 0
        self._joiner.add(buffer.getvalue())


KINDS: dict[str, Callable[[Callable[[bytes], None]], ResultFile]] = {
    ".csv": CsvText,
    ".parquet": _Parquet,
}
"""What a file is, by the end of its name."""


def check_ending(path: Path) -> None:
    """Refuse a name that does not say which kind of file it is.

    Raises:
        FileAccessError: it ends in neither .csv nor .parquet.
    """
    if path.suffix.lower() not in ENDINGS:
        raise FileAccessError(f"{path} must end in {' or '.join(ENDINGS)}; name another file")


@contextmanager
def result_file(path: Path) -> Iterator[ResultFile]:
    """Write a .csv or .parquet file; it appears under its name, whole, when the block ends well.

    Raises:
        FileAccessError: the name ends in neither, or the file cannot be written; says why.
    """
    check_ending(path)
    with writing_durably(path) as file:
        result = KINDS[path.suffix.lower()](file.write)
        yield result
        result.end()
