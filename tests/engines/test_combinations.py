"""Every activation with every cost, penalty, dropout and depth: the whole gradient, by differences."""

import numpy as np
import pytest

from ellnet.batches import dropout_mask
from ellnet.engines import engine
from ellnet.engines.protocol import Cache, Mask
from ellnet.engines.recursion import cost_of
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS, outputs_of
from ellnet.equations.gradient_check import central_difference, relative_error
from ellnet.lbfgs import pack, unpack
from ellnet.network import Network, Parameters, initial_parameters

OUTPUTS = {
    "binary_cross_entropy": "sigmoid",
    "categorical_cross_entropy": "softmax",
    "poisson": "exponential",
}
PENALTIES = {"none": (0.0, 0.0), "l2": (0.7, 0.0), "l1": (0.0, 0.7), "both": (0.4, 0.3)}
M, KEEP, AWAY, FAR = 3, 0.75, 1e-3, 4.0

CASES = [
    *((1, output, output, cost) for cost in COSTS for output in outputs_of(cost)),
    *(
        (L, hidden, OUTPUTS.get(cost, "identity"), cost)
        for L in (2, 4, 6)
        for cost in COSTS
        for hidden in ACTIVATIONS
    ),
]
"""Depth, activation of the hidden layers, output and cost: a layer alone has every output that goes."""


def network(L, hidden, output, cost, seed):
    """A network of L layers; exponentials start from small weights."""
    n = (*(3, 4, 2, 3, 4, 2)[:L], 2)
    g = (hidden,) * (L - 1) + (output,)
    start = initial_parameters(n, g, "course", seed, np.float64)
    scale = 0.4 if "exponential" in g else 1.0
    moved = pack(start) + 0.1 * np.random.default_rng(seed).standard_normal(pack(start).size)
    return Network(n, g, cost, unpack(scale * moved, start))


def near_a_kink(net: Network, cache: Cache, Y: np.ndarray) -> bool:
    """Whether a difference would straddle a kink, or an exponential is far up."""
    units = zip(net.activations, cache.Z, strict=True)
    bends = {"elu": (0.0,), "softsign": (0.0,)}
    kinks = (
        np.min(np.abs(Z - kink))
        for g, Z in units
        for kink in ACTIVATIONS[g].kinks or bends.get(g, ())
    )
    tops = (Z for g, Z in zip(net.activations, cache.Z, strict=True) if g == "exponential")
    D = np.abs(cache.A[net.L] - Y)
    corner = {"absolute_error": 0.0, "quantile": 0.0, "huber": 1.0}.get(net.cost, np.inf)
    touched = np.any(np.abs(D - corner) < AWAY)
    weights = min(np.min(np.abs(W)) for W in net.W)
    return bool(
        touched
        or weights < AWAY / 10
        or any(gap < AWAY for gap in kinks)
        or any(np.max(Z) > FAR for Z in tops)
    )


def case(L, hidden, output, cost, *, dropped):
    """A network, data and masks that are away from every kink."""
    taken = engine("array")
    for seed in range(400):
        random = np.random.default_rng(seed)
        net = network(L, hidden, output, cost, seed)
        X, Y = random.standard_normal((3, M)), np.eye(2)[random.integers(0, 2, M)].T
        D = [
            dropout_mask(net.n[k], M, KEEP, seed, epoch=0, step=0, layer=k).astype(float)
            for k in range(L)
        ]
        masks = tuple(Mask(each, KEEP) for each in D) if dropped else ()
        if not near_a_kink(net, taken.forward(net, X, masks), Y):
            return net, X, Y, masks
    raise AssertionError("every seed lies near a kink")


def test_there_are_more_than_five_hundred():
    """Of activation, cost, penalty and dropout, none of them twice."""
    assert len(set(CASES)) == len(CASES)
    assert len(CASES) * len(PENALTIES) * 2 == 3024


@pytest.mark.parametrize("dropped", [False, True], ids=["", "dropout"])
@pytest.mark.parametrize(("L", "hidden", "output", "cost"), CASES)
def test_the_whole_gradient_under_every_penalty(cost, hidden, output, L, dropped):
    """Norm of the difference over the sum of norms below 1e-7, away from kinks."""
    net, X, Y, masks = case(L, hidden, output, cost, dropped=dropped)
    taken, theta = engine("array"), pack(net.parameters)
    cache = taken.forward(net, X, masks)
    zeros = net.parameters.zeros()
    is_weight = pack(Parameters.of([W + 1.0 for W in zeros.W], zeros.b))

    def J(moved: np.ndarray) -> float:
        at = net.with_parameters(unpack(moved, net.parameters))
        return cost_of(at, taken.forward(at, X, masks), Y, None)

    without = central_difference(J, theta)

    for name, (l2, l1) in PENALTIES.items():
        found = taken.backward(net, cache, Y, l2=l2, l1=l1).parameters

        def P(moved: np.ndarray, l2: float = l2, l1: float = l1) -> float:
            W = is_weight * moved
            return float(l2 / (2 * M) * np.sum(W * W) + l1 / M * np.sum(np.abs(W)))

        expected = without + central_difference(P, theta)
        assert relative_error(pack(found), expected) < 1e-7, name
