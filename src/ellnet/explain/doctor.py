"""The doctor: names what ails a run, with the figures that say so, and prescribes one change."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ellnet.arrays import to_numpy
from ellnet.batches import Examples
from ellnet.explain.doctor_findings import ILLNESSES, Change, Finding, Patient
from ellnet.explain.doctor_fit import overfitting
from ellnet.explain.doctor_gradients import exploding_gradients, vanishing_gradients
from ellnet.explain.doctor_inputs import constant_columns, unscaled_inputs
from ellnet.explain.doctor_rate import rate_findings
from ellnet.explain.doctor_units import dead_units, saturated_units, symmetric_units
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.starting import starting_network

__all__ = ["Change", "Finding", "Patient", "diagnose", "examine"]

Check = Callable[[Patient], Finding | None]

CHECKS: tuple[Check, ...] = (
    symmetric_units,
    unscaled_inputs,
    exploding_gradients,
    saturated_units,
    dead_units,
    vanishing_gradients,
    overfitting,
    constant_columns,
)
"""All that needs no training; the rate is asked only where nothing was wrong before the first step."""

GROWN = ILLNESSES.index("rate too low") + 0.5
"""Rank of what came about by training: after the rate, which may be its cause."""


def diagnose(
    network: Network,
    history: History,
    examples: Examples | None = None,
    *,
    held_out: Examples | None = None,
    hyperparameters: Hyperparameters | None = None,
    start: Network | None = None,
    feature_names: Sequence[str] = (),
) -> list[Finding]:
    """Say what ails a run, the likeliest cause first; [] where nothing does.

    What is not given is not looked at: without examples only what parameters and history show, without
    hyperparameters no rate. Looking trains a little, on at most 2,000 examples and for at most 20 epochs.

    Args:
        network: with the parameters that training gave.
        history: what it cost.
        examples: those that it learned from.
        held_out: examples that it did not learn from, for validation or test.
        hyperparameters: all that was chosen.
        start: the network before the first step; by default that of the hyperparameters' seed.
        feature_names: names of the inputs.

    Raises:
        ShapeError: examples that do not fit the network.
    """
    return examine(
        Patient(network, history, examples, held_out, hyperparameters, start, feature_names)
    )


def examine(patient: Patient) -> list[Finding]:
    """Say what ails a run, as `diagnose` does."""
    if patient.train is not None:
        patient.network.check_input(patient.train.X)
        patient.network.check_target(patient.train.Y, patient.train.m)
    patient = _with_start(replace(patient, network=_at_home(patient.network)))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = [finding for check in CHECKS if (finding := check(patient)) is not None]
        if not any(_rank(finding) < GROWN for finding in found):
            found += rate_findings(patient)
    return sorted(found, key=_rank)


def _rank(finding: Finding) -> float:
    """Return the place of a finding among the others: causes before what may follow from them."""
    if finding.figures.get("at_start") == 0:
        return GROWN
    return float(ILLNESSES.index(finding.illness))


def _at_home(net: Network) -> Network:
    """Return the network in NumPy, whatever it was trained on."""
    arrays = [to_numpy(array) for array in net.parameters.arrays()]
    return net.with_parameters(Parameters.from_arrays(arrays))


def _with_start(patient: Patient) -> Patient:
    """Draw the network before the first step again, where nobody gave it."""
    chosen, train = patient.hyperparameters, patient.train
    if patient.start is not None or chosen is None or train is None:
        return patient
    return replace(
        patient, start=starting_network(patient.network, chosen, train.X), start_drawn=True
    )
