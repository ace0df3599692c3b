"""Parity vectors go through all that a preprocessing knows, and are the same every time."""

import numpy as np
import pytest

from ellnet.columns import Columns
from ellnet.encodings import NumberEncoding
from ellnet.forms.parity import UNSEEN, Expected, disagreement, expected, parity_rows
from ellnet.preprocessing import Preprocessing
from tests.forms.random_models import random_model, random_table


def preprocessing(kinds):
    """Learned on a random table."""
    return Preprocessing.fit(random_table(np.random.default_rng(0), kinds))


def test_every_level_and_missing_and_unseen_values_are_there():
    """Of each column; of numbers some are near the mean and some at the end of the clip."""
    learned = preprocessing("nNcCbBdDtT")
    rows = parity_rows(learned)

    for name, encoding in learned.encodings.items():
        values = rows[name].values.tolist()
        assert rows[name].missing.any(), name
        if encoding.kind == "category":
            assert set(encoding.levels) | {UNSEEN, None} == set(values)
        elif encoding.kind == "boolean":
            assert {0.0, 1.0} <= set(values)
        elif encoding.kind == "number":
            z = np.abs(encoding.standard.apply(rows[name].values))
            assert np.nanmin(z) < 0.5
            assert np.nanmax(z) > 2.9


def test_dates_hold_the_ends_of_years():
    """Leap days and the last day of a leap year among them."""
    rows = parity_rows(preprocessing("t"))
    days = set(
        rows["column 0"].values[~rows["column 0"].missing].astype("datetime64[s]").astype(str)
    )

    assert {"2000-01-01T00:00:00", "2000-12-31T00:00:00", "2024-02-29T00:00:00"} & days


def test_they_are_the_same_every_time():
    """To the bit."""
    one, other = (parity_rows(preprocessing("nCd")) for _ in range(2))

    for name in one.names:
        assert repr(one[name].values.tolist()) == repr(other[name].values.tolist())


@pytest.mark.parametrize(("columns", "m"), [(1, 64), (784, 25), (5000, 24)])
def test_wide_tables_have_fewer(columns, m):
    """So that a self-test of images stays small."""
    encodings = {f"x{k}": NumberEncoding(None, missing=False) for k in range(columns)}

    assert parity_rows(Preprocessing(encodings)).m == m


def test_the_unseen_word_is_never_a_level():
    """Also where training had that very word."""
    learned = Preprocessing.fit(Columns.from_mapping({"c": [UNSEEN, UNSEEN + ".", "a"]}))

    assert UNSEEN + ".." in parity_rows(learned)["c"].values


def test_the_disagreement_is_that_of_the_worst_output():
    """Relative for outputs above the unit; NaN and another shape are infinite, NaN for NaN is none."""
    wanted = Expected(Columns({}, 2), np.zeros(2), np.array([[0.5, 100.0], [0.0, np.nan]]), 2.0)

    assert disagreement(wanted, wanted.outputs) == 0
    assert disagreement(wanted, wanted.outputs + np.array([[0.1, 0], [0, 0]])) == pytest.approx(
        0.05
    )
    assert disagreement(wanted, wanted.outputs + np.array([[0, 1], [0, 0]])) == pytest.approx(0.01)
    assert disagreement(wanted, np.full((2, 2), np.nan)) == np.inf
    assert disagreement(wanted, wanted.outputs[:, :1]) == np.inf


def test_what_is_expected_is_what_the_model_says():
    """Labels, and probabilities or values."""
    for seed in range(4):
        model = random_model(seed, kinds="nNb")
        wanted = expected(model)
        assert wanted.labels.tolist() == model.predict(wanted.rows, unseen="ignore").tolist()
        assert wanted.outputs.shape == (wanted.rows.m, len(model.target.classes) or 1)
        assert wanted.unit == (model.target.scale if model.target.task == "regression" else 1.0)
