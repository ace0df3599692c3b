"""Every engine: the notes' recursion, exact about where it stands."""

import warnings
from dataclasses import replace

import array_api_strict
import numpy as np
import pytest

from ellnet.arrays import to_numpy
from ellnet.batches import Examples
from ellnet.engines import Run, engine
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.errors import HyperparameterError, LayerError, ShapeError
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.state import TrainingState

N, G = (3, 8, 5, 2), ("relu", "tanh", "softmax")


@pytest.fixture(autouse=True)
def ask_before_every_step(monkeypatch):
    """The native engine asks its watch as often as the array engine does."""
    monkeypatch.setattr("ellnet.engines.native.WATCH_SECONDS", 0.0)


def net_of(dtype: type = np.float64, n=N, g=G, cost="categorical_cross_entropy") -> Network:
    """A small network."""
    return Network(n, g, cost, initial_parameters(n, g, seed=1, dtype=dtype))


def data(m: int = 50, dtype: type = np.float64) -> Examples:
    """Three inputs, two classes."""
    random = np.random.default_rng(0)
    X = random.standard_normal((3, m))
    return Examples(X.astype(dtype), np.eye(2)[(X[0] * X[1] > 0).astype(int)].T.astype(dtype))


def start(net: Network, optimizer: str = "adam", seed: int = 0) -> TrainingState:
    """The state before the first step."""
    return TrainingState.start(net.parameters, OPTIMIZERS[optimizer].moments, seed)


def bits(state: TrainingState) -> list[bytes]:
    """All the numbers of a state."""
    groups = (state.parameters, *state.moments)
    return [to_numpy(array).tobytes() for group in groups for array in group.arrays()]


CHOSEN = Hyperparameters(batch_size=16, learning_rate=0.01, l2=0.1)


def test_forward_keeps_z_and_a_of_every_layer(taken):
    """Z[l] = W[l] A[l-1] + b[l], A[l] = g(Z[l]); layer 0 is the input."""
    net, X = net_of(), data().X

    cache = taken.forward(net, X)

    assert cache.inputs(1) is X
    assert pytest.approx(net.W[2] @ cache.A[1] + net.b[2]) == cache.Z[2]
    assert pytest.approx(np.maximum(cache.Z[1], 0)) == cache.A[1]
    assert [cache.A[layer].shape for layer in (1, 2, 3)] == [(8, 50), (5, 50), (2, 50)]
    with pytest.raises(LayerError, match=r"A\[0\] does not exist"):
        cache.A[0]


def test_backward_gives_every_gradient_in_its_shape(taken):
    """The shapes of N3; the output layer has no dA of its own."""
    net, examples = net_of(), data()

    gradients = taken.backward(net, taken.forward(net, examples.X), examples.Y)

    assert [g.shape for g in gradients.dW] == [(8, 3), (5, 8), (2, 5)]
    assert [g.shape for g in gradients.db] == [(8, 1), (5, 1), (2, 1)]
    assert [g.shape for g in gradients.dZ] == [(8, 50), (5, 50), (2, 50)]
    assert [g.shape for g in gradients.dA] == [(8, 50), (5, 50)]
    for name in ("dW", "db", "dZ", "dA"):
        with pytest.raises(LayerError, match=rf"^{name}\[0\] does not exist"):
            getattr(gradients, name)[0]


def test_one_example_is_a_column_of_the_batch(taken):
    """Nothing of one example depends on the others."""
    net, X = net_of(), data().X

    whole, single = taken.forward(net, X), taken.forward(net, X[:, 7:8])

    assert pytest.approx(single.A[3], rel=1e-12) == whole.A[3][:, 7:8]


def test_ten_epochs_are_four_and_six(taken):
    """To the bit, costs included."""
    net = net_of(np.float32)
    train = data(dtype=np.float32)

    whole = taken.run(net, start(net), CHOSEN, train, epochs=10)
    first = taken.run(net, start(net), CHOSEN, train, epochs=4)
    rest = taken.run(net, first.state, CHOSEN, train, epochs=6)

    assert bits(whole.state) == bits(rest.state)
    assert whole.iterations == first.iterations + rest.iterations
    assert whole.costs == first.costs + rest.costs
    assert (rest.state.step, rest.state.epoch, rest.state.batch) == (40, 10, 0)


def test_a_run_stopped_in_mid_epoch_goes_on_to_the_same_bits(taken):
    """The state knows how far the epoch has come and what it has cost."""
    net, train = net_of(), data()
    calls = iter(range(100))

    def watch(*_: int) -> bool:
        return next(calls) == 6

    stopped = taken.run(net, start(net), CHOSEN, train, epochs=3, watch=watch)
    rest = taken.run(net, stopped.state, CHOSEN, train, epochs=2)
    whole = taken.run(net, start(net), CHOSEN, train, epochs=3)

    assert stopped.interrupted
    assert (stopped.state.epoch, stopped.state.batch) == (1, 2)
    assert bits(whole.state) == bits(rest.state)
    assert whole.iterations == stopped.iterations + rest.iterations
    assert whole.costs == stopped.costs + rest.costs


def test_a_run_may_be_stopped_before_any_step(taken):
    """At each of the twelve, most of them in mid-epoch, and goes on to the same bits and costs."""
    net, train = net_of(), data()
    whole = taken.run(net, start(net), CHOSEN, train, epochs=3)

    for at in range(12):
        calls = iter([False] * at + [True])
        stopped = taken.run(
            net, start(net), CHOSEN, train, epochs=3, watch=lambda *_, c=calls: next(c)
        )
        rest = taken.run(net, stopped.state, CHOSEN, train, epochs=3 - at // 4)

        assert (stopped.state.step, stopped.state.epoch, stopped.state.batch) == (
            at,
            at // 4,
            at % 4,
        )
        assert bits(rest.state) == bits(whole.state)
        assert stopped.iterations + rest.iterations == whole.iterations
        assert stopped.costs + rest.costs == whole.costs


def test_the_watch_is_told_what_is_taken_and_what_there_is(taken):
    """Before each step: minibatches taken of the epoch, and all of it."""
    net, calls = net_of(), []

    def watch(batch: int, of: int) -> bool:
        calls.append((batch, of))
        return False

    taken.run(net, start(net), CHOSEN, data(), epochs=2, watch=watch)

    assert calls == [(0, 4), (1, 4), (2, 4), (3, 4)] * 2


def test_the_given_state_is_left_as_it_was(taken):
    """A step maps a state to the next."""
    net = net_of()
    state = start(net)
    before = bits(state)

    taken.run(net, state, CHOSEN, data(), epochs=2)

    assert bits(state) == before


def test_the_first_step_is_gradient_descent_by_hand(taken):
    """theta - alpha dtheta of the first minibatch, penalty and all (eq. 5.1, 14.2)."""
    net, train = net_of(), data()
    chosen = Hyperparameters(
        optimizer="gradient_descent", learning_rate=0.5, batch_size="full", l2=0.3
    )

    ran = taken.run(net, start(net, "gradient_descent"), chosen, train, epochs=1)

    cache = taken.forward(net, train.X)
    Y = train.Y
    dZ = cache.A[3] - Y
    dW = dZ @ cache.A[2].T / 50 + 0.3 / 50 * net.W[3]
    J = -np.sum(Y * np.log(cache.A[3])) / 50 + 0.3 / 100 * sum(np.sum(W**2) for W in net.W)
    assert pytest.approx(net.W[3] - 0.5 * dW, rel=1e-12) == ran.state.parameters.W[3]
    assert ran.iterations == (pytest.approx(J),)
    assert ran.costs == (pytest.approx(J),)


@pytest.mark.parametrize("size", [1, 7, 50, 51, "full"])
def test_every_batch_size_takes_each_example_once_an_epoch(taken, size):
    """A batch larger than m is m; the last may be smaller."""
    net = net_of()
    chosen = Hyperparameters(batch_size=size, l2=0.0)

    ran = taken.run(net, start(net), chosen, data(), epochs=2)

    steps = {1: 50, 7: 8}.get(size, 1)
    assert ran.state.step == 2 * steps == len(ran.iterations)


def test_full_batch_needs_no_order(taken):
    """With all examples in a step the seed of the order changes nothing."""
    net = net_of()
    chosen = Hyperparameters(batch_size="full")

    ends = [
        bits(taken.run(net, start(net, seed=s), chosen, data(), epochs=3).state) for s in (0, 9)
    ]

    assert ends[0] == ends[1]


def test_without_shuffling_the_examples_come_in_their_order(taken):
    """The costs of the first epoch are those of the minibatches as they lie."""
    net, train = net_of(), data(40)
    chosen = Hyperparameters(
        shuffle=False, batch_size=20, optimizer="gradient_descent", learning_rate=1e-12, l2=0.0
    )

    ran = taken.run(net, start(net, "gradient_descent"), chosen, train, epochs=1)

    halves = [Examples(train.X[:, part], train.Y[:, part]) for part in (slice(20), slice(20, 40))]
    assert ran.iterations == tuple(pytest.approx(taken.cost(net, half)) for half in halves)


def test_weights_count_as_repetitions(taken):
    """An example of weight 2 is two examples, one of weight 0 is none."""
    net, train = net_of(), data(4)
    chosen = Hyperparameters(batch_size="full", l2=0.0)
    weighted = Examples(train.X, train.Y, np.array([[2.0, 1.0, 0.0, 1.0]]))
    repeated = train.take(np.array([0, 0, 1, 3]))

    ends = [taken.run(net, start(net), chosen, e, epochs=5) for e in (weighted, repeated)]

    for a, b in zip(
        ends[0].state.parameters.arrays(), ends[1].state.parameters.arrays(), strict=True
    ):
        assert pytest.approx(b, rel=1e-9) == a
    assert taken.cost(net, weighted) == pytest.approx(taken.cost(net, repeated))


@pytest.mark.parametrize("layout", ["F", "strided", "readonly", "float64", "rows"])
def test_the_layout_of_the_input_changes_no_bit(taken, layout):
    """And the input is left as it was."""
    net, train = net_of(np.float32), data(dtype=np.float32)
    X = {
        "F": np.asfortranarray(train.X),
        "strided": np.repeat(train.X, 2, axis=1)[:, ::2],
        "readonly": train.X.copy(),
        "float64": train.X.astype(np.float64),
        "rows": np.ascontiguousarray(train.X.T).T,
    }[layout]
    X.flags.writeable = layout != "readonly"
    before = X.tobytes()

    plain = taken.run(net, start(net), CHOSEN, train, epochs=2)
    other = taken.run(net, start(net), CHOSEN, Examples(X, train.Y), epochs=2)

    assert bits(plain.state) == bits(other.state)
    assert X.tobytes() == before


def test_bytes_are_numbers(taken):
    """uint8 images train a float32 network."""
    net = net_of(np.float32)
    X = np.random.default_rng(0).integers(0, 256, (3, 20), dtype=np.uint8)

    ran = taken.run(net, start(net), CHOSEN, Examples(X, data(20).Y), epochs=1)

    assert ran.state.parameters.W[1].dtype == np.float32
    assert taken.predict(net, X).dtype == np.float32


def test_predictions_in_parts_are_those_of_the_whole(taken, monkeypatch):
    """The memory of a pass is bounded, the outputs are the same."""
    net, X = net_of(), data(300).X

    whole = taken.predict(net, X)
    monkeypatch.setattr(taken, "PASS", 64, raising=False)

    assert pytest.approx(whole, rel=1e-12) == taken.predict(net, X)
    assert whole.shape == (2, 300)
    assert taken.predict(net, X[:, :0]).shape == (2, 0)


def test_wrong_shapes_are_refused(taken):
    """X and Y have to fit the network, in every door."""
    net, train = net_of(), data()

    for call in (
        lambda: taken.forward(net, train.X.T),
        lambda: taken.predict(net, train.X.T),
        lambda: taken.cost(net, Examples(train.X, train.Y[:1])),
        lambda: taken.backward(net, taken.forward(net, train.X), train.Y.T),
        lambda: taken.run(net, start(net), CHOSEN, Examples(train.X[:2], train.Y), epochs=1),
        lambda: taken.run(net, start(net), CHOSEN, Examples(train.X, train.Y[:1]), epochs=1),
    ):
        with pytest.raises(ShapeError, match="must have shape"):
            call()


def diverging(taken, rate: float, l2: float = 0.0) -> tuple[Network, Examples, Run]:
    """A run whose steps are far too large."""
    n, g = (3, 4, 4, 1), ("relu", "relu", "identity")
    net = net_of(np.float32, n, g, "squared_error")
    train = Examples(data(dtype=np.float32).X * 100, data(dtype=np.float32).X[:1])
    chosen = Hyperparameters(optimizer="gradient_descent", learning_rate=rate, l2=l2, batch_size=10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return net, train, taken.run(net, start(net, "gradient_descent"), chosen, train, epochs=5)


@pytest.mark.parametrize("rate", [1e2, 1e10, 1e30, 1e38])
def test_a_divergence_stops_at_once_and_keeps_a_finite_cost(taken, rate):
    """What is kept had a finite cost; where it went wrong is named; nothing warns."""
    net, train, ran = diverging(taken, rate)

    assert ran.divergence is not None
    assert ran.divergence.quantity in {"W", "b", "Z", "A", "cost"}
    assert 1 <= ran.divergence.layer <= 3
    assert ran.divergence.largest == pytest.approx(float(np.max(np.abs(train.X))), rel=0.5)
    assert all(np.isfinite(ran.iterations))
    kept = net.with_parameters(ran.state.parameters)
    assert all(np.all(np.isfinite(array)) for array in kept.parameters.arrays())
    assert len(ran.iterations) in {ran.state.step, ran.state.step + 1}


def test_the_first_layer_that_overflows_is_named(taken):
    """With weights of 1e30 in layer 2 alone, Z[2] is the first."""
    n, g = (3, 4, 4, 1), ("relu", "relu", "identity")
    net = net_of(np.float32, n, g, "squared_error")
    arrays = list(net.parameters.arrays())
    arrays[2] = arrays[2] * 0 + np.float32(3e38)
    net = net.with_parameters(Parameters.from_arrays(arrays))
    X = np.full((3, 10), 5.0, np.float32)

    ran = taken.run(net, start(net), CHOSEN, Examples(X, X[:1]), epochs=1)

    assert ran.divergence is not None
    assert (ran.divergence.quantity, ran.divergence.layer) == ("Z", 2)
    assert ran.state.step == 0


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_another_array_library_gives_the_same_numbers(optimizer, hidden):
    """array-api-strict, which allows nothing beyond the standard, agrees with NumPy."""
    g = (hidden, "tanh", "softmax")
    net = net_of(np.float64, N, g)
    chosen = Hyperparameters(batch_size=20, l2=1.0, optimizer=optimizer)
    here = data(50)
    weighted = Examples(here.X, here.Y, np.linspace(0.5, 2, 50)[None, :])
    away = Examples(*(array_api_strict.asarray(a) for a in (here.X, here.Y, weighted.w)))
    taken = engine("array")

    ran = taken.run(net, start(net, optimizer), chosen, weighted, weighted, epochs=2)
    strict = taken.run(net, start(net, optimizer), chosen, away, away, epochs=2)

    assert type(strict.state.parameters.W[1]).__module__.startswith("array_api_strict")
    assert strict.costs == pytest.approx(ran.costs, rel=1e-12)
    assert strict.validation_costs == pytest.approx(ran.validation_costs, rel=1e-12)
    for a, b in zip(strict.state.parameters.arrays(), ran.state.parameters.arrays(), strict=True):
        assert to_numpy(a) == pytest.approx(b, rel=1e-10)
    assert to_numpy(taken.predict(net, away.X)) == pytest.approx(taken.predict(net, here.X))


def test_dust_does_not_gather(taken):
    """A moment that decays by a tenth each step ends at zero, not among the subnormal numbers."""
    net = net_of(np.float32)
    train = Examples(np.zeros((3, 8), np.float32), data(8, np.float32).Y)
    chosen = Hyperparameters(batch_size="full", l2=0.0)
    began = start(net)
    decaying = Parameters.from_arrays([a + np.float32(1e-30) for a in began.moments[0].arrays()])
    began = replace(began, moments=(decaying, began.moments[1]))

    ran = taken.run(net, began, chosen, train, epochs=200)

    assert 0 < 1e-30 * 0.9**200 < np.finfo(np.float32).smallest_normal
    assert not np.any(ran.state.moments[0].W[1])


def test_an_unknown_engine_is_refused():
    """The names there are stand in the message."""
    with pytest.raises(HyperparameterError, match=r"engine must be auto or array.*, got 'quantum'"):
        engine("quantum")
    assert engine("auto").NAME == engine().NAME == "auto"
