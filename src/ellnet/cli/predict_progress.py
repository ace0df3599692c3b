"""Progress of a long prediction on stderr: a live bar in a terminal, a line now and then elsewhere."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ellnet.cli.terminal import say

__all__ = ["Lines", "PredictProgress", "describe", "progress_of"]

SECONDS_BETWEEN_LINES = 2.0


def describe(rows: int, part: float, seconds: float) -> str:
    """Say how many rows are done, what part that is, and how many a second."""
    return f"{rows:,} rows, {part:.0%}, {rows / max(seconds, 1e-3):,.0f} rows a second"


class PredictProgress(ABC):
    """Shows how far a prediction is."""

    @abstractmethod
    def show(self, rows: int, part: float) -> None:
        """Take note of the rows done so far, and of the part of the table that they are."""


@final
class _Silent(PredictProgress):
    """Shows nothing: the predictions themselves appear."""

    def show(self, rows: int, part: float) -> None:
        """Do nothing."""


@final
class Lines(PredictProgress):
    """A line every two seconds at most."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        """Print on `console`; `clock` gives seconds."""
        self._console = console
        self._clock = clock
        self._begun = self._printed = clock()

    def show(self, rows: int, part: float) -> None:
        """Print a line where it is time."""
        now = self._clock()
        if now - self._printed >= SECONDS_BETWEEN_LINES:
            self._printed = now
            say(self._console, describe(rows, part, now - self._begun))


@final
class _Bar(PredictProgress):
    """A bar in one line of the terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=1.0)
        self._begun = time.monotonic()

    def show(self, rows: int, part: float) -> None:
        """Move the bar."""
        words = describe(rows, part, time.monotonic() - self._begun)
        self._progress.update(self._task, completed=part, description=words)


@contextmanager
def progress_of(console: Console, shown: bool) -> Iterator[PredictProgress]:
    """Give the bar where `console` is a terminal, and lines where it is not; nothing if not `shown`."""
    if not shown:
        yield _Silent()
    elif not console.is_terminal:
        yield Lines(console)
    else:
        columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
        with Progress(*columns, console=console) as progress:
            yield _Bar(progress)
