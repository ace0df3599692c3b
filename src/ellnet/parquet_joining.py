"""Joining Parquet files: row groups of several files of one schema become one file, piece by piece.

polars writes whole Parquet files only. What it writes of each batch is copied as it is; the footer,
which says where everything stands, is read, moved along and written anew. It is in Thrift's compact
protocol, of which this module has what a footer needs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

__all__ = ["ParquetJoiner"]

MAGIC = b"PAR1"

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
"""Thrift's kinds of values."""

ROWS, GROUPS = 3, 4
"""Fields of a footer: the number of rows, and the row groups."""

COLUMNS, GROUP_OFFSET, ORDINAL = 1, 5, 7
"""Fields of a row group: its columns, where it begins, its number."""

COLUMN_OFFSET, META, INDEXES = 2, 3, frozenset({4, 5, 6, 7})
"""Fields of a column of a row group; indexes have places inside, and are left out: they are optional."""

PLACES = frozenset({9, 10, 11, 14})
"""Fields of a column's metadata that say where pages, dictionary and filter begin."""


@dataclass(frozen=True)
class _Value:
    """A value as Thrift has it: for a struct its fields by number, for a list its items."""

    kind: int
    content: "int | bool | bytes | tuple[_Value, ...] | dict[int, _Value]"
    items: int = 0

    def fields(self) -> "dict[int, _Value]":
        """Return the fields of a struct."""
        assert isinstance(self.content, dict)  # noqa: S101 - polars wrote it a moment ago
        return self.content

    def list(self) -> "tuple[_Value, ...]":
        """Return the items of a list."""
        assert isinstance(self.content, tuple)  # noqa: S101 - the same
        return self.content

    def number(self) -> int:
        """Return a whole number."""
        assert isinstance(self.content, int)  # noqa: S101 - the same
        return self.content


class ParquetJoiner:
    """Writes one Parquet file out of several, each given as bytes."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        """Take the function that writes at the end of the file."""
        self._write = write
        self._at = 0
        self._rows = 0
        self._groups: list[bytes] = []
        self._footer: dict[int, _Value] = {}

    def add(self, part: bytes) -> None:
        """Add the row groups of a whole Parquet file, of the same schema as those before."""
        size = int.from_bytes(part[-8:-4], "little")
        begins = len(part) - 8 - size
        footer = _Reader(part[begins:-8]).value(STRUCT).fields()
        if not self._footer:
            self._footer = footer
            self._put(MAGIC)
        by = self._at - len(MAGIC)
        self._groups += [_written(_moved_group(group, by)) for group in footer[GROUPS].list()]
        self._rows += footer[ROWS].number()
        self._put(part[len(MAGIC) : begins])

    def end(self) -> None:
        """Write the footer; there must have been a part."""
        groups = tuple(_Value(STRUCT, group) for group in self._groups)
        footer = {
            **self._footer,
            ROWS: _Value(I64, self._rows),
            GROUPS: _Value(LIST, groups, STRUCT),
        }
        text = _written(_Value(STRUCT, footer))
        self._put(text + len(text).to_bytes(4, "little") + MAGIC)

    def _put(self, data: bytes) -> None:
        self._write(data)
        self._at += len(data)


def _moved(value: _Value, by: int) -> _Value:
    place = value.number()
    return replace(value, content=place + by) if place > 0 else value


def _moved_group(group: _Value, by: int) -> _Value:
    """Move every place in a row group."""
    fields = {number: value for number, value in group.fields().items() if number != ORDINAL}
    if GROUP_OFFSET in fields:
        fields[GROUP_OFFSET] = _moved(fields[GROUP_OFFSET], by)
    columns = tuple(_moved_column(column, by) for column in fields[COLUMNS].list())
    fields[COLUMNS] = replace(fields[COLUMNS], content=columns)
    return _Value(STRUCT, fields)


def _moved_column(column: _Value, by: int) -> _Value:
    fields = {n: value for n, value in column.fields().items() if n not in INDEXES}
    fields[COLUMN_OFFSET] = _moved(fields[COLUMN_OFFSET], by)
    meta = fields[META].fields()
    moved = {n: _moved(value, by) if n in PLACES else value for n, value in meta.items()}
    fields[META] = _Value(STRUCT, moved)
    return _Value(STRUCT, fields)


class _Reader:
    """Reads values from bytes in Thrift's compact protocol."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def value(self, kind: int) -> _Value:
        """Read a value of a kind."""
        if kind in {TRUE, FALSE}:
            return _Value(kind, kind == TRUE)
        if kind in {BYTE, DOUBLE}:
            return _Value(kind, self._bytes(1 if kind == BYTE else 8))
        if kind in {I16, I32, I64}:
            coded = self._varint()
            return _Value(kind, coded >> 1 ^ -(coded & 1))
        if kind == BINARY:
            return _Value(kind, self._bytes(self._varint()))
        if kind in {LIST, SET}:
            return self._list(kind)
        if kind == STRUCT:
            return self._struct()
        raise ValueError(f"a Parquet footer holds no Thrift value of kind {kind}")

    def _bytes(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at]

    def _varint(self) -> int:
        result = shift = 0
        while True:
            byte = self._bytes(1)[0]
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                return result
            shift += 7

    def _list(self, kind: int) -> _Value:
        head = self._bytes(1)[0]
        count, items = head >> 4, head & 15
        if count == 15:
            count = self._varint()
        if items in {TRUE, FALSE}:  # within a list a truth value takes a byte
            values = tuple(_Value(BYTE, self._bytes(1)) for _ in range(count))
        else:
            values = tuple(self.value(items) for _ in range(count))
        return _Value(kind, values, items)

    def _struct(self) -> _Value:
        fields: dict[int, _Value] = {}
        number = 0
        while head := self._bytes(1)[0]:
            step, kind = head >> 4, head & 15
            number = number + step if step else self.value(I16).number()
            fields[number] = self.value(kind)
        return _Value(STRUCT, fields)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _zigzag(number: int) -> bytes:
    return _varint(number << 1 if number >= 0 else (-number << 1) - 1)


def _written(value: _Value) -> bytes:
    """Write a value in Thrift's compact protocol; a struct may be bytes already."""
    content = value.content
    if isinstance(content, bool):
        return b""
    if isinstance(content, int):
        return _zigzag(content)
    if isinstance(content, bytes):
        return _varint(len(content)) + content if value.kind == BINARY else content
    if isinstance(content, tuple):
        count = len(content)
        head = bytes([min(count, 15) << 4 | value.items]) + (_varint(count) if count > 14 else b"")
        return head + b"".join(map(_written, content))
    out, before = [], 0
    for number, field in sorted(content.items()):
        step = number - before
        head = bytes([step << 4 | field.kind]) if 0 < step < 16 else bytes([field.kind])
        out.append(head + (b"" if 0 < step < 16 else _zigzag(number)) + _written(field))
        before = number
    return b"".join([*out, b"\0"])
