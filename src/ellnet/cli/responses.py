"""`ellnet responses`: what a model, and the units of its layers, respond to."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ellnet.cli.pictures import Looked, dark_option, draw_to, looked_at, unit_options
from ellnet.cli.tables_shown import plain_table
from ellnet.cli.terminal import cell, say, terminal
from ellnet.errors import DataError
from ellnet.loading import load

if TYPE_CHECKING:
    from ellnet.explain.responses_units import LayerHealth
    from ellnet.plots import Display

__all__ = ["responses"]

SHOWN, OUTPUTS = 20, 8
"""Columns of a table, or units, and outputs that are printed, at most."""


@click.command(short_help="Show what a model responds to: its columns, or the units of a layer.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("table")
@click.option("--layer", type=click.IntRange(min=1), help="Show what drives the units of a layer.")
@unit_options
@click.option(
    "--count",
    type=click.IntRange(min=1, max=20),
    default=5,
    show_default=True,
    help="How many examples a unit, of those that drive it most and least.",
)
@click.option("--column", metavar="NAME", help="Show how the prediction depends on a column.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="A picture: .png, .svg or .pdf.")
@dark_option
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
def responses(  # noqa: PLR0917 - click passes them by name
    model: Path,
    table: str,
    layer: int | None,
    units: tuple[int, ...],
    image: tuple[int, int] | None,
    count: int,
    column: str | None,
    out: Path | None,
    dark: bool,
    as_json: bool,
) -> None:
    """Show what MODEL, a model file or a saved estimator, responds to on the rows of TABLE.

    Without --layer: how much each column matters (permutation importance, input gradients), and which
    units are dead or saturated. With --layer: for each unit the input that drives it most, by gradient
    ascent, and the rows that drive it most and least. With --column: partial dependence.
    """
    from ellnet.plots import check_ending

    if out is not None:
        check_ending(out)
    if layer is None and (units or image is not None):
        raise click.UsageError("--unit and --image go with --layer")
    if layer is not None and column is not None:
        raise click.UsageError("--layer and --column are two questions; ask one of them")
    looked = looked_at(load(model), table)
    if looked.m == 0:
        raise DataError(f"{table} has no row to look at")
    if layer is not None:
        answer = _of_layer(looked, layer, units, image, count)
    else:
        answer = _of_table(looked) if column is None else _of_column(looked, column)
    if as_json:
        click.echo(json.dumps(answer.document, allow_nan=False))
    else:
        answer.show(terminal())
    if out is not None:
        draw_to(out, dark, answer.draw)
        say(terminal(stderr=True), f"wrote {out}")


class _Answer(NamedTuple):
    """What is printed as JSON, what is printed for people, and what is drawn."""

    document: dict[str, Any]
    show: Callable[[Console], None]
    draw: "Callable[[], Display]"


def _of_layer(
    looked: Looked,
    layer: int,
    units: tuple[int, ...],
    image: tuple[int, int] | None,
    count: int,
) -> _Answer:
    """Answer for the units of a layer."""
    from ellnet.explain.responses_units import unit_health
    from ellnet.plots import ResponsesDisplay

    found = ResponsesDisplay.found(
        looked.subject, looked.X, layer=layer, units=units or None, count=count, image_shape=image
    )
    health = unit_health(looked.subject, looked.X)[layer - 1]
    driven, drivers = found.driven, found.drivers
    names = found.unit_names or tuple(map(str, driven.units))
    document: dict[str, Any] = {
        "layer": layer,
        "norm": driven.norm,
        "health": _health_document(health),
        "units": [
            {
                "unit": unit,
                "name": names[k],
                "ascent": float(driven.values[k]),
                "most": _rows(drivers.most[k], drivers.z_most[k]),
                "least": _rows(drivers.least[k], drivers.z_least[k]),
            }
            for k, unit in enumerate(driven.units)
        ],
    }

    def show(console: Console) -> None:
        grid = plain_table("unit", "z by ascent", "most: row (z)", "least: row (z)")
        for row in document["units"]:
            cells = (row["name"], f"{row['ascent']:.3g}", _told(row["most"]), _told(row["least"]))
            grid.add_row(*map(cell, cells))
        console.print(grid)
        say(
            console,
            f"the ascent stays within {driven.norm:.3g} of the mean example; rows count from 0",
        )
        _show_health(console, [health])

    return _Answer(document, show, found.plot)


def _of_table(looked: Looked) -> _Answer:
    """Answer for the columns of a table, and for all units."""
    from ellnet.explain.responses_table import influence
    from ellnet.explain.responses_units import unit_health
    from ellnet.plots import InfluenceDisplay

    if looked.y is None:
        raise DataError(
            "how much a column matters is measured by what the score loses, and the table has no "
            "column with the truth; add it, or ask for --layer or --column"
        )
    found = influence(looked.subject, looked.X, looked.y)
    health = unit_health(looked.subject, looked.X)
    document: dict[str, Any] = {
        "scoring": found.scoring,
        "score": found.score,
        "rows": found.rows,
        "columns": [
            {
                "column": found.names[k],
                "importance": float(found.importance[k]),
                "spread": float(found.spread[k]),
                "sensitivity": float(found.sensitivity[k]),
            }
            for k in found.order()
        ],
        "health": [_health_document(each) for each in health],
    }

    def show(console: Console) -> None:
        grid = plain_table("column", f"{found.scoring} lost", "+/-", "|dz[L]| a deviation")
        for row in document["columns"][:SHOWN]:
            numbers = (row["importance"], row["spread"], row["sensitivity"])
            grid.add_row(cell(row["column"]), *(cell(f"{number:.3g}") for number in numbers))
        console.print(grid)
        say(console, f"{found.scoring} {found.score:.4g} before, on {found.rows:,} rows")
        _show_health(console, health)

    return _Answer(document, show, lambda: InfluenceDisplay(found).plot())


def _of_column(looked: Looked, column: str) -> _Answer:
    """Answer for one column."""
    from ellnet.explain.responses_table import dependence
    from ellnet.plots import DependenceDisplay

    found = dependence(looked.subject, looked.X, column)
    document: dict[str, Any] = {
        "column": column,
        "grid": list(found.grid),
        "outputs": {n: v.tolist() for n, v in zip(found.outputs, found.values, strict=True)},
    }

    def show(console: Console) -> None:
        grid = plain_table(column, *found.outputs[:OUTPUTS])
        for k, value in enumerate(found.grid):
            first = value if isinstance(value, str) else f"{value:.4g}"
            grid.add_row(cell(first), *(cell(f"{v:.4g}") for v in found.values[:OUTPUTS, k]))
        console.print(grid)

    return _Answer(document, show, lambda: DependenceDisplay(found).plot())


def _rows(rows: NDArray[np.int64], z: NDArray[np.float64]) -> list[dict[str, Any]]:
    return [{"row": int(r), "z": float(value)} for r, value in zip(rows, z, strict=True)]


def _told(rows: list[dict[str, Any]]) -> str:
    return ", ".join(f"{each['row']} ({each['z']:.3g})" for each in rows)


def _health_document(health: "LayerHealth") -> dict[str, Any]:
    return {
        "layer": health.layer,
        "activation": health.activation,
        "units": health.units,
        "dead": list(health.dead),
        "saturated": list(health.saturated),
    }


def _show_health(console: Console, layers: "list[LayerHealth]") -> None:
    """Name the units that do nothing."""
    for health in layers:
        for what, units in (("dead", health.dead), ("saturated", health.saturated)):
            if units:
                shown = ", ".join(map(str, units[:SHOWN])) + (", ..." if len(units) > SHOWN else "")
                say(
                    console, f"layer {health.layer}: {len(units)} of {health.units} {what}: {shown}"
                )
    if not any(health.dead or health.saturated for health in layers):
        say(console, "no unit is dead or saturated on these rows")
