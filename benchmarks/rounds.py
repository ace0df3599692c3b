"""Samples taken in turns, round after round: what disturbs the machine disturbs everybody alike."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.processes import Process, ProcessError

__all__ = ["Pace", "Samples", "Task", "alternate"]

FAR_SLOWER, SLOWER = 10.0, 2.0
"""Who takes so many times as long as with another number of threads is not measured further.

The first counts at once, the second after some rounds. Except for ellnet's native engine, which is shown
with every number of threads.
"""

TRIAL = 3
"""Rounds after which the slower one is known."""

LONG = 1.5
"""Seconds of a repetition beside which what a first one costs more is nothing."""

PAUSE = 0.06
"""Seconds between two samples, in which waiting threads of the last one fall asleep.

ONNX Runtime's look for work for 50 ms.
"""


@dataclass(frozen=True)
class Pace:
    """How long is measured.

    Attributes:
        sample: seconds of one sample, at least.
        seconds: of all rounds together, at least.
        rounds: how many, at least ...
        limit: ... but after so many seconds no further one begins.
    """

    sample: float
    seconds: float
    rounds: int
    limit: float = math.inf

    def goes_on(self, rounds: int, seconds: float) -> bool:
        """Say whether another round begins after so many, which took so long."""
        if rounds == 0:
            return True
        return seconds < self.limit and (rounds < self.rounds or seconds < self.seconds)


@dataclass(frozen=True)
class Task:
    """What a sample is made of.

    Attributes:
        name: for messages.
        measure: asks a process for the seconds of so many repetitions.
        units: steps, or calls, in one repetition.
    """

    name: str
    measure: Callable[[Process, int], float]
    units: int


@dataclass
class Samples:
    """What was measured of one entrant: microseconds a step, or a call, in the order of the rounds."""

    process: Process
    repetitions: int = 1
    least: float = math.inf
    values: list[float] = field(default_factory=list)
    trouble: str = ""
    slower: bool = False

    def take(self, task: Task, repetitions: int) -> float:
        """Take a sample; trouble ends the entrant's part and is kept to be told."""
        try:
            seconds = task.measure(self.process, repetitions)
        except ProcessError as error:
            self.trouble = str(error)
            return math.inf
        return seconds * 1e6 / (repetitions * task.units)

    def calibrate(self, task: Task, sample: float) -> float:
        """Warm up, and find how many repetitions last a sample."""
        value = self.take(task, 1)
        if value * 1e-6 * task.units < LONG:
            value = self.take(task, 1)
        for _ in range(3):  # what takes a microsecond is not known from one call
            if self.trouble:
                return math.inf
            once = value * 1e-6 * task.units
            self.repetitions = max(1, math.ceil(sample / once))
            if once >= sample / 10:
                break
            value = self.take(task, self.repetitions)
        return value


def alternate(
    processes: Sequence[Process],
    task: Task,
    pace: Pace,
    between: Callable[[int], None] = lambda _: None,
) -> list[Samples]:
    """Measure everybody in turns.

    Args:
        processes: who takes part, each ready for the task.
        task: what is measured.
        pace: for how long.
        between: called before every round with its number, from 0.

    Returns:
        The samples of each, also of those that failed or were left out.
    """
    everybody = [Samples(process) for process in processes]
    for each in everybody:
        each.least = each.calibrate(task, pace.sample)
    _leave_out(everybody, FAR_SLOWER)
    began, number = time.perf_counter(), 0
    while pace.goes_on(number, time.perf_counter() - began):
        between(number)
        going = [each for each in everybody if not each.trouble and not each.slower]
        if not going:
            break
        for each in going:
            time.sleep(PAUSE)
            value = each.take(task, each.repetitions)
            if not each.trouble:
                each.values.append(value)
                each.least = min(each.least, value)
        number += 1
        if number == TRIAL:
            _leave_out(everybody, SLOWER)
    return everybody


def _leave_out(everybody: Sequence[Samples], factor: float) -> None:
    """Leave out whose least time is so many times that with another number of threads."""
    for each in everybody:
        entrant = each.process.entrant
        best = min(x.least for x in everybody if x.process.entrant.kind == entrant.kind)
        judged = not each.trouble and entrant.engine != "native"
        each.slower |= judged and each.least >= factor * best
