"""The size of the gradient by layer: what a backward pass gives, and where it vanishes."""

import numpy as np
import pytest
from sklearn.base import clone

from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.engines.recursion import backward, forward
from ellnet.errors import DataError
from ellnet.explain.responses_training import GradientWatch, gradient_norms
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network
from ellnet.training import train
from tests.explain.subjects import classifier, network


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


@pytest.mark.parametrize("outputs", [1, 3])
def test_an_estimator_is_trained_afresh_and_stays_as_it_is(outputs):
    """After each epoch the gradient of what so many calls of partial_fit give."""
    fitted, X, y = classifier(classes=2 if outputs == 1 else 3)
    before = [W.copy() for W in fitted.coefs_]

    found = gradient_norms(fitted, X, y, epochs=3)

    again = clone(fitted)
    for row in range(3):
        again.partial_fit(X, y, classes=np.unique(y))
        net = again.network_
        Y = np.eye(3)[y].T if outputs == 3 else y[None, :].astype(float)
        gradients = backward(net, forward(net, X.T), Y)
        expected = [np.sqrt(np.mean(np.square(dW))) for dW in gradients.dW]
        np.testing.assert_allclose(found.norms[row], expected, rtol=1e-10)
    assert found.epochs.tolist() == [1, 2, 3]
    assert all(np.array_equal(a, b) for a, b in zip(before, fitted.coefs_, strict=True))


def test_what_has_no_epochs_is_refused():
    """A Network has no partial_fit."""
    with pytest.raises(DataError, match="measured on an MLPClassifier"):
        gradient_norms(network((2, 1), ("identity",)), np.ones((3, 2)), np.ones(3))
