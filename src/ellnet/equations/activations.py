"""Activations g and their derivatives (notes N9), stable over the whole range of float32.

Every value takes Z (n, m) and gives A (n, m). Every backward takes dA, Z and A, each (n, m), and
gives dZ = dA * g'(Z) (eq. 6.1); softmax, whose units depend on one another, gives the product with its
Jacobian instead. Here stand the outputs that are neither rectifier nor S-shaped, and the table of all.
"""

from collections.abc import Callable
from typing import NamedTuple

from ellnet.arrays import Array, namespace
from ellnet.equations import rectifiers, sigmoids

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "exponential",
    "exponential_backward",
    "identity",
    "identity_backward",
    "softmax",
    "softmax_backward",
]


def identity(Z: Array) -> Array:
    """Identity A = Z (eq. 9.9): a deep network of these alone collapses into one layer (N9)."""
    return Z


def identity_backward(dA: Array, Z: Array, A: Array) -> Array:
    """The identity's derivative dZ = dA (eq. 9.10)."""
    del Z, A
    return dA


def softmax(Z: Array) -> Array:
    """Softmax A_k = exp(Z_k) / sum_j exp(Z_j), over the units of each example (eq. 9.11).

    The largest Z of the example is subtracted first: the quotient is the same and cannot overflow.
    """
    xp = namespace(Z)
    e = xp.exp(Z - xp.max(Z, axis=0, keepdims=True))
    return e / xp.sum(e, axis=0, keepdims=True)


def softmax_backward(dA: Array, Z: Array, A: Array) -> Array:
    """Softmax's derivative dZ = A * (dA - sum_j A_j dA_j) (eq. 9.12)."""
    del Z
    return A * (dA - namespace(A).sum(A * dA, axis=0, keepdims=True))


def exponential(Z: Array) -> Array:
    """Exponential A = exp(Z) (eq. 9.29), the output of Poisson regression; the one that can overflow."""
    return namespace(Z).exp(Z)


def exponential_backward(dA: Array, Z: Array, A: Array) -> Array:
    """The exponential's derivative dZ = dA * A (eq. 9.30)."""
    del Z
    return dA * A


class Activation(NamedTuple):
    """A row of the table: a function and its derivative, and where the derivative jumps."""

    value: Callable[[Array], Array]
    backward: Callable[[Array, Array, Array], Array]
    kinks: tuple[float, ...] = ()


ACTIVATIONS = {
    "relu": Activation(rectifiers.relu, rectifiers.relu_backward, kinks=(0.0,)),
    "leaky_relu": Activation(rectifiers.leaky_relu, rectifiers.leaky_relu_backward, kinks=(0.0,)),
    "tanh": Activation(sigmoids.tanh, sigmoids.tanh_backward),
    "sigmoid": Activation(sigmoids.sigmoid, sigmoids.sigmoid_backward),
    "identity": Activation(identity, identity_backward),
    "softmax": Activation(softmax, softmax_backward),
    "elu": Activation(rectifiers.elu, rectifiers.elu_backward),
    "selu": Activation(rectifiers.selu, rectifiers.selu_backward, kinks=(0.0,)),
    "gelu": Activation(rectifiers.gelu, rectifiers.gelu_backward),
    "silu": Activation(rectifiers.silu, rectifiers.silu_backward),
    "mish": Activation(rectifiers.mish, rectifiers.mish_backward),
    "softplus": Activation(rectifiers.softplus, rectifiers.softplus_backward),
    "softsign": Activation(sigmoids.softsign, sigmoids.softsign_backward),
    "hard_sigmoid": Activation(
        sigmoids.hard_sigmoid,
        sigmoids.hard_sigmoid_backward,
        kinks=(-sigmoids.HARD_END, sigmoids.HARD_END),
    ),
    "exponential": Activation(exponential, exponential_backward),
}
"""Every activation by its name."""
