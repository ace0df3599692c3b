"""`ellnet train`: a table in, a run folder with a trained network out; or a run gone on with."""

import shlex
from collections.abc import Mapping
from dataclasses import asdict, replace
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
from ellnet.cli.running import Record, Setting, perform
from ellnet.cli.sources import (
    BUILT_IN_TARGET,
    file_of,
    open_recorded,
    open_table,
    refuse_no_target,
    table_name,
)
from ellnet.cli.tables_shown import REASONS
from ellnet.cli.terminal import say, terminal
from ellnet.columns import Columns
from ellnet.errors import HyperparameterError
from ellnet.history import History
from ellnet.lineage import inherited_of
from ellnet.parts import Plan
from ellnet.run_records import RunRecord, Schedule
from ellnet.runs import RunFolder

__all__ = ["schedule_of", "train"]

PLAN_OPTIONS = frozenset(
    {"target", "task", "test_size", "split_column", "ignore", "categorical", "out"}
)
CHECKPOINT_OPTIONS = frozenset({"checkpoint_every", "checkpoint_keep", "checkpoint_share"})
TASKS = ("classification", "regression", "binary", "multiclass")


@click.command(cls=GroupedCommand, short_help="Train a network on a table.")
@click.argument("table", required=False)
@click.option("--target", metavar="COLUMN", help="Column to predict; a built-in set knows its own.")
@click.option("--task", type=click.Choice(TASKS), help="Said instead of inferred from the target.")
@click.option(
    "--test-size",
    type=float,
    metavar="X",
    help="Part of the rows held out for the test.  [default: 0.2]",
)
@click.option(
    "--split-column",
    metavar="COLUMN",
    help="Column that says train, validation or test of each row, instead.",
)
@click.option(
    "--ignore", multiple=True, metavar="COLUMN", help="Leave a column out; may be repeated."
)
@click.option(
    "--categorical",
    multiple=True,
    metavar="COLUMN",
    help="Take a column of numbers as categories; may be repeated.",
)
@click.option("--config", type=click.Path(path_type=Path), help="TOML file with a line an option.")
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.  [default: runs/NAME-1]")
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Go on with a run that was stopped, to the bits that it would have come to.",
)
@checkpoint_options
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@hyperparameter_options
@click.pass_obj
def train(
    words: list[str],
    /,
    table: str | None,
    config: Path | None,
    resume: Path | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Train a network on TABLE, and score it on rows that it never saw.

    TABLE is a CSV, Parquet, Feather or npz file, or a built-in set: digits, iris, wine,
    breast_cancer, diabetes; xor, moons, circles, spirals, parity.
    """
    console = terminal(stderr=as_json)
    settings = read_config(config, PLAN_OPTIONS | CHECKPOINT_OPTIONS)
    if resume is not None:
        return _resume(console, resume, table, (given, settings), as_json=as_json)
    if table is None:
        raise click.UsageError("missing argument 'TABLE'", click.get_current_context())
    hyperparameters = chosen_hyperparameters(given, settings)
    chosen = _chosen(given, settings)
    plan, path, folder = _plan(table, chosen), file_of(table), _folder(chosen)
    columns = _table(table, chosen)
    run = RunRecord(
        table,
        "" if path is None else str(path.resolve()),
        plan,
        hyperparameters,
        hyperparameters.seed,
        _several(chosen, "ignore"),
        _several(chosen, "categorical"),
        schedule_of(given, settings, Schedule()),
    )
    command = ["ellnet", *words]
    record = Record(
        console, run, columns, lambda: RunFolder.create(folder, table_name(table), command)
    )
    checkpoints = Checkpoints(
        lambda: record.folder.checkpoints,
        run.checkpoints.every,
        keep=run.checkpoints.keep,
        share=run.checkpoints.share,
    )
    return perform(Setting(console, as_json, checkpoints), columns, record)


def schedule_of(
    given: Mapping[str, Any], settings: Mapping[str, Any], otherwise: Schedule
) -> Schedule:
    """Return how often checkpoints are taken: as an option says, a line of the file, or otherwise.

    Raises:
        HyperparameterError: a value that is not allowed.
    """
    values = asdict(otherwise)
    for name in values:
        found = given[f"checkpoint_{name}"]
        found = settings.get(f"checkpoint_{name}") if found is None else found
        values[name] = values[name] if found is None else found
    schedule = Schedule(**values)
    Checkpoints(Path(), schedule.every, keep=schedule.keep, share=schedule.share)
    return schedule


def _resume(
    console: Console,
    path: Path,
    table: str | None,
    told: tuple[Mapping[str, Any], Mapping[str, Any]],
    *,
    as_json: bool,
) -> int:
    """Go on with a run that was stopped."""
    folder = RunFolder.existing(path)
    run = RunRecord.read(path)
    _check_same(path, run, *told)
    with folder.lock():
        stopped = folder.stopped()
        if stopped not in {"", "interrupted"}:
            say(
                console,
                f"{path} has ended, because {REASONS.get(stopped, stopped)}; ellnet branch goes on from "
                "one of its epochs with other choices",
            )
            return 0
    columns = open_recorded(run, path, table)
    run = replace(run, checkpoints=schedule_of(*told, run.checkpoints))
    record = Record(console, run, columns, lambda: folder, going_on=True)
    checkpoints = Checkpoints(
        folder.checkpoints,
        run.checkpoints.every,
        keep=run.checkpoints.keep,
        share=run.checkpoints.share,
        resume=True,
        parent=run.parent.digest if run.parent else "",
    )
    setting = Setting(console, as_json, checkpoints, inherited_of(run), *_parent(run))
    return perform(setting, columns, record)


def _parent(run: RunRecord) -> tuple[History | None, int]:
    """Return the curve of the run that a run branched from, where that is still there, and the epoch."""
    if run.parent is None or not Path(run.parent.run).is_dir():
        return None, 0
    return RunFolder.existing(Path(run.parent.run)).history(), run.parent.epoch


def _check_same(
    path: Path, run: RunRecord, given: Mapping[str, Any], settings: Mapping[str, Any]
) -> None:
    """Refuse options that say something else than the run was told."""
    then = run.hyperparameters.to_json()
    now = chosen_hyperparameters(given, {**then, **settings}).to_json()
    changed = [name for name in then if now[name] != then[name]]
    told = {**asdict(run.plan), "ignore": run.ignore, "categorical": run.categorical}
    chosen = {name: value for name, value in _chosen(given, settings).items() if value is not None}
    if "out" in chosen:
        raise HyperparameterError(
            f"--resume goes on in {path}, and --out names a new folder: leave one of them away"
        )
    for name, value in chosen.items():
        if value not in ((), told[name]) and not (value == list(told[name] or ())):
            raise HyperparameterError(
                f"{name} is {value!r} here and {told[name]!r} in the run {path}, which goes on only as "
                "it began: leave it away, or train a new run"
            )
    if changed:
        name = changed[0]
        raise HyperparameterError(
            f"{name} is {now[name]!r} here and {then[name]!r} in the run {path}, which goes on only as "
            f"it began: leave it away, or branch: ellnet branch {shlex.quote(str(path))} --epoch N "
            f"--{name.replace('_', '-')} ..."
        )


def _chosen(given: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Join the options that are no hyperparameters with the file's lines; options win."""
    return {
        name: settings.get(name) if given[name] in {None, ()} else given[name]
        for name in PLAN_OPTIONS
    }


def _table(source: str, chosen: Mapping[str, Any]) -> Columns:
    """Read the table; every column named has to be there."""
    ignore, categorical = _several(chosen, "ignore"), _several(chosen, "categorical")
    columns = open_table(source, ignore=ignore, categorical=categorical)
    for name in categorical:
        columns[name]
    return columns


def _folder(chosen: Mapping[str, Any]) -> Path | None:
    folder = chosen["out"]
    if folder is not None and not isinstance(folder, str | Path):
        raise HyperparameterError(f"out must be the name of a folder, got {folder!r}")
    return None if folder is None else Path(folder)


def _several(chosen: Mapping[str, Any], name: str) -> tuple[str, ...]:
    words = chosen[name] or ()
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise HyperparameterError(f"{name} must be a list of column names, got {words!r}")
    return tuple(words)


def _plan(source: str, chosen: Mapping[str, Any]) -> Plan:
    """Check the options that are no hyperparameters."""
    target = chosen["target"] or (BUILT_IN_TARGET if file_of(source) is None else None)
    for name, value in (("target", target), ("split_column", chosen["split_column"])):
        if value is not None and not isinstance(value, str):
            raise HyperparameterError(f"{name} must be the name of a column, got {value!r}")
    if target is None:
        refuse_no_target(source)
    if chosen["task"] is not None and chosen["task"] not in TASKS:
        raise HyperparameterError(f"task must be one of {', '.join(TASKS)}, got {chosen['task']!r}")
    size = 0.2 if chosen["test_size"] is None else chosen["test_size"]
    if isinstance(size, bool) or not isinstance(size, int | float) or not 0 <= size < 1:
        raise HyperparameterError(f"test_size must be a number from 0 to below 1, got {size!r}")
    return Plan(target, chosen["task"], float(size), chosen["split_column"])
