"""Schedules: the factor by which a rate is multiplied as training goes on."""

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["SCHEDULES", "Clock", "Schedule", "adaptive", "constant", "invscaling"]


class Clock(NamedTuple):
    """Where a run stands.

    Attributes:
        step: steps taken so far since the start.
        steps: steps planned for the whole run.
        epoch: epochs finished.
        epochs: epochs planned.
        examples: examples in an epoch.
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    examples: int


def constant(clock: Clock) -> float:
    """The rate stays as it is, factor 1 (eq. 16.1)."""
    del clock
    return 1.0


def invscaling(clock: Clock, *, power_t: float = 0.5) -> float:
    """Inverse scaling, factor 1 / (examples seen + 1)^power_t (eq. 16.2), constant in an epoch."""
    return float((clock.epoch * clock.examples + 1) ** -power_t)


def adaptive(clock: Clock, *, cuts: int = 0) -> float:
    """Adaptive rate, factor 5^-cuts (eq. 16.3), where cuts counts how often the cost stood still."""
    del clock
    return float(5.0**-cuts)


class Schedule(NamedTuple):
    """A row of the table: the factor, and the options that it takes."""

    factor: Callable[..., float]
    options: tuple[str, ...] = ()


SCHEDULES = {
    "constant": Schedule(constant),
    "invscaling": Schedule(invscaling, ("power_t",)),
    "adaptive": Schedule(adaptive, ("cuts",)),
}
"""Every schedule by its name."""
