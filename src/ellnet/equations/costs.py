"""Costs by name: which output activation goes with which, and what training makes small.

A loss takes the output A = A[L] and the target Y, each (n[L], m), and gives one loss an example,
(1, m); units are summed. Its backward gives dA[L], (n[L], m), of each example's own loss: the 1/m of
the mean stands in eq. 6.2 and 6.3. Where the output activation and the cost belong together, the fused
form starts from Z[L] instead: the logarithm of a saturated output is never taken.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ellnet.arrays import Array, namespace
from ellnet.equations import cross_entropies, regression_costs
from ellnet.equations.activations import ACTIVATIONS
from ellnet.errors import HyperparameterError

__all__ = [
    "COSTS",
    "Cost",
    "Fused",
    "check_options",
    "check_pair",
    "mean_loss",
    "output_delta",
    "output_losses",
    "outputs_of",
    "weigh",
]


def weigh(terms: Array, w: Array | None) -> Array:
    """Each example's terms times its weight, m w_i / sum_j w_j (eq. 11.9).

    With the mean over m that follows, the cost is the sum of weighted losses over the sum of weights.
    Where every weight is 0 the terms are 0, not 0 / 0: such a minibatch has nothing to say.

    Args:
        terms: (n, m) or (1, m); what is returned has their precision, whatever that of the weights.
        w: weights of the examples, (1, m), or None for equal ones.
    """
    if w is None:
        return terms
    xp = namespace(terms, w)
    w = xp.astype(w, terms.dtype, copy=False)
    total = float(xp.sum(w))
    return terms * (w * (w.shape[1] / total if total != 0 else 0.0))


def mean_loss(losses: Array, w: Array | None = None) -> float:
    """Cost J = (1/m) sum_i loss_i, weighted where weights are given (eq. 11.10)."""
    return float(namespace(losses).mean(weigh(losses, w)))


class Fused(NamedTuple):
    """An output activation and a cost as one: losses from Z[L], and dZ[L] from A[L]."""

    loss: Callable[..., Array]
    delta: Callable[..., Array]


class Cost(NamedTuple):
    """A row of the table: a loss, its derivative, the outputs that it goes with, and its options.

    Attributes:
        loss: takes A and Y, and the options by keyword.
        backward: takes the same.
        fused: what starts from Z[L], for each output activation that has it; it takes the options too.
        only_fused: why no other output activation will do, or "" where others do.
        refused: the output activations that make no sense, each with the reason.
        options: the names of the keywords, each with a default in the functions.
    """

    loss: Callable[..., Array]
    backward: Callable[..., Array]
    fused: Mapping[str, Fused] = MappingProxyType({})
    only_fused: str = ""
    refused: Mapping[str, str] = MappingProxyType({})
    options: tuple[str, ...] = ()


COSTS = {
    "binary_cross_entropy": Cost(
        cross_entropies.binary_cross_entropy,
        cross_entropies.binary_cross_entropy_backward,
        {
            "sigmoid": Fused(
                cross_entropies.binary_cross_entropy_from_z, cross_entropies.cross_entropy_delta
            )
        },
        only_fused="it takes the logarithm of each output a and of 1 - a, which must be probabilities",
    ),
    "categorical_cross_entropy": Cost(
        cross_entropies.categorical_cross_entropy,
        cross_entropies.categorical_cross_entropy_backward,
        {
            "softmax": Fused(
                cross_entropies.categorical_cross_entropy_from_z,
                cross_entropies.cross_entropy_delta,
            )
        },
        only_fused="it takes the logarithm of outputs that must be probabilities with the sum 1",
    ),
    "squared_error": Cost(regression_costs.squared_error, regression_costs.squared_error_backward),
    "absolute_error": Cost(
        regression_costs.absolute_error, regression_costs.absolute_error_backward
    ),
    "huber": Cost(regression_costs.huber, regression_costs.huber_backward, options=("threshold",)),
    "poisson": Cost(
        regression_costs.poisson,
        regression_costs.poisson_backward,
        {
            "exponential": Fused(
                regression_costs.poisson_from_z, cross_entropies.cross_entropy_delta
            ),
            "softplus": Fused(
                regression_costs.poisson_of_softplus_from_z,
                regression_costs.poisson_of_softplus_delta,
            ),
        },
        only_fused="it takes the logarithm of outputs that must be means of counts, "
        "above 0 and without an upper bound",
    ),
    "quantile": Cost(
        regression_costs.quantile,
        regression_costs.quantile_backward,
        refused={"softmax": "quantiles of numbers are no shares with the sum 1"},
        options=("quantiles",),
    ),
}
"""Every cost by its name."""


def outputs_of(cost: str) -> tuple[str, ...]:
    """Name the output activations that go with a cost."""
    row = COSTS[cost]
    if row.only_fused:
        return tuple(row.fused)
    return tuple(name for name in ACTIVATIONS if name not in row.refused)


def check_pair(activation: str, cost: str) -> None:
    """Refuse an output activation and a cost that make no sense together.

    Raises:
        HyperparameterError: names the reason and the activations that do go with the cost.
    """
    if activation in outputs_of(cost):
        return
    row = COSTS[cost]
    reason = row.refused.get(activation, row.only_fused)
    allowed = " or ".join(row.fused) if row.only_fused else "identity"
    raise HyperparameterError(
        f"cost {cost} does not go with the output activation {activation}: "
        f"{reason}; use {allowed}, or another cost"
    )


def check_options(cost: str, options: Mapping[str, Any], units: int) -> dict[str, Any]:
    """Refuse options that a cost does not have, or values that make no sense; return them as plain ones.

    Args:
        cost: the cost by name.
        options: its options by name.
        units: n[L], which must be a multiple of the number of quantiles.

    Raises:
        HyperparameterError: names the option, the rule and the value.
    """
    for name in options:
        if name not in COSTS[cost].options:
            raise HyperparameterError(f"cost {cost} has no option {name!r}")
    found = dict(options)
    if "threshold" in found:
        found["threshold"] = float(found["threshold"])
        if not 0 < found["threshold"] < math.inf:
            raise HyperparameterError(
                f"threshold must be a finite number above 0, got {options['threshold']}"
            )
    if "quantiles" in found:
        found["quantiles"] = tuple(float(q) for q in found["quantiles"])
        if not found["quantiles"] or not all(0 < q < 1 for q in found["quantiles"]):
            raise HyperparameterError(
                f"quantiles must be numbers between 0 and 1, got {options['quantiles']}"
            )
        if units % len(found["quantiles"]):
            raise HyperparameterError(
                f"the output layer must have a unit for each of the {len(found['quantiles'])} "
                f"quantiles of each target, got {units} units"
            )
    return found


def output_losses(
    activation: str, cost: str, Z: Array, A: Array, Y: Array, **options: Any
) -> Array:
    """Losses (1, m) of the output layer, in the stable form where there is one.

    Args:
        activation: g[L].
        cost: the cost by name, which goes with g[L].
        Z: Z[L], (n[L], m).
        A: A[L], (n[L], m).
        Y: targets, (n[L], m).
        options: those that the cost has, by name; the others keep their defaults.
    """
    row = COSTS[cost]
    if activation in row.fused:
        return row.fused[activation].loss(Z, Y, **options)
    return row.loss(A, Y, **options)


def output_delta(activation: str, cost: str, Z: Array, A: Array, Y: Array, **options: Any) -> Array:
    """Return dZ[L] (n[L], m) of each example's own loss; the arguments are those of the losses.

    Eq. 6.6 gives it where output and cost are fused, else eq. 6.1 from the cost's derivative.
    """
    row = COSTS[cost]
    if activation in row.fused:
        return row.fused[activation].delta(A, Y, **options)
    return ACTIVATIONS[activation].backward(row.backward(A, Y, **options), Z, A)
