"""One trial: a network trained on every fold, on one thread, to a result."""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.errors import DivergenceError, HyperparameterError
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.search.material import Fold, Material
from ellnet.search.measures import Measure, Resamples
from ellnet.search.pruners import Pruner
from ellnet.search.results import Curve, Result
from ellnet.state import TrainingState
from ellnet.training import Hook, Outcome, train
from ellnet.workflow import network_for

__all__ = ["Bench", "Proposal", "StoppedError", "run_trial"]

Watcher = Callable[[int, Sequence[float]], None]
"""Told a trial's number and its validation costs so far, from the trial's own thread."""


class StoppedError(Exception):
    """The search is leaving, and the trial under way is given up."""


@dataclass(frozen=True)
class Proposal:
    """A trial that is to be run: its number, its values, and the results that its pruner sees."""

    number: int
    chosen: Mapping[str, Any]
    seen: Sequence[Result] = ()


@dataclass(frozen=True, eq=False)
class Bench:
    """What all trials share: examples, metric, resamples, pruner, and who watches."""

    material: Material
    measure: Measure
    resamples: tuple[Resamples, ...]
    pruner: Pruner
    watcher: Watcher | None = None


class _Watch(Hook):
    """Ends a trial that is poor at a rung, or that the search no longer waits for."""

    def __init__(
        self, bench: Bench, proposal: Proposal, fold: int, stopped: Callable[..., bool]
    ) -> None:
        self._bench, self._proposal, self._stopped = bench, proposal, stopped
        self._rungs = bench.pruner.rungs(proposal.number) if fold == 0 else ()
        self._watched = fold == 0 and bench.watcher is not None

    def after_step(self, taken: int, of: int) -> None:
        del taken, of
        if self._stopped():
            raise StoppedError

    def next_epoch(self, epoch: int) -> int:
        if self._watched:
            return epoch + 1
        return min((rung for rung in self._rungs if rung > epoch), default=sys.maxsize)

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        if self._stopped():
            raise StoppedError
        number = self._proposal.number
        if self._watched and self._bench.watcher is not None:
            self._bench.watcher(number, history.validation_costs)
        if state.epoch not in self._rungs:
            return False
        lowest = min(history.validation_costs, default=math.inf)
        return self._bench.pruner.poor(number, state.epoch, lowest, self._proposal.seen)


def run_trial(
    bench: Bench, proposal: Proposal, chosen: Hyperparameters, stopped: Callable[..., bool]
) -> Result:
    """Train a trial's network on every fold, and say what came of it.

    Args:
        bench: what all trials share.
        proposal: the trial.
        chosen: all its hyperparameters.
        stopped: says when the search is leaving.

    Raises:
        StoppedError: the search was leaving.
    """
    curves: list[Curve] = []
    measured: list[tuple[float, NDArray[np.float64]]] = []
    for number, fold in enumerate(bench.material.folds):
        watch = _Watch(bench, proposal, number, stopped)
        try:
            outcome, trouble = _trained(fold, chosen, watch)
        except HyperparameterError as error:
            return Result(proposal.number, proposal.chosen, "refused", math.nan, trouble=str(error))
        curves.append(_curve(outcome, fold, chosen))
        if trouble or outcome.history.stopped == "hook":
            state = "diverged" if trouble else "pruned"
            return _ended(proposal, state, curves, trouble)
        lowest = curves[-1].validation[outcome.history.best_epoch - 1]
        resamples = bench.resamples[number]
        net = outcome.network
        measured.append(bench.measure.of(net, fold.validation, fold.target, lowest, resamples))
    fewest = min(len(replicates) for _, replicates in measured)
    replicates = np.mean([replicates[:fewest] for _, replicates in measured], axis=0)
    value = float(np.mean([value for value, _ in measured]))
    return Result(
        proposal.number, proposal.chosen, "complete", value, tuple(curves), np.asarray(replicates)
    )


def _trained(fold: Fold, chosen: Hyperparameters, watch: Hook) -> tuple[Outcome, str]:
    resolved = chosen.resolved(fold.learned.m)
    net = network_for(fold.learned, fold.target, resolved)
    try:
        return train(net, fold.learned, resolved, fold.validation, hooks=(watch,), n_threads=1), ""
    except DivergenceError as error:
        if not isinstance(error.outcome, Outcome):
            raise
        return error.outcome, str(error)


def _curve(outcome: Outcome, fold: Fold, chosen: Hyperparameters) -> Curve:
    history = outcome.history
    size = chosen.examples_a_step(fold.learned.m)
    steps = 1 if chosen.optimizer == "lbfgs" else -(-fold.learned.m // size)
    seconds = [epoch.seconds for epoch in history.epochs]
    return Curve(history.costs, history.validation_costs, seconds, steps, history.best_epoch)


def _ended(proposal: Proposal, state: str, curves: list[Curve], trouble: str) -> Result:
    """Return the result of a trial that did not get to its end."""
    value = curves[0].best_until(len(curves[0].validation)) if state == "pruned" else math.nan
    return Result(proposal.number, proposal.chosen, state, value, tuple(curves), trouble=trouble)
