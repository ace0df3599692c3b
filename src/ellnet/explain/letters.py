"""The notes' letters for one layer and one example: Z[l] becomes Z[2], or z[2], with its shape below.

All of it is done on trees of `formulas`, so every form of the sheet has the same letters.
"""

from collections.abc import Mapping
from dataclasses import replace

from ellnet.explain.formulas import Node, parse
from ellnet.explain.plain import plain

__all__ = ["at_layer", "entry", "of_layer", "one_example", "put", "put_all", "shaped", "symbol"]

SMALL = {"A": "a", "Z": "z", "dA": "da", "dZ": "dz", "X": "x", "Y": "y"}
"""The letters of m examples, and those of one."""


def symbol(name: str, *, one: bool = False) -> Node:
    """Return a quantity by its name, such as W[2] or dZ[2]^T, in the letters of one example or of m."""
    node = parse(name)
    return one_example(node) if one else node


def at_layer(node: Node, layer: int, L: int) -> Node:
    """Put numbers in place of l, l-1, l+1, L and L-1."""
    known = {
        "l": layer,
        "l-1": layer - 1,
        "l+1": layer + 1,
        "L": L,
        "L-1": L - 1,
    }
    parts = tuple(at_layer(part, layer, L) for part in node.parts)
    text = str(known.get(node.text, node.text)) if node.kind == "layer" else node.text
    return Node(node.kind, text, parts)


def of_layer(node: Node, layer: int, letters: tuple[str, ...] = ("A", "Z", "dA", "dZ")) -> Node:
    """Write the layer at letters that have none: A = max(Z, 0) becomes A[2] = max(Z[2], 0)."""
    if node.kind == "layer":
        return node
    if _letter_of(node) in letters:
        return Node("layer", str(layer), (node,))
    return replace(node, parts=tuple(of_layer(part, layer, letters) for part in node.parts))


def _letter_of(node: Node) -> str:
    """The letter of a symbol, also of one with something below it; "" of anything else."""
    if node.kind == "below":
        return _letter_of(node.parts[0])
    return node.text if node.kind == "symbol" else ""


def one_example(node: Node) -> Node:
    """Write small letters for the columns of a single example."""
    if node.kind == "symbol":
        return Node("symbol", SMALL.get(node.text, node.text))
    return replace(node, parts=tuple(one_example(part) for part in node.parts))


def put(node: Node, letter: str, other: Node) -> Node:
    """Put something in place of a letter wherever it stands; d of the letter takes its own d along."""
    if node.kind == "symbol" and node.text == letter:
        return other
    return replace(node, parts=tuple(put(part, letter, other) for part in node.parts))


def put_all(node: Node, others: Mapping[str, Node]) -> Node:
    """Put something in place of each quantity that is named, as plain text has it."""
    if plain(node) in others:
        return others[plain(node)]
    return replace(node, parts=tuple(put_all(part, others) for part in node.parts))


def shaped(node: Node, shapes: Mapping[str, tuple[int, int]]) -> Node:
    """Write its shape under each quantity that `shapes` names; a transpose has its sides changed."""
    transposed = node.kind == "power" and node.parts[1] == Node("symbol", "T")
    name = plain(node.parts[0] if transposed else node)
    if name in shapes:
        rows, columns = shapes[name][::-1] if transposed else shapes[name]
        return Node("shaped", f"({rows} × {columns})", (node,))
    return replace(node, parts=tuple(shaped(part, shapes) for part in node.parts))


def entry(name: Node, *places: int | str) -> Node:
    """Return an entry of a quantity, W[2]_3,1; places count from 1."""
    if name.kind == "layer":
        return Node("layer", name.text, (entry(name.parts[0], *places),))
    return Node("below", "", (name, Node("quantity", ",".join(str(place) for place in places))))
