"""The complex step: derivatives to the last digits, from textbook forms of the smooth functions.

A difference of two costs cancels; the imaginary part of one cost does not (Squire and Trapp, 1998). It
asks for functions that are analytic: the stable forms of the other chapters, with their maxima and
absolute values, are not, so the plain ones stand here. They overflow far from 0, and serve as an
oracle alone. NumPy only.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PLAIN_ACTIVATIONS", "PLAIN_COSTS", "complex_step", "plain_cost"]

Complex = NDArray[Any]

STEP = 1e-30


def complex_step(
    J: Callable[[Complex], complex], theta: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Gradient dJ/dtheta_i = Im J(theta + i h e_i) / h, h = 1e-30 (eq. 15.3), exact but for rounding.

    Args:
        J: an analytic function of a vector, which takes complex ones.
        theta: where, (k,).
    """
    found = np.empty(theta.shape)
    for k in range(theta.size):
        moved = theta.astype(np.complex128)
        moved[k] += 1j * STEP
        found[k] = J(moved).imag / STEP
    return found


def _sigmoid(Z: Complex) -> Complex:
    return np.asarray(1.0 / (1.0 + np.exp(-Z)))


def _softmax(Z: Complex) -> Complex:
    e = np.exp(Z)
    return np.asarray(e / np.sum(e, axis=0, keepdims=True))


def _softplus(Z: Complex) -> Complex:
    return np.asarray(np.log(1.0 + np.exp(Z)))


def _gelu(Z: Complex) -> Complex:
    u = np.sqrt(2.0 / np.pi) * (Z + 0.044715 * Z**3)
    return np.asarray(0.5 * Z * (1.0 + np.tanh(u)))


PLAIN_ACTIVATIONS: dict[str, Callable[[Complex], Complex]] = {
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "identity": lambda Z: Z,
    "softmax": _softmax,
    "gelu": _gelu,
    "silu": lambda Z: Z * _sigmoid(Z),
    "mish": lambda Z: Z * np.tanh(_softplus(Z)),
    "softplus": _softplus,
    "exponential": np.exp,
}
"""The smooth activations as textbooks have them."""

PLAIN_COSTS: dict[str, Callable[[Complex, NDArray[Any]], Complex]] = {
    "binary_cross_entropy": lambda A, Y: -(Y * np.log(A) + (1.0 - Y) * np.log(1.0 - A)),
    "categorical_cross_entropy": lambda A, Y: -Y * np.log(A),
    "squared_error": lambda A, Y: 0.5 * (A - Y) ** 2,
    "poisson": lambda A, Y: A - Y * np.log(A),
}
"""The smooth costs, unit by unit, up to what depends on the target alone."""


def plain_cost(
    arrays: Sequence[Complex],
    activations: Sequence[str],
    cost: str,
    X: NDArray[Any],
    Y: NDArray[Any],
    *,
    w: NDArray[Any] | None = None,
    l2: float = 0.0,
    masks: Mapping[int, NDArray[Any]] | None = None,
) -> complex:
    """Return the cost of a network of smooth functions, written out as textbooks do.

    Args:
        arrays: W[1], b[1], ..., W[L], b[L].
        activations: g[1] to g[L], all of them in `PLAIN_ACTIVATIONS`.
        cost: one of `PLAIN_COSTS`.
        X: (n[0], m).
        Y: (n[L], m).
        w: weights of the examples, (1, m).
        l2: lambda of the L2 penalty.
        masks: for a layer from 0 what its activations are multiplied by, (n[l], m).
    """
    factors, m = masks or {}, X.shape[1]
    A: Any = X * factors.get(0, 1.0)
    for layer, activation in enumerate(activations, start=1):
        W, b = arrays[2 * layer - 2], arrays[2 * layer - 1]
        A = PLAIN_ACTIVATIONS[activation](W @ A + b) * factors.get(layer, 1.0)
    losses = np.sum(PLAIN_COSTS[cost](A, Y), axis=0, keepdims=True)
    share = np.full((1, m), 1.0 / m) if w is None else w / np.sum(w)
    penalty = l2 / (2 * m) * sum(np.sum(W * W) for W in arrays[0::2])
    return complex(np.sum(share * losses) + penalty)
