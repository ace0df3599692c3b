"""`ellnet lr-find`: the learning-rate range test on a table, with its curve and a suggestion."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ellnet.cli.curve import draw_curves
from ellnet.cli.options import (
    FIELDS,
    GroupedCommand,
    chosen_hyperparameters,
    hyperparameter_options,
)
from ellnet.cli.search_options import plan_of, table_options
from ellnet.cli.sources import open_table
from ellnet.cli.terminal import say, terminal

__all__ = ["lr_find"]


@click.command("lr-find", cls=GroupedCommand, short_help="Find a learning rate by a range test.")
@click.argument("table")
@table_options
@click.option("--low", default=1e-6, show_default=True, metavar="X", help="The first rate.")
@click.option("--high", default=10.0, show_default=True, metavar="X", help="The last rate.")
@click.option("--steps", default=200, show_default=True, metavar="N", help="Steps between them.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the curve as PNG.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@hyperparameter_options
def lr_find(
    table: str, *, low: float, high: float, steps: int, picture: Path | None, **given: Any
) -> None:
    """Find a learning rate for TABLE: one short run, in which the rate grows with every step.

    The suggestion is a tenth of the rate at which the smoothed cost was lowest; the other
    hyperparameters are as given, since the rate belongs to them.
    """
    from ellnet.search import Evaluation
    from ellnet.search.material import prepare
    from ellnet.search.rates import find_rate

    if given["learning_rate"] is not None:
        raise click.UsageError(
            "lr-find takes no --learning-rate: it tries all from --low to --high; leave it away"
        )
    console = terminal(stderr=given["as_json"])
    plan = plan_of(table, given)
    columns = open_table(table, ignore=given["ignore"], categorical=given["categorical"])
    said = {name: given[name] for name in FIELDS}
    chosen = chosen_hyperparameters(said, {})
    material = prepare(columns, plan, Evaluation(), chosen)
    found = find_rate(material.folds[0], chosen, low=low, high=high, steps=steps)
    say(console, f"{columns.source}: {len(found.costs)} of {steps} steps, one minibatch each")
    _curve(console, found.rates, found.smoothed)
    if found.suggestion is None:
        say(console, "the cost fell at no rate: begin lower with --low, or look at the inputs")
    else:
        say(console, f"suggestion: --learning-rate {found.suggestion:.2g}")
    if picture is not None:
        from ellnet.search.rate_picture import RateTestDisplay

        _draw(RateTestDisplay.from_test(found, title=columns.source), picture)
        say(console, f"drawn in {picture}")
    if given["as_json"]:
        report = {
            name: getattr(found, name) for name in ("suggestion", "rates", "costs", "smoothed")
        }
        click.echo(json.dumps(report, allow_nan=False))


def _curve(console: Console, rates: Sequence[float], smoothed: Sequence[float]) -> None:
    """Draw the smoothed cost; what explodes is cut off at a little above where it began."""
    top = 1.5 * max(smoothed[: max(1, len(smoothed) // 2)])
    shown = [cost if cost <= top else math.nan for cost in smoothed]
    lines = draw_curves({"smoothed cost": shown}, width=max(20, min(60, console.width - 12)))
    for line in lines:
        console.print(line)
    say(console, f"steps, with learning rates from {rates[0]:.2g} to {rates[-1]:.2g}")


def _draw(display: Any, path: Path) -> None:
    from ellnet.errors import FileAccessError

    try:
        display.save(path)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise FileAccessError(f"{path} cannot be written: {said}; name another file") from error
