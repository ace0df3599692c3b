"""Places: a run cut where it was named beforehand, to see what it stands at there."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

from ellnet.files.checkpoint_file import Checkpoint
from ellnet.files.digest_chain import Origin

__all__ = ["AllFoundError", "Place", "Places"]

Place = tuple[int, int]
"""The epochs finished, and the minibatches taken of the one under way."""


class AllFoundError(Exception):
    """The last place has been reached; nothing further on is of interest."""


class Places:
    """Cuts a run at places that are named beforehand, and hands on what it stands at there."""

    every_step = True
    resumes = False

    def __init__(
        self,
        start: Checkpoint | None,
        places: Sequence[Place],
        found: Callable[[Checkpoint], None],
    ) -> None:
        """Begin at `start`, and call `found` at every place, of which the last ends the run."""
        self._start = start
        self._places, self._last = set(places), max(places)
        self._found = found

    def held(self) -> AbstractContextManager[None]:
        """Keep nobody out: nothing is written."""
        return nullcontext()

    def begin(self, origin: Callable[[], Origin]) -> Iterator[Checkpoint | None]:
        """Yield the start."""
        del origin
        yield self._start

    def epochs_ahead(self, epoch: int) -> int:
        """Return 1: every epoch may end at a place."""
        del epoch
        return 1

    def cuts(self, epoch: int, taken: int) -> bool:
        """Say whether this is one of the places."""
        return taken > 0 and (epoch, taken) in self._places

    def look(self, checkpoint: Checkpoint) -> None:
        """Hand on what stands at a place.

        Raises:
            AllFoundError: it is the last.
        """
        if checkpoint.place in self._places:
            self._places.discard(checkpoint.place)
            self._found(checkpoint)
        if checkpoint.place == self._last:
            raise AllFoundError
