"""Inputs that hamper learning: of very different sizes, or always the same."""

import numpy as np

from ellnet.arrays import is_sparse, to_numpy
from ellnet.explain.doctor_findings import Change, Finding, Patient
from ellnet.explain.doctor_sample import sampled

__all__ = ["constant_columns", "unscaled_inputs"]

LARGE = 10.0
"""Root mean square of an input that is called large. The curvature of the cost along its weights grows
with the square: at 10 it is a hundred times that of a standardised input, and no one rate suits both."""

SMALL = 0.01
"""Root mean square of the largest input below which all are called small: the first layer then gives next
to nothing, and its gradient is a hundredth of that of standardised inputs."""

MANY_VALUED = 3
"""Values from which on an input counts as a measured one. Flags are 0 and 1, however rare the 1 is."""

NAMED = 4


def unscaled_inputs(patient: Patient) -> Finding | None:
    """Find inputs whose size is far from 1."""
    if patient.train is None or is_sparse(patient.train.X):
        return None
    X = to_numpy(sampled(patient.train).X).astype(np.float64)
    measured = [j for j, row in enumerate(X) if len(np.unique(row)) >= MANY_VALUED]
    if not measured:
        return None
    sizes = np.sqrt(np.mean(np.square(X[measured]), axis=1))
    largest, smallest = int(np.argmax(sizes)), int(np.argmin(sizes))
    if SMALL <= sizes[largest] <= LARGE:
        return None
    name, other = patient.feature(measured[largest]), patient.feature(measured[smallest])
    return Finding(
        "unscaled inputs",
        (
            f"the root mean square of input {name} is {sizes[largest]:.3g}, where 1 suits the initial "
            f"weights and the rate; the smallest, of {other}, is {sizes[smallest]:.3g}"
        ),
        {"largest": float(sizes[largest]), "smallest": float(sizes[smallest])},
        Change("bring every input to mean 0 and standard deviation 1", standardise=True),
    )


def constant_columns(patient: Patient) -> Finding | None:
    """Find inputs that are the same for every example."""
    if patient.train is None or is_sparse(patient.train.X) or patient.train.m < MANY_VALUED:
        return None
    X = to_numpy(patient.train.X)
    constant = np.flatnonzero(np.ptp(X, axis=1) == 0).tolist()
    if not constant:
        return None
    names = ", ".join(patient.feature(j) for j in constant[:NAMED])
    more = ", ..." if len(constant) > NAMED else ""
    several = len(constant) > 1
    return Finding(
        "constant column",
        (
            f"{len(constant)} of {len(X)} inputs {'have' if several else 'has'} the same value in all "
            f"{patient.train.m:,} training examples: {names}{more}"
        ),
        {"constant": float(len(constant)), "inputs": float(len(X))},
        Change(f"leave {names}{more} out", without=tuple(constant), cures=False),
        serious=False,
    )
