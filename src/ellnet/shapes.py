"""The chain of shapes: how the dimensions of a network join up, and which one does not (N3)."""

from collections.abc import Mapping, Sequence

__all__ = ["shape_chain"]

AROUND = 2
"""Layers beside the culprit that a long chain shows."""

LONG = 7
"""Layers up to which a chain is shown whole."""


def shape_chain(n: Sequence[int], culprit: str, found: Sequence[int], m: int | None = None) -> str:
    """Return the shapes from X to Y in their order; the culprit has the shape that was found, marked.

    Args:
        n: units of each layer, n[0] to n[L].
        culprit: the quantity: "X", "Y", or "W[2]", "b[2]", "Z[2]", "A[2]" and so on.
        found: its shape.
        m: the number of examples, where it is known.
    """
    letter, _, layer = culprit.partition("[")
    L, columns = len(n) - 1, "m" if m is None else str(m)
    at = {"X": 0, "Y": L + 1}.get(letter, int(layer.rstrip("]") or 0) if layer else L + 1)
    marked = {at: f"»{culprit} {_written(found)}« ✗"}
    links = {0: f"X ({n[0]}, {columns})", L + 1: f"Y ({n[L]}, {columns})"}
    for l in range(1, L + 1):
        links[l] = f"W[{l}] ({n[l]}, {n[l - 1]})"
    if letter not in {"X", "Y", "W", "dW"} and layer:
        marked[at] = f"{links[at]} {marked[at]}"
    links |= marked
    return f"the chain of shapes is {' → '.join(_shown(links, at, L))}"


def _written(shape: Sequence[int]) -> str:
    inner = ", ".join(str(side) for side in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def _shown(links: Mapping[int, str], at: int, L: int) -> list[str]:
    """Choose what to show of a long chain: its ends, and what is around the culprit."""
    if L <= LONG:
        return [links[k] for k in range(L + 2)]
    kept = {0, 1, L, L + 1, *range(max(0, at - AROUND), min(L + 1, at + AROUND) + 1)}
    shown: list[str] = []
    for k in range(L + 2):
        if k in kept:
            shown.append(links[k])
        elif not shown or shown[-1] != "…":
            shown.append("…")
    return shown
