"""Schedules: PyTorch's numbers where it has them, formulas by hand where not."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from ellnet.equations import schedules
from ellnet.equations.schedules import SCHEDULES, Clock

FILE = Path(__file__).parent / "golden" / "optimizers_and_schedules.json"
GOLDEN: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))

OPTIONS: dict[str, Any] = {
    "power_t": 0.5,
    "cuts": 2,
    "gamma": 0.5,
    "period": 2,
    "growth": 2,
    "floor": 0.1,
    "warmup": 0.25,
}


def clock(step: int, steps: int = 40, an_epoch: int = 4) -> Clock:
    """A run of so many steps, four of them an epoch of 100 examples."""
    return Clock(step, steps, step // an_epoch, steps // an_epoch, 100)


def factors(name: str, steps: int = 40, **changed: Any) -> list[float]:
    """The factor of each step."""
    row = SCHEDULES[name]
    options = {each: {**OPTIONS, **changed}[each] for each in row.options}
    return [row.factor(clock(step, steps), **options) for step in range(steps)]


@pytest.mark.parametrize(
    "row", GOLDEN["schedules"], ids=lambda row: f"{row['name']}-{row['steps']}"
)
def test_factors_are_pytorch_s(row):
    """To 1e-12 at every step; a step is an epoch there."""
    steps = row["steps"]
    schedule = getattr(schedules, row["name"])

    found = [
        schedule(Clock(k, steps, k, steps, 1), **row["options"]) for k in range(len(row["factors"]))
    ]

    assert found == pytest.approx(row["factors"], rel=1e-12, abs=1e-15)


BY_HAND = {
    "constant": [1.0, 1.0],  # eq. 16.1
    "invscaling": [401**-0.5, 501**-0.5],  # eq. 16.2
    "adaptive": [1 / 25, 1 / 25],  # eq. 16.3
    "step": [0.5**2, 0.5**2],  # eq. 16.4
    "exponential": [0.5**4, 0.5**5],  # eq. 16.5
    "cosine": [0.1 + 0.45 * (1 + math.cos(k * math.pi / 40)) for k in (18, 21)],  # eq. 16.6
    "cosine_restarts": [
        0.1 + 0.45 * (1 + math.cos(math.pi * (k - 8) / 16)) for k in (18, 21)
    ],  # eq. 16.7
    "one_cycle": [
        0.1 + 0.45 * (1 + math.cos(math.pi * (k - 9) / 30)) for k in (18, 21)
    ],  # eq. 16.8
    "growing_cosine": [
        0.5 - 0.5 * math.cos(2 * math.pi * math.log2(1 + 15 * k / 40)) for k in (18, 21)
    ],  # eq. 16.9
}
"""Factors of steps 18 and 21 of 40: in epochs 4 and 5 of ten, of 100 examples each."""


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_by_hand(name):
    """In the middle of a run, from the formula."""
    assert [factors(name)[k] for k in (18, 21)] == pytest.approx(BY_HAND[name], rel=1e-13)


def test_the_way_up_of_one_cycle():
    """From 1/25 along half a cosine to 1 at the last step of the warm-up (eq. 16.8)."""
    found = factors("one_cycle")[:10]

    expected = [0.04 + 0.48 * (1 - math.cos(math.pi * k / 9)) for k in range(10)]
    assert found == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("steps", [2, 3, 40])
def test_one_cycle_ends_at_the_floor(steps):
    """However short the run is, its last step has the lowest factor."""
    assert factors("one_cycle", steps)[-1] == pytest.approx(0.1, rel=1e-12)


def test_a_way_up_of_a_single_step_is_its_top():
    """A quarter of four steps, and less than a step: there is nothing to divide by."""
    assert factors("one_cycle", 4)[0] == 1.0
    assert factors("one_cycle", 8)[:2] == pytest.approx([1 / 25, 1.0])
    assert factors("one_cycle", 2)[0] < 1.0
    assert schedules.warm_up(clock(0, 6), warmup=0.25) == pytest.approx(1 / 1.5)
    assert schedules.warm_up(clock(0, 4), warmup=0.25) == 1.0


def test_a_cycle_begins_again_at_the_top():
    """The first takes two epochs of four steps, the second four, the third eight."""
    found = factors("cosine_restarts")

    assert [k for k in range(40) if found[k] == 1.0] == [0, 8, 24]
    assert factors("cosine_restarts", growth=1)[7:9] == pytest.approx(
        [0.1 + 0.45 * (1 + math.cos(math.pi * 7 / 8)), 1.0]
    )


def test_inverse_scaling_counts_examples():
    """1 / sqrt(examples seen + 1), the same through an epoch."""
    assert factors("invscaling")[3:5] == [1.0, pytest.approx(1 / math.sqrt(101))]


def test_the_adaptive_rate_is_a_fifth_each_time():
    """However far the run is."""
    assert set(factors("adaptive")) == {0.04}


def test_the_growing_cosine_has_four_cycles():
    """Zero at 0, 1/15, 3/15, 7/15 and 1 of the run, one half-way between in the logarithm."""
    at = [schedules.growing_cosine(Clock(k, 1500, 0, 1, 1)) for k in (0, 100, 300, 700, 1500)]
    tops = [schedules.growing_cosine(Clock(k, 1, 0, 1, 1)) for k in (0,)]

    assert at == pytest.approx([0.0] * 5, abs=1e-12)
    assert tops == [0.0]
    peak = round(1500 * (2**2.5 - 1) / 15)
    assert schedules.growing_cosine(Clock(peak, 1500, 0, 1, 1)) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_stay_within_bounds(name):
    """From 0 to 1, also past the planned end and for a run of one step."""
    row = SCHEDULES[name]
    options = {each: OPTIONS[each] for each in row.options}

    beyond = [row.factor(clock(step), **options) for step in (40, 41, 400)]
    alone = row.factor(Clock(0, 1, 0, 1, 1), **options)

    assert all(0 <= factor <= 1 + 1e-12 for factor in [*factors(name), *beyond, alone])


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_option_changes_the_factors(name):
    """An option that changed nothing would be none."""
    other = {"cuts": 3, "period": 3, "growth": 3}

    for each in SCHEDULES[name].options:
        changed = {each: other.get(each, OPTIONS[each] / 2)}
        assert factors(name, **changed) != factors(name), each


def test_the_warm_up_is_linear_and_ends():
    """A quarter of 40 steps (eq. 16.10)."""
    found = [schedules.warm_up(clock(step), warmup=0.25) for step in range(40)]

    assert found[:10] == pytest.approx([k / 10 for k in range(1, 11)])
    assert set(found[10:]) == {1.0}
    assert schedules.warm_up(clock(0), warmup=0.0) == 1.0


def test_a_clock_tells_the_time():
    """Parts of an epoch count; more than all is all."""
    assert clock(6).time == pytest.approx(1.5)
    assert clock(30).progress == 0.75
    assert clock(80).progress == 1.0
    assert Clock(1, 1, 1, 1, 1).time == Clock(1, 1, 1, 1, 1).progress == 1.0
