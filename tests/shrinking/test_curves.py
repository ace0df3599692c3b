"""What shrinking says of each activation is so."""

import numpy as np
import pytest

from ellnet.equations.activations import ACTIVATIONS
from ellnet.shrinking.curves import CURVES, straight_units

Z = np.unique(np.concatenate([np.linspace(-8, 8, 4001), np.linspace(-700, 700, 801)]))[None, :]
SCALING = {"relu", "leaky_relu", "identity"}
MIRRORED = {"tanh": 0, "softsign": 0, "identity": 0, "sigmoid": 1, "hard_sigmoid": 1}


def value(name, z):
    """The activation, of each z by itself."""
    return ACTIVATIONS[name].value(np.asarray(z, np.float64))


def test_every_activation_has_a_row():
    """And none that does not exist."""
    assert set(CURVES) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", CURVES)
def test_the_range_holds_and_is_no_wider_than_need_be(name):
    """No value is beyond floor and ceiling, and some come near them."""
    curve = CURVES[name]
    A = value(name, Z if curve.apart else np.vstack([Z, -Z]))

    assert np.all((curve.floor <= A) & (curve.ceiling >= A))
    assert A.min() <= curve.floor + 2e-3 or (A.min() < -5 and curve.floor == -np.inf)
    assert A.max() >= curve.ceiling - 2e-3 or (A.max() > 500 and curve.ceiling == np.inf)


@pytest.mark.parametrize("name", [name for name in CURVES if CURVES[name].apart])
def test_it_rises_where_it_is_said_to(name):
    """Everywhere, or from zero on; then it is below zero to the left of it."""
    curve = CURVES[name]
    A = value(name, Z)
    rising = np.diff(A) >= -1e-15

    assert bool(rising.all()) == curve.rises
    assert rising[Z[:, 1:] > 0].all()
    assert curve.rises or np.all(A[Z < 0] <= 0)


@pytest.mark.parametrize("name", [name for name in CURVES if CURVES[name].apart])
def test_straight_stretches_are_straight_and_all_are_named(name):
    """Every z inside one is a straight line; where three points lie on one, a stretch is named."""
    z = Z[0]
    found, slope, offset = straight_units(name, z, z)
    lower, upper = z - 0.0101, z + 0.0043
    wide, _, _ = straight_units(name, lower, upper)
    between = (0.0043 * value(name, lower) + 0.0101 * value(name, upper)) / 0.0144
    bend = value(name, z) - between

    assert np.all(
        np.abs(value(name, z) - slope * z - offset)[found] <= 1e-15 * (1 + np.abs(z[found]))
    )
    near = np.abs(z) < 5  # further out curves are straight to rounding
    assert np.all(wide[near] == (np.abs(bend) < 1e-13)[near])


@pytest.mark.parametrize("name", [name for name in CURVES if CURVES[name].apart])
def test_symmetries_are_those_that_there_are(name):
    """g(c z) = c g(z) for some, g(-z) = k - g(z) for some, and for no others."""
    z = np.linspace(-5, 5, 101)
    scales = np.allclose(value(name, 3.7 * z), 3.7 * value(name, z), rtol=1e-14, atol=0)
    k = value(name, z) + value(name, -z)
    mirrored = bool(np.ptp(k) < 1e-14)

    assert scales == CURVES[name].scales == (name in SCALING)
    assert mirrored == (CURVES[name].mirror is not None) == (name in MIRRORED)
    if mirrored:
        assert np.allclose(k, MIRRORED[name], atol=1e-15)
        assert CURVES[name].mirror == MIRRORED[name]
