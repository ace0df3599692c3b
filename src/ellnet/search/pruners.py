"""Pruners: which trials end before their last epoch, because their curve is among the poor ones.

A pruner looks at fixed epochs, the rungs, and compares the lowest validation cost so far with that of
the trials seen there (`results.LOOKBACK`): the verdict follows from numbers, not from who came first.
With several folds it looks at the first.
"""

import math
from collections.abc import Callable, Sequence
from statistics import median
from typing import Protocol

from ellnet.search.results import Result

__all__ = ["PRUNERS", "Asha", "Hyperband", "Median", "Pruner", "Unpruned"]

ETA = 3
"""One in so many goes on from a rung of ASHA and Hyperband."""

MEDIAN_BEGINS = 5
"""The median of so many trials, at least, ends another."""

RUNGS_OF_MEDIAN = 10


class Pruner(Protocol):
    """Says at which epochs a trial is looked at, and whether it ends there."""

    looks_back: bool
    """Whether verdicts depend on earlier results."""

    def rungs(self, number: int) -> Sequence[int]:
        """Return the epochs at which a trial is looked at."""

    def poor(self, number: int, epoch: int, lowest: float, seen: Sequence[Result]) -> bool:
        """Say whether a trial ends at a rung, with its lowest validation cost so far."""


class Unpruned:
    """Every trial goes to its end."""

    looks_back = False

    def __init__(self, epochs: int) -> None:
        """Take the number of epochs, which does not matter."""
        del epochs

    def rungs(self, number: int) -> Sequence[int]:
        """Return none."""
        del number
        return ()

    def poor(self, number: int, epoch: int, lowest: float, seen: Sequence[Result]) -> bool:
        """Say no."""
        del number, epoch, lowest, seen
        return False


class Median:
    """A trial worse than half of the earlier ones at a tenth, two tenths, ... of the epochs ends."""

    looks_back = True

    def __init__(self, epochs: int) -> None:
        """Lay the rungs: every tenth of the epochs, the last left out."""
        steps = (math.ceil(epochs * k / RUNGS_OF_MEDIAN) for k in range(1, RUNGS_OF_MEDIAN))
        self._rungs = tuple(rung for rung in dict.fromkeys(steps) if rung < epochs)

    def rungs(self, number: int) -> Sequence[int]:
        """Return the rungs, which are the same for all."""
        del number
        return self._rungs

    def poor(self, number: int, epoch: int, lowest: float, seen: Sequence[Result]) -> bool:
        """Say whether the lowest cost so far is above the median."""
        del number
        others = _at(epoch, seen)
        return len(others) >= MEDIAN_BEGINS and lowest > median(others)


class Asha:
    """Asynchronous successive halving (Li et al., 2020): the best third goes on from each rung.

    The rungs are at epochs r, 3r, 9r, ...; r is a 27th of the epochs, or 1.
    """

    looks_back = True

    def __init__(self, epochs: int, first: int | None = None) -> None:
        """Lay the rungs; the first may be said."""
        self._rungs = _powers(first or max(1, epochs // ETA**3), epochs)

    def rungs(self, number: int) -> Sequence[int]:
        """Return the rungs, which are the same for all."""
        del number
        return self._rungs

    def poor(self, number: int, epoch: int, lowest: float, seen: Sequence[Result]) -> bool:
        """Say whether a third or more of those that got here are better."""
        del number
        others = _at(epoch, seen)
        better = sum(other < lowest for other in others)
        return better >= max(1, (len(others) + 1) // ETA)


class Hyperband:
    """Hyperband (Li et al., 2018) over ASHA: brackets that begin to compare at different epochs.

    Trials go round the brackets by their number, oftener to those that prune early, and are compared
    within their own.
    """

    looks_back = True

    def __init__(self, epochs: int) -> None:
        """Make the brackets, and the round of them that trials go."""
        rungs = _powers(max(1, epochs // ETA**3), epochs)
        self._brackets = [Asha(epochs, rung) for rung in rungs] or [Asha(epochs)]
        last = len(self._brackets) - 1
        sizes = [
            math.ceil((last + 1) * ETA ** (last - k) / (last - k + 1)) for k in range(last + 1)
        ]
        turns = [((i + 0.5) / size, k) for k, size in enumerate(sizes) for i in range(size)]
        self._round = tuple(k for _, k in sorted(turns))

    def bracket(self, number: int) -> int:
        """Return the bracket of a trial."""
        return self._round[number % len(self._round)]

    def rungs(self, number: int) -> Sequence[int]:
        """Return the rungs of the trial's bracket."""
        return self._brackets[self.bracket(number)].rungs(number)

    def poor(self, number: int, epoch: int, lowest: float, seen: Sequence[Result]) -> bool:
        """Ask the trial's bracket."""
        own = self.bracket(number)
        mates = [result for result in seen if self.bracket(result.number) == own]
        return self._brackets[own].poor(number, epoch, lowest, mates)


PRUNERS: dict[str, Callable[[int], Pruner]] = {
    "none": Unpruned,
    "median": Median,
    "asha": Asha,
    "hyperband": Hyperband,
}
"""Every pruner by its name, made for a number of epochs."""


def _powers(first: int, epochs: int) -> tuple[int, ...]:
    rungs, rung = [], first
    while rung < epochs:
        rungs.append(rung)
        rung *= ETA
    return tuple(rungs)


def _at(epoch: int, seen: Sequence[Result]) -> list[float]:
    lowest = (result.lowest(epoch) for result in seen)
    return [value for value in lowest if value is not None]
