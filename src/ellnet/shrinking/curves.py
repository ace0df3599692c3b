"""What shrinking knows of each activation: its range, where it is a straight line, and its symmetries."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ellnet.equations.rectifiers import LEAK, SELU_FLOOR, SELU_SLOPE
from ellnet.equations.sigmoids import HARD_END

__all__ = ["CURVES", "Curve", "Straight", "straight_units"]

Vector = NDArray[np.float64]


class Straight(NamedTuple):
    """A stretch from `begin` to `end`, both included, on which g(z) = slope z + offset."""

    begin: float
    end: float
    slope: float
    offset: float


class Curve(NamedTuple):
    """A row of the table.

    Attributes:
        floor: no value is below it.
        ceiling: no value is above it.
        rises: whether g never falls; where not, it lies between floor and 0 below zero, and rises above.
        straight: the stretches on which it is a straight line, exactly.
        scales: whether g(c z) = c g(z) for every c > 0.
        mirror: k where g(-z) = k - g(z), else None.
        apart: whether each unit's value follows from its own z alone.
    """

    floor: float
    ceiling: float
    rises: bool = True
    straight: tuple[Straight, ...] = ()
    scales: bool = False
    mirror: float | None = None
    apart: bool = True


_ABOVE_ZERO = Straight(0.0, math.inf, 1.0, 0.0)

CURVES = {
    "relu": Curve(
        0.0, math.inf, straight=(Straight(-math.inf, 0.0, 0.0, 0.0), _ABOVE_ZERO), scales=True
    ),
    "leaky_relu": Curve(
        -math.inf,
        math.inf,
        straight=(Straight(-math.inf, 0.0, LEAK, 0.0), _ABOVE_ZERO),
        scales=True,
    ),
    "tanh": Curve(-1.0, 1.0, mirror=0.0),
    "sigmoid": Curve(0.0, 1.0, mirror=1.0),
    "identity": Curve(
        -math.inf,
        math.inf,
        straight=(Straight(-math.inf, math.inf, 1.0, 0.0),),
        scales=True,
        mirror=0.0,
    ),
    "softmax": Curve(0.0, 1.0, rises=False, apart=False),
    "elu": Curve(-1.0, math.inf, straight=(_ABOVE_ZERO,)),
    "selu": Curve(-SELU_FLOOR, math.inf, straight=(Straight(0.0, math.inf, SELU_SLOPE, 0.0),)),
    "gelu": Curve(-0.171, math.inf, rises=False),
    "silu": Curve(-0.279, math.inf, rises=False),
    "mish": Curve(-0.309, math.inf, rises=False),
    "softplus": Curve(0.0, math.inf),
    "softsign": Curve(-1.0, 1.0, mirror=0.0),
    "hard_sigmoid": Curve(
        0.0,
        1.0,
        straight=(
            Straight(-math.inf, -HARD_END, 0.0, 0.0),
            Straight(HARD_END, math.inf, 0.0, 1.0),
            Straight(-HARD_END, HARD_END, 1.0 / (2.0 * HARD_END), 0.5),
        ),
        mirror=1.0,
    ),
    "exponential": Curve(0.0, math.inf),
}
"""Every activation by its name."""


def straight_units(
    activation: str, lower: Vector, upper: Vector
) -> tuple[NDArray[np.bool_], Vector, Vector]:
    """Say which units of a layer are straight lines between their bounds.

    Args:
        activation: g by name.
        lower: the least that each z can be, (n,).
        upper: the most, (n,).

    Returns:
        Whether g is a straight line there, and its slope and offset, each (n,); both 0 where it is not.
    """
    found = np.zeros(lower.shape, bool)
    slope, offset = np.zeros(lower.shape), np.zeros(lower.shape)
    for piece in CURVES[activation].straight:
        inside = ~found & (lower >= piece.begin) & (upper <= piece.end)
        found |= inside
        slope[inside], offset[inside] = piece.slope, piece.offset
    return found, slope, offset
