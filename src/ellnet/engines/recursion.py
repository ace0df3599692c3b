"""The notes' own recursion (N2, N5, N6), written once over the array API standard.

The loop over layers is explicit; there is no loop over examples.
"""

from collections.abc import Sequence

from ellnet.arrays import Array
from ellnet.engines.protocol import Cache, Gradients, Mask
from ellnet.equations import penalties
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import mean_loss, output_delta, output_losses, weigh
from ellnet.equations.dropout import dropout, dropout_backward
from ellnet.equations.linear import linear, linear_backward, linear_backward_input
from ellnet.network import Layers, Network, Parameters, check_shape

__all__ = [
    "backward",
    "backward_block",
    "cost_of",
    "forward",
    "forward_block",
    "penalised",
    "penalty_of",
]


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


def forward(net: Network, X: Array, masks: tuple[Mask | None, ...] = ()) -> Cache:
    """Forward propagation (N2): Z[l] and A[l] for l = 1..L.

    Args:
        net: the network.
        X: A[0], (n[0], m).
        masks: of dropout, for the layers 0..L-1.

    Raises:
        ShapeError: X is not (n[0], m).
    """
    net.check_input(X)
    A = X
    Zs, As, given = [], [], []
    for layer in range(1, net.L + 1):
        mask = masks[layer - 1] if masks else None
        if mask is not None:
            A = dropout(A, mask.D, mask.keep)
        given.append(A)
        Z, A = forward_block(net.W[layer], net.b[layer], A, net.activations[layer])
        Zs.append(Z)
        As.append(A)
    return Cache(X, Layers(Zs, "Z"), Layers(As, "A"), Layers(given, "inputs"), masks)


def backward(
    net: Network,
    cache: Cache,
    Y: Array,
    w: Array | None = None,
    *,
    l2: float = 0.0,
    l1: float = 0.0,
) -> Gradients:
    """Backward propagation (N6), dZ[l] = W[l+1]^T dZ[l+1] * g[l]'(Z[l]) for l = L-1..1 (eq. 6.5).

    It begins with dZ[L] of the output layer; each layer gives its dW[l] and db[l].

    Args:
        net: the network.
        cache: of the forward pass, with its masks of dropout.
        Y: targets, (n[L], m).
        w: weights of the examples, (1, m), or None for equal ones.
        l2: lambda of the L2 penalty.
        l1: lambda of the L1 penalty.

    Raises:
        ShapeError: Y is not (n[L], m), w is not (1, m), or the cache is of another network.
    """
    m = int(cache.X.shape[1])
    net.check_target(Y, m)
    _check_cache(net, cache, m)
    if w is not None:
        check_shape("w", w, (1, m), "(1, m)")
    L, options = net.L, net.cost_options
    dZ = output_delta(net.activations[L], net.cost, cache.Z[L], cache.A[L], Y, **options)
    dZ = weigh(dZ, w)
    dW, db = linear_backward(dZ, cache.inputs(L))
    dZs, dWs, dbs = [dZ], [dW], [db]
    dAs: list[Array] = []
    for layer in range(L - 1, 0, -1):
        dA = linear_backward_input(dZ, net.W[layer + 1])
        if cache.masks and (mask := cache.masks[layer]) is not None:
            dA = dropout_backward(dA, mask.D, mask.keep)
        dZ, dW, db = backward_block(
            dA, cache.Z[layer], cache.A[layer], cache.inputs(layer), net.activations[layer]
        )
        for kept, new in ((dZs, dZ), (dAs, dA), (dWs, dW), (dbs, db)):
            kept.insert(0, new)
    parameters = Parameters.of(penalised(net, dWs, m, l2=l2, l1=l1), dbs)
    return Gradients(parameters, Layers(dZs, "dZ"), Layers(dAs, "dA"))


def penalised(
    net: Network, dWs: Sequence[Array], m: float, *, l2: float, l1: float
) -> Sequence[Array]:
    """Return dW[l] with the derivatives of the penalties added; m counts the examples."""
    if l2:
        dWs = [dW + penalties.l2_backward(W, l2, m) for dW, W in zip(dWs, net.W, strict=True)]
    if l1:
        dWs = [dW + penalties.l1_backward(W, l1, m) for dW, W in zip(dWs, net.W, strict=True)]
    return dWs


def _check_cache(net: Network, cache: Cache, m: int) -> None:
    """Refuse a cache of another network (N3)."""
    for layer in range(1, net.L + 1):
        for name, layers in (("Z", cache.Z), ("A", cache.A)):
            rule = f"(n[{layer}], m)"
            required = (net.n[layer], m)
            check_shape(f"{name}[{layer}]", layers[layer], required, rule, n=net.n, m=m)


def cost_of(net: Network, cache: Cache, Y: Array, w: Array | None) -> float:
    """Return the cost of one forward pass, without penalty."""
    L, options = net.L, net.cost_options
    losses = output_losses(net.activations[L], net.cost, cache.Z[L], cache.A[L], Y, **options)
    return mean_loss(losses, w)


def penalty_of(net: Network, m: float, *, l2: float, l1: float) -> float:
    """Return the penalties over every layer's weights; m counts the examples."""
    total = sum(penalties.l2(W, l2, m) for W in net.W) if l2 else 0.0
    return total + (sum(penalties.l1(W, l1, m) for W in net.W) if l1 else 0.0)
