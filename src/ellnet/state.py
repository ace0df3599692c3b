"""TrainingState: all that training needs to go on. A checkpoint is exactly this."""

from dataclasses import dataclass, replace
from typing import Self

from ellnet.arrays import Array, precision
from ellnet.network import Parameters

__all__ = ["TrainingState"]


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Where training stands between two steps.

    Attributes:
        parameters: W and b after `step` steps.
        moments: the optimizer's moments, each in the shapes of the parameters.
        step: steps taken since the start.
        epoch: epochs finished since the start, and so the number of the epoch that is under way.
        batch: minibatches already taken of the epoch under way.
        epoch_cost: sum over those minibatches of examples (their weights, where they have some)
            times cost.
        cuts: how often the adaptive schedule has cut the learning rate.
        seed: the first word of every random number's key.
    """

    parameters: Parameters
    moments: tuple[Parameters, ...]
    step: int = 0
    epoch: int = 0
    batch: int = 0
    epoch_cost: float = 0.0
    cuts: int = 0
    seed: int = 0

    @classmethod
    def start(cls, parameters: Parameters, moments: int, seed: int) -> Self:
        """Return the state before the first step: every one of the `moments` is zero."""
        return cls(parameters, tuple(parameters.zeros() for _ in range(moments)), seed=seed)

    @property
    def dtype(self) -> str:
        """The precision of the parameters, by name."""
        return precision(self.parameters.W[1])

    def like(self, other: Array) -> "TrainingState":
        """Return the same state with its arrays in the library and on the device of `other`."""
        moments = tuple(moment.like(other) for moment in self.moments)
        return replace(self, parameters=self.parameters.like(other), moments=moments)
