"""The notes' own recursion (N2, N5, N6), written once over the array API standard.

The loop over layers is explicit; there is no loop over examples.
"""

from ellnet.arrays import Array
from ellnet.engines.protocol import Cache, Gradients
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import mean_loss, output_delta, output_losses, weigh
from ellnet.equations.linear import linear, linear_backward, linear_backward_input
from ellnet.equations.penalties import l2, l2_backward
from ellnet.network import Layers, Network, Parameters, check_shape

__all__ = ["backward", "backward_block", "cost_of", "forward", "forward_block", "penalty_of"]


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
    g, options = net.activations[L], net.cost_options
    dZ = output_delta(g, net.cost, cache.Z[L], cache.A[L], Y, **options)
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


def cost_of(net: Network, cache: Cache, Y: Array, w: Array | None) -> float:
    """Return the cost of one forward pass, without penalty."""
    L, options = net.L, net.cost_options
    losses = output_losses(net.activations[L], net.cost, cache.Z[L], cache.A[L], Y, **options)
    return mean_loss(losses, w)


def penalty_of(net: Network, strength: float, m: float) -> float:
    """Return the L2 penalty of all layers over every layer's weights."""
    return sum(l2(W, strength, m) for W in net.W) if strength else 0.0
