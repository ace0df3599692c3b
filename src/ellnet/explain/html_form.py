"""The sheet as one HTML file: native MathML, light and dark, nothing fetched, no script."""

from collections.abc import Iterator, Sequence
from html import escape

from ellnet.certificate import Certificate
from ellnet.drawings import network_svg
from ellnet.explain.catalogue import Equation, Pieces
from ellnet.explain.figures import figure
from ellnet.explain.formulas import Node
from ellnet.explain.html_matrix import SHOWN_ONCE, matrix, reference
from ellnet.explain.html_style import STRENGTHS, STYLE
from ellnet.explain.letters import entry
from ellnet.explain.mathml import mathml
from ellnet.explain.plain import plain
from ellnet.explain.sheet import Block, Grid, Part, Quantity, Sheet, Step
from ellnet.version import VERSION

__all__ = ["html_page"]

FEW = 10
"""Rows of a table of words beyond which it scrolls."""

ENTRIES = 25
"""Entries of a matrix that are unfolded on the page."""


def html_page(sheet: Sheet) -> str:
    """Return the sheet as a page of its own."""
    return "\n".join(
        [
            *_head(sheet),
            *_contents(sheet),
            '<main id="main">',
            *_main(sheet),
            "</main>",
            "</div></body></html>",
            "",
        ]
    )


def _head(sheet: Sheet) -> Iterator[str]:
    title = escape(sheet.title)
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}: proof sheet</title><style>{STYLE}</style></head>"
    yield '<body><a class="skip" href="#main">To the sheet</a><div class="page"><header>'
    yield f'<p class="brow">Proof sheet</p><h1>{title}</h1><dl class="facts">'
    yield "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in _facts(sheet))
    inputs, outputs = sheet.names
    drawn = network_svg(
        sheet.n, sheet.activations, sheet.cost, input_names=inputs, output_names=outputs
    )
    yield f'</dl><div class="drawing">{drawn}</div>{_legend()}</header>'


def _facts(sheet: Sheet) -> Iterator[tuple[str, str]]:
    yield from sheet.facts
    if sheet.numbers_file:
        yield "all numbers", f"beside this page, in {sheet.numbers_file}"
    yield "made by", f"ellnet {VERSION}"


def _legend() -> str:
    scale = [f"n{k}" for k in range(len(STRENGTHS), 0, -1)]
    scale += [f"p{k}" for k in range(1, len(STRENGTHS) + 1)]
    boxes = "".join(f'<i class="{name}"></i>' for name in scale)
    return (
        f'<p class="legend"><span>negative</span> {boxes} <span>positive; each matrix up to its own '
        "largest number. Behind a formula stands the number of its equation; a shape is rows × "
        "columns.</span></p>"
    )


def _contents(sheet: Sheet) -> Iterator[str]:
    yield '<nav class="contents" aria-label="Contents"><ul>'
    yield '<li><a href="#answer">Answer</a></li>'
    if sheet.story is not None:
        yield '<li><a href="#row">The row</a></li>'
    for title, blocks in sheet.chapters:
        yield f'<li><a href="#{title.lower()}-chapter">{title}</a><ul>'
        yield "".join(f'<li><a href="#{b.place}">{_short(b)}</a></li>' for b in blocks)
        yield "</ul></li>"
    if sheet.certificate is not None:
        yield '<li><a href="#certificate">Certificate</a></li>'
    yield "</ul></nav>"


def _short(block: Block) -> str:
    """The layer alone, where a block has one."""
    kind, _, layer = block.place.partition("-")
    if layer:
        return f"layer {layer}"
    return "rule" if kind == "update" else escape(block.title)


def _main(sheet: Sheet) -> Iterator[str]:
    yield f'<section id="answer"><h2>Answer</h2>{_grid(sheet.predictions)}</section>'
    if sheet.story is not None:
        yield '<section id="row"><h2>How the row became a<sup>[0]</sup></h2>'
        yield f"{_grid(sheet.story)}</section>"
    page = _Page()
    for title, blocks in sheet.chapters:
        yield f'<section id="{title.lower()}-chapter"><h2>{title}</h2>'
        for block in blocks:
            yield page.block(block)
        yield "</section>"
    if sheet.certificate is not None:
        yield _certificate(sheet.certificate)


def _grid(grid: Grid) -> str:
    heads = "".join(f'<th scope="col">{escape(each)}</th>' for each in grid.headings)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in grid.rows
    )
    note = f'<p class="note">{escape(grid.note)}.</p>' if grid.note else ""
    tall = ' tall" tabindex="0" role="region" aria-label="rows' if len(grid.rows) > FEW else ""
    return (
        f'<div class="scroll{tall}"><table class="grid"><thead><tr>{heads}</tr></thead><tbody>{rows}'
        f"</tbody></table></div>{note}"
    )


def _certificate(certificate: Certificate) -> str:
    first, *others = certificate.sentences()
    mark, style = ("✓", "good") if certificate.passed else ("✗", "bad")
    items = "".join(f"<li>{escape(said)}</li>" for said in others)
    shapes = "".join(
        f"<tr><td>{escape(s.quantity)}</td><td>{escape(s.rule)}</td><td>{s.required}</td>"
        f"<td>{s.found}</td><td>{'right' if s.passed else 'WRONG'}</td></tr>"
        for s in certificate.shapes
    )
    return (
        '<section id="certificate"><h2>Certificate of the gradient</h2>'
        f'<p class="verdict {style}">{mark} {escape(first)}</p>'
        f"<ul>{items}</ul><details><summary>Every shape (N3)</summary>"
        '<table class="grid"><thead><tr><th scope="col">quantity</th><th scope="col">rule</th>'
        '<th scope="col">required</th><th scope="col">found</th><th scope="col"></th></tr></thead>'
        f'<tbody>{shapes}</tbody></table></details><p class="note">Digest of the parameters: '
        f"<code>{certificate.digest}</code></p></section>"
    )


class _Page:
    """Remembers which large matrices stand on the page already."""

    def __init__(self) -> None:
        self.shown: set[str] = set()

    def block(self, block: Block) -> str:
        steps = "".join(self.step(step) for step in block.steps)
        return (
            f'<section id="{block.place}"><h3>{escape(block.title)}</h3>'
            f'<p class="io">{_with_layers(block.words)}</p>{steps}</section>'
        )

    def step(self, step: Step) -> str:
        pieces = [f'<div class="step"><p class="words">{_with_layers(step.words)}</p>']
        pieces += [_equation(each) for each in step.equations]
        if step.shaped is not None:
            shaped = mathml(step.shaped, plain(step.shaped))
            pieces.append(f'<div class="formula"><span class="said">{shaped}</span></div>')
        if step.line:
            pieces.append(f'<div class="line">{self.line(step.line)}</div>')
        if step.note:
            pieces.append(f'<p class="note">{_with_layers(step.note)}</p>')
        pieces.append(_unfolded(step))
        return "".join([*pieces, "</div>"])

    def line(self, parts: Sequence[Part]) -> str:
        """Keep every mark beside the matrix that it stands before."""
        pieces, open_ = [], ""
        for part in parts:
            shown = self.part(part)
            if isinstance(part, str):
                open_ += shown
            else:
                pieces.append(f'<div class="pair">{open_}{shown}</div>' if open_ else shown)
                open_ = ""
        return "".join(pieces) + open_

    def part(self, part: Part) -> str:
        if isinstance(part, str):
            return f'<span class="mark">{escape(part)}</span>'
        key = part.key.removesuffix("^T")
        place = f"number-{key}"
        if key in self.shown and part.value.size > SHOWN_ONCE:
            return reference(part, place)
        new = bool(key) and key not in self.shown
        self.shown.add(key)
        return matrix(part, place if new else "")


def _equation(equation: Equation) -> str:
    number = f'<span class="eq">({equation.number})</span>' if equation.number else ""
    said = [_pieces(equation.formula)]
    if equation.defined:
        said.append(f'<span class="note">{_pieces(equation.defined)}</span>')
    name = f'<span class="name">{escape(equation.name)}</span>' if equation.name else ""
    return f'<div class="formula">{name}<span class="said">{"; ".join(said)}</span>{number}</div>'


def _pieces(pieces: Pieces) -> str:
    return "".join(
        _with_layers(piece) if isinstance(piece, str) else mathml(piece, plain(piece))
        for piece in pieces
    )


def _with_layers(text: str) -> str:
    """Return words as HTML: W[2] has its layer above."""
    words = []
    for word in escape(text).split(" "):
        head, bracket, rest = word.partition("[")
        layer, closed, tail = rest.partition("]")
        if bracket and closed and head and (layer.isdigit() or layer == "l"):
            words.append(f"<i>{head}</i><sup>[{layer}]</sup>{tail}")
        else:
            words.append(word)
    return " ".join(words)


def _unfolded(step: Step) -> str:
    """Return the entries of a step's result, term by term, folded away."""
    if step.unfolding is None:
        return ""
    result = next(step.quantities)
    places = _places(result)
    rows = []
    for i, j in places:
        value = figure(float(result.value[i, j]))
        numbers = escape(step.unfolding.numbers(i, j))
        rows.append(
            f'<tr><th scope="row">{_name(result, i, j)}</th><td>= {numbers}</td>'
            f"<td>= {value}</td></tr>"
        )
    formula = step.unfolding.formula(*places[0])
    left = result.value.size - len(places)
    note = f'<p class="note">and {left:,} more entries</p>' if left else ""
    return (
        f"<details><summary>Term by term</summary>{mathml(formula, plain(formula))}"
        f'<div class="scroll"><table class="terms">{"".join(rows)}</table></div>{note}</details>'
    )


def _places(result: Quantity) -> list[tuple[int, int]]:
    """Choose entries: all of a small matrix, else the beginning of its first column or row."""
    rows, columns = result.shape
    if rows * columns <= ENTRIES:
        return [(i, j) for i in range(rows) for j in range(columns)]
    few = 8 if max(rows, columns) > 64 else ENTRIES
    if rows >= columns or rows >= few:
        return [(i, 0) for i in range(min(rows, few))]
    wide = max(1, few // rows)
    return [(i, j) for i in range(rows) for j in range(min(columns, wide))]


def _name(result: Quantity, i: int, j: int) -> str:
    at = (i + 1,) if result.shape[1] == 1 else (i + 1, j + 1)
    node: Node = (
        entry(result.symbol, *at) if result.symbol.kind in {"layer", "symbol"} else result.symbol
    )
    return mathml(node, plain(node))
