"""Penalties: what is added to the cost so that weights stay small. Biases are free."""

from ellnet.arrays import Array, namespace

__all__ = ["l2", "l2_backward"]


def l2(W: Array, strength: float, m: float) -> float:
    """L2 penalty (lambda / 2m) sum W^2 (eq. 14.1).

    Args:
        W: weights of one layer, (n[l], n[l-1]).
        strength: lambda, at least 0.
        m: number of examples in the minibatch, or the sum of their weights.
    """
    return strength / (2 * m) * float(namespace(W).sum(W * W))


def l2_backward(W: Array, strength: float, m: float) -> Array:
    """The L2 penalty's derivative (lambda / m) W, added to dW (eq. 14.2)."""
    return (strength / m) * W
