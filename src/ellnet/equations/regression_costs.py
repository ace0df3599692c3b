"""Costs of numbers and their derivatives: errors, counts and quantiles.

A loss takes the output A = A[L] and the target Y, each (n[L], m), and gives one loss an example, (1, m);
units are summed. Its backward gives dA[L], (n[L], m). An option is a keyword with a default.
"""

import math
from collections.abc import Sequence

import numpy as np

from ellnet.arrays import Array, indicator, move, namespace
from ellnet.equations.rectifiers import softplus
from ellnet.errors import ShapeError

__all__ = [
    "absolute_error",
    "absolute_error_backward",
    "huber",
    "huber_backward",
    "poisson",
    "poisson_backward",
    "poisson_from_z",
    "poisson_of_softplus_delta",
    "poisson_of_softplus_from_z",
    "quantile",
    "quantile_backward",
    "squared_error",
    "squared_error_backward",
]


def squared_error(A: Array, Y: Array) -> Array:
    """Squared error (1/2) sum_k (A_k - Y_k)^2 (eq. 11.7)."""
    D = A - Y
    return 0.5 * namespace(D).sum(D * D, axis=0, keepdims=True)


def squared_error_backward(A: Array, Y: Array) -> Array:
    """Squared error's derivative dA = A - Y (eq. 11.8)."""
    return A - Y


def absolute_error(A: Array, Y: Array) -> Array:
    """Absolute error sum_k |A_k - Y_k| (eq. 11.11), least where A is the median."""
    xp = namespace(A, Y)
    return xp.sum(xp.abs(A - Y), axis=0, keepdims=True)


def absolute_error_backward(A: Array, Y: Array) -> Array:
    """The absolute error's derivative dA = sign(A - Y) (eq. 11.12); at the kink it is 0."""
    return namespace(A, Y).sign(A - Y)


def huber(A: Array, Y: Array, threshold: float = 1.0) -> Array:
    """Huber's error sum_k H_k, H_k = D_k^2 / 2 where |D_k| <= t, else t |D_k| - t^2 / 2 (eq. 11.13).

    D = A - Y, and t is the threshold. Written as C (D - C/2) with C = D held between -t and t.
    """
    xp = namespace(A, Y)
    D = A - Y
    C = xp.clip(D, min=-threshold, max=threshold)
    return xp.sum(C * (D - 0.5 * C), axis=0, keepdims=True)


def huber_backward(A: Array, Y: Array, threshold: float = 1.0) -> Array:
    """Huber's derivative dA = A - Y, held between -t and t (eq. 11.14)."""
    return namespace(A, Y).clip(A - Y, min=-threshold, max=threshold)


def poisson(A: Array, Y: Array) -> Array:
    """Half the Poisson deviance, sum_k (Y_k log(Y_k / A_k) - Y_k + A_k), with 0 log 0 = 0 (eq. 11.15).

    It is the negative logarithm of the likelihood of counts Y >= 0 whose mean is A > 0, less what
    depends on Y alone: 0 where A = Y.
    """
    xp = namespace(A, Y)
    return xp.sum(Y * (_log(Y) - xp.log(A)) + (A - Y), axis=0, keepdims=True)


def poisson_backward(A: Array, Y: Array) -> Array:
    """The Poisson deviance's derivative dA = 1 - Y / A (eq. 11.16)."""
    return 1.0 - Y / A


def poisson_from_z(Z: Array, Y: Array) -> Array:
    """Poisson deviance of exponential outputs, sum_k (exp(Z_k) - Y_k + Y_k (log Y_k - Z_k)) (eq. 11.17).

    Its dZ[L] is A - Y (eq. 6.6).
    """
    xp = namespace(Z, Y)
    return xp.sum((xp.exp(Z) - Y) + Y * (_log(Y) - Z), axis=0, keepdims=True)


def poisson_of_softplus_from_z(Z: Array, Y: Array) -> Array:
    """Poisson deviance of softplus outputs, sum_k (A_k - Y_k + Y_k (log Y_k - log A_k)) (eq. 11.18).

    A = log(1 + exp(Z)) vanishes far below zero, where its logarithm is Z itself: what Z goes below
    the logarithm of the smallest number is added to that.
    """
    xp = namespace(Z, Y)
    A = softplus(Z)
    log_A = _log(A) + xp.clip(Z - math.log(_smallest(Z)), max=0.0)
    return xp.sum((A - Y) + Y * (_log(Y) - log_A), axis=0, keepdims=True)


def poisson_of_softplus_delta(A: Array, Y: Array) -> Array:
    """Softplus and Poisson deviance in one, dZ[L] = S - Y S / A, S = 1 - exp(-A) (eq. 11.19).

    S is sigmoid(Z). Where A vanishes S / A is 1, and 0 / 0 is never taken.
    """
    xp = namespace(A, Y)
    at_least = xp.clip(A, min=_smallest(A))
    return -xp.expm1(-A) + Y * (xp.expm1(-at_least) / at_least)


def quantile(A: Array, Y: Array, quantiles: Sequence[float] = (0.5,)) -> Array:
    """Quantile (pinball) loss sum_k max(q_k (Y_k - A_k), (q_k - 1) (Y_k - A_k)) (eq. 11.20).

    With Q quantiles unit k predicts target k // Q at the quantile k % Q: n[L] is Q times the number of
    targets, and Y has each target's row Q times, one below the other.
    """
    xp = namespace(A, Y)
    q, D = _levels(A, quantiles), Y - A
    return xp.sum(xp.maximum(q * D, (q - 1.0) * D), axis=0, keepdims=True)


def quantile_backward(A: Array, Y: Array, quantiles: Sequence[float] = (0.5,)) -> Array:
    """The quantile loss's slope dA = 1 - q_k where A > Y, -q_k where A < Y, else 0 (eq. 11.21)."""
    q = _levels(A, quantiles)
    return (1.0 - q) * indicator(A > Y, A) - q * indicator(A < Y, A)


def _levels(A: Array, quantiles: Sequence[float]) -> Array:
    """The quantile of each unit, (n[L], 1)."""
    targets, rest = divmod(A.shape[0], len(quantiles))
    if rest != 0:
        raise ShapeError(
            f"A[L] must have a row for each of {len(quantiles)} quantiles of each target, "
            f"got {A.shape[0]} rows; give the output layer a multiple of {len(quantiles)} units"
        )
    column = np.asarray([*quantiles] * targets, np.float64)[:, None]
    return namespace(A).astype(move(column, A), A.dtype)


def _log(A: Array) -> Array:
    """Logarithm of A >= 0, with a finite one for 0: 0 log 0 is 0."""
    xp = namespace(A)
    return xp.log(xp.clip(A, min=_smallest(A)))


def _smallest(A: Array) -> float:
    """The smallest normal number of A's precision."""
    return float(namespace(A).finfo(A.dtype).smallest_normal)
