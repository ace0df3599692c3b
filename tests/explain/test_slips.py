"""A gradient derived by hand: every classic slip is recognised by its name."""

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines.recursion import backward, forward
from ellnet.errors import ShapeError
from ellnet.explain import diagnose_gradient
from ellnet.explain.slips import SLIPS, Work, derived
from ellnet.network import Network, Parameters, initial_parameters
from tests.counts import count

NETS = count(6, 50)
SMOOTH = ("tanh", "sigmoid", "softplus", "gelu")
FUSED = ("sigmoid", "binary_cross_entropy")
APART = ("sigmoid", "squared_error")

ENDS = {"g' once more at the output": FUSED, "missing g' at the output": APART}
"""The outputs at which a slip is one."""


def example(seed: int, ends: tuple[str, str] = FUSED, *, m: int = 4):
    """A random network of 3 to 5 layers, each as wide as there are examples: every slip's shapes fit."""
    random = np.random.default_rng(seed)
    L, width = int(random.integers(3, 6)), m
    names = [SMOOTH[k] for k in random.permutation(len(SMOOTH))]
    g = (*(names[layer % len(names)] for layer in range(L - 1)), ends[0])
    if g[-2] == g[-1]:
        g = (*g[:-2], "tanh", g[-1])
    n = (width,) * (L + 1)
    parameters = [
        array + 0.3 * random.standard_normal(array.shape)
        for array in initial_parameters(n, g, "course", seed, np.float64).arrays()
    ]
    net = Network(n, g, ends[1], Parameters.from_arrays(parameters))
    Y = np.round(random.random((width, m)))
    return net, random.standard_normal((width, m)), Y


def wrong(slip, net, X, Y, **penalties):
    """The gradient that somebody gets who makes a slip wherever it can be made."""
    cache, examples = forward(net, X), Examples(X, Y)
    layers = [
        layer
        for layer in slip.at(net.L)
        if derived(Work(net, cache, examples, **penalties), {layer: (slip,)}) is not None
    ]
    found = derived(Work(net, cache, examples, **penalties), dict.fromkeys(layers, (slip,)))
    assert found is not None
    return [array for _, array in found.arrays()]


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.name)
def test_every_slip_is_recognised_by_name(slip):
    """On 50 random networks, as the only one, or with what has the very same numbers there."""
    for seed in range(NETS):
        m = 1 if slip.name == "elementwise product for dW" else 4
        net, X, Y = example(seed, ENDS.get(slip.name, FUSED), m=m)
        if m == 1:
            net, X, Y = narrow(seed)
        penalties = {"l2": 0.7, "l1": 0.2}

        found = diagnose_gradient(wrong(slip, net, X, Y, **penalties), net, X, Y, **penalties)

        assert not found.right, seed
        assert slip.name in found.names, (seed, found)
        assert [each.name for each in found.slips] == [slip.name], (seed, found)
        assert slip.right in str(found)


def narrow(seed: int):
    """A network of one width, and a single example."""
    net, X, Y = example(seed, m=4)
    return net, X[:, :1], Y[:, :1]


@pytest.mark.parametrize("seed", range(NETS))
def test_without_keepdims_is_recognised_by_its_shape(seed):
    """A flat db, and one that lies; its numbers are looked at all the same."""
    net, X, Y = example(seed)
    right = list(backward(net, forward(net, X), Y).parameters.arrays())
    flat = [array[:, 0] if k % 2 else array for k, array in enumerate(right)]
    lying = [array.T if k % 2 else array for k, array in enumerate(right)]
    both = [array[:, 0] if k % 2 else array * X.shape[1] for k, array in enumerate(right)]

    found = diagnose_gradient(both, net, X, Y)

    assert diagnose_gradient(flat, net, X, Y).names == ("missing keepdims",)
    assert diagnose_gradient(lying, net, X, Y).names == ("missing keepdims",)
    assert found.names == ("missing keepdims", "missing 1/m in dW")


def uneven(m: int = 6):
    """The notes' own network, whose widths differ."""
    random = np.random.default_rng(8)
    n, g = (3, 5, 5, 3, 1), ("tanh", "softplus", "gelu", "sigmoid")
    net = Network(n, g, "binary_cross_entropy", initial_parameters(n, g, "course", 2, np.float64))
    return net, random.standard_normal((3, m)), np.round(random.random((1, m)))


def test_erratum_1_shows_in_the_shape_where_widths_differ():
    """dZ[L] A[L]^T is (n[L], n[L]), and is recognised; so is dZ[1] A[1]^T."""
    net, X, Y = uneven()
    cache = forward(net, X)
    found = backward(net, cache, Y)
    arrays = list(found.parameters.arrays())
    for layer in (1, 4):
        arrays[2 * layer - 2] = found.dZ[layer] @ cache.A[layer].T / 6

    diagnosis = diagnose_gradient(arrays, net, X, Y)

    assert [(slip.name, slip.layers, slip.erratum) for slip in diagnosis.slips] == [
        ("A[l] in place of A[l-1]", (1, 4), 1)
    ]


def test_erratum_4_of_one_example_in_every_shape_it_comes_in():
    """dz a as a column, flat, and as one number."""
    net, X, Y = uneven(1)
    cache = forward(net, X)
    found = backward(net, cache, Y)
    product = found.dZ[2] * cache.A[1]

    for printed, name in (
        (product, "elementwise product for dW"),
        (product[:, 0], "elementwise product for dW"),
        (np.sum(product), "inner product for dW"),
    ):
        arrays = list(found.parameters.arrays())
        arrays[2] = printed
        slips = diagnose_gradient(arrays, net, X, Y).slips
        assert [(slip.name, slip.layers, slip.erratum) for slip in slips] == [(name, (2,), 4)]


def test_other_shapes_have_names_too():
    """A dW on its side, and a db that was not summed."""
    net, X, Y = uneven()
    found = backward(net, forward(net, X), Y)
    turned, whole = list(found.parameters.arrays()), list(found.parameters.arrays())
    turned[0] = turned[0].T
    whole[3] = found.dZ[2]

    assert diagnose_gradient(turned, net, X, Y).names == ("dW turned on its side",)
    assert diagnose_gradient(whole, net, X, Y).names == ("db not summed",)


def test_a_right_gradient_is_right_in_every_form():
    """As Parameters, as arrays, by name; of float32 too."""
    net, X, Y = uneven()
    found = backward(net, forward(net, X), Y).parameters
    named = {f"d{'Wb'[k % 2]}{k // 2 + 1}": array for k, array in enumerate(found.arrays())}
    coarse = [array.astype(np.float32) for array in found.arrays()]

    for theirs in (found, list(found.arrays()), named, coarse):
        diagnosis = diagnose_gradient(theirs, net, X, Y)
        assert diagnosis.right
        assert "right" in str(diagnosis)


def test_what_has_no_name_is_located():
    """The first array that is wrong, coming from the output, is named with its rule."""
    net, X, Y = uneven()
    arrays = [array.copy() for array in backward(net, forward(net, X), Y).parameters.arrays()]
    arrays[3][2] += 0.5
    arrays[0][1] -= 0.25

    said = str(diagnose_gradient(arrays, net, X, Y))

    assert "db[4], dW[4], db[3], dW[3] are right" in said
    assert "is db[2]" in said
    assert "eq. 6.5" in said


def test_a_shape_that_nothing_explains_shows_the_chain():
    """The culprit is marked among the others."""
    net, X, Y = uneven()
    arrays = list(backward(net, forward(net, X), Y).parameters.arrays())
    arrays[2] = np.zeros((4, 4))

    said = str(diagnose_gradient(arrays, net, X, Y))

    assert "dW[2] must have shape (5, 5), got (4, 4)" in said
    assert "→ »dW[2] (4, 4)« ✗ →" in said


def test_an_incomplete_gradient_is_refused():
    """By count and by name."""
    net, X, Y = uneven()

    with pytest.raises(ShapeError, match="two arrays for each of the L = 4 layers"):
        diagnose_gradient([np.zeros((5, 3))], net, X, Y)
    with pytest.raises(ShapeError, match=r"lacks db\[1\], dW\[2\]"):
        diagnose_gradient({"dW1": np.zeros((5, 3))}, net, X, Y)


def test_two_slips_at_once_are_both_named():
    """The mean forgotten and the slope forgotten."""
    net, X, Y = uneven()
    slips = {slip.name: slip for slip in SLIPS}
    both = (slips["missing 1/m"], slips["missing g'"])
    work = Work(net, forward(net, X), Examples(X, Y))
    found = derived(work, {1: both, 2: both, 3: both, 4: both[:1]})
    assert found is not None

    diagnosis = diagnose_gradient([array for _, array in found.arrays()], net, X, Y)

    assert {slip.name for slip in diagnosis.slips} == {"missing 1/m", "missing g'"}
