"""From samples to figures: minima, medians, GFLOP/s, per cent, ratios."""

import pytest

from benchmarks.figures import Figure, Peaks, by_kind, ratios, to_json
from tests.benchmarks.measured import entrant, figure


def test_samples_become_a_minimum_and_a_median():
    """And GFLOP/s and per cent of the peak at the minimum."""
    values = [30.0, 10.0, 20.0]
    made = Figure.of("training", "3-5-5-3-1", 32, entrant(), values=values, flop=10**6)
    with_peak = figure(entrant(), made.minimum, peak=400.0)

    assert (made.samples, made.minimum, made.median) == (3, 10.0, 20.0)
    assert made.gflops == pytest.approx(100.0)
    assert made.percent is None
    assert with_peak.percent == pytest.approx(25.0)


def test_the_largest_peak_counts_of_each_kind():
    """Threads, precision and instruction set have peaks of their own; a peer has ours."""
    peaks = Peaks()
    for who, gflops in (
        (entrant(threads=2), 480.0),
        (entrant(threads=2), 487.0),
        (entrant(threads=2, target="avx2"), 240.0),
        (entrant(threads=1), 0.0),
    ):
        peaks.add(who, gflops)

    assert peaks.of(entrant(threads=2)) == 487.0
    assert peaks.of(entrant("torch", threads=2)) == 487.0
    assert peaks.of(entrant(threads=2, target="avx2")) == 240.0
    assert peaks.of(entrant(threads=1)) is None
    assert peaks.to_json()[0] == {
        "target": "best",
        "dtype": "float32",
        "threads": 2,
        "gflops": 487.0,
        "samples": [480.0, 487.0],
    }


def test_everybody_is_compared_with_the_better_number_of_threads():
    """The minimum decides which, for ours and for the peer; the medians are those beside it."""
    group = [
        figure(entrant(threads=1), 6.0, 7.0),
        figure(entrant(threads=2), 4.0, 5.0),
        figure(entrant(threads=2, dtype="float64"), 8.0),
        figure(entrant("torch", 1), 12.0, 10.0),
        figure(entrant("torch", 2), 16.0),
    ]
    first, second = ratios(group)

    assert [each.minimum for each in by_kind(group)] == [4.0, 8.0, 12.0]
    assert (first.ours, first.peer, first.minimum, first.median) == (
        "ellnet native",
        "torch",
        3.0,
        2.0,
    )
    assert (second.ours, second.minimum) == ("ellnet native float64", 1.5)


def test_ratios_stay_within_a_net_and_a_task():
    """A peer's prediction is not compared with our training, nor another net with this one."""
    group = [
        figure(entrant(), 1.0),
        figure(entrant("torch"), 5.0, net="100-64-64-2"),
        figure(entrant("torch"), 6.0, task="prediction", rows=1),
    ]

    assert ratios(group) == []


def test_a_figure_has_all_its_fields_in_json():
    """What the README of the benchmarks promises, no more and no less."""
    found = to_json(figure(entrant(threads=2, target="avx2"), 10.0, 11.0, peak=200.0))

    assert found == {
        "task": "training",
        "net": "3-5-5-3-1",
        "rows": 32,
        "library": "ellnet",
        "engine": "native",
        "target": "avx2",
        "dtype": "float32",
        "threads": 2,
        "samples": 5,
        "microseconds": {"minimum": 10.0, "median": 11.0},
        "flop": 10**6,
        "gflops": pytest.approx(100.0),
        "percent_of_peak": pytest.approx(50.0),
    }
