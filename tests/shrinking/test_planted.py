"""What is planted into a healthy network is found, all of it and nothing else, and outputs stay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ellnet.shrinking import shrink
from tests.counts import count
from tests.shrinking.planting import HEALTHY, Garden, corners_and_inside, outputs, planted

OUTPUTS = ["identity", "sigmoid", "softmax", "tanh"]
TWINS = ["equal", "multiple", "negative"]

few = st.integers(0, 2)
layers = st.tuples(
    st.integers(3, 8), st.sampled_from(HEALTHY), few, few, few, st.sampled_from(TWINS)
)
nets = st.tuples(
    st.integers(2, 5),
    st.lists(layers, min_size=1, max_size=4),
    st.integers(2, 4),
    st.sampled_from(OUTPUTS),
    st.integers(0, 10**6),
)


def same(net, smaller, X):
    """Outputs are equal to 1e-12 of their size."""
    expected = outputs(net, X)
    size = np.abs(expected).max(axis=1, keepdims=True)
    return bool(np.all(np.abs(outputs(smaller, X) - expected) <= 1e-12 * size))


@settings(max_examples=count(30, 1000))
@given(nets)
def test_what_is_planted_is_found(drawn):
    """Silent units, constants and twins in every layer, whatever the activations; all for every input."""
    inputs, hidden, last, output, seed = drawn
    n = (inputs, *(layer[0] for layer in hidden), last)
    g = (*(layer[1] for layer in hidden), output)
    garden = planted(n, g, seed, [layer[2:] for layer in hidden])
    net, X = garden.network(), corners_and_inside(inputs)

    found = shrink(net, X)

    assert {kind: found.removed(kind) for kind in garden.planted} == garden.planted
    assert found.network.n == n
    assert {step.holds for step in found.steps} <= {"every input"}
    assert (found.proof.inputs, found.proof.examples) == (10_000, 10_000)
    assert found.proof.relative <= 1e-12
    assert same(net, found.network, X)
    assert same(net, found.network, 30 * X)


@settings(max_examples=count(20, 500))
@given(nets)
def test_nothing_goes_from_a_healthy_network(drawn):
    """Which is given back itself; the sentence says that nothing could go."""
    inputs, hidden, last, output, seed = drawn
    n = (inputs, *(layer[0] for layer in hidden), last)
    net = Garden(n, (*(layer[1] for layer in hidden), output), seed).network()

    found = shrink(net, corners_and_inside(inputs, 500))

    assert found.steps == ()
    assert found.network is net
    assert found.kept == ()
    assert found.proof.largest == 0
    assert found.summary().startswith("nothing can go from ")


@pytest.mark.parametrize("seed", range(4))
def test_linear_layers_are_multiplied_out(seed):
    """Identity layers at the front, in the middle and at the end, several in a row."""
    garden = Garden((4, 6, 5, 3), ("tanh", "relu", "identity"), seed)
    garden.linear(0)
    garden.linear(0)
    garden.linear(3)
    garden.linear(5 - 1)
    net, X = garden.network(), corners_and_inside(4)

    found = shrink(net, X)

    assert found.network.n == (4, 6, 5, 3)
    assert tuple(found.network.activations) == ("tanh", "relu", "identity")
    assert [step.kind for step in found.steps] == ["linear"] * 4
    assert same(net, found.network, X)


@pytest.mark.parametrize("g", ["relu", "leaky_relu", "selu", "elu", "hard_sigmoid"])
def test_a_layer_that_is_straight_in_the_box_is_multiplied_out(g):
    """Every unit always above zero, or within the straight stretch; outside of the box outputs differ."""
    garden = Garden((3, 5, 4, 2), (g, "tanh", "identity"))
    garden.W[0] *= 0.1
    garden.b[0][:] = 0.3 if g == "hard_sigmoid" else 2.0
    net, X = garden.network(), corners_and_inside(3)

    found = shrink(net, X)

    (step,) = found.steps
    assert (step.kind, step.layer, step.holds, step.units) == ("linear", 1, "box", (1, 2, 3, 4, 5))
    assert found.network.n == (3, 4, 2)
    assert same(net, found.network, X)
    assert not same(net, found.network, 1000 * X)
    assert shrink(net).steps == ()


def test_leaky_units_on_either_side_are_straight():
    """One always above zero, one always below: slopes 1 and 0.01."""
    garden = Garden((3, 4, 2), ("leaky_relu", "identity"))
    garden.b[0] = np.array([5.0, -5.0, 5.0, -5.0])
    net, X = garden.network(), corners_and_inside(3)

    found = shrink(net, X)

    assert found.network.n == (3, 2)
    assert found.network.L == 1
    assert same(net, found.network, X)


def test_never_active_units_are_dead_in_the_box_alone():
    """In the first layer, since other inputs may reach them; behind tanh for every input."""
    garden = Garden((3, 4, 4, 2), ("relu", "tanh", "identity"))
    garden.never_active(0)
    net, X = garden.network(), corners_and_inside(3)
    behind = Garden((3, 4, 4, 2), ("tanh", "relu", "identity"))
    behind.never_active(1)

    found, later = shrink(net, X), shrink(behind.network(), X)

    assert [(s.kind, s.layer, s.units, s.holds) for s in found.steps] == [("dead", 1, (5,), "box")]
    assert [(s.kind, s.layer, s.units, s.holds) for s in later.steps] == [
        ("dead", 2, (5,), "every input")
    ]
    assert shrink(net).steps == ()
    assert len(shrink(behind.network()).steps) == 1
    assert same(net, found.network, X)
    assert not same(net, found.network, 100 * X)
    assert same(behind.network(), later.network, 100 * X)


def test_what_data_alone_never_wake_goes_only_if_they_are_trusted():
    """On the diagonal x1 = x2 a unit of x1 - x2 - 0.1 is never active; in the box it may be."""
    garden = Garden((2, 4, 2), ("relu", "identity"))
    garden.b[0][:] = 0.0
    garden._new(0, [1.0, -1.0], -0.1)
    net = garden.network()
    X = np.tile(np.linspace(-1, 1, 101), (2, 1))

    found, trusting = shrink(net, X), shrink(net, X, trust_data=True)

    assert found.steps == ()
    assert "trust_data takes them out" in found.kept[0]
    assert "layer 1: on the examples given 1 unit passes on the same number" in found.kept[0]
    assert [(s.kind, s.units, s.holds) for s in trusting.steps] == [("dead", (5,), "data")]
    assert (trusting.proof.inputs, trusting.proof.examples) == (101, 101)
    assert trusting.proof.holds == "data"
    assert "for the examples given, and perhaps for no others" in trusting.proof.argument
    assert same(net, trusting.network, X)
    assert not same(net, trusting.network, corners_and_inside(2))


def test_saturation_is_constant_only_where_it_is_exact():
    """A hard sigmoid beyond 3 is 1 to the bit; a sigmoid at 40 is not said to be."""
    garden = Garden((3, 4, 2), ("hard_sigmoid", "identity"))
    garden.b[0][2] = 60.0
    soft = Garden((3, 4, 2), ("sigmoid", "identity"))
    soft.b[0][2] = 60.0
    X = corners_and_inside(3)

    found = shrink(garden.network(), X)

    assert [(s.kind, s.units, s.holds) for s in found.steps] == [("constant", (3,), "box")]
    assert same(garden.network(), found.network, X)
    assert shrink(soft.network(), X).steps == ()


def test_one_step_leads_to_the_next():
    """Twins whose weights out cancel are dead once merged, and so is what fed them alone."""
    garden = Garden((3, 4, 4, 2), ("tanh", "tanh", "identity"))
    garden._new(1, [0.0, 0.0, 0.0, 0.7], 0.0, np.array([1.0, -2.0]))
    garden._new(1, [0.0, 0.0, 0.0, 0.7], 0.0, np.array([-1.0, 2.0]))
    garden.W[1][:4, 3] = 0.0
    net, X = garden.network(), corners_and_inside(3)

    found = shrink(net, X)

    kinds = [(step.kind, step.layer, step.units) for step in found.steps]
    assert kinds == [("twin", 2, (6,)), ("dead", 2, (5,)), ("dead", 1, (4,))]
    assert found.network.n == (3, 3, 4, 2)
    assert same(net, found.network, X)
