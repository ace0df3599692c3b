"""How a row became a[0], and the answer in the target's own words."""

from datetime import datetime

import numpy as np
import pytest
from scipy.sparse import csc_array

from ellnet import Hyperparameters, Network, Plan, train_table
from ellnet.errors import DataError
from ellnet.explain import prove, prove_rows
from ellnet.tables import from_frame


def table(kind: str = "class"):
    """Every kind of column, with what can be missing; 40 rows."""
    random = np.random.default_rng(0)
    values = random.standard_normal(40)
    target = {
        "class": ["1-2" if value > 0 else "0-1" for value in values],
        "number": (1000 * values).tolist(),
    }[kind]
    return from_frame(
        {
            "age": [None if k == 3 else float(value) for k, value in enumerate(values)],
            "city": [None if k == 5 else ("Ulm", "Köln")[k % 2] for k in range(40)],
            "member": [k % 3 == 0 for k in range(40)],
            "since": [datetime(2020, 1 + k % 12, 1, k % 24) for k in range(40)],  # noqa: DTZ001
            "y": target,
        }
    )


def trained(kind: str = "class", **chosen):
    """A small model of it."""
    chosen = {"hidden": (4,), "epochs": 3, "validation_fraction": 0.0, **chosen}
    return train_table(table(kind), Plan("y", test_size=0.0), Hyperparameters(**chosen)).model


@pytest.fixture(scope="module")
def model():
    """A model of classes."""
    return trained()


def test_every_column_tells_its_value_its_rule_and_its_units(model):
    """And the numbers are those of a[0]; what is missing says so."""
    sheet = prove_rows(model, table(), [3, 5])

    assert sheet.story is not None
    names, values, rules, units = zip(*sheet.story.rows, strict=True)
    assert names == ("age", "city", "member", "since")
    assert values == ("missing", "Köln", "yes", "2020-04-01 03:00")
    assert "missing is 0" in rules[0]
    assert "one unit for each of 2 categories" in rules[1]
    assert "yes is 1" in rules[2]
    assert "year, week and day" in rules[3]
    assert units[0] == "age = 0, age=missing = 1"
    assert units[1] == "city=Köln = 1"
    assert "since:sin of year = " in units[3]
    other = prove_rows(model, table(), [5]).story
    assert other is not None
    assert other.rows[1][1] == "missing"
    assert other.rows[1][3] == "city=missing = 1"


def test_labels_are_told_as_they_are(model):
    """Beside the truth, with the probability of the one that is predicted; a hyphen stays one."""
    frame = table()
    sheet = prove_rows(model, frame, range(4))

    for k, (row, truth, said, share, right, _) in enumerate(sheet.predictions.rows):
        assert row == f"row {k}"
        assert truth == frame["y"].values[k]
        assert said in {"0-1", "1-2"}
        assert 0.5 <= float(share) <= 1
        assert right == ("yes" if said == truth else "no")


def test_numbers_are_told_in_their_own_units():
    """Which a[L] is not in."""
    frame = table("number")
    found = trained("number")

    sheet = prove_rows(found, frame, [7])

    ((_, truth, said, off, _),) = sheet.predictions.rows
    number = lambda text: float(text.replace("−", "-"))  # noqa: E731, RUF001
    assert number(truth) == pytest.approx(frame["y"].values[7], rel=1e-9)
    assert number(said) == pytest.approx(
        float(found.predict(frame.take(np.array([7])))[0]), rel=1e-4
    )
    assert number(off) == pytest.approx(number(said) - number(truth), rel=1e-2)


def test_the_prediction_is_made_without_the_masks():
    """Dropout acts on the step, not on the answer."""
    found, frame = trained(dropout=0.6), table()

    masked, plain = (prove_rows(found, frame, [2], dropout=on) for on in (True, False))

    assert masked.predictions.rows[0][2:4] == plain.predictions.rows[0][2:4]
    assert "mask1" in masked.numbers
    assert "mask1" not in plain.numbers


def test_rows_that_are_not_there_are_refused(model):
    """With those that are."""
    for rows in ([40], [-1], []):
        with pytest.raises(DataError, match="count from 0 to 39"):
            prove_rows(model, table(), rows)


def test_a_wide_table_tells_its_first_columns():
    """Forty of them, and counts the others."""
    random = np.random.default_rng(0)
    columns = {f"x{k}": random.standard_normal(30) for k in range(60)}
    frame = from_frame({**columns, "y": (columns["x0"] > 0).tolist()})
    chosen = Hyperparameters(hidden=(3,), epochs=1, validation_fraction=0.0)
    found = train_table(frame, Plan("y", test_size=0.0), chosen).model

    story = prove_rows(found, frame, [0]).story

    assert story is not None
    assert len(story.rows) == 40
    assert "and 20 more columns" in story.note


def test_a_sparse_input_is_taken_as_its_numbers():
    """The sheet shows every number of a[0]."""
    X = np.array([[0.0, 1.5], [2.0, 0.0]])
    net = Network((2, 3, 1), ("tanh", "sigmoid"), "binary_cross_entropy")

    found = prove(net, csc_array(X), np.ones((1, 2)))

    np.testing.assert_array_equal(found.numbers["A0"], X)
