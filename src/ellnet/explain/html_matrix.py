"""A matrix on the page: whole with its numbers tinted, or a corner of it with a heat picture beside."""

from html import escape

import numpy as np

from ellnet.explain.figures import scale_of, scaled, statistics, superscript, window
from ellnet.explain.heat import heat_uri
from ellnet.explain.html_style import STRENGTHS
from ellnet.explain.mathml import mathml
from ellnet.explain.sheet import Quantity

__all__ = ["SHOWN_ONCE", "matrix", "reference"]

SHOWN_ONCE = 200
"""Numbers of a matrix beyond which it is shown once, and a link leads to it from then on."""

FOCUSED = 7
"""Columns beyond which a matrix may scroll, and can be reached by the keyboard for that."""

SIDE = 230
NAME = 22


def matrix(quantity: Quantity, place: str = "") -> str:
    """Return a matrix as a table with its name, shape and power of ten for a caption.

    Args:
        quantity: the matrix.
        place: the identifier that links lead to, "" for none.
    """
    shown = window(quantity.shape)
    if not shown.whole and not quantity.value.any():
        return _nothing(quantity, place)
    scale = scale_of(quantity.value)
    table = _table(quantity, scale)
    identifier = f' id="{place}"' if place else ""
    focus = (
        f' tabindex="0" role="region" aria-label="{escape(_spoken(quantity))}"'
        if len(shown.columns) > FOCUSED
        else ""
    )
    scroll = f'<div class="scroll"{focus}>{table}</div>'
    if shown.whole:
        return f'<div class="box"{identifier}>{scroll}</div>'
    return (
        f'<div class="box"{identifier}><div class="heat">{scroll}{_heat(quantity)}</div>'
        f'<p class="stats">{statistics(quantity.value)}.</p></div>'
    )


def _nothing(quantity: Quantity, place: str) -> str:
    """Say of a large matrix that all of it is 0."""
    rows, columns = quantity.shape
    identifier = f' id="{place}"' if place else ""
    tag = f"{escape(quantity.tag)}, " if quantity.tag else ""
    return (
        f'<div class="ref"{identifier}>{mathml(quantity.symbol, quantity.name)}'
        f"<small>{tag}{rows} × {columns}, all 0</small></div>"
    )


def reference(quantity: Quantity, place: str) -> str:
    """Return a link to a large matrix that was shown before."""
    rows, columns = quantity.shape
    return (
        f'<div class="ref"><a href="#{place}">{mathml(quantity.symbol, quantity.name)}</a>'
        f"<small>{rows} × {columns}, above</small></div>"
    )


def _spoken(quantity: Quantity) -> str:
    rows, columns = quantity.shape
    return f"{quantity.name}, {rows} by {columns}"


def _caption(quantity: Quantity, scale: int) -> str:
    rows, columns = quantity.shape
    power = f"10{superscript(scale)} ×, " if scale else ""
    name = mathml(quantity.symbol, quantity.name)
    tag = f"{escape(quantity.tag)}, " if quantity.tag else ""
    return f"<caption>{name}<small>{tag}{power}{rows} × {columns}</small></caption>"


def _table(quantity: Quantity, scale: int) -> str:
    shown = window(quantity.shape)
    value = quantity.value
    finite = np.abs(value[np.isfinite(value)])
    largest = float(finite.max(initial=0.0)) or 1.0
    pieces = [
        '<table class="m">',
        _caption(quantity, scale),
        _heads(quantity, shown.columns),
        "<tbody>",
    ]
    for i in shown.rows:
        if i is None:
            pieces.append(_gap(len(shown.columns)))
            continue
        cells = "".join(
            '<td class="gap">⋯</td>' if j is None else _cell(float(value[i, j]), scale, largest)
            for j in shown.columns
        )
        pieces.append(f'<tr><th scope="row">{_named(quantity.rows, i)}</th>{cells}</tr>')
    return "".join([*pieces, "</tbody></table>"])


def _heads(quantity: Quantity, columns: tuple[int | None, ...]) -> str:
    """The names of the columns; a single one has its caption for a name."""
    if quantity.shape[1] == 1:
        return ""
    cells = "".join(
        "<th></th>" if j is None else f'<th scope="col">{_named(quantity.columns, j)}</th>'
        for j in columns
    )
    return f"<thead><tr><td></td>{cells}</tr></thead>".replace("<td></td>", "<th></th>")


def _named(names: tuple[str, ...], k: int) -> str:
    if k >= len(names):
        return str(k + 1)
    name = names[k]
    if len(name) <= NAME:
        return escape(name)
    return f'<abbr title="{escape(name)}">{escape(name[: NAME - 1])}…</abbr>'


def _gap(columns: int) -> str:
    cells = '<td class="gap">⋮</td>' * columns
    return f"<tr><th></th>{cells}</tr>"


def _cell(x: float, scale: int, largest: float) -> str:
    tint = _tint(x, largest)
    return f"<td{tint}>{scaled(x, scale)}</td>"


def _tint(x: float, largest: float) -> str:
    if not np.isfinite(x):
        return ""
    strength = int(np.ceil(len(STRENGTHS) * abs(x) / largest - 1e-9))
    return f' class="{"n" if x < 0 else "p"}{strength}"' if strength else ""


def _heat(quantity: Quantity) -> str:
    """Draw each number as a square, or as much of one as there is room for."""
    rows, columns = (min(64, side) for side in quantity.shape)
    factor = max(1, min(8, SIDE // max(rows, columns)))
    words = f"heat picture of {quantity.name}: blue is negative, orange positive"
    return (
        f'<img src="{heat_uri(quantity.value)}" alt="{escape(words)}" '
        f'width="{columns * factor}" height="{rows * factor}">'
    )
