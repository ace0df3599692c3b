"""The size of the gradient by layer: what a backward pass gives, and where it vanishes."""

import numpy as np

from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.explain.responses_training import GradientWatch
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network
from ellnet.training import train
from tests.explain.subjects import network


def points(m=300):
    """Points inside and outside a circle."""
    X = np.random.default_rng(0).standard_normal((2, m)).astype(np.float32)
    return Examples(X, (np.sum(X**2, axis=0, keepdims=True) > 1.4).astype(np.float32))


def test_it_is_the_root_mean_square_of_dW():
    """At the start and after every epoch, as the array engine's own backward pass has it."""
    net = network((2, 4, 1), ("tanh", "sigmoid"), cost="binary_cross_entropy")
    examples = points(100)
    watch = GradientWatch(net, examples)

    outcome = train(net, examples, Hyperparameters(epochs=3, hidden=(4,)), hooks=[watch])

    found = watch.measured()
    assert found.epochs.tolist() == [0, 1, 2, 3]
    for row, trained in ((0, net), (3, net.with_parameters(outcome.state.parameters))):
        array = engine("array")
        gradients = array.backward(trained, array.forward(trained, examples.X), examples.Y)
        expected = [np.sqrt(np.mean(np.square(dW))) for dW in gradients.dW]
        np.testing.assert_allclose(found.norms[row], expected, rtol=1e-5)


def test_watching_changes_nothing():
    """The same bits come out of training with the watch and without."""
    net = network((2, 4, 1), ("tanh", "sigmoid"), cost="binary_cross_entropy")
    chosen = Hyperparameters(epochs=4, hidden=(4,), batch_size=32)

    bare = train(net, points(), chosen)
    watched = train(net, points(), chosen, hooks=[GradientWatch(net, points())])

    for one, other in zip(
        bare.network.parameters.arrays(), watched.network.parameters.arrays(), strict=True
    ):
        assert np.array_equal(one, other)


def test_under_sigmoids_the_gradient_vanishes_with_depth():
    """The first layer's, beside the last's, falls by far more than a half with each doubling of depth."""
    ratios = []
    for depth in (2, 4, 8):
        n = (2, *[16] * (depth - 1), 1)
        net = Network(n, ("sigmoid",) * depth, "binary_cross_entropy")
        ratios.append(GradientWatch(net, points()).measured().ratio)

    assert ratios[1] < ratios[0] / 4
    assert ratios[2] < ratios[1] / 16
