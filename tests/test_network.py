"""Network: names, shapes, and the refusals of the notes (N1, N3)."""

import numpy as np
import pytest

from ellnet.equations.initializers import INITIALIZERS
from ellnet.errors import DataError, HyperparameterError, LayerError, ShapeError
from ellnet.network import Layers, Network, Parameters, initial_parameters
from ellnet.randomness import Stream, generator

N = (3, 5, 5, 3, 1)
ACTIVATIONS = ("relu", "tanh", "leaky_relu", "sigmoid")


def notes_network() -> Network:
    """The notes' running example."""
    return Network(N, ACTIVATIONS, "binary_cross_entropy")


def test_layers_count_from_1_and_the_input_is_not_counted():
    """L, n[l], W[l] and b[l] of the running example."""
    net = notes_network()

    assert net.L == 4
    assert net.n[0] == 3
    assert [net.W[layer].shape for layer in range(1, 5)] == [(5, 3), (5, 5), (3, 5), (1, 3)]
    assert [net.b[layer].shape for layer in range(1, 5)] == [(5, 1), (5, 1), (3, 1), (1, 1)]
    assert net.size == 20 + 30 + 18 + 4
    assert net.largest_layer == 25
    assert Network((7, 1), ("sigmoid",), "binary_cross_entropy").L == 1


def test_layer_0_is_refused_with_the_reason():
    """The input has no weights of its own; nor has any layer above L."""
    net = notes_network()

    with pytest.raises(LayerError, match=r"W\[0\] does not exist: .*1\.\.4; layer 0 is the input"):
        net.W[0]
    with pytest.raises(LayerError, match=r"b\[5\] does not exist: layers are numbered 1\.\.4$"):
        net.b[5]
    with pytest.raises(IndexError):
        net.W[-1]


def test_the_table_of_shapes_is_the_notes_own():
    """N3 for m = 10 examples, row by row."""
    rows = {row.quantity: row.shape for row in notes_network().shapes(10)}

    assert rows == {
        "X = A[0]": (3, 10),
        "W[1], dW[1]": (5, 3),
        "b[1], db[1]": (5, 1),
        "Z[1], A[1], dZ[1], dA[1]": (5, 10),
        "W[2], dW[2]": (5, 5),
        "b[2], db[2]": (5, 1),
        "Z[2], A[2], dZ[2], dA[2]": (5, 10),
        "W[3], dW[3]": (3, 5),
        "b[3], db[3]": (3, 1),
        "Z[3], A[3], dZ[3], dA[3]": (3, 10),
        "W[4], dW[4]": (1, 3),
        "b[4], db[4]": (1, 1),
        "Z[4], A[4], dZ[4], dA[4]": (1, 10),
    }


def altered(name: str, layer: int, shape: tuple[int, int]) -> Parameters:
    """The running example's parameters with one array of another shape."""
    parameters = notes_network().parameters
    W, b = list(parameters.W), list(parameters.b)
    (W if name == "W" else b)[layer - 1] = np.zeros(shape)
    return Parameters.of(W, b)


@pytest.mark.parametrize(
    ("name", "layer", "shape", "message"),
    [
        ("W", 2, (5, 4), r"W\[2\] must have shape \(n\[2\], n\[1\]\) = \(5, 5\), got \(5, 4\)"),
        ("W", 1, (3, 5), r"W\[1\] must have shape \(n\[1\], n\[0\]\) = \(5, 3\), got \(3, 5\)"),
        ("b", 3, (1, 3), r"b\[3\] must have shape \(n\[3\], 1\) = \(3, 1\), got \(1, 3\)"),
        ("b", 4, (2, 1), r"b\[4\] must have shape \(n\[4\], 1\) = \(1, 1\), got \(2, 1\)"),
    ],
)
def test_wrong_shapes_are_refused_by_quantity_layer_and_both_shapes(name, layer, shape, message):
    """N3's own refusal."""
    with pytest.raises(ShapeError, match=message):
        Network(N, ACTIVATIONS, "binary_cross_entropy", altered(name, layer, shape))


def test_wrong_inputs_and_targets_are_refused():
    """X must be (n[0], m), Y must be (n[L], m)."""
    net = notes_network()

    with pytest.raises(ShapeError, match=r"X = A\[0\] must have shape .* = \(3, 7\), got \(4, 7\)"):
        net.check_input(np.zeros((4, 7)))
    with pytest.raises(ShapeError, match=r"one example a column, got \(3,\)"):
        net.check_input(np.zeros(3))
    with pytest.raises(
        ShapeError, match=r"Y must have shape \(n\[4\], m\) = \(1, 7\), got \(7, 1\)"
    ):
        net.check_target(np.zeros((7, 1)), 7)


@pytest.mark.parametrize(
    ("n", "activations", "cost", "message"),
    [
        ((3,), (), "squared_error", "at least one layer"),
        ((3, 0, 1), ("relu", "identity"), "squared_error", r"n\[1\] must be a whole number"),
        ((3, 2.5, 1), ("relu", "identity"), "squared_error", r"n\[1\] .* got 2.5"),
        ((True, 1), ("identity",), "squared_error", r"n\[0\] .* got True"),
        ((3, 2, 1), ("relu",), "squared_error", "one activation for each of the L = 2 layers"),
        ((3, 2, 1), ("relux", "identity"), "squared_error", r"g\[1\] must be one of relu"),
        ((3, 1), ("identity",), "mse", "cost must be one of"),
        ((3, 1), ("relu",), "binary_cross_entropy", "does not go with"),
    ],
)
def test_what_is_no_network_is_refused(n, activations, cost, message):
    """The message names the layer and the rule."""
    with pytest.raises(HyperparameterError, match=message):
        Network(n, activations, cost)


def test_a_missing_layer_of_parameters_is_refused():
    """There is one array for each layer."""
    short = Parameters.of(list(notes_network().W)[:3], list(notes_network().b))

    with pytest.raises(
        ShapeError, match="W must have one array for each of the L = 4 layers, got 3"
    ):
        Network(N, ACTIVATIONS, "binary_cross_entropy", short)


@pytest.mark.parametrize(
    ("doubled", "found"),
    [
        (("W",), r"float64 in W\[1\], W\[2\] and float32 in b\[1\], b\[2\]"),
        (("b2",), r"float32 in W\[1\], b\[1\], W\[2\] and float64 in b\[2\]"),
        (("W2", "b2"), r"float32 in W\[1\], b\[1\] and float64 in W\[2\], b\[2\]"),
    ],
)
def test_parameters_of_two_precisions_are_refused_by_layer(doubled, found):
    """Within a layer and between layers; the sentence says which W and b have which."""
    chosen = initial_parameters((3, 2, 1), ("relu", "identity"))
    arrays = [
        array.astype(np.float64) if {name[0], name} & set(doubled) else array
        for name, array in zip(("W1", "b1", "W2", "b2"), chosen.arrays(), strict=True)
    ]

    with pytest.raises(
        DataError, match=f"must have one precision, got {found}; convert them to one, such as"
    ):
        Network((3, 2, 1), ("relu", "identity"), "squared_error", Parameters.from_arrays(arrays))


def test_the_layers_of_a_deep_network_are_not_all_listed():
    """The first four of each precision, and how many more there are."""
    n, g = (2,) * 9, ("relu",) * 8
    single, double = (initial_parameters(n, g, dtype=dtype) for dtype in (np.float32, np.float64))

    with pytest.raises(
        DataError,
        match=r"float32 in W\[1\], W\[2\], W\[3\], W\[4\] and 4 more and float64 in b\[1\]",
    ):
        Network(n, g, "squared_error", Parameters(single.W, double.b))


def test_initial_weights_are_random_and_biases_zero():
    """Every layer draws its own numbers, from the seed alone, the same in every precision."""
    first = initial_parameters(N, ACTIVATIONS, seed=3, dtype=np.float64)
    again = initial_parameters(N, ACTIVATIONS, seed=3, dtype=np.float32)
    other = initial_parameters(N, ACTIVATIONS, seed=4, dtype=np.float64)

    assert first.W[2].astype(np.float32).tolist() == again.W[2].tolist()
    assert again.W[2].dtype == np.float32
    assert first.W[2].tolist() != other.W[2].tolist()
    assert first.W[2][:3, :3].tolist() != first.W[3][:3, :3].tolist()
    assert all(not np.any(b) for b in first.b)


@pytest.mark.parametrize(
    ("initialization", "names"),
    [("auto", ("he", "glorot", "he", "glorot")), ("course", ("course",) * 4)],
)
def test_each_layer_has_the_initializer_that_suits_its_own_activation(initialization, names):
    """`auto` looks at g[l] layer by layer; a name serves them all."""
    W = initial_parameters(N, ACTIVATIONS, initialization, seed=8, dtype=np.float64).W

    for layer, name in enumerate(names, start=1):
        random = generator(8, Stream.INITIAL_WEIGHTS, layer=layer)
        drawn = INITIALIZERS[name](N[layer], N[layer - 1], random)
        assert W[layer].tolist() == drawn.tolist()


def test_parameters_come_apart_and_together():
    """W[1], b[1], W[2], ... in order, and back."""
    parameters = initial_parameters(N, ACTIVATIONS)

    arrays = parameters.arrays()
    back = Parameters.from_arrays(arrays)

    assert [a.shape for a in arrays[:4]] == [(5, 3), (5, 1), (5, 5), (5, 1)]
    assert all(a is b for a, b in zip(arrays, back.arrays(), strict=True))
    assert not any(np.any(a) for a in parameters.zeros().arrays())


def test_layers_are_a_sequence_of_their_own():
    """They are compared and shown by value, with their numbers."""
    layers = Layers(["a", "b"], "g")

    assert repr(layers) == "g[1: 'a', 2: 'b']"
    assert layers == Layers(("a", "b"))
    assert list(layers) == ["a", "b"]
    assert repr(notes_network()).startswith("Network(n=(3, 5, 5, 3, 1), activations=('relu',")


def test_a_softmax_of_one_unit_is_refused():
    """It is always 1, and its cross-entropy always 0: there would be nothing to learn."""
    with pytest.raises(
        HyperparameterError, match=r"softmax over one output unit is always 1.*sigmoid"
    ):
        Network((3, 1), ("softmax",), "categorical_cross_entropy")
