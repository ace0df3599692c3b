"""Progress of a training run on stderr: a live bar in a terminal, a line now and then elsewhere."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from ellnet.cli.terminal import say
from ellnet.files.checkpoint_file import Checkpoint
from ellnet.history import History
from ellnet.state import TrainingState
from ellnet.training import Hook, Outcome

__all__ = ["Lines", "LiveBar", "describe_epoch", "progress_hook"]

SECONDS_BETWEEN_LINES = 2.0
BESIDE_THE_BAR = 70
"""Characters that the words beside the bar take at most."""


def describe_epoch(history: History) -> str:
    """Say in a line what the last finished epoch gave."""
    if not history.epochs:
        return ""
    last = history.epochs[-1]
    parts = [f"cost {last.cost:.4g}"]
    if last.validation_cost is not None:
        parts.append(f"validation {last.validation_cost:.4g}")
    if last.validation_metric is not None:
        parts.append(f"{history.metric} {last.validation_metric:.4g}")
    return ", ".join(parts)


class LiveBar(Hook):
    """A bar that moves with every minibatch, in one line of the terminal."""

    def __init__(self, console: Console) -> None:
        """Draw on `console`."""
        one_line = Column(no_wrap=True, overflow="ellipsis")
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.total:.0f}", table_column=one_line),
            BarColumn(bar_width=max(4, min(30, console.width - BESIDE_THE_BAR))),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False, table_column=one_line),
            console=console,
        )
        self._task: TaskID
        self._epochs = 0

    def before_run(self, epochs: int) -> None:
        """Show the empty bar."""
        self._task = self._progress.add_task("", total=epochs, epoch=0)
        self._progress.start()

    def resume(self, begun: Checkpoint | None) -> None:
        """Begin where the run goes on."""
        self._epochs = 0 if begun is None else begun.state.epoch
        self._progress.update(self._task, completed=self._epochs, epoch=self._epochs)

    def after_step(self, taken: int, of: int) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=self._epochs + taken / of)

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        """Show what the epoch gave."""
        self._epochs = state.epoch
        self._progress.update(
            self._task,
            completed=state.epoch,
            epoch=state.epoch,
            description=describe_epoch(history),
        )
        return False

    def after_run(self, outcome: Outcome) -> None:
        """Leave the bar as it stands."""
        epochs = len(outcome.history.epochs)
        self._progress.update(self._task, epoch=epochs, description=describe_epoch(outcome.history))
        self.close()

    def close(self) -> None:
        """Give the terminal back, however the run ended."""
        self._progress.stop()


class Lines(Hook):
    """A line at the first epoch, and then every two seconds at most."""

    def __init__(self, console: Console) -> None:
        """Print on `console`."""
        self._console = console
        self._epochs = 0
        self._last = 0
        self._printed = -SECONDS_BETWEEN_LINES

    def before_run(self, epochs: int) -> None:
        """Note how many epochs there may be."""
        self._epochs = epochs

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        """Print a line where it is time."""
        now = time.monotonic()
        if now - self._printed >= SECONDS_BETWEEN_LINES:
            self._printed = now
            self._print(state.epoch, history)
        return False

    def after_run(self, outcome: Outcome) -> None:
        """Print how it ended."""
        epochs = len(outcome.history.epochs)
        if epochs > self._last:
            self._print(epochs, outcome.history)

    def close(self) -> None:
        """Nothing is held."""

    def _print(self, epoch: int, history: History) -> None:
        self._last = epoch
        say(self._console, f"epoch {epoch}/{self._epochs}: {describe_epoch(history)}")


def progress_hook(console: Console) -> LiveBar | Lines:
    """Return the bar where `console` is a terminal, and lines where it is not."""
    return LiveBar(console) if console.is_terminal else Lines(console)
