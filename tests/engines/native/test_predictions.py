"""A prediction has the same bits in whatever company it is made."""

import itertools
from collections.abc import Iterator
from typing import Literal

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import native
from ellnet.engines.coverage import ACTIVATION_NUMBERS
from ellnet.network import Network, Parameters, initial_parameters
from tests.counts import count
from tests.engines.every_engine import TARGETS
from tests.engines.native.running import BEST, THREADS, on_target

NETWORKS = {
    "one unit": ((1, 1), ("sigmoid",)),
    "lanes": ((3, 5, 5, 3, 1), ("relu", "tanh", "gelu", "identity")),
    "widest lanes": ((16, 16, 16), ("mish", "softmax")),
    "tiles": ((17, 33, 20, 7), ("softmax", "selu", "softmax")),
    "panels": ((70, 64, 65, 10), ("leaky_relu", "softplus", "softmax")),
    "one input": ((1, 130, 1), ("elu", "exponential")),
}
Order = Literal["C", "F"]

SIZES = (1, 1, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 257)
"""Of the parts that examples are cut into; up to eight go another way, from weights input by input."""

M = 600


def network(kind: str, dtype: type, order: Order = "C", activation: str = "") -> Network:
    """A network with weights row by row ("C") or column by column ("F") in memory.

    Exponentials upon exponentials overflow, and the bits of what is no number are promised to nobody:
    their weights are small.
    """
    n, g = NETWORKS[kind]
    g = (*((activation,) * (len(g) - 1)), g[-1]) if activation else g
    start = initial_parameters(n, g, "course", 1, dtype)
    random, scale = np.random.default_rng(0), dtype(0.1 if activation == "exponential" else 1.0)
    b = [scale * random.standard_normal(each.shape).astype(dtype) for each in start.b]
    parameters = Parameters.of(
        [np.array(scale * W, order=order) for W in start.W],
        [np.array(each, order=order) for each in b],
    )
    return Network(n, g, "squared_error", parameters)


def inputs(net: Network, dtype: type) -> np.ndarray:
    """M examples, one a column, one after another in memory."""
    X = np.random.default_rng(1).standard_normal((M, net.n[0])) * 2
    return X.astype(dtype).T


def parts(seed: int) -> Iterator[slice]:
    """Cut the examples into parts of sizes at random, from 0 to M."""
    random, at = np.random.default_rng(seed), 0
    while at < M:
        size = int(random.choice(SIZES))
        yield slice(at, min(at + size, M))
        at += size


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", NETWORKS)
def test_how_examples_are_cut_changes_no_bit(kind, dtype, target):
    """One by one, few and many together, with weights in either order: the bits of the whole."""
    net = network(kind, dtype)
    X = inputs(net, dtype)
    whole, calls = native.predict(net, X), 0
    others = [network(kind, dtype, "C"), network(kind, dtype, "F")]
    enough = count(300, 10**5 // (2 * len(NETWORKS)) + 1)

    for seed in itertools.count():
        for part in parts(seed):
            with on_target(target):
                found = native.predict(others[seed % 2], X[:, part])
            calls += 1

            assert found.tobytes() == whole[:, part].tobytes(), (part, calls)
        if calls >= enough:
            return


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_one_by_one_is_all_at_once(kind, order):
    """Every single example, alone."""
    net = network(kind, np.float32, order)
    X = inputs(net, np.float32)

    alone = np.concatenate([native.predict(net, X[:, [i]]) for i in range(M)], axis=1)

    assert alone.tobytes() == np.ascontiguousarray(native.predict(net, X)).tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATION_NUMBERS)
@pytest.mark.parametrize("kind", ["lanes", "tiles"])
def test_every_target_and_number_of_threads_gives_the_same_bits(kind, activation, dtype):
    """Of all at once, of few, and of one."""
    net = network(kind, dtype, "F", activation)
    X = inputs(net, dtype)
    with on_target(BEST):
        whole = native.predict(net, X)
        expected = whole.tobytes()
        threaded = {native.predict(net, X, n_threads=k).tobytes() for k in THREADS}

    assert threaded == {expected}
    assert np.all(np.isfinite(whole))
    for target in TARGETS:
        with on_target(target):
            assert native.predict(net, X).tobytes() == expected, target
            for part in (slice(0, 1), slice(3, 8)):
                few = native.predict(net, X[:, part])
                assert few.tobytes() == whole[:, part].tobytes(), (target, part)


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_cost_has_the_same_bits_on_every_target_and_number_of_threads(kind):
    """Losses are added chunk by chunk, whoever made them."""
    net = network(kind, np.float32)
    X = inputs(net, np.float32)
    random = np.random.default_rng(2)
    examples = Examples(X, random.standard_normal((net.n[-1], M)), random.random((1, M)))
    found = set()

    for target in TARGETS:
        with on_target(target):
            found |= {native.cost(net, examples, n_threads=k) for k in THREADS[:4]}

    assert len(found) == 1
    assert all(np.isfinite(cost) for cost in found)


def test_a_wide_layer_is_predicted_and_trained():
    """65,536 units, the most that there may be, agree with the same sums in NumPy."""
    n, g = (2, 65536, 2), ("relu", "identity")
    net = Network(n, g, "squared_error", initial_parameters(n, g, "course", 1, np.float64))
    X = np.random.default_rng(0).standard_normal((2, 10))

    found = native.predict(net, X)

    hidden = np.maximum(net.W[1] @ X + net.b[1], 0)
    assert found == pytest.approx(net.W[2] @ hidden + net.b[2], rel=1e-10)
    assert native.predict(net, X[:, :3]).tobytes() == found[:, :3].tobytes()
