"""Naming: every quantity of a derivation with its letter, its rule, and the names of rows and columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ellnet.explain.catalogue import Equation
from ellnet.explain.derivation import Derivation
from ellnet.explain.formulas import Node
from ellnet.explain.letters import at_layer, of_layer, one_example, shaped, symbol
from ellnet.explain.plain import plain
from ellnet.explain.sheet import Quantity

__all__ = ["Namer"]

BATCH = ("A", "Z", "dA", "dZ")


@dataclass(frozen=True, eq=False)
class Namer:
    """Gives the quantities of one derivation.

    Attributes:
        d: the derivation.
        features: names of the rows of A[0], or ().
        outputs: names of the rows of A[L], or ().
        examples: names of the columns of everything with m columns.
    """

    d: Derivation
    features: tuple[str, ...]
    outputs: tuple[str, ...]
    examples: tuple[str, ...]

    @property
    def one(self) -> bool:
        """Whether there is a single example, in small letters."""
        return self.d.m == 1

    @property
    def L(self) -> int:
        """The number of layers."""
        return self.d.net.L

    def symbol(self, text: str) -> Node:
        """Return a formula in the letters of one example or of m."""
        return symbol(text, one=self.one)

    def symbol_text(self, text: str) -> str:
        """Return the same as plain text."""
        return plain(self.symbol(text))

    def units(self, layer: int) -> tuple[str, ...]:
        """Return the names of a layer's units, () for numbers."""
        if layer == 0:
            return self.features
        return self.outputs if layer == self.L else ()

    def batch(self, letter: str, layer: int, value: NDArray[np.float64], key: str = "") -> Quantity:
        """Return a quantity of (n[l], m): A, Z, dA or dZ, or a slope."""
        return Quantity(
            self.symbol(f"{letter}[{layer}]"),
            value,
            f"(n[{layer}], {'1' if self.one else 'm'})",
            self.units(layer),
            self.examples,
            key or f"{letter}{layer}",
        )

    def weights(
        self, letter: str, layer: int, value: NDArray[np.float64], key: str = ""
    ) -> Quantity:
        """Return a quantity of W's shape, or of b's."""
        bias = letter.endswith("b") or value.shape[1] != self.d.net.n[layer - 1]
        rule = f"(n[{layer}], 1)" if bias else f"(n[{layer}], n[{layer - 1}])"
        columns = () if bias else self.units(layer - 1)
        name = symbol(f"{letter}[{layer}]")
        return Quantity(name, value, rule, self.units(layer), columns, key or f"{letter}{layer}")

    def transposed(self, quantity: Quantity) -> Quantity:
        """Return the transpose: the same numbers, sides changed."""
        name = Node("power", "", (quantity.symbol, Node("symbol", "T")))
        rule = f"({', '.join(reversed(quantity.rule.strip('()').split(', ')))})"
        return Quantity(
            name, quantity.value.T, rule, quantity.columns, quantity.rows, f"{quantity.key}^T"
        )

    def equation(self, found: Equation, layer: int) -> Equation:
        """Write an equation of the catalogue for one layer, and for one example where there is one."""
        return found.with_letters(lambda node: self._of(node, layer))

    def _of(self, node: Node, layer: int) -> Node:
        changed = of_layer(at_layer(node, layer, self.L), layer, BATCH)
        return one_example(changed) if self.one else changed

    def shaped(self, text: str, layer: int, *quantities: Quantity) -> Node:
        """Return a formula with the shape below each of its quantities."""
        node = self._of(symbol(text), layer)
        return shaped(node, {quantity.name: quantity.shape for quantity in quantities})
