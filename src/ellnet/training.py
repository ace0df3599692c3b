"""Training: epochs, validation, early stopping and hooks around an engine's run."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ellnet.advice import advice
from ellnet.arrays import in_precision, to_numpy
from ellnet.batches import Examples, split
from ellnet.checkpoints import Checkpoints, Recorder
from ellnet.engines import engine
from ellnet.equations.cross_entropies import smooth_labels
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.errors import DivergenceError, FileAccessError, HyperparameterError
from ellnet.files.checkpoint_file import Checkpoint
from ellnet.files.digest_chain import Origin, array_digests
from ellnet.hooks import Hook, Metric, Outcome
from ellnet.hyperparameters import Hyperparameters
from ellnet.interruption import interruptible
from ellnet.loop import Loop, Material
from ellnet.network import Network
from ellnet.places import AllFoundError
from ellnet.state import TrainingState
from ellnet.stopping import EarlyStopping, Standstill, Stopping
from ellnet.version import NUMERICS

__all__ = ["Hook", "Metric", "Outcome", "moments_of", "origin_of", "split_off", "train"]


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
    checkpoints: Recorder | None = None,
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
        checkpoints: where and how often the run is written down, and whether it goes on from there;
            with such a run that was stopped at any moment comes to the bits of one that was not.

    Raises:
        ShapeError: examples that do not fit the network.
        DataError: too few examples to hold some out.
        HyperparameterError: hyperparameters that do not go together, or a run to go on from that had
            other data or hyperparameters.
        FileAccessError: the folder of the checkpoints cannot be used.
        DivergenceError: the cost became non-finite; its `outcome` has the last good parameters.
    """
    fraction = hyperparameters.held_out(examples.m)
    if validation is None and fraction > 0:
        examples, validation = split_off(net, examples, fraction, hyperparameters.seed)
    hyperparameters = hyperparameters.resolved(examples.m)
    check_together(net, hyperparameters)
    recorder = _recorder(checkpoints, hyperparameters)
    job = _Job(net, examples, validation, hyperparameters, metric, tuple(hooks), n_threads)
    with nullcontext() if recorder is None else recorder.held():
        outcome = job.run(
            recorder, state, epochs, stopping or _stopping(hyperparameters, validation)
        )
    for hook in hooks:
        hook.after_run(outcome)
    if job.loop.trouble is not None:
        said = advice(job.loop.trouble, hyperparameters, job.seen, feature_names)
        raise DivergenceError(said, outcome)
    return outcome


def _recorder(wanted: Recorder | None, chosen: Hyperparameters) -> Recorder | None:
    """Return what takes checkpoints; there are none of L-BFGS."""
    if wanted is None or chosen.optimizer != "lbfgs":
        return wanted
    if isinstance(wanted, Checkpoints) and wanted.every is not None:
        raise HyperparameterError(
            "optimizer lbfgs has no checkpoints: what it remembers of earlier steps is SciPy's own; "
            "leave them away, or take another optimizer"
        )
    return None


@dataclass(eq=False)
class _Job:
    """What a call of `train` is about; begun anew where a run has to go further back."""

    net: Network
    examples: Examples
    validation: Examples | None
    hyperparameters: Hyperparameters
    metric: Metric | None
    hooks: tuple[Hook, ...]
    n_threads: int | None

    def __post_init__(self) -> None:
        self.seen = smoothed(self.net, self.examples, self.hyperparameters.label_smoothing)
        self.loop: Loop

    def run(
        self,
        recorder: Recorder | None,
        state: TrainingState | None,
        epochs: int | None,
        stopping: Stopping | None,
    ) -> Outcome:
        """Run from the best place that there is, and from an earlier one where that is needed."""
        chosen = self.hyperparameters
        if state is None:
            state = TrainingState.start(self.net.parameters, moments_of(chosen), chosen.seed)
        fresh = stopping.memory() if stopping is not None and recorder is not None else {}
        last, told = -1, recorder is not None and recorder.resumes
        for begun in self._places(recorder):
            at = state if begun is None else begun.state
            if last < 0:
                last = chosen.epochs if epochs is None else at.epoch + epochs
                for hook in self.hooks:
                    hook.before_run(last)
            if begun is not None or told:
                for hook in self.hooks:
                    hook.resume(begun)
            if stopping is not None and fresh:
                stopping.recall(fresh)
            told = True
            outcome = self._attempt(at, last, stopping, recorder, begun)
            if outcome is not None:
                return outcome
        raise FileAccessError(
            "the run cannot go on: none of its checkpoints can be read; branch again from its parent"
        )

    def _attempt(
        self,
        state: TrainingState,
        last: int,
        stopping: Stopping | None,
        recorder: Recorder | None,
        begun: Checkpoint | None,
    ) -> Outcome | None:
        """Run the loop; a second Ctrl-C goes back to the last whole state, and keeps it."""
        data, chosen = Material(self.seen, self.validation, self.metric), self.hyperparameters
        self.loop = Loop(
            *(self.net, data, chosen, self.hooks, state, last, stopping, self.n_threads),
            recorder=recorder,
            begun=begun,
        )
        with interruptible() as pressed:
            try:
                return self.loop.run(pressed)
            except AllFoundError:
                if pressed():  # in the last step, where nobody else looks any more
                    raise KeyboardInterrupt from None
                raise
            except KeyboardInterrupt:
                if recorder is not None and self.loop.standing is not None:
                    with interruptible():
                        recorder.look(_interrupted(self.loop.standing))
                raise

    def _places(self, recorder: Recorder | None) -> Iterator[Checkpoint | None]:
        if recorder is None:
            yield None
            return
        for begun in recorder.begin(self._origin):
            if begun is not None:
                _check_fits(begun, self.net)
            yield begun

    def _origin(self) -> Origin:
        return origin_of(self.net, self.examples, self.validation, self.hyperparameters)


def origin_of(
    net: Network, examples: Examples, validation: Examples | None, chosen: Hyperparameters
) -> Origin:
    """Return what a run is made of, as the digest chain has it.

    Args:
        net: its architecture counts, and no parameter.
        examples: what is learned from, labels not smoothed.
        validation: what is validated on.
        chosen: the hyperparameters, with no "auto" left that follows the rows.
    """
    taken = engine(chosen.engine).describe(net, chosen, examples, validation)
    options = {k: list(v) if isinstance(v, tuple) else v for k, v in net.cost_options.items()}
    made: Mapping[str, Any] = {
        "architecture": {
            "n": list(net.n),
            "activations": list(net.activations),
            "cost": net.cost,
            "cost_options": options,
        },
        "engine": taken.partition(" ")[0].rstrip(":"),  # its target makes no difference
        "hyperparameters": chosen.to_json(),
        "numerics": NUMERICS,
        "parent": "",
    }
    return Origin(array_digests(examples, validation), made)


def _interrupted(standing: Checkpoint) -> Checkpoint:
    return replace(standing, history=replace(standing.history, stopped="interrupted"))


def _check_fits(begun: Checkpoint, net: Network) -> None:
    """Refuse parameters of other shapes, which only a file that was made up can hold."""
    there, here = begun.state.parameters.arrays(), net.parameters.arrays()
    if [a.shape for a in there] != [tuple(a.shape) for a in here]:
        raise HyperparameterError(
            "the checkpoint holds parameters of other shapes than the network's; train again"
        )


def check_together(net: Network, hyperparameters: Hyperparameters) -> None:
    """Refuse an option that the cost or the optimizer could not honour.

    Raises:
        HyperparameterError: names both.
    """
    if hyperparameters.label_smoothing and not net.cost.endswith("cross_entropy"):
        raise HyperparameterError(
            f"label_smoothing goes with a cross-entropy, and the cost is {net.cost}; set it to 0"
        )
    hyperparameters.check_smooth()


def smoothed(net: Network, examples: Examples, smoothing: float) -> Examples:
    """Return the examples with smoothed labels, as training alone sees them.

    The labels become those of eq. 11.22; the cost on validation examples is that of their own.
    """
    if smoothing == 0:
        return examples
    classes = net.n[net.L] if net.cost == "categorical_cross_entropy" else 2
    Y = smooth_labels(in_precision(examples.Y, net.W[1]), smoothing, classes)
    return Examples(examples.X, Y, examples.w)


def moments_of(hyperparameters: Hyperparameters) -> int:
    """Return how many moments of each parameter the optimizer keeps in a TrainingState."""
    name = hyperparameters.optimizer
    return OPTIMIZERS[name].moments if name in OPTIMIZERS else 0


def _stopping(hyperparameters: Hyperparameters, validation: Examples | None) -> Stopping | None:
    """Return what looks at every epoch, None where nothing has to."""
    patience, tol = hyperparameters.n_iter_no_change, hyperparameters.tol
    if hyperparameters.early_stopping and validation is not None:
        return EarlyStopping(patience, tol)
    return Standstill(patience, tol) if hyperparameters.adaptive_rates else None
