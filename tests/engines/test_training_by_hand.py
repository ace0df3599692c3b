"""A whole training run against a second one, written out here in plain NumPy."""

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState

N, G, COST = (3, 6, 4, 2), ("relu", "tanh", "softmax"), "categorical_cross_entropy"
M, SIZE, SEED, EPOCHS, STRENGTH, RATE = 37, 10, 5, 7, 0.9, 0.02


def order_by_hand(epoch: int) -> list[int]:
    """The stable order of one Philox word an example: key (seed, 2), counter from the epoch."""
    raw = np.random.Philox(key=SEED + 2 * 2**64, counter=epoch * 2**192).random_raw(M)
    return sorted(range(M), key=lambda i: (int(raw[i]), i))


def forward_by_hand(theta: list[np.ndarray], X: np.ndarray) -> list[np.ndarray]:
    """A[0] to A[3]."""
    W1, b1, W2, b2, W3, b3 = theta
    A1 = np.maximum(W1 @ X + b1, 0)
    A2 = np.tanh(W2 @ A1 + b2)
    E = np.exp(W3 @ A2 + b3)
    return [X, A1, A2, E / E.sum(axis=0)]


def loss_by_hand(theta: list[np.ndarray], X: np.ndarray, Y: np.ndarray, w: np.ndarray) -> float:
    """The weighted mean of -log of the right class's probability."""
    right = np.sum(Y * np.log(forward_by_hand(theta, X)[3]), axis=0)
    return float(-np.sum(w[0] * right) / np.sum(w))


def gradients_by_hand(
    theta: list[np.ndarray], X: np.ndarray, Y: np.ndarray, w: np.ndarray, k: float
) -> list[np.ndarray]:
    """dW and db of one minibatch with the penalty's lambda / k."""
    A = forward_by_hand(theta, X)
    dZ3 = (A[3] - Y) * w / np.sum(w)
    dZ2 = (theta[4].T @ dZ3) * (1 - A[2] ** 2)
    dZ1 = (theta[2].T @ dZ2) * (A[1] > 0)
    found = []
    for dZ, inputs, W in ((dZ1, A[0], theta[0]), (dZ2, A[1], theta[2]), (dZ3, A[2], theta[4])):
        found += [dZ @ inputs.T + STRENGTH / k * W, dZ.sum(axis=1)[:, None]]
    return found


def train_by_hand(
    theta: list[np.ndarray], X: np.ndarray, Y: np.ndarray, w: np.ndarray, optimizer: str
):
    """The costs of every step and epoch, the validation costs, and the parameters.

    The penalty counts an example by the mean weight of all, the mean of an epoch by its own.
    """
    m, v, t = [0 * p for p in theta], [0 * p for p in theta], 0
    steps, epochs, validated = [], [], []
    for epoch in range(EPOCHS):
        order, total = order_by_hand(epoch), 0.0
        for begin in range(0, M, SIZE):
            part = order[begin : begin + SIZE]
            x, y, u, t = X[:, part], Y[:, part], w[:, part], t + 1
            squares = sum(float(np.sum(W**2)) for W in theta[::2])
            k = len(part) * float(np.mean(w))
            steps.append(loss_by_hand(theta, x, y, u) + STRENGTH / (2 * k) * squares)
            total += steps[-1] * float(np.sum(u))
            g = gradients_by_hand(theta, x, y, u, k)
            if optimizer in {"momentum", "nesterov"}:
                m = [0.9 * a + b for a, b in zip(m, g, strict=True)]
                ahead = [b + 0.9 * a for a, b in zip(m, g, strict=True)]
                g = m if optimizer == "momentum" else ahead
            if optimizer == "adam":
                m = [0.9 * a + 0.1 * b for a, b in zip(m, g, strict=True)]
                v = [0.999 * a + 0.001 * b * b for a, b in zip(v, g, strict=True)]
                g = [
                    (a / (1 - 0.9**t)) / (np.sqrt(b / (1 - 0.999**t)) + 1e-8)
                    for a, b in zip(m, v, strict=True)
                ]
            theta = [p - RATE * d for p, d in zip(theta, g, strict=True)]
        epochs.append(total / float(np.sum(w)))
        validated.append(loss_by_hand(theta, X[:, :9], Y[:, :9], w[:, :9]))
    return steps, epochs, validated, theta


@pytest.mark.parametrize("optimizer", ["gradient_descent", "momentum", "nesterov", "adam"])
def test_a_run_is_the_one_written_out(taken, optimizer):
    """Every step's and epoch's cost, every validation cost and parameter, over 28 steps."""
    random = np.random.default_rng(3)
    X = random.standard_normal((3, M))
    Y, w = np.eye(2)[(X[0] > X[1]).astype(int)].T, random.random((1, M)) + 0.5
    net = Network(N, G, COST, initial_parameters(N, G, seed=1, dtype=np.float64))
    chosen = Hyperparameters(
        optimizer=optimizer, learning_rate=RATE, batch_size=SIZE, l2=STRENGTH, seed=99
    )
    state = TrainingState.start(net.parameters, OPTIMIZERS[optimizer].moments, SEED)
    examples, held_out = Examples(X, Y, w), Examples(X[:, :9], Y[:, :9], w[:, :9])

    ran = taken.run(net, state, chosen, examples, held_out, epochs=EPOCHS)

    steps, epochs, validated, theta = train_by_hand(
        list(net.parameters.arrays()), X, Y, w, optimizer
    )
    assert ran.iterations == pytest.approx(steps, rel=1e-10)
    assert ran.costs == pytest.approx(epochs, rel=1e-10)
    assert ran.validation_costs == pytest.approx(validated, rel=1e-10)
    for found, expected in zip(ran.state.parameters.arrays(), theta, strict=True):
        assert found == pytest.approx(expected, rel=1e-8, abs=1e-12)
