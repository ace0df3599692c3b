"""Optimizers: how a gradient becomes a step (notes N5).

Every optimizer takes one parameter array theta, its gradient and its moments, all of one shape, and
the number t = 1, 2, ... of the step, and gives the new theta and the new moments. Nothing is
changed in place, so a step happens wholly or not at all.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from operator import mul
from typing import NamedTuple

from ellnet.arrays import Array, namespace

__all__ = [
    "OPTIMIZERS",
    "Optimizer",
    "adagrad",
    "adam",
    "adamw",
    "clip_by_norm",
    "gradient_descent",
    "momentum",
    "nadam",
    "nesterov",
    "rmsprop",
]

Moments = Sequence[Array]

BLOCK = 4096
"""Steps in a block of NAdam's products."""

UNDERFLOW = -800.0
"""Logarithm below which a product is 0 in double precision."""


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


def rmsprop(
    theta: Array,
    dtheta: Array,
    moments: Moments,
    t: int,
    *,
    learning_rate: float,
    rho: float,
    epsilon: float,
) -> tuple[Array, Moments]:
    """RMSprop theta := theta - alpha dtheta / (sqrt(v) + epsilon) (eq. 13.4; Tieleman, Hinton, 2012).

    With v := rho v + (1 - rho) dtheta^2; epsilon stands outside the root, as in PyTorch.
    """
    del t
    v = rho * moments[0] + (1.0 - rho) * (dtheta * dtheta)
    return theta - learning_rate * (dtheta / (namespace(v).sqrt(v) + epsilon)), (v,)


def adagrad(
    theta: Array,
    dtheta: Array,
    moments: Moments,
    t: int,
    *,
    learning_rate: float,
    epsilon: float,
) -> tuple[Array, Moments]:
    """Adagrad theta := theta - alpha dtheta / (sqrt(v) + epsilon), v := v + dtheta^2 (eq. 13.5).

    From Duchi, Hazan and Singer, 2011, in PyTorch's form.
    """
    del t
    v = moments[0] + dtheta * dtheta
    return theta - learning_rate * (dtheta / (namespace(v).sqrt(v) + epsilon)), (v,)


def adamw(
    theta: Array,
    dtheta: Array,
    moments: Moments,
    t: int,
    *,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    weight_decay: float,
) -> tuple[Array, Moments]:
    """AdamW theta := theta (1 - alpha lambda), the weights' own decay, then Adam's step (eq. 13.6).

    From Loshchilov and Hutter, 2019. Biases do not decay: for them lambda is 0.
    """
    decayed = theta * (1.0 - learning_rate * weight_decay) if weight_decay else theta
    options = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    return adam(decayed, dtheta, moments, t, learning_rate=learning_rate, **options)


def nadam(
    theta: Array,
    dtheta: Array,
    moments: Moments,
    t: int,
    *,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    momentum_decay: float,
) -> tuple[Array, Moments]:
    """NAdam theta := theta - alpha (p m + q dtheta) / (sqrt(v') + epsilon) (eq. 13.7; Dozat, 2016).

    With m and v' of Adam, p = mu_(t+1) / (1 - mu_1 ... mu_(t+1)), q = (1 - mu_t) / (1 - mu_1 ... mu_t)
    and mu_t = beta_1 (1 - 0.96^(t psi) / 2). It is Nesterov's momentum in Adam, in PyTorch's form.
    """
    m, v = moments
    m = beta_1 * m + (1.0 - beta_1) * dtheta
    v = beta_2 * v + (1.0 - beta_2) * (dtheta * dtheta)
    root = namespace(v).sqrt(v) * (1.0 / (1.0 - beta_2**t) ** 0.5) + epsilon
    mu, after = _mu(beta_1, momentum_decay, t), _mu(beta_1, momentum_decay, t + 1)
    product = _product(beta_1, momentum_decay, t)
    ahead = learning_rate * after / (1.0 - product * after)
    here = learning_rate * (1.0 - mu) / (1.0 - product)
    return theta - ahead * (m / root) - here * (dtheta / root), (m, v)


def _mu(beta_1: float, momentum_decay: float, t: int) -> float:
    """NAdam's mu_t."""
    return beta_1 * (1.0 - 0.5 * float(0.96 ** (t * momentum_decay)))


def _product(beta_1: float, momentum_decay: float, t: int) -> float:
    """NAdam's mu_1 ... mu_t: a function of t alone, remembered in blocks of steps."""
    if beta_1 == 0.0 or t * math.log(beta_1) < UNDERFLOW:
        return 0.0
    return _products(beta_1, momentum_decay, (t - 1) // BLOCK)[(t - 1) % BLOCK]


@cache
def _products(beta_1: float, momentum_decay: float, block: int) -> tuple[float, ...]:
    """The products up to each step of a block."""
    before = _products(beta_1, momentum_decay, block - 1)[-1] if block else 1.0
    mus = (_mu(beta_1, momentum_decay, block * BLOCK + i) for i in range(1, BLOCK + 1))
    return tuple(accumulate(mus, mul, initial=before))[1:]


def clip_by_norm(gradients: Sequence[Array], largest: float) -> tuple[Array, ...]:
    """Clipping dtheta := dtheta min(1, largest / (norm + 1e-6)), norm that of all together (eq. 13.8).

    From Pascanu, Mikolov and Bengio, 2013, in PyTorch's form; a gradient within the bound keeps its
    bits.
    """
    peak = max(float(namespace(g).max(namespace(g).abs(g))) for g in gradients)
    if not 0.0 < peak < math.inf:
        return tuple(gradients)
    squares = (float(namespace(g).sum((g / peak) ** 2)) for g in gradients)
    factor = largest / (peak * math.sqrt(math.fsum(squares)) + 1e-6)
    return tuple(gradients) if factor >= 1.0 else tuple(factor * g for g in gradients)


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
    "adamw": Optimizer(adamw, 2, ("learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay")),
    "nadam": Optimizer(
        nadam, 2, ("learning_rate", "beta_1", "beta_2", "epsilon", "momentum_decay")
    ),
    "rmsprop": Optimizer(rmsprop, 1, ("learning_rate", "rho", "epsilon")),
    "adagrad": Optimizer(adagrad, 1, ("learning_rate", "epsilon")),
}
"""Every optimizer by its name."""
