"""Checkpoints: when a run is written down, where, and from which it goes on."""

import math
import re
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from ellnet.errors import (
    CorruptFileError,
    EllnetWarning,
    FileAccessError,
    HyperparameterError,
    NewerFileError,
)
from ellnet.files.checkpoint_file import Checkpoint, chain_at, read_checkpoint, write_checkpoint
from ellnet.files.digest_chain import Links, Origin, difference
from ellnet.files.ledger import LEDGER, Entry, add_entry, read_ledger
from ellnet.files.locks import locked

__all__ = ["Checkpoints", "Interval", "Recorder", "sweep"]

START = "start.safetensors"
NAME = re.compile(r"epoch-(\d+)-(\d+)\.safetensors")
SHARE = 0.02
"""Part of the run's time that checkpoints may take, where nothing else is said."""
KEEP = 3
DISK_SECONDS, BYTES_A_SECOND = 5e-3, 2e8
"""What a first checkpoint is taken to cost, before there is one to go by."""

Origins = Callable[[], Origin]


class Recorder(Protocol):
    """Takes checkpoints of a run; says where it begins, and where it is cut for one."""

    every_step: bool
    """Whether it wants to be asked before every step, and not by the clock."""

    resumes: bool
    """Whether a run goes on that another process may have told of already."""

    def held(self) -> AbstractContextManager[None]:
        """Keep other processes out while a run writes."""

    def begin(self, origin: Origins) -> Iterator[Checkpoint | None]:
        """Yield where the run can begin, the best place first; None is the very start."""

    def epochs_ahead(self, epoch: int) -> int:
        """Return how many epochs can be run at once after so many."""

    def cuts(self, epoch: int, taken: int) -> bool:
        """Say whether to stop here, in the middle of an epoch, for a checkpoint."""

    def look(self, checkpoint: Checkpoint) -> None:
        """See where training stands, and write it down where it is time."""


class Interval(NamedTuple):
    """How often: every so many seconds, or every so many epochs; the other number is 0."""

    seconds: float = 0.0
    epochs: int = 0

    @classmethod
    def read(cls, text: str) -> "Interval":
        """Read `30s`, `10min`, `2h` or `5epochs`.

        Raises:
            HyperparameterError: it is nothing of the kind.
        """
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h|epochs?)\s*", text)
        factor = {"s": 1.0, "min": 60.0, "h": 3600.0}
        if found:
            number, unit = float(found[1]), found[2]
            if unit in factor and number > 0:
                return cls(seconds=number * factor[unit])
            if unit not in factor and number >= 1 and number == int(number):
                return cls(epochs=int(number))
        raise HyperparameterError(
            f"checkpoints are written every so often, as 30s, 10min, 2h or 5epochs, got {text!r}"
        )


class Checkpoints:
    """A folder of checkpoints, the newest few kept, and the ledger of all their digests."""

    every_step = False

    def __init__(
        self,
        folder: str | Path | Callable[[], Path],
        every: str | None = "30s",
        *,
        keep: int = KEEP,
        share: float = SHARE,
        resume: bool = False,
        start: Checkpoint | None = None,
        parent: str = "",
    ) -> None:
        """Say where, how often, and how many.

        Args:
            folder: is made when the first one is written; or a function that gives it, which is asked
                once training begins.
            every: `30s`, `10min`, `2h` or `5epochs`; None writes one only where a run is interrupted.
            keep: files that are kept; older ones are deleted, and their digests stay.
            share: part of the run's time that checkpoints may take: where they would take more
                they are written more seldom; 1 sets no bound.
            resume: go on from the newest, where there is one; without it a folder that holds some
                is refused.
            start: where a branch begins.
            parent: the digest of the checkpoint that it was branched from.

        Raises:
            HyperparameterError: a value that is not allowed.
        """
        _check(keep, share)
        self._where = folder
        self.every = None if every is None else Interval.read(every)
        self.parent = parent
        self._keep, self._share = keep, float(share)
        self.resumes, self._start = resume, start
        self._origins: Origins | None = None
        self._origin: Origin | None = None
        self._seen: dict[tuple[int, int], str] = {}
        self._began = self._last = self._epoch_ended = time.monotonic()
        self._last_epoch, self._epoch, self._epoch_seconds = 0, 0, 0.0
        self._spent, self._cost = 0.0, 0.0
        self._said = False

    @property
    def seconds(self) -> float:
        """Time that they have taken in this run, digests of the data included."""
        return self._spent

    @property
    def folder(self) -> Path:
        """Where they stand."""
        return Path(self._where() if callable(self._where) else self._where)

    def held(self) -> AbstractContextManager[None]:
        """Keep other processes out of the folder.

        Raises:
            FileAccessError: another process trains there, or the folder cannot be made.
        """
        if self.every is None:  # nothing may ever be written
            return nullcontext()
        self._make_folder()
        return locked(self.folder / LEDGER, str(self.folder))

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileAccessError(f"{self.folder} cannot be made: {error.strerror}") from error

    def begin(self, origin: Origins) -> Iterator[Checkpoint | None]:
        """Yield the checkpoints to go on from, the newest first, and None for the start.

        Raises:
            FileAccessError: the folder holds checkpoints, and nobody asked to resume.
            HyperparameterError: a checkpoint of other data or choices; names the difference.
        """
        self._origins, self._origin = origin, None
        self._began = self._last = self._epoch_ended = time.monotonic()
        self._spent = 0.0
        files = self.files()
        if files and not self.resumes:
            raise FileAccessError(
                f"{self.folder} holds checkpoints already; resume from them, or name another folder"
            )
        sweep(self.folder)
        self._seen = {entry.place: entry.links.parameters for entry in read_ledger(self.folder)}
        if self._start is not None and not files:
            self._write(self.folder / START, self._start)
            files = self.files()
        while files:  # listed anew each time: an attempt from further back writes and deletes some
            path = files[-1]
            found = self._read(path)
            if found is not None:
                self._last_epoch = self._epoch = found.state.epoch
                yield found
            files = [other for other in self.files() if _order(other) < _order(path)]
        if not (self.folder / START).exists():
            self._last_epoch = self._epoch = 0
            yield None

    def epochs_ahead(self, epoch: int) -> int:
        """Return how many epochs there are to the next checkpoint by number, 1 at least."""
        if self.every is None or not self.every.epochs:
            return 10**9
        return max(1, self._last_epoch + self.every.epochs - epoch, self._epochs_to_afford())

    def cuts(self, epoch: int, taken: int) -> bool:
        """Say whether an interval of time has run out in the middle of an epoch."""
        del epoch, taken
        if self.every is None or not self.every.seconds:
            return False
        now = time.monotonic()
        return now - self._last >= self.every.seconds and self._affordable(now)

    def look(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint down where it is time, and after a run has ended.

        A checkpoint that cannot be written is warned of; training goes on without it.
        """
        now, state, stopped = time.monotonic(), checkpoint.state, checkpoint.history.stopped
        if state.epoch != self._epoch:
            taken = max(1, state.epoch - self._epoch)
            self._epoch_seconds, self._epoch_ended = (now - self._epoch_ended) / taken, now
            self._epoch = state.epoch
        self._cost = self._cost or _expected_cost(checkpoint)
        if not self._wanted(checkpoint, now):
            return
        with_file = stopped in {"", "interrupted"} or self._affordable(now)
        try:
            self._record(checkpoint, with_file=with_file)
        except FileAccessError as error:
            warnings.warn(f"{error}; training goes on", EllnetWarning, stacklevel=2)
        ended = time.monotonic()
        self._cost = ended - now
        self._spent += self._cost
        self._last, self._last_epoch = ended, state.epoch
        self._epoch_ended += self._cost

    def files(self) -> list[Path]:
        """Return the checkpoints that are there, the start of a branch first, the newest last."""
        found = [path for path in _listed(self.folder) if path.name == START or _is_numbered(path)]
        return sorted(found, key=_order)

    def _wanted(self, checkpoint: Checkpoint, now: float) -> bool:
        """Say whether it is time, and affordable; a run that diverged is not written down."""
        state, stopped = checkpoint.state, checkpoint.history.stopped
        if stopped == "interrupted":
            return state.step > 0
        if self.every is None or stopped == "diverged":
            return False
        if stopped:
            return True
        if self.every.epochs:
            due = not state.batch and state.epoch >= self._last_epoch + self.every.epochs
        else:
            # An epoch's end is taken where the next one would come too late.
            ahead = 0.0 if state.batch else self._epoch_seconds
            due = now - self._last + ahead >= self.every.seconds
        if due and not self._affordable(now):
            self._say_seldom()
            return False
        return due

    def _epochs_to_afford(self) -> int:
        """Return how many epochs have to go by until the next checkpoint fits its share of the time."""
        if self._share == 1 or self._epoch_seconds <= 0:
            return 0
        wanted = (self._spent + self._cost) / self._share
        return int((wanted - (time.monotonic() - self._began)) / self._epoch_seconds)

    def _affordable(self, now: float) -> bool:
        return self._share == 1 or self._spent + self._cost <= self._share * (now - self._began)

    def _say_seldom(self) -> None:
        if not self._said:
            self._said = True
            warnings.warn(
                f"so many checkpoints would take more than {self._share:.0%} of the run's time: they "
                "are written as often as that allows; a share of 1 sets no bound",
                EllnetWarning,
                stacklevel=2,
            )

    def _record(self, checkpoint: Checkpoint, *, with_file: bool) -> None:
        epoch, batch = checkpoint.place
        path = self.folder / f"epoch-{epoch:06d}-{batch:06d}.safetensors"
        if with_file:
            self._write(path, checkpoint)
            self._rotate(path)
        else:
            self._enter(checkpoint, chain_at(checkpoint, self._own_origin()))

    def _write(self, path: Path, checkpoint: Checkpoint) -> None:
        self._make_folder()
        self._enter(checkpoint, write_checkpoint(path, checkpoint, self._own_origin()))

    def _own_origin(self) -> Origin:
        """Return the run's origin; digests of the data are computed when they are needed first."""
        if self._origin is None:
            assert self._origins is not None  # noqa: S101 - a run begins before it is looked at
            found = self._origins()
            self._origin = Origin(found.data, {**found.chosen, "parent": self.parent})
        return self._origin

    def _enter(self, checkpoint: Checkpoint, links: Links) -> None:
        """Add a line to the ledger, and bring it to the disk."""
        state = checkpoint.state
        known = self._seen.setdefault(checkpoint.place, links.parameters)
        if known != links.parameters:
            warnings.warn(
                f"epoch {state.epoch} came to other bits than the ledger {self.folder / LEDGER} has of "
                "it: the engine, or this machine, does not repeat itself",
                EllnetWarning,
                stacklevel=2,
            )
        entry = Entry(state.epoch, state.batch, state.step, links, checkpoint.history.stopped)
        add_entry(self.folder, entry)

    def _rotate(self, newest: Path) -> None:
        """Delete what is too old, and what lies ahead: damaged, or of a stretch that was given up."""
        numbered = [path for path in self.files() if path.name != START]
        place = numbered.index(newest) + 1
        for path in (*numbered[: max(0, place - self._keep)], *numbered[place:]):
            with suppress(OSError):
                path.unlink()

    def _read(self, path: Path) -> Checkpoint | None:
        """Read a checkpoint of this very run; a damaged one is passed over with a warning."""
        try:
            checkpoint, origin, links = read_checkpoint(path)
        except NewerFileError:
            raise
        except CorruptFileError as error:
            said = str(error).partition(";")[0]
            warnings.warn(f"{said}; the one before it is taken", EllnetWarning, stacklevel=2)
            return None
        differs = difference(origin, self._own_origin())
        if differs:
            raise HyperparameterError(
                f"the run cannot go on from {path}: {differs}; a run goes on only as it began, and a "
                "branch of it (ellnet branch) may change"
            )
        if self._seen.get(checkpoint.place) != links.parameters:
            self._enter(checkpoint, links)
        return checkpoint


def _check(keep: object, share: object) -> None:
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 2:
        raise HyperparameterError(
            "at least 2 checkpoints must be kept, the older for when the newer is damaged, got "
            f"{keep!r}"
        )
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise HyperparameterError(
            f"the share of the time for checkpoints must be above 0 and at most 1, got {share!r}"
        )


def _expected_cost(checkpoint: Checkpoint) -> float:
    """Return the seconds that a first checkpoint is taken to cost."""
    groups = 2 + len(checkpoint.state.moments)
    arrays = checkpoint.state.parameters.arrays()
    numbers = groups * sum(int(math.prod(a.shape)) for a in arrays)
    return DISK_SECONDS + 8 * numbers / BYTES_A_SECOND


def _is_numbered(path: Path) -> bool:
    return NAME.fullmatch(path.name) is not None


def _order(path: Path) -> tuple[int, int]:
    """Return where a file's checkpoint stands; the start of a branch comes first."""
    found = NAME.fullmatch(path.name)
    return (int(found[1]), int(found[2])) if found else (-1, 0)


def sweep(folder: Path) -> None:
    """Take away what a kill in the middle of writing has left in a folder."""
    for path in _listed(folder):
        if path.name.startswith(".ellnet-") and path.suffix == ".tmp":
            with suppress(OSError):
                path.unlink()


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
