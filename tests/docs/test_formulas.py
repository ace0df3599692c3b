"""Plain formulas read as they are meant, and set in MathML."""

import re
import xml.etree.ElementTree as ET

import pytest

from ellnet.explain.formulas import FormulaError, Node, parse, segments
from ellnet.explain.mathml import mathml

READ = {
    "W[l] A[l-1] + b[l]": "((W[l] A[l-1]) + b[l])",
    "W[l+1]^T dZ[l+1] * g[l]'(Z[l])": "((W[l+1]^T dZ[l+1]) * g[l]'(Z[l]))",
    "theta - alpha m' / (sqrt(v') + epsilon)": "(theta - ((alpha m') / (sqrt(v') + epsilon)))",
    "(lambda / 2m) sum W^2": "((lambda / (2 m)) sum(W^2))",
    "(J(theta + h e_i) - J(theta - h e_i)) / 2h": (
        "((J((theta + (h e_i))) - J((theta - (h e_i)))) / (2 h))"
    ),
    "-sum_k Y_k log A_k": "-(sum_k((Y_k log(A_k))))",
    "exp(Z_k) / sum_j exp(Z_j)": "(exp(Z_k) / sum_j(exp(Z_j)))",
    "Y_k (log sum_j exp(Z_j) - Z_k)": "(Y_k (log(sum_j(exp(Z_j))) - Z_k))",
    "t |D_k| - t^2 / 2": "((t |D_k|) - (t^2 / 2))",
    "||g - h|| / (||g|| + ||h||)": "(||(g - h)|| / (||g|| + ||h||))",
    "1 / (examples seen + 1)^power_t": "(1 / (examples seen + 1)^power_t)",
    "5^-cuts": "5^-(cuts)",
    "beta_1 (1 - 0.96^(t psi) / 2)": "(beta_1 (1 - (0.96^(t psi) / 2)))",
    "dJ/dtheta_i = Im J(theta + i h e_i) / h": (
        "((dJ / dtheta_i) = (Im(J((theta + ((i h) e_i)))) / h))"
    ),
    "dZ = dA where Z > 0, else 0.01 dA": "(dZ = {dA if (Z > 0); (0.01 dA)})",
    "dA = 1 - q where A > Y, -q where A < Y, else 0": (
        "(dA = {(1 - q) if (A > Y); -(q) if (A < Y); 0})"
    ),
    "l = L-1..1": "(l = ((L - 1) .. 1))",
    "s a (exp(Z) - 1)": "((s a) (exp(Z) - 1))",
    "min(1, (step + 1) / (warmup steps))": "min(1, ((step + 1) / (warmup steps)))",
}
"""Formulas, and how they are read, with a pair of brackets around everything that belongs together."""


def spelled(node: Node) -> str:
    """A tree as text, with every bracket."""
    parts = [spelled(part) for part in node.parts]
    match node.kind:
        case "symbol" | "number" | "quantity" | "function":
            return node.text
        case "sum" | "relation":
            return f"({parts[0]} {node.text} {parts[1]})"
        case "product" | "times" | "fraction" | "range":
            mark = {"times": " * ", "fraction": " / ", "range": " .. "}.get(node.kind, " ")
            return f"({mark.join(parts)})"
        case "brackets":
            return f"{node.text}{parts[0]}{node.text}" if node.text != "(" else parts[0]
        case "below":
            return f"{parts[0]}_{parts[1]}"
        case "layer":
            return f"{parts[0]}[{node.text}]"
        case "power":
            return f"{parts[0]}^{parts[1]}"
        case "call" | "prefix":
            return f"{parts[0]}({', '.join(parts[1:])})"
        case "minus":
            return f"-({parts[0]})"
        case "prime":
            return f"{parts[0]}'"
        case "total":
            return f"sum{''.join('_' + part for part in parts[:-1])}({parts[-1]})"
        case "cases":
            rows = zip(parts[0::2], parts[1::2], strict=False)
            return f"{{{'; '.join(f'{value} if {when}' for value, when in rows)}; {parts[-1]}}}"
    raise AssertionError(node.kind)


@pytest.mark.parametrize("text", READ)
def test_what_belongs_together_is_read_together(text):
    """Touching before / before + and -; a fraction takes the product on its left."""
    assert spelled(parse(text)) == READ[text]


@pytest.mark.parametrize(
    "text",
    [
        "1 +",
        "sum_k",
        "(A - Y",
        "A = B C)",
        "A ^",
        "log",
        "A_",
        "A of B",
        "|A",
        "A : B",
        "W[9] ]",
        "",
    ],
)
def test_what_is_no_formula_is_refused(text):
    """Also where the beginning is one."""
    with pytest.raises(FormulaError):
        parse(text)


@pytest.mark.parametrize(
    ("sentence", "pieces"),
    [
        ("Identity A = Z, of a layer.", ["A = Z"]),
        ("Hard sigmoid A = Z / 6 + 1/2, held between 0 and 1", ["A = Z / 6 + 1/2", "0", "1"]),
        ("Huber's error sum_k H_k, with a threshold", ["sum_k H_k"]),
        ("a step of the epoch, constant in an epoch", []),
        ("Adaptive, factor = 5^-cuts, where cuts counts", ["factor = 5^-cuts"]),
        (
            "Max-norm W_j := W_j min(1, largest / |W_j|) for each",
            ["W_j := W_j min(1, largest / |W_j|)"],
        ),
        ("s = 1.0507... and a = 1.6732... hold", ["s = 1.0507...", "a = 1.6732..."]),
        ("L2 penalty of chapter N5 (pinball), the weights' own", []),
        ("dZ = dA where Z is large, else smaller", ["dZ = dA", "Z"]),
    ],
)
def test_prose_and_formulas_are_told_apart(sentence, pieces):
    """Words that are no quantity end a formula; nothing of the sentence is lost."""
    found = segments(sentence)

    assert [text for text, node in found if node is not None] == pieces
    assert "".join(text for text, _ in found) == sentence


SET = {
    "dZ[l]": "<mrow><mi>d</mi><msup><mi>Z</mi><mrow>[<mi>l</mi>]</mrow></msup></mrow>",
    "(A - Y) / (A (1 - A))": (
        "<mfrac><mrow><mi>A</mi>\u2212<mi>Y</mi></mrow>"
        "<mrow><mi>A</mi>\u2062<mrow>(<mrow><mn>1</mn>\u2212<mi>A</mi></mrow>)</mrow></mrow></mfrac>"
    ),
    "sqrt(2/pi)": "<msqrt><mfrac><mn>2</mn><mi>π</mi></mfrac></msqrt>",
    "1e-6": "<msup><mn>10</mn><mrow>\u2212<mn>6</mn></mrow></msup>",
    "beta_1^t": ("<msubsup><mi>β</mi><mrow><mn>1</mn></mrow><mrow><mi>t</mi></mrow></msubsup>"),
    "W^T": '<msup><mi>W</mi><mrow><mi mathvariant="normal">T</mi></mrow></msup>',
    "sum_k Y_k": (
        "<mrow><munder>∑<mi>k</mi></munder><msub><mi>Y</mi><mrow><mi>k</mi></mrow></msub></mrow>"
    ),
    "A := -Z": "<mrow><mi>A</mi>≔<mrow>\u2212<mi>Z</mi></mrow></mrow>",
    "floor(epoch / period)": (
        "<mrow>⌊<mfrac><mtext>epoch</mtext><mtext>period</mtext></mfrac>⌋</mrow>"
    ),
}
"""Formulas, and their MathML without the marks' own elements and spaces."""


@pytest.mark.parametrize("text", SET)
def test_formulas_are_set_as_they_are_read(text):
    """Fractions without needless brackets, letters with their layers, Greek letters."""
    found = mathml(parse(text), text)

    bare = re.sub(r"</?mo[^>]*>|<mspace[^>]*>|</?math[^>]*>", "", found).replace(
        "&#x2062;", "\u2062"
    )
    assert bare == SET[text]


@pytest.mark.parametrize("text", READ)
def test_what_is_set_is_well_formed_and_says_what_it_was(text):
    """One math element, with the plain formula for those who cannot see it."""
    root = ET.fromstring(mathml(parse(text), text))  # noqa: S314 - our own

    assert root.tag == "math"
    assert root.get("alttext") == text
