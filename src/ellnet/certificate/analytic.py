"""The cost of a network, written for complex numbers: what the complex step differentiates.

Functions with a kink are analytic on either side of it, and a step along the imaginary axis never
crosses: the side is that of the real part. Nothing here is shared with the equations that it
proves; what overflows far from 0 is split in two by the real part as well.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.batches import Examples
from ellnet.engines.protocol import Mask
from ellnet.network import Network

__all__ = ["ANALYTIC_ACTIVATIONS", "analytic_cost"]

Complex = NDArray[Any]

NOTHING = 1e-50
"""Real parts below it are 0: the square of the step, 1e-60, gets into them."""


def _real(Z: Complex) -> NDArray[np.float64]:
    """Say by its sign on which side of 0 each number lies."""
    return np.asarray(np.where(np.abs(Z.real) < NOTHING, 0.0, Z.real))


def _split(where: NDArray[np.bool_], there: Complex, elsewhere: Complex) -> Complex:
    return np.asarray(np.where(where, there, elsewhere))


def _below(Z: Complex) -> Complex:
    """Z where it is not above zero, 0 where it is: safe to take the exponential of."""
    return _split(_real(Z) > 0, np.zeros_like(Z), Z)


def _absolute(Z: Complex) -> Complex:
    return _split(_real(Z) < 0, -Z, Z)


def _relu(Z: Complex) -> Complex:
    return _split(_real(Z) > 0, Z, np.zeros_like(Z))


def _sigmoid(Z: Complex) -> Complex:
    e = np.exp(-_absolute(Z))
    return _split(_real(Z) < 0, e / (1.0 + e), 1.0 / (1.0 + e))


def _softplus(Z: Complex) -> Complex:
    tail = np.log1p(np.exp(-_absolute(Z)))
    return _split(_real(Z) < 0, tail, Z + tail)


def _elu(Z: Complex, above: float = 1.0, below: float = 1.0) -> Complex:
    return _split(_real(Z) > 0, above * Z, below * np.expm1(_below(Z)))


def _gelu(Z: Complex) -> Complex:
    return np.asarray(Z * _sigmoid(np.sqrt(8.0 / np.pi) * (Z + 0.044715 * Z**3)))


def _shifted(Z: Complex) -> Complex:
    return np.asarray(Z - np.max(Z.real, axis=0, keepdims=True))


def _softmax(Z: Complex) -> Complex:
    e = np.exp(_shifted(Z))
    return np.asarray(e / np.sum(e, axis=0, keepdims=True))


def _hard_sigmoid(Z: Complex) -> Complex:
    inside = _split(np.abs(Z.real) < 3.0, Z / 6.0 + 0.5, np.zeros_like(Z))
    return _split(Z.real >= 3.0, np.ones_like(Z), inside)


ANALYTIC_ACTIVATIONS: dict[str, Callable[[Complex], Complex]] = {
    "relu": _relu,
    "leaky_relu": lambda Z: _split(_real(Z) > 0, Z, 0.01 * Z),
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "identity": lambda Z: Z,
    "softmax": _softmax,
    "elu": _elu,
    "selu": lambda Z: _elu(Z, 1.0507009873554805, 1.7580993408473766),
    "gelu": _gelu,
    "silu": lambda Z: Z * _sigmoid(Z),
    "mish": lambda Z: Z * np.tanh(_softplus(Z)),
    "softplus": _softplus,
    "softsign": lambda Z: Z / (1.0 + _absolute(Z)),
    "hard_sigmoid": _hard_sigmoid,
    "exponential": np.exp,
}
"""Every activation, analytic on each side of its kinks."""


def _sign(D: Complex) -> Complex:
    return np.asarray(np.sign(_real(D)))


def _huber(D: Complex, t: float) -> Complex:
    return _split(np.abs(D.real) <= t, D * D / 2.0, t * _absolute(D) - t * t / 2.0)


def _pinball(D: Complex, quantiles: Sequence[float]) -> Complex:
    q = np.asarray([*quantiles] * (D.shape[0] // len(quantiles)))[:, None]
    return np.asarray(_split(_real(D) < 0, (q - 1.0) * D, _split(_real(D) > 0, q * D, 0.0 * D)))


def _counts(Y: NDArray[Any]) -> NDArray[Any]:
    """Y log Y - Y, with 0 log 0 = 0."""
    return np.asarray(Y * np.log(np.where(Y > 0, Y, 1.0)) - Y)


def _poisson(activation: str, Z: Complex, A: Complex, Y: NDArray[Any]) -> Complex:
    """Softplus far below zero is exp(Z), whose logarithm is Z."""
    if activation == "exponential":
        return np.asarray(A - Y * Z + _counts(Y))
    far = Z.real < -30.0
    return np.asarray(A - Y * _split(far, Z, np.log(_split(far, np.ones_like(A), A))) + _counts(Y))


def _losses(net: Network, Z: Complex, A: Complex, Y: NDArray[Any]) -> Complex:
    """The losses unit by unit, (n[L], m)."""
    if net.cost == "binary_cross_entropy":
        return np.asarray(_softplus(Z) - Y * Z)
    if net.cost == "categorical_cross_entropy":
        S = _shifted(Z)
        return np.asarray(Y * (np.log(np.sum(np.exp(S), axis=0, keepdims=True)) - S))
    if net.cost == "squared_error":
        return np.asarray((A - Y) ** 2 / 2.0)
    if net.cost == "absolute_error":
        return np.asarray((A - Y) * _sign(A - Y))
    if net.cost == "huber":
        return _huber(A - Y, net.cost_options.get("threshold", 1.0))
    if net.cost == "quantile":
        return _pinball(Y - A, net.cost_options.get("quantiles", (0.5,)))
    return _poisson(net.activations[net.L], Z, A, Y)


def analytic_cost(
    net: Network,
    arrays: Sequence[Complex],
    examples: Examples,
    *,
    l2: float = 0.0,
    l1: float = 0.0,
    masks: Sequence[Mask | None] = (),
    begun: tuple[int, Complex] | None = None,
) -> complex:
    """Return the cost of a network whose parameters are complex.

    Args:
        net: the architecture and the cost.
        arrays: W[1], b[1], ..., W[L], b[L].
        examples: X (n[0], m), Y (n[L], m) and weights.
        l2: lambda of the L2 penalty.
        l1: lambda of the L1 penalty.
        masks: of dropout, for the layers 0..L-1.
        begun: a layer and its Z[l], where those below need not be gone through again.
    """
    first, Z = begun or (1, arrays[0] @ _dropped(examples.X, masks, 0) + arrays[1])
    for layer in range(first, net.L):
        A = ANALYTIC_ACTIVATIONS[net.activations[layer]](Z)
        Z = arrays[2 * layer] @ _dropped(A, masks, layer) + arrays[2 * layer + 1]
    A = ANALYTIC_ACTIVATIONS[net.activations[net.L]](Z)
    losses = np.sum(_losses(net, Z, A, np.asarray(examples.Y)), axis=0, keepdims=True)
    w = np.ones((1, examples.m)) if examples.w is None else np.asarray(examples.w)
    J = np.sum(losses * w) / (np.sum(w) or 1.0)
    for W in arrays[0::2] if l2 or l1 else ():
        J = J + (l2 / 2.0 * np.sum(W * W) + l1 * np.sum(W * _sign(W))) / examples.m
    return complex(J)


def _dropped(A: Complex, masks: Sequence[Mask | None], layer: int) -> Complex:
    mask = masks[layer] if masks else None
    return A if mask is None else np.asarray(A * mask.D / mask.keep)
