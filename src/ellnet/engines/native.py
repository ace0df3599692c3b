"""The native engine: the fused C++ of native/, with the same bits on any threads and instruction set.

Arrays are read where they lie, minibatch by minibatch; parameters come back input by input in memory
(Fortran order), the layout from which few examples are predicted without rearranging the weights.
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

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
from ellnet.engines.protocol import Divergence, Job, Run, Watch
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

READ_AS_THEY_ARE = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.uint8))
"""Numbers that are converted minibatch by minibatch; others are, all at once, before."""

PRECISIONS = (np.dtype(np.float32), np.dtype(np.float64))

WATCH_SECONDS = 0.02
"""Time between two questions to the watch of a run, about; 0 asks before every step."""

COPIED_AT_ONCE = 2_000_000
"""Numbers that are copied in one go, some milliseconds long."""

INTERRUPTED, DIVERGED = 1, 2
"""How a run ends, by the numbers of native/training.hpp; 0 is done."""

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
    ready.call(target(), ready.shape, ready.reading, _readable(X), out, threads)
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
    return float(call(name, shape, parameters, *_readable_parts(examples), threads))


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
    gradients = [np.empty(each.shape, each.dtype, order="F") for each in parameters]
    step = 6.0 * shape.products * min(examples.m, 256)
    threads = threads_for_work(n_threads, 6.0 * shape.products * examples.m, step)
    single = parameters[0].dtype == np.float32
    call = _native.cost_and_gradients_float32 if single else _native.cost_and_gradients_float64
    total = call(name, shape, parameters, *_readable_parts(examples), threads, gradients)
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
    after = [_copies(group) for group in (state.parameters, *state.moments)]
    before = [[np.empty_like(each) for each in group] for group in after]
    bad = [np.empty_like(a) for a in after[0]]
    examples_a_step = hyperparameters.examples_a_step(train.m)
    per_example = 6.0 * plan.shape.products
    threads = threads_for_work(
        n_threads, epochs * train.m * per_example, min(examples_a_step, 256) * per_example
    )
    call = _native.run_float32 if state.dtype == "float32" else _native.run_float64
    held = None if validation is None else _readable_parts(validation)
    end, moment, at, broken, good, iterations, costs, validated = call(
        target(), plan, _position(state), *_readable_parts(train), held, epochs, threads,
        after[0], after[1:], bad, before, watch,
        0.0 if getattr(watch, "every_step", False) else WATCH_SECONDS,
    )  # fmt: skip
    ran = Run(
        _state_at(state, at, after),
        good=_state_at(state, good, before) if good.step >= 0 else None,
        iterations=tuple(iterations),
        costs=tuple(costs),
        validation_costs=tuple(validated),
        interrupted=end == INTERRUPTED,
    )
    if end != DIVERGED:
        return ran
    where = _state_at(state, broken, [bad, *after[1:]])
    return replace(ran, divergence=_diagnosis(net, where, hyperparameters, train, moment=moment))


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
    plan.seed, plan.cuts = state.seed, state.cuts
    return plan


def _position(state: TrainingState) -> Any:
    return _native.Position(state.step, state.epoch, state.batch, state.epoch_cost)


def _copies(group: Parameters) -> list[NDArray[Any]]:
    """Copies for the engine to change, input by input in memory."""
    return [_copied(each) for each in group.arrays()]


def _copied(W: Array) -> NDArray[Any]:
    """Copy an array input by input, some millions of numbers at a time: between them Ctrl-C is heard."""
    if W.size <= COPIED_AT_ONCE:
        return np.array(W, order="F")
    copy = np.empty(W.shape, W.dtype, order="F")
    inputs = max(1, COPIED_AT_ONCE // max(1, W.shape[0]))
    for first in range(0, W.shape[1], inputs):
        copy[:, first : first + inputs] = W[:, first : first + inputs]
    return copy


def _state_at(state: TrainingState, at: Any, groups: Sequence[Sequence[Array]]) -> TrainingState:
    parameters, *moments = [Parameters.from_arrays(group) for group in groups]
    return replace(
        state,
        parameters=parameters,
        moments=tuple(moments),
        step=at.step,
        epoch=at.epoch,
        batch=at.batch,
        epoch_cost=at.epoch_cost,
    )


def _readable(X: Array) -> Array:
    """Return an array that the engine reads as it is, converted where its numbers are of another kind."""
    if X.dtype in READ_AS_THEY_ARE:
        return X
    return np.asarray(X, dtype=np.float64)


def _readable_parts(examples: Examples) -> tuple[Array, Array, Array | None]:
    w = examples.w
    return _readable(examples.X), _readable(examples.Y), None if w is None else _readable(w)


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
