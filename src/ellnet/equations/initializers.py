"""Initial weights (notes N9): random, or equal units would stay equal; biases start at 0.

Every initializer takes n_out = n[l], n_in = n[l-1] and a generator, and gives W[l], (n_out, n_in), in
float64: one draw serves every precision.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, namespace

__all__ = [
    "INITIALIZERS",
    "Initializer",
    "course",
    "glorot",
    "he",
    "lecun",
    "orthogonal",
    "scaled_normal",
    "suited",
    "unit_variance",
    "zeros",
]

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


def lecun(n_out: int, n_in: int, random: np.random.Generator) -> NDArray[np.float64]:
    """LeCun's initialisation W ~ N(0, 1 / n[l-1]) (eq. 12.4; LeCun et al., 1998), suited to SELU.

    It is the course's (eq. 12.3) under the name that the literature knows, with the same numbers.
    """
    return course(n_out, n_in, random)


def scaled_normal(n_out: int, n_in: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Small normal weights W ~ N(0, 0.01^2) (eq. 12.5), whatever the width; too small for deep nets."""
    return random.standard_normal((n_out, n_in)) * 0.01


def orthogonal(n_out: int, n_in: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Orthogonal initialisation W W^T = I, or W^T W = I where n[l] > n[l-1] (eq. 12.6).

    From Saxe et al., 2014: Q of the factors Q R of normal numbers, its columns turned to where R's
    diagonal is positive, so that every orthogonal matrix is as likely as any other.
    """
    tall = random.standard_normal((max(n_out, n_in), min(n_out, n_in)))
    Q, R = np.linalg.qr(tall)
    Q = np.asarray(Q * np.copysign(1.0, np.diagonal(R)))
    return Q if n_out >= n_in else np.ascontiguousarray(Q.T)


def zeros(n_out: int, n_in: int, random: np.random.Generator) -> NDArray[np.float64]:
    """No initialisation at all, W = 0 (eq. 12.7): equal units stay equal, which is to be shown (N9).

    A layer without hidden ones before it learns from here all the same, as logistic regression does.
    """
    del random
    return np.zeros((n_out, n_in))


def unit_variance(W: Array, Z: Array) -> Array:
    """Weights scaled to what they give, W := W / std(Z) (eq. 12.8; Mishkin and Matas, 2016).

    Layer after layer, on Z[l] of some examples, from orthogonal weights: it is called LSUV. Where all of
    Z is one number the weights stay.

    Args:
        W: weights of the layer, (n[l], n[l-1]), in any precision, which stays.
        Z: what the layer gives with them, (n[l], m); the deviation is that of all its numbers.
    """
    deviation = float(namespace(Z).std(Z))
    return W / deviation if deviation != 0 else W


INITIALIZERS: dict[str, Initializer] = {
    "he": he,
    "glorot": glorot,
    "course": course,
    "lecun": lecun,
    "scaled_normal": scaled_normal,
    "orthogonal": orthogonal,
    "zeros": zeros,
}
"""Every initializer by its name."""

SUITED = {
    **dict.fromkeys(("relu", "leaky_relu", "elu", "gelu", "silu", "mish", "softplus"), "he"),
    "selu": "lecun",
}
"""The initializer that keeps the variance of a layer, where it is not Glorot's."""


def suited(activation: str) -> str:
    """Name the initializer that keeps the variance of a layer with this activation."""
    return SUITED.get(activation, "glorot")
