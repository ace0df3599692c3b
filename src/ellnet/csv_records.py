"""CSV files record by record, in constant memory: what can be read is read, bad lines are told apart.

The rules are those of `csv_files`: UTF-8, one of four delimiters, names in the first line, blank lines
passed over, every row as wide as the first line.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ellnet.bad_rows import BadRow
from ellnet.csv_files import header_of
from ellnet.errors import DataError, FileAccessError
from ellnet.files.durable import open_regular

__all__ = ["CsvRecords", "Records", "open_records"]

LONGEST = 16 * 2**20
"""Characters of the longest line that is read."""

GZIP = b"\x1f\x8b"

ZERO_BYTES = "must be text, got zero bytes"

UNREADABLE = re.compile("[\udc80-\udcff]")
"""What bytes that are no UTF-8 become."""


@dataclass
class Records:
    """Some records of a file, in order.

    Attributes:
        rows: number of each record in the file, from 0.
        lines: the line that each begins in, from 1.
        values: what each holds, a text a column.
        bad: records that cannot be read.
    """

    rows: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    values: list[list[str]] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


class CsvRecords:
    """A CSV file that is being read."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        """Take an open file, and read the names of its columns.

        Args:
            path: what messages call it.
            file: open at its beginning, compressed by gzip or not.
            size: bytes of the file.

        Raises:
            DataError: it has no first line of names, or no row below it.
        """
        self._path = path
        self._file = file
        self._size = max(size, 1)
        unpacked = gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == GZIP else file  # type: ignore[attr-defined]
        self._text = io.TextIOWrapper(unpacked, encoding="utf-8-sig", errors="surrogateescape")
        self._line = 0
        self._row = 0
        lines = self._lines()
        first = next(lines, "")
        self.names, delimiter = header_of(path, first)
        self._check(first)
        csv.field_size_limit(LONGEST)
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._waiting: Records | None = self._next(1)
        if self._waiting is None:
            raise DataError(f"{path} has a line of column names and no row below it")

    @property
    def part(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return min(1.0, self._file.tell() / self._size)

    def take(self, count: int) -> Records | None:
        """Return the next records, `count` at most, or None at the end.

        Raises:
            DataError: the file is damaged, or a quote is never closed.
        """
        begun, self._waiting = self._waiting, None
        if begun is None:
            return self._next(count)
        more = self._next(count - 1) if count > 1 else None
        if more is not None:
            begun.rows += more.rows
            begun.lines += more.lines
            begun.values += more.values
            begun.bad += more.bad
        return begun

    def _next(self, count: int) -> Records | None:
        found = Records()
        width = len(self.names)
        for _ in range(count):
            begins = self._line + 1
            record = self._record()
            while record == []:  # a blank line
                begins = self._line + 1
                record = self._record()
            if record is None:
                break
            reason = record if isinstance(record, str) else self._wrong(record, width)
            if reason:
                found.bad.append(BadRow(self._row, begins, "", reason))
            else:
                found.rows.append(self._row)
                found.lines.append(begins)
                found.values.append(record)  # type: ignore[arg-type]
            self._row += 1
        return found if found.rows or found.bad else None

    def _record(self) -> list[str] | str | None:
        """Return the next record, the reason why it cannot be read, or None at the end."""
        begins = self._line + 1
        try:
            return next(self._reader, None)
        except csv.Error as error:
            if self._line > begins or "end of data" in str(error) or "limit" in str(error):
                raise DataError(
                    f"{self._path}: line {begins} begins a quote that is never closed; close it"
                ) from error
            return f"must have quotes that open and close a whole value, got another ({error})"

    def _wrong(self, record: list[str], width: int) -> str:
        """Return why a record cannot be taken, "" where it can."""
        if len(record) != width:
            return f"must have {width} values, as line 1 has, got {len(record)}"
        text = "".join(record)
        if text.isascii():
            return ZERO_BYTES if "\0" in text else ""
        bad = UNREADABLE.search(text)
        if bad:
            return f"must be UTF-8 text, got the byte {ord(bad[0]) - 0xDC00:#04x}"
        return ZERO_BYTES if "\0" in text else ""

    def _check(self, first: str) -> None:
        """Refuse a first line that is no text."""
        bad = UNREADABLE.search(first)
        if bad:
            raise DataError(
                f"{self._path} must be UTF-8 text, got the byte {ord(bad[0]) - 0xDC00:#04x} in line 1; "
                "save it as UTF-8"
            )
        if "\0" in first:
            raise DataError(
                f"{self._path} must be text, and holds zero bytes; is it another kind of file?"
            )

    def _lines(self) -> Iterator[str]:
        """Go through the lines; one that is too long, or a damaged archive, is told."""
        while True:
            try:
                line = self._text.readline(LONGEST)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise DataError(
                    f"{self._path} is compressed and cut off or damaged ({error}); get the whole "
                    "file again"
                ) from error
            except OSError as error:
                raise FileAccessError(
                    f"{self._path} cannot be read: {error.strerror}; check the disk"
                ) from error
            if not line:
                return
            if len(line) == LONGEST:
                raise DataError(
                    f"{self._path}: line {self._line + 1} must have fewer than {LONGEST} characters; "
                    "is it another kind of file?"
                )
            self._line += 1
            yield line


@contextmanager
def open_records(path: Path) -> Iterator[CsvRecords]:
    """Open a CSV file, compressed by gzip or not.

    Raises:
        FileAccessError: it cannot be read, or is no regular file; says why.
        DataError: it has no line of names, or no row.
    """
    with open_regular(path) as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        yield CsvRecords(path, file, size)
