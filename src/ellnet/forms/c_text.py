"""Texts and numbers as C99 writes them: whatever a table's names hold, they stay data.

Nothing of a name reaches the file but letters, digits and underscores in identifiers, the same and a few
marks in comments, and printable ASCII or octal escapes in strings.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.errors import DataError, HyperparameterError

__all__ = [
    "array_of",
    "check_identifier",
    "comment",
    "double",
    "fill",
    "floats",
    "identifiers",
    "single",
    "string",
    "text_identifier",
]

LINE = 96
"""Columns after which an array of numbers goes on in the next line."""

LONGEST_STRING = 4000
"""Bytes of the longest string literal: C99 promises 4095."""

WORDS = frozenset(
    re.findall(
        r"\w+",
        """
    auto break case char const continue default do double else enum extern float for goto
    if inline int long register restrict return short signed sizeof static struct switch
    typedef union unsigned void volatile while alignas alignof and and_eq asm bitand bitor
    bool catch char8_t char16_t char32_t class compl concept consteval constexpr constinit
    const_cast co_await co_return co_yield decltype delete dynamic_cast explicit export
    false friend mutable namespace new noexcept not not_eq nullptr operator or or_eq
    private protected public reinterpret_cast requires static_assert static_cast template
    this thread_local throw true try typeid typename typeof using virtual wchar_t xor
    xor_eq linux unix i386 NULL NAN INFINITY EOF main errno stdin stdout stderr isnan
    isinf isfinite isnormal signbit fpclassify assert offsetof near far
        """,
    )
)
"""Words that cannot be a field's name: C's, C++'s, and macros of headers and compilers."""

PLACE = re.compile(r"@([A-Z_]+)@")
OUTSIDE = re.compile(r"[^A-Za-z0-9_]+")
COMMENTED = re.compile(r"[^A-Za-z0-9 _.,:;=+()\[\]'-]")
PLAIN = frozenset(range(0x20, 0x7F)) - set(b'"\\?%')
"""Bytes that stand in a string as they are; a question mark could begin a trigraph."""


def fill(template: str, **texts: str) -> str:
    """Return a template with a text for every @WORD@, in one pass: what is in a text stays as it is."""
    return PLACE.sub(lambda found: texts[found[1]], template)


def check_identifier(name: str) -> str:
    """Return a name that is an identifier of C with room for what is put behind it.

    Raises:
        HyperparameterError: it is none.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,47}", name) or name in WORDS:
        raise HyperparameterError(
            "the name in C must be a letter and at most 47 letters, digits and underscores, and no word "
            f"of the language, got {name!r:.80}"
        )
    return name


def text_identifier(text: str) -> str:
    """Return the identifier that is nearest to a text: letters, digits and underscores of it."""
    kept = OUTSIDE.sub("_", text).strip("_")[:40].rstrip("_")
    if not kept:
        return "column"
    if kept == kept.upper():  # as the macros of headers are
        kept = kept.lower()
    return f"x_{kept}" if kept[0].isdigit() or kept in WORDS else kept


def identifiers(texts: Iterable[str]) -> list[str]:
    """Return an identifier for each text, each once: 2, 3, ... tell apart what came out the same."""
    found: list[str] = []
    taken: set[str] = set()
    for text in texts:
        name, number = text_identifier(text), 2
        while name in taken:
            name, number = f"{text_identifier(text)}_{number}", number + 1
        taken.add(name)
        found.append(name)
    return found


def comment(text: str, most: int = 100) -> str:
    """Return a text as a comment may hold it, in one line of at most so many characters."""
    return COMMENTED.sub("_", text[:most])


def string(text: str, what: str) -> str:
    """Return a text as a string literal of its UTF-8 bytes.

    Args:
        text: the text.
        what: what messages call it.

    Raises:
        DataError: C cannot hold it: a NUL, half of a surrogate pair, or too long.
    """
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{what} must be Unicode text to stand in C, got {text!r:.60}") from error
    if 0 in data or len(data) > LONGEST_STRING:
        rule = "must not hold a NUL" if 0 in data else f"may have {LONGEST_STRING} bytes"
        raise DataError(f"{what} {rule} to stand in C, got {text!r:.60}")
    return '"' + "".join(chr(b) if b in PLAIN else f"\\{b:03o}" for b in data) + '"'


def double(value: float) -> str:
    """Return a float64 as a constant that reads back as the same number."""
    if not np.isfinite(value):
        return "(double)NAN" if np.isnan(value) else f"{'-' * (value < 0)}(double)INFINITY"
    text = repr(float(value))
    return text if any(mark in text for mark in ".e") else f"{text}.0"


def single(value: float) -> str:
    """Return a float32 as a constant that reads back as the same number."""
    if not np.isfinite(value):
        return "NAN" if np.isnan(value) else f"{'-' * (value < 0)}INFINITY"
    text = f"{value:.9g}"
    return f"{text if any(mark in text for mark in '.e') else f'{text}.0'}f"


def array_of(declaration: str, constants: Sequence[str]) -> str:
    """Return the definition of an array, some constants a line."""
    line = ""
    lines: list[str] = []
    for constant in constants:
        if len(line) + len(constant) > LINE:
            lines.append(line)
            line = ""
        line += f" {constant},"
    lines.append(line)
    return f"{declaration} = {{\n" + "\n".join(f"   {each}" for each in lines) + "\n};"


def floats(values: NDArray[Any]) -> list[str]:
    """Return every number of an array as a float32 constant."""
    return [single(value) for value in np.ravel(values).tolist()]
