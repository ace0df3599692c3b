"""What the lesson before taught (N9), shown: why g is not linear, and why W starts at random."""

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.state import TrainingState


def test_a_deep_linear_network_is_one_layer():
    """W = W[3] W[2] W[1], and the biases carried through, give the same outputs."""
    n, g = (4, 6, 5, 3), ("identity",) * 3
    random = np.random.default_rng(0)
    deep = Network(n, g, "squared_error", initial_parameters(n, g, dtype=np.float64))
    biased = Parameters.of(deep.W, [random.standard_normal(b.shape) for b in deep.b])
    deep = deep.with_parameters(biased)
    X = random.standard_normal((4, 20))

    W = deep.W[3] @ deep.W[2] @ deep.W[1]
    b = deep.W[3] @ (deep.W[2] @ deep.b[1] + deep.b[2]) + deep.b[3]
    shallow = Network((4, 3), ("identity",), "squared_error", Parameters.of([W], [b]))

    assert engine().predict(deep, X) == pytest.approx(engine().predict(shallow, X), rel=1e-12)


def test_equal_units_stay_equal():
    """With equal initial weights every unit of a layer learns the same, whatever the data."""
    n, g = (3, 4, 1), ("tanh", "sigmoid")
    random = np.random.default_rng(0)
    equal = Parameters.of(
        [np.full((4, 3), 0.5), np.full((1, 4), 0.5)], [np.zeros((4, 1)), np.zeros((1, 1))]
    )
    net = Network(n, g, "binary_cross_entropy", equal)
    X = random.standard_normal((3, 40))
    train = Examples(X, (X[:1] * X[1:2] > 0).astype(float))
    chosen = Hyperparameters(batch_size=8, learning_rate=0.05, l2=0.0)

    ran = engine().run(net, TrainingState.start(equal, 2, 0), chosen, train, epochs=20)
    random_start = initial_parameters(n, g, dtype=np.float64)
    broken = engine().run(net, TrainingState.start(random_start, 2, 0), chosen, train, epochs=20)

    W = ran.state.parameters.W[1]
    assert not np.allclose(W, 0.5)
    assert np.ptp(W, axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    assert np.all(np.ptp(broken.state.parameters.W[1], axis=0) > 0.1)


def test_zero_weights_learn_nothing_but_the_last_bias():
    """From zero weights a tanh network's hidden layers never move."""
    n, g = (3, 4, 1), ("tanh", "sigmoid")
    net = Network(n, g, "binary_cross_entropy", initial_parameters(n, g, dtype=np.float64))
    zero = net.parameters.zeros()
    X = np.random.default_rng(0).standard_normal((3, 40))
    chosen = Hyperparameters(l2=0.0, batch_size=8)

    train = Examples(X, (X[:1] > 0.3).astype(float))
    ran = engine().run(net, TrainingState.start(zero, 2, 0), chosen, train, epochs=5)

    assert not np.any(ran.state.parameters.W[1])
    assert not np.any(ran.state.parameters.W[2])
    assert np.any(ran.state.parameters.b[2])
