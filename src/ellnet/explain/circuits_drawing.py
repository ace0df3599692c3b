"""Circuits as one picture: every unit and every wire, blue adding and orange taking away."""

import itertools
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from ellnet.explain.circuits import Circuit
from ellnet.network import Network

__all__ = ["circuits_svg"]

UNITS = 16
"""Units of a layer that are drawn, at most; those in the middle of a wider one are dots instead."""

RISE, GAP, RADIUS = 24, 96, 7
LEFT, TOP, BOTTOM, BETWEEN = 40, 52, 40, 26
NARROWEST = 240

STYLE = (
    ".c{color:#1f2933;font:12px system-ui,sans-serif}.c text{fill:currentColor}"
    ".c .q{fill-opacity:.7}.c .h{font-weight:600;font-size:14px}"
    ".c .i{fill:#8a97a6}.c .u{fill:#5a6b7d}.c .o{fill:#1f2933}"
    ".c .p{stroke:#2f6fc4}.c .m{stroke:#c2571a;stroke-dasharray:5 2}"
    ".c .b{fill:#ffffff}"
    "@media(prefers-color-scheme:dark){.c{color:#dfe6ee}.c .b{fill:#14181d}"
    ".c .i{fill:#9fb0c2}.c .u{fill:#b9c6d3}.c .o{fill:#ffffff}"
    ".c .p{stroke:#79a8e8}.c .m{stroke:#f0985f}}"
)
"""Adding is blue and whole, taking away orange and dashed: told apart without colours too."""


class _Place(NamedTuple):
    """Where a unit is drawn; a unit of None stands for those left out."""

    unit: int | None
    x: float
    y: float


def circuits_svg(circuits: Sequence[Circuit]) -> str:
    """Return one SVG with the circuits beside one another, readable in light and dark.

    A wire is a weight that is not 0: blue and whole above it, orange and dashed below, the thicker the
    larger within its layer. Each unit's formula is its tooltip.

    Args:
        circuits: what is drawn, from left to right.
    """
    tallest = max(min(max(circuit.network.n), UNITS) for circuit in circuits)
    height = TOP + RISE * tallest + BOTTOM
    panels, left = [], float(BETWEEN)
    for circuit in circuits:
        width = _width(circuit.network)
        panels.append(f'<g transform="translate({left:g} 0)">{_panel(circuit, width, height)}</g>')
        left += width + BETWEEN
    names = ", ".join(circuit.title for circuit in circuits)
    return (
        f'<svg class="c" xmlns="http://www.w3.org/2000/svg" role="img" width="{left:g}" '
        f'height="{height}" viewBox="0 0 {left:g} {height}">'
        f"<title>Parity of {circuits[0].network.n[0]} inputs: {escape(names)}</title>"
        f'<style>{STYLE}</style><rect class="b" width="{left:g}" height="{height}"/>'
        f"{''.join(panels)}</svg>\n"
    )


def _width(net: Network) -> float:
    return max(NARROWEST, 2 * LEFT + GAP * net.L)


def _panel(circuit: Circuit, width: float, height: float) -> str:
    net = circuit.network
    first = (width - GAP * net.L) / 2
    columns = [
        _column(units, first + GAP * layer, height - TOP - BOTTOM)
        for layer, units in enumerate(net.n)
    ]
    middle = f'x="{width / 2:g}" text-anchor="middle"'
    counted = f"{circuit.units} units, {circuit.weights} weights, {circuit.levels} hidden "
    parts = [
        f'<text class="h" {middle} y="20">{escape(circuit.title)}</text>',
        f'<text class="q" {middle} y="38">{counted}layer{"s" * (circuit.levels > 1)}</text>',
    ]
    for layer in range(1, net.L + 1):
        parts += _wires(net.W[layer], columns[layer - 1], columns[layer])
    for layer, column in enumerate(columns):
        parts += _units(net, layer, column)
        label = (
            "inputs" if layer == 0 else "sum" if layer == net.L else f"n[{layer}]={net.n[layer]}"
        )
        at = f'x="{column[0].x:g}" y="{height - 12:g}"'
        parts.append(f'<text class="q" {at} text-anchor="middle">{label}</text>')
    return "".join(parts)


def _column(units: int, x: float, height: float) -> list[_Place]:
    """Place the units of a layer one below the other, the whole in the middle."""
    drawn: list[int | None] = list(range(units))
    if units > UNITS:
        half = (UNITS - 1) // 2
        drawn = [*range(half + 1), None, *range(units - half, units)]
    top = TOP + (height - RISE * len(drawn)) / 2 + RISE / 2
    return [_Place(unit, x, top + RISE * k) for k, unit in enumerate(drawn)]


def _wires(W: np.ndarray, left: Sequence[_Place], right: Sequence[_Place]) -> list[str]:
    """Draw the weights that are not 0, one path for each value of them."""
    paths: dict[float, list[str]] = {}
    for one, other in itertools.product(left, right):
        if one.unit is None or other.unit is None or W[other.unit, one.unit] == 0:
            continue
        line = f"M{one.x:g} {one.y:g}L{other.x:g} {other.y:g}"
        paths.setdefault(float(W[other.unit, one.unit]), []).append(line)
    largest = max(map(abs, paths), default=1.0)
    faint = 0.8 if sum(map(len, paths.values())) < 80 else 0.45
    return [
        f'<path class="{"p" if weight > 0 else "m"}" fill="none" stroke-opacity="{faint}" '
        f'stroke-width="{0.6 + 1.2 * abs(weight) / largest:.2g}" d="{"".join(lines)}">'
        f"<title>{weight:+g}</title></path>"
        for weight, lines in sorted(paths.items())
    ]


def _units(net: Network, layer: int, column: Sequence[_Place]) -> list[str]:
    kind = "i" if layer == 0 else "o" if layer == net.L else "u"
    parts = []
    for unit, x, y in column:
        if unit is None:
            parts.append(f'<text x="{x:g}" y="{y + 4:g}" text-anchor="middle">⋮</text>')
            continue
        said = escape(_formula(net, layer, unit))
        parts.append(
            f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="{RADIUS}"><title>{said}</title></circle>'
        )
        if layer == 0:
            parts.append(f'<text x="{x - 12:g}" y="{y + 4:g}" text-anchor="end">x{unit + 1}</text>')
    return parts


def _formula(net: Network, layer: int, unit: int) -> str:
    """Write what a unit computes, such as relu(x1 + x2 - 1)."""
    if layer == 0:
        return f"x{unit + 1}"
    letter = "x" if layer == 1 else f"a[{layer - 1}]_"
    weights = [float(weight) for weight in net.W[layer][unit]]
    terms = [(weight, f"{letter}{k}") for k, weight in enumerate(weights, start=1) if weight]
    bias = float(net.b[layer][unit, 0])
    text = "".join(
        f" {'-' if weight < 0 else '+'} {'' if abs(weight) == 1 else f'{abs(weight):g} '}{name}"
        for weight, name in terms
    )
    text += f" {'-' if bias < 0 else '+'} {abs(bias):g}" if bias else ""
    inside = text.removeprefix(" + ").removeprefix(" ")
    g = net.activations[layer]
    return inside if g == "identity" else f"{g.replace('_', ' ')}({inside})"
