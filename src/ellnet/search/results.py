"""What came of a trial: its choices, its curves, its value with the replicates of its uncertainty."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LOOKBACK", "Curve", "Result", "State", "seen_by"]

State = str
"""complete, pruned (its curve was among the poor ones), diverged (a cost was not finite), refused."""

LOOKBACK = 8
"""A trial sees the results of those whose number is lower by at least so much, and no others.

That is what makes the trials of a search the same for any number of workers and after any kill: what a
sampler proposes and a pruner ends follows from numbers, never from which trial happened to end first.
"""


@dataclass(frozen=True)
class Curve:
    """Cost against epochs of one fold.

    Attributes:
        costs: training cost of each epoch, as minimised (penalty included).
        validation: validation cost after each of them.
        seconds: wall time of each.
        steps: steps, which the notes call iterations, in an epoch.
        best_epoch: number of the epoch, from 1, whose parameters were kept.
    """

    costs: Sequence[float]
    validation: Sequence[float]
    seconds: Sequence[float]
    steps: int
    best_epoch: int

    def best_until(self, epoch: int) -> float:
        """Return the lowest validation cost of the first `epoch` epochs."""
        return min((c for c in self.validation[:epoch] if math.isfinite(c)), default=math.inf)


@dataclass(frozen=True, eq=False)
class Result:
    """A trial that has ended.

    Attributes:
        number: from 0.
        chosen: value of each searched hyperparameter.
        state: how it ended.
        value: what the search compares: the metric of the kept parameters on the validation rows, the
            mean over folds; NaN where there is none.
        curves: one a fold that was trained.
        replicates: the value on resampled validation rows, (replicates,); the resamples are the same for
            every trial, so that the difference of two trials has replicates too.
        trouble: what went wrong, "" for nothing.
    """

    number: int
    chosen: Mapping[str, Any]
    state: State
    value: float
    curves: tuple[Curve, ...] = ()
    replicates: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    trouble: str = ""

    @property
    def error(self) -> float:
        """The standard error of the value; NaN where there is none."""
        known = self.replicates[np.isfinite(self.replicates)]
        return float(np.std(known)) if len(known) > 1 else math.nan

    @property
    def epochs(self) -> int:
        """Epochs trained, those of all folds."""
        return sum(len(curve.validation) for curve in self.curves)

    @property
    def seconds(self) -> float:
        """Seconds of training."""
        return sum(sum(curve.seconds) for curve in self.curves)

    def lowest(self, epoch: int) -> float | None:
        """Return the lowest cost of the first fold up to an epoch, None if it did not get there.

        A trial that ended by itself stands where it ended.
        """
        if not self.curves:
            return None
        there = len(self.curves[0].validation) >= epoch
        if self.state == "diverged" and not there:
            return math.inf
        return self.curves[0].best_until(epoch) if there or self.state == "complete" else None


def seen_by(number: int, results: Mapping[int, Result]) -> list[Result] | None:
    """Return the results that a trial sees, by number; None where one of them is not there yet."""
    numbers = range(max(0, number - LOOKBACK + 1))
    if any(k not in results for k in numbers):
        return None
    return [results[k] for k in numbers]
