"""The recursion, block by block, on the notes' running example: each step is its formula."""

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import ENGINES, engine
from ellnet.engines.recursion import (
    backward,
    backward_block,
    cost_of,
    forward,
    forward_block,
    penalty_of,
)
from ellnet.equations.gradient_check import central_difference, relative_error
from ellnet.errors import ShapeError
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState

N = (3, 5, 5, 3, 1)
G = ("relu", "tanh", "softplus", "sigmoid")
M = 6


def passes():
    """The network of the notes with an activation of its own in each layer, after both passes."""
    net = Network(N, G, "binary_cross_entropy", initial_parameters(N, G, "course", 3, np.float64))
    random = np.random.default_rng(0)
    X, Y = random.standard_normal((3, M)), (random.random((1, M)) > 0.5).astype(float)
    cache = forward(net, X)
    return net, X, Y, cache, backward(net, cache, Y)


def test_a_forward_block_by_hand():
    """Z = W A + b, and A = g(Z) of it (eq. 2.2)."""
    W, b, A = np.array([[1.0, -2.0]]), np.array([[0.5]]), np.array([[3.0, 0.0], [1.0, 1.0]])

    Z, after = forward_block(W, b, A, "relu")

    assert Z.tolist() == [[1.5, -1.5]]
    assert after.tolist() == [[1.5, 0.0]]


def test_a_backward_block_by_hand():
    """dZ = dA * g'(Z) (eq. 6.1), with dW and db as means over the two examples."""
    Z, A_prev, dA = (
        np.array([[1.5, -1.5]]),
        np.array([[3.0, 0.0], [1.0, 1.0]]),
        np.array([[2.0, 5.0]]),
    )

    dZ, dW, db = backward_block(dA, Z, np.maximum(Z, 0), A_prev, "relu")

    assert dZ.tolist() == [[2.0, 0.0]]
    assert dW.tolist() == [[3.0, 1.0]]
    assert db.tolist() == [[1.0]]


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_what_goes_back_is_the_notes_formula(layer):
    """dZ[l] = W[l+1]^T dZ[l+1] * g[l]'(Z[l]) in every hidden layer (eq. 6.5), g' written out here."""
    net, _, _, cache, gradients = passes()
    Z = cache.Z[layer]
    slope = [(Z > 0).astype(float), 1 - np.tanh(Z) ** 2, 1 / (1 + np.exp(-Z))][layer - 1]

    expected = (net.W[layer + 1].T @ gradients.dZ[layer + 1]) * slope

    assert gradients.dZ[layer] == pytest.approx(expected, rel=1e-13)
    assert gradients.dA[layer] == pytest.approx(net.W[layer + 1].T @ gradients.dZ[layer + 1])


@pytest.mark.parametrize("layer", [1, 2, 3, 4])
def test_dZ_is_the_derivative_of_the_summed_losses_by_z(layer):
    """Of each example's own loss, without the mean: by differences at the layer's Z."""
    net, _, Y, cache, gradients = passes()

    def losses(z: np.ndarray) -> float:
        A = forward_rest(net, z.reshape(N[layer], M), layer)
        return float(-np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)))

    expected = central_difference(losses, cache.Z[layer].ravel())
    assert relative_error(gradients.dZ[layer].ravel(), expected) < 1e-7


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_a_cache_of_another_network_is_refused(layer):
    """Whichever hidden layer has another width there."""
    net, X, Y, _, _ = passes()
    n = tuple(units + (k == layer) for k, units in enumerate(N))
    other = Network(n, G, "binary_cross_entropy", initial_parameters(n, G, dtype=np.float64))

    with pytest.raises(
        ShapeError, match=rf"Z\[{layer}\] must have shape .* \({N[layer]}, 6\), got"
    ):
        backward(net, forward(other, X), Y)


def test_the_penalties_of_every_layer_are_added():
    """(lambda / 2m) sum W^2 and (lambda / m) sum |W|, alone and together (eq. 14.1, eq. 14.3)."""
    net, *_ = passes()
    weights = np.concatenate([W.ravel() for W in net.W])
    squares, sizes = 0.6 / 10 * np.sum(weights**2), 0.3 / 5 * np.sum(np.abs(weights))

    assert penalty_of(net, 5, l2=0.6, l1=0.0) == pytest.approx(squares)
    assert penalty_of(net, 5, l2=0.0, l1=0.3) == pytest.approx(sizes)
    assert penalty_of(net, 5, l2=0.6, l1=0.3) == pytest.approx(squares + sizes)
    assert penalty_of(net, 5, l2=0.0, l1=0.0) == 0.0


@pytest.mark.parametrize("name", ENGINES)
def test_the_cost_of_a_step_has_both_penalties(name):
    """Beside the mean loss of its minibatch."""
    net, X, Y, cache, _ = passes()
    chosen = Hyperparameters(batch_size="full", l2=0.6, l1=0.3)
    state = TrainingState.start(net.parameters, 2, 0)

    ran = engine(name).run(net, state, chosen, Examples(X, Y), epochs=1)

    expected = cost_of(net, cache, Y, None) + penalty_of(net, M, l2=0.6, l1=0.3)
    assert ran.iterations == pytest.approx((expected,), rel=1e-12)


def forward_rest(net, Z, layer):
    """The output where layer l has the given Z."""
    g = (lambda z: np.maximum(z, 0), np.tanh, lambda z: np.log1p(np.exp(z)))
    for k in range(layer, 4):
        Z = net.W[k + 1] @ g[k - 1](Z) + net.b[k + 1]
    return 1 / (1 + np.exp(-Z))
