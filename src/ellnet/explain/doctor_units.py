"""Units that cannot learn: those that are one another's twins, never active, or at their ends."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ellnet.engines import engine
from ellnet.engines.protocol import Cache
from ellnet.equations.activations import ACTIVATIONS
from ellnet.explain.doctor_findings import Change, Finding, Patient
from ellnet.explain.doctor_sample import dense_inputs, progress
from ellnet.network import Network

__all__ = ["dead_units", "saturated_units", "symmetric_units"]

TWINS = 0.5
"""Share of a layer's units that have a twin, from which on it is ill. One pair may come about by chance,
where units died and their weights faded; half a layer does not."""

ALIKE = 1e-5
"""Difference of weights, as a share of the layer's largest, below which two units are twins: a hundred
roundings of float32, and far below what random weights come to."""

DEAD = 0.6
"""Share of a layer's ReLU units that are 0 for every example, from which on it is ill. Of 36
healthy runs on small tables none ended with more than 0.38."""

STEEPEST = {"sigmoid": 0.25, "tanh": 1.0, "softsign": 1.0, "hard_sigmoid": 1.0 / 6.0}
"""The largest slope of every activation with two ends."""

FLAT = 0.05
"""Share of the largest slope below which a unit is saturated: a twentieth of the gradient is left."""

SATURATED_AT_START = 0.5
"""Share of saturated values in a layer, from which on it is ill before the first step: initial weights
that suit give none in the healthy runs that were measured."""

SATURATED = 0.9
"""The same of a trained layer, which has reason to be sure of much."""

LEARNED = 0.5
"""Share of the cost of the best constant that a run has to have got rid of, for signs in its units or
gradients not to be called an illness: it learned in spite of them."""


def symmetric_units(patient: Patient) -> Finding | None:
    """Find layers whose units are equal, and so stay equal (N9)."""
    for layer in range(1, patient.network.L):
        n = patient.network.n[layer]
        twins = _twins(patient.network, layer)
        born = _twins(patient.start, layer) if patient.start is not None else None
        if n < 2 or twins < TWINS * n or (born is not None and born < TWINS * n):
            continue
        if born is None and not np.any(patient.network.W[layer]):
            continue
        began = "" if born is None else f", as were {born} before the first step"
        return Finding(
            "symmetric units",
            (
                f"{twins} of the {n} units of layer {layer} have the same weights and bias as another "
                f"of them{began}: equal units get equal gradients and stay equal"
            ),
            {"layer": float(layer), "twins": float(twins), "units": float(n)},
            Change(
                "draw the initial weights at random: initialization auto",
                {"initialization": "auto", "zero_last": False},
            ),
        )
    return None


def _twins(net: Network, layer: int) -> int:
    """Count the units of a layer that have a twin."""
    rows = np.column_stack([net.W[layer], net.b[layer]]).astype(np.float64)
    largest = float(np.max(np.abs(rows)))
    rounded = np.round(rows / (ALIKE * largest)) if largest else rows
    _, which, counts = np.unique(rounded, axis=0, return_inverse=True, return_counts=True)
    return int(np.count_nonzero(counts[which.reshape(-1)] > 1))


def dead_units(patient: Patient) -> Finding | None:
    """Find layers whose ReLU units are 0 whatever comes in."""
    if patient.train is None:
        return None
    share, layer = _most_dead(patient.network, patient)
    if share < DEAD or (share < 1 and progress(patient) >= LEARNED):
        return None
    dead = round(share * patient.network.n[layer])
    begun = 0.0 if patient.start is None else _most_dead(patient.start, patient)[0]
    g = tuple("elu" if name == "relu" else name for name in tuple(patient.network.activations)[:-1])
    return Finding(
        "dead ReLU",
        (
            f"{dead} of the {patient.network.n[layer]} ReLU units of layer {layer} are 0 for every "
            "training example looked at, and no gradient goes through them"
        ),
        {
            "layer": float(layer),
            "dead": float(dead),
            "share": share,
            "at_start": float(begun >= DEAD),
        },
        Change("use elu in place of relu, which has a slope below zero too", {"activation": g}),
    )


def _most_dead(net: Network, patient: Patient) -> tuple[float, int]:
    """Return the largest share of dead ReLU units that a layer has, and the layer; 0, 0 without."""
    shares = {
        layer: float(np.mean(np.max(np.asarray(cache.Z[layer]), axis=1) <= 0))
        for layer, cache in _hidden(net, patient, ("relu",))
    }
    layer = max(shares, key=lambda each: shares[each], default=0)
    return shares.get(layer, 0.0), layer


def saturated_units(patient: Patient) -> Finding | None:
    """Find layers of S-shaped units that stand at their ends, before the first step or at the last."""
    if patient.train is None:
        return None
    begun = [(patient.start, SATURATED_AT_START, "before the first step")]
    ended = [(patient.network, SATURATED, "after training")]
    for net, bound, when in (*begun, *ended):
        if net is None:
            continue
        shares = {
            layer: _flat(net, layer, cache) for layer, cache in _hidden(net, patient, STEEPEST)
        }
        layer = max(shares, key=lambda each: shares[each], default=0)
        if layer and shares[layer] >= bound and progress(patient) < LEARNED:
            return _saturation(patient, layer, shares[layer], when)
    return None


def _saturation(patient: Patient, layer: int, share: float, when: str) -> Finding:
    g = tuple("relu" if name in STEEPEST else name for name in patient.network.activations)[:-1]
    change = (
        Change("use relu, which has no upper end", {"activation": g})
        if patient.suited_start
        else Change("start from smaller weights: initialization auto", {"initialization": "auto"})
    )
    return Finding(
        "saturation",
        (
            f"{share:.0%} of the {patient.network.activations[layer]} values of layer {layer} are so "
            f"near their ends {when} that their slope is below {FLAT:.0%} of its largest"
        ),
        {"layer": float(layer), "share": share, "at_start": float("before" in when)},
        change,
    )


def _flat(net: Network, layer: int, cache: Cache) -> float:
    """Return the share of a layer's values whose slope is next to nothing."""
    name = net.activations[layer]
    Z, A = np.asarray(cache.Z[layer]), np.asarray(cache.A[layer])
    slopes: NDArray[np.float64] = np.asarray(ACTIVATIONS[name].backward(np.ones_like(Z), Z, A))
    return float(np.mean(slopes < FLAT * STEEPEST[name]))


def _hidden(
    net: Network, patient: Patient, names: "tuple[str, ...] | dict[str, float]"
) -> Iterator[tuple[int, Cache]]:
    """Yield the hidden layers with one of these activations, each with the pass over the sample."""
    layers = [layer for layer in range(1, net.L) if net.activations[layer] in names]
    if layers:
        cache = engine("array").forward(net, dense_inputs(patient, net))
        yield from ((layer, cache) for layer in layers)
