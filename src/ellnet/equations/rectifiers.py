"""Rectifiers and their derivatives: units that pass on what is above zero (notes N9).

Every value takes Z (n, m) and gives A (n, m); every backward takes dA, Z and A, and gives dZ = dA * g'(Z)
(eq. 6.1). The smooth ones are written with exponentials of what is below zero, which cannot overflow.
"""

import math

from ellnet.arrays import Array, indicator, namespace
from ellnet.equations.sigmoids import sigmoid

__all__ = [
    "elu",
    "elu_backward",
    "gelu",
    "gelu_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "mish",
    "mish_backward",
    "relu",
    "relu_backward",
    "selu",
    "selu_backward",
    "silu",
    "silu_backward",
    "softplus",
    "softplus_backward",
]

LEAK = 0.01
"""Slope of leaky ReLU below zero."""

SELU_SLOPE = 1.0507009873554805
"""Slope of SELU above zero: with `SELU_FLOOR` it keeps mean 0 and variance 1 from layer to layer."""

SELU_FLOOR = 1.7580993408473766
"""What SELU comes down to, below zero: 1.0507 times 1.6733."""

GELU_SLOPE = 2.0 * math.sqrt(2.0 / math.pi)
GELU_CUBE = 0.044715
"""GELU's coefficients, those of its tanh form."""


def relu(Z: Array) -> Array:
    """Rectified linear unit A = max(Z, 0) (eq. 9.5)."""
    return namespace(Z).clip(Z, min=0.0)


def relu_backward(dA: Array, Z: Array, A: Array) -> Array:
    """ReLU's derivative dZ = dA where Z > 0, else 0 (eq. 9.6); at the kink the derivative is 0."""
    del A
    return dA * indicator(Z > 0, dA)


def leaky_relu(Z: Array) -> Array:
    """Leaky ReLU A = Z where Z > 0, else 0.01 Z (eq. 9.7)."""
    return namespace(Z).maximum(Z, LEAK * Z)


def leaky_relu_backward(dA: Array, Z: Array, A: Array) -> Array:
    """Leaky ReLU's derivative dZ = dA where Z > 0, else 0.01 dA (eq. 9.8)."""
    del A
    return dA * (indicator(Z > 0, dA) + LEAK * indicator(Z <= 0, dA))


def elu(Z: Array) -> Array:
    """Exponential linear unit A = Z where Z > 0, else exp(Z) - 1 (eq. 9.13; Clevert et al., 2016)."""
    xp = namespace(Z)
    return xp.clip(Z, min=0.0) + xp.expm1(xp.clip(Z, max=0.0))


def elu_backward(dA: Array, Z: Array, A: Array) -> Array:
    """ELU's derivative dZ = dA where Z > 0, else dA * exp(Z) (eq. 9.14), which has no jump at zero."""
    del A
    xp = namespace(Z)
    return dA * xp.exp(xp.clip(Z, max=0.0))


def selu(Z: Array) -> Array:
    """Scaled ELU A = s Z where Z > 0, else s a (exp(Z) - 1) (eq. 9.15; Klambauer et al., 2017).

    s = 1.0507... and a = 1.6732... hold mean 0 and variance 1 from layer to layer.
    """
    xp = namespace(Z)
    return SELU_SLOPE * xp.clip(Z, min=0.0) + SELU_FLOOR * xp.expm1(xp.clip(Z, max=0.0))


def selu_backward(dA: Array, Z: Array, A: Array) -> Array:
    """SELU's derivative dZ = s dA where Z > 0, else s a exp(Z) dA (eq. 9.16); at 0 the latter."""
    del A
    xp = namespace(Z)
    below = SELU_FLOOR * xp.exp(xp.clip(Z, max=0.0))
    return dA * (below + (SELU_SLOPE - SELU_FLOOR) * indicator(Z > 0, dA))


def gelu(Z: Array) -> Array:
    """Gaussian error linear unit A = (Z/2) (1 + tanh(sqrt(2/pi) (Z + 0.044715 Z^3))) (eq. 9.17).

    The tanh form of Hendrycks and Gimpel, 2016, written as Z sigmoid(2 sqrt(2/pi) (...)): the same
    number, which does not cancel below zero.
    """
    return Z * sigmoid(_gelu_argument(Z))


def gelu_backward(dA: Array, Z: Array, A: Array) -> Array:
    """GELU's derivative dZ = dA * (S + A (1 - S) U'), U' = 2 sqrt(2/pi) (1 + 0.134145 Z^2) (eq. 9.18).

    S = sigmoid(U) is A / Z, and U = 2 sqrt(2/pi) (Z + 0.044715 Z^3).
    """
    S = sigmoid(_gelu_argument(Z))
    slope = GELU_SLOPE * (1.0 + 3.0 * GELU_CUBE * (Z * Z))
    return dA * (S + A * (1.0 - S) * slope)


def _gelu_argument(Z: Array) -> Array:
    """2 sqrt(2/pi) (Z + 0.044715 Z^3)."""
    return GELU_SLOPE * (Z + GELU_CUBE * (Z * Z * Z))


def silu(Z: Array) -> Array:
    """Sigmoid linear unit A = Z sigmoid(Z) (eq. 9.19), which is called swish too."""
    return Z * sigmoid(Z)


def silu_backward(dA: Array, Z: Array, A: Array) -> Array:
    """SiLU's derivative dZ = dA * (S + A (1 - S)), S = sigmoid(Z) (eq. 9.20)."""
    S = sigmoid(Z)
    return dA * (S + A * (1.0 - S))


def mish(Z: Array) -> Array:
    """Mish A = Z tanh(log(1 + exp(Z))) (eq. 9.21; Misra, 2019)."""
    return Z * namespace(Z).tanh(softplus(Z))


def mish_backward(dA: Array, Z: Array, A: Array) -> Array:
    """Mish's derivative dZ = dA * (T + Z (1 - T^2) sigmoid(Z)), T = tanh(softplus(Z)) (eq. 9.22)."""
    del A
    T = namespace(Z).tanh(softplus(Z))
    return dA * (T + Z * (1.0 - T * T) * sigmoid(Z))


def softplus(Z: Array) -> Array:
    """Softplus A = log(1 + exp(Z)) (eq. 9.23).

    Written as max(Z, 0) + log(1 + exp(-|Z|)), which neither overflows nor cancels.
    """
    xp = namespace(Z)
    return xp.clip(Z, min=0.0) + xp.log1p(xp.exp(-xp.abs(Z)))


def softplus_backward(dA: Array, Z: Array, A: Array) -> Array:
    """Softplus's derivative dZ = dA * sigmoid(Z) (eq. 9.24), written as dA * (1 - exp(-A))."""
    del Z
    return dA * -namespace(A).expm1(-A)
