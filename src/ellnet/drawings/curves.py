"""Curves over epochs as a small SVG, on a logarithmic scale where they fall far."""

import math
from collections.abc import Mapping, Sequence
from html import escape

__all__ = ["curves_svg"]

WIDTH, HEIGHT = 420, 150
LEFT, RIGHT, TOP, BOTTOM = 58, 8, 10, 22
POINTS = 200
"""Points of a curve, at most."""

WIDE = 10.0
"""From this ratio of the highest to the lowest value on, the scale is logarithmic."""

CLASSES = ("one", "two")


def curves_svg(curves: Mapping[str, Sequence[float]], marked: int = 0) -> str:
    """Return curves over the same axis 1..N, the first two of them, with a legend; "" without a number.

    Args:
        curves: name -> values; what is not finite is left out.
        marked: an epoch, from 1, to mark on the last curve; 0 for none.
    """
    shown = {name: values for name, values in list(curves.items())[:2] if len(values)}
    finite = [v for values in shown.values() for v in values if math.isfinite(v)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    wide = low > 0 and high / low >= WIDE
    ends = (math.log(low), math.log(high)) if wide else (low, high)
    longest = max(map(len, shown.values()))
    parts = [_frame(low, high, longest, wide=wide)]
    for kind, (name, values) in zip(CLASSES, shown.items(), strict=False):
        places = [(_x(k, longest), _y(values[k], ends, wide=wide)) for k in _some(len(values))]
        drawn = [(x, y) for x, y in places if y is not None]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
        parts.append(f'<polyline class="{kind}" fill="none" stroke-width="1.6" points="{points}"/>')
        parts.append(_legend(name, kind))
    last = list(shown.values())[-1]
    if 0 < marked <= len(last) and (y := _y(last[marked - 1], ends, wide=wide)) is not None:
        parts.append(f'<circle class="k" cx="{_x(marked - 1, longest):.1f}" cy="{y:.1f}" r="3.2"/>')
    said = escape("curves of " + ", ".join(shown))
    return (
        f'<svg role="img" aria-label="{said}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
    )


def _some(count: int) -> list[int]:
    """Return the numbers of the points to draw, both ends among them."""
    if count <= POINTS:
        return list(range(count))
    return [round(k * (count - 1) / (POINTS - 1)) for k in range(POINTS)]


def _x(k: int, longest: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * k / max(1, longest - 1)


def _y(value: float, ends: tuple[float, float], *, wide: bool) -> float | None:
    if not math.isfinite(value):
        return None
    scaled = math.log(value) if wide else value
    part = (ends[1] - scaled) / ((ends[1] - ends[0]) or 1.0)
    return TOP + (HEIGHT - TOP - BOTTOM) * part


def _frame(low: float, high: float, longest: int, *, wide: bool) -> str:
    bottom = HEIGHT - BOTTOM
    axes = f"M{LEFT} {TOP}V{bottom}H{WIDTH - RIGHT}"
    note = ", logarithmic" if wide else ""
    return (
        f'<path d="{axes}" fill="none" stroke="currentColor" stroke-opacity=".4"/>'
        f'<text x="{LEFT - 5}" y="{TOP + 6}" text-anchor="end">{high:.3g}</text>'
        f'<text x="{LEFT - 5}" y="{bottom}" text-anchor="end">{low:.3g}</text>'
        f'<text x="{LEFT}" y="{HEIGHT - 6}">1</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">epoch {longest}{note}</text>'
    )


def _legend(name: str, kind: str) -> str:
    x, y = WIDTH - RIGHT - 100, TOP + 8 + 14 * CLASSES.index(kind)
    return (
        f'<path class="{kind}" stroke-width="2" d="M{x} {y - 3}h14"/>'
        f'<text x="{x + 19}" y="{y}">{escape(name)}</text>'
    )
