"""Initial weights: their distributions, and which suits which activation."""

import math

import array_api_strict
import numpy as np
import pytest

from ellnet.arrays import to_numpy
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.initializers import (
    INITIALIZERS,
    course,
    lecun,
    orthogonal,
    suited,
    unit_variance,
    zeros,
)


@pytest.mark.parametrize(
    ("name", "deviation"),
    [
        ("he", math.sqrt(2 / 400)),  # eq. 12.1
        ("glorot", math.sqrt(2 / 700)),  # eq. 12.2
        ("course", math.sqrt(1 / 400)),  # eq. 12.3
        ("lecun", math.sqrt(1 / 400)),  # eq. 12.4
        ("scaled_normal", 0.01),  # eq. 12.5
    ],
)
def test_initial_weights_have_the_variance_that_the_paper_says(name, deviation):
    """Mean 0 and the deviation of the formula, within five standard errors."""
    W = INITIALIZERS[name](300, 400, np.random.default_rng(0))

    assert W.shape == (300, 400)
    assert W.dtype == np.float64
    assert abs(W.mean()) < 5 * deviation / math.sqrt(W.size)
    assert W.std() == pytest.approx(deviation, rel=5 / math.sqrt(W.size))


@pytest.mark.parametrize(
    ("name", "factor"),
    [("he", math.sqrt(2 / 4)), ("course", 1 / 2), ("lecun", 1 / 2), ("scaled_normal", 0.01)],
)
def test_normal_weights_are_numpy_s_times_the_deviation(name, factor):
    """One draw after another, row by row."""
    W = INITIALIZERS[name](3, 4, np.random.default_rng(6))

    drawn = np.random.default_rng(6).standard_normal(12).reshape(3, 4)
    assert pytest.approx(factor * drawn, rel=1e-15) == W


def test_glorot_s_weights_are_numpy_s_uniform_ones():
    """From [0, 1) to [-r, r)."""
    W = INITIALIZERS["glorot"](3, 4, np.random.default_rng(6))

    drawn = np.random.default_rng(6).random(12).reshape(3, 4)
    assert pytest.approx(math.sqrt(6 / 7) * (2 * drawn - 1), rel=1e-14) == W


@pytest.mark.parametrize(("n_out", "n_in"), [(4, 4), (5, 2)])
def test_orthogonal_weights_span_what_was_drawn(n_out, n_in):
    """Q of Q R with a positive diagonal, the only one: W times an upper triangle is the draw."""
    W = orthogonal(n_out, n_in, np.random.default_rng(6))

    R = W.T @ np.random.default_rng(6).standard_normal((n_out, n_in))
    assert np.tril(R, -1) == pytest.approx(np.zeros((n_in, n_in)), abs=1e-14)
    assert np.all(np.diag(R) > 0)


def test_glorot_s_weights_are_bounded():
    """No weight lies outside [-r, r], and they fill the interval."""
    W = INITIALIZERS["glorot"](300, 400, np.random.default_rng(0))

    r = math.sqrt(6 / 700)
    assert np.max(np.abs(W)) <= r
    assert np.max(W) > 0.999 * r
    assert np.min(W) < -0.999 * r


def test_lecun_s_weights_are_the_course_s():
    """One formula under two names gives the same numbers."""
    W = lecun(3, 4, np.random.default_rng(5))

    assert W.tolist() == course(3, 4, np.random.default_rng(5)).tolist()


@pytest.mark.parametrize(("n_out", "n_in"), [(5, 5), (7, 3), (3, 7), (1, 4), (4, 1), (1, 1)])
def test_orthogonal_weights_are_orthogonal_on_the_short_side(n_out, n_in):
    """The smaller of W W^T and W^T W is the identity (eq. 12.6)."""
    W = orthogonal(n_out, n_in, np.random.default_rng(2))

    assert W.shape == (n_out, n_in)
    assert W.dtype == np.float64
    assert W.flags.c_contiguous
    product = W @ W.T if n_out <= n_in else W.T @ W
    assert product == pytest.approx(np.eye(min(n_out, n_in)), abs=1e-14)


def test_orthogonal_weights_do_not_lean_to_one_side():
    """Without the correction of signs the first entry of Q would never be positive."""
    first = np.array([orthogonal(3, 3, np.random.default_rng(seed))[0, 0] for seed in range(400)])

    assert abs(np.mean(first > 0) - 0.5) < 0.1
    assert abs(np.mean(first)) < 5 * math.sqrt(1 / 3 / 400)


def test_zeros_are_zeros_and_draw_nothing():
    """W = 0 (eq. 12.7); the generator stands where it stood."""
    random = np.random.default_rng(1)

    W = zeros(2, 3, random)

    assert W.tolist() == [[0.0] * 3, [0.0] * 3]
    assert random.random() == np.random.default_rng(1).random()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_same_generator_gives_the_same_weights(name):
    """Nothing but the argument is random."""
    W = INITIALIZERS[name](4, 6, np.random.default_rng(3))

    assert W.tolist() == INITIALIZERS[name](4, 6, np.random.default_rng(3)).tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("xp", [np, array_api_strict])
def test_weights_are_scaled_to_unit_variance(xp, dtype):
    """After eq. 12.8 the deviation of Z = W A is 1, in the library and precision of W."""
    random = np.random.default_rng(4)
    W, A = (xp.asarray(random.standard_normal(n).astype(dtype)) for n in ((5, 3), (3, 50)))

    scaled = unit_variance(W, W @ A)

    assert scaled.dtype == W.dtype
    assert type(scaled) is type(W)
    assert np.std(to_numpy(scaled @ A)) == pytest.approx(1.0, rel=1e-5)


def test_weights_that_give_one_number_alone_stay():
    """Nothing is divided by zero."""
    W = np.array([[1.0, -1.0]])

    assert unit_variance(W, W @ np.ones((2, 3))) is W


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation_gets_the_initializer_that_suits_it(activation):
    """He for the rectifiers, LeCun for SELU, which was made for it, Glorot for the rest."""
    rectifiers = {"relu", "leaky_relu", "elu", "gelu", "silu", "mish", "softplus"}

    assert suited(activation) in INITIALIZERS
    assert suited(activation) == (
        "he" if activation in rectifiers else "lecun" if activation == "selu" else "glorot"
    )
