"""What the doctor says: an illness, the figures that it stands on, and one change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ellnet.batches import Examples
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network

__all__ = ["ILLNESSES", "Change", "Finding", "Patient"]

ILLNESSES = (
    "symmetric units",
    "unscaled inputs",
    "saturation",
    "exploding gradients",
    "dead ReLU",
    "vanishing gradients",
    "rate too high",
    "rate too low",
    "overfitting",
    "constant column",
)
"""Every illness there is a name for; an earlier one may be the cause of a later one's signs."""


@dataclass(frozen=True)
class Change:
    """One change to how a run is made.

    Attributes:
        says: the change in words, as an order.
        hyperparameters: what is to have another value.
        standardise: bring every input to mean 0 and deviation 1, by the training examples.
        without: numbers of the inputs (rows of X) to leave out.
        cures: whether the validation cost is to be lower with it.
    """

    says: str
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    standardise: bool = False
    without: tuple[int, ...] = ()
    cures: bool = True


@dataclass(frozen=True)
class Finding:
    """An illness that was found.

    Attributes:
        illness: its name, one of `ILLNESSES`.
        evidence: what was measured, in a sentence with its numbers.
        figures: those numbers by name.
        change: what to do about it.
        serious: whether the run suffers; a constant column only takes room.
    """

    illness: str
    evidence: str
    figures: Mapping[str, float]
    change: Change
    serious: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "illness": self.illness,
            "serious": self.serious,
            "evidence": self.evidence,
            "figures": dict(self.figures),
            "change": self.change.says,
            "hyperparameters": dict(self.change.hyperparameters),
        }


@dataclass(frozen=True, eq=False)
class Patient:
    """A run that is looked at.

    Attributes:
        network: with the parameters that training ended with, or kept.
        history: what training cost.
        train: the examples that it learned from; None where they cannot be had.
        held_out: examples that it did not learn from; None without.
        hyperparameters: all that was chosen; None where nobody knows.
        start: the network before the first step; None where nobody knows.
        feature_names: names of the inputs; () to count them.
        start_drawn: whether `start` was drawn as the hyperparameters say.
    """

    network: Network
    history: History
    train: Examples | None = None
    held_out: Examples | None = None
    hyperparameters: Hyperparameters | None = None
    start: Network | None = None
    feature_names: Sequence[str] = ()
    start_drawn: bool = False

    @property
    def suited_start(self) -> bool:
        """Whether the run began from the initial weights that suit its activations."""
        chosen = self.hyperparameters
        return self.start_drawn and chosen is not None and chosen.initialization == "auto"

    def feature(self, j: int) -> str:
        """Name the input j, from 0."""
        return self.feature_names[j] if j < len(self.feature_names) else f"x{j + 1}"
