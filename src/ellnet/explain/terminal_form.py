"""The sheet for a terminal: as wide as there is room for, coloured where that is shown."""

import textwrap
from collections.abc import Iterator, Sequence

from rich.text import Text

from ellnet.explain.catalogue import Equation, Pieces
from ellnet.explain.figures import scale_of, scaled, statistics, superscript, window
from ellnet.explain.plain import plain
from ellnet.explain.sheet import Block, Grid, Part, Quantity, Sheet, Step

__all__ = ["answer_lines", "terminal_lines"]

ROWS = 12
"""Rows of a matrix that are shown whole; a longer one is cut in the middle."""

LEAST = 40
LONG_MARK = 3
"""A mark that takes more than this part of the width stands on a line of its own."""
NAME = 12
GAP = 2
NEGATIVE, POSITIVE = "#5b9bd5", "#e08a3c"

Lines = list[Text]


def terminal_lines(sheet: Sheet, width: int = 80) -> Iterator[Text]:
    """Go through the lines of the sheet, none wider than there is room for.

    Args:
        sheet: the sheet.
        width: columns of the terminal; fewer than 40 are taken for 40.
    """
    width = max(LEAST, width)
    yield from _answer(sheet, width)
    if sheet.story is not None:
        yield from _heading("How the row became a[0]", width, "─")
        yield from _grid(sheet.story, width)
    for title, blocks in sheet.chapters:
        yield from _heading(title, width, "═")
        for block in blocks:
            yield from _block(block, width)
    yield from _certificate(sheet, width)


def answer_lines(sheet: Sheet, width: int = 80) -> Iterator[Text]:
    """Go through the lines of what a sheet comes to: its head, the predictions and the certificate."""
    width = max(LEAST, width)
    yield from _answer(sheet, width)
    yield from _certificate(sheet, width)


def _answer(sheet: Sheet, width: int) -> Iterator[Text]:
    yield from _heading(f"Proof sheet: {sheet.title}", width, "═")
    for name, said in sheet.facts:
        yield from _words(f"{name:<11} {said}", width, 12)
    if sheet.numbers_file:
        yield from _words(f"all numbers in {sheet.numbers_file}", width, 2)
    yield Text()
    yield from _grid(sheet.predictions, width)


def _certificate(sheet: Sheet, width: int) -> Iterator[Text]:
    if sheet.certificate is None:
        return
    yield from _heading("Certificate of the gradient", width, "═")
    for sentence in sheet.certificate.sentences():
        yield from _words(sentence, width, 2)


def _heading(text: str, width: int, rule: str) -> Iterator[Text]:
    yield Text()
    yield Text(text[:width], style="bold")
    yield Text(rule * min(width, len(text)), style="dim")


def _words(text: str, width: int, indent: int = 0) -> Iterator[Text]:
    lines = textwrap.wrap(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)
    return (Text(line) for line in lines or [""])


def _block(block: Block, width: int) -> Iterator[Text]:
    yield Text()
    yield Text(block.title[:width], style="bold")
    for line in _words(block.words, width):
        line.stylize("dim")
        yield line
    for step in block.steps:
        yield Text()
        yield from _step(step, width)


def _step(step: Step, width: int) -> Iterator[Text]:
    yield from _words(step.words, width)
    for equation in step.equations:
        yield from _equation(equation, width)
    if step.shaped is not None:
        for line in _words(f"    {plain(step.shaped)}", width, 6):
            line.stylize("cyan")
            yield line
    yield from _joined(step.line, width)
    if step.note:
        yield from _words(step.note, width)


def _equation(equation: Equation, width: int) -> Iterator[Text]:
    """The formula to the left, its number to the right."""
    said = _pieces(equation.formula)
    if equation.defined:
        said += f"; {_pieces(equation.defined)}"
    number = f"({equation.number})" if equation.number else ""
    lines = textwrap.wrap(f"    {said}", width - 9, subsequent_indent="      ")
    for k, line in enumerate(lines):
        shown = Text(line, style="bold")
        if k == 0:
            shown.append(f"{number:>{width - len(line)}}", style="dim")
        yield shown


def _pieces(pieces: Pieces) -> str:
    return "".join(piece if isinstance(piece, str) else plain(piece) for piece in pieces)


def _joined(parts: Sequence[Part], width: int) -> Iterator[Text]:
    """Matrices and marks side by side, as many as fit, each mark beside the matrix after it."""
    row: Lines = []
    mark = ""
    for part in parts:
        if isinstance(part, str):
            mark = f"{mark} {part}" if mark else part
            if len(mark) > width // LONG_MARK:
                yield from _flush(row)
                yield from _words(mark, width)
                row, mark = [], ""
            continue
        box = _with_mark(mark, _matrix(part, width - len(mark) - GAP - 2))
        mark = ""
        if row and _width(row) + GAP + _width(box) > width:
            yield from _flush(row)
            row = []
        row = _beside(row, box) if row else box
    if mark:
        end = [Text(line) for line in textwrap.wrap(mark, width - 2)]
        if row and _width(row) + GAP + _width(end) <= width:
            row = _beside(row, end)
            end = []
        yield from _flush(row)
        yield from _flush(end)
    else:
        yield from _flush(row)


def _flush(row: Lines) -> Iterator[Text]:
    for line in row:
        line.rstrip()
        yield line


def _width(lines: Lines) -> int:
    return max((line.cell_len for line in lines), default=0)


def _with_mark(mark: str, box: Lines) -> Lines:
    return _beside([Text(mark)], box, gap=1) if mark else box


def _beside(left: Lines, right: Lines, gap: int = GAP) -> Lines:
    """Put two boxes side by side, both centred on one line: the first is a caption, and counts half."""
    height = max(len(left), len(right))
    left, right = _centred(left, height), _centred(right, height)
    wide = _width(left)
    rows = []
    for one, other in zip(left, right, strict=True):
        line = one.copy()
        line.append(" " * (wide - one.cell_len + gap))
        rows.append(line + other)
    return rows


def _centred(lines: Lines, height: int) -> Lines:
    above = (height - len(lines) + 1) // 2
    below = height - len(lines) - above
    return [*(Text() for _ in range(above)), *lines, *(Text() for _ in range(below))]


def _matrix(quantity: Quantity, room: int) -> Lines:
    """A matrix in brackets under its name, shape and power of ten, cut to the room."""
    scale = scale_of(quantity.value)
    names = [_named(quantity.rows, i) for i in range(min(quantity.shape[0], 999))]
    margin = max((len(name) for name in names[: 2 * ROWS]), default=0) + 1
    cell = _cell_width(quantity, scale)
    fitting = max(1, (room - margin - 4) // (cell + 1))
    shown = window(quantity.shape, ROWS, fitting)
    power = f"10{superscript(scale)} × " if scale else ""
    rows, columns = quantity.shape
    tag = f" {quantity.tag}" if quantity.tag else ""
    caption = f"{power}{quantity.name}{tag} {rows}×{columns}"
    indent = " " * max(0, min(margin + 1, room - len(caption)))
    lines = [Text(f"{indent}{caption}", style="dim")]
    for at, i in enumerate(shown.rows):
        left, right = _ends(at, len(shown.rows))
        name = "⋮" if i is None else _named(quantity.rows, i)
        line = Text(f"{name:>{margin - 1}} ", style="dim")
        line.append(left)
        for j in shown.columns:
            line.append(" ")
            line.append(_cell(quantity, i, j, scale, cell))
        line.append(f" {right}")
        lines.append(line)
    if not shown.whole:
        lines += _words(statistics(quantity.value), max(LEAST // 3, room))
    return lines


def _cell_width(quantity: Quantity, scale: int) -> int:
    """The widest of the numbers that may be shown."""
    head, tail = quantity.value[:ROWS, :64], quantity.value[-3:, -3:]
    return max(len(scaled(float(x), scale)) for part in (head, tail) for x in part.ravel())


def _ends(at: int, rows: int) -> tuple[str, str]:
    if rows == 1:
        return "[", "]"
    if at == 0:
        return "⎡", "⎤"
    return ("⎣", "⎦") if at == rows - 1 else ("⎢", "⎥")


def _cell(quantity: Quantity, i: int | None, j: int | None, scale: int, width: int) -> Text:
    if i is None or j is None:
        return Text(
            f"{'⋯' if i is not None else '⋮':>{width if j is not None else 1}}", style="dim"
        )
    x = float(quantity.value[i, j])
    colour = NEGATIVE if x < 0 else POSITIVE if x > 0 else "dim"
    return Text(f"{scaled(x, scale):>{width}}", style=colour)


def _named(names: tuple[str, ...], k: int) -> str:
    name = names[k] if k < len(names) else str(k + 1)
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"


def _grid(grid: Grid, width: int) -> Iterator[Text]:
    """A table of words; what does not fit is wrapped within its column."""
    table = [grid.headings, *grid.rows]
    natural = [max(len(row[k]) for row in table) for k in range(len(grid.headings))]
    room = width - GAP * (len(natural) - 1)
    wide = _fitted(natural, room)
    for number, row in enumerate(table):
        cells = [textwrap.wrap(cell, wide[k]) or [""] for k, cell in enumerate(row)]
        for line in range(max(map(len, cells))):
            text = (" " * GAP).join(
                f"{cell[line] if line < len(cell) else '':<{wide[k]}}"
                for k, cell in enumerate(cells)
            )
            yield Text(text.rstrip(), style="dim" if number == 0 else "")
    if grid.note:
        yield from _words(grid.note, width)


def _fitted(natural: Sequence[int], room: int) -> list[int]:
    """Take from the widest columns until all fit."""
    wide = list(natural)
    while sum(wide) > room and max(wide) > 4:
        wide[wide.index(max(wide))] -= 1
    return wide
