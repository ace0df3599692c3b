"""What the pictures of a search show: every trial, legends and names that nothing runs through."""

import math
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from ellnet.search import Found, Result
from ellnet.search.measures import Measure
from ellnet.search.pictures import ParallelCoordinatesDisplay, SearchCurvesDisplay
from ellnet.search.space import Choice, Space
from tests.search.searching import result

SPACE = {
    "hidden": "4|8,4",
    "activation": "relu,tanh",
    "learning_rate": "1e-3:1e-1:log",
    "epochs": 8,
}
MANY = "4|8|16|32|64|128|4,4|8,8|16,16|32,32|64,32,16|256,128,64,32"
"""Twelve alternatives."""


def unmeasured(*_: Any) -> Any:
    """Nothing here is trained."""
    raise AssertionError("a picture measured something")


def found(curves: list[list[float]], values: dict[str, Any]) -> tuple[Found, Space]:
    """A search by hand: a trial a curve, whose choices go through the space."""
    space = Space.read(values)
    results: dict[int, Result] = {}
    for k, curve in enumerate(curves):
        place = (k + 0.5) / len(curves)
        chosen = {name: d.at(place) for name, d in space.dimensions.items()}
        results[k] = result(k, curve, chosen=chosen)
    return Found(results, Measure("cost", greater=False, of=unmeasured)), space


def marked(display: SearchCurvesDisplay, panel: int) -> set[tuple[float, float]]:
    """The points that a panel shows as marks."""
    lines = [line for line in display.axes_[panel].lines if line.get_marker() not in {"None", ""}]
    return {(float(x), float(y)) for line in lines for x, y in np.asarray(line.get_xydata())}


def test_a_curve_of_one_epoch_is_a_mark_in_every_panel():
    """A line through one point draws nothing; trials that were pruned early are such curves."""
    display = SearchCurvesDisplay.from_search(*found([[0.7], [0.5], [0.6, 0.4]], SPACE))

    assert len(display.axes_) == 3
    for panel in range(3):
        assert marked(display, panel) == {(3, 0.7), (3, 0.5)}


def test_the_best_of_trials_of_one_epoch_is_black():
    """Under its own colour, and larger, in every panel."""
    display = SearchCurvesDisplay.from_search(*found([[0.7], [0.5], [0.6]], SPACE))

    for ax in display.axes_[:3]:
        points = [
            line
            for line in ax.lines
            if np.asarray(line.get_ydata()).tolist() == [0.5] and line.get_markersize()
        ]
        black = [
            p
            for p in points
            if to_rgba(p.get_color())[:3] == (0, 0, 0) and p.get_marker() != "None"
        ]
        others = [p for p in points if p not in black and p.get_marker() != "None"]
        assert len(black) == 1
        assert all(black[0].get_markersize() > p.get_markersize() for p in others)
        assert others


@pytest.mark.parametrize("gone", [math.nan, math.inf])
def test_what_stands_alone_between_costs_that_are_not_finite_is_a_mark(gone):
    """At the beginning, in between and at the end; what a line leads to has none."""
    curve = [0.9, gone, 0.8, 0.7, gone, 0.6]
    display = SearchCurvesDisplay.from_search(*found([[0.5, 0.4], curve], SPACE))

    assert marked(display, 0) == {(3, 0.9), (18, 0.6)}


@pytest.mark.parametrize("count", [2, 12, 40])
def test_a_legend_covers_no_panel_and_is_whole(count):
    """Beside its panel, within the figure, with an entry of its own look for every alternative."""
    hidden = MANY if count == 12 else "|".join(str(k + 1) for k in range(count))
    curves = [[0.9 - 0.01 * k, 0.5] if k % 2 else [0.9] for k in range(count)]
    display = SearchCurvesDisplay.from_search(*found(curves, {**SPACE, "hidden": hidden}))

    display.figure_.draw_without_rendering()
    legend = display.axes_[0].get_legend()
    assert legend is not None
    box = legend.get_window_extent()
    looks = {(h.get_color(), h.get_linestyle(), h.get_marker()) for h in legend.get_lines()}
    assert len(legend.get_texts()) == count
    assert len(looks) == min(count, 28)
    assert not any(box.overlaps(ax.get_window_extent()) for ax in display.axes_)
    assert display.figure_.bbox.padded(1).contains(box.x0, box.y0)
    assert display.figure_.bbox.padded(1).contains(box.x1, box.y1)
    assert display.axes_[0].get_window_extent().width > 400


def test_lines_go_under_the_names_of_values():
    """Each on a ground of the figure's colour, above every line."""
    curves = [[0.9 - 0.01 * k] for k in range(24)]
    searched, space = found(curves, {**SPACE, "hidden": MANY})

    display = ParallelCoordinatesDisplay.from_search(searched, space)

    highest = max(line.get_zorder() for line in display.ax_.lines)
    names = {text.get_text(): text for text in display.ax_.texts}
    choices = [d for d in space.dimensions.values() if isinstance(d, Choice)]
    assert len(choices) == 2
    for value in ("relu", "tanh", "4", "256,128,64,32"):
        ground = names[value].get_bbox_patch()
        assert ground is not None
        assert ground.get_facecolor() == display.figure_.get_facecolor()
        assert names[value].get_zorder() > highest
