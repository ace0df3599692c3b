"""The sheet in LaTeX, for small networks: a document that pdflatex sets as it is."""

from collections.abc import Iterator, Sequence

from ellnet.errors import DataError
from ellnet.explain.catalogue import Equation, Pieces
from ellnet.explain.figures import scale_of, scaled, window
from ellnet.explain.sheet import Block, Grid, Part, Quantity, Sheet, Step
from ellnet.explain.tex import escaped, tex
from ellnet.version import VERSION

__all__ = ["LATEX_LIMIT", "latex_document"]

LATEX_LIMIT = 500
"""Parameters of a network from which its sheet is no longer set in LaTeX."""

ROWS, COLUMNS = 24, 9

PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage{textcomp}
\usepackage[a4paper,margin=20mm]{geometry}
\usepackage{amsmath,amssymb}
\usepackage{array}
\setcounter{MaxMatrixCols}{40}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt plus 2pt}
\setlength{\emergencystretch}{3em}
\allowdisplaybreaks
"""


def latex_document(sheet: Sheet) -> str:
    """Return the sheet as a LaTeX document.

    Raises:
        DataError: the network has 500 parameters or more; says which form to take.
    """
    if sheet.size >= LATEX_LIMIT:
        raise DataError(
            f"a sheet is set in LaTeX for networks under {LATEX_LIMIT} parameters, got {sheet.size:,}; "
            "take HTML, which shows the beginning and the end of a large matrix"
        )
    lines = [PREAMBLE, r"\begin{document}", *_head(sheet)]
    if sheet.story is not None:
        lines += [r"\section*{How the row became $a^{[0]}$}", *_grid(sheet.story)]
    for title, blocks in sheet.chapters:
        lines.append(rf"\section*{{{escaped(title)}}}")
        for block in blocks:
            lines += _block(block)
    if sheet.certificate is not None:
        lines.append(r"\section*{Certificate of the gradient}")
        lines += [rf"{escaped(said)}.\par" for said in sheet.certificate.sentences()]
    return "\n".join([*lines, r"\end{document}", ""])


def _head(sheet: Sheet) -> Iterator[str]:
    yield rf"\begin{{center}}{{\Large\bfseries Proof sheet: {escaped(sheet.title)}}}\end{{center}}"
    facts = [*sheet.facts, ("made by", f"ellnet {VERSION}")]
    yield r"\begin{tabular}{@{}l@{\quad}p{0.8\linewidth}@{}}"
    yield from (rf"{escaped(name)} & {escaped(said)} \\" for name, said in facts)
    yield r"\end{tabular}\par\medskip"
    yield from _grid(sheet.predictions)


def _grid(grid: Grid) -> Iterator[str]:
    count = len(grid.headings)
    width = f"{0.94 / count:.3f}"
    column = rf">{{\raggedright\arraybackslash}}p{{{width}\linewidth}}"
    yield rf"{{\small\setlength{{\tabcolsep}}{{3pt}}\begin{{tabular}}{{{column * count}}}\hline"
    yield rf"{' & '.join(escaped(each) for each in grid.headings)} \\ \hline"
    yield from (rf"{' & '.join(_breakable(cell) for cell in row)} \\" for row in grid.rows[:40])
    yield r"\hline\end{tabular}\par}"
    if grid.note or len(grid.rows) > 40:
        yield rf"{{\small {escaped(grid.note or f'and {len(grid.rows) - 40} more')}\par}}"


def _breakable(text: str) -> str:
    """Long words of a table may be broken after a mark."""
    return escaped(text).replace(r"\_", r"\_\allowbreak{}").replace("=", r"=\allowbreak{}")


def _block(block: Block) -> Iterator[str]:
    yield rf"\subsection*{{{escaped(block.title)}}}"
    yield rf"{_with_layers(block.words)}\par"
    for step in block.steps:
        yield from _step(step)


def _step(step: Step) -> Iterator[str]:
    yield rf"\medskip {_with_layers(step.words)}\par"
    for equation in step.equations:
        yield _equation(equation)
    if step.shaped is not None:
        yield rf"\hspace*{{1.5em}}$\displaystyle {tex(step.shaped)}$\par"
    if step.line:
        yield rf"{{\small\raggedright\hspace*{{1.5em}}{_line(step.line)}\par}}"
    if step.note:
        yield rf"{{\small {_with_layers(step.note)}\par}}"


def _equation(equation: Equation) -> str:
    said = _pieces(equation.formula)
    if equation.defined:
        said += f"; {_pieces(equation.defined)}"
    number = f"({equation.number})" if equation.number else ""
    box = rf"\begin{{minipage}}{{0.84\linewidth}}\raggedright {said}\end{{minipage}}"
    return rf"\hspace*{{1.5em}}{box}\hfill{number}\par"


def _pieces(pieces: Pieces) -> str:
    return "".join(
        _with_layers(piece) if isinstance(piece, str) else rf"$\displaystyle {tex(piece)}$"
        for piece in pieces
    )


def _line(parts: Sequence[Part]) -> str:
    """Matrices and marks; a line is broken before a mark, never behind it."""
    pieces = [f"{_part(part)}{'~' if isinstance(part, str) else ' '}" for part in parts]
    return "".join(pieces)


def _part(part: Part) -> str:
    return rf"{_with_layers(part)}" if isinstance(part, str) else _matrix(part)


def _matrix(quantity: Quantity) -> str:
    """A matrix over its shape, its name and its power of ten before it."""
    scale = scale_of(quantity.value)
    shown = window(quantity.shape, ROWS, COLUMNS)
    rows = []
    for i in shown.rows:
        cells = (_cell(quantity, i, j, scale) for j in shown.columns)
        rows.append(" & ".join(cells))
    power = rf"10^{{{scale}}} \times " if scale else ""
    inner = r" \\ ".join(rows)
    height, width = quantity.shape
    name = tex(quantity.symbol)
    tag = rf",\text{{ {escaped(quantity.tag)}}}" if quantity.tag else ""
    return (
        rf"$\underset{{{name}{tag}\;({height} \times {width})}}"
        rf"{{{power}\begin{{bmatrix}}{inner}\end{{bmatrix}}}}$"
    )


def _cell(quantity: Quantity, i: int | None, j: int | None, scale: int) -> str:
    if i is None or j is None:
        return r"\cdots" if i is not None else r"\vdots"
    text = scaled(float(quantity.value[i, j]), scale)
    mantissa, power, exponent = text.replace("−", "-").partition("e")
    if power:
        return rf"{mantissa}\,{{\scriptscriptstyle 10^{{{exponent}}}}}"
    return {"∞": r"\infty", "-∞": r"-\infty", "undefined": r"\text{--}"}.get(mantissa, mantissa)


def _with_layers(text: str) -> str:
    """Return words for LaTeX: W[2] has its layer above, and Greek letters are letters."""
    words = []
    for word in text.split(" "):
        head, bracket, rest = word.partition("[")
        layer, closed, tail = rest.partition("]")
        if (
            bracket
            and closed
            and head.isalpha()
            and head.isascii()
            and (layer.isdigit() or layer == "l")
        ):
            words.append(f"${head}^{{[{layer}]}}${escaped(tail)}")
        else:
            words.append("".join(SYMBOLS.get(c) or escaped(c) for c in word))
    return " ".join(words)


SYMBOLS = {
    "θ": r"$\theta$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "μ": r"$\mu$",
    "ρ": r"$\rho$",
    "ε": r"$\epsilon$",
    "λ": r"$\lambda$",
    "ψ": r"$\psi$",
    "Σ": r"$\Sigma$",
    "₁": "$_1$",
    "₂": "$_2$",
    "≔": r"$\mathrel{:=}$",
    "=": "$=$",
    "+": "$+$",
    "∗": "$*$",
    "√": r"$\surd$",
    "×": r"$\times$",
}
