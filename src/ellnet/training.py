"""Training: epochs, validation, early stopping and hooks around an engine's run."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ellnet.arrays import Array, to_numpy
from ellnet.batches import Examples, split
from ellnet.engines import Divergence, Engine, Run, engine
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.errors import DivergenceError
from ellnet.history import Epoch, History
from ellnet.hyperparameters import Hyperparameters
from ellnet.interruption import interruptible
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState

__all__ = ["Hook", "Metric", "Outcome", "split_off", "train"]


@dataclass(frozen=True)
class Metric:
    """A number to watch on the validation examples: a name, and a function of A[L] and Y."""

    name: str
    measure: Callable[[Array, Array], float]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What training gives.

    Attributes:
        network: with the parameters that were kept: the best epoch's under early stopping.
        state: where training stands; training can go on from it.
        history: costs and metric, and why training ended.
    """

    network: Network
    state: TrainingState
    history: History


class Hook:
    """What can be looked at while training runs. Every method may be left as it is."""

    def before_run(self, epochs: int) -> None:
        """Training is about to run at most so many epochs."""

    def after_step(self, taken: int, of: int) -> None:
        """So many minibatches of the epoch have been taken."""

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        """An epoch has ended; true ends the run."""
        del state, history
        return False

    def after_run(self, outcome: Outcome) -> None:
        """Training has ended, for whatever reason the history names."""


def split_off(
    net: Network, examples: Examples, fraction: float, seed: int
) -> tuple[Examples, Examples]:
    """Hold out a fraction of the examples, stratified by class where the cost is a cross-entropy.

    Returns:
        The examples to train on, and those held out.

    Raises:
        DataError: too few examples for that.
    """
    Y = to_numpy(examples.Y)
    labels = None
    if net.cost != "squared_error":
        rows = np.vstack([np.full_like(Y, 0.5), Y]) if Y.shape[0] == 1 else Y
        labels = np.unique(np.argmax(rows, axis=0), return_inverse=True)[1].astype(np.int64)
    parts = split(examples.m, fraction, seed, labels)
    return examples.take(parts.train), examples.take(parts.held_out)


def train(
    net: Network,
    examples: Examples,
    hyperparameters: Hyperparameters,
    validation: Examples | None = None,
    *,
    metric: Metric | None = None,
    hooks: Sequence[Hook] = (),
    state: TrainingState | None = None,
    feature_names: Sequence[str] = (),
) -> Outcome:
    """Train a network, and keep the best parameters where early stopping is on.

    The first Ctrl-C ends the run after the step under way; the outcome says "interrupted".

    Args:
        net: the network; its parameters are where training starts.
        examples: what to learn from, X (n[0], m) and Y (n[L], m).
        hyperparameters: all that is chosen.
        validation: examples to validate on after each epoch; by default, under early stopping, the
            fraction `validation_fraction` of the examples is held out, stratified by class.
        metric: what to measure on the validation examples beside the cost.
        hooks: called as training goes.
        state: where to go on; by default the start.
        feature_names: names of the rows of X, for messages.

    Raises:
        ShapeError: examples that do not fit the network.
        DataError: too few examples to hold some out.
        DivergenceError: the cost became non-finite; its `outcome` has the last good parameters.
    """
    fraction = hyperparameters.held_out(examples.m)
    if validation is None and fraction > 0:
        examples, validation = split_off(net, examples, fraction, hyperparameters.seed)
    hyperparameters = hyperparameters.resolved(examples.m)
    if state is None:
        moments = OPTIMIZERS[hyperparameters.optimizer].moments
        state = TrainingState.start(net.parameters, moments, hyperparameters.seed)
    loop = _Loop(net, examples, hyperparameters, validation, metric, tuple(hooks), state)
    with interruptible() as pressed:
        outcome = loop.run(pressed)
    for hook in hooks:
        hook.after_run(outcome)
    if loop.trouble is not None:
        raise DivergenceError(explain(loop.trouble, hyperparameters, feature_names), outcome)
    return outcome


@dataclass(eq=False)
class _Loop:
    """One training run under way."""

    net: Network
    examples: Examples
    hyperparameters: Hyperparameters
    validation: Examples | None
    metric: Metric | None
    hooks: tuple[Hook, ...]
    state: TrainingState
    history: History = field(default_factory=History)
    trouble: Divergence | None = None
    best: Parameters | None = None
    best_cost: float = math.inf
    to_beat: float = math.inf
    waited: int = 0

    def __post_init__(self) -> None:
        self.engine: Engine = engine(self.hyperparameters.engine)
        self.before = self.state
        name = self.metric.name if self.metric and self.validation else ""
        self.history = History(metric=name, engine=self.engine.NAME)

    def run(self, pressed: Callable[[], bool]) -> Outcome:
        for hook in self.hooks:
            hook.before_run(self.hyperparameters.epochs)
        stopped = ""
        while not stopped:
            stopped = self._next(pressed)
        return self._outcome(stopped)

    def _next(self, pressed: Callable[[], bool]) -> str:
        """Run until something has to be looked at; say why training ends, or "" to go on."""
        left = self.hyperparameters.epochs - self.state.epoch
        if left <= 0:
            return "epochs"
        looked_at = self.validation is not None or self.hooks
        began = time.perf_counter()
        ran = self.engine.run(
            self.net,
            self.state,
            self.hyperparameters,
            self.examples,
            self.validation,
            epochs=1 if looked_at else left,
            watch=lambda taken, of: self._watch(pressed, taken, of),
        )
        return self._take(ran, time.perf_counter() - began)

    def _watch(self, pressed: Callable[[], bool], taken: int, of: int) -> bool:
        for hook in self.hooks:
            hook.after_step(taken, of)
        return pressed()

    def _take(self, ran: Run, seconds: float) -> str:
        """Record what an engine's run gave."""
        ran = self._check_validation(ran)
        self.history = replace(self.history, iterations=self.history.iterations + ran.iterations)
        if ran.divergence is not None:
            self.trouble = ran.divergence
            self.state = ran.state if ran.iterations else self.before
            return "diverged"
        self.before, self.state = self.state, ran.state
        self._record_epochs(ran, seconds / max(1, len(ran.costs)))
        if ran.interrupted:
            return "interrupted"
        if self._no_more_gain():
            return "early"
        ended = [hook.after_epoch(self.state, self.history) for hook in self.hooks]
        return "hook" if any(ended) else ""

    def _check_validation(self, ran: Run) -> Run:
        if all(math.isfinite(cost) for cost in ran.validation_costs):
            return ran
        L = self.net.L
        trouble = Divergence(self.state.epoch, ran.state.step, L, "validation cost", -1, math.nan)
        return replace(ran, state=self.state, divergence=trouble)

    def _record_epochs(self, ran: Run, seconds: float) -> None:
        validated = ran.validation_costs or (None,) * len(ran.costs)
        for cost, validation_cost in zip(ran.costs, validated, strict=True):
            epoch = Epoch(cost, validation_cost, self._measure(), seconds)
            self.history = replace(self.history, epochs=(*self.history.epochs, epoch))

    def _measure(self) -> float | None:
        if self.metric is None or self.validation is None:
            return None
        net = self.net.with_parameters(self.state.parameters)
        return self.metric.measure(self.engine.predict(net, self.validation.X), self.validation.Y)

    def _no_more_gain(self) -> bool:
        """Keep the best parameters so far, and say whether patience has run out."""
        if not self.hyperparameters.early_stopping or self.validation is None:
            return False
        cost = self.history.validation_costs[-1]
        if cost < self.best_cost:
            self.best_cost, self.best = cost, self.state.parameters
            self.history = replace(self.history, best_epoch=len(self.history.epochs))
        if cost < self.to_beat - self.hyperparameters.tol:
            self.to_beat, self.waited = cost, 0
            return False
        self.waited += 1
        return self.waited >= self.hyperparameters.n_iter_no_change

    def _outcome(self, stopped: str) -> Outcome:
        kept = self.state.parameters if self.best is None else self.best
        best_epoch = len(self.history.epochs) if self.best is None else self.history.best_epoch
        history = replace(self.history, stopped=stopped, best_epoch=best_epoch)
        return Outcome(self.net.with_parameters(kept), self.state, history)


def explain(
    trouble: Divergence,
    hyperparameters: Hyperparameters,
    feature_names: Sequence[str] = (),
) -> str:
    """Say where a run met the first number that is not finite, and what usually helps."""
    quantity = trouble.quantity
    first = {
        "moment": "a moment of the optimizer was the first",
        "cost": f"the cost was the first, computed from A[{trouble.layer}]",
        "validation cost": "the validation cost was the first",
    }.get(quantity, f"{quantity}[{trouble.layer}] was the first")
    largest = ""
    if trouble.feature >= 0:
        names = dict(enumerate(feature_names))
        feature = names.get(trouble.feature, f"feature {trouble.feature}")
        largest = f" (the largest input there was {trouble.largest:.3g}, in {feature})"
    steps = f"{trouble.step} step{'' if trouble.step == 1 else 's'}"
    return (
        f"the cost became infinite or not a number in epoch {trouble.epoch + 1}, after {steps}: "
        f"{first}{largest}; the last good parameters are kept. "
        f"A smaller learning_rate (now {hyperparameters.learning_rate:g}), scaled inputs or a "
        "larger batch_size usually helps"
    )
