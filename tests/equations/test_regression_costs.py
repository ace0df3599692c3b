"""Costs of numbers, their options, and labels that are smoothed."""

import inspect
import math

import array_api_strict
import numpy as np
import pytest

from ellnet.arrays import to_numpy
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS, output_delta, output_losses
from ellnet.equations.cross_entropies import smooth_labels
from ellnet.equations.gradient_check import central_difference, relative_error
from ellnet.equations.regression_costs import (
    absolute_error_backward,
    huber,
    huber_backward,
    poisson,
    quantile,
    quantile_backward,
)
from ellnet.errors import ShapeError

OPTIONS = [
    ("absolute_error", {}),
    ("huber", {}),
    ("huber", {"threshold": 0.3}),
    ("poisson", {}),
    ("quantile", {}),
    ("quantile", {"quantiles": (0.1, 0.9)}),
    ("quantile", {"quantiles": (0.05, 0.25, 0.5, 0.75)}),
]
"""Every cost of numbers, with values of its options."""

A = np.array([[0.2, 1.7, 3.45], [2.8, 0.3, 0.5], [1.1, 2.0, 0.4], [4.0, 0.75, 1.1]])
Y = np.array([[1.0, 0.0, 3.0], [1.0, 1.0, 0.0], [2.0, 0.0, 5.0], [4.5, 1.0, 1.0]])


@pytest.mark.parametrize(("cost", "options"), OPTIONS)
def test_backward_is_the_derivative_with_every_option(cost, options):
    """dA equals central differences of the summed losses."""
    row = COSTS[cost]

    dA = row.backward(A, Y, **options)

    expected = central_difference(
        lambda theta: float(np.sum(row.loss(theta.reshape(A.shape), Y, **options))), A.ravel()
    )
    assert relative_error(dA.ravel(), expected) < 1e-9


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("cost", "options"), OPTIONS)
def test_the_standard_alone_is_enough(cost, options, dtype):
    """array-api-strict gives NumPy's numbers, in the same precision, options included."""
    row = COSTS[cost]
    a, y = A.astype(dtype), Y.astype(dtype)
    away = [array_api_strict.asarray(each) for each in (a, y)]

    losses, dA = row.loss(*away, **options), row.backward(*away, **options)

    assert to_numpy(losses).dtype == to_numpy(dA).dtype == dtype
    assert to_numpy(losses) == pytest.approx(row.loss(a, y, **options), rel=1e-6)
    assert to_numpy(dA) == pytest.approx(row.backward(a, y, **options), rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("cost", "options"), [each for each in OPTIONS if each[0] != "poisson"])
def test_errors_are_finite_to_ten_thousand(cost, options, dtype):
    """For numbers up to 1e4 nothing warns, and the precision stays."""
    ramp = np.geomspace(1e-30, 1e4, 50)
    a = np.stack([*[np.concatenate([-ramp, [0.0], ramp])] * 4]).astype(dtype)
    y = a[:, ::-1]

    losses, dA = COSTS[cost].loss(a, y, **options), COSTS[cost].backward(a, y, **options)

    assert losses.dtype == dA.dtype == dtype
    assert np.all(np.isfinite(losses))
    assert np.all(np.isfinite(dA))


@pytest.mark.parametrize("cost", COSTS)
def test_the_table_names_the_options_that_the_functions_have(cost):
    """Each keyword with a default, of the loss and of the backward and of what is fused."""
    row = COSTS[cost]
    functions = [row.loss, row.backward, *(part for fused in row.fused.values() for part in fused)]

    for function in functions:
        parameters = inspect.signature(function).parameters.values()
        assert tuple(p.name for p in parameters if p.default is not p.empty) == row.options


@pytest.mark.parametrize(("cost", "options"), OPTIONS)
def test_options_reach_the_losses_and_the_delta_of_the_output(cost, options):
    """They are passed on, and what the cost does not have is refused."""
    output = "exponential" if cost == "poisson" else "identity"
    a = ACTIVATIONS[output].value(A)

    losses = output_losses(output, cost, A, a, Y, **options)
    delta = output_delta(output, cost, A, a, Y, **options)

    row = COSTS[cost]
    assert losses == pytest.approx(row.loss(a, Y, **options), rel=1e-12)
    plain = ACTIVATIONS[output].backward(row.backward(a, Y, **options), A, a)
    assert delta == pytest.approx(plain, rel=1e-12)
    with pytest.raises(TypeError, match="sharpness"):
        output_losses(output, cost, A, a, Y, sharpness=2.0)


def test_at_the_kink_the_derivative_is_zero():
    """Where output and target are equal neither side is taken."""
    one = np.ones((2, 1))

    assert absolute_error_backward(one, one).tolist() == [[0.0], [0.0]]
    assert quantile_backward(one, one, (0.1, 0.9)).tolist() == [[0.0], [0.0]]


def test_huber_by_hand():
    """A parabola within the threshold, a line of its slope beyond (eq. 11.13, eq. 11.14)."""
    errors = np.array([[-3.0, -0.5, 0.0, 0.25, 2.0]])

    losses = huber(errors, 0 * errors, threshold=0.5)
    dA = huber_backward(errors, 0 * errors, threshold=0.5)

    assert losses.tolist() == [[0.5 * 2.75, 0.125, 0.0, 0.03125, 0.5 * 1.75]]
    assert dA.tolist() == [[-0.5, -0.5, 0.0, 0.25, 0.5]]


def test_units_are_summed():
    """One loss an example: the sum of those of each unit alone."""
    for cost in ("absolute_error", "huber", "poisson", "quantile"):
        row = COSTS[cost]

        alone = sum(row.loss(A[k : k + 1], Y[k : k + 1]) for k in range(4))

        assert row.loss(A, Y) == pytest.approx(alone, rel=1e-14)


def test_unit_k_predicts_target_k_over_q_at_the_quantile_that_remains():
    """Two targets, two quantiles: four units, a target's quantiles together (eq. 11.20, eq. 11.21)."""
    a, y = np.zeros((4, 1)), np.array([[1.0], [1.0], [-2.0], [-2.0]])

    dA = quantile_backward(a, y, (0.1, 0.9))

    assert dA == pytest.approx(np.array([[-0.1], [-0.9], [0.9], [0.1]]))
    assert quantile(a, y, (0.1, 0.9))[0, 0] == pytest.approx(0.1 + 0.9 + 1.8 + 0.2)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.8])
def test_the_quantile_makes_the_quantile_loss_least(q):
    """Of many numbers, that below which the share q of the targets lies costs least."""
    targets = np.random.default_rng(0).standard_normal((1, 999))
    candidates = np.linspace(-2, 2, 801)

    costs = [float(np.sum(quantile(0 * targets + c, targets, (q,)))) for c in candidates]

    best = candidates[int(np.argmin(costs))]
    assert best == pytest.approx(float(np.quantile(targets, q)), abs=0.02)


def test_the_median_costs_half_the_absolute_error():
    """One quantile, 0.5, is the default."""
    assert quantile(A, Y) == pytest.approx(0.5 * COSTS["absolute_error"].loss(A, Y))


@pytest.mark.parametrize("rows", [1, 3])
def test_units_that_are_no_multiple_of_the_quantiles_are_refused(rows):
    """The message says how many there must be."""
    with pytest.raises(ShapeError, match=rf"got {rows} rows; give .* a multiple of 2 units"):
        quantile(A[:rows], Y[:rows], (0.1, 0.9))


def test_the_poisson_deviance_by_hand():
    """Y log(Y / A) - Y + A, 0 where A = Y, and A where nothing was counted (eq. 11.15)."""
    counts, means = np.array([[0.0, 1.0, 3.0, 4.0]]), np.array([[0.7, 2.0, 3.0, 1.0]])

    losses = poisson(means, counts)

    assert losses[0] == pytest.approx([0.7, 1 - math.log(2), 0.0, 4 * math.log(4) - 3], abs=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("output", ["exponential", "softplus"])
def test_counts_have_finite_losses_far_out(output, dtype):
    """Where the mean vanishes the loss goes on as Y |Z|, the slope to -Y, and nothing warns."""
    Z = np.array([[-1e4, -1e4, -200.0, 0.0, 80.0]], dtype)
    counts = np.array([[0.0, 2.0, 3.0, 0.0, 7.0]], dtype)
    means = ACTIVATIONS[output].value(Z)

    losses = output_losses(output, "poisson", Z, means, counts)
    delta = output_delta(output, "poisson", Z, means, counts)

    assert losses.dtype == delta.dtype == dtype
    last = (
        math.exp(80) + 7 * (math.log(7) - 80) - 7
        if output == "exponential"
        else 80 - 7 + 7 * math.log(7 / 80)
    )
    first = [0.0, 2 * (math.log(2) - 1 + 1e4), 3 * (math.log(3) - 1 + 200)]
    at_zero = 1.0 if output == "exponential" else math.log(2)
    assert losses[0] == pytest.approx([*first, at_zero, last], rel=1e-6)
    ends = (1.0, math.exp(80) - 7) if output == "exponential" else (0.5, 1 - 7 / 80)
    assert delta[0] == pytest.approx([0.0, -2.0, -3.0, *ends], rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_counts_and_softplus_are_stable_to_ten_thousand(dtype):
    """Over the whole range all is finite, and a mean that vanishes makes no step."""
    Z = np.linspace(-1e4, 1e4, 2001, dtype=dtype)[None, :]
    Z = np.concatenate([Z, np.linspace(-120.0, 20.0, 2001, dtype=dtype)[None, :]])
    counts = np.full_like(Z, 2.0)
    means = ACTIVATIONS["softplus"].value(Z)

    losses = output_losses("softplus", "poisson", Z[1:], means[1:], counts[1:])
    delta = output_delta("softplus", "poisson", Z, means, counts)

    assert np.all(np.isfinite(output_losses("softplus", "poisson", Z, means, counts)))
    assert np.all(np.isfinite(delta))
    assert np.all(np.diff(losses[0, :1600]) < 0)
    assert delta[1, :800] == pytest.approx(np.full(800, -2.0), abs=1e-6)


@pytest.mark.parametrize(("classes", "labels"), [(4, np.eye(4)), (2, np.eye(4)[:2])])
def test_smoothed_labels(classes, labels):
    """A share s goes to all K classes alike; one-hot columns keep their sum (eq. 11.22)."""
    smooth = smooth_labels(labels, 0.1, classes)

    assert smooth[0] == pytest.approx([0.9 + 0.1 / classes, *[0.1 / classes] * 3])
    if classes == 4:
        assert smooth.sum(axis=0) == pytest.approx(np.ones(4))
    assert smooth_labels(labels, 0.0, classes).tolist() == labels.tolist()


def test_smoothed_labels_keep_library_and_precision():
    """float32 of array-api-strict stays that."""
    labels = array_api_strict.asarray(np.eye(3, dtype=np.float32))

    smooth = smooth_labels(labels, 0.3, 3)

    assert smooth.dtype == array_api_strict.float32
    assert to_numpy(smooth).diagonal() == pytest.approx([0.8] * 3)
