"""Overfitting: what was learned of the training examples alone."""

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import in_precision, is_sparse, to_numpy
from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.equations.costs import output_losses
from ellnet.evaluation import prior
from ellnet.explain.doctor_findings import Change, Finding, Patient
from ellnet.explain.doctor_sample import cost_on, sampled
from ellnet.network import Network

__all__ = ["overfitting"]

RISE = 1.5
"""Mean validation cost of the last epochs, as a multiple of the lowest, from which on it is overfitting.
Early stopping lets twenty epochs go by after the lowest; most healthy runs rose by less than a third."""

FALL = 0.7
"""Share of the training cost at the best epoch that the end has to come down to: the training cost goes
on falling where it overfits; where both rise, the run is unsteady instead."""

ROWS = 10.0
"""The rise has to be worth so many held-out rows of knowing nothing: a single row that comes to be wrong
can multiply the cost of a few dozen."""

ALONE, LONG = 2.0, 50
"""Where nobody knows how many rows were held out: the cost has to double, over so many epochs."""

LAST = 3
"""Epochs at the end whose mean is taken, against a single unlucky one."""

GAP = 2.0
"""Held-out cost as a multiple of the training cost, from which on a gap counts ..."""

SURE = 4.0
"""... where it is so many standard errors wide, besides: on tens of rows a ratio alone says nothing."""


def overfitting(patient: Patient) -> Finding | None:
    """Find a run whose validation cost rose as its training cost fell, or is far above it."""
    return _of_history(patient) or _of_gap(patient)


def _of_history(patient: Patient) -> Finding | None:
    history = patient.history
    validated = history.validation_costs
    if len(validated) <= LAST or len(validated) != len(history.costs):
        return None
    best = int(np.argmin(validated))
    lowest, end = validated[best], float(np.mean(validated[-LAST:]))
    before, after = history.costs[best], float(np.mean(history.costs[-LAST:]))
    if lowest <= 0 or end < RISE * lowest or after > FALL * before:
        return None
    if not _counts(patient, lowest, end, len(validated) - best):
        return None
    return Finding(
        "overfitting",
        (
            f"from epoch {best + 1} on the validation cost rose from {lowest:.4g} to {end:.4g}, while "
            f"the training cost fell from {before:.4g} to {after:.4g}"
        ),
        {"epoch": best + 1.0, "lowest": lowest, "end": end, "before": before, "after": after},
        _change(patient),
    )


def _counts(patient: Patient, lowest: float, end: float, epochs: int) -> bool:
    """Say whether a rise is more than what a few rows may do by chance."""
    if patient.held_out is None:
        return end >= ALONE * lowest and epochs >= LONG
    constant = cost_on(prior(patient.network, to_numpy(patient.held_out.Y)), patient.held_out)
    return (end - lowest) * patient.held_out.m >= ROWS * constant


def _of_gap(patient: Patient) -> Finding | None:
    if patient.train is None or patient.held_out is None or patient.held_out.m <= LAST:
        return None
    learned = float(np.mean(_losses(patient.network, sampled(patient.train))))
    losses = _losses(patient.network, sampled(patient.held_out))
    held, error = float(np.mean(losses)), float(np.std(losses) / np.sqrt(len(losses)))
    if error == 0 or not np.isfinite(held) or held < GAP * learned or held - learned < SURE * error:
        return None
    return Finding(
        "overfitting",
        (
            f"the cost is {held:.4g} on {patient.held_out.m:,} examples held out and {learned:.4g} on "
            f"those trained on, a gap of {(held - learned) / error:.1f} standard errors"
        ),
        {"held_out": held, "trained": learned, "standard_error": error},
        _change(patient),
    )


def _change(patient: Patient) -> Change:
    """Prescribe what is not yet done: early stopping, then dropout, then a stronger penalty."""
    chosen = patient.hyperparameters
    if chosen is None or not chosen.early_stopping:
        return Change(
            "stop early, by the validation cost: early_stopping on", {"early_stopping": True}
        )
    dropped = chosen.dropout if isinstance(chosen.dropout, tuple) else (chosen.dropout,)
    if not any(dropped) and patient.network.L > 1:
        return Change("silence some hidden units in training: dropout 0.3", {"dropout": 0.3})
    stronger = 10.0 * max(chosen.l2, 0.1)
    return Change(f"set l2 to {stronger:g} (now {chosen.l2:g})", {"l2": stronger})


def _losses(net: Network, examples: Examples) -> NDArray[np.float64]:
    """Return the loss (m,) of each example."""
    X = examples.X.toarray() if is_sparse(examples.X) else to_numpy(examples.X)
    cache = engine("array").forward(net, in_precision(X, net.W[1]))
    L = net.L
    Y = in_precision(to_numpy(examples.Y), net.W[1])
    losses = output_losses(
        net.activations[L], net.cost, cache.Z[L], cache.A[L], Y, **net.cost_options
    )
    return np.asarray(losses, np.float64).reshape(-1)
