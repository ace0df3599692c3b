"""The figures as tables for a terminal."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, Ratio, best, by_kind, groups, ratios
from benchmarks.report import Report

__all__ = ["counted", "figure_table", "microseconds", "ratio_table", "show", "times"]

WIDTH = 100
"""Characters of a line where the output is no terminal."""


def microseconds(value: float) -> str:
    """Write a time with three digits that say something."""
    return f"{value:.3f}" if value < 1 else three_digits(value)


def three_digits(value: float) -> str:
    """Write a number with three digits, or with all before the point."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"


def times(ratio: float) -> str:
    """Write a ratio, such as "12.3×"."""
    return f"{three_digits(ratio)}×"


def counted(number: int, noun: str) -> str:
    """Write a number of things, such as "1 row" or "10,000 rows"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def empty(title: str, *headers: str) -> Table:
    """Return a table without rows: names to the left, numbers to the right."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for i, header in enumerate(headers):
        table.add_column(header, justify="right" if i else "left", overflow="fold")
    return table


def title_of(task: str, rows: int) -> str:
    """Return what a table is about."""
    if task == "training":
        return "Training, a step: shuffle, gather, forward, cost, backward, Adam"
    return f"Prediction, a call with {counted(rows, 'row')}"


def figure_table(title: str, figures: Sequence[Figure], *, everything: bool = False) -> Table:
    """Return the figures of one task.

    Args:
        title: above the table.
        figures: of one task, all nets.
        everything: whether to show a peer with every number of threads, and not the better alone.
    """
    headers = ("", "threads", "min µs", "median µs", "GFLOP/s", "% of peak", "× ellnet")
    table = empty(title, *headers)
    for (task, net, rows), group in groups(figures).items():
        mine = best(figure for figure in group if figure.entrant.main)
        kept = by_kind(group)
        table.add_row(f"{net}, {counted(rows, 'example')}" if task == "training" else net)
        for figure in group:
            if everything or figure.entrant.ours or figure in kept:
                table.add_row(*_cells(figure, mine), style="bold" if figure is mine else "")
        table.add_section()
    return table


def _cells(figure: Figure, mine: Figure | None) -> tuple[str, ...]:
    return (
        f"  {figure.entrant.kind}",
        str(figure.entrant.threads),
        microseconds(figure.minimum),
        microseconds(figure.median),
        f"{figure.gflops:,.1f}",
        "-" if figure.percent is None else f"{figure.percent:.1f}",
        "-" if mine is None else times(figure.minimum / mine.minimum),
    )


def ratio_table(found: Sequence[Ratio]) -> Table:
    """Return how many times as fast as each peer ours is, by the minima and, behind, the medians."""
    peers = list(dict.fromkeys(ratio.peer for ratio in found))
    table = empty("How many times as fast as others, by minima (by medians)", "", *peers)
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for ratio in found:
        rows = counted(ratio.rows, "row")
        task = "training" if ratio.task == "training" else f"predicting {rows}"
        cells = lines.setdefault((f"{ratio.net}, {task}", ratio.ours), {})
        cells[ratio.peer] = f"{three_digits(ratio.minimum)} ({three_digits(ratio.median)})"
    heading = ""
    for (task, ours), cells in lines.items():
        if task != heading:
            table.add_section()
            table.add_row(task)
            heading = task
        table.add_row(f"  {ours}", *(cells.get(peer, "-") for peer in peers))
    return table


def show(console: Console, report: Report, *, everything: bool = False) -> None:
    """Show every table, the machine's peak, and who was passed over."""
    for (task, rows), figures in _by_task(report.figures).items():
        console.print(figure_table(title_of(task, rows), figures, everything=everything))
    found = ratios(report.figures)
    if found:
        console.print(ratio_table(found))
    peaks = [
        f"{peak['gflops']:,.0f} ({peak['target']}, {peak['dtype']}, "
        f"{counted(peak['threads'], 'thread')})"
        for peak in report.peaks.to_json()
    ]
    known = f"GFLOP/s of fused multiply-adds alone: {'; '.join(peaks)}" if peaks else NO_PEAK
    console.print(f"Peak: {known}", markup=False, highlight=False)
    for name, reason in report.passed_over.items():
        console.print(f"{name} was passed over: {reason}", markup=False, highlight=False)


NO_PEAK = "not known; the native engine measures it"


def _by_task(figures: Sequence[Figure]) -> dict[tuple[str, int], list[Figure]]:
    """Return the figures by table: training of all nets is one, predictions of a size are one."""
    found: dict[tuple[str, int], list[Figure]] = {}
    for figure in figures:
        rows = 0 if figure.task == "training" else figure.rows
        found.setdefault((figure.task, rows), []).append(figure)
    return found
