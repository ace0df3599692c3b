"""A ladder on the terminal: each rung as it is done, the table, and the recommendation."""

import json
import math
import warnings
from collections.abc import Mapping
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from ellnet.cli.search_shown import duration, figure
from ellnet.cli.shrink import document_of
from ellnet.cli.tables_shown import plain_table
from ellnet.cli.terminal import cell, say
from ellnet.errors import EllnetWarning
from ellnet.evaluation import Scores
from ellnet.search import Climbed, Rung, Standing
from ellnet.search.ladder_ground import Ground
from ellnet.search.ladder_verdict import Comparison
from ellnet.search.ladder_words import ending, name_of, p_of, sentence, verdict
from ellnet.shrinking import Shrunk

__all__ = ["LadderProgress", "report_of", "show_ladder", "show_rows"]

MOST_CLASSES = 8
"""Named in a warning, at most."""

MOST_DIGITS, SMALL = 4, 1e-4
"""Digits after the point, and the error below which an exponent is written instead."""


class LadderProgress:
    """A line a rung as it is done; on a terminal a live line says how far the one under way is."""

    def __init__(self, console: Console, ground: Ground) -> None:
        """Show on `console`."""
        self._console, self._ground = console, ground
        self._line = "the linear model is under way"
        self._live = Live(
            get_renderable=lambda: Text(self._line),
            console=console,
            refresh_per_second=4,
            transient=True,
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

    def watch(self, at: Standing) -> None:
        """Take where the ladder stands."""
        name = ",".join(map(str, at.hidden)) or "linear"
        left = "" if at.left is None else f", about {duration(at.left)} left for it"
        self._line = (
            f"rung {at.rungs + 1}, {name}: {at.done} of {at.folds} folds, {duration(at.seconds)} "
            f"so far{left}"
        )

    def ended(self, rung: Rung) -> None:
        """Show a rung that is done."""
        test = self._ground.test
        losses = test.losses(rung)
        size = f"{rung.size:,} parameters"
        value = _with_error(shown(test.mean(rung), test.greater), test.error_of(losses))
        said = f"{test.metric} {value}" if rung.trained else "diverged"
        say(
            self._console,
            f"  {name_of(rung)}: {said}, {size}, {duration(rung.seconds)} of training",
        )


def shown(loss: float, greater: bool) -> float:
    """Return a loss as the metric that it was made of."""
    return -loss if greater else loss


def show_rows(console: Console, source: str, ground: Ground) -> None:
    """Say which rows are climbed on, and how they are cut."""
    of = "" if ground.rows == ground.all_rows else f", a sample of {ground.all_rows:,},"
    folds = len(ground.stages)
    say(
        console,
        f"{source}: {ground.rows:,} rows{of} in {folds} folds; {ground.test_rows:,} test rows that "
        "no rung sees",
    )
    if scarce := ground.scarce():
        named = ", ".join(f"{name!r} has {rows:,}" for name, rows in scarce[:MOST_CLASSES])
        more = ", ..." if len(scarce) > MOST_CLASSES else ""
        warnings.warn(
            f"a class with fewer rows than the {ground.test.folds} folds is missing where some of them "
            f"are judged: {named}{more}; take fewer folds (--folds) or give more rows",
            EllnetWarning,
            stacklevel=2,
        )


def show_ladder(console: Console, climbed: Climbed) -> None:
    """Show the table of the rungs, and the recommendation in a sentence."""
    test, measure = climbed.test, climbed.ground.measure
    metrics = [test.metric] if test.metric != "cost" else ["cost", measure.name]
    table = plain_table("hidden", "size", *metrics, "behind the best", "p", "")
    table.columns[-1].justify = "left"
    for rung in climbed.rungs:
        found, losses = climbed.against_best(rung), test.losses(rung)
        best = rung is climbed.best
        extra = [figure(_mean(rung))] if len(metrics) > 1 else []
        table.add_row(
            cell(name_of(rung)),
            f"{rung.size:,}",
            _with_error(shown(test.mean(rung), test.greater), test.error_of(losses)),
            *extra,
            *(("", "") if best or not rung.trained else _compared(found)),
            cell("use this" if rung is climbed.recommended else verdict(climbed, rung)),
            style="bold" if rung is climbed.recommended else "",
        )
    console.print(table)
    say(console, f"the ladder ended: {ending(climbed)}")
    say(console, sentence(climbed))


def _compared(found: Comparison) -> tuple[str, str]:
    return _with_error(found.difference, found.error), p_of(found.p)


def _with_error(value: float, error: float) -> str:
    """Write a number with the digits that its error leaves, and the error with two."""
    if not (math.isfinite(value) and math.isfinite(error)):
        return "-"
    if error <= 0:
        return figure(value)
    if error < SMALL:
        return f"{value:.1e} ± {error:.0e}"
    digits = min(MOST_DIGITS, max(0, 1 - math.floor(math.log10(error))))
    return f"{value:,.{digits}f} ± {error:,.{digits}f}"


def _mean(rung: Rung) -> float:
    return sum(each.value for each in rung.judged) / len(rung.judged)


def report_of(
    climbed: Climbed, folder: str, scores: Mapping[str, Scores], shrunk: Shrunk | None
) -> str:
    """Return what was found as JSON, for programs."""
    test = climbed.test
    rungs = []
    for rung in climbed.rungs:
        found = climbed.against_best(rung)
        rungs.append(
            {
                "hidden": list(rung.hidden),
                "parameters": rung.size,
                "value": _finite(shown(test.mean(rung), test.greater)),
                "standard_error": _finite(test.error_of(test.losses(rung))),
                climbed.ground.measure.name: _finite(_mean(rung)),
                "difference": _finite(found.difference),
                "difference_error": _finite(found.error),
                "p": found.p,
                "verdict": verdict(climbed, rung),
            }
        )
    report = {
        "folder": folder,
        "metric": test.metric,
        "greater_is_better": test.greater,
        "rows": climbed.ground.rows,
        "folds": len(climbed.ground.stages),
        "ended": climbed.ended,
        "recommended": list(climbed.recommended.hidden),
        "best": list(climbed.best.hidden),
        "sentence": sentence(climbed),
        "rungs": rungs,
        "scores": {name: each.to_json() for name, each in scores.items()},
        "shrunk": None if shrunk is None else document_of(shrunk),
    }
    return json.dumps(report, allow_nan=False)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
