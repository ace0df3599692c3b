"""The learning-rate range test (Smith, 2017): one short run whose rate grows with every step."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ellnet.batches import epoch_order, minibatches
from ellnet.engines import engine
from ellnet.errors import DataError, HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.search.material import Fold
from ellnet.state import TrainingState
from ellnet.training import moments_of
from ellnet.workflow import network_for

__all__ = ["RateTest", "find_rate"]

SMOOTHING = 0.9
"""How much of the smoothed cost is what it was before the step."""

EXPLODED = 4.0
"""The run ends where the smoothed cost is so many times its lowest."""

FEWEST = 10


@dataclass(frozen=True, eq=False)
class RateTest:
    """The cost of each step against its learning rate.

    Attributes:
        rates: of the steps that were taken, each a little higher than the one before.
        costs: of each step's minibatch, before the step.
        smoothed: their exponential mean, without the bias of its beginning.
        suggestion: a tenth of the rate at which the smoothed cost was lowest: there it still fell; None
            where it fell nowhere.
    """

    rates: Sequence[float]
    costs: Sequence[float]
    smoothed: Sequence[float]
    suggestion: float | None


def find_rate(
    fold: Fold,
    chosen: Hyperparameters,
    *,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 200,
    watch: Callable[[float, float], None] | None = None,
) -> RateTest:
    """Train with a rate that grows from `low` to `high`, and say where the cost still falls.

    Args:
        fold: examples to learn from.
        chosen: all else that is chosen; its learning rate and schedule do not matter.
        low: the first rate.
        high: the last.
        steps: steps from the first rate to the last, if the cost does not explode before.
        watch: told the rate and the smoothed cost of every step.

    Raises:
        HyperparameterError: rates in the wrong order, too few steps, or an optimizer without a rate.
        DataError: the cost was not finite from the beginning.
    """
    if not 0 < low < high < math.inf:
        raise HyperparameterError(f"the rates must have 0 < low < high, got {low:g} and {high:g}")
    if steps < FEWEST:
        raise HyperparameterError(f"steps must be at least {FEWEST}, got {steps}")
    if chosen.optimizer == "lbfgs":
        raise HyperparameterError("optimizer lbfgs has no learning rate to find; take another")
    rates = [low * (high / low) ** (k / (steps - 1)) for k in range(steps)]
    costs = _costs(fold, chosen, rates, watch)
    if not costs:
        raise DataError(
            "the cost was not finite before the first step; look at the inputs and the target"
        )
    smoothed = _smoothed(costs)
    lowest = int(np.argmin(smoothed))
    suggestion = rates[lowest] / 10.0 if lowest >= 2 else None
    return RateTest(rates[: len(costs)], costs, smoothed, suggestion)


def _costs(
    fold: Fold,
    chosen: Hyperparameters,
    rates: Sequence[float],
    watch: Callable[[float, float], None] | None,
) -> list[float]:
    """Take the steps, one minibatch each, until the cost explodes."""
    size = chosen.examples_a_step(fold.learned.m)
    options = replace(chosen.resolved(fold.learned.m), schedule="constant", batch_size="full")
    options = replace(options, warmup=0.0)
    net = network_for(fold.learned, fold.target, options)
    state = TrainingState.start(net.parameters, moments_of(options), options.seed)
    costs: list[float] = []
    for rate, batch in zip(rates, _batches(fold.learned.m, size, options.seed), strict=False):
        now = replace(options, learning_rate=rate, epochs=len(rates))
        ran = engine(options.engine).run(net, state, now, fold.learned.take(batch), epochs=1)
        if ran.divergence is not None or not ran.costs or not math.isfinite(ran.costs[0]):
            break
        costs.append(ran.costs[0])
        state = ran.state
        smoothed = _smoothed(costs)
        if watch is not None:
            watch(rate, smoothed[-1])
        if len(costs) >= FEWEST and smoothed[-1] > EXPLODED * max(1e-12, min(smoothed)):
            break
    return costs


def _batches(m: int, size: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Give minibatches of one epoch after the other, without end."""
    epoch = 0
    while True:
        order = epoch_order(m, seed, epoch)
        for part in minibatches(m, size):
            yield order[part]
        epoch += 1


def _smoothed(costs: Sequence[float]) -> list[float]:
    """Return the exponential mean of the costs, each divided by the weight that it has so far."""
    mean, result = 0.0, []
    for k, cost in enumerate(costs, start=1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * cost
        result.append(mean / (1 - SMOOTHING**k))
    return result
