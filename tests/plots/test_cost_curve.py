"""Pictures of a run."""

import builtins

import numpy as np
import pytest

from ellnet.errors import MissingExtraError
from ellnet.history import Epoch, History
from ellnet.plots import CostCurveDisplay

HISTORY = History(epochs=(Epoch(0.7, 0.8), Epoch(0.5, 0.6), Epoch(0.4, 0.7)), best_epoch=2)


def test_both_curves_and_the_kept_epoch_are_drawn(tmp_path):
    """The lines hold the history's own numbers, and the mark stands on the kept epoch."""
    display = CostCurveDisplay.from_history(HISTORY, title="a run")
    display.save(tmp_path / "cost.png")

    training, validation, mark = display.ax_.get_lines()
    assert np.asarray(training.get_ydata()).tolist() == [0.7, 0.5, 0.4]
    assert np.asarray(validation.get_ydata()).tolist() == [0.8, 0.6, 0.7]
    assert np.asarray(mark.get_xydata()).tolist() == [[2, 0.6]]
    assert (tmp_path / "cost.png").read_bytes().startswith(b"\x89PNG")


def test_without_validation_there_is_one_curve():
    """No second line is drawn where nothing was validated."""
    display = CostCurveDisplay.from_history(History(epochs=(Epoch(0.7),), best_epoch=1))

    assert len(display.ax_.get_lines()) == 1


def test_a_branch_is_drawn_with_its_parent():
    """Four curves, and a line where they part."""
    other = History(epochs=(*HISTORY.epochs, Epoch(0.2, 0.3)), best_epoch=4)

    display = CostCurveDisplay.from_history(HISTORY, parent=other, parted=2)

    drawn = {line.get_label(): line for line in display.ax_.get_lines()}
    np.testing.assert_array_equal(drawn["parent, training"].get_ydata(), other.costs)
    np.testing.assert_array_equal(drawn["parent, validation"].get_ydata(), other.validation_costs)
    np.testing.assert_array_equal(drawn["training, with penalty"].get_ydata(), HISTORY.costs)
    np.testing.assert_array_equal(drawn["branched after epoch 2"].get_xdata(), [2, 2])


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    """One sentence says what to install."""
    real = builtins.__import__

    def refuse(name, *rest, **named):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)

    with pytest.raises(MissingExtraError, match=r"pip install 'ellnet\[plot\]'"):
        CostCurveDisplay.from_history(HISTORY)
