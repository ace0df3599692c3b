"""Target: what the outputs mean, and back."""

import copy
import json
import math

import numpy as np
import pytest

from ellnet.columns import Column
from ellnet.errors import CorruptFileError, DataError, EllnetWarning, HyperparameterError
from ellnet.targets import Target

pytestmark = pytest.mark.filterwarnings("ignore:target 'y' has [0-9]+ classes with a single row")


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["no", "yes", "no"], "binary", ("no", "yes")),
        (["c", "a", "b", "a"], "multiclass", ("a", "b", "c")),
        ([True, False, True], "binary", (False, True)),
        ([0, 1, 1], "binary", (0, 1)),
        ([-7, 99, -7], "binary", (-7, 99)),
        (list(range(20)), "multiclass", tuple(range(20))),
        (list(range(21)), "regression", ()),
        ([0.5, 1.0, 2.0], "regression", ()),
        ([1e300, 2e300, 0.0], "multiclass", (0.0, 1e300, 2e300)),
    ],
)
def test_the_task_follows_from_the_values(values, task, classes):
    """Words and yes-or-no are classes, so are few whole numbers; the rest is a quantity."""
    target = Target.fit(Column.of("y", values))

    assert target.task == task
    assert target.classes == classes


@pytest.mark.parametrize(
    ("values", "said", "task"),
    [
        ([3, 5, 4, 3, 5, 4], "regression", "regression"),
        ([0.5, 1.5, 0.5, 1.5], "classification", "binary"),
        ([0, 1, 0, 1], "multiclass", "multiclass"),
        ([0, 1, 0, 1], "binary", "binary"),
    ],
)
def test_the_task_can_be_said(values, said, task):
    """What is said goes before what is inferred."""
    assert Target.fit(Column.of("y", values), said).task == task


@pytest.mark.parametrize(
    ("values", "said", "error", "message"),
    [
        (
            ["a", "b"],
            "regression",
            HyperparameterError,
            "needs numbers to predict, and target 'y' holds categories",
        ),
        (["a", "b", "c"], "binary", HyperparameterError, "two classes, got 3"),
        (["a", "b"], "guess", HyperparameterError, "task must be classification, regression"),
        (["a", None, "b", None], None, DataError, "got 2 missing: rows 1, 3"),
        ([1.0, math.inf], None, DataError, "finite numbers, got 1 infinite: row 1"),
        (["a", "a"], None, DataError, "at least two classes, got 'a' in every row"),
        ([np.datetime64("2020-01-01")], None, DataError, "holds dates"),
    ],
)
def test_what_can_be_no_target_is_refused(values, said, error, message):
    """The column and the rows are named."""
    with pytest.raises(error, match=message):
        Target.fit(Column.of("y", values), said)


def test_classes_go_to_units_and_back():
    """One sigmoid unit for two classes, a softmax unit each for more."""
    two = Target.fit(Column.of("y", ["no", "yes", "no"]))
    three = Target.fit(Column.of("y", [30, 10, 20, 10, 20, 30]))

    Y = three.encode(Column.of("y", [20, 10, 30]))

    assert two.encode(Column.of("y", ["yes", "no"])).tolist() == [[1.0, 0.0]]
    assert Y.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert three.decode(Y).tolist() == [20, 10, 30]
    assert two.decode(np.array([[0.7, 0.5, 0.1]])).tolist() == ["yes", "no", "no"]
    assert two.probabilities(np.array([[0.75]])).tolist() == [[0.25, 0.75]]
    assert three.probabilities(np.array([[0.2], [0.3], [0.5]])).tolist() == [[0.2, 0.3, 0.5]]


@pytest.mark.parametrize(
    "values", [[True, False, True], [3, 4, 3], [0.5, 1.5, 0.5], ["b", "a", "b"]]
)
def test_labels_come_back_in_their_own_type(values):
    """Booleans, integers, floats and strings."""
    target = Target.fit(Column.of("y", values), "classification")

    back = target.decode(target.encode(Column.of("y", values))).tolist()

    assert back == values
    assert [type(label) for label in back] == [type(label) for label in values]


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_a_quantity_is_standardised_and_comes_back_in_its_own_units(scale):
    """Mean 0 and deviation 1 in training, whatever its size."""
    y = np.array([1.5, 2.5, 6.5, 9.0]) * scale
    target = Target.fit(Column.of("y", y), "regression")

    Y = target.encode(Column.of("y", y))

    assert Y.mean() == pytest.approx(0.0, abs=1e-12)
    assert Y.std() == pytest.approx(1.0)
    assert target.decode(Y) == pytest.approx(y, rel=1e-12)


def test_a_constant_quantity_is_announced():
    """There is nothing to learn, and nothing breaks."""
    with pytest.warns(EllnetWarning, match="same value in every row"):
        target = Target.fit(Column.of("y", [2.5, 2.5]))

    assert target.encode(Column.of("y", [2.5, 3.5])).tolist() == [[0.0, 1.0]]


def test_a_class_with_one_row_is_announced():
    """Nothing can be held out of it."""
    with pytest.warns(EllnetWarning, match="1 classes with a single row, such as 'c'"):
        Target.fit(Column.of("y", ["a", "a", "b", "b", "c"]))


def test_a_class_that_training_never_saw_is_refused_by_row():
    """Never taken for another one."""
    target = Target.fit(Column.of("y", ["a", "b", "a", "b"]))

    with pytest.raises(
        DataError, match=r"one of the classes of training \('a', 'b'\), got 'c' in row 1"
    ):
        target.encode(Column.of("y", ["a", "c"]))


def test_words_where_training_had_numbers_are_refused():
    """A quantity stays a quantity."""
    target = Target.fit(Column.of("y", [0.5, 1.5]))

    with pytest.raises(DataError, match="must hold numbers"):
        target.encode(Column.of("y", ["a"]))


@pytest.mark.parametrize(
    "values", [["b", "a", "a", "b"], [0.5, 2.5], [True, False] * 2, [3, 1, 2] * 2]
)
def test_json_and_back(values):
    """Every field survives, with the types of the labels."""
    target = Target.fit(Column.of("y", values))

    back = Target.from_json(json.loads(json.dumps(target.to_json())))

    assert back == target
    assert [type(c) for c in back.classes] == [type(c) for c in target.classes]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 3),
        ("task", "guess"),
        ("classes", "ab"),
        ("classes", ["a"]),
        ("classes", ["a", "b", "c"]),
        ("classes", ["b", "a"]),
        ("classes", ["a", "a"]),
        ("classes", ["a", 1]),
        ("classes", [None, None]),
        ("classes", [[1], [2]]),
        ("mean", math.nan),
        ("mean", "0"),
        ("mean", True),
        ("scale", 0.0),
        ("scale", -1.0),
        ("scale", math.inf),
        ("more", 1),
    ],
)
def test_every_corrupted_field_is_refused(field, value):
    """And a missing one, with the field's name."""
    good = Target.fit(Column.of("y", ["a", "b"] * 2)).to_json()
    broken = {**copy.deepcopy(good), field: value}

    with pytest.raises(CorruptFileError, match="target"):
        Target.from_json(broken)
    if field in good:
        with pytest.raises(CorruptFileError, match=f"lacks the field '{field}'"):
            Target.from_json({key: v for key, v in good.items() if key != field})
