"""The array engine: the notes' own recursion on whatever library X belongs to.

It is also the oracle that every faster engine is held to.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ellnet.arrays import (
    Array,
    in_dtype,
    is_finite,
    is_sparse,
    move,
    namespace,
    overflow_allowed,
    threads_for,
    without_dust,
)
from ellnet.batches import Examples, epoch_order, mean_weight, minibatches
from ellnet.engines.divergence import diagnose
from ellnet.engines.protocol import Cache, Run, Watch
from ellnet.engines.recursion import backward, cost_of, forward, penalty_of
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.equations.penalties import l2_backward
from ellnet.equations.schedules import SCHEDULES, Clock
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState

__all__ = ["NAME", "backward", "cost", "cost_and_gradients", "forward", "predict", "run"]

NAME = "array"
SWEEP = 100
"""Steps after which, at the end of the epoch, what is too small ever to matter is set to zero."""

PASS = 8192
"""Examples in one pass over all of them: bounds the memory of the hidden layers."""


def _passes(net: Network, X: Array) -> Iterator[tuple[slice, Cache]]:
    for part in minibatches(int(X.shape[1]), PASS):
        yield part, forward(net, in_dtype(X[:, part], net.W[1].dtype))


def _beside(net: Network, X: Array) -> Network:
    """Bring the network's parameters to the library and device of X; a sparse X goes with NumPy's."""
    if is_sparse(X) or type(net.W[1]) is type(X):
        return net
    return net.with_parameters(net.parameters.like(X))


def predict(net: Network, X: Array, *, n_threads: int | None = None) -> Array:
    """Return the output A[L], (n[L], m), for the inputs X, (n[0], m); m may be 0.

    Raises:
        ShapeError: X is not (n[0], m).
    """
    net.check_input(X)
    net = _beside(net, X)
    if X.shape[1] == 0:
        return namespace(net.W[1]).zeros((net.n[net.L], 0), dtype=net.W[1].dtype)
    with threads_for(net.largest_layer * min(int(X.shape[1]), PASS), n_threads):
        outputs = [cache.A[net.L] for _, cache in _passes(net, X)]
    return outputs[0] if len(outputs) == 1 else namespace(outputs[0]).concat(outputs, axis=1)


def cost(net: Network, examples: Examples) -> float:
    """Return the cost of the examples, without penalty.

    Raises:
        ShapeError: X or Y does not fit the network.
        DataError: the weights have no sum to divide by.
    """
    net.check_target(examples.Y, examples.m)
    net = _beside(net, examples.X)
    total = 0.0
    for part, cache in _passes(net, examples.X):
        piece = examples.part(part)
        if piece.weight > 0:
            Y = in_dtype(piece.Y, net.W[1].dtype)
            total += piece.weight * cost_of(net, cache, Y, piece.w)
    return total / (examples.m * mean_weight(examples))


def cost_and_gradients(
    net: Network, examples: Examples, *, strength: float = 0.0
) -> tuple[float, Parameters]:
    """Return the cost of all examples, penalty included, and its gradients in float64's sum.

    Args:
        net: the network.
        examples: all of them; they are gone through in passes that bound the memory.
        strength: lambda of the L2 penalty.

    Raises:
        ShapeError: X or Y does not fit the network.
        DataError: the weights have no sum to divide by.
    """
    net.check_target(examples.Y, examples.m)
    net = _beside(net, examples.X)
    whole = examples.m * mean_weight(examples)
    total, sums = 0.0, [0 * theta for theta in net.parameters.arrays()]
    for part, cache in _passes(net, examples.X):
        piece = examples.part(part)
        if piece.weight > 0:
            Y, share = in_dtype(piece.Y, net.W[1].dtype), piece.weight / whole
            total += share * cost_of(net, cache, Y, piece.w)
            gradients = backward(net, cache, Y, piece.w).parameters.arrays()
            sums = [s + share * g for s, g in zip(sums, gradients, strict=True)]
    if strength:
        total += penalty_of(net, strength, whole)
        for layer, W in enumerate(net.W):
            sums[2 * layer] = sums[2 * layer] + l2_backward(W, strength, whole)
    return total, Parameters.from_arrays(sums)


@dataclass(frozen=True, eq=False)
class _Plan:
    """What stays the same through a call of `run`."""

    net: Network
    hyperparameters: Hyperparameters
    train: Examples
    weight: float
    strength: float
    batches: tuple[slice, ...]

    @classmethod
    def of(cls, net: Network, hyperparameters: Hyperparameters, train: Examples) -> "_Plan":
        """The penalty counts weights, as the cost does: an example of weight 2 is two examples."""
        batches = tuple(minibatches(train.m, hyperparameters.examples_a_step(train.m)))
        mean = mean_weight(train)
        return cls(net, hyperparameters, train, train.m * mean, hyperparameters.l2 / mean, batches)

    def clock(self, state: TrainingState) -> Clock:
        epochs = self.hyperparameters.epochs
        return Clock(state.step, epochs * len(self.batches), state.epoch, epochs, self.train.m)


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
    """Train for a number of epochs from a state (see `Engine.run`)."""
    net.check_input(train.X)
    net.check_target(train.Y, train.m)
    result = Run(state.like(train.Y))
    plan = _Plan.of(net, hyperparameters, train)
    products = net.largest_layer * hyperparameters.examples_a_step(train.m)
    with overflow_allowed(), threads_for(products, n_threads):
        for _ in range(epochs):
            result = _epoch(plan, result, watch)
            if result.divergence is not None or result.interrupted:
                break
            if validation is not None:
                validated = cost(net.with_parameters(result.state.parameters), validation)
                result = replace(result, validation_costs=(*result.validation_costs, validated))
    return result


def _epoch(plan: _Plan, begun: Run, watch: Watch | None) -> Run:
    """Take the minibatches that are left of the epoch under way."""
    state, good, iterations = begun.state, begun.good, list(begun.iterations)
    batches = plan.batches
    order = _order(plan, state)
    for part in batches[state.batch :]:
        if watch is not None and watch(state.batch, len(batches)):
            return replace(begun, state=state, iterations=tuple(iterations), interrupted=True)
        at = plan.net.with_parameters(state.parameters)
        batch = _minibatch(plan, part, order, at)
        J, gradients = _cost_and_gradients(at, batch, plan.strength)
        if not math.isfinite(J):
            return replace(
                begun,
                state=good or state,
                iterations=tuple(iterations),
                divergence=diagnose(at, state, batch),
            )
        iterations.append(J)
        good, state = state, _step(plan, state, gradients, J * batch.weight)
    if not _whole(state):
        kept = good if good is not None and _whole(good) else begun.state
        found = diagnose(plan.net.with_parameters(state.parameters), state, batch, "moment")
        return replace(begun, state=kept, iterations=tuple(iterations), divergence=found)
    costs = (*begun.costs, state.epoch_cost / plan.weight)
    if state.step // SWEEP > (state.step - len(batches)) // SWEEP:
        state = _without_dust(state)
    ended = replace(state, epoch=state.epoch + 1, batch=0, epoch_cost=0.0)
    return replace(begun, state=ended, good=good, iterations=tuple(iterations), costs=costs)


def _whole(state: TrainingState) -> bool:
    """Say whether parameters and moments are finite: an infinite moment would hold its weight still."""
    groups = (state.parameters, *state.moments)
    return is_finite(*(array for group in groups for array in group.arrays()))


def _without_dust(state: TrainingState) -> TrainingState:
    """Set to zero what is too small ever to matter, before it fades into subnormal numbers.

    Dead units' weights and moments decay by a factor each step; processors calculate with
    subnormal numbers many times slower. Of a parameter's moments none goes without the others: they
    stand in one quotient.
    """
    parameters = [without_dust(array)[0] for array in state.parameters.arrays()]
    columns = zip(*(moment.arrays() for moment in state.moments), strict=True)
    moments = zip(*(without_dust(*column) for column in columns), strict=True)
    return replace(
        state,
        parameters=Parameters.from_arrays(parameters),
        moments=tuple(Parameters.from_arrays(arrays) for arrays in moments),
    )


def _order(plan: _Plan, state: TrainingState) -> Array | None:
    """Return the epoch's order of the examples; None where it changes nothing."""
    if len(plan.batches) == 1 or not plan.hyperparameters.shuffle:
        return None
    return move(epoch_order(plan.train.m, state.seed, state.epoch), plan.train.Y)


def _minibatch(plan: _Plan, part: slice, order: Array | None, net: Network) -> Examples:
    batch = plan.train.part(part) if order is None else plan.train.take(order[part])
    dtype = net.W[1].dtype
    return Examples(in_dtype(batch.X, dtype), in_dtype(batch.Y, dtype), batch.w)


def _cost_and_gradients(net: Network, batch: Examples, strength: float) -> tuple[float, Parameters]:
    cache = forward(net, batch.X)
    J = cost_of(net, cache, batch.Y, batch.w) + penalty_of(net, strength, batch.m)
    if not math.isfinite(J):
        return J, net.parameters
    return J, backward(net, cache, batch.Y, batch.w, strength=strength).parameters


def _step(
    plan: _Plan, state: TrainingState, gradients: Parameters, cost_sum: float
) -> TrainingState:
    """One step of the optimizer for every parameter array; the state given is left as it was."""
    optimizer = OPTIMIZERS[plan.hyperparameters.optimizer]
    options = {name: getattr(plan.hyperparameters, name) for name in optimizer.options}
    options["learning_rate"] *= _factor(plan, state)
    stepped = [
        optimizer.step(theta, dtheta, moments, state.step + 1, **options)
        for theta, dtheta, *moments in zip(
            state.parameters.arrays(),
            gradients.arrays(),
            *(moment.arrays() for moment in state.moments),
            strict=True,
        )
    ]
    thetas, moments = zip(*stepped, strict=True)
    return replace(
        state,
        parameters=Parameters.from_arrays(thetas),
        moments=tuple(Parameters.from_arrays(column) for column in zip(*moments, strict=True)),
        step=state.step + 1,
        batch=state.batch + 1,
        epoch_cost=state.epoch_cost + cost_sum,
    )


def _factor(plan: _Plan, state: TrainingState) -> float:
    """Return what the schedule makes of the learning rate at this step."""
    schedule = SCHEDULES[plan.hyperparameters.schedule]
    values = {**vars(plan.hyperparameters), "cuts": state.cuts}
    options = {name: values[name] for name in schedule.options}
    return schedule.factor(plan.clock(state), **options)
