"""`ellnet predict`: a model and a table in, predictions out, one row for each row."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ellnet.cli.sources import open_for
from ellnet.columns import Columns
from ellnet.encodings import Unseen
from ellnet.errors import FileAccessError
from ellnet.models import Model, load
from ellnet.tables import write_table

__all__ = ["predict", "predictions"]

ENDINGS = (".csv", ".parquet")


@click.command(short_help="Predict every row of a table.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("table")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="CSV or Parquet file.  [default: stdout]"
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

    Classifications give the label, and the probability p(LABEL) of each class. Labels are written as
    they stand in the table that was trained on, also those that a spreadsheet takes for a formula.
    """
    if out is not None and out.suffix.lower() not in ENDINGS:
        raise FileAccessError(f"{out} must end in {' or '.join(ENDINGS)}; name another file")
    loaded = load(model)
    columns = open_for(loaded, table)
    result = predictions(loaded, columns, unseen)
    if out is not None:
        write_table(out, result)
        click.echo(f"{columns.m:,} predictions in {out}", err=True)
    elif as_json:
        rows = zip(*result.values(), strict=True)
        lines = [json.dumps(dict(zip(result, values, strict=True))) for values in rows]
        click.echo("".join(f"{line}\n" for line in lines), nl=False)
    else:
        click.echo(write_table(None, result).encode(), nl=False)


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
