"""The gradient certificate: right gradients pass, broken ones never do, and kinks are named."""

from dataclasses import replace
from itertools import cycle, product
from typing import NamedTuple

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.certificate import Certificate, certify, digest_of
from ellnet.certificate.analytic import analytic_cost
from ellnet.engines.protocol import Gradients, Mask
from ellnet.engines.recursion import backward, cost_of, forward, penalty_of
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS, outputs_of
from ellnet.errors import CorruptFileError, DivergenceError, ShapeError
from ellnet.network import Network, Parameters, initial_parameters
from tests.counts import count

PAIRS = [(cost, output) for cost in COSTS for output in outputs_of(cost)]
EVERY = count(0, 1) == 1
"""Whether every hidden activation goes with every output and cost, rather than each with some."""

CASES = (
    [(*pair, hidden) for pair, hidden in product(PAIRS, ACTIVATIONS)]
    if EVERY
    else [(*pair, hidden) for pair, hidden in zip(PAIRS, cycle(ACTIVATIONS), strict=False)]
)
N = (3, 5, 5, 3, 2)
M = 6


def network(hidden: str, output: str, cost: str, seed: int = 1, dtype=np.float64) -> Network:
    """A network of four layers; exponentials on exponentials are kept small."""
    g = (hidden, hidden, hidden, output)
    parameters = initial_parameters(N, g, "course", seed, dtype)
    if hidden == "exponential":
        parameters = Parameters.from_arrays([array / 2 for array in parameters.arrays()])
    return Network(N, g, cost, parameters)


def data(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X, one-hot Y and weights."""
    random = np.random.default_rng(seed)
    Y = np.eye(2)[random.integers(0, 2, M)].T
    return random.standard_normal((3, M)), Y, random.random((1, M)) + 0.5


@pytest.mark.parametrize(("cost", "output", "hidden"), CASES, ids="-".join)
def test_every_right_gradient_is_certified(cost, output, hidden):
    """The whole catalogue, with weights and both penalties: below 1e-7, and 1e-10 by complex step."""
    X, Y, w = data()

    found = certify(network(hidden, output, cost), X, Y, w, l2=0.3, l1=0.1)

    differences, step = found.checks
    assert found.passed, str(found)
    assert differences.error < 1e-7
    assert step.error < 1e-10
    assert differences.compared + found.left_out == step.compared == 76


@pytest.mark.parametrize(("cost", "output"), PAIRS, ids="-".join)
def test_the_analytic_cost_is_the_cost(cost, output):
    """Which is written a second time for complex numbers: with real ones both agree."""
    X, Y, w = data()
    net = network("mish", output, cost)
    masks = (None, Mask(np.round(np.random.default_rng(3).random((5, M))), 0.5), None, None)

    found = analytic_cost(
        net, net.parameters.arrays(), Examples(X, Y, w), l2=0.3, l1=0.1, masks=masks
    )

    expected = cost_of(net, forward(net, X, masks), Y, w) + penalty_of(net, M, l2=0.3, l1=0.1)
    assert found.real == pytest.approx(expected, rel=1e-13)
    assert found.imag == 0


class Pass(NamedTuple):
    """A pass through a network, and the right gradient of it."""

    net: Network
    X: np.ndarray
    Y: np.ndarray
    right: Gradients


def _no_mean(at: Pass) -> Parameters:
    return Parameters.from_arrays([M * array for array in at.right.parameters.arrays()])


def _no_slope(at: Pass) -> Parameters:
    dZ = at.net.W[4].T @ at.right.dZ[4]
    W, b = list(at.right.dW), list(at.right.db)
    W[2] = dZ @ forward(at.net, at.X).A[2].T / M
    b[2] = dZ.mean(axis=1, keepdims=True)
    return Parameters.of(W, b)


def _turned(at: Pass) -> Parameters:
    W = list(at.right.dW)
    W[1] = W[1].T
    return Parameters.of(W, at.right.db)


def _sign(at: Pass) -> Parameters:
    return Parameters.from_arrays([-array for array in at.right.parameters.arrays()])


def _gradient_for_weights(at: Pass) -> Parameters:
    cache = forward(at.net, at.X)
    dA = at.right.dW[4].T @ at.right.dZ[4]
    dZ = ACTIVATIONS[at.net.activations[3]].backward(dA, cache.Z[3], cache.A[3])
    W = list(at.right.dW)
    W[2] = dZ @ cache.A[2].T / M
    return Parameters.of(W, at.right.db)


def _one_entry(at: Pass) -> Parameters:
    W = [array.copy() for array in at.right.dW]
    W[0][2, 1] *= 1.0001
    return Parameters.of(W, at.right.db)


def _no_penalty(at: Pass) -> Parameters:
    return backward(at.net, forward(at.net, at.X), at.Y).parameters


def _lost_bias(at: Pass) -> Parameters:
    b = list(at.right.db)
    b[1] = 0 * b[1]
    return Parameters.of(at.right.dW, b)


MUTATIONS = [
    _no_mean,
    _no_slope,
    _turned,
    _sign,
    _gradient_for_weights,
    _one_entry,
    _no_penalty,
    _lost_bias,
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.__name__)
def test_a_broken_backward_is_caught_every_time(mutation):
    """Each of eight mutations, on random networks of every smooth activation and of ReLU."""
    hidden = ("tanh", "sigmoid", "gelu", "silu", "relu")
    for seed in range(count(10, 100)):
        X, Y, _ = data(seed)
        net = network(hidden[seed % 5], "sigmoid", "binary_cross_entropy", seed)
        right = backward(net, forward(net, X), Y, l2=0.4)
        broken = mutation(Pass(net, X, Y, right))
        same = all(
            np.array_equal(one, other)
            for one, other in zip(broken.arrays(), right.parameters.arrays(), strict=True)
        )
        if same:  # all units behind it are silent
            continue

        found = certify(net, X, Y, l2=0.4, gradients=broken)

        assert not found.passed, seed
        assert "WRONG" in str(found)
        assert all(not check.passed for check in found.checks), str(found)


def test_a_wrong_shape_is_named_and_nothing_is_compared():
    """One rule of N3 after the other, with what was found."""
    X, Y, _ = data()
    net = network("tanh", "sigmoid", "binary_cross_entropy")
    right = backward(net, forward(net, X), Y).parameters
    flat = Parameters.of(right.W, [b[:, 0] for b in right.b])

    found = certify(net, X, Y, gradients=flat)

    assert not found.passed
    assert found.checks == ()
    assert [shape.quantity for shape in found.shapes if not shape.passed] == [
        f"db[{layer}]" for layer in range(1, 5)
    ]
    assert "db[1] must have shape (n[1], 1) = (5, 1), got (5,)" in str(found)
    assert len(found.shapes) == 1 + 4 * 7 + 3


def test_kinks_are_named_and_left_out_of_the_differences():
    """An example of zeros puts every ReLU of layer 1 at zero: its biases have no derivative."""
    X, Y, _ = data()
    X[:, 2] = 0.0
    net = network("relu", "sigmoid", "binary_cross_entropy")

    found = certify(net, X, Y)

    assert found.passed, str(found)
    assert {(kink.quantity, kink.example) for kink in found.kinks} >= {("Z[1]", 3)}
    assert found.kinks_found >= 5
    assert found.left_out > 0
    assert "Z[1]_1,3 = 0.0e+00 (relu)" in str(found)
    assert f"less {found.left_out} whose step crosses a kink" in found.checks[0].of


def test_a_gradient_of_almost_nothing_can_be_certified():
    """At a minimum the differences are rounding, and the certificate says so instead of failing."""
    random = np.random.default_rng(0)
    X = random.standard_normal((2, 30))
    Y = np.array([[1.0, -2.0]]) @ X + 0.1 * random.standard_normal((1, 30))
    with_ones = np.vstack([X, np.ones((1, 30))])
    best = np.linalg.lstsq(with_ones.T, Y.T, rcond=None)[0].T
    net = Network(
        (2, 1),
        ("identity",),
        "squared_error",
        Parameters.of([np.ascontiguousarray(best[:, :2])], [best[:, 2:].copy()]),
    )

    found = certify(net, X, Y)

    assert found.passed, str(found)
    assert found.checks[0].error > 1e-7
    assert "rounding alone" in str(found)


def test_a_large_network_is_sampled_and_says_which():
    """Some of each array, and random directions through all parameters."""
    n, g = (60, 90, 30, 4), ("relu", "tanh", "softmax")
    net = Network(n, g, "categorical_cross_entropy", initial_parameters(n, g))
    random = np.random.default_rng(1)
    X, Y = random.standard_normal((60, 8)), np.eye(4)[random.integers(0, 4, 8)].T
    right = certify(net, X, Y)
    wrong = [array.copy() for array in backward(net, forward(net, X), Y).parameters.arrays()]
    wrong[2] = 1.01 * wrong[2]

    found = certify(net, X, Y, gradients=Parameters.from_arrays(wrong))

    assert net.size > 5000
    assert right.passed, str(right)
    assert [check.of.partition(" ")[2].partition(",")[0] for check in right.checks[2:]] == [
        "random directions through all 8"
    ]
    assert right.checks[0].compared < net.size
    assert "some of each W[l] and b[l]" in str(right)
    assert not any(check.passed for check in found.checks)


def test_dropout_masks_are_part_of_what_is_proved():
    """The gradient through a mask, against the cost through the same one."""
    X, Y, _ = data()
    net = network("tanh", "sigmoid", "binary_cross_entropy")
    masks = (None, Mask(np.round(np.random.default_rng(3).random((5, M))), 0.5), None, None)

    assert certify(net, X, Y, masks=masks).passed
    assert not certify(
        net, X, Y, masks=masks, gradients=backward(net, forward(net, X), Y).parameters
    ).passed


def test_the_digest_is_of_the_numbers_and_the_architecture():
    """Not of how they lie in memory; one bit, another activation or precision changes it."""
    net = network("tanh", "sigmoid", "binary_cross_entropy")
    arrays = net.parameters.arrays()
    order = net.with_parameters(Parameters.from_arrays([np.asfortranarray(a) for a in arrays]))
    moved = [array.copy() for array in arrays]
    moved[0][0, 0] = np.nextafter(moved[0][0, 0], 9)
    others = [
        net.with_parameters(Parameters.from_arrays(moved)),
        network("softsign", "sigmoid", "binary_cross_entropy"),
        network("tanh", "sigmoid", "squared_error"),
        network("tanh", "sigmoid", "binary_cross_entropy", dtype=np.float32),
    ]

    assert digest_of(order) == digest_of(net)
    assert len({digest_of(each) for each in (net, *others)}) == 5


def test_a_certificate_goes_through_json_whole():
    """And a field that is missing or unknown is named."""
    X, Y, _ = data()
    net = network("relu", "sigmoid", "binary_cross_entropy", dtype=np.float32)
    X[:, 0] = 0.0
    found = certify(net, X, Y, l2=0.1)
    values = found.to_json()

    assert Certificate.from_json(values) == found
    assert found.belongs_to(net)
    assert not replace(found, digest="0" * 64).belongs_to(net)
    for damaged in (
        {**values, "extra": 1},
        {k: v for k, v in values.items() if k != "seed"},
        {**values, "examples": 1.5},
        {**values, "checks": [{**values["checks"][0], "passed": "yes"}]},
        {**values, "shapes": [{**values["shapes"][0], "found": [1.5]}]},
    ):
        with pytest.raises(CorruptFileError):
            Certificate.from_json(damaged)


def test_what_cannot_be_certified_is_refused():
    """A cost that is not finite, and examples of another shape."""
    X, Y, _ = data()
    net = network("exponential", "identity", "squared_error")
    huge = net.with_parameters(
        Parameters.from_arrays([1e3 * array for array in net.parameters.arrays()])
    )

    with pytest.raises(DivergenceError, match="where the cost is finite"):
        certify(huge, X, Y)
    with pytest.raises(ShapeError, match="the chain of shapes is »X"):
        certify(net, X[:2], Y)
