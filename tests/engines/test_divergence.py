"""Divergences: named exactly, and what is kept had a finite cost."""

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import Engine, Run
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState


def float32(*rows: list[float]) -> np.ndarray:
    """An array of single precision."""
    return np.array(rows, np.float32)


def line(w: float = 1.0) -> Network:
    """One linear unit with one input."""
    parameters = Parameters.of([float32([w])], [float32([0.0])])
    return Network((1, 1), ("identity",), "squared_error", parameters)


def descend(
    taken: Engine, net: Network, train: Examples, *, rate: float, size: int, epochs: int
) -> Run:
    """Gradient descent with the examples in their order."""
    chosen = Hyperparameters(
        optimizer="gradient_descent",
        learning_rate=rate,
        l2=0.0,
        batch_size=size,
        shuffle=False,
    )
    return taken.run(net, TrainingState.start(net.parameters, 0, 0), chosen, train, epochs=epochs)


def test_the_epoch_and_the_step_are_those_of_the_first_cost_that_is_not_finite(taken):
    """J = w^2 / 2 with alpha = 1e4 squares up by 1e8 a step: 1e40 is no float32, after 5 steps."""
    train = Examples(np.ones((1, 4), np.float32), np.zeros((1, 4), np.float32))

    ran = descend(taken, line(), train, rate=1e4, size=2, epochs=9)
    before = descend(taken, line(), train, rate=1e4, size=2, epochs=1)

    assert before.divergence is None
    assert ran.divergence is not None
    costs = [*ran.iterations]
    assert all(np.isfinite(costs))
    assert (ran.divergence.epoch, ran.divergence.step) == (len(costs) // 2, len(costs))
    assert ran.divergence.epoch > 0
    assert ran.state.step == len(costs) - 1
    kept = line().with_parameters(ran.state.parameters)
    assert taken.cost(kept, train) == costs[-1]


def test_a_cost_may_overflow_where_no_layer_does(taken):
    """A of 1e25 is a float32, its square is not: the cost is named, with the output layer."""
    n, g = (1, 1, 1), ("identity", "identity")
    parameters = Parameters.of([float32([1.0]), float32([1.0])], [float32([0.0]), float32([0.0])])
    net = Network(n, g, "squared_error", parameters)
    train = Examples(float32([1e25, 1e25]), float32([0.0, 0.0]))

    ran = descend(taken, net, train, rate=0.1, size=2, epochs=1)

    assert ran.divergence is not None
    assert (ran.divergence.quantity, ran.divergence.layer) == ("cost", 2)
    assert ran.state.step == 0
    assert ran.iterations == ()


def test_the_largest_input_is_the_largest_without_its_sign(taken):
    """A feature of -1e30 is larger than one of 5."""
    net = Network(
        (3, 1),
        ("identity",),
        "squared_error",
        Parameters.of([float32([1.0, 1.0, 1.0])], [float32([0.0])]),
    )
    train = Examples(float32([5.0, 5.0], [1.0, -1e30], [2.0, 2.0]), float32([0.0, 0.0]))

    ran = descend(taken, net, train, rate=0.1, size=2, epochs=1)

    assert ran.divergence is not None
    assert ran.divergence.feature == 1
    assert ran.divergence.largest == pytest.approx(1e30)


def test_parameters_that_overflow_in_the_last_step_of_an_epoch_are_found_there(taken):
    """Every cost was finite, the weight is not: the state before that step is kept, no earlier."""
    train = Examples(float32([1e-3, 1e18]), float32([0.0, 0.0]))

    ran = descend(taken, line(), train, rate=1e5, size=1, epochs=3)

    assert ran.divergence is not None
    assert (ran.divergence.epoch, ran.divergence.step) == (0, 2)
    assert (ran.divergence.quantity, ran.divergence.layer) == ("W", 1)
    assert len(ran.iterations) == 2
    assert ran.costs == ()
    assert (ran.state.step, ran.state.batch) == (1, 1)
    assert ran.state.parameters.W[1][0, 0] == pytest.approx(1.0 - 1e5 * 1e-6, rel=1e-6)


def test_a_state_with_an_infinite_bias_is_never_kept(taken):
    """ReLU hides a bias of -infinity from the cost: the state at the epoch's start is kept."""
    parameters = Parameters.of([float32([1.0]), float32([1e20])], [float32([0.0]), float32([0.0])])
    net = Network((1, 1, 1), ("relu", "identity"), "squared_error", parameters)
    train = Examples(float32([1e-3, 1e-3]), float32([-1e18, -1e18]))

    ran = descend(taken, net, train, rate=10.0, size=1, epochs=1)

    assert len(ran.iterations) == 2
    assert ran.divergence is not None
    assert ran.divergence.layer == 1
    assert ran.state.step == 0
    assert all(np.all(np.isfinite(array)) for array in ran.state.parameters.arrays())


def test_the_state_before_the_last_step_is_kept_beside_the_last(taken):
    """What comes after a divergence may go back to it."""
    train = Examples(float32([1.0, 2.0]), float32([0.0, 1.0]))

    three = descend(taken, line(), train, rate=0.1, size=2, epochs=3)
    two = descend(taken, line(), train, rate=0.1, size=2, epochs=2)

    assert three.good is not None
    assert three.good.step == 2
    assert three.good.parameters.W[1].tolist() == two.state.parameters.W[1].tolist()
    assert three.good.parameters.W[1].tolist() != three.state.parameters.W[1].tolist()


def test_an_infinite_moment_is_a_divergence(taken):
    """A second moment that overflows would hold its weight still, silently, for ever."""
    net = Network((1, 1), ("identity",), "squared_error")
    X = np.full((1, 4), 1e15, np.float32)
    chosen = Hyperparameters(hidden=(), batch_size=4, l2=0.0, learning_rate=1e-3)
    state = TrainingState.start(net.parameters, 2, 0)

    ran = taken.run(net, state, chosen, Examples(X, np.full((1, 4), -1e15, np.float32)), epochs=1)

    assert ran.divergence is not None
    assert ran.divergence.quantity == "moment"
    assert all(np.all(np.isfinite(a)) for m in ran.state.moments for a in m.arrays())
