"""The container: named tensors and one record in a safetensors file, under a digest of every byte.

It knows nothing of models. docs/files.md describes the bytes.
"""

import hashlib
import json
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from ellnet.errors import CorruptFileError, DataError, EllnetError, EllnetWarning, NewerFileError
from ellnet.strict_json import shown
from ellnet.version import NUMERICS, VERSION

__all__ = [
    "FILE_LIMIT",
    "FORMAT_VERSION",
    "Tensors",
    "check_fields",
    "corrupt",
    "kind_of",
    "pack",
    "section",
    "unpack",
]

Tensors = dict[str, NDArray[Any]]

FORMAT_VERSION = 1
"""Version of the layout of files; a file of a later one is refused."""

FEATURES: frozenset[str] = frozenset()
"""What a file may require of its reader, as far as this library knows it."""

FILE_LIMIT = 4 * 2**30
"""Bytes of the largest file that is read."""

HEADER_LIMIT = 16 * 2**20
"""Bytes of the largest header that is read or written."""

JSON_LIMIT = 8 * 2**20
"""Bytes of memory that the values of a header may take; twice the file's size where that is more."""

BYTES_OF = {"{": 256, "[": 64, ",": 64, ":": 64}
"""Bytes of memory that a value can take which begins with this, or stands behind it, text apart."""

DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype(np.float32), "F64": np.dtype(np.float64)}

DIGITS = 64
DIGEST = re.compile(rb'\{"__metadata__":\{"ellnet":"\{\\"digest\\":\\"([0-9a-f]{64})\\"')
"""How a header begins, up to the digest."""

ENVELOPE: dict[str, type] = {
    "digest": str,
    "format_version": int,
    "kind": str,
    "library_version": str,
    "numerics_version": int,
    "optional": dict,
    "record": dict,
    "required_features": list,
}
"""The fields that stand around every record, and the type of each."""

SIGNATURES = {
    b"\x80": "a pickle, which can run any program and is never read",
    b"\x89HDF": "an HDF5 file",
    b"PK": "a zip archive",
    b"\x1f\x8b": "a gzip file",
    b"PAR1": "a Parquet file, which is a table",
    b"ARROW1": "an Arrow file, which is a table",
}
"""What files of other kinds begin with."""

UNSOUND = (
    EllnetError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
)
"""What checks of values from a file can end in."""


def pack(kind: str, tensors: Tensors, record: Mapping[str, Any]) -> bytes:
    """Return the bytes of a file; the same tensors and record give the same bytes.

    Args:
        kind: what the file holds, such as "model".
        tensors: float32 or float64 arrays by name.
        record: everything else, as plain JSON values with finite numbers.

    Raises:
        DataError: the record is too large for a header.
    """
    envelope = {
        "digest": "0" * DIGITS,
        "format_version": FORMAT_VERSION,
        "kind": kind,
        "library_version": VERSION,
        "numerics_version": NUMERICS,
        "optional": {},
        "record": record,
        "required_features": [],
    }
    text = json.dumps(envelope, sort_keys=True, separators=(",", ":"), allow_nan=False)
    whole = save(
        {name: np.ascontiguousarray(array) for name, array in tensors.items()}, {"ellnet": text}
    )
    _check_header_size(whole)
    too_much = _amount(text, len(whole))
    if too_much:
        raise DataError(f"{too_much}; drop the columns that have very many categories")
    digits = DIGEST.match(whole, 8)
    assert digits is not None  # noqa: S101 - "digest" sorts first; a later safetensors might not
    digest = hashlib.sha256(whole).hexdigest().encode()
    return b"".join((whole[: digits.start(1)], digest, whole[digits.end(1) :]))


def unpack(kind: str, data: bytes, path: str | Path) -> tuple[Tensors, dict[str, Any]]:
    """Return the tensors and the record of a file's bytes, after checking everything around them.

    Args:
        kind: what the file has to hold.
        data: the whole file.
        path: where it came from, for messages.

    Raises:
        NewerFileError: the file needs a later library.
        CorruptFileError: anything else is wrong; names the section and what came.
    """
    header = _header(data, path)
    with section(path, "record"):
        envelope = _envelope(header, len(data))
        _check_version(envelope, path)
    with section(path, "digest"):
        _check_digest(data)
    with section(path, "record"):
        check_fields(envelope, ENVELOPE)
        _check_envelope(kind, envelope, path)
    return _tensors(data, path), envelope["record"]


def kind_of(data: bytes, path: str | Path) -> str:
    """Return what a file says that it holds; the rest of it is not checked yet.

    Raises:
        CorruptFileError: it is no such file.
    """
    header = _header(data, path)
    with section(path, "record"):
        return str(_envelope(header, len(data)).get("kind"))


def corrupt(path: str | Path, where: str, reason: str) -> CorruptFileError:
    """Return the error that names a file, the section of it and what is wrong there."""
    return CorruptFileError(
        f"{path} is damaged or was not written by ellnet: {where}: {reason}; "
        "use an undamaged copy, or train and save again"
    )


@contextmanager
def section(path: str | Path, where: str) -> Iterator[None]:
    """Turn whatever checks inside raise into the error that names the file and the section."""
    try:
        yield
    except NewerFileError:
        raise
    except RecursionError as error:
        raise corrupt(path, where, "it is nested too deeply") from error
    except UNSOUND as error:
        reason = str(error) or type(error).__name__
        raise corrupt(path, where, _cut(reason, 500)) from error


def check_fields(found: object, kinds: Mapping[str, type]) -> dict[str, Any]:
    """Return `found` when it is an object with exactly these fields, each of its type.

    Raises:
        ValueError: names the field, what is required and what came.
    """
    if not isinstance(found, dict):
        raise ValueError(f"it must be an object, got {shown(found)}")  # noqa: TRY004 - one kind
    for name in found:
        if name not in kinds:
            raise ValueError(f"there is no field {shown(name)}; there are {', '.join(kinds)}")
    for name, kind in kinds.items():
        if name not in found:
            raise ValueError(f"the field {name} is missing")
        if type(found[name]) is not kind:
            raise ValueError(f"{name} must be of type {kind.__name__}, got {shown(found[name])}")
    return found


def _header(data: bytes, path: str | Path) -> memoryview:
    """Return the header's bytes, after comparing its size with the limit and with the file's."""
    if len(data) < 8:
        reason = "the file is empty" if not data else f"the file ends after {len(data)} bytes"
        raise corrupt(path, "header", reason)
    size = int.from_bytes(data[:8], "little")
    if data[8:9] != b"{" or size > HEADER_LIMIT:
        known = (name for magic, name in SIGNATURES.items() if data.startswith(magic))
        kind = next(known, "not a safetensors file")
        raise corrupt(path, "header", f"this is {kind}")
    if size > len(data) - 8:
        raise corrupt(
            path, "header", f"it should have {size} bytes, and the file ends after {len(data) - 8}"
        )
    return memoryview(data)[8 : 8 + size]


def _check_header_size(whole: bytes) -> None:
    size = int.from_bytes(whole[:8], "little")
    if size > HEADER_LIMIT:
        raise DataError(
            f"a model file's header may have {HEADER_LIMIT} bytes, and this one would have {size}; "
            "drop the columns that have very many categories"
        )


def _envelope(header: memoryview, size: int) -> dict[str, Any]:
    """Return the record with what stands around it, of a file of `size` bytes."""
    inner = _json(_text(header, size), size)
    if not isinstance(inner, dict):
        raise ValueError("the metadata key ellnet must hold an object")  # noqa: TRY004 - one kind
    return inner


def _text(header: memoryview, size: int) -> str:
    """Return the one text that the header of safetensors holds beside the tensors' places."""
    outer = _json(str(header, "utf-8"), size)
    notes = outer.get("__metadata__") if isinstance(outer, dict) else None
    if not isinstance(notes, dict) or set(notes) != {"ellnet"}:
        raise ValueError("the safetensors header must have one metadata key, ellnet, and no other")
    if not isinstance(notes["ellnet"], str):
        raise ValueError("the metadata key ellnet must hold text")  # noqa: TRY004 - one kind
    return str(notes["ellnet"])


def _amount(text: str, size: int) -> str:
    """Say what JSON could take of memory, in a file of `size` bytes, where that is too much."""
    astral = not text.isascii() or any(f"\\ud{digit}" in text for digit in "89abAB")
    width = 4 if astral else 2 if "\\u" in text else 1
    needed = width * len(text) + sum(each * text.count(mark) for mark, each in BYTES_OF.items())
    most = max(JSON_LIMIT, 2 * size)
    if needed <= most:
        return ""
    return f"the values of a header may take {most} bytes of memory, and could take {needed}"


def _json(text: str, size: int) -> Any:
    too_much = _amount(text, size)
    if too_much:
        raise ValueError(too_much)
    return json.loads(
        text, object_pairs_hook=_once, parse_float=_finite, parse_constant=_not_a_number
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the field {shown(name)} stands there twice")
        found[name] = value
    return found


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"numbers must be finite, got {shown(text)}")
    return value


def _not_a_number(text: str) -> float:
    raise ValueError(f"numbers must be finite, got {text}")


def _check_version(envelope: dict[str, Any], path: str | Path) -> None:
    version = envelope.get("format_version")
    if type(version) is not int or version < 1:
        raise ValueError(f"format_version must be a whole number from 1, got {shown(version)}")
    if version > FORMAT_VERSION:
        raise _newer(path, envelope, f"has format version {shown(version)}")


def _newer(path: str | Path, envelope: dict[str, Any], what: str) -> NewerFileError:
    writer = shown(envelope.get("library_version"))
    return NewerFileError(
        f"{path} {what} (written by ellnet {writer}), and this is ellnet {VERSION}, "
        f"which reads format versions up to {FORMAT_VERSION}; install a later ellnet"
    )


def _check_digest(data: bytes) -> None:
    """Compare the digest with that of the bytes, its own digits taken as zeros."""
    digits = DIGEST.match(data, 8)
    if digits is None:
        raise ValueError("it must be the first field of the record, 64 hexadecimal digits")
    found = hashlib.sha256(data[: digits.start(1)])
    found.update(b"0" * DIGITS)
    found.update(memoryview(data)[digits.end(1) :])
    if found.hexdigest().encode() != digits[1]:
        raise ValueError("it is not that of the file's bytes, which were altered or damaged")


def _check_envelope(kind: str, envelope: dict[str, Any], path: str | Path) -> None:
    if envelope["kind"] != kind:
        raise ValueError(f"kind must be {kind!r}, got {shown(envelope['kind'])}")
    unknown = [feature for feature in envelope["required_features"] if feature not in FEATURES]
    if unknown:
        raise _newer(path, envelope, f"requires {shown(unknown[0])}, which is not known here")
    if envelope["numerics_version"] != NUMERICS:
        warnings.warn(
            f"{path} was written under numerics version {shown(envelope['numerics_version'])}, "
            f"and this library has {NUMERICS}: predictions may differ in their last bits",
            EllnetWarning,
            stacklevel=2,
        )


def _tensors(data: bytes, path: str | Path) -> Tensors:
    try:
        entries: list[tuple[str, dict[str, Any]]] = deserialize(data)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise corrupt(path, "tensors", str(error)) from error
    tensors = {}
    for name, entry in entries:
        with section(path, f"tensor {shown(name)}"):
            if entry["dtype"] not in DTYPES:
                raise ValueError(f"its numbers must be {' or '.join(DTYPES)}, got {entry['dtype']}")
            flat = np.frombuffer(entry["data"], DTYPES[entry["dtype"]])
            tensors[name] = flat.reshape(entry["shape"])
    return tensors


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
