"""Curves in the terminal."""

from typing import Any

import pytest

from ellnet.cli.curve import draw_curves


def plain(curves: dict[str, list[float]], **size: Any) -> list[str]:
    """The lines without their colours."""
    return [line.plain for line in draw_curves(curves, **size)]


def test_a_falling_line_runs_from_the_upper_left_to_the_lower_right():
    """Four columns and one row of characters hold a line of eight dots."""
    lines = plain({"cost": [3.0, 2.0, 1.0, 0.0]}, width=2, height=1)

    assert lines[0].endswith("⠑⢄")


def test_the_scale_names_the_highest_and_the_lowest_value():
    """The first line has the top of the scale, the last the bottom, the axis the epochs."""
    lines = plain({"cost": [4.0, 2.5], "validation": [3.0, 1.25]}, width=20, height=5)

    assert lines[0].startswith("        4 ┤")
    assert lines[4].startswith("     1.25 ┤")
    assert lines[5].strip() == "└1" + "─" * 18 + "2"
    assert "cost" in lines[6]
    assert "validation" in lines[6]


def test_a_wide_range_is_drawn_on_a_logarithmic_scale():
    """Powers of ten then fall on a straight line, and the legend says so."""
    straight = plain({"cost": [3.0, 2.0, 1.0, 0.0]}, width=2, height=1)
    powers = plain({"cost": [1000.0, 100.0, 10.0, 1.0]}, width=2, height=1)

    assert powers[0][-2:] == straight[0][-2:]
    assert "logarithmic scale" in powers[-1]
    assert "logarithmic scale" not in straight[-1]


@pytest.mark.parametrize(
    "values", [[1.0], [1.0, 1.0], [1.0, float("nan"), 2.0], [float("inf"), 1.0, 0.5]]
)
def test_odd_curves_are_drawn(values):
    """One point, a flat line and gaps are no trouble."""
    lines = plain({"cost": values}, width=10, height=3)

    assert any("⠀" < character <= "⣿" for line in lines for character in line)


def test_nothing_is_drawn_of_nothing():
    """Without a finite value there are no lines."""
    assert draw_curves({"cost": []}) == []
    assert draw_curves({"cost": [float("nan")]}) == []


def test_a_legend_names_what_it_is_asked_to_and_later_curves_lie_above():
    """Of many curves one stands out, in its colour."""
    lines = draw_curves(
        {"many": [1.0, 2.0], "best": [1.0, 2.0]},
        width=4,
        height=2,
        colours=("white", "red"),
        named=["best"],
    )

    assert lines[-1].plain.strip() == "━ best"
    assert {str(span.style) for line in lines[:2] for span in line.spans} == {"red"}
