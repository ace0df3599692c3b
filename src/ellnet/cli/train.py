"""`ellnet train`: a table in, a run folder with a trained network out."""

import json
import warnings
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ellnet.cli.options import (
    GroupedCommand,
    chosen_hyperparameters,
    hyperparameter_options,
    read_config,
)
from ellnet.cli.progress import progress_hook
from ellnet.cli.sources import BUILT_IN_TARGET, file_of, open_table, table_name
from ellnet.cli.tables_shown import show_curves, show_network, show_scores, stopped_because
from ellnet.cli.terminal import one_line, say, terminal
from ellnet.columns import Columns
from ellnet.errors import EllnetWarning, FileAccessError, HyperparameterError, MissingExtraError
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.interruption import interruptible
from ellnet.models import Model
from ellnet.network import Network
from ellnet.parts import Parts, Plan
from ellnet.runs import RunFolder
from ellnet.state import TrainingState
from ellnet.training import Hook
from ellnet.version import NUMERICS, VERSION
from ellnet.workflow import Trained, train_table

__all__ = ["train"]

PLAN_OPTIONS = frozenset(
    {"target", "task", "test_size", "split_column", "ignore", "categorical", "out"}
)
TASKS = ("classification", "regression", "binary", "multiclass")


@click.command(cls=GroupedCommand, short_help="Train a network on a table.")
@click.argument("table")
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
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@hyperparameter_options
@click.pass_obj
def train(words: list[str], /, table: str, config: Path | None, as_json: bool, **given: Any) -> int:
    """Train a network on TABLE, and score it on rows that it never saw.

    TABLE is a CSV, Parquet, Feather or npz file, or a built-in set: digits, iris, wine,
    breast_cancer, diabetes; xor, moons, circles, spirals, parity.
    """
    console = terminal(stderr=as_json)
    settings = read_config(config, PLAN_OPTIONS)
    hyperparameters = chosen_hyperparameters(given, settings)
    chosen = _chosen(given, settings)
    plan = _plan(table, chosen)
    columns = _table(table, chosen)
    record = _Record(_folder(chosen), table_name(table), ["ellnet", *words])
    try:
        trained = _run(console, columns, plan, hyperparameters, record)
        report = _report(table, plan, trained)
        record.folder.write_report(report)
    except KeyboardInterrupt:
        if not record.discard():
            raise
        click.echo(f"ellnet: interrupted before the scores; saved {record.folder.model}", err=True)
        return 130
    except BaseException:
        record.discard()
        raise
    _finish(console, record.folder, trained)
    if as_json:
        click.echo(json.dumps({"run": str(record.folder.path), **report}, allow_nan=False))
    return _exit_code(trained)


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
        raise HyperparameterError("say which column to predict, with --target COLUMN")
    if chosen["task"] is not None and chosen["task"] not in TASKS:
        raise HyperparameterError(f"task must be one of {', '.join(TASKS)}, got {chosen['task']!r}")
    size = 0.2 if chosen["test_size"] is None else chosen["test_size"]
    if isinstance(size, bool) or not isinstance(size, int | float) or not 0 <= size < 1:
        raise HyperparameterError(f"test_size must be a number from 0 to below 1, got {size!r}")
    return Plan(target, chosen["task"], float(size), chosen["split_column"])


class _Record(Hook):
    """Makes the run folder once the data are known to be good, and writes a line an epoch."""

    def __init__(self, path: Path | None, name: str, command: list[str]) -> None:
        self._path, self._name, self._command = path, name, command
        self._folder: RunFolder | None = None
        self._trouble = False

    @property
    def folder(self) -> RunFolder:
        """The run folder; it is made when it is asked for first."""
        if self._folder is None:
            self._folder = RunFolder.create(self._path, self._name, self._command)
        return self._folder

    def keep(self, model: Model) -> None:
        """Save the model; Ctrl-C waits for that."""
        with interruptible():
            model.save(self.folder.model)

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        try:
            self.folder.append_epoch(state.epoch, history.epochs[-1], history.metric)
        except FileAccessError as error:
            if not self._trouble:
                warnings.warn(f"{error}; training goes on", EllnetWarning, stacklevel=2)
            self._trouble = True
        return False

    def discard(self) -> bool:
        """Take the folder away unless a model is in it; say whether one is."""
        with interruptible():
            return self._folder is not None and not self._folder.discard()


def _run(
    console: Console,
    columns: Columns,
    plan: Plan,
    hyperparameters: Hyperparameters,
    record: _Record,
) -> Trained:
    """Train with progress, and save the model."""

    def begin(net: Network, parts: Parts) -> None:
        folder = record.folder
        say(
            console,
            f"{columns.source}: {columns.m:,} rows ({len(parts.train):,} to train on, "
            f"{len(parts.validation):,} to validate, {len(parts.test):,} to test)",
        )
        show_network(console, net)
        say(console, f"run folder: {folder.path}")

    with closing(progress_hook(terminal(stderr=True))) as progress:
        trained = train_table(
            columns,
            plan,
            hyperparameters,
            hooks=(progress, record),
            begin=begin,
            keep=record.keep,
        )
    record.keep(trained.model)
    return trained


def _report(source: str, plan: Plan, trained: Trained) -> dict[str, Any]:
    """Return what report.json holds."""
    model, history = trained.model, trained.model.history
    return {
        "ellnet": VERSION,
        "numerics": NUMERICS,
        "table": source,
        "target": plan.target,
        "task": model.target.task,
        "n": list(model.network.n),
        "activations": list(model.network.activations),
        "cost": model.network.cost,
        "hyperparameters": model.hyperparameters.to_json(),
        "rows": {name: len(rows) for name, rows in vars(trained.parts).items()},
        "epochs": len(history.epochs),
        "best_epoch": history.best_epoch,
        "stopped": history.stopped,
        "trouble": trained.trouble,
        "engine": history.engine,
        "seconds": round(sum(epoch.seconds for epoch in history.epochs), 3),
        "scored_on": trained.scored,
        "scores": {name: scores.to_json() for name, scores in trained.scores.items()},
    }


def _finish(console: Console, folder: RunFolder, trained: Trained) -> None:
    """Show curve and scores, draw the picture, say what went wrong and where everything is."""
    history = trained.model.history
    show_curves(console, history)
    say(console, stopped_because(history))
    say(console, f"engine: {history.engine}")
    show_scores(console, trained.scores, trained.model.target, trained.scored)
    if trained.trouble:
        click.echo(f"ellnet: error: {one_line(trained.trouble)}", err=True)
    if history.stopped == "interrupted":
        click.echo("ellnet: interrupted; what was learned so far is saved", err=True)
    _draw(folder, history)
    say(console, f"saved in {folder.path}: {', '.join(folder.files())}")


def _draw(folder: RunFolder, history: History) -> None:
    """Draw the curve where there is one, and where it can be drawn; the rest stands without it."""
    if not history.epochs:
        return
    from ellnet.plots import CostCurveDisplay

    try:
        CostCurveDisplay.from_history(history, title=folder.path.name).save(folder.curve)
    except MissingExtraError:
        return
    except OSError as error:
        warnings.warn(
            f"{folder.curve} cannot be written: {error.strerror}", EllnetWarning, stacklevel=2
        )


def _exit_code(trained: Trained) -> int:
    if trained.trouble:
        return 1
    return 130 if trained.model.history.stopped == "interrupted" else 0
