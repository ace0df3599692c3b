"""A search on the terminal: its curves as they grow, the forecast, and what was found."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ellnet.cli.curve import draw_curves
from ellnet.cli.tables_shown import plain_table
from ellnet.cli.terminal import cell, say
from ellnet.search import Found, Result, Status
from ellnet.search.verdict import ranked
from ellnet.search.words import described

__all__ = ["Progress", "deviation", "duration", "figure", "report_of", "show_curves", "show_found"]

SECONDS_BETWEEN_LINES = 2.0
CURVES = 60
"""Curves on the terminal, at most: the latest."""

PLAIN, GOOD, BEST = "bright_black", "bright_blue", "bright_yellow"


class Progress:
    """Curves and forecast while a search runs: live on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console) -> None:
        """Show on `console`."""
        self._console = console
        self._running: dict[int, list[float]] = {}
        self._ended: dict[int, Sequence[float]] = {}
        self._line = ""
        self._printed = -math.inf
        self._live = Live(
            get_renderable=self._drawn, console=console, refresh_per_second=4, transient=True
        )

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back."""
        if self._console.is_terminal:
            self._live.stop()
        elif self._line:
            say(self._console, self._line)

    @property
    def watcher(self) -> Callable[[int, Sequence[float]], None] | None:
        """What follows trials under way; none where nobody could see it, since it holds them up."""
        return self.watch if self._console.is_terminal else None

    def watch(self, number: int, costs: Sequence[float]) -> None:
        """Take the curve of a trial under way; called from its thread."""
        self._running[number] = list(costs)

    def ended(self, result: Result, status: Status) -> None:
        """Take the curve of a trial that has ended, and say where the search stands."""
        self._running.pop(result.number, None)
        self._ended[result.number] = result.curves[0].validation if result.curves else ()
        left = "" if status.left is None else f", about {duration(status.left)} left"
        self._line = f"{status.done}/{status.total} trials in {duration(status.seconds)}{left}"
        now = time.monotonic()
        if not self._console.is_terminal and now - self._printed >= SECONDS_BETWEEN_LINES:
            self._printed, line, self._line = now, self._line, ""
            say(self._console, line)

    def _drawn(self) -> Group:
        curves = {str(k): c for k, c in list(self._ended.items())[-CURVES:] if len(c)}
        under_way = {f"{k} ": c for k, c in list(self._running.items()) if c}
        best = min(curves, key=lambda k: min(curves[k]), default=None)
        shown = {k: c for k, c in curves.items() if k != best} | under_way
        colours = [PLAIN] * (len(curves) - (best is not None)) + [GOOD] * len(under_way)
        if best is not None:
            shown, colours = {**shown, f"trial {best}": curves[best]}, [*colours, BEST]
        width = max(20, min(60, self._console.width - 12))
        named = [name for name in shown if name.startswith("trial")]
        lines = draw_curves(shown, width=width, colours=colours, named=named)
        return Group(*lines, Text(self._line or "the first trials are under way"))


def duration(seconds: float) -> str:
    """Write seconds as a person would."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return (
        f"{minutes} min {rest:02d} s"
        if minutes < 60
        else f"{minutes // 60} h {minutes % 60:02d} min"
    )


def show_curves(console: Console, found: Found) -> None:
    """Draw every trial's validation cost; those as good as the best stand out."""
    good = {result.number for result in found.as_good}
    ordered = sorted(
        found.results.values(), key=lambda r: (r.number == found.best.number, r.number in good)
    )
    ordered = [result for result in ordered if result.curves][-CURVES:]
    curves = {f"trial {r.number}": r.curves[0].validation for r in ordered}
    colours = [GOOD if r.number in good else PLAIN for r in ordered[:-1]] + [BEST]
    width = max(20, min(60, console.width - 12))
    last = f"trial {found.best.number}"
    for line in draw_curves(curves, width=width, colours=colours, named=[last]):
        console.print(line)
    say(
        console,
        f"validation cost against epochs: the best, {len(good) - 1} as good, and the others",
    )


def show_found(console: Console, found: Found, *, top: int = 10) -> None:
    """Show the best trial with its uncertainty, and the table of the best."""
    best, good = found.best, {result.number for result in found.as_good}
    counts = {s: sum(r.state == s for r in found.results.values()) for s in STATES}
    said = ", ".join(f"{n} {state}" for state, n in counts.items() if n)
    say(console, f"{len(found.results)} trials: {said}")
    refused = [r for _, r in sorted(found.results.items()) if r.state == "refused"]
    if refused:
        say(console, f"trial {refused[0].number} was refused: {refused[0].trouble}")
    folds = max(len(result.curves) for result in found.results.values())
    epochs = "epochs" if folds <= 1 else f"epochs, {folds} folds"
    table = plain_table("trial", found.measure.name, "±", epochs, "as good", "values")
    table.columns[-1].justify = "left"
    for result in ranked(found.results.values(), found.measure)[:top]:
        style = "bold" if result.number == best.number else ""
        table.add_row(
            str(result.number),
            figure(result.value),
            deviation(result.error),
            str(result.epochs),
            "yes" if result.number in good else "",
            cell(described(result.chosen)),
            style=style,
        )
    console.print(table)
    more = len(good) - 1
    say(
        console,
        f"best: trial {best.number}, {found.measure.name} {figure(best.value)} ± {deviation(best.error)} "
        f"({described(best.chosen)}); {more or 'no'} other{'' if more == 1 else 's'} "
        f"{'is' if more == 1 else 'are'} as good for all that these rows can tell",
    )


STATES = ("complete", "pruned", "diverged", "refused")


def figure(value: float) -> str:
    """Write a number with four digits that tell something."""
    return "-" if math.isnan(value) else f"{value:.4g}"


def deviation(value: float) -> str:
    """Write a standard error with the two digits that it is known to."""
    return "-" if math.isnan(value) else f"{value:.2g}"


def report_of(found: Found, importance: Mapping[str, float]) -> dict[str, Any]:
    """Return what was found, for programs."""
    return {
        "metric": found.measure.name,
        "greater_is_better": found.measure.greater,
        "best": _trial(found.best),
        "as_good": [result.number for result in found.as_good],
        "importance": dict(importance),
        "trials": [_trial(result) for _, result in sorted(found.results.items())],
    }


def _trial(result: Result) -> dict[str, Any]:
    return {
        "number": result.number,
        "state": result.state,
        "value": _finite(result.value) if result.state == "complete" else None,
        "standard_error": _finite(result.error),
        "chosen": dict(result.chosen),
        "epochs": result.epochs,
        "seconds": round(result.seconds, 3),
        **({"trouble": result.trouble} if result.trouble else {}),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
