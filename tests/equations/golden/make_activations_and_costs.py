"""Make activations_and_costs.json, the numbers of PyTorch: python make_activations_and_costs.py.

It needs torch, and is not run with the tests; they compare with the numbers that it left. Every value and
derivative is PyTorch's own, in float64, by its automatic differentiation. It has no quantile loss:
there the formula stands here, and its derivative is PyTorch's.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

Z = [-20.0, -3.5, -2.9, -1.0, -0.1, 0.3, 1.25, 2.9, 3.5, 15.0]
LOGITS = [[-2.0, 0.3, 30.0, -4.5], [0.7, -0.4, 0.1, 2.5], [-0.2, 1.1, -30.0, 0.6]]
ONE_HOT = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]]
LABELS = [[1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]
COUNTS = [[1.0, 0.0, 3.0, 2.0], [4.0, 1.0, 0.0, 7.0], [0.0, 2.0, 1.0, 5.0]]
NUMBERS = [[-1.5, 0.0, 29.7, -4.0], [-0.3, 0.4, 1.6, 2.0], [-0.3, 1.2, -25.0, 9.0]]
SMOOTHING = 0.1

ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "elu": functional.elu,
    "selu": functional.selu,
    "gelu": lambda z: functional.gelu(z, approximate="tanh"),
    "silu": functional.silu,
    "mish": functional.mish,
    "softplus": lambda z: functional.softplus(z, threshold=1000.0),
    "softsign": functional.softsign,
    "hard_sigmoid": lambda z: torch.clamp(z / 6 + 0.5, 0.0, 1.0),  # hardsigmoid's slope is float32
    "exponential": torch.exp,
}


def column_sums(losses: Any) -> Any:
    """Losses of the units of each example as one."""
    return losses.sum(dim=0)


def pinball(z: Any, y: Any, levels: list[float]) -> Any:
    """The quantile loss, each unit at its level."""
    q = torch.tensor(levels, dtype=torch.float64)[:, None]
    return column_sums(torch.maximum(q * (y - z), (q - 1) * (y - z)))


def poisson(z: Any, y: Any, *, log_input: bool) -> Any:
    """PyTorch's loss with what depends on the target alone, which makes it half the deviance."""
    losses = functional.poisson_nll_loss(z, y, log_input=log_input, eps=0.0, reduction="none")
    return column_sums(losses + torch.xlogy(y, y) - y)


COSTS: list[tuple[str, str, dict[str, Any], list[list[float]], Callable[..., Any]]] = [
    (
        "sigmoid",
        "binary_cross_entropy",
        {},
        LABELS,
        lambda z, y: column_sums(
            functional.binary_cross_entropy_with_logits(z, y, reduction="none")
        ),
    ),
    (
        "softmax",
        "categorical_cross_entropy",
        {},
        ONE_HOT,
        lambda z, y: functional.cross_entropy(z.T, y.T, reduction="none"),
    ),
    (
        "identity",
        "squared_error",
        {},
        NUMBERS,
        lambda z, y: column_sums(0.5 * functional.mse_loss(z, y, reduction="none")),
    ),
    (
        "identity",
        "absolute_error",
        {},
        NUMBERS,
        lambda z, y: column_sums(functional.l1_loss(z, y, reduction="none")),
    ),
    (
        "identity",
        "huber",
        {},
        NUMBERS,
        lambda z, y: column_sums(functional.huber_loss(z, y, reduction="none")),
    ),
    (
        "identity",
        "huber",
        {"threshold": 0.25},
        NUMBERS,
        lambda z, y: column_sums(functional.huber_loss(z, y, reduction="none", delta=0.25)),
    ),
    ("exponential", "poisson", {}, COUNTS, lambda z, y: poisson(z, y, log_input=True)),
    (
        "softplus",
        "poisson",
        {},
        COUNTS,
        lambda z, y: poisson(functional.softplus(z, threshold=1000.0), y, log_input=False),
    ),
    ("identity", "quantile", {}, NUMBERS, lambda z, y: pinball(z, y, [0.5] * 3)),
    (
        "identity",
        "quantile",
        {"quantiles": [0.1, 0.5, 0.9]},
        NUMBERS,
        lambda z, y: pinball(z, y, [0.1, 0.5, 0.9]),
    ),
]


def activation_numbers(value: Callable[..., Any]) -> dict[str, list[float]]:
    """A and g'(Z)."""
    z = torch.tensor(Z, dtype=torch.float64, requires_grad=True)
    a = value(z)
    a.sum().backward()
    return {"A": a.tolist(), "slope": z.grad.tolist()}


def cost_numbers(
    output: str, cost: str, options: dict[str, Any], Y: list[list[float]], loss: Callable[..., Any]
) -> dict[str, Any]:
    """Losses and dZ[L] of the logits."""
    z = torch.tensor(LOGITS, dtype=torch.float64, requires_grad=True)
    losses = loss(z, torch.tensor(Y, dtype=torch.float64))
    losses.sum().backward()
    names = {"output": output, "cost": cost, "options": options, "Y": Y}
    return {**names, "losses": losses.tolist(), "dZ": z.grad.tolist()}


def smoothed() -> dict[str, Any]:
    """Losses of PyTorch's own smoothing of one-hot labels."""
    z = torch.tensor(LOGITS, dtype=torch.float64)
    y = torch.tensor(ONE_HOT, dtype=torch.float64)
    losses = functional.cross_entropy(z.T, y.T, reduction="none", label_smoothing=SMOOTHING)
    return {"smoothing": SMOOTHING, "Y": ONE_HOT, "losses": losses.tolist()}


if __name__ == "__main__":
    numbers = {
        "torch": torch.__version__,
        "Z": Z,
        "activations": {name: activation_numbers(value) for name, value in ACTIVATIONS.items()},
        "logits": LOGITS,
        "costs": [cost_numbers(*row) for row in COSTS],
        "smoothed": smoothed(),
    }
    text = json.dumps(numbers, indent=1)
    Path(__file__).with_name("activations_and_costs.json").write_text(text + "\n")
