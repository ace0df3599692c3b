"""`ellnet branch`: a new run that begins at an epoch of another, with something changed."""

import warnings
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ellnet.checkpoints import Checkpoints
from ellnet.cli.options import (
    GroupedCommand,
    checkpoint_options,
    chosen_hyperparameters,
    hyperparameter_options,
    read_config,
)
from ellnet.cli.progress import progress_hook
from ellnet.cli.running import Record, Setting, perform
from ellnet.cli.sources import (
    differs_from_run,
    file_of,
    open_as_recorded,
    open_recorded,
    table_name,
)
from ellnet.cli.terminal import say, terminal
from ellnet.cli.train import CHECKPOINT_OPTIONS, schedule_of
from ellnet.errors import DataError, EllnetWarning, HyperparameterError
from ellnet.files.checkpoint_file import Checkpoint, chain_at, read_checkpoint
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.lineage import Lineage, branch_point, inherited_of
from ellnet.models import load
from ellnet.run_records import Parent, RunRecord
from ellnet.runs import RunFolder

__all__ = ["branch"]

STAYS = frozenset(
    {
        *("hidden", "activation", "output_activation", "cost", "threshold", "quantiles"),
        *("initialization", "unit_variance", "zero_last", "optimizer", "dtype"),
        *("early_stopping", "validation_fraction"),
    }
)
"""What a branch cannot change: the network, the moments that belong to it, and who is held out."""


@click.command(cls=GroupedCommand, short_help="Begin a new run at an epoch of another.")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("table", required=False)
@click.option("--epoch", type=int, required=True, metavar="N", help="The epoch to begin after.")
@click.option("--config", type=click.Path(path_type=Path), help="TOML file with a line an option.")
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.  [default: runs/NAME-1]")
@checkpoint_options
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@hyperparameter_options
@click.pass_obj
def branch(
    words: list[str],
    /,
    run: Path,
    *,
    table: str | None,
    epoch: int,
    config: Path | None,
    out: Path | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Begin a new run after epoch N of RUN, with other hyperparameters or another TABLE.

    Where no checkpoint of that epoch is kept, RUN is trained again up to it from the one before,
    to the same bits.
    """
    console = terminal(stderr=as_json)
    parent = RunRecord.read(RunFolder.existing(run).path)
    settings = read_config(config, CHECKPOINT_OPTIONS)
    chosen = _changed(run, parent, given, settings)
    columns = open_as_recorded(parent, table)
    differs = differs_from_run(parent, columns)
    point, history, digest = _point(console, run, parent, table if differs else None, epoch)
    source = table or parent.table
    path = file_of(source)
    record = replace(
        parent,
        table=source,
        path=parent.path if table is None else "" if path is None else str(path.resolve()),
        hyperparameters=chosen,
        checkpoints=schedule_of(given, settings, parent.checkpoints),
        data={},
        parent=Parent(str(run), epoch, digest),
        inherited=_inherited(run, parent, differs),
    )
    making = Record(
        console,
        record,
        columns,
        lambda: RunFolder.create(out, table_name(source), ["ellnet", *words]),
    )
    checkpoints = Checkpoints(
        lambda: making.folder.checkpoints,
        record.checkpoints.every,
        keep=record.checkpoints.keep,
        share=record.checkpoints.share,
        resume=True,
        start=branch_point(point, chosen.seed, other_data=bool(differs)),
        parent=digest,
    )
    setting = Setting(console, as_json, checkpoints, inherited_of(record), history, epoch)
    return perform(setting, columns, making)


def _changed(
    run: Path, parent: RunRecord, given: Mapping[str, Any], settings: Mapping[str, Any]
) -> Hyperparameters:
    """Return the parent's hyperparameters with the changes; refuse what has to stay."""
    then = parent.hyperparameters.to_json()
    chosen = chosen_hyperparameters(given, {**then, **settings})
    now = chosen.to_json()
    for name in sorted(STAYS):
        if now[name] != then[name]:
            raise HyperparameterError(
                f"{name} stays {then[name]!r} on a branch of {run}, got {now[name]!r}: its parameters, "
                "moments and parts go with it; train a new run"
            )
    return chosen


def _point(
    console: Console, run: Path, parent: RunRecord, other: str | None, epoch: int
) -> tuple[Checkpoint, History, str]:
    """Return what stood at the epoch, the history that the parent's folder tells, and its digest."""
    folder = RunFolder.existing(run)
    history = folder.history()
    if not 1 <= epoch <= len(history.epochs):
        raise DataError(f"{run} has the epochs 1 to {len(history.epochs)}, got --epoch {epoch}")
    for path in Checkpoints(folder.checkpoints, None).files():
        checkpoint, origin, _ = read_checkpoint(path)
        if checkpoint.place == (epoch, 0):
            return checkpoint, history, chain_at(checkpoint, origin).parameters
    if other is not None:
        raise DataError(
            f"{run} keeps no checkpoint of epoch {epoch}, and {other} is not the table that it could be "
            "trained again on; name an epoch that is kept in its folder checkpoints"
        )
    lineage = Lineage.of(folder, parent, open_recorded(parent, run))
    say(console, f"no checkpoint of epoch {epoch} is kept: training {run} again up to it")
    with closing(progress_hook(terminal(stderr=True))) as progress:
        checkpoint = lineage.at(epoch, [progress])
    return checkpoint, history, lineage.digest(checkpoint)


def _inherited(run: Path, parent: RunRecord, differs: str) -> Mapping[str, Any]:
    """Return how the parent made its table examples, which a branch with another table takes over."""
    if not differs:
        return parent.inherited
    model = RunFolder.existing(run).model
    if not model.exists():
        raise DataError(
            f"the table is not what {run} saw ({differs}), and that run has no model yet, whose scales "
            "and categories would go on; finish it first"
        )
    warnings.warn(
        f"the table is not what {run} saw: {differs}; rows may have moved between its parts, so that "
        "the scores can be too good unless --split-column says what each is for",
        EllnetWarning,
        stacklevel=2,
    )
    found = load(model)
    return {
        "preprocessing": found.preprocessing.to_json(),
        "target": found.target.to_json(),
    }
