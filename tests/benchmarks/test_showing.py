"""The tables and the picture."""

import io

import pytest
from rich.console import Console

from benchmarks.picture import draw, ticks
from benchmarks.report import Report
from benchmarks.tables import microseconds, show, times
from tests.benchmarks.measured import entrant, figure


@pytest.fixture
def report():
    """Return a report of one net, with a peer that was passed over."""
    made = Report({"cpu": "a processor"}, {"threads": 2}, {"ellnet": "0.1.0", "torch": "2"})
    made.figures += [
        figure(entrant(threads=1), 60.0, 61.0, peak=50.0),
        figure(entrant(threads=2), 40.0, 41.0, peak=100.0),
        figure(entrant("torch", 1), 500.0, peak=50.0),
        figure(entrant("torch", 2), 400.0, peak=100.0),
        figure(entrant(threads=1), 1.5, task="prediction", rows=1),
        figure(entrant("torch", 1), 30.0, task="prediction", rows=1),
    ]
    made.peaks.add(entrant(threads=2), 100.0)
    made.passed_over["jax"] = "No module named 'jax'"
    return made


def shown(report, **options):
    """Return what the terminal shows."""
    screen = io.StringIO()
    show(Console(file=screen, width=100), report, **options)
    return screen.getvalue()


def row(text, *words):
    """Return the cells of the first line that begins with these words."""
    lines = (line.split() for line in text.splitlines())
    return next(line for line in lines if line[: len(words)] == list(words))


def test_a_row_tells_all_that_was_measured(report):
    """Threads, minimum, median, GFLOP/s, per cent of the peak, and the ratio to ellnet's best."""
    text = shown(report)

    assert row(text, "ellnet", "native", "2")[3:] == ["40.0", "41.0", "25.0", "25.0", "1.00×"]
    assert row(text, "ellnet", "native", "1")[-1] == "1.50×"
    assert row(text, "torch", "2") == ["torch", "2", "400", "400", "2.5", "2.5", "10.0×"]


def test_of_a_peer_the_better_number_of_threads_is_shown(report):
    """All of them where that is asked for."""
    training = shown(report).split("Prediction")[0]
    everything = shown(report, everything=True).split("Prediction")[0]

    assert training.count("torch") == 1
    assert everything.count("torch") == 2


def test_ratios_peak_and_who_was_passed_over_are_told(report):
    """What is more than a figure stands below the tables."""
    text = shown(report)

    assert "10.0 (9.76)" in text
    assert "Peak: GFLOP/s of fused multiply-adds alone: 100 (best, float32, 2 threads)" in text
    assert "jax was passed over: No module named 'jax'" in text


def test_numbers_have_three_digits_that_say_something():
    """None is rounded away, and none is made up."""
    values = (0.3256, 3.256, 32.56, 325.6, 32560.0)

    assert [microseconds(value) for value in values] == ["0.326", "3.26", "32.6", "326", "32,560"]
    assert times(1234.5) == "1,234×"


@pytest.mark.parametrize("known", [True, False])
def test_the_picture_is_drawn(report, tmp_path, known):
    """With a peak and without one, a PNG of two rows of panels comes out."""
    if not known:
        report.figures = [
            figure(each.entrant, each.minimum, task=each.task, rows=each.rows)
            for each in report.figures
        ]
    draw(report, tmp_path / "speed.png")

    assert (tmp_path / "speed.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_an_axis_has_round_numbers():
    """Three to six, whether it spans many powers of ten or less than one."""
    assert ticks(0.05, 2e5) == pytest.approx([0.1, 10, 1000, 100_000])
    assert ticks(0.05, 2e4) == pytest.approx([0.1, 1, 10, 100, 1000, 10_000])
    assert ticks(20, 700) == pytest.approx([30, 100, 300])
    assert ticks(1500, 9000) == pytest.approx([2000, 5000])
