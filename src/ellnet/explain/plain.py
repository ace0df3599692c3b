"""Formulas in plain text: trees of `formulas` in, a line for a terminal out."""

from ellnet.explain.formulas import Node
from ellnet.explain.mathml import LETTERS

__all__ = ["plain"]

MARKS = {":=": "≔", "<=": "≤", ">=": "≥", "-": "−"}


def plain(node: Node) -> str:
    """Return a formula as one line: Z[2] = W[2] A[1] + b[2]."""
    parts = [plain(part) for part in node.parts]
    match node.kind:
        case "symbol":
            return _letter(node.text)
        case "number" | "quantity" | "function":
            return node.text
        case "dots":
            return "..."
        case "relation" | "sum":
            return f"{parts[0]} {MARKS.get(node.text, node.text)} {parts[1]}"
        case "times":
            return f"{parts[0]} ∗ {parts[1]}"
        case "fraction":
            return f"{parts[0]} / {parts[1]}"
        case "product":
            return f"{parts[0]}{'' if node.text == 'tight' else ' '}{parts[1]}"
        case "minus":
            return f"−{parts[0]}"
        case "brackets":
            return f"{node.text}{parts[0]}{')' if node.text == '(' else node.text}"
        case "range":
            return f"{parts[0]}..{parts[1]}"
        case "shaped":
            return f"{parts[0]} {node.text}"
        case _:
            return _attached(node, parts)


def _attached(node: Node, parts: list[str]) -> str:
    """What is written at a letter, above, below or behind it."""
    match node.kind:
        case "below":
            return f"{parts[0]}_{_kept(node.parts[1], parts[1])}"
        case "layer" if node.parts[0].kind == "below":
            letter, place = node.parts[0].parts
            return f"{plain(letter)}[{node.text}]_{_kept(place, plain(place))}"
        case "layer":
            return f"{parts[0]}[{node.text}]"
        case "prime":
            return f"{parts[0]}'"
        case "power":
            transposed = node.parts[1] == Node("symbol", "T")
            return f"{parts[0]}ᵀ" if transposed else f"{parts[0]}^{_kept(node.parts[1], parts[1])}"
        case "call":
            return f"{parts[0]}({', '.join(parts[1:])})"
        case "prefix":
            return f"{parts[0]} {parts[1]}"
        case "total":
            below = f"_{_kept(node.parts[0], parts[0])}" if len(parts) > 1 else ""
            return f"Σ{below} {parts[-1]}"
        case _:
            return _cases(parts)


def _cases(parts: list[str]) -> str:
    pairs = zip(parts[0:-1:2], parts[1:-1:2], strict=True)
    return f"{', '.join(f'{value} where {when}' for value, when in pairs)}, else {parts[-1]}"


def _kept(node: Node, text: str) -> str:
    """Brackets around what is more than a letter, so that it stays together on the line."""
    return f"({text})" if node.kind in {"sum", "product", "minus", "fraction"} else text


def _letter(text: str) -> str:
    if len(text) > 1 and text[0] == "d":
        return f"d{LETTERS.get(text[1:], text[1:])}"
    return LETTERS.get(text, text)
