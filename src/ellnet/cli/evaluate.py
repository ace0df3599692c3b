"""`ellnet evaluate`: how good a model is on a table, and how good a baseline would be."""

import json
from pathlib import Path

import click

from ellnet.cli.model_files import model_in
from ellnet.cli.sources import open_for
from ellnet.cli.tables_shown import show_confusion, show_network, show_scores
from ellnet.cli.terminal import terminal
from ellnet.columns import Columns
from ellnet.encodings import Unseen
from ellnet.errors import DataError
from ellnet.parts import rows_of_part
from ellnet.workflow import evaluate_model

__all__ = ["evaluate"]


@click.command(short_help="Score a model on a table, beside baselines.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("table")
@click.option(
    "--target", metavar="COLUMN", help="Column with the truth.  [default: the one trained on]"
)
@click.option("--split-column", metavar="COLUMN", help="Score only the rows called test there.")
@click.option(
    "--unseen",
    type=click.Choice(["error", "ignore"]),
    default="error",
    show_default=True,
    help="What to do with a category that training never saw.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the scores as JSON.")
def evaluate(  # noqa: PLR0917 - click passes them by name
    model: Path,
    table: str,
    target: str | None,
    split_column: str | None,
    unseen: Unseen,
    as_json: bool,
) -> None:
    """Score MODEL on TABLE: cost, accuracy or error, classes, and the baselines beside it.

    The baselines are those of the model's own training rows: the majority class or the mean, and a
    linear model.
    """
    loaded = model_in(model)
    name = target or loaded.target.name
    columns = open_for(loaded, table, name)
    if split_column is not None:
        columns = _test_part(columns, split_column)
    scores = evaluate_model(loaded, columns, name, unseen=unseen)
    if as_json:
        document = {name: row.to_json() for name, row in scores.items()}
        click.echo(json.dumps(document, allow_nan=False))
        return
    console = terminal()
    show_network(console, loaded.network)
    show_scores(console, scores, loaded.target, "test" if split_column else "")
    show_confusion(console, scores["model"])


def _test_part(columns: Columns, name: str) -> Columns:
    """Return the rows that a column calls test, without that column."""
    rows = rows_of_part(columns, name, "test")
    if len(rows) == 0:
        raise DataError(f"column {name!r} of {columns.source} calls no row test; nothing to score")
    return columns.take(rows).drop([name])
