"""What is looked at after each epoch while an engine goes on."""

import math
import time

from ellnet.engines import Verdict
from ellnet.history import Epoch
from ellnet.stopping import Look, Stopping

__all__ = ["Looks"]


class Looks:
    """What the epochs of one call of an engine came to, looked at while it goes on.

    Attributes:
        epochs: all that have ended.
        last: what the last of them came to.
        best: the number of the best so far among them, from 1; 0 for none.
        lost: whether the engine kept the parameters of another, which is forgotten.
    """

    def __init__(self, stopping: Stopping | None, carried: float) -> None:
        """Begin a call; the time carried is that which its first epoch has taken before."""
        self._stopping = stopping
        self._before = None if stopping is None else stopping.memory()
        self._began = time.perf_counter() - carried
        self.epochs: list[Epoch] = []
        self.last, self.best, self.lost = Look(best=False, exhausted=False), 0, False

    def __call__(self, cost: float, validation_cost: float | None, score: float | None) -> Verdict:
        """Look at an epoch that has ended; a validation cost that is not finite ends the call."""
        if validation_cost is not None and not math.isfinite(validation_cost):
            return Verdict(end=True)
        began, self._began = self._began, time.perf_counter()
        return self._look(Epoch(cost, validation_cost, score, self._began - began))

    def _look(self, epoch: Epoch) -> Verdict:
        self.epochs.append(epoch)
        if self._stopping is not None:
            self.last = self._stopping.look(epoch)
        if self.last.best:
            self.best = len(self.epochs)
        return Verdict(keep=self.last.best, end=self.last.exhausted)

    def only(self, count: int) -> None:
        """Forget the epochs after the first so many: the run went back behind them."""
        if count == len(self.epochs):
            return
        self.lost, kept, self.epochs = self.best > count, self.epochs[:count], []
        self.last, self.best = Look(best=False, exhausted=False), 0
        if self._stopping is not None and self._before is not None:
            self._stopping.recall(self._before)
        for epoch in kept:
            self._look(epoch)
