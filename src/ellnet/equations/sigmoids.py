"""S-shaped activations and their derivatives: units between two bounds (notes N9).

Every value takes Z (n, m) and gives A (n, m); every backward takes dA, Z and A, and gives dZ = dA * g'(Z)
(eq. 6.1).
"""

from ellnet.arrays import Array, indicator, namespace

__all__ = [
    "hard_sigmoid",
    "hard_sigmoid_backward",
    "sigmoid",
    "sigmoid_backward",
    "softsign",
    "softsign_backward",
    "tanh",
    "tanh_backward",
]

HARD_END = 3.0
"""Where the hard sigmoid reaches 0 (below zero) and 1 (above)."""


def sigmoid(Z: Array) -> Array:
    """Sigmoid A = 1 / (1 + exp(-Z)) (eq. 9.1).

    Written as exp(min(Z, 0)) / (1 + exp(-|Z|)), which cannot overflow.
    """
    xp = namespace(Z)
    return xp.exp(xp.clip(Z, max=0.0)) / (1.0 + xp.exp(-xp.abs(Z)))


def sigmoid_backward(dA: Array, Z: Array, A: Array) -> Array:
    """Sigmoid's derivative dZ = dA * A (1 - A) (eq. 9.2)."""
    del Z
    return dA * (A * (1.0 - A))


def tanh(Z: Array) -> Array:
    """Hyperbolic tangent A = tanh(Z) (eq. 9.3)."""
    return namespace(Z).tanh(Z)


def tanh_backward(dA: Array, Z: Array, A: Array) -> Array:
    """The hyperbolic tangent's derivative dZ = dA * (1 - A^2) (eq. 9.4)."""
    del Z
    return dA * (1.0 - A * A)


def softsign(Z: Array) -> Array:
    """Softsign A = Z / (1 + |Z|) (eq. 9.25)."""
    return Z / (1.0 + namespace(Z).abs(Z))


def softsign_backward(dA: Array, Z: Array, A: Array) -> Array:
    """Softsign's derivative dZ = dA / (1 + |Z|)^2 (eq. 9.26)."""
    del A
    root = 1.0 + namespace(Z).abs(Z)
    return dA / (root * root)


def hard_sigmoid(Z: Array) -> Array:
    """Hard sigmoid A = Z / 6 + 1/2, held between 0 and 1 (eq. 9.27)."""
    return namespace(Z).clip(Z / (2.0 * HARD_END) + 0.5, min=0.0, max=1.0)


def hard_sigmoid_backward(dA: Array, Z: Array, A: Array) -> Array:
    """The hard sigmoid's derivative dZ = dA / 6 where |Z| < 3, else 0 (eq. 9.28)."""
    del A
    return dA * (indicator(namespace(Z).abs(Z) < HARD_END, dA) / (2.0 * HARD_END))
