"""Costs: values by hand, derivatives by differences, fused forms equal to the plain ones."""

import numpy as np
import pytest

from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import (
    COSTS,
    check_pair,
    mean_loss,
    output_delta,
    output_losses,
    weigh,
)
from ellnet.equations.gradient_check import central_difference, relative_error
from ellnet.errors import HyperparameterError

PROBABILITIES = np.array([[0.2, 0.7, 0.5], [0.8, 0.3, 0.5]])
ONE_HOT = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
FUSED = [(output, cost) for cost, row in COSTS.items() for output in row.fused]


def test_losses_by_hand():
    """Each cost of one small example."""
    A, Y = np.array([[0.8], [0.2]]), np.array([[1.0], [0.0]])

    losses = {name: row.loss(A, Y)[0, 0] for name, row in COSTS.items()}

    assert losses == {
        "binary_cross_entropy": pytest.approx(-2 * np.log(0.8)),
        "categorical_cross_entropy": pytest.approx(-np.log(0.8)),
        "squared_error": pytest.approx(0.5 * (0.04 + 0.04)),
    }


@pytest.mark.parametrize("name", COSTS)
def test_backward_is_the_derivative_of_each_example_s_loss(name):
    """dA equals central differences of the summed losses: no 1/m stands in it."""
    row = COSTS[name]

    dA = row.backward(PROBABILITIES, ONE_HOT)

    expected = central_difference(
        lambda theta: float(np.sum(row.loss(theta.reshape(2, 3), ONE_HOT))), PROBABILITIES.ravel()
    )
    assert relative_error(dA.ravel(), expected) < 1e-8


@pytest.mark.parametrize(("output", "cost"), FUSED)
def test_the_fused_form_is_the_plain_one(output, cost):
    """Losses from Z, and dZ = A - Y (eq. 6.6), equal the chain of cost and activation."""
    Z = np.array([[-2.0, 0.3, 1.5], [0.7, -0.4, 0.1]])
    A = ACTIVATIONS[output].value(Z)

    losses = output_losses(output, cost, Z, A, ONE_HOT)
    delta = output_delta(output, cost, Z, A, ONE_HOT)

    plain = ACTIVATIONS[output].backward(COSTS[cost].backward(A, ONE_HOT), Z, A)
    assert losses == pytest.approx(COSTS[cost].loss(A, ONE_HOT), rel=1e-12)
    assert delta == pytest.approx(A - ONE_HOT, rel=1e-15)
    assert delta == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("output", "cost"), FUSED)
def test_saturated_outputs_have_a_finite_loss(output, cost, dtype):
    """At |z| = 1e4 the loss of a wrong answer is |z| itself, and that of a right one 0."""
    Z = (
        np.array([[1e4, 1e4]], dtype)
        if output == "sigmoid"
        else np.array([[1e4, 1e4], [0, 0]], dtype)
    )
    Y = np.array([[0.0, 1.0]], dtype) if output == "sigmoid" else np.array([[0, 1], [1, 0]], dtype)

    losses = output_losses(output, cost, Z, ACTIVATIONS[output].value(Z), Y)

    assert losses.dtype == dtype
    assert losses.tolist() == [[1e4, 0.0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("output", "cost"), FUSED)
def test_saturated_outputs_have_the_gradient_of_the_limit(output, cost, dtype):
    """At |z| = 1e4 dZ is 1 and -1 for wrong answers, 0 for right ones: 0 / 0 is never taken."""
    Z, Y = np.array([[1e4, -1e4, 1e4]], dtype), np.array([[0.0, 1.0, 1.0]], dtype)
    if output == "softmax":
        Z, Y = np.vstack([Z, -Z]), np.vstack([Y, 1 - Y])

    delta = output_delta(output, cost, Z, ACTIVATIONS[output].value(Z), Y)

    assert delta.dtype == dtype
    assert delta[0].tolist() == [1.0, -1.0, 0.0]


@pytest.mark.parametrize(
    ("output", "cost"),
    [
        (output, cost)
        for cost, row in COSTS.items()
        for output in ACTIVATIONS
        if row.only_fused and output not in row.fused
    ],
)
def test_senseless_pairs_are_refused_with_the_reason(output, cost):
    """A logarithm of something that is no probability is refused, and the right output named."""
    with pytest.raises(HyperparameterError, match=f"{cost} does not go with .* {output}: .*; use"):
        check_pair(output, cost)


@pytest.mark.parametrize("output", ACTIVATIONS)
def test_squared_error_goes_with_every_output(output):
    """Nothing is refused, and the chain rule gives dZ."""
    Z = np.array([[-2.0, 0.3], [0.7, -0.4]])
    A, Y = ACTIVATIONS[output].value(Z), np.array([[0.5, 0.1], [0.2, 0.9]])

    check_pair(output, "squared_error")
    delta = output_delta(output, "squared_error", Z, A, Y)

    assert delta == pytest.approx(ACTIVATIONS[output].backward(A - Y, Z, A))


def test_weights_make_a_weighted_mean():
    """The cost is the sum of weighted losses over the sum of weights."""
    losses, w = np.array([[1.0, 2.0, 6.0]]), np.array([[1.0, 0.0, 3.0]])

    assert mean_loss(losses) == pytest.approx(3.0)
    assert mean_loss(losses, w) == pytest.approx((1.0 + 18.0) / 4.0)
    assert weigh(losses, None) is losses


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
def test_weights_do_not_widen_what_they_weigh(dtype):
    """Terms keep their precision, whatever that of the weights."""
    terms = np.array([[1.0, 2.0, 6.0]], np.float32)

    weighed = weigh(terms, np.array([[1, 0, 3]], dtype))

    assert weighed.dtype == np.float32
    assert weighed.tolist() == [[0.75, 0.0, 13.5]]


def test_no_weight_at_all_is_zero_and_no_quotient_of_zeros():
    """A minibatch may hold nothing but examples of weight 0."""
    assert weigh(np.ones((2, 3)), np.zeros((1, 3))).tolist() == [[0.0] * 3, [0.0] * 3]
    assert mean_loss(np.ones((1, 3)), np.zeros((1, 3))) == 0.0
