"""Cross-entropies and their derivatives: costs of outputs that are probabilities.

A loss takes the output A = A[L] and the target Y, each (n[L], m), and gives one loss an example, (1, m);
units are summed. Its backward gives dA[L], (n[L], m). What starts from Z[L] never takes the logarithm
of a saturated output.
"""

from ellnet.arrays import Array, namespace

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "binary_cross_entropy_from_z",
    "categorical_cross_entropy",
    "categorical_cross_entropy_backward",
    "categorical_cross_entropy_from_z",
    "cross_entropy_delta",
    "smooth_labels",
]


def binary_cross_entropy(A: Array, Y: Array) -> Array:
    """Binary cross-entropy -sum_k (Y_k log A_k + (1 - Y_k) log(1 - A_k)) (eq. 11.1).

    Over several units, each with an answer of its own, it is the multilabel cross-entropy.
    """
    xp = namespace(A, Y)
    return -xp.sum(Y * xp.log(A) + (1.0 - Y) * xp.log(1.0 - A), axis=0, keepdims=True)


def binary_cross_entropy_backward(A: Array, Y: Array) -> Array:
    """Binary cross-entropy's derivative dA = (A - Y) / (A (1 - A)) (eq. 11.2)."""
    return (A - Y) / (A * (1.0 - A))


def binary_cross_entropy_from_z(Z: Array, Y: Array) -> Array:
    """Binary cross-entropy of a sigmoid output, sum_k (log(1 + exp(Z_k)) - Y_k Z_k) (eq. 11.3).

    Written as max(Z, 0) - Y Z + log(1 + exp(-|Z|)), which neither overflows nor cancels.
    """
    xp = namespace(Z, Y)
    losses = xp.clip(Z, min=0.0) - Y * Z + xp.log1p(xp.exp(-xp.abs(Z)))
    return xp.sum(losses, axis=0, keepdims=True)


def categorical_cross_entropy(A: Array, Y: Array) -> Array:
    """Categorical cross-entropy -sum_k Y_k log A_k (eq. 11.4)."""
    xp = namespace(A, Y)
    return -xp.sum(Y * xp.log(A), axis=0, keepdims=True)


def categorical_cross_entropy_backward(A: Array, Y: Array) -> Array:
    """Categorical cross-entropy's derivative dA = -Y / A (eq. 11.5)."""
    return -Y / A


def categorical_cross_entropy_from_z(Z: Array, Y: Array) -> Array:
    """Categorical cross-entropy of a softmax output, sum_k Y_k (log sum_j exp(Z_j) - Z_k) (eq. 11.6).

    The largest Z of the example is subtracted first, which changes neither term's difference.
    """
    xp = namespace(Z, Y)
    S = Z - xp.max(Z, axis=0, keepdims=True)
    log_sum = xp.log(xp.sum(xp.exp(S), axis=0, keepdims=True))
    return xp.sum(Y * (log_sum - S), axis=0, keepdims=True)


def cross_entropy_delta(A: Array, Y: Array) -> Array:
    """Output and cross-entropy in one, dZ[L] = A[L] - Y (eq. 6.6).

    It holds for sigmoid with binary, and for softmax with categorical cross-entropy where the
    target of each example sums to 1; and for the exponential with the Poisson deviance.
    """
    return A - Y


def smooth_labels(Y: Array, smoothing: float, classes: int) -> Array:
    """Label smoothing Y := (1 - s) Y + s / K (eq. 11.22; Szegedy et al., 2016).

    A share s of each example is spread evenly over its K classes, its own one included: columns that
    summed to 1 still do.

    Args:
        Y: targets, (n[L], m).
        smoothing: s, from 0 (Y stays) to 1.
        classes: K: n[L] where each column is one-hot, 2 where each unit answers yes or no by itself.
    """
    return (1.0 - smoothing) * Y + smoothing / classes
