"""The figures as a picture: a panel a net and task, a dot an entrant, microseconds to the right."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure as Canvas
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.figures import Figure, best, by_kind, groups
from benchmarks.report import Report
from benchmarks.tables import counted, microseconds, times

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw", "ticks"]

OURS, VARIANT, PEER, INK, PALE = "#1f5fbf", "#86aede", "#6f6a66", "#22252a", "#e6e4e1"
LIMIT = "#c2571a"

ENOUGH, MANY = 3, 6
"""Numbers that an axis should have: at least, and at most."""

NAMES = {
    "torch": "PyTorch",
    "jax": "JAX",
    "onnxruntime": "ONNX Runtime",
}
"""How libraries write their names, where it is not the package's."""


def draw(report: Report, path: Path) -> None:
    """Draw all figures of a report, and write a PNG."""
    panels = groups(report.figures)
    nets = list(dict.fromkeys(net for _, net, _ in panels))
    tasks = list(
        dict.fromkeys((task, 0 if task == "training" else rows) for task, _, rows in panels)
    )
    lines = {task: _lines(report.figures, task) for task in tasks}
    heights = [len(lines[task]) + 1.6 for task in tasks]
    size = (max(9.5, 2.2 + 3.0 * len(nets)), 1.3 + 0.3 * sum(heights))
    canvas = Canvas(figsize=size, layout=ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.1))
    axes = canvas.subplots(len(tasks), len(nets), squeeze=False, height_ratios=heights)
    for (task, net, rows), group in panels.items():
        key = (task, 0 if task == "training" else rows)
        ax = axes[tasks.index(key)][nets.index(net)]
        _panel(ax, group, lines[key], labelled=nets.index(net) == 0)
        if tasks.index(key) == 0:
            ax.set_title(f"{net}\n", fontsize=13, fontweight="bold", color=INK, loc="left")
        ax.text(0, 1.02, _caption(*key, group[0]), transform=ax.transAxes, color=PEER, fontsize=9)
    canvas.suptitle(_title(report), x=0.01, ha="left", fontsize=10, color=INK)
    canvas.savefig(path, dpi=150, facecolor="white")


def _lines(figures: Sequence[Figure], task: tuple[str, int]) -> list[str]:
    """Return the kinds of entrants of a row of panels, from the top."""
    name, rows = task
    kinds = {f.entrant.kind: f for f in figures if f.task == name and rows in {0, f.rows}}
    return sorted(kinds, key=lambda kind: (not kinds[kind].entrant.ours, list(kinds).index(kind)))


def _caption(task: str, rows: int, figure: Figure) -> str:
    if task == "training":
        return f"µs a training step of {counted(figure.rows, 'example')}"
    return f"µs to predict {counted(rows, 'row')}"


def _title(report: Report) -> str:
    """Say what dots, lines and numbers are, and what was measured on what."""
    machine, threads = report.machine, report.settings["threads"]
    packages = ", ".join(
        f"{NAMES.get(name, name)} {version}"
        for name, version in report.versions.items()
        if name not in {"numpy", "onnx"}
    )
    known = report.peaks.to_json()
    percent = "; %: of the multiply-add peak, which is the dashed line" if known else ""
    return (
        f"Less is better. A dot is the least of many samples taken in turns, its line ends at the "
        f"median; ×: times ellnet's{percent}\n"
        f"{machine['cpu']}, up to {counted(threads, 'thread')}; {packages}\n"
    )


def _panel(ax: "Axes", group: Sequence[Figure], lines: Sequence[str], *, labelled: bool) -> None:
    """Draw one net at one task."""
    mine = best(figure for figure in group if figure.entrant.main)
    chosen = {figure.entrant.kind: figure for figure in by_kind(group)}
    ax.set_xscale("log")
    _limits(ax, list(chosen.values()), mine)
    for kind, figure in chosen.items():
        _dot(ax, figure, len(lines) - 1 - lines.index(kind), mine)
    _limit_line(ax, mine)
    ax.set_ylim(-0.7, len(lines) - 0.3)
    names = [_written(kind) for kind in reversed(lines)]
    ax.set_yticks(range(len(lines)), names if labelled else [], fontsize=10, color=INK)
    ax.tick_params(which="both", length=0, labelsize=8, labelcolor=PEER)
    ax.tick_params(axis="y", labelsize=10, labelcolor=INK)
    _ticks(ax)
    ax.grid(axis="x", color=PALE, linewidth=0.8)
    ax.set_axisbelow(True)
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two, from three to six of them where there are so many."""
    found: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [step * 10.0**power for power in powers for step in steps]
        found = [value for value in found if low <= value <= high]
        if len(found) >= ENOUGH:
            break
    return found[:: 2 if len(found) > MANY else 1]


def _ticks(ax: "Axes") -> None:
    """Write plain numbers."""
    ax.xaxis.set_major_locator(FixedLocator(ticks(*ax.get_xlim())))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    ax.xaxis.set_minor_locator(NullLocator())


def _written(kind: str) -> str:
    return NAMES.get(kind, kind)


def _limits(ax: "Axes", chosen: Sequence[Figure], mine: Figure | None) -> None:
    """Leave room for the words to the right of the last dot."""
    values = [value for figure in chosen for value in (figure.minimum, figure.median)]
    if mine is not None and mine.peak and mine.task == "training":
        values.append(mine.flop / mine.peak / 1e3)
    low, high = math.log10(min(values)), math.log10(max(values))
    span = max(high - low, 0.7)
    ax.set_xlim(10 ** (low - 0.08 * span), 10 ** (high + 0.62 * span))


def _dot(ax: "Axes", figure: Figure, y: int, mine: Figure | None) -> None:
    """Draw the minimum as a dot, a thin line to the median, and say what it is."""
    color = OURS if figure.entrant.main else VARIANT if figure.entrant.ours else PEER
    ax.plot([figure.minimum, figure.median], [y, y], color=color, linewidth=1.2, alpha=0.7)
    ax.plot(figure.minimum, y, "o", color=color, markersize=8 if figure.entrant.main else 6)
    words = microseconds(figure.minimum)
    if figure.entrant.ours:
        words += f"  {figure.percent:.0f} %" if figure.percent and figure.rows > 1 else ""
    elif mine is not None:
        words += f"  {times(figure.minimum / mine.minimum)}"
    weight = "bold" if figure.entrant.main else "normal"
    ax.annotate(
        words,
        (max(figure.minimum, figure.median), y),
        xytext=(7, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
        color=color if figure.entrant.main else INK,
        fontweight=weight,
    )


def _limit_line(ax: "Axes", mine: Figure | None) -> None:
    """Draw the time that the arithmetic alone would take at the peak."""
    if mine is not None and mine.peak and mine.rows > 1:
        at: Mapping[str, float] = {"x": mine.flop / mine.peak / 1e3}
        ax.axvline(at["x"], color=LIMIT, linewidth=1, linestyle=(0, (4, 3)), zorder=1.5)
