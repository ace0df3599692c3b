"""`ellnet evaluate`: how good a model is on a table, and how good a baseline would be."""

import json
from pathlib import Path

import click
from rich.console import Console

from ellnet.cli.sources import open_table
from ellnet.cli.tables_shown import show_confusion, show_network, show_scores
from ellnet.models import load
from ellnet.workflow import evaluate_model, rows_of_part

__all__ = ["evaluate"]


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("table")
@click.option("--target", help="The column with the truth.  [default: the one trained on]")
@click.option("--split-column", help="Score only the rows that this column calls test.")
@click.option("--json", "as_json", is_flag=True, help="Print the scores as JSON.")
def evaluate(
    model: Path, table: str, target: str | None, split_column: str | None, as_json: bool
) -> None:
    """Score MODEL on TABLE: cost, accuracy or error, classes, and the baselines beside it.

    The baselines are those of the model's own training rows: the majority class or the mean, and a
    linear model.
    """
    loaded = load(model)
    columns = open_table(table, categorical=loaded.preprocessing.category_names)
    if split_column is not None:
        columns = columns.take(rows_of_part(columns, split_column, "test")).drop([split_column])
    scores = evaluate_model(loaded, columns, target or loaded.target.name)
    if as_json:
        click.echo(json.dumps({name: row.to_json() for name, row in scores.items()}))
        return
    console = Console()
    show_network(console, loaded.network)
    show_scores(console, scores, loaded.target, "")
    show_confusion(console, scores["model"])
