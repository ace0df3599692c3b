"""After a divergence: found where the array engine finds it, and what is kept is the step before."""

import itertools
from typing import Any

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import Run, array, native
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.state import TrainingState
from tests.engines.every_engine import TARGETS
from tests.engines.native.running import THREADS, on_target

NETWORKS = {
    "lanes": ((3, 4, 1), ("tanh", "identity")),
    "tiles": ((20, 43, 1), ("tanh", "identity")),
    "several outputs": ((33, 20, 17, 5), ("relu", "exponential", "identity")),
}
M = 24


def network(kind: str, dtype: type = np.float32) -> Network:
    """A network, of single precision unless said otherwise: that overflows soonest."""
    n, g = NETWORKS[kind]
    return Network(n, g, "squared_error", initial_parameters(n, g, "course", 3, dtype))


def examples(net: Network) -> Examples:
    """Numbers to learn."""
    random = np.random.default_rng(0)
    X, Y = random.standard_normal((net.n[0], M)), random.standard_normal((net.n[-1], M))
    return Examples(X.astype(np.float32), Y.astype(np.float32))


def descended(taken: Any, net: Network, state: TrainingState, rate: float, **options: Any) -> Run:
    """Gradient descent at a rate that is too large."""
    size = options.pop("size", 8)
    chosen = Hyperparameters(
        optimizer="gradient_descent", learning_rate=rate, l2=0.0, batch_size=size
    )
    given = {"epochs": 10**5, **options}
    return taken.run(net, state, chosen, examples(net), **given)


def begin(net: Network) -> TrainingState:
    """The state before the first step."""
    return TrainingState.start(net.parameters, 0, 0)


def place(state: TrainingState) -> tuple[int, int, int]:
    """Where a state stands."""
    return state.step, state.epoch, state.batch


def bits(state: TrainingState) -> list[bytes]:
    """The bits of its parameters."""
    return [np.ascontiguousarray(each).tobytes() for each in state.parameters.arrays()]


@pytest.mark.parametrize("size", [1, 8, 24])
@pytest.mark.parametrize("rate", [1e3, 1e4, 1e20])
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_divergence_is_where_the_array_engine_finds_it(kind, rate, size):
    """The same step, epoch, layer and quantity, the same costs before, the same place to go on from.

    In double precision, where rounding does not grow into another step before the end.
    """
    net = network(kind, np.float64)

    found = descended(native, net, begin(net), rate, size=size)

    expected = descended(array, net, begin(net), rate, size=size)
    assert expected.divergence is not None
    assert found.divergence == expected.divergence
    assert found.iterations == pytest.approx(expected.iterations, rel=1e-6)
    assert found.costs == pytest.approx(expected.costs, rel=1e-6)
    assert place(found.state) == place(expected.state)
    assert found.state.epoch_cost == pytest.approx(expected.state.epoch_cost, rel=1e-6)


def runaway(width: int) -> tuple[Network, Examples]:
    """A line whose output grows by a twentieth each step: the cost overflows after hundreds of steps."""
    n, W = (width, 1), np.full((1, width), 1e-3, np.float32)
    net = Network(
        n, ("identity",), "squared_error", Parameters.of([W], [np.zeros((1, 1), np.float32)])
    )
    X = np.ones((width, 12), np.float32) * np.float32(1 / np.sqrt(width))
    return net, Examples(X, np.zeros((1, 12), np.float32))


@pytest.mark.parametrize("size", [12, 5])
@pytest.mark.parametrize("width", [1, 20])
def test_after_hundreds_of_steps_the_step_before_is_kept(width, size):
    """Past the copies that are kept on the way: the bits of a run that was stopped right there."""
    net, data = runaway(width)
    chosen = Hyperparameters(
        optimizer="gradient_descent", learning_rate=2.05 / 2, l2=0.0, batch_size=size
    )

    ran = native.run(net, begin(net), chosen, data, epochs=10**5)

    assert ran.divergence is not None
    assert ran.divergence.step == len(ran.iterations) > 600
    assert ran.state.step == ran.divergence.step - 1
    asked = itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "WATCH_SECONDS", 0.0)
        stopped = native.run(
            net,
            begin(net),
            chosen,
            data,
            epochs=10**5,
            watch=lambda *_: next(asked) == ran.state.step,
        )
    assert place(ran.state) == place(stopped.state)
    assert bits(ran.state) == bits(stopped.state)
    assert ran.state.epoch_cost == stopped.state.epoch_cost


@pytest.mark.parametrize("threads", THREADS[:4])
@pytest.mark.parametrize("width", [1, 20, 100])
def test_a_weight_that_overflows_in_an_epoch_s_last_step_is_found_by_whoever_looks(width, threads):
    """Every cost was finite; each thread looks through its share: the state before that step is kept."""
    W, b = np.zeros((1, width), np.float32), np.zeros((1, 1), np.float32)
    W[0, -1] = 1.0
    net = Network((width, 1), ("identity",), "squared_error", Parameters.of([W], [b]))
    X = np.zeros((width, 2), np.float32)
    X[-1] = [1e-3, 1e18]
    chosen = Hyperparameters(
        optimizer="gradient_descent", learning_rate=1e5, l2=0.0, batch_size=1, shuffle=False
    )

    ran = native.run(
        net, begin(net), chosen, Examples(X, np.zeros((1, 2))), epochs=3, n_threads=threads
    )

    assert ran.divergence is not None
    assert (ran.divergence.step, ran.divergence.quantity, ran.divergence.layer) == (2, "W", 1)
    assert (len(ran.iterations), ran.costs, place(ran.state)) == (2, (), (1, 0, 1))
    assert ran.state.parameters.W[1][0, -1] == pytest.approx(1.0 - 1e5 * 1e-6, rel=1e-6)


@pytest.mark.parametrize("kind", NETWORKS)
def test_what_is_kept_has_the_same_bits_everywhere(kind):
    """On every target and number of threads."""
    net = network(kind)
    found = []

    for target in TARGETS:
        with on_target(target):
            ran = descended(native, net, begin(net), 1e4)
            found.append((*bits(ran.state), ran.iterations, ran.divergence, place(ran.state)))
    for threads in THREADS[:4]:
        ran = descended(native, net, begin(net), 1e4, n_threads=threads)
        found.append((*bits(ran.state), ran.iterations, ran.divergence, place(ran.state)))

    assert all(each == found[0] for each in found)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["lanes", "tiles"])
def test_in_the_last_epoch_the_same_is_kept_on_any_number_of_threads(kind, seed):
    """Steps are repeated in the order of their own epoch, whoever drew it."""
    net = network(kind)
    state = TrainingState.start(net.parameters, 0, seed)
    whole = descended(native, net, state, 3.0, n_threads=1)
    assert whole.divergence is not None

    for threads in THREADS[:3]:
        last = whole.divergence.epoch + 1
        ran = descended(native, net, state, 3.0, epochs=last, n_threads=threads)

        assert bits(ran.state) == bits(whole.state)
        assert place(ran.state) == place(whole.state)


@pytest.mark.parametrize("kind", ["lanes", "tiles"])
def test_a_run_that_goes_on_diverges_at_the_same_step(kind):
    """From a state in the middle: the divergence, and what is kept, are those of the whole run."""
    net = network(kind)
    whole = descended(native, net, begin(net), 3.0)
    assert whole.divergence is not None
    steps = whole.divergence.step
    assert steps > 2

    for at in (1, steps // 2, steps - 1):
        asked = itertools.count()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(native, "WATCH_SECONDS", 0.0)
            first = descended(
                native, net, begin(net), 3.0, watch=lambda *_, c=asked, a=at: next(c) == a
            )
        rest = descended(native, net, first.state, 3.0)

        assert rest.divergence == whole.divergence
        assert first.iterations + rest.iterations == whole.iterations
        assert bits(rest.state) == bits(whole.state)
        assert place(rest.state) == place(whole.state)


@pytest.mark.parametrize(("at", "kept"), [(30, 0), (290, 256)])
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_run_that_is_stopped_on_its_way_back_loses_nothing(kind, size, at, kept, monkeypatch):
    """It stands at the copy that it went back to; going on diverges where the whole does, to the bit."""
    monkeypatch.setattr(native, "WATCH_SECONDS", 0.0)
    net, m = network(kind), 300 * size
    random = np.random.default_rng(0)
    X, Y = random.standard_normal((net.n[0], m)), random.standard_normal((net.n[-1], m))
    X[0, at * size] = np.inf
    data = Examples(X.astype(np.float32), Y.astype(np.float32))
    chosen = Hyperparameters(batch_size=size, shuffle=False, l2=0.0, learning_rate=1e-4)
    state, asked = TrainingState.start(net.parameters, 2, 0), itertools.count()
    whole = native.run(net, state, chosen, data, epochs=1)

    first = native.run(net, state, chosen, data, epochs=1, watch=lambda *_: next(asked) == at + 3)
    rest = native.run(net, first.state, chosen, data, epochs=1)

    assert whole.divergence is not None
    assert first.interrupted
    assert first.divergence is None
    assert place(first.state) == (kept, 0, kept)
    assert rest.divergence == whole.divergence
    assert bits(rest.state) == bits(whole.state)
    assert first.iterations + rest.iterations == whole.iterations


@pytest.mark.parametrize("kind", NETWORKS)
def test_what_the_watch_raises_on_the_way_back_comes_through(kind, monkeypatch):
    """An exception ends the call there too."""
    monkeypatch.setattr(native, "WATCH_SECONDS", 0.0)
    net, asked = network(kind), itertools.count()
    data = examples(net)
    data.X[0, 20] = np.inf
    chosen = Hyperparameters(batch_size=1, shuffle=False)

    def watch(*_: int) -> bool:
        if next(asked) == 25:
            raise LookupError("enough")
        return False

    with pytest.raises(LookupError, match="enough"):
        native.run(
            net, TrainingState.start(net.parameters, 2, 0), chosen, data, epochs=1, watch=watch
        )


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_watch_is_asked_while_the_state_before_the_last_step_is_sought(kind, monkeypatch):
    """Where it ends that, there is none; what it raises comes through; else it changes nothing."""
    monkeypatch.setattr(native, "WATCH_SECONDS", 0.0)
    net = network(kind)
    says: list[object] = [False]

    def watch(taken: int, of: int) -> bool:
        del of
        if says == ["raise"] and taken == 1:
            raise LookupError("enough")
        return bool(says[0]) and taken == 1

    asked = descended(native, net, begin(net), 0.01, epochs=2, watch=watch)
    alone = descended(native, net, begin(net), 0.01, epochs=2)

    found, same = asked.good, alone.good
    says[:] = [True]
    given_up = asked.good

    assert found is not None
    assert same is not None
    assert place(found) == place(same) == (5, 1, 2)
    assert bits(found) == bits(same)
    assert given_up is None
    says[:] = ["raise"]
    with pytest.raises(LookupError, match="enough"):
        _ = asked.good
