"""What passes between a trial and whoever holds it: how much to do, and what has been done."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Failed", "Missing", "Sitting", "Trial"]

SPEAKS_EVERY = 0.2
"""Seconds between two words on what has been done."""


class Failed(AssertionError):  # noqa: N818 - a trial fails, and that is its name
    """What must hold did not; one sentence says what."""


class Missing(Exception):  # noqa: N818 - it is no error of the trial's
    """What a trial needs is not there; one sentence says what to install."""


@dataclass
class Sitting:
    """One trial under way.

    Attributes:
        scale: the part of the full counts that is done: 1 in an ordeal, less in a test of a trial.
        seed: where random choices begin.
        tell: takes what has been done so far, as JSON.
        counts: how often what was done, by a word in the plural.
        figures: what was measured, a sentence or less each.
    """

    scale: float = 1.0
    seed: int = 0
    tell: Callable[[str], object] = lambda _: None
    counts: dict[str, int] = field(default_factory=dict)
    figures: dict[str, str] = field(default_factory=dict)
    spoke: float = 0.0

    def times(self, full: int) -> int:
        """Return how often to do what an ordeal does so often: at least once."""
        return max(1, round(full * self.scale))

    def did(self, what: str, number: int = 1) -> None:
        """Count what has been done, and has been found right."""
        self.counts[what] = self.counts.get(what, 0) + number
        self.speak()

    def has_done(self, counts: dict[str, int]) -> None:
        """Take over what somebody else has counted."""
        self.counts.update(counts)
        self.speak()

    def measured(self, name: str, value: str) -> None:
        """Keep a figure."""
        self.figures[name] = value
        self.speak()

    def speak(self, *, at_once: bool = False) -> None:
        """Tell what has been done, now and then."""
        if at_once or time.monotonic() - self.spoke > SPEAKS_EVERY:
            self.spoke = time.monotonic()
            self.tell(json.dumps(self.to_json()))

    def to_json(self) -> dict[str, Any]:
        """Return what has been done so far."""
        return {"counts": self.counts, "figures": self.figures}


@dataclass(frozen=True)
class Trial:
    """A trial: a file `trial_NAME.py` of this folder has one under the name TRIAL.

    Attributes:
        purpose: what must be true, in a line.
        work: does it. It counts what it has done, and raises Failed, Missing, or whatever comes.
        builds: names of `ordeal.builds.BUILDS` that it needs.
        patience: seconds without a further count after which it is taken to hang.
    """

    purpose: str
    work: Callable[[Sitting], None]
    builds: tuple[str, ...] = ()
    patience: float = 900.0
