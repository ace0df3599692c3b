"""Growth as a picture: a panel a series, microseconds a step upwards, both axes in powers of ten."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure as Canvas
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.figures import Figure, by_kind
from benchmarks.growth import peak_of
from benchmarks.picture import INK, LIMIT, NAMES, OURS, PALE, PEER, ticks
from benchmarks.report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from benchmarks.growth import Point, Series

__all__ = ["draw"]

MARKS = ("s", "^", "D", "v")
"""Other libraries differ by their marks, not by colour alone."""


def draw(report: Report, series: "Sequence[Series]", points: "Sequence[Point]", path: Path) -> None:
    """Draw every series that was measured, and write a PNG."""
    shown = [each for each in series if any(point.series == each.name for point in points)]
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    canvas = Canvas(
        figsize=(5.2 * columns, 0.8 + 3.6 * rows),
        layout=ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.12),
    )
    axes = canvas.subplots(rows, columns, squeeze=False)
    for number, each in enumerate(shown):
        ax = axes[number // columns][number % columns]
        _panel(ax, each, [point for point in points if point.series == each.name])
        if number == 0:
            ax.legend(frameon=False, fontsize=9, labelcolor=INK)
    for number in range(len(shown), rows * columns):
        axes[number // columns][number % columns].set_visible(False)
    canvas.suptitle(_title(report), x=0.01, ha="left", fontsize=10, color=INK)
    canvas.savefig(path, dpi=150, facecolor="white")


def _title(report: Report) -> str:
    return (
        "Microseconds of a training step, the least of samples taken in turns; less is better\n"
        f"{report.machine['cpu']}, the better of 1 and {report.settings['threads']} threads\n"
    )


def _panel(ax: "Axes", series: "Series", points: "Sequence[Point]") -> None:
    """Draw one series: ours, the others, and what the arithmetic alone would take."""
    lines: dict[str, list[tuple[int, Figure]]] = {}
    for point in points:
        for figure in by_kind(point.figures):
            lines.setdefault(figure.entrant.kind, []).append((point.value, figure))
    ax.set_xscale("log")
    ax.set_yscale("log")
    marks = iter(MARKS)
    for kind, line in lines.items():
        ours = line[0][1].entrant.ours
        color, mark = (OURS, "o") if ours else (PEER, next(marks))
        values, minima = zip(*((value, figure.minimum) for value, figure in line), strict=True)
        name = NAMES.get(kind, kind)
        ax.plot(values, minima, marker=mark, markersize=5, color=color, label=name, linewidth=1.6)
    _limit(ax, points)
    _dress(ax, series)


def _limit(ax: "Axes", points: "Sequence[Point]") -> None:
    """Draw the time of the matrix products at the peak of all cores."""
    known = [(p.value, p.figures[0].flop / peak / 1e3) for p in points if (peak := peak_of(p))]
    if known:
        values, least = zip(*known, strict=True)
        words = "multiply-adds alone"
        ax.plot(values, least, color=LIMIT, linewidth=1, linestyle=(0, (4, 3)), label=words)


def _dress(ax: "Axes", series: "Series") -> None:
    ax.set_title(series.axis, fontsize=11, fontweight="bold", color=INK, loc="left")
    for axis, bounds in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        axis.set_major_locator(FixedLocator(ticks(*bounds)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axis.set_minor_locator(NullLocator())
    ax.tick_params(which="both", length=0, labelsize=8, labelcolor=PEER)
    ax.grid(color=PALE, linewidth=0.8)
    ax.set_axisbelow(True)
    for side in ax.spines.values():
        side.set_visible(False)
