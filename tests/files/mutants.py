"""Mutants of model files: accidents and attacks, many of them under a digest that is right again."""

import json
import random
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from tests.files.forging import from_text, parts

__all__ = ["KINDS", "mutant", "signed"]

Chance = random.Random

ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    -1,
    0,
    1,
    2,
    0.5,
    10**30,
    -1e308,
    "",
    "x",
    "\ud800",
    [],
    {},
)
ODD += ([[]], {"a": 1}, [1, "a", None], "../../etc/passwd", "/dev/zero", "__import__('os')")
DTYPES = (
    "F32",
    "F64",
    "F16",
    "BF16",
    "I8",
    "U8",
    "I64",
    "U64",
    "BOOL",
    "F8_E4M3",
    "X",
    "",
    1,
    None,
)


def signed(whole: bytes) -> bytes:
    """Put the right digest into a file, where it has a place for one."""
    try:
        outer, _, tensors = parts(whole)
        return from_text(outer, outer["__metadata__"]["ellnet"], tensors)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return whole


def _truncated(base: bytes, chance: Chance, _: Sequence[bytes]) -> bytes:
    return base[: chance.randrange(len(base))]


def _flipped(base: bytes, chance: Chance, _: Sequence[bytes]) -> bytes:
    out = bytearray(base)
    for _n in range(chance.choice((1, 1, 2, 8, 100))):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def _spliced(base: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    """A piece lost, doubled or moved, or taken from another file."""
    other = chance.choice(bases)
    a, b = sorted(chance.randrange(len(base)) for _ in range(2))
    c, d = sorted(chance.randrange(len(other)) for _ in range(2))
    return base[:a] + chance.choice((b"", base[a:b] * 2, other[c:d])) + base[b:]


def _other_header(base: bytes, chance: Chance, bases: Sequence[bytes]) -> bytes:
    """The header of one file before the tensors of another."""
    other = chance.choice(bases)
    size = 8 + int.from_bytes(base[:8], "little")
    return other[: 8 + int.from_bytes(other[:8], "little")] + base[size:]


def _sizes(base: bytes, chance: Chance, _: Sequence[bytes]) -> bytes:
    """Another size of the header before it."""
    size = int.from_bytes(base[:8], "little")
    wrong = chance.choice(
        (0, 1, 2, size - 1, size + 1, size * 2, 2**31, 2**63, 2**64 - 1, len(base))
    )
    return (wrong % 2**64).to_bytes(8, "little") + base[8:]


def _leading(base: bytes, chance: Chance, _: Sequence[bytes]) -> bytes:
    """Blanks and other marks before the header's first brace."""
    size = int.from_bytes(base[:8], "little")
    before = chance.choice((b" ", b"\n", b"\t", b"\xef\xbb\xbf", b"\0", b"[", b"//"))
    return ((size + len(before)) % 2**64).to_bytes(8, "little") + before + base[8:]


def _tensors(base: bytes, chance: Chance, _: Sequence[bytes]) -> bytes:
    """A tensor's dtype, shape or place is another; or it is gone, or there under another name."""
    outer, inner, tensors = parts(base)
    name = chance.choice([each for each in outer if each != "__metadata__"])
    field = chance.choice(("dtype", "shape", "data_offsets", "name", "gone"))
    if field == "dtype":
        outer[name]["dtype"] = chance.choice(DTYPES)
    elif field == "shape":
        big = chance.choice((0, 1, -1, 2**31, 2**62, 2**64, 10**30, 1.5, "x"))
        outer[name]["shape"] = [big] * chance.choice((0, 1, 2, 3, 5000))
    elif field == "data_offsets":
        ends = (0, 1, 4, 8, len(tensors), len(tensors) + 8, 2**63, -8)
        outer[name]["data_offsets"] = [chance.choice(ends), chance.choice(ends)]
    elif field == "gone":
        del outer[name]
    else:
        outer[chance.choice(("", "W0", "W99", "../W1", "W1\0", name * 1000))] = outer.pop(name)
    return from_text(outer, json.dumps(inner, sort_keys=True, separators=(",", ":")), tensors)


def _record(base: bytes, chance: Chance, _: Sequence[bytes]) -> bytes:
    """Any value of the record is an odd one, or one from elsewhere in it."""
    outer, inner, tensors = parts(base)
    places = list(_places(inner))
    for _n in range(chance.choice((1, 1, 1, 2, 5))):
        container, key = chance.choice(places)
        donor, other = chance.choice(places)
        try:
            container[key] = chance.choice(ODD) if chance.random() < 0.7 else donor[other]
        except (KeyError, IndexError):
            continue
    return from_text(outer, _dumped(inner), tensors)


def _places(found: Any) -> Any:
    """Yield every container inside, with each of its keys."""
    keys: Any = found if isinstance(found, dict) else ()
    keys = range(len(found)) if isinstance(found, list) else keys
    for key in keys:
        yield found, key
        yield from _places(found[key])


def _dumped(inner: Any) -> str:
    try:
        return json.dumps(inner, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):  # a value that holds itself
        return "{}"


def _text(base: bytes, chance: Chance, _: Sequence[bytes]) -> bytes:
    """The record's text as text: names twice, numbers that are none, deep nesting, letters lost."""
    outer, inner, tensors = parts(base)
    text = json.dumps(inner, sort_keys=True, separators=(",", ":"))
    spots = [found.start() for found in re.finditer(r"[{,:\[]", text)]
    at = chance.choice(spots) + 1
    deep = chance.choice((10, 900, 5000))
    inserted = chance.choice(
        (
            '"kind":"model",',
            '"digest":"' + "0" * 64 + '",',
            "NaN,",
            "-Infinity,",
            "1e999,",
            "9" * 5000 + ",",
            "[" * deep,
            '{"a":' * deep,
            "[" * deep + "]" * deep + ",",
            "\\ud800",
            '"\\u0000":0,',
            "[],",
            text[at : at + 20],
            " ",
        )
    )
    gone = chance.choice((0, 0, 1, 3, 30))
    return from_text(outer, text[:at] + inserted + text[at + gone :], tensors)


def _future(base: bytes, chance: Chance, _: Sequence[bytes]) -> bytes:
    outer, inner, tensors = parts(base)
    inner["format_version"] = chance.choice((2, 3, 99, 2**40, 10**400))
    inner["required_features"] = chance.choice(([], ["x"], [["x"]], [None], ["y"] * 1000))
    inner["library_version"] = chance.choice(("99.0", "", "x" * 5000))
    return from_text(outer, json.dumps(inner, sort_keys=True, separators=(",", ":")), tensors)


def _numbers(base: bytes, chance: Chance, _: Sequence[bytes]) -> bytes:
    """Tensors with numbers that are not finite, or very large."""
    outer, inner, tensors = parts(base)
    out = bytearray(tensors)
    place = chance.randrange(max(1, len(out) - 8)) // 8 * 8
    out[place : place + 8] = chance.choice((b"\xff" * 8, b"\0\0\xc0\x7f" * 2, b"\0\0\x80\x7f" * 2))
    return from_text(outer, json.dumps(inner, sort_keys=True, separators=(",", ":")), bytes(out))


Mutation = Callable[[bytes, Chance, Sequence[bytes]], bytes]

KINDS: tuple[Mutation, ...] = (
    _truncated,
    _flipped,
    _spliced,
    _other_header,
    _sizes,
    _leading,
    _tensors,
    _record,
    _record,
    _text,
    _future,
    _numbers,
)


def mutant(number: int, bases: Sequence[bytes]) -> bytes:
    """Return a mutant of one of the files; the same number gives the same.

    Every other one is signed again after all, so that more than the digest has to find it.
    """
    chance = Chance(number)  # a seed for variety, no secret
    base = chance.choice(bases)
    changed = KINDS[number % len(KINDS)](base, chance, bases)
    if chance.random() < 0.2:
        with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError, IndexError):
            changed = chance.choice(KINDS)(changed, chance, bases)  # what can still be taken apart
    return signed(changed) if chance.random() < 0.5 else changed
