"""Optimizers, penalties, and gradient checking itself."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from ellnet.arrays import Array
from ellnet.equations.complex_step import complex_step
from ellnet.equations.gradient_check import central_difference, relative_error
from ellnet.equations.optimizers import adam, gradient_descent
from ellnet.equations.penalties import l2, l2_backward

ADAM = {"learning_rate": 0.1, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}


def test_gradient_descent_by_hand():
    """theta - alpha dtheta, and nothing changed in place (eq. 5.1)."""
    theta, dtheta = np.array([[1.0, 2.0]]), np.array([[10.0, -10.0]])

    stepped, moments = gradient_descent(theta, dtheta, (), 1, learning_rate=0.1)

    assert stepped.tolist() == [[0.0, 3.0]]
    assert theta.tolist() == [[1.0, 2.0]]
    assert tuple(moments) == ()


def adam_by_hand(theta: float, gradients: list[float]) -> list[float]:
    """Algorithm 1 of Kingma and Ba (2015), on one number (eq. 13.1)."""
    m = v = 0.0
    path = []
    for t, g in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        theta -= 0.1 * (m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
        path.append(theta)
    return path


def test_adam_follows_the_paper_for_25_steps():
    """To rounding, from given gradients of changing sign and size (eq. 13.1)."""
    gradients = [math.sin(3 * t) * 10 ** (t % 5 - 2) for t in range(25)]
    theta = np.array([[0.5]])
    moments: Sequence[Array] = (np.zeros((1, 1)), np.zeros((1, 1)))

    path = []
    for t, g in enumerate(gradients, start=1):
        theta, moments = adam(theta, np.array([[g]]), moments, t, **ADAM)
        path.append(theta[0, 0])

    assert path == pytest.approx(adam_by_hand(0.5, gradients), rel=1e-12)


def test_adam_s_golden_numbers():
    """Algorithm 1 in decimals of 60 digits, outside this project, for the gradients 1, 2, -3, 1/4."""
    theta = np.array([[0.5]])
    moments: Sequence[np.ndarray] = (0 * theta, 0 * theta)

    path = []
    for t, g in enumerate([1.0, 2.0, -3.0, 0.25], start=1):
        theta, moments = adam(theta, np.array([[g]]), moments, t, **ADAM)
        path.append(theta[0, 0])

    golden = [
        0.400000000999999990000000,
        0.303481799028165640185482,
        0.310141700555247510273602,
        0.311707986745498245636640,
    ]
    assert path == pytest.approx(golden, rel=1e-14)


def test_adam_in_float32_keeps_its_corrections_in_double():
    """The second moment's 1 - beta_2 is no float32 difference: that costs 1.3e-5 of it."""
    zero = np.zeros((1, 1), np.float32)

    _, (m, v) = adam(zero, zero + np.float32(1.0), (zero, zero), 1, **ADAM)

    assert v.dtype == m.dtype == np.float32
    assert v[0, 0] == np.float32(0.001)
    assert m[0, 0] == np.float32(0.1)


def test_the_l2_penalty_and_its_derivative():
    """(lambda / 2m) sum W^2 by hand (eq. 14.1), and by differences (eq. 14.2)."""
    W = np.array([[1.0, -2.0], [3.0, 0.5]])

    assert l2(W, 0.6, 3) == pytest.approx(0.1 * 14.25)
    expected = central_difference(lambda theta: l2(theta.reshape(2, 2), 0.6, 3), W.ravel())
    assert relative_error(l2_backward(W, 0.6, 3).ravel(), expected) < 1e-9


def test_central_differences_are_exact_for_a_parabola():
    """The error term is of the third derivative (eq. 15.1)."""
    gradient = central_difference(lambda t: float(np.sum(t * t)), np.array([1.0, -2.0, 0.0]))

    assert gradient == pytest.approx([2.0, -4.0, 0.0], abs=1e-9)


def test_a_difference_is_measured_in_units_of_a_large_parameter():
    """A step of 1e-5 would be lost beside 1e12."""
    gradient = central_difference(lambda t: float(np.sum(t * t)), np.array([1e12]))

    assert gradient == pytest.approx([2e12], rel=1e-9)


def test_the_complex_step_is_exact_where_differences_are_not():
    """Of exp(x) / (sin(x)^3 + cos(x)^3), Squire and Trapp's own example, to rounding (eq. 15.3)."""
    x = np.array([1.5, 0.3])
    e, s, c = np.exp(x), np.sin(x), np.cos(x)

    found = complex_step(lambda t: np.sum(np.exp(t) / (np.sin(t) ** 3 + np.cos(t) ** 3)), x)

    slope = e * (s**3 + c**3 - 3 * s**2 * c + 3 * c**2 * s) / (s**3 + c**3) ** 2
    assert found == pytest.approx(slope, rel=1e-14)


def test_the_relative_error_is_that_of_the_notes():
    """0 for equal vectors and for zeros, 1 for opposite ones and where one is missing (eq. 15.2)."""
    g = np.array([3.0, 4.0])

    assert relative_error(g, g) == 0.0
    assert relative_error(0 * g, 0 * g) == 0.0
    assert relative_error(g, -g) == 1.0
    assert relative_error(g, 0 * g) == 1.0
    assert relative_error(g, g * 1.002) == pytest.approx(0.001, rel=1e-2)


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1e300])
def test_the_relative_error_does_not_depend_on_the_scale(scale):
    """Small gradients are held to it as large ones are."""
    g, other = np.array([3.0, 4.0]), np.array([3.0, -4.0])

    assert relative_error(scale * g, scale * other) == pytest.approx(0.8)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_no_number_passes_no_bound(bad):
    """On either side, the relative error is below nothing."""
    g, broken = np.array([3.0, 4.0]), np.array([3.0, bad])

    with np.errstate(invalid="ignore"):
        assert not relative_error(broken, g) < 1.0
        assert not relative_error(g, broken) < 1.0
