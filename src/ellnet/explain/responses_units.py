"""What the units of a layer do on examples: which examples drive them, and which units do nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.engines.protocol import Cache
from ellnet.engines.recursion import forward
from ellnet.equations.activations import ACTIVATIONS
from ellnet.errors import DataError
from ellnet.explain.responses_subject import chosen_units, inputs_of, network_of
from ellnet.network import Network

__all__ = ["Drivers", "LayerHealth", "activations_of", "drivers", "unit_health"]

Matrix = NDArray[Any]

AT_ONCE = 4096
"""Examples that are propagated at once: what is kept is one layer, not all of them."""

FLAT = 0.05
"""A slope below this part of the steepest is flat."""

NO_SLOPE = 1e-3
"""A slope below this part of the steepest carries nothing back."""

MOSTLY = 0.95
"""A unit that is flat on this part of the examples is saturated."""

TWO_SIDED = ("sigmoid", "tanh", "softsign", "hard_sigmoid")
"""Activations that saturate: both their ends are flat."""

ONE_SIDED = ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus")
"""Activations that die: they are flat on the left."""


@dataclass(frozen=True, eq=False)
class Drivers:
    """The examples that drive units of a layer most and least.

    Attributes:
        layer: l.
        units: their numbers, from 1; k of them.
        most: rows of the examples, from 0, that give the largest z[l], largest first, (k, count).
        least: those that give the smallest, smallest first, (k, count).
        z_most: z[l] at the first, (k, count).
        z_least: z[l] at the second, (k, count).
    """

    layer: int
    units: tuple[int, ...]
    most: NDArray[np.int64]
    least: NDArray[np.int64]
    z_most: NDArray[np.float64]
    z_least: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LayerHealth:
    """How the units of a layer fare on examples.

    Attributes:
        layer: l.
        activation: g[l].
        active: the part of the examples on which the unit has a slope, (n[l],).
        dead: units, from 1, that have no slope on any example: nothing teaches them any more.
        saturated: units, from 1, that sit at a flat end on nearly all examples.
    """

    layer: int
    activation: str
    active: NDArray[np.float64]
    dead: tuple[int, ...]
    saturated: tuple[int, ...]

    @property
    def units(self) -> int:
        """n[l]."""
        return len(self.active)


def activations_of(subject: object, X: Any, layer: int, *, before: bool = False) -> Matrix:
    """Return A[l] (n[l], m) of examples, or with `before` Z[l].

    Raises:
        LayerError: there is no such layer.
        DataError: X does not fit.
    """
    net, A = network_of(subject), inputs_of(subject, X)
    kept = [(cache.Z if before else cache.A)[layer] for cache in _caches(net.upto(layer), A)]
    return np.concatenate(kept, axis=1)


def drivers(
    subject: object, X: Any, layer: int, units: Sequence[int] | None = None, *, count: int = 8
) -> Drivers:
    """Return the examples that drive each unit most and least, by z[l]; of equals the first.

    Args:
        subject: a Network, a Model, a fitted estimator, or a pipeline that ends in one.
        X: the examples, as the subject's own `predict` takes them; for a Network A[0], (n[0], m).
        layer: 1..L.
        units: their numbers, from 1; by default the first 16.
        count: how many examples of each kind, at most.

    Raises:
        LayerError: there is no such layer.
        DataError: there is no such unit, no example, or X does not fit.
    """
    net = network_of(subject)
    chosen = chosen_units(net, layer, units, 16)
    Z = activations_of(subject, X, layer, before=True)[np.array(chosen) - 1].astype(np.float64)
    least = np.argsort(Z, axis=1, kind="stable")[:, :count]
    most = np.argsort(-Z, axis=1, kind="stable")[:, :count]
    return Drivers(
        layer,
        chosen,
        most,
        least,
        np.take_along_axis(Z, most, axis=1),
        np.take_along_axis(Z, least, axis=1),
    )


def unit_health(subject: object, X: Any) -> list[LayerHealth]:
    """Return for each layer which units are dead, and which saturated, on these examples.

    A unit of a rectifier's kind is dead where its slope g'(z) is under a thousandth of the steepest on
    every example. A sigmoid, tanh, softsign or hard sigmoid is saturated where its slope is under a
    twentieth of the steepest on 95 % of the examples. Other activations have neither.

    Args:
        subject: a Network, a Model, a fitted estimator, or a pipeline that ends in one.
        X: the examples, as the subject's own `predict` takes them; for a Network A[0], (n[0], m).

    Raises:
        DataError: no example, or X that does not fit.
    """
    net, A = network_of(subject), inputs_of(subject, X)
    flat = [np.zeros(units) for units in net.n[1:]]
    still = [np.zeros(units) for units in net.n[1:]]
    for cache in _caches(net, A):
        for layer in range(1, net.L + 1):
            slope = _slopes(net, cache, layer)
            flat[layer - 1] += np.sum(slope < FLAT, axis=1)
            still[layer - 1] += np.sum(slope < NO_SLOPE, axis=1)
    m = A.shape[1]
    return [
        _health(layer, net.activations[layer], flat[layer - 1] / m, still[layer - 1] / m)
        for layer in range(1, net.L + 1)
    ]


def _health(
    layer: int, activation: str, flat: NDArray[np.float64], still: NDArray[np.float64]
) -> LayerHealth:
    dead = still >= 1.0 if activation in ONE_SIDED else np.zeros(len(still), bool)
    saturated = flat >= MOSTLY if activation in TWO_SIDED else np.zeros(len(flat), bool)
    numbers = [tuple((np.flatnonzero(which) + 1).tolist()) for which in (dead, saturated)]
    return LayerHealth(layer, activation, 1.0 - still, numbers[0], numbers[1])


def _slopes(net: Network, cache: Cache, layer: int) -> Matrix:
    """Return |g'(Z[l])| as a part of the steepest, (n[l], m); 1 where units depend on one another."""
    Z, A = cache.Z[layer], cache.A[layer]
    name = net.activations[layer]
    if name not in ONE_SIDED + TWO_SIDED:
        return np.ones_like(Z)
    slope = np.abs(ACTIVATIONS[name].backward(np.ones_like(Z), Z, A))
    return np.asarray(slope / _steepest(name))


def _steepest(name: str) -> float:
    """Return the largest slope of an activation, found on a fine grid around 0."""
    z = np.linspace(-8.0, 8.0, 4001)[None, :]
    g = ACTIVATIONS[name]
    return float(np.max(np.abs(g.backward(np.ones_like(z), z, g.value(z)))))


def _caches(net: Network, A: Matrix) -> Iterator[Cache]:
    """Go through the examples, so many at a time, in the precision of the parameters."""
    if A.shape[1] == 0:
        raise DataError("there must be at least one example, got none")
    for first in range(0, A.shape[1], AT_ONCE):
        part = np.asarray(A[:, first : first + AT_ONCE], net.W[1].dtype)
        yield forward(net, part)
