"""Steps: what was taken out of a network, for which inputs that is right, and why, in a sentence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

__all__ = ["HOLDS", "Holds", "Kind", "Step", "for_inputs", "named", "weakest"]

Kind = Literal["dead", "constant", "twin", "linear", "collapsed"]
"""Units that pass on nothing, a number, or what another does; a linear layer; a constant network."""

Holds = Literal["every input", "box", "data"]
"""The inputs that a step is right for: all there are, those in the box, or the examples given alone."""

HOLDS: tuple[Holds, ...] = get_args(Holds)
"""From the strongest to the weakest."""

NAMED = 12
"""Units that a sentence names one by one."""

_INPUTS = {
    "every input": "{every} input",
    "box": "{every} input in the box",
    "data": "{every} example given",
}


@dataclass(frozen=True)
class Step:
    """One step from a network to a smaller one of the same function.

    Attributes:
        kind: what was found.
        layer: the number that the layer had in the network as it came, from 1.
        units: the numbers of the units that went, as they were there, from 1.
        holds: the inputs for which the step is right.
        exact: whether real arithmetic leaves the outputs as they were; else the weights that were
            compared are equal but for the last digits of float64.
        sentence: all of it in words.
    """

    kind: Kind
    layer: int
    units: tuple[int, ...]
    holds: Holds
    exact: bool
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return {**vars(self), "units": list(self.units)}


def for_inputs(holds: Holds, *, never: bool = False) -> str:
    """Say for which inputs something is right: "for every input"; `never` says "for any input"."""
    return f"for {_INPUTS[holds].format(every='any' if never else 'every')}"


def weakest(steps: Iterable[Step]) -> Holds:
    """Return the inputs for which all steps are right together."""
    return HOLDS[max((HOLDS.index(step.holds) for step in steps), default=0)]


def named(units: Sequence[int]) -> str:
    """Name units: "unit 3", "units 3, 4 and 9"."""
    words = [str(unit) for unit in units]
    if len(words) > NAMED:
        words = [*words[:NAMED], f"{len(words) - NAMED} more"]
    if len(words) == 1:
        return f"unit {words[0]}"
    return f"units {', '.join(words[:-1])} and {words[-1]}"
