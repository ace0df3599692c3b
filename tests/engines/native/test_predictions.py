"""A prediction has the same bits in whatever company it is made."""

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ellnet.batches import Examples
from ellnet.engines import native
from ellnet.engines.coverage import ACTIVATION_NUMBERS
from ellnet.network import Network, Parameters, initial_parameters
from tests.counts import count
from tests.engines.every_engine import TARGETS
from tests.engines.native.pieces import NETWORKS, M, inputs, network, parts
from tests.engines.native.running import BEST, THREADS, on_target


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


def lying_at(A: NDArray[Any], offset: int) -> NDArray[Any]:
    """Copy a matrix input by input to `offset` bytes behind a line of the cache."""
    room = np.zeros(A.nbytes + 128, np.uint8)
    begin = -room.ctypes.data % 64 + offset
    there = room[begin : begin + A.nbytes].view(A.dtype).reshape(A.shape[::-1]).T
    there[...] = A
    return there


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("offset", [0, 8, 16, 40, 56])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [(20, 256, 160, 3), (300, 1000, 40, 1), (17, 16, 1), (5, 129, 33, 2)])
def test_few_examples_have_the_bits_of_many_wherever_their_weights_lie(n, dtype, offset, target):
    """One to eight rows, on one thread and on two: weights may begin in the midst of a line."""
    g = (*("relu", "tanh")[: len(n) - 2], "softmax" if n[-1] > 1 else "sigmoid")
    drawn = initial_parameters(n, g, "course", 3, np.dtype(dtype))
    arrays = [lying_at(each, offset) for each in drawn.arrays()]
    cost = "categorical_cross_entropy" if n[-1] > 1 else "binary_cross_entropy"
    net = Network(n, g, cost, Parameters.from_arrays(arrays))
    X = np.random.default_rng(1).standard_normal((n[0], 20)).astype(dtype)

    with on_target(target):
        whole = native.predict(net, X)
        for rows in range(1, 9):
            for n_threads in (1, 2):
                few = native.predict(net, X[:, :rows], n_threads=n_threads)

                assert few.tobytes() == whole[:, :rows].tobytes(), (rows, n_threads)


@pytest.mark.parametrize("offset", [0, 2])
def test_what_is_written_to_a_network_is_seen_by_the_next_prediction(offset):
    """Parameters stay open between calls, and a copy of those that lie across boundaries does not."""
    n, g = (3, 20, 1), ("relu", "identity")
    drawn = initial_parameters(n, g, seed=1, dtype=np.float32)
    net = Network(
        n,
        g,
        "squared_error",
        Parameters.from_arrays([lying_at(each, offset) for each in drawn.arrays()]),
    )
    X = np.ones((3, 4), np.float32)
    before = native.predict(net, X)

    net.b[2][...] += 1.0
    after = native.predict(net, X)
    net.parameters = drawn
    again = native.predict(net, X)

    assert after == pytest.approx(before + 1.0, abs=1e-5)
    assert again.tobytes() == before.tobytes()


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
