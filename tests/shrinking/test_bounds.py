"""Bounds hold for every input in the box, rounding included, and are those of the data on data."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ellnet.equations.activations import ACTIVATIONS
from ellnet.shrinking.bounds import bounds_in, bounds_on
from ellnet.shrinking.box import Box
from ellnet.shrinking.chain import chain_of
from tests.counts import count
from tests.shrinking.planting import of

HIDDEN = [name for name in ACTIVATIONS if name != "exponential"]
seeds = st.integers(0, 10**6)


def every_z(net, X):
    """Z of every layer."""
    A, found = X, []
    for layer in range(1, net.L + 1):
        found.append(net.W[layer] @ A + net.b[layer])
        A = ACTIVATIONS[net.activations[layer]].value(found[-1])
    return found


def drawn(seed, g):
    """A network of random depth and width, and a box around nothing in particular."""
    random = np.random.default_rng(seed)
    n = (3, *random.integers(1, 6, len(g)).tolist())
    W = [random.normal(0, 2, (n[k + 1], n[k])) for k in range(len(g))]
    b = [random.normal(0, 2, n[k + 1]) for k in range(len(g))]
    ends = np.sort(random.normal(0, 2, (2, 3)), axis=0)
    return of(W, b, g), Box(*ends), random


@settings(max_examples=count(100, 3000))
@given(seeds, st.lists(st.sampled_from(HIDDEN), min_size=1, max_size=4))
def test_no_z_is_beyond_its_bounds(seed, g):
    """Corners and inner points of the box, through all activations."""
    net, box, random = drawn(seed, g)
    along = random.uniform(0, 1, (3, 400))
    along[:, ::2] = np.round(along[:, ::2])
    X = np.clip(box.lower[:, None] + along * (box.upper - box.lower)[:, None], *_ends(box))

    found = bounds_in(chain_of(net), box)

    for Z, each in zip(every_z(net, X), found, strict=True):
        assert np.all(each.lower[:, None] <= Z)
        assert np.all(each.upper[:, None] >= Z)


def _ends(box):
    return box.lower[:, None], box.upper[:, None]


@settings(max_examples=count(60, 1000))
@given(seeds, st.integers(1, 40))
def test_rounding_is_within_the_bounds(seed, inputs):
    """Of sums that cancel, against the corner that is worst, in exact fractions; and not by much."""
    random = np.random.default_rng(seed)
    W = random.normal(size=(1, inputs)) * 10.0 ** random.integers(-8, 9, inputs)
    x = random.normal(size=inputs)
    exact = sum(Fraction(w) * Fraction(v) for w, v in zip(W[0].tolist(), x.tolist(), strict=True))
    net = of([W], [[-float(exact)]], ["identity"])

    ((lower, upper),) = bounds_in(chain_of(net), Box(x, x))

    z = exact - Fraction(float(exact))
    assert Fraction(float(lower[0])) <= z <= Fraction(float(upper[0]))
    assert upper[0] - lower[0] <= 1e-13 * inputs * np.abs(W[0] * x).sum()


def test_sums_without_a_negative_term_are_never_below_zero():
    """Not by rounding either: behind relu, positive weights and no bias are always active."""
    net = of([[[1.0, 2.0]], [[0.3]], [[-0.7]]], [[0.0], [0.0], [0.0]], ["relu", "relu", "relu"])

    found = bounds_in(chain_of(net), Box.everything(2))

    assert found[0].lower[0] == -np.inf
    assert (found[1].lower[0], found[1].upper[0]) == (0.0, np.inf)
    assert (found[2].lower[0], found[2].upper[0]) == (-np.inf, 0.0)


def test_an_input_without_weight_does_not_matter():
    """However far it may go."""
    net = of([[[0.0, 2.0]]], [[1.0]], ["identity"])

    (found,) = bounds_in(chain_of(net), Box(np.array([-np.inf, 0.0]), np.array([np.inf, 1.0])))

    assert np.allclose([found.lower[0], found.upper[0]], [1.0, 3.0], rtol=1e-14)


def test_bounds_on_data_are_the_ends_of_what_is_seen():
    """In every layer."""
    net, _, random = drawn(3, ["relu", "tanh", "identity"])
    X = random.normal(size=(3, 5000))

    found = bounds_on(chain_of(net), X)

    for Z, each in zip(every_z(net, X), found, strict=True):
        assert np.allclose(each.lower, Z.min(axis=1), rtol=1e-13)
        assert np.allclose(each.upper, Z.max(axis=1), rtol=1e-13)
