"""What the picture of a ladder shows: the verdict's own line and marks, and names that can be read."""

import itertools
import math
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

from ellnet.search.ladder import Climbed
from ellnet.search.ladder_picture import RING, LadderDisplay
from ellnet.search.ladder_rungs import Rung
from ellnet.search.ladder_verdict import Test
from ellnet.search.ladder_words import name_of, verdict
from tests.search.climbing import rung

FLOOR = math.log(2) / 320


def climbed(rungs: list[Rung], **options: Any) -> Climbed:
    """A ladder by hand; of what it stands on only the comparison is needed."""
    test = Test(**{"ratio": 0.12, "folds": 5, **options})
    return Climbed(tuple(rungs), cast("Any", SimpleNamespace(test=test)))


def folds(mean: float, spread: float, *, turn: int = 0) -> list[float]:
    """Costs on five folds with that mean."""
    return (mean + spread * np.roll([-1.0, -0.5, 0.0, 0.5, 1.0], turn)).tolist()


SURE = [
    rung((), 3, folds(0.70, 0.003)),
    rung((4,), 17, folds(0.0076, 0.006)),
    rung((8,), 33, folds(0.0009, 0.0004)),
    rung((4, 4), 37, folds(0.0025, 0.0024)),
    rung((16, 16), 337, folds(0.0002, 0.00015)),
]
"""As on xor: every row is right, and the larger are only surer of it."""

NOISY = [
    rung((), 3, folds(0.30, 0.03)),
    rung((4,), 17, folds(0.132, 0.05, turn=2)),
    rung((8,), 33, folds(0.1055, 0.05)),
    rung((16,), 65, folds(0.107, 0.05, turn=1)),
    rung((4, 4), 37, folds(0.106, 0.05)),
    rung((256, 256, 256), 132_865, folds(0.105, 0.05)),
]
"""As on moons: what is within one standard error is as good."""

ACCURATE = [
    rung((), 3, folds(0.6, 0.02), values=folds(0.86, 0.02)),
    rung((8,), 33, folds(0.2, 0.02), values=folds(0.959, 0.02)),
    rung((16,), 65, folds(0.2, 0.02), values=folds(0.961, 0.02)),
]
LADDERS = {
    "sure": climbed(SURE, negligible=FLOOR),
    "noisy": climbed(NOISY, negligible=FLOOR),
    "without a floor": climbed(NOISY),
    "accuracy": climbed(ACCURATE, metric="accuracy", greater=True),
    "alone": climbed(NOISY[:1]),
}


def line_of(display: LadderDisplay) -> Line2D:
    """The dashed line."""
    (line,) = [line for line in display.ax_.lines if line.get_linestyle() == "--"]
    return line


def names_of(display: LadderDisplay) -> dict[str, Annotation]:
    """The names of the rungs, as drawn."""
    return {text.get_text(): text for text in display.ax_.texts if isinstance(text, Annotation)}


@pytest.mark.parametrize("name", LADDERS)
def test_the_recommended_rung_is_on_the_good_side_of_the_line(name):
    """So is every rung that is as good as the best, and the line is where the verdict has it."""
    ladder = LADDERS[name]
    test, best = ladder.test, ladder.best
    sign = -1 if test.greater else 1

    line = sign * float(np.asarray(line_of(LadderDisplay.from_climbed(ladder)).get_ydata())[0])

    furthest = test.mean(best) + max(test.negligible, test.error_of(test.losses(best)))
    assert line == pytest.approx(furthest)
    assert test.mean(ladder.recommended) <= line
    for each in ladder.rungs:
        if verdict(ladder, each) != "behind":
            assert test.mean(each) <= line


def test_a_recommended_rung_that_a_standard_error_would_not_excuse():
    """The floor decides on such a ladder, and the line is named after it."""
    ladder = LADDERS["sure"]
    test, best, chosen = ladder.test, ladder.best, ladder.recommended

    label = str(line_of(LadderDisplay.from_climbed(ladder)).get_label())

    assert chosen.hidden == (8,)
    assert test.mean(chosen) > test.mean(best) + test.error_of(test.losses(best))
    assert label == "the floor, log 2 / rows, above the best"


@pytest.mark.parametrize(("name", "where"), [("noisy", "above"), ("accuracy", "below")])
def test_the_line_is_a_standard_error_where_that_decides(name, where):
    """Above the best cost, below the best accuracy."""
    label = line_of(LadderDisplay.from_climbed(LADDERS[name])).get_label()

    assert label == f"one standard error {where} the best"


@pytest.mark.parametrize("name", LADDERS)
def test_filled_marks_are_the_rungs_that_are_as_good(name):
    """Exactly those that the table does not call behind."""
    ladder = LADDERS[name]
    good = {r.size for r in ladder.rungs if verdict(ladder, r) != "behind"}

    lines = LadderDisplay.from_climbed(ladder).ax_.lines

    filled = [m for m in lines if m.get_markersize() == 7 and m.get_markerfacecolor() != "white"]
    assert {int(x) for line in filled for x in np.asarray(line.get_xdata())} == good


def test_bars_are_what_the_legend_says():
    """The plain standard error of the difference to the best, both ways."""
    ladder = LADDERS["noisy"]
    display = LadderDisplay.from_climbed(ladder)
    wanted = {r.size: ladder.test.plain_error(r, ladder.best) for r in ladder.rungs}

    parts = [
        np.asarray(path.vertices) for bars in display.ax_.collections for path in bars.get_paths()
    ]
    said = [text.get_text() for text in display.figure_.legends[0].get_texts()]

    found = {round(part[0, 0]): (part[1, 1] - part[0, 1]) / 2 for part in parts}
    assert found == pytest.approx(wanted)
    assert any(text.startswith("bars: ± plain standard error of the difference") for text in said)


@pytest.mark.parametrize("name", LADDERS)
def test_names_stay_in_the_frame_and_apart(name):
    """Also the longest at the right edge; and none is under the ring."""
    ladder = LADDERS[name]
    display = LadderDisplay.from_climbed(ladder)
    display.figure_.draw_without_rendering()
    frame, names = display.ax_.get_window_extent(), names_of(display)
    boxes = {key: text.get_window_extent() for key, text in names.items()}
    chosen = ladder.recommended
    sign = -1 if ladder.test.greater else 1
    middle = display.ax_.transData.transform((chosen.size, sign * ladder.test.mean(chosen)))

    assert set(boxes) == {name_of(each) for each in ladder.rungs}
    for box in boxes.values():
        assert frame.contains(box.x0, box.y0)
        assert frame.contains(box.x1, box.y1)
        nearest = np.clip(middle, [box.x0, box.y0], [box.x1, box.y1])
        assert np.hypot(*(nearest - middle)) > RING / 2 * display.figure_.dpi / 72
    for one, other in itertools.combinations(boxes.values(), 2):
        assert not one.overlaps(other)
    assert not any(
        box.overlaps(display.figure_.legends[0].get_window_extent()) for box in boxes.values()
    )
