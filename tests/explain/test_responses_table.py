"""What a network of a table responds to, against closed forms and plain loops."""

import numpy as np
import pytest

from ellnet.errors import DataError
from ellnet.explain.responses_table import dependence, influence
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.tables import from_frame
from ellnet.workflow import Plan, train_table
from tests.explain.subjects import classifier, mixed_model, network


def linear(W):
    """A network of one linear layer."""
    W = np.array(W, float)
    b = np.zeros((len(W), 1))
    return Network((W.shape[1], len(W)), ("identity",), "squared_error", Parameters.of([W], [b]))


def test_a_linear_network_is_moved_by_its_weights():
    """The sensitivity is |W| times the column's deviation, over several outputs in quadrature."""
    net = linear([[3.0, 0.0, -1.0], [4.0, 0.0, 1.0]])
    X = np.random.default_rng(0).standard_normal((3, 400)) * np.array([[1.0], [5.0], [2.0]])

    found = influence(net, X, net.W[1] @ X)

    deviation = X.std(axis=1)
    np.testing.assert_allclose(found.sensitivity, [5.0, 0.0, np.sqrt(2)] * deviation, rtol=1e-12)
    assert found.score == pytest.approx(1.0)
    assert found.order() == [0, 2, 1]
    assert found.importance[1] == 0
    assert found.scoring == "r2"


def test_importance_is_what_shuffling_costs():
    """Of a linear network with independent columns r2 falls by 2 w^2 var / var(y), but for chance."""
    net = linear([[2.0, 1.0]])
    X = np.random.default_rng(1).standard_normal((2, 2000))
    y = net.W[1] @ X

    found = influence(net, X, y, repeats=20)

    part = np.square(net.W[1][0]) * X.var(axis=1) / y.var()
    np.testing.assert_allclose(found.importance, 2 * part, rtol=0.08)


def test_what_is_added_to_all_outputs_of_softmax_counts_for_nothing():
    """A column that raises every z[L] by as much changes no probability, and has no sensitivity."""
    net = Network(
        (2, 3),
        ("softmax",),
        "categorical_cross_entropy",
        Parameters.of([np.array([[1.0, 5.0], [-1.0, 5.0], [0.0, 5.0]])], [np.zeros((3, 1))]),
    )
    X = np.random.default_rng(0).standard_normal((2, 60))

    found = influence(net, X, np.eye(3)[np.argmax(net.W[1] @ X, axis=0)].T)

    assert found.sensitivity[1] == pytest.approx(0.0, abs=1e-12)
    assert found.importance[1] == 0
    assert found.score == 1.0


def test_columns_of_a_model_are_those_of_its_table():
    """A column counts once, however many features it became; what the target is made of counts most."""
    model, frame = mixed_model()

    found = influence(model, frame)

    assert found.names == ("size", "gaps", "colour")
    assert found.order()[:2] == [0, 2]
    assert found.importance[0] > 10 * abs(found.importance[1])
    assert found.score > 0.9
    again = influence(model, frame)
    assert np.array_equal(found.importance, again.importance)


def test_an_estimator_is_scored_by_its_accuracy():
    """The score before is that of `score`."""
    fitted, X, y = classifier()

    found = influence(fitted, X, y)

    assert found.score == pytest.approx(fitted.score(X, y))
    assert found.names == ("x0", "x1", "x2", "x3")
    assert found.scoring == "accuracy"


def test_dependence_is_the_mean_prediction_with_the_column_set():
    """For each value of the grid, by a plain loop over it; in the target's own units."""
    model, frame = mixed_model()

    found = dependence(model, frame, "size", grid=7)

    assert found.outputs == ("price",)
    assert len(found.grid) == 7
    for value, mean in zip(found.grid, found.values[0], strict=True):
        set_to = {**frame, "size": np.full(len(frame["size"]), value)}
        assert mean == pytest.approx(np.mean(model.predict(set_to)), rel=1e-5)


def test_categories_are_taken_one_by_one():
    """The missing one too."""
    model, frame = mixed_model()

    found = dependence(model, frame, "colour")

    assert found.grid == ("green", "red", "missing")
    red = {**frame, "colour": ["red"] * len(frame["size"])}
    assert found.values[0][1] == pytest.approx(np.mean(model.predict(red)), rel=1e-5)
    assert found.values[0][1] > found.values[0][0] + 1


def test_classes_have_a_line_each():
    """The mean probability of each class; the probabilities of one value come to 1."""
    fitted, X, _ = classifier()

    found = dependence(fitted, X, "x1", grid=5)

    assert found.outputs == ("0", "1", "2")
    np.testing.assert_allclose(found.values.sum(axis=0), 1.0)
    middle = X.copy()
    middle[:, 1] = found.grid[2]
    np.testing.assert_allclose(found.values[:, 2], fitted.predict_proba(middle).mean(axis=0))


def test_of_a_long_table_rows_are_looked_at_evenly():
    """At most 2,000, of a wide table fewer; with the score of those rows."""
    net = linear([[1.0, 2.0]])
    wide = network((500, 1), ("identity",))
    X = np.random.default_rng(0).standard_normal((2, 5000))
    noisy = net.W[1] @ X + np.where(np.arange(5000) % 2, 100.0, 0.0)

    found = influence(net, X, noisy)

    rows = np.unique(np.linspace(0, 4999, 2000).round()).astype(int)
    truth = noisy[0, rows]
    off = truth - (net.W[1] @ X)[0, rows]
    assert found.rows == 2000
    assert found.score == pytest.approx(1 - np.sum(off**2) / np.sum((truth - truth.mean()) ** 2))
    assert influence(wide, np.ones((500, 3000)), np.ones((1, 3000)), repeats=1).rows == 800


def test_what_does_not_fit_is_refused():
    """A truth that is missing, a column there is not, rows of another number, a pipeline."""
    net = network((3, 1), ("identity",))
    model, frame = mixed_model()
    X = np.ones((3, 5))

    with pytest.raises(DataError, match="pass y beside X"):
        influence(net, X)
    with pytest.raises(DataError, match="as many rows, got 5 and 4"):
        influence(net, X, np.ones((1, 4)))
    with pytest.raises(DataError, match="no column 'sized': did you mean 'size'"):
        dependence(model, frame, "sized")
    empty = {**frame, "gaps": np.full(len(frame["size"]), np.nan)}
    with pytest.raises(DataError, match="'gaps' has no value"):
        dependence(model, empty, "gaps")


def test_numbers_that_were_categories_in_training_are_so_again():
    """A frame whose kinds differ from training is read as the model itself reads it."""
    random = np.random.default_rng(0)
    code = [str(k) for k in random.integers(0, 3, 90)]
    x = random.standard_normal(90)
    y = [2.0 * (c == "1") + v for c, v in zip(code, x, strict=True)]
    table = {"code": code, "x": x, "y": y}
    chosen = Hyperparameters(hidden=(6,), epochs=40, batch_size=16)
    model = train_table(from_frame(table), Plan(target="y"), chosen).model

    as_words = influence(model, table)
    as_numbers = influence(model, {**table, "code": np.array(code, float)})

    assert as_words.score == as_numbers.score
    np.testing.assert_array_equal(as_words.importance, as_numbers.importance)
