"""A run from its folder to its report, however it was begun: by train, by --resume or by branch."""

import json
import shlex
import warnings
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import click
from rich.console import Console

from ellnet.checkpoints import Checkpoints, sweep
from ellnet.cli.progress import progress_hook
from ellnet.cli.tables_shown import (
    show_branched,
    show_curves,
    show_network,
    show_scores,
    stopped_because,
)
from ellnet.cli.terminal import say, tell_trouble, terminal
from ellnet.columns import Columns
from ellnet.errors import EllnetWarning, FileAccessError, MissingExtraError
from ellnet.files.checkpoint_file import Checkpoint
from ellnet.history import History
from ellnet.interruption import interruptible
from ellnet.models import Model
from ellnet.network import Network
from ellnet.parts import Parts
from ellnet.run_records import RunRecord
from ellnet.runs import RunFolder
from ellnet.state import TrainingState
from ellnet.training import Hook
from ellnet.version import NUMERICS, VERSION
from ellnet.workflow import Inherited, Trained, train_table

__all__ = ["Record", "Setting", "perform"]


class Record(Hook):
    """Makes the run folder once the data are known to be good, and writes a line an epoch."""

    def __init__(
        self,
        console: Console,
        record: RunRecord,
        table: Columns,
        make: Callable[[], RunFolder],
        *,
        going_on: bool = False,
    ) -> None:
        """Take what run.json will say.

        Args:
            console: where it is told from where a run goes on.
            record: what run.json will say.
            table: the rows, whose fingerprint it holds.
            make: gives the folder.
            going_on: whether the folder is that of a run which is gone on with.
        """
        self._console = console
        self._record, self._table, self._make = record, table, make
        self._going_on = going_on
        self._folder: RunFolder | None = None
        self._lock = ExitStack()
        self._trouble = False

    @property
    def record(self) -> RunRecord:
        """What run.json says."""
        return self._record

    @property
    def folder(self) -> RunFolder:
        """The run folder; it is made, and locked, when it is asked for first."""
        if self._folder is None:
            self._folder = self._make()
            self._lock.enter_context(self._folder.lock())
            sweep(self._folder.path)
            if self._record.checkpoints.every is not None:
                self.note_data()
            else:
                self._record.write(self._folder.path)
        return self._folder

    def note_data(self) -> None:
        """Write run.json with the fingerprint of the data: the run may be gone on with."""
        if not self._record.data:
            self._record = self._record.noting(self._table)
        self._record.write(self.folder.path)

    def keep(self, model: Model) -> None:
        """Save the model; Ctrl-C waits for that."""
        with interruptible():
            if model.history.stopped == "interrupted":
                self.note_data()
            model.save(self.folder.model)

    def resume(self, begun: Checkpoint | None) -> None:
        """Leave in metrics.jsonl the epochs that the run goes on from."""
        history = History() if begun is None else begun.history
        self.folder.rewrite_epochs(history.epochs, history.metric)
        say(self._console, f"goes on {_from_where(begun)}")

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        """Write the epoch's line."""
        try:
            self.folder.append_epoch(state.epoch, history.epochs[-1], history.metric)
        except FileAccessError as error:
            if not self._trouble:
                warnings.warn(f"{error}; training goes on", EllnetWarning, stacklevel=2)
            self._trouble = True
        return False

    def discard(self) -> bool:
        """Take the folder away unless something was learned in it; say whether it stays."""
        with interruptible():
            if self._folder is None:
                return False
            return self._going_on or not self._folder.discard()

    def close(self) -> None:
        """Free the folder for other processes."""
        self._lock.close()


@dataclass(frozen=True, eq=False)
class Setting:
    """What a run is performed with.

    Attributes:
        console: where it is told.
        as_json: whether the report is printed as JSON.
        checkpoints: how often they are taken, and where.
        inherited: what a branch takes over.
        parent: the history of the run that it parted from, for the picture.
        parted: the epoch after which it did.
    """

    console: Console
    as_json: bool
    checkpoints: Checkpoints
    inherited: Inherited | None = None
    parent: History | None = None
    parted: int = 0


def perform(setting: Setting, columns: Columns, record: Record) -> int:
    """Train, score, report and show; return the exit code."""
    with closing(record):
        try:
            trained = _run(setting, columns, record)
            report = _report(record.record, trained)
            record.folder.write_report(report)
        except KeyboardInterrupt:
            if not record.discard() or not record.folder.model.exists():
                raise
            click.echo(
                f"ellnet: interrupted before the scores; saved {record.folder.model}", err=True
            )
            return 130
        except BaseException:
            record.discard()
            raise
        _finish(setting, record.folder, trained)
        if setting.as_json:
            path = str(record.folder.path)
            click.echo(json.dumps({"run": path, **report}, allow_nan=False))
        return _exit_code(trained)


def _run(setting: Setting, columns: Columns, record: Record) -> Trained:
    """Train with progress, and save the model."""
    console = setting.console

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
            record.record.plan,
            record.record.hyperparameters,
            hooks=(progress, record),
            begin=begin,
            keep=record.keep,
            checkpoints=setting.checkpoints,
            inherited=setting.inherited,
        )
    record.keep(trained.model)
    return trained


def _from_where(begun: Checkpoint | None) -> str:
    if begun is None:
        return "from its beginning: there is no checkpoint to go on from"
    epoch, batch = begun.place
    inside = f", minibatch {batch} of the next" if batch else ""
    return f"after epoch {epoch}{inside}"


def _report(record: RunRecord, trained: Trained) -> dict[str, Any]:
    """Return what report.json holds."""
    model, history = trained.model, trained.model.history
    return {
        "ellnet": VERSION,
        "numerics": NUMERICS,
        "table": record.table,
        "target": record.plan.target,
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


def _finish(setting: Setting, folder: RunFolder, trained: Trained) -> None:
    """Show curve and scores, draw the picture, say what went wrong and where everything is."""
    console, history = setting.console, trained.model.history
    if setting.parent is None:
        show_curves(console, history)
    else:
        show_branched(console, history, setting.parent)
    say(console, stopped_because(history))
    say(console, f"engine: {history.engine}")
    show_scores(console, trained.scores, trained.model.target, trained.scored)
    tell_trouble(trained.trouble)
    if history.stopped == "interrupted":
        click.echo("ellnet: interrupted; what was learned so far is saved", err=True)
        say(console, f"to go on: ellnet train --resume {shlex.quote(str(folder.path))}")
    _draw(setting, folder, history)
    _hint(console, folder, trained)
    say(console, f"saved in {folder.path}: {', '.join(folder.files())}")


def _hint(console: Console, folder: RunFolder, trained: Trained) -> None:
    """Say in a line what parameters and history alone show to be seriously wrong, if anything."""
    from ellnet.explain.doctor import diagnose

    if trained.trouble:
        return
    model = trained.model
    found = diagnose(model.network, model.history, hyperparameters=model.hyperparameters)
    for finding in (each for each in found[:1] if each.serious):
        say(
            console,
            f"{finding.illness}: {finding.evidence}; `ellnet doctor {folder.path}` looks closer",
        )


def _draw(setting: Setting, folder: RunFolder, history: History) -> None:
    """Draw the curve where there is one, and where it can be drawn; the rest stands without it."""
    if not history.epochs:
        return
    from ellnet.plots import CostCurveDisplay

    try:
        drawn = CostCurveDisplay.from_history(
            history, parent=setting.parent, parted=setting.parted, title=folder.path.name
        )
        drawn.save(folder.curve)
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
