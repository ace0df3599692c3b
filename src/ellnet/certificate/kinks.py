"""Kinks: where a function of the network bends, and on which side of it each number lies."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ellnet.certificate.record import Kink
from ellnet.engines.protocol import Cache
from ellnet.equations.activations import ACTIVATIONS
from ellnet.network import Network

__all__ = ["Side", "kinks_at", "sides"]

KINKED_COSTS = ("absolute_error", "quantile")
CURVED = {"elu": (0.0,), "softsign": (0.0,)}
"""Where the second derivative jumps and the first does not: a difference across is right, but less so."""

NEAR = 1e-8
"""Distance from a kink below which a number is said to lie at it."""


class _Bend(NamedTuple):
    """Numbers that bend at zero: what they are called, what bends, and each one's distance from it.

    Sharp is what has no derivative there.
    """

    quantity: str
    function: str
    distances: NDArray[Any]
    sharp: bool = True


class Side(NamedTuple):
    """On which side of a bend each number lies: -1, 0 or 1; and whether the bend is sharp."""

    signs: NDArray[np.int8]
    sharp: bool


def _bends(net: Network, cache: Cache, Y: NDArray[Any], l1: float) -> list[_Bend]:
    found = []
    for layer in range(1, net.L + 1):
        name = net.activations[layer]
        found += [
            _Bend(f"Z[{layer}]", name, cache.Z[layer] - kink) for kink in ACTIVATIONS[name].kinks
        ]
        found += [
            _Bend(f"Z[{layer}]", name, cache.Z[layer] - place, sharp=False)
            for place in CURVED.get(name, ())
        ]
    if net.cost in KINKED_COSTS:
        found.append(_Bend(f"A[{net.L}]-Y", net.cost, cache.A[net.L] - Y))
    if net.cost == "huber":
        D = np.abs(cache.A[net.L] - Y) - net.cost_options.get("threshold", 1.0)
        found.append(_Bend(f"A[{net.L}]-Y", net.cost, D, sharp=False))
    if l1:
        found += [_Bend(f"W[{layer}]", "l1", W) for layer, W in enumerate(net.W, start=1)]
    return found


def sides(net: Network, cache: Cache, Y: NDArray[Any], l1: float) -> list[Side]:
    """Return on which side of every bend each number lies."""
    return [
        Side(np.sign(bend.distances).astype(np.int8), bend.sharp)
        for bend in _bends(net, cache, Y, l1)
    ]


def kinks_at(
    net: Network, cache: Cache, Y: NDArray[Any], l1: float, most: int
) -> tuple[list[Kink], int]:
    """Return the numbers that lie at a kink, at most so many of them, and how many there are."""
    named: list[Kink] = []
    count = 0
    for bend in filter(lambda each: each.sharp, _bends(net, cache, Y, l1)):
        places = np.argwhere(np.abs(bend.distances) < NEAR)
        count += len(places)
        named += [
            Kink(bend.quantity, int(i) + 1, int(j) + 1, bend.function, float(bend.distances[i, j]))
            for i, j in places[: most - len(named)]
        ]
    return named, count
