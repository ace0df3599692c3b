"""Arrays are read in whatever form they come, to the same bits, and are left as they were."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ellnet.batches import Examples
from ellnet.engines import Run, native
from ellnet.errors import DataError, HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.state import TrainingState
from tests.counts import count
from tests.engines.native.layouts import KINDS, LAYOUTS

SHAPES = {"lanes": (5, 7, 3), "tiles": (19, 40, 3)}
M = 45


def network(n: tuple[int, ...], dtype: type) -> Network:
    """A classifier."""
    g = ("relu", "softmax")
    return Network(n, g, "categorical_cross_entropy", initial_parameters(n, g, "course", 1, dtype))


def trained(net: Network, examples: Examples, l2: float = 0.1) -> tuple[Run, list[bytes]]:
    """A run of two epochs, and its bits."""
    chosen = Hyperparameters(batch_size=16, learning_rate=0.01, l2=l2)
    state = TrainingState.start(net.parameters, 2, 0)
    ran = native.run(net, state, chosen, examples, examples, epochs=2)
    groups = (ran.state.parameters, *ran.state.moments)
    return ran, [array.tobytes() for group in groups for array in group.arrays()]


def whole_numbers(n: int, m: int, kind: str, seed: int) -> np.ndarray:
    """Numbers that every kind can hold: 0 and 1, or up to 100."""
    random = np.random.default_rng(seed)
    return random.integers(0, 2 if kind == "bool" else 101, (n, m)).astype(kind)


@settings(max_examples=count(60, 3000))
@given(
    st.sampled_from([*SHAPES]),
    st.sampled_from([np.float32, np.float64]),
    st.tuples(*(st.sampled_from(KINDS) for _ in range(3))),
    st.lists(st.sampled_from([*LAYOUTS]), min_size=3, max_size=3),
)
def test_the_form_of_an_array_changes_no_bit(path, dtype, kinds, layouts):
    """X, Y and w in each kind and layout: the bits of plain ones, and not a byte of them is changed."""
    n = SHAPES[path]
    net = network(n, dtype)
    X, Y, w = (
        whole_numbers(rows, M, kind, k)
        for k, (rows, kind) in enumerate(zip((n[0], n[-1], 1), kinds, strict=True))
    )
    plain = Examples(*(each.astype(dtype) for each in (X, Y, w)))
    given_ = [LAYOUTS[name](each) for name, each in zip(layouts, (X, Y, w), strict=True)]
    before = [each.tobytes() for each in given_]

    expected, numbers = trained(net, plain)
    found, other = trained(net, Examples(*given_))

    assert other == numbers
    assert (found.costs, found.validation_costs) == (expected.costs, expected.validation_costs)
    assert native.cost(net, Examples(*given_)) == native.cost(net, plain)
    assert native.predict(net, given_[0]).tobytes() == native.predict(net, plain.X).tobytes()
    assert [each.tobytes() for each in given_] == before


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("path", SHAPES)
def test_numbers_with_digits_are_rounded_to_the_network_s_precision(path, layout, dtype):
    """Those of the other precision are converted as NumPy converts them, in every layout."""
    net = network(SHAPES[path], dtype)
    X = np.random.default_rng(0).standard_normal((SHAPES[path][0], M))
    for kind in (np.float32, np.float64):
        given_ = LAYOUTS[layout](X.astype(kind))

        found = native.predict(net, given_)

        expected = native.predict(net, np.ascontiguousarray(X.astype(kind).astype(dtype)))
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("few", [3, M])
def test_parameters_in_any_layout_are_read_right_or_refused(layout, few):
    """The weights' own layout changes no bit either; other byte orders are the array engine's."""
    net = network(SHAPES["tiles"], np.float32)
    X = np.random.default_rng(0).standard_normal((19, few))
    arrays = [LAYOUTS[layout](array) for array in net.parameters.arrays()]
    other = net.with_parameters(Parameters.from_arrays(arrays))

    if layout in {"other bytes", "memory-mapped", "subclass"}:
        with pytest.raises(HyperparameterError, match="parameters are NumPy arrays of float32"):
            native.predict(other, X)
        return
    found = native.predict(other, X)

    assert found.tobytes() == native.predict(net, X).tobytes()


@pytest.mark.parametrize("path", SHAPES)
def test_no_example_gives_no_output_and_cannot_train(path):
    """Zero columns in, zero columns out; learning from none is refused."""
    net = network(SHAPES[path], np.float32)
    X = np.zeros((net.n[0], 0), np.float32)

    assert native.predict(net, X).shape == (3, 0)
    with pytest.raises(DataError, match="at least one example"):
        Examples(X, X[:3])


@pytest.mark.parametrize("path", SHAPES)
def test_one_example_a_batch_of_all_and_no_epochs(path):
    """One example trains; a batch larger than m is m; 0 epochs leave the state as it is."""
    net = network(SHAPES[path], np.float32)
    X = np.random.default_rng(0).standard_normal((net.n[0], 3))
    Y = np.eye(3)
    state = TrainingState.start(net.parameters, 2, 0)
    large, full = Hyperparameters(batch_size=10**6), Hyperparameters(batch_size="full")

    one = native.run(net, state, large, Examples(X[:, :1], Y[:, :1]), epochs=3)
    ends = [native.run(net, state, each, Examples(X, Y), epochs=3) for each in (large, full)]
    none = native.run(net, state, large, Examples(X, Y), epochs=0)

    assert one.state.step == 3
    assert one.costs[2] < one.costs[0]
    assert ends[0].costs == ends[1].costs
    assert none.state is state
    assert none.costs == ()


@pytest.mark.parametrize("scale", [1e-300, 1e-40, 1e-20, 1.0, 1e20, 1e300])
@pytest.mark.parametrize("path", SHAPES)
def test_only_the_proportions_of_weights_count(path, scale):
    """Without a penalty weights of any size, too small or large for a float32, train the same network."""
    net = network(SHAPES[path], np.float32)
    random = np.random.default_rng(0)
    X, Y = random.standard_normal((net.n[0], M)), np.eye(3)[random.integers(0, 3, M)].T
    w = random.integers(1, 4, (1, M)).astype(float)

    plain, _ = trained(net, Examples(X, Y, w), l2=0.0)
    other, _ = trained(net, Examples(X, Y, w * scale), l2=0.0)

    assert other.divergence is None
    assert other.costs == pytest.approx(plain.costs, rel=1e-5)


@pytest.mark.parametrize("path", SHAPES)
def test_validation_examples_without_weight_are_refused(path):
    """There would be nothing to divide by."""
    net = network(SHAPES[path], np.float32)
    X, Y = np.ones((net.n[0], 4)), np.ones((3, 4)) / 3
    state = TrainingState.start(net.parameters, 2, 0)
    held = Examples(X, Y, np.zeros((1, 4)))

    with pytest.raises(DataError, match=r"weights w .* sum above 0"):
        native.run(net, state, Hyperparameters(), Examples(X, Y), held, epochs=1)


def test_empty_slots_of_a_tiny_network_are_no_examples():
    """Five examples fill five of sixteen slots: what zeros there would cost, e^200, costs nothing."""
    W, b = np.array([[-1.0]], np.float32), np.array([[200.0]], np.float32)
    net = Network((1, 1), ("exponential",), "poisson", Parameters.of([W], [b]))
    X = np.linspace(199, 201, 5, dtype=np.float32)[None, :]
    state = TrainingState.start(net.parameters, 2, 0)

    ran = native.run(
        net, state, Hyperparameters(l2=0.0), Examples(X, np.full((1, 5), 2.0)), epochs=3
    )

    assert ran.divergence is None
    assert ran.costs[2] < ran.costs[0]
