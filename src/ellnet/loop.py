"""The loop of one training run: epochs, validation, what ends it, and the places to go on from."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ellnet.arrays import overflow_allowed, threads_for
from ellnet.batches import Examples
from ellnet.checkpoints import Recorder
from ellnet.engines import Divergence, Engine, Run, Score, engine
from ellnet.errors import HyperparameterError
from ellnet.files.checkpoint_file import Checkpoint
from ellnet.history import Epoch, HistoryKeeper
from ellnet.hooks import Hook, Metric, Outcome
from ellnet.hyperparameters import Hyperparameters
from ellnet.lbfgs import minimize
from ellnet.looks import Looks
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState
from ellnet.stopping import Look, Stopping

__all__ = ["Loop", "Material", "cut_again"]

SMALLEST_RATE = 1e-6
"""From here on down the adaptive schedule cuts no more: where nothing else is left, the run ends."""

Before = Callable[[], TrainingState | None]
"""Gives the state before the last step; None where Ctrl-C ends the way back to it."""


@dataclass(frozen=True, eq=False)
class Material:
    """What is learned from, what is validated on, and what is measured there."""

    examples: Examples
    validation: Examples | None
    metric: Metric | None


BACK = "back"
"""What ends a loop that has to begin at an earlier place; no outcome says it."""


class _Watch:
    """What an engine calls between steps."""

    def __init__(self, loop: "Loop") -> None:
        self._loop = loop
        self.every_step = loop.recorder is not None and loop.recorder.every_step

    def __call__(self, taken: int, of: int) -> bool:
        return self._loop.watch(taken, of)


@dataclass(eq=False)
class Loop:
    """One training run under way.

    What a run comes to does not depend on where it was cut for a checkpoint. A call of the engine that
    was cut and then diverged would find its way back to another state than a whole one: it is run
    again whole from its beginning, the anchor; after a resumption, from an earlier checkpoint.
    """

    net: Network
    data: Material
    hyperparameters: Hyperparameters
    hooks: tuple[Hook, ...]
    state: TrainingState
    last_epoch: int
    stopping: Stopping | None
    n_threads: int | None
    recorder: Recorder | None = None
    begun: Checkpoint | None = None
    trouble: Divergence | None = None
    best: Parameters | None = None

    def __post_init__(self) -> None:
        self.engine: Engine = engine(self.hyperparameters.engine)
        name = self.data.metric.name if self.data.metric and self.data.validation else ""
        self.kept = HistoryKeeper(name, self.taken)
        if self.begun is not None:
            self._restore(self.begun)
        begun = self.state
        self.before: Before = lambda: begun
        self.pressed: Callable[[], bool] = lambda: False
        self._unanchored = self.begun is not None
        self._cut, self._whole, self._carried = False, False, 0.0
        self.standing = self._stands("")
        self.anchor: tuple[Checkpoint | None, Before] | None = None
        if self.begun is None:
            self.anchor = (self.standing, self.before)

    @property
    def taken(self) -> str:
        """The engine that trains, in words."""
        data = self.data
        return self.engine.describe(self.net, self.hyperparameters, data.examples, data.validation)

    def run(self, pressed: Callable[[], bool]) -> Outcome | None:
        """Train; None where the run has to begin at an earlier place."""
        self.pressed = pressed
        if self.hyperparameters.optimizer == "lbfgs":
            return self._outcome(self._descend(pressed))
        stopped = self._ended_before()
        while not stopped:
            stopped = self._next()
            if stopped == BACK:
                return None
            self._note(stopped)
        return self._outcome(stopped)

    def _ended_before(self) -> str:
        """Say why the run had ended where it goes on, "" where it had not."""
        stopped = "" if self.begun is None else self.begun.history.stopped
        done = stopped == "early" or (stopped == "epochs" and self.state.epoch >= self.last_epoch)
        return stopped if done else ""

    def _stands(self, stopped: str) -> Checkpoint | None:
        """Return all that it takes to go on from here, where anybody asks for it."""
        if self.recorder is None:
            return None
        memory = None if self.stopping is None else self.stopping.memory()
        return Checkpoint(self.state, self.kept.so_far(stopped), self.best, memory)

    def _restore(self, there: Checkpoint) -> None:
        self.state, self.best = there.state, there.best
        name = self.data.metric.name if self.data.metric and self.data.validation else ""
        self.kept = HistoryKeeper(name, self.taken, there.history)
        if self.stopping is not None and there.memory is not None:
            self.stopping.recall(there.memory)

    def _note(self, stopped: str) -> None:
        """Let the recorder see where training stands; the last epoch is shown once, as the end."""
        if self.recorder is None:
            return
        standing = self._stands(stopped)
        assert standing is not None  # noqa: S101 - there is a recorder
        self.standing = standing
        if stopped or self.state.epoch < self.last_epoch:
            self.recorder.look(standing)

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

    def _next(self) -> str:
        """Run until something has to be looked at; say why training ends, or "" to go on."""
        left = self.last_epoch - self.state.epoch
        if left <= 0:
            return "epochs"
        began, self._cut = time.perf_counter(), False
        looks = Looks(self.stopping, self._carried) if self._looks_inside() else None
        ran = self.engine.run(
            self.net,
            self.state,
            self.hyperparameters,
            self.data.examples,
            self.data.validation,
            epochs=self._unwatched(left),
            watch=_Watch(self),
            n_threads=self.n_threads,
            score=self._score(),
            look=looks,
        )
        ran = self._check_validation(ran)
        if ran.divergence is not None and self._unanchored:
            return self._go_back()
        stopped = self._take(ran, time.perf_counter() - began, looks)
        self._unanchored = self._cut and ran.interrupted
        if not self._unanchored:
            self._whole, self.anchor = False, (self._stands(stopped), self.before)
        return stopped

    def _go_back(self) -> str:
        """Return to where a call began that was cut, to run it whole."""
        if self.anchor is None:
            return BACK
        there, self.before = self.anchor
        assert there is not None  # noqa: S101 - who cuts a run is a recorder
        self._restore(there)
        self._unanchored, self._whole, self._carried = False, True, 0.0
        return ""

    def _unwatched(self, left: int) -> int:
        """Return how many of the epochs left can be run before anybody has to look from outside."""
        left = min(left, self._unhooked())
        if self._looks_inside():
            return left
        if self.data.validation is not None:
            return 1
        if self.recorder is not None and not self._whole:
            left = min(left, self.recorder.epochs_ahead(self.state.epoch))
        return left if self.stopping is None else int(max(1, min(left, self.stopping.earliest())))

    def _unhooked(self) -> int:
        """Return how many epochs can be run before a hook has to look."""
        epoch, ahead = self.state.epoch, self.last_epoch
        for hook in self.hooks:
            wanted = hook.next_epoch(epoch)
            if wanted <= epoch:
                raise HyperparameterError(
                    f"{type(hook).__name__}.next_epoch({epoch}) must be the number of a later epoch of "
                    f"the run, got {wanted}"
                )
            ahead = min(ahead, wanted)
        return ahead - epoch

    def _looks_inside(self) -> bool:
        """Say whether all that is to be done after an epoch can be done while the engine goes on."""
        if self.data.validation is None or self.recorder is not None or self._unhooked() == 1:
            return False
        return self.data.metric is None or self.data.metric.score is not None

    def _score(self) -> Score | None:
        return None if self.data.metric is None else self.data.metric.score

    def watch(self, taken: int, of: int) -> bool:
        """Tell the hooks of a step; true stops the engine: for good, or for a checkpoint."""
        for hook in self.hooks:
            hook.after_step(taken, of)
        if self.pressed():
            return True
        progress = taken != self.state.batch  # or a very short interval would let nothing be done
        if self.recorder is not None and not self._whole and progress:
            self._cut = self.recorder.cuts(self.state.epoch, taken)
        return self._cut

    def _take(self, ran: Run, seconds: float, looks: Looks | None = None) -> str:
        """Record what an engine's run gave; its epochs may have been looked at already."""
        ran, begun = self._check_validation(ran), self.state
        self.kept.add(ran.iterations)
        if ran.divergence is None or ran.iterations:
            self.before, self.state = ran.before or (lambda: begun), ran.state
        else:
            good = self._good()
            if good is None:  # it stands where this call began, and diverges anew when it goes on
                return "interrupted"
            self.state = good
        self._carried += seconds
        if looks is not None:
            look = self._keep_looks(begun, ran, looks)
        else:
            look = self._record_epochs(ran, self._carried / max(1, len(ran.costs)))
        if ran.costs:
            self._carried = 0.0
        if ran.divergence is not None:
            self.trouble = ran.divergence
            return "diverged"
        if ran.interrupted:
            return "" if self._cut else "interrupted"
        ended = [hook.after_epoch(self.state, self.kept.so_far()) for hook in self.hooks]
        if look.exhausted and not self._cut_rate() and look.ends:
            return "early"
        return "hook" if any(ended) else ""

    def _good(self) -> TrainingState | None:
        """Return the state before the last step; None where Ctrl-C ended the way back to it.

        No checkpoint cuts that way.
        """
        whole, self._whole = self._whole, True
        try:
            return self.before()
        finally:
            self._whole = whole

    def _check_validation(self, ran: Run) -> Run:
        """Make a divergence of a validation cost that is not finite; its epoch counts as not finished."""
        validated, costs = ran.validation_costs, ran.costs
        good = next((k for k, cost in enumerate(validated) if not math.isfinite(cost)), None)
        if good is None:
            return ran
        L = self.net.L
        state = self._again(self.state, good) if good else self.state
        if state is None:
            good, state = 0, self.state
        trouble = Divergence(state.epoch, ran.state.step, L, "validation cost", -1, math.nan)
        ended = replace(
            ran, costs=costs[:good], validation_costs=validated[:good], scores=ran.scores[:good]
        )
        return replace(ended, state=state, divergence=trouble)

    def _again(self, begun: TrainingState, epochs: int) -> TrainingState | None:
        """Take the first epochs of a call again: return where training stood after them.

        None where that was interrupted.
        """
        ran = self.engine.run(
            *(self.net, begun, self.hyperparameters, self.data.examples),
            epochs=epochs,
            watch=_Watch(self),
            n_threads=self.n_threads,
        )
        return None if ran.interrupted else ran.state

    def _keep_looks(self, begun: TrainingState, ran: Run, looks: Looks) -> Look:
        """Keep what the epochs came to that were looked at; return what the last did."""
        looks.only(len(ran.costs))
        before = len(self.kept)
        for epoch in looks.epochs:
            self.kept.end_epoch(epoch)
        best = ran.best
        if looks.best and looks.lost:
            again = self._again(begun, looks.best)
            best = None if again is None else again.parameters
        if looks.best and best is not None:
            self.best, self.kept.best_epoch = best, before + looks.best
        return looks.last

    def _record_epochs(self, ran: Run, seconds: float) -> Look:
        """Keep what the epochs cost; return what the last came to."""
        validated = ran.validation_costs or (None,) * len(ran.costs)
        look = Look(best=False, exhausted=False)
        scores = ran.scores or (None,) * len(ran.costs)
        for cost, validation_cost, score in zip(ran.costs, validated, scores, strict=True):
            measured = self._measure() if score is None else score
            epoch = Epoch(cost, validation_cost, measured, seconds)
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
        """Look at an epoch, and keep the best parameters so far."""
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
        return Outcome(self.net.with_parameters(kept), self.state, history, self.pressed())


def cut_again(hyperparameters: Hyperparameters, state: TrainingState) -> bool:
    """Say whether what follows the adaptive schedule is cut instead of ending the run."""
    largest = max(hyperparameters.adaptive_rates, default=0.0)
    return largest * 5.0**-state.cuts > SMALLEST_RATE
