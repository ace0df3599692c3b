"""Initial weights (notes N9): random, or equal units would stay equal; biases start at 0.

Every initializer takes n_out = n[l], n_in = n[l-1] and a generator, and gives W[l], (n_out, n_in), in
float64: one draw serves every precision.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["INITIALIZERS", "Initializer", "course", "glorot", "he", "suited"]

Initializer = Callable[[int, int, np.random.Generator], NDArray[np.float64]]


def he(n_out: int, n_in: int, random: np.random.Generator) -> NDArray[np.float64]:
    """He's initialisation W ~ N(0, 2 / n[l-1]) (eq. 12.1; He et al., 2015), suited to ReLU."""
    return random.standard_normal((n_out, n_in)) * math.sqrt(2.0 / n_in)


def glorot(n_out: int, n_in: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Glorot's initialisation W ~ U(-r, r), r = sqrt(6 / (n[l] + n[l-1])) (eq. 12.2).

    From Glorot and Bengio, 2010; suited to tanh, sigmoid, softmax and linear units.
    """
    r = math.sqrt(6.0 / (n_out + n_in))
    return (2.0 * random.random((n_out, n_in)) - 1.0) * r


def course(n_out: int, n_in: int, random: np.random.Generator) -> NDArray[np.float64]:
    """The course's initialisation W ~ N(0, 1) / sqrt(n[l-1]) (eq. 12.3)."""
    return random.standard_normal((n_out, n_in)) / math.sqrt(n_in)


INITIALIZERS: dict[str, Initializer] = {"he": he, "glorot": glorot, "course": course}
"""Every initializer by its name."""


def suited(activation: str) -> str:
    """Name the initializer that keeps the variance of a layer with this activation."""
    return "he" if activation in {"relu", "leaky_relu"} else "glorot"
