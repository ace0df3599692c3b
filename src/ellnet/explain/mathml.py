"""Formulas set in MathML, which browsers show without any script: trees of `formulas` in, markup out."""

from html import escape

from ellnet.explain.formulas import Node

__all__ = ["mathml"]

LETTERS = dict(
    zip(
        ("alpha", "beta", "gamma", "epsilon", "theta", "lambda", "mu", "psi", "rho", "pi"),
        "αβγεθλμψρπ",
        strict=True,
    )
)
MARKS = {":=": "≔", "~": "∼", "<=": "≤", ">=": "≥", "-": "−", "...": "⋯"}
FENCES = {"(": "()", "|": "||", "||": "‖‖"}
THIN = '<mspace width="0.17em"/>'
TIMES = "<mo>&#x2062;</mo>"
APPLY = "<mo>&#x2061;</mo>"


def mathml(node: Node, source: str) -> str:
    """Return a formula as one math element, with its plain text for those who cannot see it."""
    return f'<math displaystyle="true" alttext="{escape(source)}">{_set(node)}</math>'


def _set(node: Node) -> str:
    return _SETTERS[node.kind](node)


def _row(*pieces: str) -> str:
    return f"<mrow>{''.join(pieces)}</mrow>"


def _mark(text: str, form: str = "") -> str:
    attribute = f' form="{form}"' if form else ""
    return f"<mo{attribute}>{escape(MARKS.get(text, text))}</mo>"


def _differential(text: str) -> bool:
    """Say whether a symbol is the derivative of the cost by another: dZ."""
    return len(text) > 1 and text[0] == "d"


def _symbol(node: Node) -> str:
    """Letters in italics; d of a derivative stands before its letter."""
    text = node.text
    if _differential(text):
        return _row("<mi>d</mi>", f"<mi>{LETTERS.get(text[1:], text[1:])}</mi>")
    return f"<mi>{LETTERS.get(text, text)}</mi>"


def _number(node: Node) -> str:
    """1e-6 is a power of ten."""
    digits, _, exponent = node.text.replace("...", "…").partition("e")
    if not exponent:
        return f"<mn>{digits}</mn>"
    ten = f"<msup><mn>10</mn><mrow><mo>−</mo><mn>{exponent[1:]}</mn></mrow></msup>"
    return ten if digits == "1" else _row(f"<mn>{digits}</mn><mo>×</mo>", ten)


def _quantity(node: Node) -> str:
    return f"<mtext>{escape(node.text)}</mtext>"


def _fenced(*inner: Node, fences: str = "()") -> str:
    """Put brackets around what commas part: they grow where it is tall, and stay close else."""
    left, right = fences[0], fences[1]
    grows = "true" if any(_tall(node) for node in inner) else "false"
    return _row(
        f'<mo form="prefix" fence="true" stretchy="{grows}">{left}</mo>',
        "<mo>,</mo>".join(_set(node) for node in inner),
        f'<mo form="postfix" fence="true" stretchy="{grows}">{right}</mo>',
    )


def _tall(node: Node) -> bool:
    """Say whether something is taller than a line: a fraction, a sum's sign."""
    parts = node.parts[:1] if node.kind == "power" else node.parts
    return node.kind in {"fraction", "total", "cases"} or any(_tall(part) for part in parts)


def _brackets(node: Node) -> str:
    return _fenced(node.parts[0], fences=FENCES[node.text])


def _bare(node: Node) -> Node:
    """What stands between round brackets, where something else groups it: a bar, an exponent's height."""
    return node.parts[0] if node.kind == "brackets" and node.text == "(" else node


def _fraction(node: Node) -> str:
    above, below = (_set(_bare(part)) for part in node.parts)
    return f"<mfrac>{above}{below}</mfrac>"


def _factor(node: Node) -> str:
    """A factor of a product: brackets around a fraction alone say nothing that its bar does not."""
    return _set(_bare(node) if _bare(node).kind == "fraction" else node)


def _product(node: Node) -> str:
    left, right = node.parts
    if "quantity" in {left.kind, right.kind}:
        return _row(_factor(left), '<mo lspace="0.2em" rspace="0.2em">⋅</mo>', _factor(right))
    apart = right.kind in {"call", "prefix", "total"} or _differential(_first_letter(right))
    return _row(_factor(left), TIMES, THIN if apart else "", _factor(right))


def _first_letter(node: Node) -> str:
    """The symbol that a factor begins with, "" where it begins with something else."""
    return (
        node.text if node.kind == "symbol" else _first_letter(node.parts[0]) if node.parts else ""
    )


def _times(node: Node) -> str:
    left, right = node.parts
    return _row(_factor(left), "<mo>∗</mo>", _factor(right))


def _joined(node: Node) -> str:
    """Two sides with their mark between."""
    left, right = node.parts
    return _row(_set(left), _mark(node.text), _set(right))


def _minus(node: Node) -> str:
    return _row(_mark("-", "prefix"), _factor(node.parts[0]))


def _range(node: Node) -> str:
    first, last = node.parts
    return _row(_set(first), "<mo>,</mo><mo>…</mo><mo>,</mo>", _set(last))


def _layer_text(text: str) -> str:
    """The layer in square brackets, as the notes write it above a letter."""
    name, sign, rest = text.partition("+") if "+" in text else text.partition("-")
    inner = "".join(
        f"<mn>{each}</mn>"
        if each.isdigit()
        else _mark(each)
        if each in "+-"
        else f"<mi>{each}</mi>"
        for each in (name, sign, rest)
        if each
    )
    return f'<mo stretchy="false">[</mo>{inner}<mo stretchy="false">]</mo>'


def _scripts(node: Node) -> tuple[Node, str, str]:
    """Take apart what is written below and above a letter: the letter, and both."""
    if node.kind == "below":
        return node.parts[0], _set(node.parts[1]), ""
    if node.kind == "layer":
        letter, below, _ = _scripts(node.parts[0])
        return letter, below, _layer_text(node.text)
    if node.kind in {"power", "prime"}:
        letter, below, above = _scripts(node.parts[0])
        if node.kind == "prime":
            return letter, below, f"<mo>′</mo>{above}"
        return letter, below, f"{above}{THIN if above else ''}{_exponent(node.parts[1])}"
    return node, "", ""


def _exponent(node: Node) -> str:
    if node == Node("symbol", "T"):
        return '<mi mathvariant="normal">T</mi>'
    return _set(_bare(node))


def _scripted(node: Node) -> str:
    """A letter, or brackets, with what is written below and above."""
    letter, below, above = _scripts(node)
    d = ""
    if letter.kind == "symbol" and _differential(letter.text):
        d, letter = "<mi>d</mi>", Node("symbol", letter.text[1:])
    base = _set(letter)
    if below and above:
        found = f"<msubsup>{base}<mrow>{below}</mrow><mrow>{above}</mrow></msubsup>"
    elif below:
        found = f"<msub>{base}<mrow>{below}</mrow></msub>"
    else:
        found = f"<msup>{base}<mrow>{above}</mrow></msup>"
    return _row(d, found) if d else found


def _function(node: Node) -> str:
    if node.text == "log2":
        return "<msub><mi>log</mi><mn>2</mn></msub>"
    return f"<mi>{node.text}</mi>"


def _call(node: Node) -> str:
    name, *arguments = node.parts
    if name.text == "sqrt":
        return f"<msqrt>{_set(arguments[0])}</msqrt>"
    if name.text == "floor":
        return _fenced(*arguments, fences="⌊⌋")
    return _row(_set(name), APPLY, _fenced(*arguments))


def _prefix(node: Node) -> str:
    name, argument = node.parts
    return _row(_set(name), APPLY, THIN, _set(argument))


def _total(node: Node) -> str:
    *below, body = node.parts
    sign = f"<munder><mo>∑</mo>{_set(below[0])}</munder>" if below else "<mo>∑</mo>"
    return _row(sign, _factor(body))


def _cases(node: Node) -> str:
    *pairs, last = node.parts
    rows = [
        f"<mtr><mtd>{_set(value)}</mtd><mtd><mtext>where&#xa0;</mtext>{_set(when)}</mtd></mtr>"
        for value, when in zip(pairs[0::2], pairs[1::2], strict=True)
    ]
    rows.append(f"<mtr><mtd>{_set(last)}</mtd><mtd><mtext>else</mtext></mtd></mtr>")
    brace = '<mo form="prefix" fence="true" stretchy="true">{</mo>'
    return _row(brace, f'<mtable displaystyle="true">{"".join(rows)}</mtable>')


def _shaped(node: Node) -> str:
    """Something with its shape under it."""
    shape = f'<mtext class="shape">&#xa0;{escape(node.text)}&#xa0;</mtext>'
    return f"<munder>{_set(node.parts[0])}{shape}</munder>"


_SETTERS = {
    "shaped": _shaped,
    "symbol": _symbol,
    "number": _number,
    "quantity": _quantity,
    "dots": lambda _: _mark("..."),
    "brackets": _brackets,
    "fraction": _fraction,
    "product": _product,
    "times": _times,
    "sum": _joined,
    "relation": _joined,
    "minus": _minus,
    "range": _range,
    "below": _scripted,
    "layer": _scripted,
    "power": _scripted,
    "prime": _scripted,
    "function": _function,
    "call": _call,
    "prefix": _prefix,
    "total": _total,
    "cases": _cases,
}
