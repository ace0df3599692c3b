"""Formulas set in LaTeX: trees of `formulas` in, what stands between dollars out."""

import unicodedata
from collections.abc import Callable

from ellnet.explain.formulas import Node

__all__ = ["escaped", "tex"]

GREEK = ("alpha", "beta", "gamma", "epsilon", "theta", "lambda", "mu", "psi", "rho", "pi")
MARKS = {":=": r"\mathrel{:=}", "~": r"\sim", "<=": r"\le", ">=": r"\ge"}
FENCES = {"(": ("(", ")"), "|": ("|", "|"), "||": (r"\|", r"\|")}
KNOWN = ("exp", "log", "tanh", "cos", "max", "min")
SPECIAL = {
    **{mark: f"\\{mark}" for mark in "#$%&_{}"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "−": "$-$",
    "·": r"$\cdot$",
    "→": r"$\to$",
    "…": r"\dots{}",
    "×": r"$\times$",
    "²": "$^2$",
    "√": r"$\surd$",
    "λ": r"$\lambda$",
    "∞": r"$\infty$",
    "ß": r"\ss{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "æ": r"\ae{}",
    "✓": r"$\surd$",
}

ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0308": '"',
    "\u030a": "r",
    "\u0327": "c",
    "\u030c": "v",
}
"""Marks above and below letters, and LaTeX's commands for them."""


def escaped(text: str) -> str:
    """Return words for LaTeX; a character that it has no font for becomes its number."""
    return "".join(_character(c) for c in text)


def _character(c: str) -> str:
    if c in SPECIAL:
        return SPECIAL[c]
    if c.isascii():
        return c if c.isprintable() else " "
    letter, mark = unicodedata.normalize("NFD", c)[:1], unicodedata.normalize("NFD", c)[1:]
    if letter.isascii() and mark in ACCENTS:
        return rf"\{ACCENTS[mark]}{{{letter}}}"
    return rf"{{\footnotesize[U+{ord(c):04X}]}}"


def tex(node: Node) -> str:
    """Return a formula in LaTeX's mathematics."""
    parts = [tex(part) for part in node.parts]
    match node.kind:
        case "symbol" | "number" | "quantity" | "function" | "dots":
            return WORDS[node.kind](node.text)
        case "relation" | "sum":
            return f"{parts[0]} {MARKS.get(node.text, node.text)} {parts[1]}"
        case "times":
            return rf"{parts[0]} * {parts[1]}"
        case "fraction":
            above, below = (tex(_bare(part)) for part in node.parts)
            return rf"\frac{{{above}}}{{{below}}}"
        case "product":
            return rf"{parts[0]}\,{parts[1]}"
        case "minus":
            return f"-{parts[0]}"
        case "range":
            return rf"{parts[0]}, \dots, {parts[1]}"
        case "brackets":
            left, right = FENCES[node.text]
            return rf"\left{left}{parts[0]}\right{right}"
        case "shaped":
            shape = node.text.replace("×", r"\times ")
            return rf"\underset{{{shape}}}{{{parts[0]}}}"
        case _:
            return _attached(node, parts)


def _attached(node: Node, parts: list[str]) -> str:
    """What is written at a letter, above, below or behind it."""
    match node.kind:
        case "below":
            return f"{{{parts[0]}}}_{{{parts[1]}}}"
        case "layer":
            return f"{parts[0]}^{{[{node.text}]}}"
        case "prime":
            return f"{{{parts[0]}}}'"
        case "power":
            raised = r"\mathsf{T}" if node.parts[1] == Node("symbol", "T") else parts[1]
            return f"{{{parts[0]}}}^{{{raised}}}"
        case "call":
            return _call(node, parts)
        case "prefix":
            return rf"{parts[0]}\,{parts[1]}"
        case "total":
            below = f"_{{{parts[0]}}}" if len(parts) > 1 else ""
            return rf"\sum{below} {parts[-1]}"
        case _:
            pairs = zip(parts[0:-1:2], parts[1:-1:2], strict=True)
            rows = [rf"{value} & \text{{where }} {when}" for value, when in pairs]
            rows.append(rf"{parts[-1]} & \text{{else}}")
            inner = r" \\ ".join(rows)
            return rf"\begin{{cases}}{inner}\end{{cases}}"


def _call(node: Node, parts: list[str]) -> str:
    name = node.parts[0].text
    if name == "sqrt":
        return rf"\sqrt{{{parts[1]}}}"
    inner = ", ".join(parts[1:])
    if name == "floor":
        return rf"\left\lfloor {inner} \right\rfloor"
    return rf"{parts[0]}\left({inner}\right)"


def _function(name: str) -> str:
    if name == "log2":
        return r"\log_2"
    if name in KNOWN:
        return f"\\{name}"
    return name if len(name) == 1 else rf"\operatorname{{{name}}}"


def _number(text: str) -> str:
    digits, _, exponent = text.replace("...", r"\dots").partition("e")
    if not exponent:
        return digits
    ten = f"10^{{{exponent}}}"
    return ten if digits == "1" else rf"{digits} \times {ten}"


def _letter(text: str) -> str:
    """A letter; that of a derivative has its d before it."""
    if len(text) > 1 and text[0] == "d" and text not in GREEK:
        return f"d{_letter(text[1:])}"
    return f"\\{text}" if text in GREEK else text


def _bare(node: Node) -> Node:
    return node.parts[0] if node.kind == "brackets" and node.text == "(" else node


WORDS: dict[str, Callable[[str], str]] = {
    "symbol": _letter,
    "number": _number,
    "quantity": lambda text: rf"\text{{{escaped(text)}}}",
    "function": _function,
    "dots": lambda _: r"\cdots",
}
"""What stands for a piece without parts."""
