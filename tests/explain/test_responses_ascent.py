"""The input that drives a unit most: ascent against closed forms, differences and a grid."""

import numpy as np
import pytest

from ellnet.engines.recursion import forward
from ellnet.errors import DataError, LayerError
from ellnet.explain.responses_ascent import driving_inputs, input_gradients
from ellnet.network import Parameters
from tests.explain.subjects import classifier, mixed_model, network


def z_of(net, layer, unit, A):
    """z[l] of one unit, numbered from 1, on inputs (n[0], m)."""
    return forward(net, A).Z[layer][unit - 1]


@pytest.mark.parametrize("g", ["tanh", "sigmoid", "gelu", "softplus"])
@pytest.mark.parametrize("layer", [1, 2, 3])
def test_the_gradient_of_the_input_is_that_of_differences(g, layer):
    """For every unit of every layer, central differences of z[l] in each input agree."""
    net = network((4, 5, 3, 2), (g, g, "identity"), seed=layer)
    x = np.random.default_rng(1).standard_normal((4, 1))
    step = 1e-6 * np.eye(4)

    for unit in range(1, net.n[layer] + 1):
        dZ = np.zeros((net.n[layer], 1))
        dZ[unit - 1] = 1.0
        found = input_gradients(net, forward(net, x), dZ, layer)[:, 0]
        ahead, behind = (z_of(net, layer, unit, x + sign * step) for sign in (1, -1))
        np.testing.assert_allclose(found, (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-8)


def test_at_the_first_layer_the_maximum_itself_is_found():
    """It is norm W[1]_u / |W[1]_u| from the middle, and no other input in the ball does better."""
    net = network((7, 4, 2), ("relu", "identity"))

    found = driving_inputs(net, 1, norm=2.5)

    W = net.W[1]
    length = np.linalg.norm(W, axis=1)
    np.testing.assert_allclose(found.inputs, 2.5 * (W / length[:, None]).T, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.values, 2.5 * length + net.b[1][:, 0], rtol=1e-12)


def test_a_network_without_kinks_is_climbed_as_one_matrix():
    """Of identities the product of the weights points the way, at any depth, around any middle."""
    net = network((6, 5, 4, 3), ("identity",) * 3)
    X = np.random.default_rng(2).standard_normal((6, 40)) + 3.0

    found = driving_inputs(net, 3, X=X)

    path = net.W[3] @ net.W[2] @ net.W[1]
    centre = X.mean(axis=1, keepdims=True)
    norm = np.median(np.linalg.norm(X - centre, axis=0))
    expected = centre + norm * (path / np.linalg.norm(path, axis=1)[:, None]).T
    np.testing.assert_allclose(found.inputs, expected, rtol=1e-8, atol=1e-8)
    assert found.norm == pytest.approx(norm)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("g", ["tanh", "relu"])
def test_no_place_of_a_fine_grid_drives_a_unit_much_more(g, seed):
    """In two dimensions the whole disk is searched; what ascent finds is at least as high."""
    net = network((2, 6, 5, 1), (g, g, "identity"), seed=seed)
    X = np.random.default_rng(seed).standard_normal((2, 100))

    found = driving_inputs(net, 3, X=X)

    angle, radius = np.meshgrid(np.linspace(0, 2 * np.pi, 361), np.linspace(0, found.norm, 60))
    disk = found.centre + np.stack(
        [(radius * np.cos(angle)).ravel(), (radius * np.sin(angle)).ravel()]
    )
    heights = z_of(net, 3, 1, disk)
    assert found.values[0] >= heights.max() - 0.01 * np.ptp(heights)


def test_it_is_inside_the_ball_and_above_where_it_began():
    """Above the middle, and above every example of the ball, for each unit of a rectifier network."""
    net = network((9, 12, 8, 3), ("relu", "relu", "softmax"), cost="categorical_cross_entropy")
    X = np.random.default_rng(3).standard_normal((9, 200))

    found = driving_inputs(net, 2, X=X)

    off = np.linalg.norm(found.inputs - found.centre, axis=0)
    inside = X[:, np.linalg.norm(X - found.centre, axis=0) <= found.norm]
    Z = forward(net, inside).Z[2]
    assert np.all(off <= found.norm * (1 + 1e-12))
    assert np.all(found.values >= Z.max(axis=1) - 1e-9)
    assert found.values == pytest.approx(
        np.diag(forward(net, found.inputs).Z[2][: len(found.units)])
    )


def test_a_unit_without_slope_stays_where_it_is():
    """Where every path is asleep there is nowhere to climb, and no division by 0."""
    net = network((3, 4, 2), ("relu", "identity"))
    asleep = Parameters.of(net.W, [np.full((4, 1), -1e6), net.b[2]])

    found = driving_inputs(net.with_parameters(asleep), 2)

    assert np.all(np.isfinite(found.inputs))
    np.testing.assert_allclose(found.values, net.b[2][:, 0])


def test_every_subject_is_climbed_as_its_network():
    """An estimator, a pipeline of it, and a Model give what their network gives on the same A[0]."""
    fitted, X, _ = classifier()
    model, frame = mixed_model()

    by_estimator = driving_inputs(fitted, 2, [3, 1], X=X)
    by_network = driving_inputs(fitted.network_, 2, [3, 1], X=X.T)
    by_model = driving_inputs(model, 1, X=frame)

    assert np.array_equal(by_estimator.inputs, by_network.inputs)
    assert by_estimator.units == (3, 1)
    again = driving_inputs(model.network, 1, X=model.inputs(frame).T)
    assert np.array_equal(by_model.inputs, again.inputs)


def test_what_cannot_be_climbed_is_refused():
    """With the rule, what came, and the numbers there are."""
    net = network((3, 4, 2), ("relu", "identity"))

    with pytest.raises(LayerError, match=r"1\.\.2"):
        driving_inputs(net, 3)
    with pytest.raises(DataError, match=r"from 1 to n\[1\] = 4, got 5"):
        driving_inputs(net, 1, [5])
    with pytest.raises(DataError, match=r"norm must be a number above 0, got 0"):
        driving_inputs(net, 1, norm=0)
    with pytest.raises(DataError, match=r"must be a Network, a Model, .* got str"):
        driving_inputs("net", 1)
