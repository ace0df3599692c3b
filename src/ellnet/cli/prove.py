"""`ellnet prove`: the derivation of a model on rows of a table, with its own numbers."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from ellnet.cli.model_files import model_or_estimator
from ellnet.cli.sources import open_for
from ellnet.cli.terminal import say, terminal
from ellnet.columns import Columns
from ellnet.encodings import Unseen
from ellnet.errors import DataError, FileAccessError

if TYPE_CHECKING:
    from ellnet.explain.sheet import Sheet

__all__ = ["prove"]

NOT_PROVED = 1
ROWS = re.compile(r"(\d*):(\d*)")


@click.command(short_help="Show the derivation of a model on rows of a table, number by number.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("table")
@click.option("--row", type=click.IntRange(min=0), help="The row to show, from 0.  [default: 0]")
@click.option("--rows", metavar="FROM:TO", help="Several rows as one minibatch; TO is left out.")
@click.option(
    "-o",
    "--out",
    multiple=True,
    type=click.Path(path_type=Path),
    help="An .html, .tex or .txt file, with all numbers beside it; may be repeated.",
)
@click.option(
    "--numbers",
    type=click.Choice(["npz", "csv"]),
    default="npz",
    show_default=True,
    help="What the numbers beside the file are written as.",
)
@click.option(
    "--entry", multiple=True, metavar="NAME", help="Unfold an entry, such as z[2]_3 or dW[2]_3,1."
)
@click.option("--certify", is_flag=True, help="Prove the gradient by differences and complex step.")
@click.option("--store", is_flag=True, help="Keep the certificate in the model file.")
@click.option("--no-dropout", is_flag=True, help="Leave dropout out, as prediction does.")
@click.option(
    "--target", metavar="COLUMN", help="Column with the truth.  [default: the one trained on]"
)
@click.option(
    "--unseen",
    type=click.Choice(["error", "ignore"]),
    default="error",
    show_default=True,
    help="What to do with a category that training never saw.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the answer and the certificate as JSON."
)
def prove(  # noqa: PLR0917 - click passes them by name
    model: Path,
    table: str,
    row: int | None,
    rows: str | None,
    out: tuple[Path, ...],
    numbers: str,
    entry: tuple[str, ...],
    certify: bool,
    store: bool,
    no_dropout: bool,
    target: str | None,
    unseen: Unseen,
    as_json: bool,
) -> int:
    """Show one training step of MODEL on rows of TABLE: forward, cost, backward, update.

    Each step has its formula with its number, the shapes, and the numbers. Without --out the sheet is
    printed; with it, only the answer. Exit code 1 means that a certificate found the gradient wrong.
    """
    from ellnet.explain.proving import prove_rows

    if store and not certify:
        raise click.UsageError("--store keeps a certificate, which --certify makes; give both")
    loaded, estimator = model_or_estimator(model)
    if store and estimator:
        raise FileAccessError(
            f"--store keeps a certificate in a model file, and {model} holds an estimator, which has no "
            "place for one; leave --store away"
        )
    columns = open_for(loaded, table, target or loaded.target.name)
    sheet = prove_rows(
        loaded,
        columns,
        _chosen(row, rows, columns),
        target=target,
        unseen=unseen,
        dropout=not no_dropout,
        certified=certify,
    )
    unfolded = {name: sheet.unfold(name) for name in entry}
    written = _written(sheet, out, numbers)
    if store:
        replace(loaded, certificate=sheet.certificate).save(model)
    if as_json:
        click.echo(json.dumps(_document(sheet, unfolded, written), allow_nan=False))
    else:
        _show(sheet, unfolded, written, model if store else None)
    found = sheet.certificate
    return NOT_PROVED if found is not None and not found.passed else 0


def _chosen(row: int | None, rows: str | None, columns: Columns) -> range:
    """Return the rows that are asked for; both ends of FROM:TO may be left away."""
    if rows is None:
        first = row or 0
        return range(first, first + 1)
    if row is not None:
        raise click.UsageError("--row and --rows say the same; give one of them")
    found = ROWS.fullmatch(rows.strip())
    if found is None:
        raise click.UsageError(f"--rows must be FROM:TO, such as 0:32, got {rows!r}")
    first, last = int(found[1] or 0), int(found[2] or columns.m)
    if last <= first:
        raise DataError(f"--rows must name at least one row, got {rows}; the first is row 0")
    return range(first, last)


def _written(sheet: "Sheet", out: tuple[Path, ...], numbers: str) -> list[Path]:
    """Write every form that is asked for; another ending is refused before anything is written."""
    from ellnet.explain.writing import FORMS, write_sheet

    for page in out:
        if page.suffix.lower() not in FORMS:
            raise FileAccessError(f"{page} must end in {', '.join(FORMS)}; name another file")
    files = [path for page in out for path in write_sheet(sheet, page, numbers=numbers)]
    return list(dict.fromkeys(files))


def _show(
    sheet: "Sheet", unfolded: dict[str, str], written: list[Path], stored: Path | None
) -> None:
    """Print the sheet, or the answer alone where the sheet went to a file or entries were asked for."""
    from ellnet.explain.terminal_form import answer_lines, terminal_lines

    console = terminal()
    whole = not written and not unfolded
    for line in (terminal_lines if whole else answer_lines)(sheet, console.width):
        console.print(line, soft_wrap=True)
    for text in unfolded.values():
        console.print(Text(text), soft_wrap=True)
    for path in written:
        say(console, f"wrote {path}")
    if stored is not None:
        say(console, f"the certificate is stored in {stored}")


def _document(sheet: "Sheet", unfolded: dict[str, str], written: list[Path]) -> dict[str, Any]:
    answer = sheet.predictions
    found = sheet.certificate
    return {
        "title": sheet.title,
        "answer": [dict(zip(answer.headings, row, strict=True)) for row in answer.rows],
        "cost": float(sheet.numbers["J"]),
        "entries": unfolded,
        "certificate": None if found is None else {"passed": found.passed, **found.to_json()},
        "files": [str(path) for path in written],
    }
