"""Costs and their derivatives: what training makes small.

A loss takes the output A = A[L] and the target Y, each (n[L], m), and gives one loss an example,
(1, m); units are summed. Its backward gives dA[L], (n[L], m), of each example's own loss: the 1/m of
the mean stands in eq. 6.2 and 6.3. Where the output activation and the cost belong together, the fused
form starts from Z[L] instead: the logarithm of a saturated output is never taken.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ellnet.arrays import Array, namespace
from ellnet.equations.activations import ACTIVATIONS
from ellnet.errors import HyperparameterError

__all__ = [
    "COSTS",
    "Cost",
    "Fused",
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "binary_cross_entropy_from_z",
    "categorical_cross_entropy",
    "categorical_cross_entropy_backward",
    "categorical_cross_entropy_from_z",
    "check_pair",
    "cross_entropy_delta",
    "mean_loss",
    "output_delta",
    "output_losses",
    "squared_error",
    "squared_error_backward",
    "weigh",
]


def binary_cross_entropy(A: Array, Y: Array) -> Array:
    """Binary cross-entropy -sum_k (Y_k log A_k + (1 - Y_k) log(1 - A_k)) (eq. 11.1)."""
    xp = namespace(A, Y)
    return -xp.sum(Y * xp.log(A) + (1.0 - Y) * xp.log(1.0 - A), axis=0, keepdims=True)


def binary_cross_entropy_backward(A: Array, Y: Array) -> Array:
    """Binary cross-entropy's derivative dA = (A - Y) / (A (1 - A)) (eq. 11.2)."""
    return (A - Y) / (A * (1.0 - A))


def binary_cross_entropy_from_z(Z: Array, Y: Array) -> Array:
    """Binary cross-entropy of a sigmoid output, sum_k log(1 + exp(Z_k)) - Y_k Z_k (eq. 11.3).

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
    target of each example sums to 1.
    """
    return A - Y


def squared_error(A: Array, Y: Array) -> Array:
    """Squared error (1/2) sum_k (A_k - Y_k)^2 (eq. 11.7)."""
    D = A - Y
    return 0.5 * namespace(D).sum(D * D, axis=0, keepdims=True)


def squared_error_backward(A: Array, Y: Array) -> Array:
    """Squared error's derivative dA = A - Y (eq. 11.8)."""
    return A - Y


def weigh(terms: Array, w: Array | None) -> Array:
    """Each example's terms times its weight, m w_i / sum_j w_j (eq. 11.9).

    With the mean over m that follows, the cost is the sum of weighted losses over the sum of weights.
    Where every weight is 0 the terms are 0, not 0 / 0: such a minibatch has nothing to say.

    Args:
        terms: (n, m) or (1, m); what is returned has their precision, whatever that of the weights.
        w: weights of the examples, (1, m), or None for equal ones.
    """
    if w is None:
        return terms
    xp = namespace(terms, w)
    w = xp.astype(w, terms.dtype, copy=False)
    total = float(xp.sum(w))
    return terms * (w * (w.shape[1] / total if total != 0 else 0.0))


def mean_loss(losses: Array, w: Array | None = None) -> float:
    """Cost J = (1/m) sum_i loss_i, weighted where weights are given (eq. 11.10)."""
    return float(namespace(losses).mean(weigh(losses, w)))


class Fused(NamedTuple):
    """An output activation and a cost as one: losses from Z[L], and dZ[L] from A[L]."""

    loss: Callable[[Array, Array], Array]
    delta: Callable[[Array, Array], Array]


class Cost(NamedTuple):
    """A row of the table: a loss, its derivative, and the outputs that it goes with."""

    loss: Callable[[Array, Array], Array]
    backward: Callable[[Array, Array], Array]
    fused: Mapping[str, Fused]
    only_fused: str = ""


COSTS = {
    "binary_cross_entropy": Cost(
        binary_cross_entropy,
        binary_cross_entropy_backward,
        {"sigmoid": Fused(binary_cross_entropy_from_z, cross_entropy_delta)},
        only_fused="it takes the logarithm of each output a and of 1 - a, which must be probabilities",
    ),
    "categorical_cross_entropy": Cost(
        categorical_cross_entropy,
        categorical_cross_entropy_backward,
        {"softmax": Fused(categorical_cross_entropy_from_z, cross_entropy_delta)},
        only_fused="it takes the logarithm of outputs that must be probabilities with the sum 1",
    ),
    "squared_error": Cost(squared_error, squared_error_backward, {}),
}
"""Every cost by its name."""


def check_pair(activation: str, cost: str) -> None:
    """Refuse an output activation and a cost that make no sense together.

    Raises:
        HyperparameterError: names the reason and the activations that do go with the cost.
    """
    row = COSTS[cost]
    if row.only_fused and activation not in row.fused:
        allowed = " or ".join(row.fused)
        raise HyperparameterError(
            f"cost {cost} does not go with the output activation {activation}: "
            f"{row.only_fused}; use {allowed}, or another cost"
        )


def output_losses(activation: str, cost: str, Z: Array, A: Array, Y: Array) -> Array:
    """Losses (1, m) of the output layer, in the stable form where there is one."""
    row = COSTS[cost]
    if activation in row.fused:
        return row.fused[activation].loss(Z, Y)
    return row.loss(A, Y)


def output_delta(activation: str, cost: str, Z: Array, A: Array, Y: Array) -> Array:
    """Return dZ[L] (n[L], m) of each example's own loss.

    Eq. 6.6 gives it where output and cost are fused, else eq. 6.1 from the cost's derivative.
    """
    row = COSTS[cost]
    if activation in row.fused:
        return row.fused[activation].delta(A, Y)
    return ACTIVATIONS[activation].backward(row.backward(A, Y), Z, A)
