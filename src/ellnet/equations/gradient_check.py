"""Gradient checking: a gradient proved by differences of the cost."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["central_difference", "relative_error"]

Vector = NDArray[np.float64]


def central_difference(
    cost: Callable[[Vector], float], theta: Vector, step: float = 1e-5
) -> Vector:
    """Central difference (J(theta + h e_i) - J(theta - h e_i)) / 2h for every i (eq. 15.1).

    Args:
        cost: J as a function of all parameters in one vector (p,), in float64.
        theta: where to differentiate, (p,).
        step: h, in units of max(1, |theta_i|).

    Returns:
        The gradient, (p,). Its error is of the order of h^2: J must be smooth within h of theta.
    """
    gradient = np.empty_like(theta)
    for i in range(theta.size):
        h = step * max(1.0, abs(float(theta[i])))
        above, below = theta.copy(), theta.copy()
        above[i] += h
        below[i] -= h
        gradient[i] = (cost(above) - cost(below)) / (above[i] - below[i])
    return gradient


def relative_error(gradient: Vector, other: Vector) -> float:
    """Relative error ||g - h|| / (||g|| + ||h||), 0 where both are zero (eq. 15.2).

    It is not a number where one of them is not: such a gradient passes no bound. Both are divided by
    their largest entry first, whose square could vanish or overflow.
    """
    peak = max(float(np.max(np.abs(v), initial=0.0)) for v in (gradient, other))
    if peak == 0:
        return 0.0
    g, h = gradient / peak, other / peak
    return float(np.linalg.norm(g - h) / (np.linalg.norm(g) + np.linalg.norm(h)))
