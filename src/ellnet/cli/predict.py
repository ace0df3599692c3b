"""`ellnet predict`: a model and a table in, predictions out, one row for each row."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import final

import click

from ellnet.bulk import BulkPrediction, Given, bad_rows_frame
from ellnet.cli.model_files import model_in
from ellnet.cli.predict_progress import progress_of
from ellnet.cli.sources import file_of, open_table
from ellnet.cli.terminal import terminal
from ellnet.encodings import Unseen
from ellnet.errors import FileAccessError, HyperparameterError
from ellnet.result_files import CsvText, JsonLines, ResultFile, check_ending, result_file
from ellnet.table_batches import TableBatches, batches_of, open_batches

__all__ = ["predict"]


@click.command(short_help="Predict every row of a table.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("table")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="CSV or Parquet file.  [default: stdout]"
)
@click.option(
    "--give",
    metavar="WORD,...",
    help="What to give of each row: class, probabilities; value of a regression; none.  "
    "[default: all]",
)
@click.option("--activations", metavar="L,...", help="Give A[l] of these layers too, unit by unit.")
@click.option("--keep", metavar="COLUMN,...", help="Columns of the table to hand on, first.")
@click.option(
    "--bad-rows",
    "apart",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Set bad rows apart, with row, line, column and reason, instead of stopping at the first.",
)
@click.option(
    "--unseen",
    type=click.Choice(["error", "ignore"]),
    default="error",
    show_default=True,
    help="What to do with a category that training never saw.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a row.")
def predict(  # noqa: PLR0917 - click passes them by name
    model: Path,
    table: str,
    out: Path | None,
    give: str | None,
    activations: str | None,
    keep: str | None,
    apart: Path | None,
    unseen: Unseen,
    as_json: bool,
) -> None:
    """Predict every row of TABLE with MODEL, in the table's order; TABLE may be larger than memory.

    Classifications give the label, and the probability p(LABEL) of each class. Labels are written as
    they stand in the table that was trained on, also those that a spreadsheet takes for a formula.
    With --bad-rows each row begins with its number in the table, from 0.
    """
    _check_files(out, apart)
    loaded = model_in(model)
    words = None if give is None else [] if give.strip() == "none" else _listed(give)
    given = Given.of(loaded, words, _layers(activations), numbered=apart is not None)
    job = BulkPrediction(loaded, given, _listed(keep), unseen, apart is not None)
    _run(job, table, _Outputs(out, apart, as_json))


def _listed(text: str | None) -> list[str]:
    return [] if text is None else [word.strip() for word in text.split(",") if word.strip()]


def _layers(text: str | None) -> list[int]:
    try:
        return [int(word) for word in _listed(text)]
    except ValueError:
        raise HyperparameterError(
            f"activations must be numbers of layers with commas between, as 1,2, got {text!r}"
        ) from None


def _check_files(out: Path | None, apart: Path | None) -> None:
    """Refuse names of results before a model is read."""
    for path in (out, apart):
        if path is not None:
            check_ending(path)
    if out is not None and apart is not None and out.resolve() == apart.resolve():
        raise FileAccessError(f"predictions and bad rows must have a file each, got {out} for both")


@final
@dataclass(frozen=True)
class _Outputs:
    """Where results go."""

    out: Path | None
    apart: Path | None
    as_json: bool


def _run(job: BulkPrediction, table: str, outputs: _Outputs) -> None:
    """Go through the table; files get their names when all of it is done, that of bad rows first."""
    with ExitStack() as stack:
        # What is opened last is closed first: the table, then bad rows, then predictions.
        result = stack.enter_context(_destination(outputs))
        bad = None if outputs.apart is None else stack.enter_context(result_file(outputs.apart))
        source = stack.enter_context(_opened(job, table))
        progress = stack.enter_context(progress_of(terminal(stderr=True), outputs.out is not None))
        begun = False
        for predicted in job.run(source):
            result.add(predicted.frame)
            if bad is not None and (predicted.bad or not begun):
                bad.add(bad_rows_frame(predicted.bad))
            begun = True
            progress.show(job.rows + job.bad, predicted.part)
        if not begun:
            result.add(job.nothing())
            if bad is not None:
                bad.add(bad_rows_frame([]))
    apart = "" if outputs.apart is None else f", {job.bad:,} bad rows in {outputs.apart}"
    if outputs.out is not None or outputs.apart is not None:
        click.echo(f"{job.rows:,} predictions in {outputs.out or 'stdout'}{apart}", err=True)


@contextmanager
def _opened(job: BulkPrediction, table: str) -> Iterator[TableBatches]:
    """Open a file, or cut a built-in set into batches."""
    path = file_of(table)
    if path is None:
        yield batches_of(open_table(table), job.wanted)
        return
    with open_batches(path, job.wanted) as source:
        yield source


@contextmanager
def _destination(outputs: _Outputs) -> Iterator[ResultFile]:
    if outputs.out is not None:
        with result_file(outputs.out) as result:
            yield result
    elif outputs.as_json:
        yield JsonLines(lambda text: click.echo(text, nl=False))
    else:
        yield CsvText(lambda text: click.echo(text, nl=False))
