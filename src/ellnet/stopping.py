"""When training has gained enough: what is watched, and for how many epochs it may stand still."""

import math
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from ellnet.history import Epoch

__all__ = ["EarlyStopping", "Look", "Standstill", "Stopping"]


class Look(NamedTuple):
    """What an epoch came to.

    Attributes:
        best: its parameters are the best so far, and to be kept.
        exhausted: there was no gain for so long that training should end, or an adaptive rate be cut.
        ends: whether it does end where there is nothing left to cut.
    """

    best: bool
    exhausted: bool
    ends: bool = True


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

    def memory(self) -> dict[str, float]:
        """Return what it has seen and counted, as plain numbers, which may be infinite."""

    def recall(self, memory: Mapping[str, float]) -> None:
        """Go on from what `memory` returned."""


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
        return Look(best, self.waits(cost))

    @property
    def patience_left(self) -> int:
        """Epochs without gain until patience runs out."""
        return self._patience - self._waited

    def waits(self, cost: float) -> bool:
        """Count one more cost, and say whether there was no gain for too long."""
        if cost < self._to_beat - self._tol:
            self._to_beat, self._waited = cost, 0
        else:
            self._waited += 1
        return self._waited >= self._patience

    def begin_again(self) -> None:
        """Count from 0 again."""
        self._waited = 0

    def earliest(self) -> float:
        """Return 1: the next epoch may be the best."""
        return 1

    def memory(self) -> dict[str, float]:
        """Return the lowest cost, the cost to beat, and the epochs without gain."""
        return {"best": self._best, "to_beat": self._to_beat, "waited": self._waited}

    def recall(self, memory: Mapping[str, float]) -> None:
        """Go on from what `memory` returned."""
        self._best, self._to_beat = memory["best"], memory["to_beat"]
        self._waited = int(memory["waited"])


class Standstill:
    """Watches a run that nothing ends early, for the adaptive schedule: where does its cost stand still?

    The cost is that of the validation examples where there are some, else that of training.
    """

    def __init__(self, n_iter_no_change: int, tol: float) -> None:
        """Allow so many epochs in a row whose fall since the last gain is within tol."""
        self._rule = EarlyStopping(n_iter_no_change, tol)

    def look(self, epoch: Epoch) -> Look:
        """Look at the epoch that has just ended; none is kept as the best."""
        watched = epoch.cost if epoch.validation_cost is None else epoch.validation_cost
        return Look(best=False, exhausted=self._rule.waits(watched), ends=False)

    def begin_again(self) -> None:
        """Count from 0 again."""
        self._rule.begin_again()

    def earliest(self) -> float:
        """Return the number of the epoch with which patience could run out."""
        return self._rule.patience_left

    def memory(self) -> dict[str, float]:
        """Return what the rule has seen and counted."""
        return self._rule.memory()

    def recall(self, memory: Mapping[str, float]) -> None:
        """Go on from what `memory` returned."""
        self._rule.recall(memory)
