"""Rungs of the Occam ladder: what came of each, and which network is tried next."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.errors import HyperparameterError

__all__ = ["Judged", "Limits", "Rung", "held_back", "next_hidden", "sizes_of"]

NARROWEST = 2
"""Units of the first hidden layer that is tried; deeper networks begin at twice as many."""

LOOK_AHEAD = 16
"""Up to so many units a layer all widths are tried: what two units cannot do, eight may."""

PATIENCE = 2
"""So many widths in a row without gain end a depth."""

ALWAYS = 2
"""Up to so many hidden layers are tried whether or not the depth before gained anything."""

Gains = Callable[["Rung", "Rung"], bool]
"""Says whether the first rung is better than the second by more than chance."""


@dataclass(frozen=True)
class Judged:
    """A network that was trained on a fold's training rows and judged on the others.

    Attributes:
        cost: on the rows that neither training nor stopping saw; infinite where every start diverged.
        value: the metric there.
        chosen: the start that the stopping rows liked best: `learning_rate`, `l2` and `seed`; of the
            linear model `l2`.
        epochs: of that start.
        seconds: of all starts.
    """

    cost: float
    value: float
    chosen: Mapping[str, Any]
    epochs: int
    seconds: float


@dataclass(frozen=True, eq=False)
class Rung:
    """A network of the ladder.

    Attributes:
        hidden: units of each hidden layer; () is the linear model.
        size: weights and biases.
        judged: one a fold, in the order of the folds.
    """

    hidden: tuple[int, ...]
    size: int
    judged: tuple[Judged, ...]

    @property
    def L(self) -> int:
        """Layers, as the notes count them: the output layer is one."""
        return len(self.hidden) + 1

    @property
    def costs(self) -> NDArray[np.float64]:
        """The cost on each fold's judged rows, (folds,)."""
        return np.array([each.cost for each in self.judged])

    @property
    def values(self) -> NDArray[np.float64]:
        """The metric on each fold's judged rows, (folds,)."""
        return np.array([each.value for each in self.judged])

    @property
    def seconds(self) -> float:
        """Seconds of training, one thread."""
        return sum(each.seconds for each in self.judged)

    @property
    def trained(self) -> bool:
        """Whether it came to a finite cost on every fold."""
        return all(math.isfinite(each.cost) for each in self.judged)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; a cost that is not finite is null."""
        rows = [
            {**vars(each), "cost": _finite(each.cost), "value": _finite(each.value)}
            for each in self.judged
        ]
        return {"hidden": list(self.hidden), "size": self.size, "judged": rows}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Rung":
        """Build from what `to_json` gives."""
        judged = tuple(
            Judged(**{**row, "cost": _number(row["cost"]), "value": _number(row["value"])})
            for row in values["judged"]
        )
        return cls(tuple(values["hidden"]), values["size"], judged)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.inf if value is None else float(value)


@dataclass(frozen=True)
class Limits:
    """How far the ladder goes.

    Attributes:
        layers: L at most, the output layer included.
        width: units of a hidden layer at most.

    Raises:
        HyperparameterError: no layer, or fewer than two units.
    """

    layers: int = 4
    width: int = 256

    def __post_init__(self) -> None:
        """Check both."""
        if self.layers < 1:
            raise HyperparameterError(f"max_layers must be at least 1, got {self.layers}")
        if self.width < NARROWEST:
            raise HyperparameterError(
                f"max_width must be at least {NARROWEST}, got {self.width}; max_layers 1 is the linear "
                "model alone"
            )

    def widths(self, depth: int) -> list[int]:
        """Return the widths of networks with so many hidden layers, in their order."""
        width, widths = NARROWEST if depth == 1 else 2 * NARROWEST, []
        while width <= self.width:
            widths.append(width)
            width *= 2
        return widths


WITHOUT_LIMITS = Limits(layers=1000, width=2**40)


def next_hidden(tried: Sequence[Rung], limits: Limits, gains: Gains) -> tuple[int, ...] | None:
    """Return the hidden layers of the next rung, None at the top of the ladder.

    It follows from the rungs so far and nothing else, so that a ladder that was broken off goes on as it
    would have.

    Args:
        tried: the rungs, in their order.
        limits: how far to go.
        gains: whether one rung is better than another by more than chance.
    """
    if not tried:
        return ()
    depth = len(tried[-1].hidden)
    here = [rung for rung in tried if len(rung.hidden) == depth]
    widths = limits.widths(depth) if depth else []
    if len(here) < len(widths) and not _flat(here, gains):
        return (widths[len(here)],) * depth
    deeper = depth + 1
    if deeper + 1 > limits.layers or not limits.widths(deeper):
        return None
    if depth >= ALWAYS and not _depth_gains(tried, depth, gains):
        return None
    return (limits.widths(deeper)[0],) * deeper


def held_back(tried: Sequence[Rung], gains: Gains) -> bool:
    """Say whether limits cut off a rung that would have been tried without them.

    Args:
        tried: the rungs, in their order, up to the top.
        gains: whether one rung is better than another by more than chance.
    """
    followed = [*(rung.hidden for rung in tried[1:]), None]
    return any(
        next_hidden(tried[: k + 1], WITHOUT_LIMITS, gains) != hidden
        for k, hidden in enumerate(followed)
    )


def _flat(here: Sequence[Rung], gains: Gains) -> bool:
    """Say whether wider networks of this depth have ceased to gain; gains add up until one counts."""
    standing, waited = here[0], 0
    for rung in here[1:]:
        if gains(rung, standing):
            standing, waited = rung, 0
        else:
            waited += 1
    return waited >= PATIENCE and here[-1].hidden[0] >= LOOK_AHEAD


def _depth_gains(tried: Sequence[Rung], depth: int, gains: Gains) -> bool:
    """Say whether the best of a depth is better than the best of all before it."""
    here = [rung for rung in tried if len(rung.hidden) == depth]
    before = [rung for rung in tried if len(rung.hidden) < depth]
    return gains(_lowest(here), _lowest(before))


def _lowest(rungs: Sequence[Rung]) -> Rung:
    return min(rungs, key=lambda rung: float(np.mean(rung.costs)))


def sizes_of(inputs: int, hidden: Sequence[int], outputs: int) -> int:
    """Return the number of weights and biases of a network."""
    n = (inputs, *hidden, outputs)
    return sum(out * (into + 1) for into, out in itertools.pairwise(n))
