"""The same mathematics as PyTorch's own, to the last digits; `./run test --peers` runs it."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from ellnet.engines import engine
from ellnet.engines.recursion import cost_of, penalty_of
from ellnet.equations import schedules
from ellnet.equations.optimizers import OPTIMIZERS, clip_by_norm
from ellnet.equations.schedules import Clock
from ellnet.history import Epoch
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.stopping import Standstill
from tests.engines.libraries import KINDS, gradients_of, trained_on
from tests.equations.golden import make_optimizers_and_schedules as golden

REL = 1e-12

HIDDEN = {
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "identity": lambda z: z,
    "elu": functional.elu,
    "selu": functional.selu,
    "gelu": lambda z: functional.gelu(z, approximate="tanh"),
    "silu": functional.silu,
    "mish": functional.mish,
    "softplus": lambda z: functional.softplus(z, threshold=1000.0),
    "softsign": functional.softsign,
    "hard_sigmoid": lambda z: torch.clamp(z / 6 + 0.5, 0.0, 1.0),
    "exponential": torch.exp,
}
COSTS = {
    ("softmax", "categorical_cross_entropy"): lambda z, y: functional.cross_entropy(
        z, y, reduction="none"
    ),
    ("sigmoid", "binary_cross_entropy"): lambda z, y: functional.binary_cross_entropy_with_logits(
        z, y, reduction="none"
    ).sum(1),
    ("identity", "squared_error"): lambda z, y: 0.5 * ((z - y) ** 2).sum(1),
    ("identity", "absolute_error"): lambda z, y: functional.l1_loss(z, y, reduction="none").sum(1),
    ("identity", "huber"): lambda z, y: functional.huber_loss(z, y, reduction="none").sum(1),
    ("exponential", "poisson"): lambda z, y: (
        functional.poisson_nll_loss(z, y, reduction="none").sum(1) - y.sum(1)
    ),
    ("identity", "quantile"): lambda z, y: torch.maximum(0.5 * (y - z), -0.5 * (y - z)).sum(1),
}
"""Output and cost, and the losses of PyTorch: of one-hot targets, whose y log y is 0."""

NETWORKS = [
    (g, *pair, L) for g in HIDDEN for pair in COSTS for L in (1, 2, 4) if L > 1 or g == "relu"
]
"""Fourteen hidden activations, seven costs, two depths; and each cost with a layer alone."""


@pytest.fixture(autouse=True)
def in_double():
    """PyTorch computes in float64."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.parametrize(("hidden", "output", "cost", "L"), NETWORKS)
def test_cost_and_gradients_are_pytorch_s(hidden, output, cost, L):
    """By its automatic differentiation, weights of examples, L1 and L2 penalty included."""
    n, g = (5, *(6, 4, 5)[: L - 1], 3), (hidden,) * (L - 1) + (output,)
    net = Network(n, g, cost, initial_parameters(n, g, "course", L, np.float64))
    if "exponential" in g:
        net = net.with_parameters(Parameters.from_arrays([a / 2 for a in net.parameters.arrays()]))
    random = np.random.default_rng(0)
    X, Y = random.standard_normal((5, 9)), np.eye(3)[random.integers(0, 3, 9)].T
    w, strength = random.random((1, 9)) + 0.5, {"l2": 0.6, "l1": 0.2}
    theirs = [torch.tensor(np.array(a), requires_grad=True) for a in net.parameters.arrays()]
    A = torch.tensor(X.T)
    for layer in range(L):
        z = A @ theirs[2 * layer].T + theirs[2 * layer + 1][:, 0]
        A = HIDDEN[hidden](z)
    share = torch.tensor(w[0] / w.sum())
    penalty = sum(0.6 / 18 * (W**2).sum() + 0.2 / 9 * W.abs().sum() for W in theirs[0::2])
    J = (share * COSTS[output, cost](z, torch.tensor(Y.T))).sum() + penalty
    J.backward()
    taken = engine("array")

    cache = taken.forward(net, X)
    found = taken.backward(net, cache, Y, w, **strength).parameters

    cost_found = cost_of(net, cache, Y, w) + penalty_of(net, 9, **strength)
    assert cost_found == pytest.approx(float(J.detach()), rel=REL)
    for mine, other in zip(found.arrays(), theirs, strict=True):
        assert other.grad is not None
        gradient = other.grad.numpy()
        size = float(np.linalg.norm(gradient))
        assert float(np.linalg.norm(mine - gradient)) <= REL * max(size, 1e-3)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_hundred_steps_are_pytorch_s(name):
    """From gradients that are given."""
    theirs, options, ours = golden.OPTIMIZERS[name]
    gradients = [torch.tensor(golden.numbers(6, 2.0 + k)).reshape(2, 3) for k in range(100)]
    start = torch.tensor(golden.numbers(6, 1.0)).reshape(2, 3)
    path = golden.stepped(theirs, options, start, gradients)
    row, theta = OPTIMIZERS[name], start.numpy()
    moments: object = [0 * theta for _ in range(row.moments)]

    for t, gradient in enumerate(gradients, start=1):
        theta, moments = row.step(theta, gradient.numpy(), moments, t, **ours)
        expected = path[t - 1].numpy()
        assert np.linalg.norm(theta - expected) <= REL * np.linalg.norm(expected), t


@pytest.mark.parametrize("row", golden.SCHEDULES, ids=lambda row: f"{row[0]}-{row[1]}")
def test_schedules_are_pytorch_s(row):
    """Every step of the run."""
    ours, steps, options, theirs, their_options = row
    length = 25 if ours == "warm_up" else steps
    schedule = getattr(schedules, ours)

    found = [schedule(Clock(k, steps, k, steps, 1), **options) for k in range(length)]

    assert found == pytest.approx(golden.rates(theirs, their_options, length), rel=REL, abs=1e-15)


def test_the_adaptive_schedule_is_pytorch_s_on_a_plateau():
    """ReduceLROnPlateau by a fifth: the same rate after each of 25 costs that fall, rise and stand."""
    costs = [5.0, 4.0, 3.95, 3.9, 4.2, 3.0, 3.1, 3.1, 3.1, 2.0, *([1.95] * 9), 1.0, *([1.2] * 5)]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.2, patience=2, threshold=0.1, threshold_mode="abs", eps=0.0
    )
    stopping, cuts = Standstill(n_iter_no_change=3, tol=0.1), 0

    for cost in costs:
        plateau.step(cost)
        if stopping.look(Epoch(cost)).exhausted:
            cuts += 1
            stopping.begin_again()
        factor = schedules.adaptive(Clock(0, 1, 0, 1, 1), cuts=cuts)
        assert factor == pytest.approx(optimizer.param_groups[0]["lr"], rel=REL)

    assert cuts == 6


def test_clipping_is_pytorch_s():
    """All gradients together."""
    gradients = [torch.tensor(golden.numbers(6, 3.0)), torch.tensor(golden.numbers(4, 2.0))]

    found = clip_by_norm([g.numpy() for g in gradients], 1.5)

    for mine, other in zip(found, golden.clipped(gradients, 1.5), strict=True):
        assert mine == pytest.approx(np.array(other), rel=REL)


@pytest.mark.parametrize("kind", KINDS)
def test_the_array_engine_runs_on_tensors(kind):
    """Gradients and training on PyTorch's tensors agree with NumPy's, and stay tensors."""
    cost, gradients = gradients_of(kind, np.asarray)
    costs, parameters, _ = trained_on(kind, np.asarray)

    other_cost, other_gradients = gradients_of(kind, torch.asarray)
    other_costs, other, array = trained_on(kind, torch.asarray)

    assert isinstance(array, torch.Tensor)
    assert other_cost == pytest.approx(cost, rel=1e-12)
    assert other_costs == pytest.approx(costs, rel=1e-10)
    for a, b in zip(other_gradients, gradients, strict=True):
        assert a == pytest.approx(b, rel=1e-9, abs=1e-13)
    for a, b in zip(other, parameters, strict=True):
        assert a == pytest.approx(b, rel=1e-7, abs=1e-10)
