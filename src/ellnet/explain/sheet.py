"""The proof sheet: blocks of steps, each with its formula, its shapes and its numbers.

What a sheet is made of is here; how it looks is the affair of the forms (`terminal_form`, `html_form`,
`latex_form`), and what stands in it that of the blocks.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.certificate import Certificate
from ellnet.errors import DataError
from ellnet.explain.catalogue import Equation
from ellnet.explain.formulas import Node
from ellnet.explain.plain import plain

__all__ = ["Block", "Grid", "Part", "Quantity", "Sheet", "Step", "Unfolding", "entry_key"]

ENTRY = re.compile(r"\s*(d?[A-Za-z]'?)\[(\d+)\]_(\d+)(?:\s*,\s*(\d+))?\s*")
"""How an entry is asked for: z[2]_3, or dW[2]_3,1."""


def entry_key(letter: str, layer: int) -> tuple[str, int]:
    """Return how a quantity is looked up: z and Z are the same, w and W are not."""
    return (letter.lower() if letter in {"A", "Z", "dA", "dZ"} else letter, layer)


@dataclass(frozen=True, eq=False)
class Quantity:
    """A quantity of the notes with its numbers.

    Attributes:
        symbol: what it is called.
        value: its numbers, two-dimensional.
        rule: its shape in words, "(n[2], n[1])".
        rows: names of the rows, or () for numbers from 1.
        columns: names of the columns, or () for numbers from 1.
        key: under which name the numbers are in the file beside the sheet, "" for those that are not.
        tag: which of several with the same letter it is: "new", "before".
    """

    symbol: Node
    value: NDArray[Any]
    rule: str
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    key: str = ""
    tag: str = ""

    @property
    def name(self) -> str:
        """Its name in plain text."""
        return plain(self.symbol)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return (int(self.value.shape[0]), int(self.value.shape[1]))


Part = Quantity | str
"""A matrix, or a mark between two: "=", "·", "+"."""


@dataclass(frozen=True, eq=False)
class Unfolding:
    """How an entry of a step's result comes about, term by term; places count from 0.

    Attributes:
        formula: gives an entry's formula.
        numbers: gives the same with numbers, in one line.
    """

    formula: Callable[[int, int], Node]
    numbers: Callable[[int, int], str]


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a block.

    Attributes:
        words: what it does, in a sentence.
        equations: the formula with its number, and the one that it takes its function from.
        shaped: the same formula with every shape below its letter, where there is one.
        line: matrices and marks: the same formula with its numbers.
        unfolding: how each entry of the first matrix comes about.
        note: what has to be known of it.
    """

    words: str
    equations: tuple[Equation, ...]
    line: tuple[Part, ...]
    shaped: Node | None = None
    unfolding: Unfolding | None = None
    note: str = ""

    @property
    def quantities(self) -> Iterator[Quantity]:
        """The matrices of its line."""
        return (part for part in self.line if isinstance(part, Quantity))


@dataclass(frozen=True, eq=False)
class Block:
    """A block (N5): what goes in, what comes out, and the steps between.

    Attributes:
        place: a short name to link to, "forward-2".
        title: its heading.
        words: what it takes, gives and keeps.
        steps: in their order.
    """

    place: str
    title: str
    words: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Grid:
    """A small table of words: its headings and its rows; what is left out below is said in a note."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, eq=False)
class Sheet:
    """One training step of a network, with its derivation and its numbers.

    Attributes:
        title: what it is of.
        facts: label and words, for the head.
        story: how the row became a[0].
        predictions: in the target's own words.
        chapters: "Forward", "Cost", "Backward" and "Update", each with its blocks.
        numbers: every number in float64, by name, as they go to the file beside the sheet.
        n: units of each layer.
        activations: g[1] to g[L].
        cost: by name.
        names: of the inputs and of the outputs, for the drawing.
        certificate: of the gradient, where it was asked for.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    story: Grid | None
    predictions: Grid
    chapters: tuple[tuple[str, tuple[Block, ...]], ...]
    numbers: Mapping[str, NDArray[Any]]
    n: tuple[int, ...]
    activations: tuple[str, ...]
    cost: str
    names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    certificate: Certificate | None = None
    numbers_file: str = ""
    unfolded: Mapping[tuple[str, int], Step] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The number of parameters."""
        return sum(a * (b + 1) for b, a in zip(self.n, self.n[1:], strict=False))

    @property
    def blocks(self) -> Iterator[Block]:
        """All blocks, in their order."""
        return (block for _, blocks in self.chapters for block in blocks)

    def unfold(self, entry: str) -> str:
        """Return how an entry comes about, term by term, as plain text.

        Args:
            entry: such as "z[2]_3", or "dW[2]_3,1"; rows and columns count from 1. Without a column it is
                the first, the first example.

        Raises:
            DataError: there is no such entry; says which there are.
        """
        found = ENTRY.fullmatch(entry)
        key = entry_key(found[1], int(found[2])) if found else None
        step = self.unfolded.get(key) if key else None
        if found is None or step is None or step.unfolding is None:
            known = ", ".join(f"{letter}[{layer}]" for letter, layer in self.unfolded)
            raise DataError(
                f"an entry is asked for as z[2]_3 or dW[2]_3,1, got {entry!r}; the quantities that "
                f"unfold are {known}"
            )
        result = next(step.quantities)
        i, j = int(found[3]) - 1, int(found[4] or 1) - 1
        if not (0 <= i < result.shape[0] and 0 <= j < result.shape[1]):
            raise DataError(
                f"{result.name} has shape {result.rule} = {result.shape}, and {entry} is outside; rows "
                "and columns count from 1"
            )
        formula = plain(step.unfolding.formula(i, j))
        value = float(np.asarray(result.value)[i, j])
        return f"{formula}\n  = {step.unfolding.numbers(i, j)}\n  = {value!r}"
