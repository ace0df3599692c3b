"""One rung on one fold: started several times, stopped by rows of its own, judged on others."""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.errors import DivergenceError
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network
from ellnet.randomness import Stream, words
from ellnet.search.ladder_rungs import Judged
from ellnet.search.material import Fold
from ellnet.search.measures import Measure, Resamples
from ellnet.search.trial import StoppedError
from ellnet.training import Hook, Outcome, train
from ellnet.workflow import network_for

__all__ = ["PENALTIES", "Stage", "judge", "linear", "starts_of"]

STARTS = ((1e-2, 0.0), (1e-2, 0.1), (3e-3, 0.01))
"""Learning rate and L2 penalty of the first start, the second, the third; the fourth is as the first.

A penalty bounds how large weights may grow, which costs a narrow network more than a wide or deep one:
under one and the same, the latter look better than they are. Without any, noise is learned by heart.
"""

PENALTIES = (10.0, 1.0, 0.1, 1e-2, 1e-3, 1e-4)
"""L2 penalties that the linear model is fitted with, each from where the one before ended."""

Stopped = Callable[..., bool]


@dataclass(frozen=True, eq=False)
class Stage:
    """A fold, and which of its training rows say when to stop and which start was best.

    Attributes:
        number: of the fold, from 0.
        fold: examples of the training rows, and those to be judged on.
        stopping: numbers of training examples that nothing is learned from, (k,).
    """

    number: int
    fold: Fold
    stopping: NDArray[np.int64]

    def apart(self) -> tuple[Examples, Examples]:
        """Return the examples to learn from, and those to stop by."""
        learned = np.setdiff1d(np.arange(self.fold.learned.m), self.stopping)
        return self.fold.learned.take(learned), self.fold.learned.take(self.stopping)


class _Leave(Hook):
    """Ends a training that nobody waits for any more."""

    def __init__(self, stopped: Stopped) -> None:
        self._stopped = stopped

    def after_step(self, taken: int, of: int) -> None:
        del taken, of
        if self._stopped():
            raise StoppedError

    def next_epoch(self, epoch: int) -> int:
        del epoch
        return sys.maxsize


def starts_of(base: Hyperparameters, starts: int, fold: int) -> Iterator[Hyperparameters]:
    """Give the hyperparameters of each start: a seed of its own, and what `STARTS` says.

    Args:
        base: all else; its seed is the ladder's.
        starts: how many there are.
        fold: number of the fold. All rungs have the same seeds on it, and so the same order of examples.
    """
    for k in range(starts):
        drawn = words(1, base.seed, Stream.SEARCH, step=k + 1, layer=fold + 1)[0]
        rate, penalty = STARTS[k % len(STARTS)]
        seed = int(drawn >> np.uint64(11))
        yield replace(base, seed=seed, learning_rate=rate, l2=penalty)


def linear(base: Hyperparameters, penalty: float) -> Hyperparameters:
    """Return how a linear model is fitted: to convergence, by L-BFGS in float64, on all rows."""
    return replace(
        base,
        hidden=(),
        activation="relu",
        optimizer="lbfgs",
        l2=penalty,
        epochs=500,
        tol=1e-5,
        dtype="float64",
        early_stopping=False,
    )


def judge(
    stage: Stage, chosen: Hyperparameters, starts: int, measure: Measure, stopped: Stopped
) -> Judged:
    """Train a rung's network on a fold, and judge it on the rows that it never saw.

    Args:
        stage: the fold.
        chosen: the hyperparameters, the hidden layers among them.
        starts: trainings of a network with hidden layers; that of the lowest cost on the stopping rows
            is kept. The linear model has one optimum, and is fitted at several strengths of its penalty
            instead.
        measure: what is measured beside the cost.
        stopped: says when nobody waits any more.

    Raises:
        StoppedError: nobody waited any more.
    """
    began = time.perf_counter()
    train_it = _network if chosen.hidden else _linear
    net, said, epochs = train_it(stage, chosen, starts, _Leave(stopped))
    cost = value = math.inf
    if net is not None:
        fold = stage.fold
        cost = engine("auto").cost(net, fold.validation)
        none = Resamples.none(fold.validation.m)
        value = measure.of(net, fold.validation, fold.target, cost, none)[0]
    return Judged(float(cost), float(value), said, epochs, time.perf_counter() - began)


Fitted = tuple[Network | None, Mapping[str, Any], int]


def _network(stage: Stage, chosen: Hyperparameters, starts: int, leave: Hook) -> Fitted:
    """Start several times; keep what the stopping rows like best."""
    learned, stopping = stage.apart()
    best: tuple[float, Fitted] = (math.inf, (None, {}, 0))
    for start in starts_of(chosen, starts, stage.number):
        outcome = _trained(stage, learned, start, leave, stopping=stopping)
        if outcome is None:
            continue
        cost = outcome.history.validation_costs[outcome.history.best_epoch - 1]
        said = {"learning_rate": start.learning_rate, "l2": start.l2, "seed": start.seed}
        if cost < best[0]:
            best = (cost, (outcome.network, said, len(outcome.history.epochs)))
    return best[1]


def _linear(stage: Stage, chosen: Hyperparameters, starts: int, leave: Hook) -> Fitted:
    """Choose the strength of the penalty by the stopping rows, and fit all training rows with it."""
    del starts
    learned, stopping = (_in_double(part) for part in stage.apart())
    best: tuple[float, float, Network | None] = (math.inf, PENALTIES[0], None)
    net: Network | None = None
    for penalty in PENALTIES:
        outcome = _trained(stage, learned, linear(chosen, penalty), leave, begin=net)
        if outcome is None:
            continue
        net = outcome.network
        cost = engine("auto").cost(net, stopping)
        if cost < best[0]:
            best = (cost, penalty, net)
    every = _in_double(stage.fold.learned)
    whole = _trained(stage, every, linear(chosen, best[1]), leave, begin=best[2])
    if whole is None:
        return None, {}, 0
    return whole.network, {"l2": best[1]}, len(whole.history.epochs)


def _in_double(examples: Examples) -> Examples:
    """Return the examples in the precision of the linear model, once rather than at every evaluation."""
    return Examples(np.asarray(examples.X, np.float64), np.asarray(examples.Y, np.float64))


def _trained(
    stage: Stage,
    learned: Examples,
    chosen: Hyperparameters,
    leave: Hook,
    *,
    stopping: Examples | None = None,
    begin: Network | None = None,
) -> Outcome | None:
    """Train on one thread; None where the cost became non-finite."""
    resolved = chosen.resolved(learned.m)
    net = network_for(learned, stage.fold.target, resolved) if begin is None else begin
    try:
        outcome = train(net, learned, resolved, stopping, hooks=(leave,), n_threads=1)
    except DivergenceError:
        return None
    return outcome
