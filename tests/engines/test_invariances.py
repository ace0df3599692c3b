"""What must not matter: the scale of ReLU units, the order of units and labels, how a batch is cut."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.network import Network, Parameters, initial_parameters

WIDTHS = st.lists(st.integers(1, 9), min_size=2, max_size=5)


def network(n, hidden="relu", seed=0, dtype=np.float64):
    """A classifier with biases that are not zero."""
    g = (hidden,) * (len(n) - 2) + ("softmax",)
    start = initial_parameters(n, g, "course", seed, dtype)
    random = np.random.default_rng(seed)
    b = [random.standard_normal(each.shape).astype(dtype) for each in start.b]
    return Network(n, g, "categorical_cross_entropy", Parameters.of(start.W, b))


def data(n, m, seed=0, dtype=np.float64):
    """Examples for it."""
    random = np.random.default_rng(seed)
    Y = np.eye(n[-1])[random.integers(0, n[-1], m)].T
    return Examples(random.standard_normal((n[0], m)).astype(dtype), Y.astype(dtype))


@given(st.data(), st.sampled_from([np.float32, np.float64]))
def test_scaling_relu_units_by_powers_of_two_leaves_the_bits(draw, dtype):
    """Into a unit times 2^k, out of it times 2^-k: ReLU passes the factor on, and it rounds nothing."""
    n = (4, *draw.draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)), 3)
    net, X = network(n, dtype=dtype), data(n, 5, dtype=dtype).X
    W, b = list(net.W), list(net.b)
    for layer in range(len(n) - 2):
        powers = draw.draw(
            st.lists(st.integers(-10, 10), min_size=n[layer + 1], max_size=n[layer + 1])
        )
        scale = np.ldexp(np.ones(len(powers), dtype), powers)
        W[layer], b[layer] = scale[:, None] * W[layer], scale[:, None] * b[layer]
        W[layer + 1] = W[layer + 1] / scale[None, :]

    scaled = net.with_parameters(Parameters.of(W, b))

    assert engine().predict(scaled, X).tobytes() == engine().predict(net, X).tobytes()


@given(WIDTHS, st.integers(0, 10**6), st.sampled_from(["relu", "tanh", "gelu"]))
def test_the_order_of_hidden_units_does_not_matter(hidden, seed, activation):
    """Outputs, costs and gradients are the same to rounding, the gradients in the new order."""
    n = (4, *hidden, 3)
    net, examples = network(n, activation, seed), data(n, 6, seed)
    orders = [np.random.default_rng(seed + k).permutation(units) for k, units in enumerate(hidden)]
    orders = [np.arange(4), *orders, np.arange(3)]
    W = [W[rows][:, columns] for W, columns, rows in zip(net.W, orders, orders[1:], strict=False)]
    b = [each[rows] for each, rows in zip(net.b, orders[1:], strict=True)]
    other = net.with_parameters(Parameters.of(W, b))
    taken = engine()

    before = taken.backward(net, taken.forward(net, examples.X), examples.Y)
    after = taken.backward(other, taken.forward(other, examples.X), examples.Y)

    assert taken.cost(other, examples) == pytest.approx(taken.cost(net, examples), rel=1e-12)
    for layer, (columns, rows) in enumerate(itertools.pairwise(orders), start=1):
        expected = before.dW[layer][rows][:, columns]
        assert after.dW[layer] == pytest.approx(expected, rel=1e-9, abs=1e-13)


@given(WIDTHS, st.integers(0, 10**6), st.permutations(range(3)))
def test_the_order_of_labels_does_not_matter(hidden, seed, order):
    """Rows of the last layer and of Y in another order: the same cost, the outputs in that order."""
    n = (4, *hidden, 3)
    net, examples, rows = network(n, "tanh", seed), data(n, 6, seed), np.array(order)
    W, b = [*net.W][:-1], [*net.b][:-1]
    L = net.L
    other = net.with_parameters(Parameters.of([*W, net.W[L][rows]], [*b, net.b[L][rows]]))
    taken = engine()

    assert taken.predict(other, examples.X) == pytest.approx(taken.predict(net, examples.X)[rows])
    permuted = Examples(examples.X, examples.Y[rows])
    assert taken.cost(other, permuted) == pytest.approx(taken.cost(net, examples), rel=1e-12)


@given(WIDTHS, st.integers(0, 10**6), st.integers(1, 9), st.booleans())
def test_a_batch_may_be_cut(hidden, seed, first, weighted):
    """Cost and gradients of all are the means of the parts', each by its weight."""
    n = (4, *hidden, 3)
    net, examples = network(n, "tanh", seed), data(n, 10, seed)
    w = np.random.default_rng(seed).random((1, 10)) + 0.1 if weighted else None
    whole = Examples(examples.X, examples.Y, w)
    parts = [whole.part(slice(0, first)), whole.part(slice(first, 10))]
    taken = engine()

    cost, gradients = taken.cost_and_gradients(net, whole)
    pieces = [taken.cost_and_gradients(net, part) for part in parts]

    shares = [part.weight / whole.weight for part in parts]
    assert cost == pytest.approx(sum(s * J for s, (J, _) in zip(shares, pieces, strict=True)))
    for k, array in enumerate(gradients.arrays()):
        joined = sum(s * g.arrays()[k] for s, (_, g) in zip(shares, pieces, strict=True))
        assert array == pytest.approx(joined, rel=1e-9, abs=1e-14)
    one_by_one = np.concatenate([taken.predict(net, examples.X[:, [k]]) for k in range(10)], axis=1)
    assert taken.predict(net, examples.X) == pytest.approx(one_by_one, rel=1e-12)
