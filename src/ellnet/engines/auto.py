"""The engine that takes the fastest there is for each call, and says which: native, or else array."""

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import cast

from ellnet.arrays import Array
from ellnet.batches import Examples
from ellnet.engines import array, native
from ellnet.engines.coverage import unfit_arrays, unfit_network, unfit_run
from ellnet.engines.many import run_side_by_side
from ellnet.engines.protocol import (
    AfterEpoch,
    Cache,
    Engine,
    Gradients,
    Job,
    Mask,
    Run,
    Score,
    Watch,
)
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState

__all__ = [
    "NAME",
    "backward",
    "cost",
    "cost_and_gradients",
    "describe",
    "forward",
    "predict",
    "run",
    "run_many",
]

NAME = "auto"


def _taken(unfit: str) -> Engine:
    chosen: ModuleType = array if unfit or not native.available() else native
    return cast("Engine", chosen)


def describe(net: Network, chosen: Hyperparameters, *examples: Examples | None) -> str:
    """Return which engine takes a run, and why where it is not the native one."""
    if not native.available():
        return f"{array.NAME}: the native engine is not there"
    reason = unfit_run(net, chosen, *examples)
    if reason:
        return f"{array.NAME}: of the native engine, {reason}"
    return native.describe(net, chosen, *examples)


def forward(net: Network, X: Array, masks: tuple[Mask | None, ...] = ()) -> Cache:
    """Forward propagation (see `Engine.forward`)."""
    return _taken(unfit_network(net) or unfit_arrays(X)).forward(net, X, masks)


def backward(
    net: Network,
    cache: Cache,
    Y: Array,
    w: Array | None = None,
    *,
    l2: float = 0.0,
    l1: float = 0.0,
) -> Gradients:
    """Backward propagation (see `Engine.backward`)."""
    unfit = unfit_network(net) or unfit_arrays(cache.X, Y, w)
    return _taken(unfit).backward(net, cache, Y, w, l2=l2, l1=l1)


def predict(net: Network, X: Array, *, n_threads: int | None = None) -> Array:
    """Return A[L] (see `Engine.predict`)."""
    unfit = unfit_arrays(X) or ("" if net in native.SHAPES else unfit_network(net))
    return _taken(unfit).predict(net, X, n_threads=n_threads)


def cost(net: Network, examples: Examples) -> float:
    """Return the cost of the examples, without penalty."""
    unfit = unfit_network(net) or unfit_arrays(examples.X, examples.Y, examples.w)
    return _taken(unfit).cost(net, examples)


def cost_and_gradients(
    net: Network, examples: Examples, *, l2: float = 0.0
) -> tuple[float, Parameters]:
    """Return the cost, penalty included, and its gradients."""
    unfit = unfit_network(net) or unfit_arrays(examples.X, examples.Y, examples.w)
    return _taken(unfit).cost_and_gradients(net, examples, l2=l2)


def run(
    net: Network,
    state: TrainingState,
    hyperparameters: Hyperparameters,
    train: Examples,
    validation: Examples | None = None,
    *,
    epochs: int,
    watch: Watch | None = None,
    n_threads: int | None = None,
    score: Score | None = None,
    look: AfterEpoch | None = None,
) -> Run:
    """Train for a number of epochs from a state (see `Engine.run`)."""
    taken = _taken(unfit_run(net, hyperparameters, train, validation))
    return taken.run(
        *(net, state, hyperparameters, train, validation),
        epochs=epochs,
        watch=watch,
        n_threads=n_threads,
        score=score,
        look=look,
    )


def run_many(
    jobs: Sequence[Job],
    train: Examples,
    validation: Examples | None = None,
    *,
    n_threads: int | None = None,
) -> Iterator[tuple[int, Run]]:
    """Train several networks (see `Engine.run_many`), one a core where the native engine takes all."""
    fit = native.available() and not any(
        unfit_run(job.net, job.hyperparameters, train, validation) for job in jobs
    )
    return run_side_by_side(run, jobs, train, validation, n_threads=n_threads if fit else 1)
