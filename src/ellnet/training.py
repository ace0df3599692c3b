"""Training: epochs, validation, early stopping and hooks around an engine's run."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ellnet.advice import advice
from ellnet.arrays import Array, in_precision, overflow_allowed, threads_for, to_numpy
from ellnet.batches import Examples, split
from ellnet.engines import Divergence, Engine, Run, engine
from ellnet.equations.cross_entropies import smooth_labels
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.errors import DivergenceError, HyperparameterError
from ellnet.history import Epoch, History, HistoryKeeper
from ellnet.hyperparameters import Hyperparameters
from ellnet.interruption import interruptible
from ellnet.lbfgs import minimize
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState
from ellnet.stopping import EarlyStopping, Look, Stopping

__all__ = ["Hook", "Metric", "Outcome", "moments_of", "split_off", "train"]

SMALLEST_RATE = 1e-6
"""At this learning rate and below the adaptive schedule ends the run instead of cutting it."""


@dataclass(frozen=True)
class Metric:
    """A number to watch on the validation examples.

    Attributes:
        name: what it is called.
        measure: gives the number from the network, its output A[L] for the examples, and those.
        of_outputs: whether it is measured from A[L]; where not, it is given None in its place.
    """

    name: str
    measure: Callable[[Network, Array, Examples], float]
    of_outputs: bool = True


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
    if net.cost.endswith("cross_entropy"):
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
    epochs: int | None = None,
    stopping: Stopping | None = None,
    feature_names: Sequence[str] = (),
    n_threads: int | None = None,
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
        epochs: how many to run now, at most; by default up to the hyperparameters' number.
        stopping: what ends the run before its last epoch, and says which parameters are kept; by
            default, under early stopping, the validation cost that no longer falls.
        feature_names: names of the rows of X, for messages.
        n_threads: threads of the engine; by default what suits the size of the work.

    Raises:
        ShapeError: examples that do not fit the network.
        DataError: too few examples to hold some out.
        HyperparameterError: hyperparameters that do not go together.
        DivergenceError: the cost became non-finite; its `outcome` has the last good parameters.
    """
    fraction = hyperparameters.held_out(examples.m)
    if validation is None and fraction > 0:
        examples, validation = split_off(net, examples, fraction, hyperparameters.seed)
    hyperparameters = hyperparameters.resolved(examples.m)
    check_together(net, hyperparameters)
    examples = smoothed(net, examples, hyperparameters.label_smoothing)
    if state is None:
        state = TrainingState.start(
            net.parameters, moments_of(hyperparameters), hyperparameters.seed
        )
    if stopping is None and hyperparameters.early_stopping and validation is not None:
        stopping = EarlyStopping(hyperparameters.n_iter_no_change, hyperparameters.tol)
    last = hyperparameters.epochs if epochs is None else state.epoch + epochs
    data = _Data(examples, validation, metric)
    loop = _Loop(net, data, hyperparameters, tuple(hooks), state, last, stopping, n_threads)
    with interruptible() as pressed:
        outcome = loop.run(pressed)
    for hook in hooks:
        hook.after_run(outcome)
    if loop.trouble is not None:
        said = advice(loop.trouble, hyperparameters, examples, feature_names)
        raise DivergenceError(said, outcome)
    return outcome


@dataclass(frozen=True, eq=False)
class _Data:
    """What is learned from, what is validated on, and what is measured there."""

    examples: Examples
    validation: Examples | None
    metric: Metric | None


@dataclass(eq=False)
class _Loop:
    """One training run under way."""

    net: Network
    data: _Data
    hyperparameters: Hyperparameters
    hooks: tuple[Hook, ...]
    state: TrainingState
    last_epoch: int
    stopping: Stopping | None
    n_threads: int | None
    trouble: Divergence | None = None
    best: Parameters | None = None

    def __post_init__(self) -> None:
        self.engine: Engine = engine(self.hyperparameters.engine)
        self.before = self.state
        name = self.data.metric.name if self.data.metric and self.data.validation else ""
        self.kept = HistoryKeeper(name, self.engine.NAME)

    def run(self, pressed: Callable[[], bool]) -> Outcome:
        for hook in self.hooks:
            hook.before_run(self.last_epoch)
        if self.hyperparameters.optimizer == "lbfgs":
            return self._outcome(self._descend(pressed))
        stopped = ""
        while not stopped:
            stopped = self._next(pressed)
        return self._outcome(stopped)

    def _descend(self, pressed: Callable[[], bool]) -> str:
        """Run L-BFGS, whose iterations are its epochs; say why it ended."""
        began, stopped = time.perf_counter(), ""

        def look(parameters: Parameters, cost: float) -> bool:
            nonlocal began, stopped
            net, state = self.net.with_parameters(parameters), self.state
            after = replace(
                state, parameters=parameters, step=state.step + 1, epoch=state.epoch + 1
            )
            held = self.data.validation
            validated = () if held is None else (self.engine.cost(net, held),)
            ran = Run(after, iterations=(cost,), costs=(cost,), validation_costs=validated)
            began, seconds = time.perf_counter(), time.perf_counter() - began
            stopped = self._take(ran, seconds) or ("interrupted" if pressed() else "")
            return bool(stopped)

        left = self.last_epoch - self.state.epoch
        with overflow_allowed(), threads_for(self._products(), self.n_threads):
            end = minimize(
                self.engine,
                self.net.with_parameters(self.state.parameters.like(self.data.examples.Y)),
                self.data.examples,
                self.hyperparameters,
                iterations=left,
                look=look,
            )
        if end.divergence is not None and not stopped:
            self.trouble = end.divergence
            return "diverged"
        return stopped or end.reason

    def _products(self) -> int:
        return self.net.largest_layer * self.data.examples.m

    def _next(self, pressed: Callable[[], bool]) -> str:
        """Run until something has to be looked at; say why training ends, or "" to go on."""
        left = self.last_epoch - self.state.epoch
        if left <= 0:
            return "epochs"
        began = time.perf_counter()
        ran = self.engine.run(
            self.net,
            self.state,
            self.hyperparameters,
            self.data.examples,
            self.data.validation,
            epochs=self._unwatched(left),
            watch=lambda taken, of: self._watch(pressed, taken, of),
            n_threads=self.n_threads,
        )
        return self._take(ran, time.perf_counter() - began)

    def _unwatched(self, left: int) -> int:
        """Return how many of the epochs left can be run before anybody has to look."""
        if self.data.validation is not None or self.hooks:
            return 1
        return left if self.stopping is None else int(max(1, min(left, self.stopping.earliest())))

    def _watch(self, pressed: Callable[[], bool], taken: int, of: int) -> bool:
        for hook in self.hooks:
            hook.after_step(taken, of)
        return pressed()

    def _take(self, ran: Run, seconds: float) -> str:
        """Record what an engine's run gave."""
        ran = self._check_validation(ran)
        self.kept.add(ran.iterations)
        if ran.divergence is None or ran.iterations:
            self.before, self.state = ran.good or self.state, ran.state
        else:
            self.state = self.before
        look = self._record_epochs(ran, seconds / max(1, len(ran.costs)))
        if ran.divergence is not None:
            self.trouble = ran.divergence
            return "diverged"
        if ran.interrupted:
            return "interrupted"
        ended = [hook.after_epoch(self.state, self.kept.so_far()) for hook in self.hooks]
        if look.exhausted and not self._cut_rate():
            return "early"
        return "hook" if any(ended) else ""

    def _check_validation(self, ran: Run) -> Run:
        """Make a divergence of a validation cost that is not finite; its epoch counts as not finished."""
        validated, costs = ran.validation_costs, ran.costs
        good = next((k for k, cost in enumerate(validated) if not math.isfinite(cost)), None)
        if good is None:
            return ran
        L = self.net.L
        trouble = Divergence(self.state.epoch, ran.state.step, L, "validation cost", -1, math.nan)
        ended = replace(ran, costs=costs[:good], validation_costs=validated[:good])
        return replace(ended, state=self.state, divergence=trouble)

    def _record_epochs(self, ran: Run, seconds: float) -> Look:
        """Keep what the epochs cost; return what the last of them came to."""
        validated = ran.validation_costs or (None,) * len(ran.costs)
        look = Look(best=False, exhausted=False)
        for cost, validation_cost in zip(ran.costs, validated, strict=True):
            epoch = Epoch(cost, validation_cost, self._measure(), seconds)
            self.kept.end_epoch(epoch)
            look = self._look(epoch)
        return look

    def _measure(self) -> float | None:
        metric, held = self.data.metric, self.data.validation
        if metric is None or held is None:
            return None
        net, A = self.net.with_parameters(self.state.parameters), None
        if metric.of_outputs:
            A = self.engine.predict(net, held.X, n_threads=self.n_threads)
        return metric.measure(net, A, held)

    def _look(self, epoch: Epoch) -> Look:
        """Look at an epoch that has ended, and keep the best parameters so far."""
        if self.stopping is None:
            return Look(best=False, exhausted=False)
        look = self.stopping.look(epoch)
        if look.best:
            self.best = self.state.parameters
            self.kept.best_epoch = len(self.kept)
        return look

    def _cut_rate(self) -> bool:
        """Cut the learning rate, where the schedule does so in place of ending; say whether it did."""
        if self.stopping is None or not cut_again(self.hyperparameters, self.state):
            return False
        self.state = replace(self.state, cuts=self.state.cuts + 1)
        self.stopping.begin_again()
        return True

    def _outcome(self, stopped: str) -> Outcome:
        kept = self.state.parameters if self.best is None else self.best
        best_epoch = len(self.kept) if self.best is None else self.kept.best_epoch
        history = self.kept.ended(stopped, best_epoch)
        return Outcome(self.net.with_parameters(kept), self.state, history)


def check_together(net: Network, hyperparameters: Hyperparameters) -> None:
    """Refuse an option that the cost or the optimizer could not honour.

    Raises:
        HyperparameterError: names both.
    """
    if hyperparameters.label_smoothing and not net.cost.endswith("cross_entropy"):
        raise HyperparameterError(
            f"label_smoothing goes with a cross-entropy, and the cost is {net.cost}; set it to 0"
        )
    if hyperparameters.optimizer != "lbfgs":
        return
    for name in ("dropout", "input_dropout", "l1", "max_norm", "clip_norm"):
        value = getattr(hyperparameters, name)
        if value and value != (0.0,) * len(hyperparameters.hidden):
            raise HyperparameterError(
                f"optimizer lbfgs needs the same smooth cost at every evaluation, which {name} = "
                f"{value} is not; set it to 0, or take another optimizer"
            )


def smoothed(net: Network, examples: Examples, smoothing: float) -> Examples:
    """Return the examples with smoothed labels (eq. 11.22), as training alone sees them."""
    if smoothing == 0:
        return examples
    classes = net.n[net.L] if net.cost == "categorical_cross_entropy" else 2
    Y = smooth_labels(in_precision(examples.Y, net.W[1]), smoothing, classes)
    return Examples(examples.X, Y, examples.w)


def moments_of(hyperparameters: Hyperparameters) -> int:
    """Return how many moments of each parameter the optimizer keeps in a TrainingState."""
    name = hyperparameters.optimizer
    return OPTIMIZERS[name].moments if name in OPTIMIZERS else 0


def cut_again(hyperparameters: Hyperparameters, state: TrainingState) -> bool:
    """Say whether the learning rate is cut instead of ending the run: the adaptive schedule does so."""
    rate = hyperparameters.learning_rate * 5.0**-state.cuts
    return hyperparameters.schedule == "adaptive" and rate > SMALLEST_RATE
