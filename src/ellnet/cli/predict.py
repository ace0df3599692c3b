"""`ellnet predict`: a model and a table in, predictions out, one row for each row."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ellnet.cli.sources import open_table
from ellnet.columns import Columns
from ellnet.encodings import Unseen
from ellnet.models import Model, load
from ellnet.tables import write_table

__all__ = ["predict"]


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("table")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="CSV or Parquet file; else stdout."
)
@click.option(
    "--unseen",
    type=click.Choice(["error", "ignore"]),
    default="error",
    show_default=True,
    help="What to do with a category that training never saw.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a row.")
def predict(model: Path, table: str, out: Path | None, unseen: Unseen, as_json: bool) -> None:
    """Predict every row of TABLE with MODEL, in the table's order.

    Classifications give the label, and the probability of each class.
    """
    loaded = load(model)
    columns = open_table(table, categorical=loaded.preprocessing.category_names)
    result = predictions(loaded, columns, unseen)
    if out is not None:
        write_table(out, result)
        click.echo(f"{columns.m:,} predictions in {out}", err=True)
    elif as_json:
        for values in zip(*result.values(), strict=True):
            click.echo(json.dumps(dict(zip(result, values, strict=True))))
    else:
        click.echo(write_table(None, result), nl=False)


def predictions(model: Model, columns: Columns, unseen: Unseen) -> dict[str, Sequence[Any]]:
    """Return the columns of the result by name."""
    A = model.outputs(columns, unseen=unseen)
    name = model.target.name
    result: dict[str, Sequence[Any]] = {name: model.target.decode(A).tolist()}
    if model.target.task != "regression":
        probabilities = model.target.probabilities(A)
        for k, label in enumerate(model.target.classes):
            result[f"p({label})"] = probabilities[:, k].tolist()
    return result
