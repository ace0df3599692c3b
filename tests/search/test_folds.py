"""Folds in time: what is judged on comes later than what is learned from, whatever times repeat."""

import numpy as np
import polars as pl
import pytest
from sklearn.model_selection import TimeSeriesSplit

from ellnet.columns import Columns
from ellnet.errors import DataError
from ellnet.hyperparameters import Hyperparameters
from ellnet.parts import Plan
from ellnet.search.folds import Division, Evaluation, divide
from ellnet.tables import from_frame
from ellnet.targets import Target


def table(times: np.ndarray) -> Columns:
    """A regression whose rows have such times."""
    random = np.random.default_rng(0)
    columns = {"x": random.random(len(times)), "when": times, "y": random.random(len(times))}
    return from_frame(pl.DataFrame(columns))


def divided(times: np.ndarray, folds: int) -> Division:
    """Divide such rows into folds in time, with none for the test."""
    columns, plan = table(times), Plan("y", test_size=0)
    target = Target.fit(columns["y"], None)
    return divide(columns, plan, Evaluation(folds, time="when"), Hyperparameters(), target)


@pytest.mark.parametrize("m", [10, 37, 120])
@pytest.mark.parametrize("folds", [2, 4])
def test_times_of_their_own_are_cut_as_scikit_learn_cuts_them(m: int, folds: int):
    """Wherever no two rows have the same time."""
    times = np.random.default_rng(1).permutation(m).astype(float)
    order = np.argsort(times)

    found = divided(times, folds).folds

    expected = list(TimeSeriesSplit(folds).split(order))
    for (learned, judged), (before, after) in zip(found, expected, strict=True):
        assert learned.tolist() == np.sort(order[before]).tolist()
        assert judged.tolist() == np.sort(order[after]).tolist()


@pytest.mark.parametrize("seed", range(20))
def test_no_row_is_judged_on_that_is_as_early_as_one_learned_from(seed: int):
    """Few times, each of many rows, in parts of any size."""
    random = np.random.default_rng(seed)
    times = random.choice(random.random(6), 120, p=random.dirichlet(np.full(6, 0.5)) * 0.94 + 0.01)
    folds = len(np.unique(times)) - 1

    found = divided(times, folds).folds

    for learned, judged in found:
        assert len(learned) > 0
        assert len(judged) > 0
        assert times[learned].max() < times[judged].min()
    assert sum(len(judged) for _, judged in found) == 120 - len(found[0][0])


def test_too_few_times_are_refused():
    """Three months cannot be cut into three folds and what comes before the first."""
    times = np.repeat([1.0, 2.0, 3.0], 40)

    with pytest.raises(DataError, match="at least 4 different times to be cut into 3 folds, got 3"):
        divided(times, 3)
