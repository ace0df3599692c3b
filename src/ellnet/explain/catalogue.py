"""Equations as their docstrings have them: number, name and formula, from the function that is used."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from ellnet.explain.formulas import Node, segments

__all__ = ["Equation", "Pieces", "equation", "equations", "pieces_of"]

Pieces = tuple[str | Node, ...]
"""A sentence: words, and formulas as trees."""

NUMBERED = re.compile(r"\(eq\. (?P<number>\d+\.\d+)(?:; [^)]*)?\)")
SENTENCE_END = re.compile(r"(?<!\.)\.(?=\s|$)")
DEFINES = re.compile(r"With .*=|[A-Za-z]'? (=|is) ")


@dataclass(frozen=True)
class Equation:
    """An equation of the catalogue.

    Attributes:
        number: as "6.2".
        name: what it is called, "" where its sentence begins with the formula.
        formula: words and formulas.
        defined: what its letters are, where the docstring says so.
        function: the name of the function that computes it.
    """

    number: str
    name: str
    formula: Pieces
    defined: Pieces = ()
    function: str = ""

    def with_letters(self, change: Callable[[Node], Node]) -> "Equation":
        """Return the same with every formula changed."""
        return replace(
            self, formula=_changed(self.formula, change), defined=_changed(self.defined, change)
        )


def _changed(pieces: Pieces, change: Callable[[Node], Node]) -> Pieces:
    return tuple(piece if isinstance(piece, str) else change(piece) for piece in pieces)


def pieces_of(text: str) -> Pieces:
    """Cut a sentence into words and formulas; a bare number is a word."""
    return tuple(
        source if node is None or node.kind == "number" else node for source, node in segments(text)
    )


def equation(function: Callable[..., Any]) -> Equation:
    """Return the first equation of a function."""
    return equations(function)[0]


@cache
def equations(function: Callable[..., Any]) -> tuple[Equation, ...]:
    """Return the equations in the first sentence of a function's docstring, in their order.

    Where docstrings were stripped (python -OO) the name of the function stands for its formula.
    """
    name = getattr(function, "__name__", "")
    paragraphs = _unindented(function.__doc__ or "").split("\n\n")
    sentence = " ".join(paragraphs[0].split())
    found, begun, first = [], 0, ""
    for match in NUMBERED.finditer(sentence):
        text = sentence[begun : match.start()].strip().removeprefix("and ")
        title, formula = _split(text)
        first = first or title
        found.append(Equation(match["number"], title or first, pieces_of(formula), (), name))
        begun = match.end()
    if not found:
        return (Equation("", name.replace("_", " "), (), (), name),)
    note = sentence[begun:].strip(" .,;:")
    defined = ". ".join(part for part in (note, _defined(paragraphs)) if part)
    found[-1] = replace(found[-1], defined=pieces_of(defined))
    return tuple(found)


def _unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


def _split(text: str) -> tuple[str, str]:
    """Cut a sentence where its first formula begins: what is before it is its name."""
    at = 0
    for source, node in segments(text):
        if node is not None and node.kind not in {"symbol", "number"}:
            break
        at += len(source)
    return text[:at].strip(" ,:"), text[at:].strip(" ,")


def _defined(paragraphs: list[str]) -> str:
    """The sentence of the next paragraph, where it defines letters of the formula."""
    if len(paragraphs) < 2:
        return ""
    sentence = SENTENCE_END.split(" ".join(paragraphs[1].split()), maxsplit=1)[0]
    return sentence if DEFINES.match(sentence) else ""
