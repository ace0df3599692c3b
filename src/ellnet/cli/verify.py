"""`ellnet verify`: stretches of a run trained again, and their digests compared with the ledger's."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from ellnet.cli.progress import progress_hook
from ellnet.cli.sources import open_recorded
from ellnet.cli.tables_shown import plain_table
from ellnet.cli.terminal import cell, say, terminal
from ellnet.errors import DataError
from ellnet.files.checkpoint_file import Checkpoint
from ellnet.lineage import Lineage, Stretch, same_parameters
from ellnet.models import load
from ellnet.run_records import RunRecord
from ellnet.runs import RunFolder

__all__ = ["verify"]

SHOWN = 12
"""Digits of a digest that are shown."""


@click.command(short_help="Train stretches of a run again, and confirm their digests.")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("table", required=False)
@click.option(
    "--from", "first", type=int, metavar="N", help="Compare every digest from epoch N on."
)
@click.option("--to", "last", type=int, metavar="N", help="Compare no digest after epoch N.")
@click.option("--all", "whole", is_flag=True, help="Train all of it again, from the beginning.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def verify(
    run: Path, *, table: str | None, first: int | None, last: int | None, whole: bool, as_json: bool
) -> int:
    """Train stretches of RUN again, and compare the digests of what they come to.

    By default one stretch from each checkpoint that is kept, and from the beginning. The TABLE is
    where it was, or is named. Exit code 0 where all is confirmed, 1 where something is not.
    """
    console = terminal(stderr=as_json)
    folder = RunFolder.existing(run)
    record = RunRecord.read(run)
    lineage = Lineage.of(folder, record, open_recorded(record, run, table))
    if not lineage.entries:
        raise DataError(
            f"{run} has no digests to confirm: they are recorded where training has --checkpoint-every"
        )
    first = 0 if whole or (last is not None and first is None) else first
    chosen = lineage.stretches(first, last)
    if not chosen:
        raise DataError(
            f"{run} has no digest there; its last is of epoch {lineage.entries[-1].epoch}"
        )
    ends: dict[tuple[int, int], Checkpoint] = {}
    with closing(progress_hook(terminal(stderr=True))) as progress:
        stretches = [
            stretch
            for start, entries in chosen
            for stretch in lineage.confirm(
                start, entries, lambda at: ends.update({at.place: at}), [progress]
            )
        ]
    model = _model_confirmed(folder, lineage, ends)
    _show(console, stretches)
    if model is not None:
        said = "holds" if model else "does NOT hold"
        say(console, f"{folder.model} {said} the parameters that the last checkpoint keeps")
    good = all(each.confirmed for each in stretches) and model is not False
    say(console, _verdict(run, stretches, good=good))
    if as_json:
        found = [{**asdict(each), "confirmed": each.confirmed} for each in stretches]
        click.echo(json.dumps({"confirmed": good, "model": model, "stretches": found}))
    return 0 if good else 1


def _model_confirmed(
    folder: RunFolder, lineage: Lineage, reached: Mapping[tuple[int, int], Checkpoint]
) -> bool | None:
    """Say whether the model file has the parameters of the run's end; None where either is not there."""
    entries = lineage.entries
    if not folder.model.exists() or not entries[-1].stopped:
        return None
    kept = {each.place: each for each in lineage.kept if each is not None}
    end = reached.get(entries[-1].place) or kept.get(entries[-1].place)
    if end is None:
        return None
    parameters = load(folder.model).network.parameters
    return same_parameters(parameters, end.best or end.state.parameters)


def _show(console: Console, stretches: Sequence[Stretch]) -> None:
    table = plain_table("from epoch", "to epoch", "recorded", "trained again", "", "seconds")
    for each in stretches:
        table.add_row(
            cell(_place(each.begin)),
            cell(_place(each.end)),
            cell(each.recorded[:SHOWN]),
            cell(each.found[:SHOWN] or "not reached"),
            cell(
                "confirmed" if each.confirmed else "DIFFERS", "" if each.confirmed else "bold red"
            ),
            f"{each.seconds:.2f}",
        )
    console.print(table)


def _place(place: tuple[int, int]) -> str:
    epoch, batch = place
    return f"{epoch} + {batch} minibatches" if batch else str(epoch)


def _verdict(run: Path, stretches: Sequence[Stretch], *, good: bool) -> str:
    count = f"{len(stretches)} stretch{'' if len(stretches) == 1 else 'es'}"
    if good:
        return f"{run}: {count} trained again, every digest confirmed"
    wrong = next((each for each in stretches if not each.confirmed), None)
    if wrong is None:
        return f"{run}: {count} confirmed, and the model file is another"
    return (
        f"{run} is not confirmed: between epoch {_place(wrong.begin)} and {_place(wrong.end)} training "
        "comes to other numbers than were recorded"
    )
