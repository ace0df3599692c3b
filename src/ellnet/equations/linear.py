"""The affine step of a layer and its derivative (notes N2, N6)."""

from ellnet.arrays import Array, namespace

__all__ = ["linear", "linear_backward", "linear_backward_input"]


def linear(W: Array, A: Array, b: Array) -> Array:
    """Affine step Z[l] = W[l] A[l-1] + b[l] (eq. 2.1).

    Args:
        W: weights, (n[l], n[l-1]).
        A: the inputs A[l-1], (n[l-1], m).
        b: biases, (n[l], 1), broadcast over the m columns.

    Returns:
        Z[l], (n[l], m).
    """
    return W @ A + b


def linear_backward(dZ: Array, A: Array) -> tuple[Array, Array]:
    """Gradients dW[l] = (1/m) dZ[l] A[l-1]^T (eq. 6.2) and db[l] = (1/m) sum dZ[l] (eq. 6.3).

    Args:
        dZ: (n[l], m).
        A: the inputs A[l-1], (n[l-1], m).

    Returns:
        dW[l], (n[l], n[l-1]), and db[l], (n[l], 1): the sum over examples is kept as a column.
    """
    xp = namespace(dZ)
    m = dZ.shape[1]
    return (dZ @ A.T) / m, xp.sum(dZ, axis=1, keepdims=True) / m


def linear_backward_input(dZ: Array, W: Array) -> Array:
    """Gradient of the inputs dA[l-1] = W[l]^T dZ[l] (eq. 6.4).

    Args:
        dZ: (n[l], m).
        W: weights, (n[l], n[l-1]).

    Returns:
        dA[l-1], (n[l-1], m).
    """
    return W.T @ dZ
