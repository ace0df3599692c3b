"""The affine step and its derivatives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ellnet.equations.gradient_check import central_difference, relative_error
from ellnet.equations.linear import linear, linear_backward, linear_backward_input


def arrays(n_out: int, n_in: int, m: int):
    """W, A, b and dZ of one layer."""
    random = np.random.default_rng(n_out * 100 + n_in * 10 + m)
    return (
        random.standard_normal((n_out, n_in)),
        random.standard_normal((n_in, m)),
        random.standard_normal((n_out, 1)),
        random.standard_normal((n_out, m)),
    )


def test_by_hand():
    """Z = W A + b of two units, two inputs and two examples, one a column (eq. 2.1)."""
    W, A, b = (
        np.array([[1.0, 2.0], [0.0, -1.0]]),
        np.array([[1.0, 0.0], [3.0, 1.0]]),
        np.array([[1.0], [2.0]]),
    )

    assert linear(W, A, b).tolist() == [[8.0, 3.0], [-1.0, 1.0]]


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5))
def test_gradients_have_the_shapes_of_the_notes_and_are_right(n_out, n_in, m):
    """dW (eq. 6.2), db (eq. 6.3) carry the mean over m; dA (eq. 6.4) does not."""
    W, A, b, dZ = arrays(n_out, n_in, m)

    dW, db = linear_backward(dZ, A)
    dA = linear_backward_input(dZ, W)

    assert (dW.shape, db.shape, dA.shape) == (W.shape, b.shape, A.shape)

    def cost(theta: np.ndarray) -> float:
        parts = np.split(theta, [W.size, W.size + A.size])
        Z = linear(parts[0].reshape(W.shape), parts[1].reshape(A.shape), parts[2].reshape(b.shape))
        return float(np.sum(dZ * Z)) / m

    expected = central_difference(cost, np.concatenate([W.ravel(), A.ravel(), b.ravel()]))
    found = np.concatenate([dW.ravel(), dA.ravel() / m, db.ravel()])
    assert relative_error(found, expected) < 1e-8


def test_a_batch_is_its_examples_side_by_side():
    """Column i of Z depends on column i of A alone; the gradients are means over the columns."""
    W, A, b, dZ = arrays(3, 2, 4)

    dW, db = linear_backward(dZ, A)

    single = [linear_backward(dZ[:, i : i + 1], A[:, i : i + 1]) for i in range(4)]
    assert linear(W, A, b)[:, 2:3] == pytest.approx(linear(W, A[:, 2:3], b))
    assert dW == pytest.approx(np.mean([g[0] for g in single], axis=0))
    assert db == pytest.approx(np.mean([g[1] for g in single], axis=0))
    assert single[0][0] == pytest.approx(np.outer(dZ[:, 0], A[:, 0]))
