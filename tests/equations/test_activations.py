"""Activations: values, derivatives, and stability (notes N9)."""

import math
from collections.abc import Callable
from typing import Any

import array_api_strict
import numpy as np
import pytest

from ellnet.arrays import to_numpy
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.gradient_check import central_difference, relative_error

POINTS = np.array([[-3.5, -1.0, -0.25, 0.5, 2.0], [1.5, 0.75, -2.0, -0.5, 3.5]])

E1, E2 = math.exp(-1.0), math.exp(2.0)
ROOT = math.sqrt(2 / math.pi)

KNOWN = {
    "sigmoid": (E1 / (1 + E1), E2 / (1 + E2)),  # eq. 9.1
    "tanh": (-0.7615941559557649, 0.9640275800758169),  # eq. 9.3
    "relu": (0.0, 2.0),  # eq. 9.5
    "leaky_relu": (-0.01, 2.0),  # eq. 9.7
    "identity": (-1.0, 2.0),  # eq. 9.9
    "elu": (E1 - 1, 2.0),  # eq. 9.13
    "selu": (1.0507009873554805 * 1.6732632423543772 * (E1 - 1), 2.101401974710961),  # eq. 9.15
    "gelu": (-0.5 * (1 - math.tanh(ROOT * 1.044715)), 1 + math.tanh(ROOT * 2.35772)),  # eq. 9.17
    "silu": (-E1 / (1 + E1), 2 * E2 / (1 + E2)),  # eq. 9.19
    "mish": (
        -((1 + E1) ** 2 - 1) / ((1 + E1) ** 2 + 1),
        2 * math.tanh(math.log(1 + E2)),
    ),  # eq. 9.21
    "softplus": (math.log(1 + E1), math.log(1 + E2)),  # eq. 9.23
    "softsign": (-1 / 2, 2 / 3),  # eq. 9.25
    "hard_sigmoid": (1 / 3, 5 / 6),  # eq. 9.27
    "exponential": (E1, E2),  # eq. 9.29
}
"""Values at -1 and 2, by hand."""

S2, T2 = E2 / (1 + E2), math.tanh(math.log(1 + E2))

SLOPES = {
    "sigmoid": (E1 / (1 + E1) ** 2, E2 / (1 + E2) ** 2),  # eq. 9.2
    "tanh": (1 / math.cosh(1.0) ** 2, 1 / math.cosh(2.0) ** 2),  # eq. 9.4
    "relu": (0.0, 1.0),  # eq. 9.6
    "leaky_relu": (0.01, 1.0),  # eq. 9.8
    "identity": (1.0, 1.0),  # eq. 9.10
    "elu": (E1, 1.0),  # eq. 9.14
    "selu": (1.0507009873554805 * 1.6732632423543772 * E1, 1.0507009873554805),  # eq. 9.16
    "gelu": (
        0.5 * (1 - math.tanh(ROOT * 1.044715))
        - 0.5 * ROOT * 1.134145 / math.cosh(ROOT * 1.044715) ** 2,
        0.5 * (1 + math.tanh(ROOT * 2.35772)) + ROOT * 1.53658 / math.cosh(ROOT * 2.35772) ** 2,
    ),  # eq. 9.18
    "silu": (E1 / (1 + E1) - E1 / (1 + E1) ** 2, S2 + 2 * S2 * (1 - S2)),  # eq. 9.20
    "mish": (
        ((1 + E1) ** 2 - 1) / ((1 + E1) ** 2 + 1) - 4 * (1 + E1) * E1 / ((1 + E1) ** 2 + 1) ** 2,
        T2 + 2 * S2 / math.cosh(math.log(1 + E2)) ** 2,
    ),  # eq. 9.22
    "softplus": (E1 / (1 + E1), S2),  # eq. 9.24
    "softsign": (1 / 4, 1 / 9),  # eq. 9.26
    "hard_sigmoid": (1 / 6, 1 / 6),  # eq. 9.28
    "exponential": (E1, E2),  # eq. 9.30
}
"""Derivatives at -1 and 2, by hand."""

SMOOTH: dict[str, Callable[[Any], Any]] = {
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "identity": lambda z: z,
    "elu": lambda z: np.where(z.real > 0, z, np.exp(z) - 1),
    "selu": lambda z: 1.0507009873554805 * np.where(z.real > 0, z, SELU_ALPHA * (np.exp(z) - 1)),
    "gelu": lambda z: z / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "mish": lambda z: z * np.exp(z) * (np.exp(z) + 2) / (np.exp(z) * (np.exp(z) + 2) + 2),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "softsign": lambda z: z / (1 + np.sign(z.real) * z),
    "exponential": np.exp,
}
"""The textbook's formulas of one unit, which take complex numbers, away from zero."""

SELU_ALPHA = 1.6732632423543772
BOUNDED = [name for name in ACTIVATIONS if name != "exponential"]
"""Those that cannot overflow."""

LIMITS = {
    "elu": ([-1.0, 1e4], [0.0, 1.0]),
    "selu": ([-1.7580993408473766, 1.0507009873554805e4], [0.0, 1.0507009873554805]),
    "gelu": ([0.0, 1e4], [0.0, 1.0]),
    "silu": ([0.0, 1e4], [0.0, 1.0]),
    "mish": ([0.0, 1e4], [0.0, 1.0]),
    "softplus": ([0.0, 1e4], [0.0, 1.0]),
    "softsign": ([-1e4 / 10001, 1e4 / 10001], [10001.0**-2, 10001.0**-2]),
    "hard_sigmoid": ([0.0, 1.0], [0.0, 0.0]),
}
"""Values and derivatives at -1e4 and 1e4."""


@pytest.mark.parametrize("name", KNOWN)
def test_values_by_hand(name):
    """g(-1) and g(2)."""
    A = ACTIVATIONS[name].value(np.array([[-1.0, 2.0]]))

    assert A[0] == pytest.approx(KNOWN[name], rel=1e-14)


@pytest.mark.parametrize("name", SLOPES)
def test_derivatives_by_hand(name):
    """-3 g'(-1) and -3 g'(2), where dA is -3."""
    Z = np.array([[-1.0, 2.0]])

    dZ = ACTIVATIONS[name].backward(np.full_like(Z, -3.0), Z, ACTIVATIONS[name].value(Z))

    assert dZ[0] == pytest.approx([-3.0 * slope for slope in SLOPES[name]], rel=1e-14)


def test_only_softmax_has_no_numbers_of_its_own():
    """Its units depend on one another; every other activation is in both tables."""
    assert set(KNOWN) == set(SLOPES) == set(ACTIVATIONS) - {"softmax"}


def test_leaky_relu_leaks_a_hundredth():
    """Below zero the slope is 0.01."""
    A = ACTIVATIONS["leaky_relu"].value(np.array([[-2.0]]))

    assert A[0, 0] == pytest.approx(-0.02)


def test_softmax_is_a_distribution_over_units_and_ignores_a_common_shift():
    """Columns sum to 1; adding a number to all units of an example changes nothing (eq. 9.11)."""
    A = ACTIVATIONS["softmax"].value(POINTS)
    shifted = ACTIVATIONS["softmax"].value(POINTS + 100.0)

    assert A.sum(axis=0) == pytest.approx(np.ones(5))
    assert A[0, 0] == pytest.approx(1 / (1 + np.exp(5.0)))
    assert shifted == pytest.approx(A)


def test_softmax_s_derivative_is_the_product_with_its_jacobian():
    """J = diag(A) - A A^T of each example, written out (eq. 9.12)."""
    A = ACTIVATIONS["softmax"].value(POINTS)
    dA = np.array([[0.3, -1.0, 2.0, 0.5, -0.7], [1.0, 0.2, -0.4, 0.9, 1.1]])

    dZ = ACTIVATIONS["softmax"].backward(dA, POINTS, A)

    columns = [(np.diag(a) - np.outer(a, a)) @ d for a, d in zip(A.T, dA.T, strict=True)]
    assert dZ == pytest.approx(np.array(columns).T, rel=1e-13)


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


@pytest.mark.parametrize("name", SMOOTH)
def test_the_derivative_is_that_of_the_complex_step(name):
    """To rounding: Im g(z + ih) / h has neither a difference nor an error of h."""
    Z = np.array([[-20.0, -3.5, -1.25, -0.01, 0.01, 0.5, 2.0, 8.0]])
    h = 1e-30
    row = ACTIVATIONS[name]

    A = row.value(Z)
    dZ = row.backward(np.full_like(Z, -1.5), Z, A)

    stepped = SMOOTH[name](Z + 1j * h)
    assert pytest.approx(stepped.real, rel=1e-13, abs=1e-15) == A
    assert dZ == pytest.approx(-1.5 * stepped.imag / h, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(("name", "power"), [("gelu", 2), ("silu", 1), ("mish", 1)])
def test_what_is_far_below_zero_keeps_its_digits(name, power):
    """Below zero the units that dip die out as an exponential times Z, without cancelling."""
    Z = np.array([[-9.0]])
    inner = {"gelu": 2 * math.sqrt(2 / math.pi) * (-9 - 0.044715 * 729)}.get(name, -9.0)

    A = ACTIVATIONS[name].value(Z)

    assert A[0, 0] == pytest.approx(-9.0 * math.exp(inner), rel={1: 3e-4, 2: 1e-13}[power])


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "selu"])
def test_the_derivative_at_the_kink_is_that_of_the_left_side(name):
    """At Z = 0 the derivative is 0 for ReLU, 0.01 for leaky ReLU and s a for SELU."""
    zero = np.zeros((1, 1))

    dZ = ACTIVATIONS[name].backward(np.ones((1, 1)), zero, zero)

    assert dZ[0, 0] == {"relu": 0.0, "leaky_relu": 0.01, "selu": 1.7580993408473766}[name]


def test_the_hard_sigmoid_is_flat_at_its_ends():
    """At Z = -3 and 3, and beyond, the value is 0 and 1 and the derivative 0."""
    Z = np.array([[-4.0, -3.0, 3.0, 4.0]])

    A = ACTIVATIONS["hard_sigmoid"].value(Z)
    dZ = ACTIVATIONS["hard_sigmoid"].backward(np.ones_like(Z), Z, A)

    assert A.tolist() == [[0.0, 0.0, 1.0, 1.0]]
    assert dZ.tolist() == [[0.0] * 4]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", BOUNDED)
def test_values_and_derivatives_are_stable_to_ten_thousand(name, dtype):
    """For |z| up to 1e4 all is finite, nothing warns, and the precision stays."""
    ramp = np.geomspace(1e-30, 1e4, 200)
    Z = np.concatenate([-ramp, [0.0], ramp]).astype(dtype)
    Z = np.stack([Z, -Z])
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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LIMITS)
def test_values_and_slopes_far_out_are_those_of_the_limit(name, dtype):
    """At -1e4 and 1e4 values and derivatives are those of the limit, to rounding."""
    Z = np.array([[-1e4, 1e4]], dtype)
    values, slopes = LIMITS[name]

    A = ACTIVATIONS[name].value(Z)
    dZ = ACTIVATIONS[name].backward(np.ones_like(Z), Z, A)

    rel = 4 * float(np.finfo(dtype).eps)
    assert A[0] == pytest.approx(values, rel=rel, abs=0.0)
    assert dZ[0] == pytest.approx(slopes, rel=rel, abs=0.0)


def test_the_exponential_overflows_where_its_number_does_and_vanishes_silently():
    """Within the range of float32 all is finite; below it is 0, without a warning."""
    Z = np.array([[-1e4, 88.0]], np.float32)

    A = ACTIVATIONS["exponential"].value(Z)

    assert A[0, 0] == 0.0
    assert np.isfinite(A[0, 1])
    with pytest.warns(RuntimeWarning, match="overflow"):
        ACTIVATIONS["exponential"].value(np.array([[89.0]], np.float32))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_standard_alone_is_enough(name, dtype):
    """array-api-strict gives NumPy's numbers, in the same precision."""
    Z = POINTS.astype(dtype)
    away, row = array_api_strict.asarray(Z), ACTIVATIONS[name]

    A = row.value(away)
    dZ = row.backward(away, away, A)

    assert to_numpy(A).dtype == to_numpy(dZ).dtype == dtype
    assert to_numpy(A) == pytest.approx(row.value(Z), rel=1e-6)
    assert to_numpy(dZ) == pytest.approx(row.backward(Z, Z, row.value(Z)), rel=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_not_a_number_is_never_hidden(name):
    """What is no number stays none, so that a divergence can be seen."""
    A = ACTIVATIONS[name].value(np.array([[np.nan], [1.0]]))

    assert np.isnan(A[0, 0])


def test_the_table_says_where_the_kinks_are():
    """Three rectifiers jump in slope at zero, the hard sigmoid at both ends, the others nowhere."""
    kinks = {name: row.kinks for name, row in ACTIVATIONS.items() if row.kinks}

    zero = dict.fromkeys(["relu", "leaky_relu", "selu"], (0.0,))
    assert kinks == {**zero, "hard_sigmoid": (-3.0, 3.0)}
