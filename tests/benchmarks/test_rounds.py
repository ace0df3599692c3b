"""Samples are taken in turns, and nobody who fails or is far too slow holds the others up."""

import math

import pytest

from benchmarks import rounds
from benchmarks.processes import ProcessError
from benchmarks.rounds import Pace, Task, alternate
from tests.benchmarks.measured import entrant

Log = list[tuple[str, int]]

PACE = Pace(sample=0.01, seconds=0.0, rounds=3)


class Pretended:
    """A process that takes so many seconds a repetition, and may fail at its nth sample."""

    def __init__(self, who, seconds, log, fails_at=math.inf):
        self.entrant = who
        self.seconds, self.fails_at, self.log = seconds, fails_at, log
        self.taken = 0

    def sample(self, repetitions):
        """Say how long it took, or fail."""
        self.taken += 1
        if self.taken >= self.fails_at:
            raise ProcessError("out of memory")
        self.log.append((self.entrant.library, repetitions))
        return self.seconds * repetitions


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(rounds, "PAUSE", 0.0)


def run(*everybody, pace=PACE):
    """Measure pretended processes."""
    task = Task("training", Pretended.sample, units=10)  # type: ignore[arg-type]
    return alternate(everybody, task, pace)


def test_rounds_go_a_b_a_b():
    """After the warm-up everybody takes one sample a round, in the same order."""
    log: Log = []
    a, b = Pretended(entrant("a"), 0.02, log), Pretended(entrant("b"), 0.005, log)
    first, second = run(a, b)

    assert log[-6:] == [("a", 1), ("b", 2)] * 3
    assert first.values == [pytest.approx(2000.0)] * 3
    assert second.values == [pytest.approx(500.0)] * 3


def test_a_sample_is_long_enough_whatever_is_measured():
    """What takes a microsecond is repeated so often that a sample lasts the hundredth of a second."""
    log: Log = []
    (only,) = run(Pretended(entrant("a"), 1e-6, log))

    assert only.repetitions == pytest.approx(10_000, rel=0.01)
    assert only.values == [pytest.approx(0.1)] * 3


def test_who_fails_is_left_behind():
    """The others go on, and what went wrong is kept."""
    log: Log = []
    a, b = Pretended(entrant("a"), 0.02, log, fails_at=4), Pretended(entrant("b"), 0.02, log)
    first, second = run(a, b)

    assert first.trouble == "out of memory"
    assert len(first.values) == 1
    assert len(second.values) == 3


def test_nobody_left_ends_the_rounds():
    """Where all fail at once there is nothing to wait for."""
    (only,) = run(Pretended(entrant("a"), 0.02, [], fails_at=1), pace=Pace(0.01, 1e9, 3))

    assert only.values == []


def test_a_peer_slower_with_more_threads_is_not_measured_on():
    """At once where it is far slower, else after three rounds; ellnet's native engine always is."""
    log: Log = []
    everybody = [
        Pretended(who, seconds, log)
        for who, seconds in (
            (entrant("ellnet", 1), 0.02),
            (entrant("ellnet", 2), 0.5),
            (entrant("torch", 1), 0.02),
            (entrant("torch", 2), 0.05),
            (entrant("scikit-learn", 1), 0.02),
            (entrant("scikit-learn", 2), 0.5),
            (entrant("jax", 2), 1.0),
        )
    ]
    found = run(*everybody, pace=Pace(sample=0.01, seconds=0.0, rounds=5))

    assert [each.slower for each in found] == [False, False, False, True, False, True, False]
    assert [len(each.values) for each in found] == [5, 5, 5, 3, 5, 0, 5]


@pytest.mark.parametrize(
    ("taken", "seconds", "expected"),
    [
        (0, 99.0, True),
        (2, 1.0, True),
        (3, 1.0, True),
        (3, 6.0, False),
        (1, 6.0, True),
        (1, 9.0, False),
    ],
)
def test_rounds_end_by_number_and_time(taken, seconds, expected):
    """Three rounds and five seconds at least, but none begins after eight seconds, except the first."""
    pace = Pace(sample=0.01, seconds=5.0, rounds=3, limit=8.0)

    assert pace.goes_on(taken, seconds) is expected
