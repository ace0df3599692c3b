"""Gradients of smooth networks, entry by entry, to the last digits."""

import numpy as np
import pytest

from ellnet.batches import dropout_mask
from ellnet.engines import engine
from ellnet.engines.protocol import Mask
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.complex_step import (
    PLAIN_ACTIVATIONS,
    PLAIN_COSTS,
    complex_step,
    plain_cost,
)
from ellnet.equations.costs import COSTS, outputs_of
from ellnet.lbfgs import pack, unpack
from ellnet.network import Network, initial_parameters
from tests.engines.every_engine import RECURSIONS

REL = 1e-12
FLOOR = 1e-15
"""Of the largest entry of the layer's dW or db: sums that cancel round so far, however small all is."""

M, KEEP = 5, 0.75
OUTPUTS = {
    "binary_cross_entropy": "sigmoid",
    "categorical_cross_entropy": "softmax",
    "poisson": "exponential",
}
CASES = [
    *((output, cost, "tanh") for cost in PLAIN_COSTS for output in outputs_of(cost)),
    *(
        (OUTPUTS.get(cost, "identity"), cost, hidden)
        for cost in PLAIN_COSTS
        for hidden in PLAIN_ACTIVATIONS
    ),
]


def smooth(case):
    """Whether all of a case's functions have a plain form."""
    return case[0] in PLAIN_ACTIVATIONS


def targets(cost):
    """Targets that go with a cost."""
    random = np.random.default_rng(3)
    Y = np.eye(3)[random.integers(0, 3, M)].T
    return 4.0 * Y if cost == "poisson" else Y


@pytest.mark.parametrize("name", RECURSIONS)
@pytest.mark.parametrize("extra", [False, True], ids=["plain", "dropout, penalty, weights"])
@pytest.mark.parametrize("L", [1, 2, 4, 6])
@pytest.mark.parametrize(("output", "cost", "hidden"), dict.fromkeys(filter(smooth, CASES)))
def test_every_entry_is_right(output, cost, hidden, L, extra, name):  # noqa: PLR0917 - a table
    """To 1e-12 of itself, with a floor of 1e-15 of the largest of its dW or db (eq. 15.3)."""
    taken, random = engine(name), np.random.default_rng(L)
    n = (*(3, 5, 4, 3, 5, 4)[:L], 3)
    activations = (hidden,) * (L - 1) + (output,)
    scale = 0.4 if "exponential" in activations else 1.0
    start = initial_parameters(n, activations, "course", 2, np.float64)
    net = Network(n, activations, cost, unpack(scale * pack(start), start))
    X, Y = random.standard_normal((3, M)), targets(cost)
    w = random.random((1, M)) + 0.5 if extra else None
    penalty = {"l2": 0.7} if extra else {}
    D = [dropout_mask(n[k], M, KEEP, 1, epoch=0, step=0, layer=k).astype(float) for k in range(L)]
    masks = tuple(Mask(each, KEEP) for each in D) if extra else ()
    factors = {k: each / KEEP for k, each in enumerate(D)} if extra else {}

    def J(theta):
        arrays, at = [], 0
        for array in net.parameters.arrays():
            arrays.append(theta[at : at + array.size].reshape(array.shape))
            at += array.size
        return plain_cost(arrays, activations, cost, X, Y, w=w, masks=factors, **penalty)

    found = taken.backward(net, taken.forward(net, X, masks), Y, w, **penalty).parameters
    expected = unpack(complex_step(J, pack(net.parameters)), net.parameters)

    for a, b in zip(found.arrays(), expected.arrays(), strict=True):
        floor = FLOOR * float(np.abs(b).max())
        assert np.all(np.abs(a - b) <= REL * np.abs(b) + floor)


def test_the_plain_forms_are_the_stable_ones():
    """Near 0, where both are right."""
    Z = np.random.default_rng(0).standard_normal((4, 6))
    Y = np.eye(4)[[0, 1, 2, 3, 0, 1]].T

    for activation, plain in PLAIN_ACTIVATIONS.items():
        assert plain(Z) == pytest.approx(ACTIVATIONS[activation].value(Z), rel=1e-13), activation
    for cost, plain_loss in PLAIN_COSTS.items():
        A = ACTIVATIONS[OUTPUTS.get(cost, "identity")].value(Z)
        losses = np.sum(plain_loss(A, Y), axis=0, keepdims=True)
        constant = np.sum(Y, axis=0) if cost == "poisson" else 0.0
        assert losses - constant == pytest.approx(COSTS[cost].loss(A, Y), rel=1e-12), cost
