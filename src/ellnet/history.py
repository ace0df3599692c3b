"""History: what training cost, iteration by iteration and epoch by epoch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar, overload

from ellnet.drawings import history_html

__all__ = ["Epoch", "History", "HistoryKeeper"]

T = TypeVar("T")


@dataclass(frozen=True)
class Epoch:
    """One finished epoch.

    Attributes:
        cost: mean training cost over the epoch's minibatches, as minimised (penalty included).
        validation_cost: cost of the validation examples after the epoch, without penalty.
        validation_metric: the metric on the validation examples after the epoch.
        seconds: wall time of the epoch.
    """

    cost: float
    validation_cost: float | None = None
    validation_metric: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class History:
    """Costs of a training run.

    Attributes:
        iterations: training cost of every step's minibatch, before that step.
        epochs: what each finished epoch gave.
        metric: name of the validation metric, "" where none was asked for.
        best_epoch: number (1, 2, ...) of the epoch whose parameters were kept; 0 before the first.
        stopped: why training ended: "epochs" (all were run), "early" (no more gain), "hook",
            "interrupted", "diverged"; "" while it runs.
        engine: the engine that trained.
    """

    iterations: Sequence[float] = ()
    epochs: Sequence[Epoch] = ()
    metric: str = ""
    best_epoch: int = 0
    stopped: str = ""
    engine: str = ""

    @property
    def costs(self) -> list[float]:
        """The training cost of each epoch."""
        return [epoch.cost for epoch in self.epochs]

    @property
    def validation_costs(self) -> list[float]:
        """The validation cost of each epoch that has one."""
        return [e.validation_cost for e in self.epochs if e.validation_cost is not None]

    def _repr_html_(self) -> str:
        """Show the curves, and what training came to, in a notebook."""
        last = self.epochs[-1].validation_metric if self.epochs else None
        return history_html(
            self.costs,
            self.validation_costs,
            best_epoch=self.best_epoch,
            stopped=self.stopped,
            engine=self.engine,
            metric=None if last is None else (self.metric, last),
        )


class _Prefix(Sequence[T]):
    """The first entries of a list that only grows: what it shows stays, and nothing is copied."""

    def __init__(self, growing: list[T]) -> None:
        """Show what the list holds now."""
        self._growing = growing
        self._length = len(growing)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return islice(self._growing, self._length)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...

    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        if isinstance(index, slice):
            return tuple(self._growing[k] for k in range(self._length)[index])
        return self._growing[range(self._length)[index]]

    def __repr__(self) -> str:
        return repr(tuple(self))


class HistoryKeeper:
    """A history that grows: adding to it, and looking at it, costs the same however long it is."""

    def __init__(self, metric: str, engine: str, before: History | None = None) -> None:
        """Begin with nothing run, or with what was run before."""
        self._metric = metric
        self._engine = engine
        self._iterations: list[float] = list(before.iterations) if before else []
        self._epochs: list[Epoch] = list(before.epochs) if before else []
        self.best_epoch = before.best_epoch if before else 0

    def __len__(self) -> int:
        """Return the number of epochs that have ended."""
        return len(self._epochs)

    def add(self, iterations: Sequence[float]) -> None:
        """Add the costs of steps."""
        self._iterations += iterations

    def end_epoch(self, epoch: Epoch) -> None:
        """Add an epoch."""
        self._epochs.append(epoch)

    def so_far(self, stopped: str = "") -> History:
        """Return what has been run until now; later additions do not show in it."""
        iterations, epochs = _Prefix(self._iterations), _Prefix(self._epochs)
        return History(iterations, epochs, self._metric, self.best_epoch, stopped, self._engine)

    def ended(self, stopped: str, best_epoch: int) -> History:
        """Return the whole history, with why training ended."""
        iterations, epochs = tuple(self._iterations), tuple(self._epochs)
        return History(iterations, epochs, self._metric, best_epoch, stopped, self._engine)
