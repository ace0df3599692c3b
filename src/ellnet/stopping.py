"""When training has gained enough: what is watched, and for how many epochs it may stand still."""

import math
from typing import NamedTuple, Protocol

from ellnet.history import Epoch

__all__ = ["EarlyStopping", "Look", "Stopping"]


class Look(NamedTuple):
    """What an epoch came to.

    Attributes:
        best: its parameters are the best so far, and to be kept.
        exhausted: there was no gain for so long that training should end.
    """

    best: bool
    exhausted: bool


class Stopping(Protocol):
    """Looks at every epoch that ends; best parameters are kept only where it names some."""

    def look(self, epoch: Epoch) -> Look:
        """Look at the epoch that has just ended."""

    def begin_again(self) -> None:
        """Count from 0 again: the learning rate was cut instead of ending."""

    def earliest(self) -> float:
        """Return the number of the epoch, from 1 for the next, that could be the first to matter.

        The epochs before it neither end the run nor are the best, whatever they come to, so that an
        engine may run them all at once.
        """


class EarlyStopping:
    """Watches the validation cost: its lowest is the best, and falls by more than tol are gains."""

    def __init__(self, n_iter_no_change: int, tol: float) -> None:
        """Allow so many epochs in a row whose fall since the last gain is within tol."""
        self._patience = n_iter_no_change
        self._tol = tol
        self._best = math.inf
        self._to_beat = math.inf
        self._waited = 0

    def look(self, epoch: Epoch) -> Look:
        """Look at the epoch that has just ended; it has a validation cost."""
        cost = math.inf if epoch.validation_cost is None else epoch.validation_cost
        best = cost < self._best
        self._best = min(cost, self._best)
        if cost < self._to_beat - self._tol:
            self._to_beat, self._waited = cost, 0
        else:
            self._waited += 1
        return Look(best, self._waited >= self._patience)

    def begin_again(self) -> None:
        """Count from 0 again."""
        self._waited = 0

    def earliest(self) -> float:
        """Return 1: the next epoch may be the best."""
        return 1
