"""`ellnet train`: a table in, a run folder with a trained network out."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ellnet.cli.curve import draw_curves
from ellnet.cli.options import chosen_hyperparameters, hyperparameter_options, read_config
from ellnet.cli.progress import progress_hook
from ellnet.cli.sources import BUILT_IN_TARGET, is_built_in, open_table, table_name
from ellnet.cli.tables_shown import show_network, show_scores, stopped_because
from ellnet.columns import Columns
from ellnet.errors import HyperparameterError, MissingExtraError
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network
from ellnet.plots import CostCurveDisplay
from ellnet.runs import RunFolder
from ellnet.state import TrainingState
from ellnet.training import Hook
from ellnet.version import NUMERICS, VERSION
from ellnet.workflow import Parts, Plan, Trained, train_table

__all__ = ["train"]

PLAN_OPTIONS = frozenset(
    {"target", "task", "test_size", "split_column", "ignore", "categorical", "out"}
)
TASKS = ("classification", "regression", "binary", "multiclass")


@click.command()
@click.argument("table")
@click.option("--target", help="The column to predict; a built-in set knows its own.")
@click.option("--task", type=click.Choice(TASKS), help="Said instead of inferred from the target.")
@click.option(
    "--test-size", type=float, help="Part of the rows held out for the test.  [default: 0.2]"
)
@click.option("--split-column", help="Column that says train, validation or test of each row.")
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
def train(table: str, config: Path | None, as_json: bool, **given: Any) -> int:
    """Train a network on TABLE, and score it on rows that it never saw.

    TABLE is a CSV, Parquet, Feather or npz file, or a built-in set: digits, iris, wine,
    breast_cancer, diabetes; xor, moons, circles, spirals, parity.
    """
    console = Console(file=sys.stderr if as_json else sys.stdout)
    settings = read_config(config, PLAN_OPTIONS)
    hyperparameters = chosen_hyperparameters(given, settings)
    chosen = {name: given[name] or settings.get(name) for name in PLAN_OPTIONS}
    chosen["test_size"] = (
        settings.get("test_size") if given["test_size"] is None else given["test_size"]
    )
    plan = _plan(table, chosen)
    columns = open_table(
        table,
        ignore=_several(chosen, "ignore"),
        categorical=_several(chosen, "categorical"),
    )
    for name in _several(chosen, "categorical"):
        columns[name]
    record = _Record(Path(chosen["out"]) if chosen["out"] else None, table_name(table))
    trained = _run(console, columns, plan, hyperparameters, record)
    report = _report(table, plan, trained)
    record.folder.write_report(report)
    _finish(console, record.folder, trained)
    if as_json:
        click.echo(json.dumps({"run": str(record.folder.path), **report}))
    return _exit_code(trained)


def _several(chosen: Mapping[str, Any], name: str) -> tuple[str, ...]:
    words = chosen[name] or ()
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise HyperparameterError(f"{name} must be a list of column names, got {words!r}")
    return tuple(words)


def _plan(source: str, chosen: Mapping[str, Any]) -> Plan:
    """Check the options that are no hyperparameters."""
    target = chosen["target"] or (BUILT_IN_TARGET if is_built_in(source) else None)
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

    folder: RunFolder

    def __init__(self, path: Path | None, name: str) -> None:
        self._path, self._name = path, name

    def open(self) -> None:
        """Make the folder, before any work is done that could be lost."""
        self.folder = RunFolder.create(self._path, self._name, ["ellnet", *sys.argv[1:]])

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        self.folder.append_epoch(state.epoch, history.epochs[-1], history.metric)
        return False


def _run(
    console: Console,
    columns: Columns,
    plan: Plan,
    hyperparameters: Hyperparameters,
    record: _Record,
) -> Trained:
    """Train with progress, and save the model."""

    def begin(net: Network, parts: Parts) -> None:
        console.print(
            f"{columns.source}: {columns.m:,} rows ({len(parts.train):,} to train on, "
            f"{len(parts.validation):,} to validate, {len(parts.test):,} to test)",
            highlight=False,
        )
        show_network(console, net)
        record.open()

    hooks: Sequence[Hook] = (progress_hook(Console(stderr=True)), record)
    trained = train_table(columns, plan, hyperparameters, hooks=hooks, begin=begin)
    trained.model.save(record.folder.model)
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
    curves = {"training cost": history.costs, "validation cost": history.validation_costs}
    for line in draw_curves({name: values for name, values in curves.items() if values}):
        console.print(line)
    console.print(stopped_because(history), highlight=False)
    show_scores(console, trained.scores, trained.model.target, trained.scored)
    if trained.trouble:
        click.echo(f"ellnet: error: {trained.trouble}", err=True)
    if history.stopped == "interrupted":
        click.echo("ellnet: interrupted; what was learned so far is saved", err=True)
    drawn = _draw(folder, history)
    console.print(
        f"saved in {folder.path}: model.safetensors, metrics.jsonl, report.json, {drawn}"
        "command.txt",
        highlight=False,
        soft_wrap=True,
    )


def _draw(folder: RunFolder, history: History) -> str:
    if not history.epochs:
        return ""
    try:
        CostCurveDisplay.from_history(history, title=folder.path.name).save(folder.curve)
    except MissingExtraError:
        return ""
    return "cost.png, "


def _exit_code(trained: Trained) -> int:
    if trained.trouble:
        return 1
    return 130 if trained.model.history.stopped == "interrupted" else 0
