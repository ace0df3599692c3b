"""Which examples drive a unit, and which units do nothing."""

import warnings

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ellnet import MLPClassifier, MLPRegressor
from ellnet.engines.recursion import forward
from ellnet.errors import DataError, ShapeError
from ellnet.explain.responses_subject import (
    history_of,
    inputs_of,
    names_of,
    picture_shape,
    targets_of,
)
from ellnet.explain.responses_units import activations_of, drivers, unit_health
from ellnet.network import Network, Parameters
from tests.explain.subjects import classifier, mixed_model, network


def test_the_examples_are_those_with_the_largest_and_smallest_z():
    """Largest first, smallest first, by z[l] as one forward pass gives it."""
    net = network((4, 5, 3), ("relu", "identity"))
    X = np.random.default_rng(0).standard_normal((4, 50))

    found = drivers(net, X, 1, [2, 5], count=3)

    for k, unit in enumerate((2, 5)):
        z = forward(net, X).Z[1][unit - 1]
        assert found.most[k].tolist() == np.argsort(-z)[:3].tolist()
        assert found.least[k].tolist() == np.argsort(z)[:3].tolist()
        np.testing.assert_array_equal(found.z_most[k], np.sort(z)[::-1][:3])
        np.testing.assert_array_equal(found.z_least[k], np.sort(z)[:3])


def test_of_equals_the_first_is_named():
    """The same example many times over is named from the top."""
    net = network((2, 3), ("identity",))

    found = drivers(net, np.ones((2, 10)), 1, count=4)

    assert found.most[0].tolist() == found.least[0].tolist() == [0, 1, 2, 3]


def test_many_examples_are_as_few():
    """Examples that are propagated in several parts give what one pass gives."""
    net = network((3, 4, 2), ("tanh", "identity"))
    X = np.random.default_rng(0).standard_normal((3, 9001))

    np.testing.assert_allclose(activations_of(net, X, 1), forward(net, X).A[1], rtol=1e-12)
    np.testing.assert_allclose(
        activations_of(net, X, 2, before=True), forward(net, X).Z[2], rtol=1e-12
    )


def layer_of(activation, W, b):
    """A network of one hidden layer with such weights."""
    W, b = np.array(W, float), np.array(b, float)[:, None]
    return Network(
        (W.shape[1], len(W), 1),
        (activation, "identity"),
        "squared_error",
        Parameters.of([W, np.ones((1, len(W)))], [b, np.zeros((1, 1))]),
    )


X_LINE = np.linspace(-1.0, 1.0, 101)[None, :]


@pytest.mark.parametrize("g", ["relu", "elu", "gelu", "silu", "softplus"])
def test_a_unit_that_never_has_a_slope_is_dead(g):
    """One that has a slope on a single example is not; a leaky rectifier always has one."""
    net = layer_of(g, [[1.0], [1.0], [30.0]], [0.0, -60.0, -29.0])

    first, output = unit_health(net, X_LINE)

    assert first.dead == (2,)
    assert first.saturated == ()
    assert first.active[1] == 0
    assert first.active[0] > 0.4
    assert output.dead == ()
    assert unit_health(layer_of("leaky_relu", [[1.0]], [-60.0]), X_LINE)[0].dead == ()


@pytest.mark.parametrize("g", ["sigmoid", "tanh", "softsign", "hard_sigmoid"])
def test_a_unit_at_a_flat_end_is_saturated(g):
    """On nearly all examples, at either end or at both; a unit that moves is not."""
    net = layer_of(g, [[1.0], [1.0], [-1.0], [2000.0]], [0.0, 40.0, -40.0, 0.0])

    found = unit_health(net, X_LINE)[0]

    assert found.saturated == (2, 3, 4)
    assert found.dead == ()
    assert found.units == 4


def test_every_subject_gives_the_rows_of_its_network():
    """A pipeline transforms them, a Model finds its columns, a frame has the estimator's columns."""
    pandas = pytest.importorskip("pandas")
    fitted, X, _ = classifier()
    piped = make_pipeline(StandardScaler().fit(X), fitted)
    model, frame = mixed_model()

    np.testing.assert_array_equal(inputs_of(fitted, X), X.T)
    np.testing.assert_array_equal(inputs_of(fitted, pandas.DataFrame(X)), X.T)
    np.testing.assert_array_equal(inputs_of(piped, X), piped[:-1].transform(X).T)
    np.testing.assert_array_equal(inputs_of(model, frame), model.inputs(frame).T)
    with pytest.raises(DataError, match=r"X must have shape \(m, 4\)"):
        inputs_of(fitted, X.T)
    with pytest.raises(ShapeError, match=r"X = A\[0\]"):
        inputs_of(fitted.network_, X)


def test_targets_are_those_of_training():
    """One-hot for classes, one row for two of them, standardised for a Model."""
    fitted, X, y = classifier()
    two, _, labels = classifier(classes=2)
    model, frame = mixed_model()

    np.testing.assert_array_equal(targets_of(fitted, y), np.eye(3)[y].T)
    np.testing.assert_array_equal(targets_of(two, labels), labels[None, :])
    scaled = (frame["price"] - model.target.mean) / model.target.scale
    np.testing.assert_allclose(targets_of(model, frame), scaled[None, :], atol=1e-12)
    assert X.shape[0] == len(y)
    with pytest.raises(DataError, match=r"got .*9.* in row 1"):
        targets_of(fitted, np.array([0, 9]))


def test_names_and_histories_come_along():
    """Of a Model, of an estimator; a Network alone has neither, and says so of its history."""
    fitted, _, _ = classifier()
    model, _ = mixed_model()

    assert names_of(fitted).outputs == ("0", "1", "2")
    assert names_of(model).inputs == model.preprocessing.feature_names
    assert names_of(model).outputs == ("price",)
    assert history_of(fitted).costs == pytest.approx(fitted.loss_curve_)
    assert history_of(model) is model.history
    with pytest.raises(DataError, match="has no history"):
        history_of(model.network)


def test_a_square_without_names_is_an_image():
    """Eight pixels a side or more; a shape that is given has to have as many pixels."""
    square, odd = network((64, 2), ("identity",)), network((60, 2), ("identity",))

    assert picture_shape(square) == (8, 8)
    assert picture_shape(odd) is None
    assert picture_shape(odd, (6, 10)) == (6, 10)
    with pytest.raises(DataError, match=r"8 x 8 pixels needs n\[0\] = 64"):
        picture_shape(odd, (8, 8))


def test_a_regressor_and_a_pipeline_are_looked_at_too():
    """The outputs of a regressor are the target's own; a pipeline's rows go through its steps first."""
    random = np.random.default_rng(0)
    X = random.standard_normal((80, 3)) * [1.0, 50.0, 0.1]
    y = X @ np.array([[1.0, 0.0], [0.02, 0.1], [3.0, 1.0]])
    scaler = StandardScaler().fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = MLPRegressor(hidden_layer_sizes=(5,), max_iter=5, random_state=0).fit(
            scaler.transform(X), y
        )
    piped = make_pipeline(scaler, fitted)

    np.testing.assert_array_equal(targets_of(piped, y), y.T)
    np.testing.assert_allclose(activations_of(piped, X, 2).T, piped.predict(X))
    assert drivers(piped, X, 2, [2]).most[0, 0] == np.argmax(piped.predict(X)[:, 1])


def test_a_frame_in_another_order_is_refused():
    """An estimator that was trained with names does not take one column for another."""
    pandas = pytest.importorskip("pandas")
    _, X, y = classifier()
    frame = pandas.DataFrame(X, columns=list("abcd"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        named = MLPClassifier((4,), max_iter=2, random_state=0).fit(frame, y)

    np.testing.assert_array_equal(inputs_of(named, frame), X.T)
    with pytest.raises(DataError, match="columns of training in their order, a, b, c, d, got d"):
        inputs_of(named, frame[list("dcba")])


def test_arrays_of_another_library_are_taken_over():
    """A network of array-api-strict's arrays gives the numbers of the same in NumPy."""
    xp = pytest.importorskip("array_api_strict")
    net = network((3, 4, 2), ("tanh", "identity"))
    X = np.random.default_rng(0).standard_normal((3, 20))
    other = net.with_parameters(net.parameters.like(xp.asarray([0.0])))

    np.testing.assert_array_equal(
        activations_of(other, xp.asarray(X), 2), activations_of(net, X, 2)
    )
    assert other._repr_html_() == net._repr_html_()
