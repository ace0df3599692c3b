"""Schedules: the factor by which a rate is multiplied as training goes on (notes N8).

Every schedule takes a clock and gives a factor for the step that comes next. They serve the learning
rate, the decay of weights and dropout alike.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

__all__ = [
    "SCHEDULES",
    "Clock",
    "Schedule",
    "adaptive",
    "constant",
    "cosine",
    "cosine_restarts",
    "exponential",
    "growing_cosine",
    "invscaling",
    "one_cycle",
    "step",
    "warm_up",
]


class Clock(NamedTuple):
    """Where a run stands.

    Attributes:
        step: steps taken so far since the start.
        steps: steps planned for the whole run, at least 1.
        epoch: epochs finished.
        epochs: epochs planned, at least 1.
        examples: examples in an epoch.
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    examples: int

    @property
    def progress(self) -> float:
        """The part of the planned steps that is done, from 0 to 1."""
        return min(1.0, self.step / max(1, self.steps))

    @property
    def time(self) -> float:
        """Epochs done, the part of the one under way included."""
        return self.step * self.epochs / max(1, self.steps)


def constant(clock: Clock) -> float:
    """The rate stays as it is, factor = 1 (eq. 16.1)."""
    del clock
    return 1.0


def invscaling(clock: Clock, *, power_t: float) -> float:
    """Inverse scaling, factor = 1 / (examples seen + 1)^power_t (eq. 16.2), constant in an epoch."""
    return float((clock.epoch * clock.examples + 1) ** -power_t)


def adaptive(clock: Clock, *, cuts: int) -> float:
    """Adaptive rate, factor = 5^-cuts (eq. 16.3), where cuts counts how often the cost stood still."""
    del clock
    return float(5.0**-cuts)


def step(clock: Clock, *, gamma: float, period: int) -> float:
    """Steps down, factor = gamma^floor(epoch / period) (eq. 16.4)."""
    return float(gamma ** (clock.epoch // period))


def exponential(clock: Clock, *, gamma: float) -> float:
    """Exponential fall, factor = gamma^epoch (eq. 16.5)."""
    return float(gamma**clock.epoch)


def cosine(clock: Clock, *, floor: float) -> float:
    """Half a cosine over the run, factor = f + (1 - f) (1 + cos(pi t)) / 2 (eq. 16.6).

    f is the floor and t the part of the steps that is done (Loshchilov and Hutter, 2017).
    """
    return _fall(clock.progress, floor)


def cosine_restarts(clock: Clock, *, floor: float, period: int, growth: int) -> float:
    """Half cosines again and again, factor = f + (1 - f) (1 + cos(pi c)) / 2 (eq. 16.7).

    c is the part of the cycle under way that is done: the first takes `period` epochs, each later
    one `growth` times the one before (SGDR; Loshchilov and Hutter, 2017).
    """
    if growth == 1:
        return _fall(clock.time % period / period, floor)
    cycle = int(math.log(clock.time / period * (growth - 1) + 1, growth) + 1e-12)
    start = period * (growth**cycle - 1) / (growth - 1)
    return _fall(max(0.0, clock.time - start) / (period * growth**cycle), floor)


def one_cycle(clock: Clock, *, warmup: float, floor: float) -> float:
    """One cycle, factor = 0.04 + 0.48 (1 - cos(pi u)), then f + (1 - f) (1 + cos(pi d)) / 2 (eq. 16.8).

    u is the part of the warm-up that is done, and d that of the way down to the floor f. From Smith and
    Topin, 2019, in PyTorch's form, with the floor in place of its final_div_factor; the warm-up is a
    part of the run's steps.
    """
    last = max(1, clock.steps - 1)
    peak = warmup * clock.steps - 1
    at = min(clock.step, last)
    if at <= peak:
        return 1.0 + (1.0 / 25.0 - 1.0) * _fall(at / peak, 0.0) if peak > 0 else 1.0
    return _fall((at - peak) / (last - peak), floor)


def growing_cosine(clock: Clock) -> float:
    """Cycles that grow, factor = (1 - cos(2 pi log2(1 + 15 t))) / 2 (eq. 16.9).

    Four cycles, each twice as long as the one before, over the part t of the steps that is done: the
    schedule of RealMLP (Holzmueller, Grinsztajn and Steinwart, 2024).
    """
    return 0.5 * (1.0 - math.cos(2.0 * math.pi * math.log2(1.0 + 15.0 * clock.progress)))


def warm_up(clock: Clock, *, warmup: float) -> float:
    """Linear warm-up, factor = min(1, (step + 1) / (warmup steps)) (eq. 16.10), beside any schedule.

    The warm-up is a part of the run's steps; 0 is none.
    """
    length = warmup * clock.steps
    return min(1.0, (clock.step + 1) / length) if length > 1 else 1.0


def _fall(part: float, floor: float) -> float:
    """Half a cosine from 1 to the floor."""
    return floor + (1.0 - floor) * 0.5 * (1.0 + math.cos(math.pi * part))


class Schedule(NamedTuple):
    """A row of the table: the factor, and the options that it takes."""

    factor: Callable[..., float]
    options: tuple[str, ...] = ()


SCHEDULES = {
    "constant": Schedule(constant),
    "invscaling": Schedule(invscaling, ("power_t",)),
    "adaptive": Schedule(adaptive, ("cuts",)),
    "step": Schedule(step, ("gamma", "period")),
    "exponential": Schedule(exponential, ("gamma",)),
    "cosine": Schedule(cosine, ("floor",)),
    "cosine_restarts": Schedule(cosine_restarts, ("floor", "period", "growth")),
    "one_cycle": Schedule(one_cycle, ("warmup", "floor")),
    "growing_cosine": Schedule(growing_cosine),
}
"""Every schedule by its name."""
