"""The array engine: the notes' own recursion, written once over the array API standard.

It runs on the library that X belongs to. The loop over layers is explicit; there is no loop over
examples. It is also the oracle that every faster engine is held to.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

from ellnet.arrays import (
    Array,
    is_finite,
    move,
    namespace,
    overflow_allowed,
    threads_for,
    without_dust,
)
from ellnet.batches import Examples, epoch_order, minibatches
from ellnet.engines.protocol import Cache, Divergence, Gradients, Run, Watch
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import mean_loss, output_delta, output_losses, weigh
from ellnet.equations.linear import linear, linear_backward, linear_backward_input
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.equations.penalties import l2, l2_backward
from ellnet.errors import DataError
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Layers, Network, Parameters, check_shape
from ellnet.state import TrainingState

__all__ = [
    "NAME",
    "backward",
    "backward_block",
    "cost",
    "forward",
    "forward_block",
    "predict",
    "run",
]

NAME = "array"
PASS = 8192
"""Examples in one forward pass of prediction: bounds the memory of the hidden layers."""


def forward_block(W: Array, b: Array, A_prev: Array, activation: str) -> tuple[Array, Array]:
    """Forward block of a layer (N5): Z[l], and A[l] = g[l](Z[l]) (eq. 2.2).

    Args:
        W: (n[l], n[l-1]).
        b: (n[l], 1).
        A_prev: A[l-1], (n[l-1], m).
        activation: g[l] by name.

    Returns:
        Z[l] and A[l], each (n[l], m).
    """
    Z = linear(W, A_prev, b)
    return Z, ACTIVATIONS[activation].value(Z)


def backward_block(
    dA: Array, Z: Array, A: Array, A_prev: Array, activation: str
) -> tuple[Array, Array, Array]:
    """Backward block of a layer (N5): dZ[l] = dA[l] * g[l]'(Z[l]) (eq. 6.1), dW[l] and db[l].

    Args:
        dA: dA[l], (n[l], m).
        Z: Z[l] from the cache, (n[l], m).
        A: A[l] from the cache, (n[l], m).
        A_prev: A[l-1] from the cache, (n[l-1], m).
        activation: g[l] by name.

    Returns:
        dZ[l] (n[l], m), dW[l] (n[l], n[l-1]) and db[l] (n[l], 1).
    """
    dZ = ACTIVATIONS[activation].backward(dA, Z, A)
    return dZ, *linear_backward(dZ, A_prev)


def forward(net: Network, X: Array) -> Cache:
    """Forward propagation (N2): Z[l] and A[l] for l = 1..L.

    Args:
        net: the network.
        X: A[0], (n[0], m).

    Raises:
        ShapeError: X is not (n[0], m).
    """
    net.check_input(X)
    A = X
    Zs, As = [], []
    for W, b, activation in zip(net.W, net.b, net.activations, strict=True):
        Z, A = forward_block(W, b, A, activation)
        Zs.append(Z)
        As.append(A)
    return Cache(X, Layers(Zs, "Z"), Layers(As, "A"))


def backward(
    net: Network, cache: Cache, Y: Array, w: Array | None = None, *, strength: float = 0.0
) -> Gradients:
    """Backward propagation (N6), dZ[l] = W[l+1]^T dZ[l+1] * g[l]'(Z[l]) for l = L-1..1 (eq. 6.5).

    It begins with dZ[L] of the output layer; each layer gives its dW[l] and db[l].

    Args:
        net: the network.
        cache: of the forward pass.
        Y: targets, (n[L], m).
        w: weights of the examples, (1, m), or None for equal ones.
        strength: lambda of the L2 penalty.

    Raises:
        ShapeError: Y is not (n[L], m), w is not (1, m), or the cache is of another network.
    """
    m = int(cache.X.shape[1])
    net.check_target(Y, m)
    _check_cache(net, cache, m)
    if w is not None:
        check_shape("w", w, (1, m), "(1, m)")
    L = net.L
    dZ = output_delta(net.activations[L], net.cost, cache.Z[L], cache.A[L], Y)
    dZ = weigh(dZ, w)
    dW, db = linear_backward(dZ, cache.inputs(L))
    dZs, dWs, dbs = [dZ], [dW], [db]
    dAs: list[Array] = []
    for layer in range(L - 1, 0, -1):
        dA = linear_backward_input(dZ, net.W[layer + 1])
        dZ, dW, db = backward_block(
            dA, cache.Z[layer], cache.A[layer], cache.inputs(layer), net.activations[layer]
        )
        for kept, new in ((dZs, dZ), (dAs, dA), (dWs, dW), (dbs, db)):
            kept.insert(0, new)
    if strength:
        dWs = [dW + l2_backward(W, strength, m) for dW, W in zip(dWs, net.W, strict=True)]
    return Gradients(Parameters.of(dWs, dbs), Layers(dZs, "dZ"), Layers(dAs, "dA"))


def _check_cache(net: Network, cache: Cache, m: int) -> None:
    """Refuse a cache of another network (N3)."""
    for layer in range(1, net.L + 1):
        for name, layers in (("Z", cache.Z), ("A", cache.A)):
            rule = f"(n[{layer}], m)"
            check_shape(f"{name}[{layer}]", layers[layer], (net.n[layer], m), rule)


def _passes(net: Network, X: Array) -> Iterator[tuple[slice, Cache]]:
    for part in minibatches(int(X.shape[1]), PASS):
        yield part, forward(net, _cast(X[:, part], net))


def _cast(array: Array, net: Network) -> Array:
    """Bring part of the data to the precision of the network's parameters."""
    return namespace(array).astype(array, net.W[1].dtype, copy=False)


def _beside(net: Network, X: Array) -> Network:
    """Bring the network's parameters to the library and device of X."""
    if type(net.W[1]) is type(X):
        return net
    return net.with_parameters(net.parameters.like(X))


def predict(net: Network, X: Array) -> Array:
    """Return the output A[L], (n[L], m), for the inputs X, (n[0], m); m may be 0.

    Raises:
        ShapeError: X is not (n[0], m).
    """
    net.check_input(X)
    net = _beside(net, X)
    if X.shape[1] == 0:
        return namespace(X).zeros((net.n[net.L], 0), dtype=net.W[1].dtype)
    outputs = [cache.A[net.L] for _, cache in _passes(net, X)]
    return outputs[0] if len(outputs) == 1 else namespace(X).concat(outputs, axis=1)


def cost(net: Network, examples: Examples) -> float:
    """Return the cost of the examples, without penalty.

    Raises:
        ShapeError: X or Y does not fit the network.
        DataError: the weights have no sum to divide by.
    """
    net.check_target(examples.Y, examples.m)
    net = _beside(net, examples.X)
    total, weights = 0.0, 0.0
    for part, cache in _passes(net, examples.X):
        w = None if examples.w is None else examples.w[:, part]
        weight = float(part.stop - part.start) if w is None else float(namespace(w).sum(w))
        if weight > 0:
            total += weight * _cost(net, cache, _cast(examples.Y[:, part], net), w)
            weights += weight
    if weights == 0:
        raise DataError(
            "the weights w of the examples must have a sum above 0; give at least one of them weight"
        )
    return total / weights


def _cost(net: Network, cache: Cache, Y: Array, w: Array | None) -> float:
    """Cost of one forward pass, without penalty."""
    L = net.L
    return mean_loss(output_losses(net.activations[L], net.cost, cache.Z[L], cache.A[L], Y), w)


def run(
    net: Network,
    state: TrainingState,
    hyperparameters: Hyperparameters,
    train: Examples,
    validation: Examples | None = None,
    *,
    epochs: int,
    watch: Watch | None = None,
) -> Run:
    """Train for a number of epochs from a state (see `Engine.run`)."""
    net.check_input(train.X)
    net.check_target(train.Y, train.m)
    result = Run(state.like(train.X))
    products = net.largest_layer * hyperparameters.examples_a_step(train.m)
    with overflow_allowed(), threads_for(products):
        for _ in range(epochs):
            result = _epoch(net, result, hyperparameters, train, watch)
            if result.divergence is not None or result.interrupted:
                break
            if validation is not None:
                validated = cost(net.with_parameters(result.state.parameters), validation)
                result = replace(result, validation_costs=(*result.validation_costs, validated))
    return result


def _epoch(
    net: Network, begun: Run, hyperparameters: Hyperparameters, train: Examples, watch: Watch | None
) -> Run:
    """Take the minibatches that are left of the epoch under way."""
    state, good, iterations = begun.state, begun.good, list(begun.iterations)
    batches = list(minibatches(train.m, hyperparameters.examples_a_step(train.m)))
    shuffled = len(batches) > 1 and hyperparameters.shuffle
    order = _order(train, state) if shuffled else None
    for part in batches[state.batch :]:
        if watch is not None and watch(state.batch, len(batches)):
            return replace(begun, state=state, iterations=tuple(iterations), interrupted=True)
        at = net.with_parameters(state.parameters)
        batch = _minibatch(train, part, order, at)
        J, gradients = _cost_and_gradients(at, batch, hyperparameters.l2)
        if not math.isfinite(J):
            return replace(
                begun,
                state=good or state,
                iterations=tuple(iterations),
                divergence=_diagnose(at, state, batch),
            )
        iterations.append(J)
        good, state = state, _step(state, gradients, hyperparameters, J * batch.m)
    if not _whole(state):
        kept = good if good is not None and _whole(good) else begun.state
        found = _diagnose(net.with_parameters(state.parameters), state, batch, "moment")
        return replace(begun, state=kept, iterations=tuple(iterations), divergence=found)
    costs = (*begun.costs, state.epoch_cost / train.m)
    ended = replace(_without_dust(state), epoch=state.epoch + 1, batch=0, epoch_cost=0.0)
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


def _order(train: Examples, state: TrainingState) -> Array:
    order = epoch_order(train.m, state.seed, state.epoch)
    return move(order, train.X)


def _minibatch(train: Examples, part: slice, order: Array | None, net: Network) -> Examples:
    if order is not None:
        batch = train.take(order[part])
    else:
        w = None if train.w is None else train.w[:, part]
        batch = Examples(train.X[:, part], train.Y[:, part], w)
    return Examples(_cast(batch.X, net), _cast(batch.Y, net), batch.w)


def _cost_and_gradients(net: Network, batch: Examples, strength: float) -> tuple[float, Parameters]:
    cache = forward(net, batch.X)
    J = _cost(net, cache, batch.Y, batch.w)
    if strength:
        J += sum(l2(W, strength, batch.m) for W in net.W)
    if not math.isfinite(J):
        return J, net.parameters
    return J, backward(net, cache, batch.Y, batch.w, strength=strength).parameters


def _step(
    state: TrainingState, gradients: Parameters, hyperparameters: Hyperparameters, cost_sum: float
) -> TrainingState:
    """One step of the optimizer for every parameter array; the state given is left as it was."""
    optimizer = OPTIMIZERS[hyperparameters.optimizer]
    options = {name: getattr(hyperparameters, name) for name in optimizer.options}
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


def _diagnose(
    net: Network, state: TrainingState, batch: Examples, otherwise: str = "cost"
) -> Divergence:
    """Find the layer that held the first number that is not finite."""
    feature, largest = _largest_input(batch.X)
    cache = forward(net, batch.X)
    quantities = (("W", net.W), ("b", net.b), ("Z", cache.Z), ("A", cache.A))
    found = next(
        (
            (layer, name)
            for layer in range(1, net.L + 1)
            for name, layers in quantities
            if not is_finite(layers[layer])
        ),
        (net.L, otherwise),
    )
    return Divergence(state.epoch, state.step, *found, feature, largest)


def _largest_input(X: Array) -> tuple[int, float]:
    xp = namespace(X)
    largest = xp.max(xp.abs(X), axis=1)
    feature = int(xp.argmax(largest))
    return feature, float(largest[feature])
