"""Activations: values, derivatives, and stability (notes N9)."""

import numpy as np
import pytest

from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.gradient_check import central_difference, relative_error

POINTS = np.array([[-3.0, -1.0, -0.25, 0.5, 2.0], [1.5, 0.75, -2.0, -0.5, 3.0]])

KNOWN = {
    "sigmoid": (0.5, 0.8807970779778823),
    "tanh": (0.0, 0.9640275800758169),
    "relu": (0.0, 2.0),
    "leaky_relu": (0.0, 2.0),
    "identity": (0.0, 2.0),
}


@pytest.mark.parametrize("name", KNOWN)
def test_values_at_0_and_2_are_the_textbook_s(name):
    """g(0) and g(2) by hand."""
    A = ACTIVATIONS[name].value(np.array([[0.0, 2.0]]))

    assert A[0] == pytest.approx(KNOWN[name], rel=1e-15)


def test_leaky_relu_leaks_a_hundredth():
    """Below zero the slope is 0.01."""
    A = ACTIVATIONS["leaky_relu"].value(np.array([[-2.0]]))

    assert A[0, 0] == pytest.approx(-0.02)


def test_softmax_is_a_distribution_over_units_and_ignores_a_common_shift():
    """Columns sum to 1; adding a number to all units of an example changes nothing."""
    A = ACTIVATIONS["softmax"].value(POINTS)
    shifted = ACTIVATIONS["softmax"].value(POINTS + 100.0)

    assert A.sum(axis=0) == pytest.approx(np.ones(5))
    assert A[0, 0] == pytest.approx(1 / (1 + np.exp(4.5)))
    assert shifted == pytest.approx(A)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_backward_is_the_product_with_the_derivative(name):
    """dZ equals central differences of sum(dA * g(Z)), softmax's Jacobian included."""
    dA = np.array([[0.3, -1.0, 2.0, 0.5, -0.7], [1.0, 0.2, -0.4, 0.9, 1.1]])
    row = ACTIVATIONS[name]

    dZ = row.backward(dA, POINTS, row.value(POINTS))

    expected = central_difference(
        lambda theta: float(np.sum(dA * row.value(theta.reshape(POINTS.shape)))), POINTS.ravel()
    )
    assert relative_error(dZ.ravel(), expected) < 1e-9


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_the_derivative_at_the_kink_is_that_of_the_left_side(name):
    """At Z = 0 the derivative is 0 for ReLU and 0.01 for leaky ReLU."""
    zero = np.zeros((1, 1))

    dZ = ACTIVATIONS[name].backward(np.ones((1, 1)), zero, zero)

    assert dZ[0, 0] == {"relu": 0.0, "leaky_relu": 0.01}[name]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_derivatives_are_stable_to_ten_thousand(name, dtype):
    """For |z| up to 1e4 all is finite, nothing warns, and the precision stays."""
    Z = np.array([[-1e4, -100.0, 0.0, 100.0, 1e4], [1e4, 3.0, 0.0, -3.0, -1e4]], dtype)
    row = ACTIVATIONS[name]

    A = row.value(Z)
    dZ = row.backward(np.ones_like(Z), Z, A)

    assert A.dtype == dZ.dtype == dtype
    assert np.all(np.isfinite(A))
    assert np.all(np.isfinite(dZ))


def test_the_limits_are_right():
    """Sigmoid goes to 0 and 1, tanh to -1 and 1, softmax to the largest."""
    Z = np.array([[-1e4, 1e4]], np.float32)

    assert ACTIVATIONS["sigmoid"].value(Z).tolist() == [[0.0, 1.0]]
    assert ACTIVATIONS["tanh"].value(Z).tolist() == [[-1.0, 1.0]]
    assert ACTIVATIONS["softmax"].value(Z.T).tolist() == [[0.0], [1.0]]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_not_a_number_is_never_hidden(name):
    """What is no number stays none, so that a divergence can be seen."""
    A = ACTIVATIONS[name].value(np.array([[np.nan], [1.0]]))

    assert np.isnan(A[0, 0])


def test_the_table_says_which_have_a_kink():
    """ReLU and leaky ReLU are not smooth at zero, the others are."""
    assert {name for name, row in ACTIVATIONS.items() if row.kink} == {"relu", "leaky_relu"}
