"""Costs: values by hand, derivatives by differences, fused forms equal to the plain ones."""

import math

import numpy as np
import pytest

from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import (
    COSTS,
    check_options,
    check_pair,
    mean_loss,
    output_delta,
    output_losses,
    outputs_of,
    weigh,
)
from ellnet.equations.gradient_check import central_difference, relative_error
from ellnet.errors import HyperparameterError

PROBABILITIES = np.array([[0.2, 0.7, 0.5], [0.8, 0.3, 0.5]])
ONE_HOT = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
FUSED = [(output, cost) for cost, row in COSTS.items() for output in row.fused]
CROSS_ENTROPIES = [
    ("sigmoid", "binary_cross_entropy"),
    ("softmax", "categorical_cross_entropy"),
]


def test_losses_by_hand():
    """Each cost of one small example."""
    A, Y = np.array([[0.8], [0.2]]), np.array([[1.0], [0.0]])

    losses = {name: row.loss(A, Y)[0, 0] for name, row in COSTS.items()}

    assert losses == {
        "binary_cross_entropy": pytest.approx(-2 * np.log(0.8)),  # eq. 11.1
        "categorical_cross_entropy": pytest.approx(-np.log(0.8)),  # eq. 11.4
        "squared_error": pytest.approx(0.5 * (0.04 + 0.04)),  # eq. 11.7
        "absolute_error": pytest.approx(0.4),  # eq. 11.11
        "huber": pytest.approx(0.5 * (0.04 + 0.04)),  # eq. 11.13
        "poisson": pytest.approx(-np.log(0.8) - 1 + 0.8 + 0.2),  # eq. 11.15
        "quantile": pytest.approx(0.2),  # eq. 11.20
    }


def test_derivatives_by_hand():
    """dA of the same example: its own loss by each output, no mean in it."""
    A, Y = np.array([[0.8], [0.2]]), np.array([[1.0], [0.0]])

    slopes = {name: row.backward(A, Y)[:, 0].tolist() for name, row in COSTS.items()}

    assert slopes == {
        "binary_cross_entropy": pytest.approx([-1.25, 1.25]),  # eq. 11.2
        "categorical_cross_entropy": pytest.approx([-1.25, 0.0]),  # eq. 11.5
        "squared_error": pytest.approx([-0.2, 0.2]),  # eq. 11.8
        "absolute_error": [-1.0, 1.0],  # eq. 11.12
        "huber": pytest.approx([-0.2, 0.2]),  # eq. 11.14
        "poisson": pytest.approx([-0.25, 1.0]),  # eq. 11.16
        "quantile": [-0.5, 0.5],  # eq. 11.21
    }


def test_losses_from_z_by_hand():
    """Two units, Z = (log 3, 0), and what the output of each pair comes to."""
    Z, Y = np.array([[math.log(3.0)], [0.0]]), np.array([[1.0], [0.0]])
    A = math.log(4.0), math.log(2.0)

    losses = {(output, cost): COSTS[cost].fused[output].loss(Z, Y)[0, 0] for output, cost in FUSED}

    assert losses == {
        ("sigmoid", "binary_cross_entropy"): pytest.approx(
            math.log(4 / 3) + math.log(2)
        ),  # eq. 11.3
        ("softmax", "categorical_cross_entropy"): pytest.approx(math.log(4 / 3)),  # eq. 11.6
        ("exponential", "poisson"): pytest.approx(3 - 1 - math.log(3) + 1),  # eq. 11.17
        ("softplus", "poisson"): pytest.approx(A[0] - 1 - math.log(A[0]) + A[1]),  # eq. 11.18
    }


def test_the_delta_of_softplus_and_poisson_by_hand():
    """S (1 - Y / A), S the sigmoid 3/4 and 1/2 (eq. 11.19)."""
    Z, Y = np.array([[math.log(3.0)], [0.0]]), np.array([[1.0], [5.0]])
    A = ACTIVATIONS["softplus"].value(Z)

    delta = output_delta("softplus", "poisson", Z, A, Y)

    expected = [0.75 * (1 - 1 / math.log(4)), 0.5 * (1 - 5 / math.log(2))]
    assert delta[:, 0] == pytest.approx(expected, rel=1e-14)


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
    """Losses and dZ from Z equal the chain of cost and activation."""
    Z = np.array([[-2.0, 0.3, 1.5], [0.7, -0.4, 0.1]])
    A = ACTIVATIONS[output].value(Z)

    losses = output_losses(output, cost, Z, A, ONE_HOT)
    delta = output_delta(output, cost, Z, A, ONE_HOT)

    plain = ACTIVATIONS[output].backward(COSTS[cost].backward(A, ONE_HOT), Z, A)
    assert losses == pytest.approx(COSTS[cost].loss(A, ONE_HOT), rel=1e-12)
    assert delta == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize(("output", "cost"), [*CROSS_ENTROPIES, ("exponential", "poisson")])
def test_the_delta_is_output_less_target(output, cost):
    """dZ[L] = A[L] - Y (eq. 6.6), where output and cost were made for each other."""
    Z = np.array([[-2.0, 0.3, 1.5], [0.7, -0.4, 0.1]])
    A = ACTIVATIONS[output].value(Z)

    assert output_delta(output, cost, Z, A, ONE_HOT).tolist() == (A - ONE_HOT).tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("output", "cost"), CROSS_ENTROPIES)
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
@pytest.mark.parametrize(("output", "cost"), CROSS_ENTROPIES)
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
    [(output, cost) for cost in COSTS for output in ACTIVATIONS if output not in outputs_of(cost)],
)
def test_senseless_pairs_are_refused_with_the_reason(output, cost):
    """A logarithm of something that is no probability is refused, and the right output named."""
    with pytest.raises(HyperparameterError, match=f"{cost} does not go with .* {output}: .*; use"):
        check_pair(output, cost)


def test_each_cost_says_which_outputs_it_goes_with():
    """Probabilities for cross-entropies, unbounded means for counts, nearly all for the rest."""
    allowed = {cost: set(outputs_of(cost)) for cost in COSTS}

    everything = set(ACTIVATIONS)
    assert allowed == {
        "binary_cross_entropy": {"sigmoid"},
        "categorical_cross_entropy": {"softmax"},
        "squared_error": everything,
        "absolute_error": everything,
        "huber": everything,
        "poisson": {"exponential", "softplus"},
        "quantile": everything - {"softmax"},
    }


def test_the_words_of_a_refusal_say_what_to_type():
    """The reason, and the outputs that do go with the cost."""
    with pytest.raises(
        HyperparameterError, match=r"above 0 .* bound; use exponential or softplus,"
    ):
        check_pair("sigmoid", "poisson")
    with pytest.raises(HyperparameterError, match=r"no shares with the sum 1; use identity, or"):
        check_pair("softmax", "quantile")


@pytest.mark.parametrize("cost", ["squared_error", "absolute_error", "huber", "quantile"])
@pytest.mark.parametrize("output", ACTIVATIONS)
def test_costs_of_numbers_go_with_the_outputs_by_the_chain_rule(output, cost):
    """Nothing fused stands in the way: dZ is eq. 6.1 of the cost's own derivative."""
    Z = np.array([[-2.0, 0.3], [0.7, -0.4]])
    A, Y = ACTIVATIONS[output].value(Z), np.array([[0.5, 0.1], [0.2, 0.9]])

    delta = output_delta(output, cost, Z, A, Y)

    plain = ACTIVATIONS[output].backward(COSTS[cost].backward(A, Y), Z, A)
    assert delta.tolist() == plain.tolist()


def test_weights_make_a_weighted_mean():
    """The cost is the sum of weighted losses over the sum of weights (eq. 11.9, eq. 11.10)."""
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


@pytest.mark.parametrize(
    ("cost", "options", "message"),
    [
        ("squared_error", {"threshold": 1.0}, "squared_error has no option 'threshold'"),
        ("huber", {"threshold": 0.0}, "threshold must be a finite number above 0, got 0.0"),
        ("huber", {"threshold": math.inf}, "threshold must be a finite number above 0, got inf"),
        ("quantile", {"quantiles": (0.5, 1.0)}, r"between 0 and 1, got \(0.5, 1.0\)"),
        ("quantile", {"quantiles": (0.0,)}, r"between 0 and 1, got \(0.0,\)"),
        ("quantile", {"quantiles": ()}, r"between 0 and 1, got \(\)"),
        ("quantile", {"quantiles": (0.1, 0.5, 0.9)}, "each of the 3 quantiles .* got 4 units"),
    ],
)
def test_options_that_make_no_sense_are_refused(cost, options, message):
    """One that the cost does not have, and values outside their range."""
    with pytest.raises(HyperparameterError, match=message):
        check_options(cost, options, 4)


def test_options_come_back_as_plain_numbers():
    """NumPy's would carry float32 arrays along with them."""
    found = check_options("quantile", {"quantiles": [np.float64(0.1), 0.9]}, 4)

    assert found == {"quantiles": (0.1, 0.9)}
    assert {type(q) for q in found["quantiles"]} == {float}
