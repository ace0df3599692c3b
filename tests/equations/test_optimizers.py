"""Optimizers and clipping: PyTorch's numbers, and what each promises."""

import json
import math
from pathlib import Path
from typing import Any

import array_api_strict
import numpy as np
import pytest

from ellnet.equations.optimizers import OPTIMIZERS, adamw, clip_by_norm, nadam

FILE = Path(__file__).parent / "golden" / "optimizers_and_schedules.json"
GOLDEN: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
START, GRADIENTS = np.array(GOLDEN["start"]), np.array(GOLDEN["gradients"])


def walk(name, theta, gradients, options):
    """The parameter after each step."""
    row = OPTIMIZERS[name]
    moments: Any = [0 * theta for _ in range(row.moments)]
    path = []
    for t, gradient in enumerate(gradients, start=1):
        theta, moments = row.step(theta, gradient, moments, t, **options)
        path.append(theta)
    return path


def adam_like(t, g, m, v):
    """Adam's moments of one number, and both without their bias."""
    m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
    return m, v, m / (1 - 0.9**t), math.sqrt(v / (1 - 0.99**t)) + 1e-6


def nadam_by_hand(theta, t, g, m, v):
    """Dozat's step with the products of mu written out."""
    m, v, _, root = adam_like(t, g, m, v)
    mu = [0.9 * (1 - 0.96 ** (0.01 * k) / 2) for k in range(1, t + 2)]
    ahead, here = mu[-1] / (1 - math.prod(mu)), (1 - mu[-2]) / (1 - math.prod(mu[:-1]))
    return theta - 0.1 * (ahead * m + here * g) / root, m, v


def adamw_by_hand(theta, t, g, m, v):
    """The decay of the weights first, then Adam's step."""
    m, v, mean, root = adam_like(t, g, m, v)
    return theta * (1 - 0.1 * 0.2) - 0.1 * mean / root, m, v


BY_HAND = {
    "gradient_descent": lambda theta, _, g, m, v: (theta - 0.1 * g, m, v),  # eq. 5.1
    "momentum": lambda theta, _, g, m, v: (theta - 0.1 * (0.8 * m + g), 0.8 * m + g, v),  # eq. 13.2
    "nesterov": lambda theta, _, g, m, v: (
        theta - 0.1 * (g + 0.8 * (0.8 * m + g)),
        0.8 * m + g,
        v,
    ),  # eq. 13.3
    "rmsprop": lambda theta, _, g, m, v: (
        theta - 0.1 * g / (math.sqrt(0.95 * v + 0.05 * g * g) + 1e-6),
        m,
        0.95 * v + 0.05 * g * g,
    ),  # eq. 13.4
    "adagrad": lambda theta, _, g, m, v: (
        theta - 0.1 * g / (math.sqrt(v + g * g) + 1e-9),
        m,
        v + g * g,
    ),  # eq. 13.5
    "adamw": adamw_by_hand,  # eq. 13.6
    "nadam": nadam_by_hand,  # eq. 13.7
}
"""One number's step from (theta, t, gradient, two moments), written out with the golden options."""


@pytest.mark.parametrize("name", BY_HAND)
def test_steps_by_hand(name):
    """Twenty-five of them on one number, to rounding, from the formula."""
    path = walk(name, START[:1, :1], GRADIENTS[:, :1, :1], GOLDEN["optimizers"][name]["options"])

    theta, m, v = float(START[0, 0]), 0.0, 0.0
    for t, found in enumerate(path, start=1):
        theta, m, v = BY_HAND[name](theta, t, float(GRADIENTS[t - 1, 0, 0]), m, v)
        assert found[0, 0] == pytest.approx(theta, rel=1e-12), t


def test_every_optimizer_is_written_out():
    """Adam's own test is among the small chapters."""
    assert set(BY_HAND) == set(OPTIMIZERS) - {"adam"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_five_steps_are_pytorch_s(name):
    """To 1e-12, from the same gradients, in float64."""
    row = GOLDEN["optimizers"][name]

    path = walk(name, START, GRADIENTS, row["options"])

    assert set(row["options"]) == set(OPTIMIZERS[name].options)
    for step, expected in row["after"].items():
        assert path[int(step) - 1] == pytest.approx(np.array(expected), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_nothing_is_changed_in_place(name):
    """Parameter, gradient and moments are as they were; as many moments come out as go in."""
    row, options = OPTIMIZERS[name], GOLDEN["optimizers"][name]["options"]
    theta, gradient = START.copy(), GRADIENTS[0].copy()
    moments = [np.full_like(theta, 0.5) for _ in range(row.moments)]

    stepped, after = row.step(theta, gradient, moments, 3, **options)

    assert len(after) == row.moments
    assert not np.array_equal(stepped, START)
    assert np.array_equal(theta, START)
    assert np.array_equal(gradient, GRADIENTS[0])
    assert all(np.array_equal(moment, np.full_like(theta, 0.5)) for moment in moments)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_option_changes_the_step(name):
    """An option that changed nothing would be none."""
    options = GOLDEN["optimizers"][name]["options"]
    usual = walk(name, START, GRADIENTS[:3], options)[-1]

    for each in options:
        other = walk(name, START, GRADIENTS[:3], {**options, each: options[each] * 0.5})[-1]
        assert not np.array_equal(usual, other), each


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_precision_and_the_library_stay(name):
    """float32 stays float32, and strict arrays agree with NumPy's."""
    options, strict = GOLDEN["optimizers"][name]["options"], array_api_strict.asarray
    expected = walk(name, START, GRADIENTS, options)[-1]

    single = walk(name, START.astype("f4"), GRADIENTS.astype("f4"), options)[-1]
    other = walk(name, strict(START), [strict(g) for g in GRADIENTS], options)[-1]

    assert single.dtype == np.float32
    assert single == pytest.approx(expected, rel=1e-3, abs=1e-4)
    assert np.asarray(other) == pytest.approx(expected, rel=1e-13)


def test_without_decay_adamw_is_adam():
    """To the bit."""
    options = GOLDEN["optimizers"]["adam"]["options"]
    moments = [0 * START, 0 * START]

    decayed, _ = adamw(START, GRADIENTS[0], moments, 1, weight_decay=0.0, **options)

    assert np.array_equal(decayed, walk("adam", START, GRADIENTS[:1], options)[0])


@pytest.mark.parametrize(("beta_1", "psi"), [(0.9, 0.01), (0.9999, 100.0)])
@pytest.mark.parametrize("t", [1, 100, 4095, 4096, 4097, 8193])
def test_nadam_s_product_is_a_function_of_t(t, beta_1, psi):
    """Whatever steps were taken before, or none; with 0.9 it underflows to 0 far on, with 0.9999 not."""
    usual = GOLDEN["optimizers"]["nadam"]["options"]
    options = {**usual, "beta_1": beta_1, "momentum_decay": psi}
    mus = beta_1 * (1.0 - 0.5 * 0.96 ** (psi * np.arange(1, t + 2)))
    m, v = (1 - beta_1) * GRADIENTS[0], 0.01 * GRADIENTS[0] ** 2
    with np.errstate(under="ignore"):
        product = np.prod(mus[:-1])
    ahead = 0.1 * mus[-1] / (1 - product * mus[-1])
    here = 0.1 * (1 - mus[-2]) / (1 - product)
    root = np.sqrt(v / (1 - 0.99**t)) + 1e-6

    found, _ = nadam(START, GRADIENTS[0], [0 * START, 0 * START], t, **options)

    expected = START - (ahead * m + here * GRADIENTS[0]) / root
    assert found == pytest.approx(expected, rel=1e-11, abs=0.0)


def test_nadam_without_momentum_is_rmsprop_without_bias():
    """beta_1 = 0 leaves the gradient alone over the corrected root."""
    options = {**GOLDEN["optimizers"]["nadam"]["options"], "beta_1": 0.0}

    path = walk("nadam", START, GRADIENTS[:3], options)

    theta, v = START, 0 * START
    for t, gradient in enumerate(GRADIENTS[:3], start=1):
        v = 0.99 * v + 0.01 * gradient**2
        theta = theta - 0.1 * gradient / (np.sqrt(v / (1 - 0.99**t)) + 1e-6)
    assert path[-1] == pytest.approx(theta, rel=1e-12)


def test_each_keeps_the_moments_that_it_needs():
    """None for plain steps, a mean, a mean square, or both."""
    counts = {name: row.moments for name, row in OPTIMIZERS.items()}

    both = dict.fromkeys(["adam", "adamw", "nadam"], 2)
    one = dict.fromkeys(["momentum", "nesterov", "rmsprop", "adagrad"], 1)
    assert counts == {"gradient_descent": 0, **one, **both}


def test_clipping_looks_at_small_norms_and_at_those_just_within():
    """A short gradient is cut to a shorter one, and one a hair within the bound does not grow."""
    short, within = [np.array([[3e-3, 4e-3]])], [np.array([[0.597, 0.796]])]

    assert clip_by_norm(short, 1e-3)[0] == pytest.approx(np.array([[6e-4, 8e-4]]), rel=1e-3)
    assert clip_by_norm(within, 1.0)[0].tobytes() == within[0].tobytes()


def test_clipping_takes_all_together_where_one_is_zero():
    """An array of zeros, or of very small numbers, hides nothing of the others."""
    for small in (0.0, 1e-300):
        cut = clip_by_norm([np.full((2, 1), small), np.array([[3.0, 0.0, 4.0]])], 1.0)
        assert cut[1] == pytest.approx(np.array([[0.6, 0.0, 0.8]]), rel=1e-6)


def test_clipping_is_pytorch_s():
    """All gradients together; what is within the bound keeps its bits (eq. 13.8)."""
    golden, gradients = GOLDEN["clipped"], list(GRADIENTS[:2])

    cut = clip_by_norm(gradients, golden["largest"])
    kept = clip_by_norm(gradients, 1500.0)

    assert np.array(cut) == pytest.approx(np.array(golden["after"]), rel=1e-12)
    assert np.array(kept).tobytes() == np.array(gradients).tobytes()


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_clipping_neither_overflows_nor_vanishes(scale):
    """The norm is taken in the scale of the largest entry."""
    cut = clip_by_norm([scale * GRADIENTS[0]], scale / 1e3 if scale > 1 else 1e-3)

    norm = np.linalg.norm(cut[0] / scale)
    expected = 1e-3 if scale > 1 else np.linalg.norm(GRADIENTS[0])
    assert norm == pytest.approx(expected, rel=1e-9)


def test_gradients_of_zeros_stay():
    """Nothing is divided by their norm."""
    assert np.array_equal(clip_by_norm([np.zeros((2, 2))], 1.0)[0], np.zeros((2, 2)))
