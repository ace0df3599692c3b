"""The order in which trials begin: by number, each when the results that it may see are there."""

import time
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from ellnet.engines.threads import available
from ellnet.errors import HyperparameterError
from ellnet.search.ledgers import Ledger
from ellnet.search.results import seen_by
from ellnet.search.samplers import Sampler
from ellnet.search.trial import Proposal

__all__ = ["Budget", "Queue", "Status"]


@dataclass(frozen=True)
class Budget:
    """When to end.

    Attributes:
        trials: how many there are in all, those of earlier calls included; by default 60, of a grid every
            combination.
        seconds: no trial begins after so many; those under way are finished.
        workers: trials at once; by default the cores that this process may use.
    """

    trials: int | None = None
    seconds: float | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.trials is not None:
            _check_count("trials", self.trials, ", or None for the usual number")
        seconds: Any = self.seconds
        if seconds is not None:
            if isinstance(seconds, bool) or not isinstance(seconds, Real):
                raise HyperparameterError(
                    f"seconds must be a number above 0, or None for no end, got {seconds!r}"
                )
            if not float(seconds) > 0:
                raise HyperparameterError(f"seconds must be above 0, got {seconds}")
        if self.workers is not None:
            _check_count("workers", self.workers, ", or None for the cores")


def _check_count(name: str, value: Any, otherwise: str = "") -> None:
    """Refuse what is no whole number of at least 1; `otherwise` says what else it may be."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise HyperparameterError(
            f"{name} must be a whole number of at least 1{otherwise}, got {value!r}"
        )
    if value < 1:
        raise HyperparameterError(f"{name} must be at least 1, got {value}")


@dataclass(frozen=True)
class Status:
    """Where a search stands: trials ended and planned, seconds so far, and the forecast of those left."""

    done: int
    total: int
    seconds: float
    left: float | None


class Queue:
    """Hands out trials, and knows how many have ended."""

    def __init__(
        self, sampler: Sampler, ledger: Ledger, budget: Budget, *, looks_back: bool
    ) -> None:
        """Begin to count the seconds.

        Args:
            sampler: proposes the values.
            ledger: hands out the numbers.
            budget: says when to end.
            looks_back: whether trials depend on the results of earlier ones.
        """
        self._sampler, self._ledger, self._budget = sampler, ledger, budget
        self._looks_back = looks_back
        self._total = int(min(budget.trials or sampler.usual, sampler.most))
        self._began = time.monotonic()
        self._claimed: int | None = None
        self._running = self._here = 0
        self.workers = budget.workers or available()

    def next(self) -> Proposal | None:
        """Return the next trial, None where none can begin before another has ended."""
        if self._claimed is None:
            if self._spent():
                return None
            self._claimed = self._ledger.claim(self._total)
        while self._claimed is not None:
            number, results = self._claimed, self._ledger.results()
            seen = seen_by(number, results) if self._looks_back else []
            if seen is not None:
                self._claimed = None
                self._running += 1
                return Proposal(number, self._sampler.suggest(number, seen), seen)
            if self._running:
                return None
            self._ledger.wait()
        return None

    def ended(self) -> None:
        """Note that a trial has ended."""
        self._running -= 1
        self._here += 1

    def status(self) -> Status:
        """Return where the search stands."""
        seconds = time.monotonic() - self._began
        done = min(len(self._ledger.results()), self._total)
        left = None
        if self._here >= min(self.workers, self._total):
            left = seconds / self._here * (self._total - done)
            if self._budget.seconds is not None:
                left = min(left, max(0.0, self._budget.seconds - seconds))
        return Status(done, self._total, seconds, left)

    def _spent(self) -> bool:
        allowed = self._budget.seconds
        return allowed is not None and time.monotonic() - self._began >= allowed
