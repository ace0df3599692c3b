"""The examples that the doctor looks at: enough to see, few enough to be quick."""

import math

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, in_precision, is_sparse, to_numpy
from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.evaluation import prior
from ellnet.explain.doctor_findings import Patient
from ellnet.network import Network

__all__ = ["cost_on", "dense_inputs", "progress", "sampled"]

LOOKED_AT = 2000
"""Examples at most: a share of 1 % among so many is known to a quarter of a per cent."""


def sampled(examples: Examples, most: int = LOOKED_AT) -> Examples:
    """Return at most so many of the examples, evenly from first to last."""
    if examples.m <= most:
        return examples
    return examples.take(np.linspace(0, examples.m - 1, most).astype(np.int64))


def dense_inputs(patient: Patient, net: Network) -> Array:
    """Return the sample's X (n[0], m) in the network's precision."""
    assert patient.train is not None  # noqa: S101 - whoever asks has looked
    X = sampled(patient.train).X
    dense: NDArray[np.float64] = X.toarray() if is_sparse(X) else to_numpy(X)
    return in_precision(dense, net.W[1])


def cost_on(net: Network, examples: Examples) -> float:
    """Return the cost without penalty; infinity where it is not finite."""
    with np.errstate(all="ignore"):
        cost = engine().cost(net, examples)
    return cost if math.isfinite(cost) else math.inf


def progress(patient: Patient) -> float:
    """Return which share of the cost of the best constant the network has got rid of; 1 is all of it."""
    if patient.train is None:
        return 0.0
    examples = sampled(patient.train)
    constant = cost_on(prior(patient.network, to_numpy(examples.Y)), examples)
    if constant <= 0:
        return 1.0
    return 1.0 - cost_on(patient.network, examples) / constant
