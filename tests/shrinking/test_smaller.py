"""Networks of every make go through shrinking, or are refused in a sentence."""

import array_api_strict
import numpy as np
import pytest
import scipy.sparse

from ellnet.errors import DataError, DivergenceError, HyperparameterError, ShapeError
from ellnet.network import Network, Parameters
from ellnet.shrinking import Box, shrink
from tests.shrinking.planting import Garden, corners_and_inside, of, outputs


def small(dtype=np.float64, **options):
    """A network with a silent unit, a constant one and a twin."""
    garden = Garden((3, 5, 4, 2), ("relu", "tanh", "identity"))
    garden.twin(0)
    garden.silent(0)
    garden.constant(1)
    return of(garden.W, garden.b, garden.g, dtype=dtype, **options)


def test_one_layer_has_nothing_to_lose():
    """And is told so."""
    net = of([[[1.0, 2.0]]], [[0.5]], ["identity"])

    found = shrink(net, np.ones((2, 3)))

    assert found.network is net
    assert "it has one layer, and so no hidden unit" in found.summary()
    assert found.proof.argument == "nothing was changed"


def test_what_was_done_is_told_in_order():
    """Layer, units and inputs by name; sizes, argument and figures in the summary."""
    found = shrink(small(), corners_and_inside(3, 100))

    assert [step.sentence for step in found.steps] == [
        "layer 1: unit 7 feeds nothing, with weights out of 0; dropped for every input",
        "layer 2: unit 5 is constant, with weights in of 0; folded into the next bias for every input",
        "layer 1: 1 unit is a twin for every input, and merged: 6 = 1",
    ]
    summary = found.summary()
    assert summary.startswith(
        "3 → 7 → 5 → 2 (80 parameters) became 3 → 5 → 4 → 2 (54 parameters); "
    )
    assert "3 steps are right for every input; on 10,000 inputs (100 given, 9,900 drawn)" in summary
    assert (found.before.size, found.network.size, found.layers) == (80, 54, (1, 2, 3))


def test_the_network_that_came_is_left_as_it_was():
    """And the same again gives the same bits."""
    net, X = small(), corners_and_inside(3, 100)
    kept = [array.copy() for array in net.parameters.arrays()]

    first, second = shrink(net, X), shrink(net, X)

    assert all(map(np.array_equal, kept, net.parameters.arrays()))
    pairs = zip(first.network.parameters.arrays(), second.network.parameters.arrays(), strict=True)
    assert all(a.tobytes() == b.tobytes() for a, b in pairs)
    assert first.proof == second.proof


def test_cost_and_options_stay():
    """With the output's activation."""
    found = shrink(small(cost="huber", cost_options={"threshold": 0.3}))

    net = found.network
    assert (net.cost, net.cost_options["threshold"]) == ("huber", 0.3)
    assert tuple(net.activations) == ("relu", "tanh", "identity")


def test_precision_stays_and_both_figures_are_told():
    """Calculated in float64, returned in float32."""
    found = shrink(small(np.float32), corners_and_inside(3).astype(np.float32))

    assert {array.dtype for array in found.network.parameters.arrays()} == {np.dtype(np.float32)}
    assert found.proof.relative <= 1e-12
    assert found.proof.dtype == "float32"
    assert 0 < found.proof.relative_cast < 1e-5
    assert "and calculated in float32 by" in found.proof.sentence


def test_arrays_of_other_libraries_come_back_as_they_came():
    """Parameters and examples."""
    net = small()
    arrays = [array_api_strict.asarray(array) for array in net.parameters.arrays()]
    strict = net.with_parameters(Parameters.from_arrays(arrays))
    X = corners_and_inside(3, 50)

    found = shrink(strict, array_api_strict.asarray(X))

    assert type(found.network.W[1]) is type(arrays[0])
    assert np.array_equal(np.asarray(found.network.W[2]), shrink(net, X).network.W[2])


def test_sparse_examples_are_taken_as_they_are():
    """With the same box, steps and figures."""
    X = corners_and_inside(3, 5000)
    X[np.abs(X) < 0.4] = 0.0
    X[1] = np.abs(X[1])
    garden = Garden((3, 4, 2), ("relu", "identity"))
    garden.never_active(0)
    net = garden.network()

    dense, sparse = shrink(net, X), shrink(net, scipy.sparse.csc_array(X))

    assert sparse.steps == dense.steps
    assert len(dense.steps) == 1
    assert np.array_equal(sparse.box.lower, dense.box.lower)
    assert sparse.proof == dense.proof
    assert sparse.box.lower[1] >= 0


@pytest.mark.parametrize("g", ["relu", "tanh", "softmax"])
def test_where_all_of_a_layer_is_idle_a_constant_is_left(g):
    """Whatever stands before and behind: one layer with weights 0, and the outputs that there were."""
    garden = Garden((3, 5, 4, 4, 2), ("tanh", g, "sigmoid", "softmax"))
    garden.W[1][:] = 0.0
    net, X = garden.network(cost="categorical_cross_entropy"), corners_and_inside(3, 1000)

    found = shrink(net, X)

    assert found.network.n == (3, 2)
    assert found.layers == (4,)
    assert not found.network.W[1].any()
    assert [step.kind for step in found.steps][-1] == "collapsed"
    assert (
        "the network is one: its output layer is left, with weights 0" in found.steps[-1].sentence
    )
    assert np.allclose(outputs(found.network, X), outputs(net, X), rtol=1e-14, atol=0)


def test_a_constant_network_never_grows():
    """With many inputs and outputs one hidden unit is kept, and nothing more goes after it."""
    garden = Garden((50, 3, 3, 40), ("tanh", "tanh", "identity"))
    garden.W[2][:] = 0.0
    net, X = garden.network(), corners_and_inside(50, 500)

    found = shrink(net, X)

    assert found.network.n == (50, 1, 40)
    assert found.network.size < net.size
    assert "one hidden unit with weights 0 is left" in found.steps[-1].sentence
    assert np.array_equal(outputs(found.network, X), outputs(net, X))
    again = shrink(found.network, X)
    assert (again.steps, again.network) == ((), found.network)


def test_a_bottleneck_is_kept_unless_asked():
    """A linear layer that is narrower than its neighbours has fewer parameters than the product."""
    garden = Garden((8, 9, 4), ("tanh", "identity"))
    garden.linear(1, units=2)
    net, X = garden.network(), corners_and_inside(8)

    kept, asked = shrink(net, X), shrink(net, X, fewer_layers=True)

    assert kept.steps == ()
    (sentence,) = kept.kept
    assert sentence.startswith("layer 2 is linear for every input and kept: multiplied out with ")
    assert sentence.endswith(
        "layer 3 it would have 40 parameters instead of 32; fewer_layers does it all the same"
    )
    assert (asked.network.n, asked.network.size) == ((8, 9, 4), net.size + 8)
    assert "which makes 8 parameters more" in asked.steps[0].sentence
    assert np.allclose(outputs(asked.network, X), outputs(net, X), rtol=1e-12)


def test_a_product_of_the_same_size_is_taken():
    """It has a layer less."""
    net = of([[[1.0, 2.0]], [[3.0], [1.0], [-1.0]]], [[0.5], [1.0, 0.0, 0.0]], ["identity"] * 2)

    found = shrink(net)

    assert (net.size, found.network.size, found.network.n) == (9, 9, (2, 3))
    assert found.network.W[1].tolist() == [[3.0, 6.0], [1.0, 2.0], [-1.0, -2.0]]
    assert found.network.b[1].tolist() == [[2.5], [0.5], [-0.5]]
    assert "which makes as many parameters and a layer fewer" in found.steps[0].sentence


def test_units_of_a_softmax_depend_on_one_another():
    """None goes alone: not a silent one, not a twin, not one without weights in."""
    garden = Garden((3, 5, 3), ("softmax", "identity"))
    garden.twin(0)
    garden.silent(0)
    garden.constant(0)

    found = shrink(garden.network(), corners_and_inside(3, 100))

    assert found.steps == ()


def test_output_units_stay():
    """Twins, constants and units below zero among them."""
    W = [[[1.0, -1.0], [1.0, 1.0]], [[1.0, -2.0], [1.0, -2.0], [0.0, 0.0]]]
    net = of(W, [[0.1, 0.2], [0.0, 0.0, -5.0]], ["tanh", "relu"])

    found = shrink(net, corners_and_inside(2, 100))

    assert found.steps == ()


def test_a_constant_goes_into_a_softmax_layer():
    """It is a bias like any other."""
    garden = Garden((3, 4, 3, 2), ("tanh", "softmax", "identity"))
    garden.constant(0)
    net, X = garden.network(), corners_and_inside(3, 1000)

    found = shrink(net, X)

    assert found.removed("constant") == 1
    assert np.allclose(outputs(found.network, X), outputs(net, X), rtol=1e-13)


def test_linear_units_that_are_affine_twins_merge():
    """Of an identity any multiple, of either sign, whatever the bias."""
    garden = Garden((9, 2, 4, 2), ("identity", "tanh", "identity"))
    garden._new(0, -1.7 * garden.W[0][1], 0.9)
    net, X = garden.network(), corners_and_inside(9)

    found = shrink(net, X)

    assert [(step.kind, step.layer, step.units) for step in found.steps] == [("twin", 1, (3,))]
    assert "3 = " in found.steps[0].sentence
    assert "-1.7 times 2" in found.steps[0].sentence
    assert found.kept[0].startswith("layer 1 is linear for every input and kept")
    assert np.allclose(outputs(found.network, X), outputs(net, X), rtol=1e-12, atol=1e-12)


def test_exact_and_rounded_twins_are_told_apart():
    """3 times a weight of few digits is exact; 2.5 times one of many is not."""
    garden = Garden((3, 4, 2), ("relu", "identity"))
    garden.W[0][0], garden.b[0][0] = [0.5, -0.25, 1.0], 0.125
    garden._new(0, 3 * garden.W[0][0], 3 * garden.b[0][0])
    exact = shrink(garden.network())
    garden._new(0, garden.W[0][1] / 3, garden.b[0][1] / 3)
    rounded = shrink(garden.network())

    assert [(step.units, step.exact) for step in exact.steps] == [((5,), True)]
    assert "5 = 3 times 1" in exact.steps[0].sentence
    assert [(step.units, step.exact) for step in rounded.steps] == [((5, 6), False)]
    assert "1 of them to the last digits of float64" in rounded.proof.argument


def test_near_twins_and_near_dead_units_stay():
    """What is near is not the same: a part in 10^12 of a weight."""
    garden = Garden((3, 4, 2), ("tanh", "identity"))
    garden._new(0, garden.W[0][0] * (1 + 1e-12), garden.b[0][0])
    garden._new(0, [0.7, -0.2, 0.4], 0.1, np.array([1e-30, 0.0]))
    garden._new(0, [1e-30, 0.0, 0.0], 0.3)

    assert shrink(garden.network(), corners_and_inside(3, 100)).steps == ()


@pytest.mark.parametrize("g", ["tanh", "elu", "silu", "softplus", "sigmoid"])
def test_multiples_are_twins_only_where_the_activation_scales(g):
    """Of a curve twice the weights are something else."""
    garden = Garden((3, 4, 2), (g, "identity"))
    garden._new(0, 2 * garden.W[0][0], 2 * garden.b[0][0])

    assert shrink(garden.network(), corners_and_inside(3, 100)).steps == ()


@pytest.mark.parametrize("g", ["relu", "leaky_relu", "elu", "gelu", "softplus"])
def test_negatives_are_twins_only_where_the_activation_is_symmetric(g):
    """Of a rectifier the other side is something else."""
    garden = Garden((3, 4, 2), (g, "identity"))
    garden._new(0, -garden.W[0][0], -garden.b[0][0])

    assert shrink(garden.network(), corners_and_inside(3, 100)).steps == ()


def test_hidden_outputs_that_overflow_are_left_out_of_the_comparison():
    """And counted; without a single finite output there is nothing to say."""
    garden = Garden((2, 3, 2), ("exponential", "identity"))
    garden.W[0] *= 150.0
    garden.silent(0)
    net, X = garden.network(), 5 * corners_and_inside(2)
    above = of([[[1.0]], [[1.0]]], [[800.0], [0.0]], ["exponential", "identity"])

    found = shrink(net, X)

    assert 0 < found.proof.left_out < 10_000
    assert found.proof.inputs + found.proof.left_out == 10_000
    assert f"on {found.proof.left_out:,} more the network had no finite outputs" in found.summary()
    constant = of([[[0.0]], [[1.0]]], [[800.0], [0.0]], ["exponential", "identity"])
    for net in (above, constant):
        with pytest.raises(ArithmeticError, match="outputs must be finite to be compared"):
            shrink(net, np.ones((1, 5)))


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"X": np.ones((4, 5))}, ShapeError, r"X = A\[0\] must have shape"),
        ({"X": np.ones((3, 0))}, DataError, "must hold at least one example, got none"),
        ({"X": np.full((3, 2), np.nan)}, DataError, "got nan for input 1 of example 1"),
        ({"trust_data": True}, HyperparameterError, "trust_data needs the examples"),
        (
            {"box": Box(np.zeros(2), np.ones(2))},
            ShapeError,
            r"each of the n\[0\] = 3 inputs, got 2",
        ),
        (
            {"X": np.full((3, 2), 2.0), "box": Box(np.zeros(3), np.ones(3))},
            DataError,
            "all examples must lie in the box",
        ),
        (
            {"X": np.full((3, 2), -2.0), "box": Box(np.zeros(3), np.ones(3))},
            DataError,
            "all examples must lie in the box",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(change, error, sentence):
    """In a sentence that says what came."""
    with pytest.raises(error, match=sentence):
        shrink(small(), **change)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_parameters_that_are_not_finite_are_refused(bad):
    """By layer."""
    net = small()
    net.W[2][0, 1] = bad

    with pytest.raises(
        DivergenceError, match=r"W\[2\] must hold finite numbers, got 1 that are not"
    ):
        shrink(net)


def test_a_box_must_hold_something():
    """Ends in order, one for each input."""
    with pytest.raises(DataError, match=r"got 2.0 and 1.0 for input 2"):
        Box(np.array([0.0, 2.0]), np.array([1.0, 1.0]))
    with pytest.raises(DataError, match=r"got nan and 1.0 for input 1"):
        Box(np.array([np.nan]), np.array([1.0]))
    with pytest.raises(ShapeError, match="for each input"):
        Box(np.zeros(2), np.ones(3))


def test_a_box_may_be_given_without_examples():
    """All inputs that are tried are drawn then."""
    garden = Garden((3, 4, 2), ("relu", "identity"))
    garden.never_active(0)
    net = garden.network()

    found = shrink(net, box=Box(-np.ones(3), np.ones(3), "what the sensors give"))

    assert found.removed("dead") == 1
    assert (found.proof.inputs, found.proof.examples) == (10_000, 0)
    assert "every input in the box (what the sensors give)" in found.summary()


def test_a_network_of_initial_weights_keeps_all_of_them():
    """Biases of 0, relu, as training begins."""
    net = Network((20, 64, 32, 5), ("relu", "relu", "softmax"), "categorical_cross_entropy")
    X = np.random.default_rng(0).normal(size=(20, 300))

    found = shrink(net, X)

    assert found.steps == ()
    assert found.network is net
