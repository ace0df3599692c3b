"""A network as a picture: columns of units in one self-contained SVG, for notebooks and pages."""

import itertools
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

__all__ = ["network_html", "network_svg"]

COLUMNS = 8
"""Layers that are drawn, at most; those in the middle of a deeper network are counted instead."""

UNITS = 7
"""Units of a layer that are drawn, at most; those in the middle of a wider one are dots instead."""

GAP, RISE, RADIUS = 84, 26, 7
LEFT, TOP = 96, 34
NARROWEST = 380
LONGEST_NAME = 14

INK = "color:var(--jp-content-font-color1,var(--vscode-editor-foreground,{}))"
"""The colour of text: a notebook's own, which may be dark where the system is light, else by system."""

STYLE = (
    f".ellnet-net{{{INK.format('#1f2933')};background:transparent;font:11px system-ui,sans-serif}}"
    ".ellnet-net .e{stroke:currentColor;stroke-opacity:.16;stroke-width:.7}"
    ".ellnet-net .u{fill:#3b6fb6;stroke:none}.ellnet-net .i{fill:#8a97a6}.ellnet-net .o{fill:#c2622d}"
    ".ellnet-net text{fill:currentColor}.ellnet-net .q{fill-opacity:.65}"
    f"@media (prefers-color-scheme:dark){{.ellnet-net{{{INK.format('#dfe6ee')}}}"
    ".ellnet-net .u{fill:#79a8e8}"
    ".ellnet-net .i{fill:#9fb0c2}.ellnet-net .o{fill:#e8935f}}"
)


class _Column(NamedTuple):
    """A layer that is drawn: its number, its units, and where each drawn unit stands (None: dots)."""

    layer: int
    units: int
    x: float
    places: tuple[tuple[int | None, float], ...]


def network_html(
    n: Sequence[int],
    activations: Sequence[str],
    cost: str,
    *,
    input_names: Sequence[str] = (),
    output_names: Sequence[str] = (),
) -> str:
    """Return a figure with the drawing, readable in light and dark, nothing fetched.

    Args:
        n: units of each layer, n[0] to n[L].
        activations: g[1] to g[L].
        cost: the cost by name.
        input_names: names of the inputs, one each, or none.
        output_names: names of the outputs, likewise.
    """
    drawn = network_svg(n, activations, cost, input_names=input_names, output_names=output_names)
    return f'<figure style="margin:.5em 0;max-width:{_width(n):.0f}px">{drawn}</figure>'


def network_svg(
    n: Sequence[int],
    activations: Sequence[str],
    cost: str,
    *,
    input_names: Sequence[str] = (),
    output_names: Sequence[str] = (),
) -> str:
    """Return one SVG; the arguments are those of `network_html`."""
    columns = _columns(n)
    height = TOP + RISE * max(len(column.places) for column in columns) + 44
    names = {0: _known(input_names, n[0]), len(n) - 1: _known(output_names, n[-1])}
    parts = [
        (
            f'<svg class="ellnet-net" xmlns="http://www.w3.org/2000/svg" role="img" '
            f'viewBox="0 0 {_width(n):.0f} {height}" width="100%">'
        ),
        f"<title>{escape(_title(n, cost))}</title>",
        f"<desc>{escape(_words(n, activations))}</desc>",
        f"<style>{STYLE}</style>",
        f'<text x="{_width(n) / 2:.0f}" y="16" text-anchor="middle">{escape(_title(n, cost))}</text>',
        *_edges(columns),
    ]
    for column in columns:
        parts += _units(column, len(n) - 1, names.get(column.layer, ()))
        parts += _label(column, activations, height)
    return "".join([*parts, *_gap(columns, height), "</svg>"])


def _width(n: Sequence[int]) -> float:
    """A shallow network leaves room for its title."""
    return max(NARROWEST, 2 * LEFT + GAP * (min(len(n), COLUMNS) - 1))


def _title(n: Sequence[int], cost: str) -> str:
    size = sum(out * (inputs + 1) for inputs, out in itertools.pairwise(n))
    layers = len(n) - 1
    return f"{layers} layer{'s' * (layers > 1)}, {size:,} parameters, cost {cost.replace('_', ' ')}"


def _words(n: Sequence[int], activations: Sequence[str]) -> str:
    """Say the architecture for who does not see it; only the ends of a very deep one."""
    layers = [
        f"layer {layer}: {units} units, {activation}"
        for layer, (units, activation) in enumerate(zip(n[1:], activations, strict=True), start=1)
    ]
    shown = layers if len(layers) <= 24 else [*layers[:12], "and so on", *layers[-12:]]
    return "; ".join([f"input: {n[0]} features", *shown])


def _columns(n: Sequence[int]) -> list[_Column]:
    """Choose the layers to draw, and place their units around one middle line."""
    layers = list(range(len(n)))
    if len(n) > COLUMNS:
        layers = [*layers[: COLUMNS // 2], *layers[-(COLUMNS // 2) :]]
    rows = max(len(_drawn(n[layer])) for layer in layers)
    left = (_width(n) - GAP * (len(layers) - 1)) / 2
    columns = []
    for k, layer in enumerate(layers):
        drawn = _drawn(n[layer])
        first = TOP + RISE * (rows - len(drawn)) / 2 + RISE / 2
        places = tuple((unit, first + RISE * i) for i, unit in enumerate(drawn))
        columns.append(_Column(layer, n[layer], left + GAP * k, places))
    return columns


def _drawn(units: int) -> list[int | None]:
    """Number the units to draw from 0; None stands for those left out."""
    if units <= UNITS:
        return list(range(units))
    return [*range(UNITS - 3), None, units - 2, units - 1]


def _edges(columns: Sequence[_Column]) -> list[str]:
    """Draw every connection between units that are drawn, one path for each pair of layers."""
    paths = []
    for left, right in itertools.pairwise(columns):
        if right.layer != left.layer + 1:
            continue
        lines = [
            f"M{left.x:g} {y:g}L{right.x:g} {z:g}"
            for unit, y in left.places
            for other, z in right.places
            if unit is not None and other is not None
        ]
        paths.append(f'<path class="e" fill="none" d="{"".join(lines)}"/>')
    return paths


def _units(column: _Column, last: int, names: Sequence[str]) -> list[str]:
    """Draw a layer's units, with names beside those of the ends."""
    kind = {0: "i", last: "o"}.get(column.layer, "u")
    left = column.layer == 0
    parts = []
    for unit, y in column.places:
        if unit is None:
            parts.append(f'<text x="{column.x:g}" y="{y + 4:g}" text-anchor="middle">⋮</text>')
            continue
        parts.append(f'<circle class="{kind}" cx="{column.x:g}" cy="{y:g}" r="{RADIUS}"/>')
        if names:
            x = column.x - 13 if left else column.x + 13
            anchor = "end" if left else "start"
            name = escape(_short(names[unit]))
            parts.append(f'<text x="{x:g}" y="{y + 4:g}" text-anchor="{anchor}">{name}</text>')
    return parts


def _label(column: _Column, activations: Sequence[str], height: float) -> list[str]:
    """Write under a layer what it is: its number, its units, and its activation."""
    x = f'x="{column.x:g}" text-anchor="middle"'
    if column.layer == 0:
        first, second = "X = A[0]", f"n[0] = {column.units}"
    else:
        first = f"n[{column.layer}] = {column.units}"
        second = activations[column.layer - 1].replace("_", " ")
    return [
        f'<text {x} y="{height - 20}">{first}</text>',
        f'<text class="q" {x} y="{height - 6}">{escape(second)}</text>',
    ]


def _gap(columns: Sequence[_Column], height: float) -> list[str]:
    """Say how many layers are left out in the middle."""
    for left, right in itertools.pairwise(columns):
        hidden = right.layer - left.layer - 1
        if hidden:
            x, y = (left.x + right.x) / 2, (TOP + height - 44) / 2
            return [
                (
                    f'<text x="{x:g}" y="{y:g}" text-anchor="middle">⋯</text>'
                    f'<text class="q" x="{x:g}" y="{y + 16:g}" text-anchor="middle">{hidden} more</text>'
                )
            ]
    return []


def _known(names: Sequence[str], units: int) -> Sequence[str]:
    return names if len(names) == units else ()


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
