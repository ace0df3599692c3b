"""The seam of the rules: what each of them is asked, and what it answers."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from ellnet.shrinking.bounds import Interval
from ellnet.shrinking.chain import Chain
from ellnet.shrinking.steps import Holds, Step

__all__ = ["Answer", "Question", "Rule"]


class Question(NamedTuple):
    """May something go from this hidden layer?

    Attributes:
        chain: the network.
        k: the place of the hidden layer in it, from 0; a layer stands behind it.
        Z: bounds of the layer's z.
        A: bounds of what comes into the layer.
        holds: the inputs for which the bounds are right.
        fewer_layers: whether a layer may go even where more parameters come of it.
    """

    chain: Chain
    k: int
    Z: Interval
    A: Interval
    holds: Holds
    fewer_layers: bool = False


Answer: TypeAlias = tuple[Chain, list[Step]]
"""The network after, and what was done; no step where nothing was found."""

Rule: TypeAlias = Callable[[Question], Answer]
