"""Gradients that fade or grow on their way back through the layers."""

import numpy as np

from ellnet.arrays import in_precision, is_sparse, to_numpy
from ellnet.engines import engine
from ellnet.explain.doctor_findings import Change, Finding, Patient
from ellnet.explain.doctor_sample import progress, sampled
from ellnet.explain.doctor_units import LEARNED
from ellnet.network import Network

__all__ = ["exploding_gradients", "vanishing_gradients"]

VANISHED = 1e-3
"""Norm of dZ[1] as a share of dZ[L]'s below which the first layer is left out: a rate that suits the last
one moves it a thousand times too little, and in float32 three of seven digits are gone."""

EXPLODED = 100.0
"""The same ratio, above which the first layer is thrown about by a rate that suits the last one. The
healthy runs that were measured had 0.08 to 1.5."""

KEEP = Change(
    "start from weights that keep the variance: initialization auto", {"initialization": "auto"}
)


def vanishing_gradients(patient: Patient) -> Finding | None:
    """Find gradients that fade before they reach the first layer, in a run that did not learn for it."""
    ratio = _ratio(patient)
    if ratio is None or ratio >= VANISHED or progress(patient) >= LEARNED:
        return None
    learned = max(progress(patient), 0.0)
    return Finding(
        "vanishing gradients",
        (
            f"the gradient shrinks to {ratio:.2g} of its size from dZ[{patient.network.L}] to dZ[1] "
            f"{_when(patient)}, and training took away {learned:.0%} of the cost of the best constant"
        ),
        {
            "ratio": ratio,
            "layers": float(patient.network.L),
            "at_start": float(patient.start is not None),
        },
        _longer(patient),
    )


def _longer(patient: Patient) -> Change:
    """Prescribe what keeps a gradient's length: suited weights, then relu, then fewer layers."""
    net, chosen = patient.network, patient.hyperparameters
    if chosen is not None and not patient.suited_start:
        return KEEP
    if any(name != "relu" for name in tuple(net.activations)[:-1]):
        g = ("relu",) * (net.L - 1)
        return Change(
            "use relu in the hidden layers, whose slope is 1 above zero", {"activation": g}
        )
    fewer = net.n[1 : 1 + net.L // 2]
    return Change(
        "use half as many hidden layers", {"hidden": fewer, "activation": "relu", "dropout": 0.0}
    )


def exploding_gradients(patient: Patient) -> Finding | None:
    """Find gradients that grow on their way to the first layer."""
    ratio = _ratio(patient)
    if ratio is None or ratio <= EXPLODED or progress(patient) >= LEARNED:
        return None
    change = (
        Change("cut the gradient to norm 1: clip_norm 1", {"clip_norm": 1.0})
        if patient.suited_start
        else KEEP
    )
    return Finding(
        "exploding gradients",
        (
            f"the gradient grows {ratio:.3g} times from dZ[{patient.network.L}] to dZ[1] {_when(patient)}"
        ),
        {"ratio": ratio, "layers": float(patient.network.L)},
        change,
    )


def _when(patient: Patient) -> str:
    return "after training" if patient.start is None else "before the first step"


def _ratio(patient: Patient) -> float | None:
    """Return the norm of dZ[1] as a share of dZ[L]'s; None where it says nothing."""
    net = patient.network if patient.start is None else patient.start
    if patient.train is None or net.L < 3:
        return None
    norms = _norms(net, patient)
    return norms[0] / norms[-1] if norms[-1] > 0 and np.isfinite(norms).all() else None


def _norms(net: Network, patient: Patient) -> list[float]:
    """Return the norm of dZ[l] over the sample, l = 1..L."""
    assert patient.train is not None  # noqa: S101 - whoever asks has looked
    examples = sampled(patient.train)
    X = examples.X.toarray() if is_sparse(examples.X) else to_numpy(examples.X)
    chosen = engine("array")
    cache = chosen.forward(net, in_precision(X, net.W[1]))
    gradients = chosen.backward(net, cache, in_precision(to_numpy(examples.Y), net.W[1]))
    return [float(np.linalg.norm(np.asarray(dZ, np.float64))) for dZ in gradients.dZ]
