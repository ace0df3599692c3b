"""The linear part of a layer: as few units as its function needs, and the same outputs."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ellnet.equations.rectifiers import SELU_SLOPE
from ellnet.shrinking import shrink
from tests.counts import count
from tests.shrinking.planting import Garden, corners_and_inside, of, outputs

RAMPS = ["relu", "leaky_relu", "elu", "selu"]


def with_linear_part(n, straight, g, seed=0):
    """A hidden layer of units that bend in the box and units that do not; and the network."""
    garden = Garden(n, (g, "identity"), seed)
    for _ in range(straight):
        garden._new(0, garden.random.normal(size=n[0]), 6.0 * n[0])
    return garden.shuffled().network()


@settings(max_examples=count(40, 1000))
@given(
    st.tuples(st.integers(1, 6), st.integers(3, 5), st.integers(1, 6)),
    st.integers(0, 9),
    st.sampled_from(RAMPS),
    st.integers(0, 10**6),
)
@example((2, 3, 3), 6, "relu", 0)
@example((3, 3, 2), 6, "leaky_relu", 0)
@example((3, 3, 3), 6, "selu", 0)
def test_as_few_units_as_needed_are_left(n, straight, g, seed):
    """The smaller of the number of inputs and of units behind; where there are no more all stay."""
    inputs, bent, last = n
    bent = 1 if inputs == 1 else bent  # of one input every unit is a multiple of another
    net = with_linear_part((inputs, bent, last), straight, g, seed)
    X = corners_and_inside(inputs)

    found = shrink(net, X)

    enough = min(inputs, last)
    assert found.network.n == (inputs, bent + min(straight, enough), last)
    assert found.removed("linear") == max(0, straight - enough)
    assert {step.holds for step in found.steps} <= {"box"}
    expected = outputs(net, X)
    size = np.abs(expected).max(axis=1, keepdims=True)
    assert np.all(np.abs(outputs(found.network, X) - expected) <= 1e-12 * size)
    again = shrink(found.network, X)
    assert again.steps == ()


def test_the_units_are_named_and_counted():
    """Those that do the work, and those that go."""
    net = with_linear_part((3, 3, 1), 4, "selu")

    found = shrink(net, corners_and_inside(3))

    (step,) = found.steps
    assert (step.kind, step.layer, step.holds, len(step.units)) == ("linear", 1, "box", 3)
    assert step.sentence.startswith(
        "layer 1: 4 units are linear for every input in the box, as they stay on straight stretches of "
        "selu; 1 of them, with other weights, does the work of all, and units "
    )
    (column,) = np.flatnonzero(np.isclose(found.network.W[2][0], 1 / SELU_SLOPE))
    assert found.network.b[1][column, 0] > 0


def test_behind_tanh_it_holds_for_every_input():
    """Since that comes to -1 and 1 at most."""
    garden = Garden((3, 4, 3, 1), ("tanh", "relu", "identity"))
    for _ in range(3):
        garden._new(1, garden.random.normal(size=4), 20.0)
    net, X = garden.network(), 1000 * corners_and_inside(3)

    found = shrink(net)

    assert found.network.n == (3, 4, 4, 1)
    assert {step.holds for step in found.steps} == {"every input"}
    assert np.allclose(outputs(found.network, X), outputs(net, X), rtol=1e-12)


def test_either_side_of_a_leaky_unit_counts():
    """Units that are always below zero are linear too, with another slope."""
    garden = Garden((4, 3, 1), ("leaky_relu", "identity"))
    for bias in (30.0, -30.0, 20.0):
        garden._new(0, garden.random.normal(size=4), bias)
    net, X = garden.network(), corners_and_inside(4)

    found = shrink(net, X)

    assert found.network.n == (4, 4, 1)
    assert np.allclose(outputs(found.network, X), outputs(net, X), rtol=1e-12)


def test_without_a_lower_bound_they_stay():
    """Positive weights behind relu are linear for every input, their difference has no least value."""
    W = [np.eye(2), [[1.0, 2.0], [2.0, 1.0], [1.0, -1.0]], [[1.0, -1.0, 1.0]]]
    net = of(W, [[0.0, 0.0], [0.0, 0.0, 0.0], [0.0]], ["relu", "relu", "identity"])
    X = corners_and_inside(2)

    everywhere, in_box = shrink(net), shrink(net, X)

    assert everywhere.steps == ()
    assert in_box.network.n == (2, 2, 2, 1)
    assert np.allclose(outputs(in_box.network, X), outputs(net, X), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("g", ["tanh", "softplus", "hard_sigmoid"])
def test_other_activations_are_left_alone(g):
    """That are never straight, or not from zero on."""
    net = with_linear_part((3, 3, 1), 4, g)

    found = shrink(net, corners_and_inside(3))

    assert found.removed("linear") == 0
