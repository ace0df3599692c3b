"""The examples do what they say."""

import numpy as np
import pytest
from examples.course_network import RATE, N, accuracy, images, initial, run


def test_the_course_s_set_up_is_expressed_as_it_is():
    """Cost by iteration and parameters of a plain NumPy loop, from the same weights, to rounding."""
    iterations, data = 12, images(209, np.random.RandomState(1))
    start = initial(N, np.random.RandomState(1))
    W, b = [np.array(each) for each in start.W], [np.array(each) for each in start.b]
    costs = []
    for _ in range(iterations):
        A = [data.X]
        for layer in range(4):
            Z = W[layer] @ A[-1] + b[layer]
            A.append(np.maximum(Z, 0) if layer < 3 else 1 / (1 + np.exp(-Z)))
        costs.append(-np.mean(data.Y * np.log(A[4]) + (1 - data.Y) * np.log(1 - A[4])))
        dZ = A[4] - data.Y
        for layer in range(3, -1, -1):
            dW, db = dZ @ A[layer].T / 209, dZ.mean(axis=1, keepdims=True)
            dZ = (W[layer].T @ dZ) * (A[layer] > 0)
            W[layer], b[layer] = W[layer] - RATE * dW, b[layer] - RATE * db

    net, found, _ = run(iterations)

    assert found == pytest.approx(costs, rel=1e-12)
    for mine, theirs in zip([*W, *b], [*net.W, *net.b], strict=True):
        assert theirs == pytest.approx(mine, rel=1e-9, abs=1e-13)
    assert 0.4 < accuracy(net, data) <= 1.0
