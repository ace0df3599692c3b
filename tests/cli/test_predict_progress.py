"""Progress of a prediction: lines now and then where nobody looks, a bar where somebody does."""

import io

from rich.console import Console

from ellnet.cli.predict_progress import Lines, describe, progress_of


def test_a_line_says_rows_part_and_speed() -> None:
    """In that order; no time at all is no speed without end."""
    assert describe(1_200_000, 0.125, 2.0) == "1,200,000 rows, 12%, 600,000 rows a second"
    assert describe(5, 1.0, 0.0) == "5 rows, 100%, 5,000 rows a second"


def test_lines_come_every_two_seconds_at_most() -> None:
    """Not at once, and not for every batch."""
    out, now = io.StringIO(), [0.0]
    lines = Lines(Console(file=out), lambda: now[0])
    for second in (0.5, 1.9, 2.0, 2.1, 3.9, 4.5):
        now[0] = second
        lines.show(int(second * 100), second / 10)

    assert out.getvalue().splitlines() == [
        "200 rows, 20%, 100 rows a second",
        "450 rows, 45%, 100 rows a second",
    ]


def test_a_terminal_has_a_bar_and_what_is_printed_has_nothing() -> None:
    """The bar shows the last that it was told."""
    bar, silent = io.StringIO(), io.StringIO()
    for out, shown in ((bar, True), (silent, False)):
        console = Console(file=out, force_terminal=True, width=100)
        with progress_of(console, shown) as progress:
            progress.show(70, 0.7)

    assert "70 rows, 70%" in bar.getvalue()
    assert silent.getvalue() == ""
