"""Penalties: what is added to the cost so that weights stay small. Biases are free."""

from ellnet.arrays import Array, namespace

__all__ = ["l1", "l1_backward", "l2", "l2_backward", "max_norm"]


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


def l1(W: Array, strength: float, m: float) -> float:
    """L1 penalty (lambda / m) sum |W| (eq. 14.3), which makes weights that matter little exactly small.

    Args:
        W: weights of one layer, (n[l], n[l-1]).
        strength: lambda, at least 0.
        m: number of examples in the minibatch, or the sum of their weights.
    """
    xp = namespace(W)
    return strength / m * float(xp.sum(xp.abs(W)))


def l1_backward(W: Array, strength: float, m: float) -> Array:
    """The L1 penalty's derivative (lambda / m) sign W, added to dW (eq. 14.4); 0 at 0."""
    return (strength / m) * namespace(W).sign(W)


def max_norm(W: Array, largest: float) -> Array:
    """Max-norm constraint W_j := W_j min(1, largest / |W_j|) for the weights into each unit (eq. 14.5).

    From Srivastava et al., 2014; a row within the bound keeps its bits.

    Args:
        W: weights of one layer, (n[l], n[l-1]).
        largest: the norm that no row exceeds, above 0.
    """
    xp = namespace(W)
    peak = xp.max(xp.abs(W), axis=1, keepdims=True)
    peak = xp.where(peak > 0, peak, xp.ones_like(peak))
    norms = peak * xp.sqrt(xp.sum((W / peak) ** 2, axis=1, keepdims=True))
    ones = xp.ones_like(norms)
    return W * xp.where(norms > largest, largest / xp.where(norms > 0, norms, ones), ones)
