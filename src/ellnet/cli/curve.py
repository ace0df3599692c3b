"""Curves in the terminal, in Braille dots: two columns and four rows of them a character."""

import math
from collections.abc import Iterable, Mapping, Sequence

from rich.text import Text

__all__ = ["draw_curves"]

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
WIDE = 10.0
"""From this ratio of the highest to the lowest value on, the scale is logarithmic."""
COLOURS = ("bright_blue", "bright_yellow", "bright_green")


def draw_curves(
    curves: Mapping[str, Sequence[float]],
    *,
    width: int = 60,
    height: int = 10,
    colours: Sequence[str] = COLOURS,
    named: Sequence[str] | None = None,
) -> list[Text]:
    """Draw curves over the same axis 1..N, each in its colour, with a scale and a legend.

    Args:
        curves: name -> values; what is not finite is left out.
        width: characters of the plot itself.
        height: lines of the plot itself.
        colours: one a curve; a later curve is drawn over an earlier one.
        named: the curves that the legend names; by default all.

    Returns:
        The lines from top to bottom; none where there is nothing to draw.
    """
    finite = [value for values in curves.values() for value in values if math.isfinite(value)]
    if not finite:
        return []
    low, high = min(finite), max(finite)
    wide = low > 0 and high / low >= WIDE
    scaled = {name: _logarithms(v) if wide else v for name, v in curves.items()}
    scale = (math.log(low), math.log(high)) if wide else (low, high)
    longest = max(len(values) for values in curves.values())
    cells: dict[tuple[int, int], tuple[int, str]] = {}
    for (_, values), colour in zip(scaled.items(), colours, strict=False):
        for x, y in _dots(values, longest, scale, (2 * width, 4 * height)):
            key = (y // 4, x // 2)
            bits, _ = cells.get(key, (0, colour))
            cells[key] = (bits | DOTS[y % 4][x % 2], colour)
    lines = [_line(cells, row, (width, height), (low, high)) for row in range(height)]
    legend = dict(zip(curves, colours, strict=False))
    shown = {name: c for name, c in legend.items() if named is None or name in named}
    return [*lines, _axis(width, longest), _legend(shown, "logarithmic scale" if wide else "")]


def _logarithms(values: Sequence[float]) -> list[float]:
    return [math.log(value) if 0 < value < math.inf else math.nan for value in values]


def _dots(
    values: Sequence[float], longest: int, scale: tuple[float, float], size: tuple[int, int]
) -> Iterable[tuple[int, int]]:
    """Yield the dots of a curve, joined from column to column."""
    low, high = scale
    columns, rows = size
    span = (high - low) or 1.0
    previous: int | None = None
    for x in range(columns):
        at = x * (longest - 1) / max(1, columns - 1)
        if at > len(values) - 1 + 1e-9:
            return
        value = _between(values, at)
        if not math.isfinite(value):
            previous = None
            continue
        y = round((high - value) / span * (rows - 1))
        near = y if previous is None else previous
        step = 1 if near <= y else -1
        yield from ((x, between) for between in range(near + (step if near != y else 0), y, step))
        yield x, y
        previous = y


def _between(values: Sequence[float], at: float) -> float:
    """Read a curve between two of its points."""
    left = min(int(at), len(values) - 1)
    right = min(left + 1, len(values) - 1)
    return values[left] + (values[right] - values[left]) * (at - left)


def _line(
    cells: dict[tuple[int, int], tuple[int, str]],
    row: int,
    size: tuple[int, int],
    scale: tuple[float, float],
) -> Text:
    width, height = size
    low, high = scale
    label = {0: f"{high:.4g}", height - 1: f"{low:.4g}"}.get(row, "")
    line = Text(f"{label:>9} ┤" if label else " " * 10 + "│")
    for column in range(width):
        bits, colour = cells.get((row, column), (0, ""))
        line.append(chr(0x2800 + bits) if bits else " ", style=colour)
    line.rstrip()
    return line


def _axis(width: int, longest: int) -> Text:
    last = str(longest)
    return Text(" " * 10 + "└" + "1".ljust(width - len(last), "─") + last)


def _legend(colours: Mapping[str, str], note: str) -> Text:
    legend = Text(" " * 11)
    for name, colour in colours.items():
        legend.append("━ ", style=colour).append(f"{name}   ")
    legend.append(note)
    legend.rstrip()
    return legend
