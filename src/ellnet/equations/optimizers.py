"""Optimizers: how a gradient becomes a step (notes N5).

Every optimizer takes one parameter array theta, its gradient and its moments, all of one shape, and
the number t = 1, 2, ... of the step, and gives the new theta and the new moments. Nothing is
changed in place, so a step happens wholly or not at all.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ellnet.arrays import Array, namespace

__all__ = ["OPTIMIZERS", "Optimizer", "adam", "gradient_descent", "momentum", "nesterov"]

Moments = Sequence[Array]


def gradient_descent(
    theta: Array, dtheta: Array, moments: Moments, t: int, *, learning_rate: float
) -> tuple[Array, Moments]:
    """Gradient descent theta := theta - alpha dtheta (eq. 5.1)."""
    del t
    return theta - learning_rate * dtheta, moments


def adam(
    theta: Array,
    dtheta: Array,
    moments: Moments,
    t: int,
    *,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> tuple[Array, Moments]:
    """Adam theta := theta - alpha m' / (sqrt(v') + epsilon) (eq. 13.1; Kingma and Ba, 2015).

    With m := beta_1 m + (1 - beta_1) dtheta and m' = m / (1 - beta_1^t); v and v' likewise from
    dtheta^2 and beta_2. Epsilon stands outside the root and after the correction, as in PyTorch; the
    corrections are made in double precision.
    """
    m, v = moments
    m = beta_1 * m + (1.0 - beta_1) * dtheta
    v = beta_2 * v + (1.0 - beta_2) * (dtheta * dtheta)
    rate = learning_rate / (1.0 - beta_1**t)
    root = namespace(v).sqrt(v) * (1.0 / (1.0 - beta_2**t) ** 0.5)
    return theta - rate * (m / (root + epsilon)), (m, v)


def momentum(
    theta: Array, dtheta: Array, moments: Moments, t: int, *, learning_rate: float, momentum: float
) -> tuple[Array, Moments]:
    """Momentum theta := theta - alpha v with v := mu v + dtheta (eq. 13.2; Polyak, 1964)."""
    del t
    v = momentum * moments[0] + dtheta
    return theta - learning_rate * v, (v,)


def nesterov(
    theta: Array, dtheta: Array, moments: Moments, t: int, *, learning_rate: float, momentum: float
) -> tuple[Array, Moments]:
    """Nesterov's momentum theta := theta - alpha (dtheta + mu v), v := mu v + dtheta (eq. 13.3).

    From Sutskever et al., 2013, in PyTorch's form.
    """
    del t
    v = momentum * moments[0] + dtheta
    return theta - learning_rate * (dtheta + momentum * v), (v,)


class Optimizer(NamedTuple):
    """A row of the table: a step, how many moments it keeps, and the options that it takes."""

    step: Callable[..., tuple[Array, Moments]]
    moments: int
    options: tuple[str, ...]


OPTIMIZERS = {
    "gradient_descent": Optimizer(gradient_descent, 0, ("learning_rate",)),
    "momentum": Optimizer(momentum, 1, ("learning_rate", "momentum")),
    "nesterov": Optimizer(nesterov, 1, ("learning_rate", "momentum")),
    "adam": Optimizer(adam, 2, ("learning_rate", "beta_1", "beta_2", "epsilon")),
}
"""Every optimizer by its name."""
