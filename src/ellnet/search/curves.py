"""The curves of a search: a file of columns that only grows, and survives a kill at any instant.

A record is `ELC1`, the length of its head and of its columns (two little-endian 64-bit numbers), the
head (JSON: the trial and the name and length of each column), the columns one after the other
(little-endian float64), and the CRC-32 of head and columns. A record that a kill cut off is the last
one; it is taken away when the file is opened for writing.
"""

import json
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.errors import CorruptFileError, FileAccessError
from ellnet.search.results import Curve, Result

__all__ = ["CurveStore", "packed", "unpacked"]

MAGIC = b"ELC1"
FRAME = struct.Struct("<4sQQ")
CHECK = struct.Struct("<I")
COLUMNS = ("costs", "validation", "seconds")


class CurveStore:
    """The file of a search's curves, one record a trial.

    Raises:
        FileAccessError: the file cannot be read or written.
        CorruptFileError: a record other than the last is damaged.
    """

    def __init__(self, path: Path) -> None:
        """Name the file; it is made with the first record."""
        self._path = path

    def read(self) -> list[Result]:
        """Return the results in the order in which they were appended."""
        return [result for _, result in self._records()]

    def repair(self) -> None:
        """Take a record away that a kill cut off at the end."""
        if not self._path.exists():
            return
        whole = sum(length for length, _ in self._records())
        try:
            if whole < self._path.stat().st_size:
                os.truncate(self._path, whole)
        except OSError as error:
            raise self._refused("written", error) from error

    def append(self, result: Result) -> None:
        """Add a trial, and bring it to the disk."""
        try:
            descriptor = os.open(
                self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666
            )
            try:
                _write_whole(descriptor, packed(result))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._refused("written", error) from error

    def _records(self) -> Iterator[tuple[int, Result]]:
        """Give the length of each whole record, and what it holds."""
        try:
            data = self._path.read_bytes() if self._path.exists() else b""
        except OSError as error:
            raise self._refused("read", error) from error
        at = 0
        while at < len(data):
            try:
                found = unpacked(data, at)
            except ValueError:
                raise CorruptFileError(
                    f"{self._path} is damaged at byte {at}: it was altered after it was written; "
                    "restore it, or begin a new search"
                ) from None
            if found is None:
                return
            yield found
            at += found[0]

    def _refused(self, verb: str, error: OSError) -> FileAccessError:
        return FileAccessError(f"{self._path} cannot be {verb}: {error.strerror}")


def _write_whole(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def packed(result: Result) -> bytes:
    """Return a result as a record."""
    columns: list[tuple[str, NDArray[np.float64]]] = [
        ("replicates", np.asarray(result.replicates, "<f8"))
    ]
    for curve in result.curves:
        columns += [(name, np.asarray(getattr(curve, name), "<f8")) for name in COLUMNS]
    head: dict[str, Any] = {
        "number": result.number,
        "chosen": result.chosen,
        "state": result.state,
        "value": None if np.isnan(result.value) else result.value,
        "trouble": result.trouble,
        "folds": [[curve.steps, curve.best_epoch] for curve in result.curves],
        "columns": [[name, len(column)] for name, column in columns],
    }
    text = json.dumps(head).encode()
    blocks = b"".join(column.tobytes() for _, column in columns)
    frame = FRAME.pack(MAGIC, len(text), len(blocks))
    return frame + text + blocks + CHECK.pack(zlib.crc32(text + blocks))


def unpacked(data: bytes, at: int = 0) -> tuple[int, Result] | None:
    """Return the length of the record at a byte and what it holds; None where it was cut off.

    Raises:
        ValueError: it is no record, or an altered one.
    """
    if not data[at : at + 4] == MAGIC[: len(data) - at]:
        raise ValueError("no record")
    if len(data) - at < FRAME.size:
        return None
    _, head, columns = FRAME.unpack_from(data, at)
    start, length = at + FRAME.size, FRAME.size + head + columns + CHECK.size
    if at + length > len(data):
        return None
    body = data[start : start + head + columns]
    if CHECK.unpack_from(data, start + len(body))[0] != zlib.crc32(body):
        raise ValueError("altered")
    return length, _result(body[:head], body[head:])


def _result(head: bytes, blocks: bytes) -> Result:
    fields = json.loads(head)
    numbers = np.frombuffer(blocks, "<f8")
    ends = np.cumsum([length for _, length in fields["columns"]])
    replicates, *rest = np.split(numbers, ends[:-1])
    columns = [column.tolist() for column in rest]
    curves = tuple(
        Curve(columns[3 * k], columns[3 * k + 1], columns[3 * k + 2], steps, best)
        for k, (steps, best) in enumerate(fields["folds"])
    )
    chosen = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in fields["chosen"].items()
    }
    value = float("nan") if fields["value"] is None else fields["value"]
    return Result(
        fields["number"], chosen, fields["state"], value, curves, replicates, fields["trouble"]
    )
