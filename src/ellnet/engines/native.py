"""The native engine: the fused C++ of native/, with the same bits on any threads and instruction set.

Arrays are read where they lie, minibatch by minibatch; parameters come back input by input in memory
(Fortran order), the layout from which few examples are predicted without rearranging the weights.
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from ellnet.arrays import Array, overflow_allowed
from ellnet.batches import Examples, epoch_order, mean_weight, minibatches
from ellnet.engines import array
from ellnet.engines.coverage import (
    ACTIVATION_NUMBERS,
    COST_NUMBERS,
    OPTIMIZER_NUMBERS,
    SCHEDULE_NUMBERS,
    unfit_arrays,
    unfit_network,
    unfit_run,
)
from ellnet.engines.divergence import diagnose
from ellnet.engines.many import run_side_by_side
from ellnet.engines.native_calls import (
    PRECISIONS,
    Seen,
    Settings,
    empty_like,
    readable,
    readable_parts,
    trained,
)
from ellnet.engines.protocol import AfterEpoch, Divergence, Job, Run, Score, Watch
from ellnet.engines.recursion import penalised, penalty_of
from ellnet.engines.threads import threads_for_work
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.errors import HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState

_native: Any = None
with suppress(ImportError):  # nothing may have been compiled
    _native = importlib.import_module("ellnet.engines._native")

__all__ = [
    "NAME",
    "available",
    "backward",
    "cost",
    "cost_and_gradients",
    "describe",
    "forward",
    "peak_gflops",
    "predict",
    "run",
    "run_many",
    "target",
    "targets",
]

NAME = "native"

WATCH_SECONDS = 0.02
"""Time between two questions to the watch of a run, about; 0 asks before every step."""

LISTS_BYTES = 1 << 27
"""Memory that a run may take for lists of inputs that are not 0; an eighth of a large table's, too."""

TARGET_VARIABLE = "ELLNET_TARGET"
"""The variable of the environment that names an instruction set to take."""

SCALAR = "scalar"
"""The target that is an oracle: it needs no fused multiply-add, and is too slow for anything else."""

forward, backward = array.forward, array.backward


TARGETS: tuple[str, ...] = () if _native is None else tuple(_native.targets())

SHAPES: WeakKeyDictionary[Network, Any] = WeakKeyDictionary()
"""What native/shape.hpp makes of the networks that were asked for; an architecture never changes."""


class _Ready(NamedTuple):
    """What predictions need of a network whose parameters have been opened."""

    parameters: Parameters
    shape: Any
    reading: Any
    call: Callable[..., None]
    dtype: np.dtype[Any]
    operations: float
    """Floating-point operations of an example."""


READY: WeakKeyDictionary[Network, _Ready] = WeakKeyDictionary()
"""The networks that predicted last; what is written to their arrays is seen."""


def targets() -> tuple[str, ...]:
    """Return the names of the instruction sets that run on this machine, best first."""
    return TARGETS


def available() -> bool:
    """Say whether the engine was compiled, and has an instruction set here that is fast."""
    return bool(TARGETS) and TARGETS[0] != SCALAR


def target() -> str:
    """Return the instruction set in use: the best, or what ELLNET_TARGET names.

    Raises:
        HyperparameterError: the engine was not compiled, or there is no such target here.
    """
    here = TARGETS
    if not here:
        raise HyperparameterError(
            "engine native was not compiled when ellnet was installed; install again with a C++17 "
            "compiler, or take engine array"
        )
    wanted = _native.variable(TARGET_VARIABLE) or here[0]  # os.environ takes ten times as long
    if wanted not in here:
        raise HyperparameterError(
            f"{TARGET_VARIABLE} must be one of {', '.join(here)} on this machine, got {wanted!r}"
        )
    return wanted


def describe(net: Network, chosen: Hyperparameters, *examples: Examples | None) -> str:
    """Return what a history says of the engine: its name and the target."""
    del net, chosen, examples
    return f"{NAME} {target()}"


def predict(net: Network, X: Array, *, n_threads: int | None = None) -> Array:
    """Return the output A[L], (n[L], m), for the inputs X, (n[0], m); m may be 0.

    Raises:
        ShapeError: X is not (n[0], m).
        HyperparameterError: the engine does not cover the network or the arrays.
    """
    net.check_input(X)
    _refuse(unfit_arrays(X))
    ready = READY.get(net)
    if ready is None or ready.parameters is not net.parameters:
        ready = _made_ready(net)
    m = X.shape[1]
    out = np.empty((m, net.n[-1]), ready.dtype)
    if m == 0:
        return out.T
    operations = ready.operations * m
    threads = threads_for_work(n_threads, operations, operations)
    ready.call(target(), ready.shape, ready.reading, readable(X), out, threads)
    return out.T


def cost(net: Network, examples: Examples, *, n_threads: int | None = None) -> float:
    """Return the cost of the examples, without penalty.

    Raises:
        ShapeError: X or Y does not fit the network.
        DataError: the weights have no sum to divide by.
        HyperparameterError: the engine does not cover the network or the arrays.
    """
    net.check_input(examples.X)
    net.check_target(examples.Y, examples.m)
    mean_weight(examples)
    _refuse(unfit_arrays(examples.X, examples.Y, examples.w))
    name, shape = target(), _shape(net)
    operations = 2.0 * shape.products * examples.m
    threads = threads_for_work(n_threads, operations, operations)
    parameters = net.parameters.arrays()
    single = parameters[0].dtype == np.float32
    call = _native.cost_float32 if single else _native.cost_float64
    return float(call(name, shape, parameters, *readable_parts(examples), threads))


def cost_and_gradients(
    net: Network, examples: Examples, *, l2: float = 0.0, n_threads: int | None = None
) -> tuple[float, Parameters]:
    """Return the cost of all examples, penalty included, and its gradients.

    Args:
        net: the network.
        examples: all of them; they are gone through chunk by chunk.
        l2: lambda of the L2 penalty.
        n_threads: threads; by default what suits the size of the work.

    Raises:
        ShapeError: X or Y does not fit the network.
        DataError: the weights have no sum to divide by.
        HyperparameterError: the engine does not cover the network or the arrays.
    """
    net.check_input(examples.X)
    net.check_target(examples.Y, examples.m)
    whole = examples.m * mean_weight(examples)
    _refuse(unfit_arrays(examples.X, examples.Y, examples.w))
    name, shape = target(), _shape(net)
    parameters = net.parameters.arrays()
    gradients = empty_like(parameters)
    step = 6.0 * shape.products * min(examples.m, 256)
    threads = threads_for_work(n_threads, 6.0 * shape.products * examples.m, step)
    single = parameters[0].dtype == np.float32
    call = _native.cost_and_gradients_float32 if single else _native.cost_and_gradients_float64
    total = call(name, shape, parameters, *readable_parts(examples), threads, gradients)
    dWs = penalised(net, gradients[0::2], whole, l2=l2, l1=0.0)
    penalty = penalty_of(net, whole, l2=l2, l1=0.0)
    return float(total) + penalty, Parameters.of(dWs, gradients[1::2])


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
    """Train for a number of epochs from a state (see `Engine.run`).

    The watch is asked about every 20 ms; one whose `every_step` is true, before every step.

    Raises:
        ShapeError: X or Y does not fit the network.
        DataError: weights have no sum to divide by.
        HyperparameterError: the engine does not cover what is asked.
    """
    for examples in (train, validation):
        if examples is not None:
            net.check_input(examples.X)
            net.check_target(examples.Y, examples.m)
            mean_weight(examples)
    _refuse(unfit_run(net, hyperparameters, train, validation))
    if epochs <= 0:
        return Run(state)
    plan = _plan(net, state, hyperparameters, train)
    seen = Seen(net, validation, np.dtype(state.dtype), score, look)
    threads = _threads_of(plan, hyperparameters, train, epochs, n_threads)
    every_step = getattr(watch, "every_step", False)
    asks = Settings(_native, target(), plan, threads, watch, 0.0 if every_step else WATCH_SECONDS)
    ended = trained(asks, state, train, validation, seen, epochs=epochs)
    ran = Run(
        ended.state,
        iterations=ended.iterations,
        costs=ended.costs,
        validation_costs=ended.validation_costs,
        scores=tuple(seen.scores[: len(ended.costs)]),
        interrupted=ended.interrupted,
        best=ended.best,
    )
    if ended.bad is not None:
        found = _diagnosis(net, ended.bad, hyperparameters, train, moment=ended.by_moment)
        return replace(ran, divergence=found)
    steps = ended.state.step - state.step - 1
    if ended.interrupted or steps < 0:
        return ran
    return replace(ran, before=partial(_after, asks, state, train, steps))


def _after(
    asks: Settings, state: TrainingState, train: Examples, steps: int
) -> TrainingState | None:
    """Return the state so many steps after another, None where the watch ends it on the way."""
    if not steps:
        return state
    ended = trained(asks, state, train, steps=steps)
    return None if ended.interrupted else ended.state


def _threads_of(
    plan: Any, chosen: Hyperparameters, train: Examples, epochs: int, n_threads: int | None
) -> int:
    per_example = 6.0 * plan.shape.products
    at_once = min(chosen.examples_a_step(train.m), 256)
    return threads_for_work(n_threads, epochs * train.m * per_example, at_once * per_example)


def run_many(
    jobs: Sequence[Job],
    train: Examples,
    validation: Examples | None = None,
    *,
    n_threads: int | None = None,
) -> Iterator[tuple[int, Run]]:
    """Train several networks (see `Engine.run_many`), one a core."""
    return run_side_by_side(run, jobs, train, validation, n_threads=n_threads)


def peak_gflops(n_threads: int, dtype: str = "float32") -> float:
    """Measure, in one short sample, GFLOP/s of fused multiply-adds from registers.

    Raises:
        HyperparameterError: the engine was not compiled.
    """
    name = target()
    call = _native.peak_float32 if dtype == "float32" else _native.peak_float64
    return float(call(name, n_threads))


def _refuse(reason: str) -> None:
    if reason:
        raise HyperparameterError(
            f"engine native cannot do this: {reason}; take engine auto, which takes the array engine "
            "for it"
        )


def _shape(net: Network) -> Any:
    """Return a network's architecture as native/shape.hpp has it; refuse what is not covered."""
    W = net.parameters.W[1]
    if net in SHAPES and type(W) is np.ndarray and W.dtype in PRECISIONS:
        return SHAPES[net]
    _refuse(unfit_network(net))
    numbers = [ACTIVATION_NUMBERS[name] for name in net.activations]
    shape = _native.Shape(net.n, numbers, COST_NUMBERS[net.cost], **_cost_options(net))
    SHAPES[net] = shape
    return shape


def _made_ready(net: Network) -> _Ready:
    shape, arrays = _shape(net), net.parameters.arrays()
    dtype = arrays[0].dtype
    single = dtype == np.float32
    reading = (_native.ReadingFloat32 if single else _native.ReadingFloat64)(arrays)
    call = _native.predict_float32 if single else _native.predict_float64
    ready = _Ready(net.parameters, shape, reading, call, dtype, 2.0 * shape.products)
    if not reading.copied:
        READY[net] = ready
    return ready


def _cost_options(net: Network) -> dict[str, Any]:
    """Return the cost's options, with the equations' own defaults."""
    if net.cost == "quantile":
        return {"quantiles": net.cost_options.get("quantiles", (0.5,))}
    return {"threshold": net.cost_options.get("threshold", 1.0)}


def _plan(net: Network, state: TrainingState, chosen: Hyperparameters, train: Examples) -> Any:
    """Return what is chosen as native/training.hpp has it."""
    plan = _native.Plan()
    plan.shape = _shape(net)
    mean = mean_weight(train)
    for name in ("learning_rate", "momentum", "beta_1", "beta_2", "epsilon", "power_t", "gamma"):
        setattr(plan, name, getattr(chosen, name))
    for name in ("rho", "momentum_decay", "clip_norm", "max_norm"):
        setattr(plan, name, getattr(chosen, name))
    for name in ("period", "growth", "floor", "warmup", "shuffle"):
        setattr(plan, name, getattr(chosen, name))
    for name in ("schedule", "weight_decay_schedule", "dropout_schedule"):
        setattr(plan, name, SCHEDULE_NUMBERS[getattr(chosen, name)])
    plan.optimizer = OPTIMIZER_NUMBERS[chosen.optimizer]
    plan.moments = OPTIMIZERS[chosen.optimizer].moments
    plan.weight_decay = chosen.weight_decay if chosen.optimizer == "adamw" else 0.0
    plan.l2, plan.l1 = chosen.l2 / mean, chosen.l1 / mean
    plan.weight = train.m * mean
    plan.dropout = [float(chosen.dropped(layer)) for layer in range(net.L)]
    plan.batch_size = chosen.examples_a_step(train.m)
    plan.planned_epochs = max(1, chosen.epochs)
    plan.lists_bytes = LISTS_BYTES
    plan.seed, plan.cuts = state.seed, state.cuts
    return plan


def _diagnosis(
    net: Network, bad: TrainingState, chosen: Hyperparameters, train: Examples, *, moment: bool
) -> Divergence:
    """Find what was not finite, in the minibatch that met it."""
    parts = list(minibatches(train.m, chosen.examples_a_step(train.m)))
    part = parts[min(bad.batch, len(parts) - 1)]
    if chosen.shuffle and len(parts) > 1:
        batch = train.take(epoch_order(train.m, bad.seed, bad.epoch)[part])
    else:
        batch = train.part(part)
    X, Y = (np.asarray(each, bad.dtype) for each in (batch.X, batch.Y))
    at, otherwise = net.with_parameters(bad.parameters), "moment" if moment else "cost"
    with overflow_allowed():
        return diagnose(at, bad, Examples(X, Y, batch.w), otherwise)
