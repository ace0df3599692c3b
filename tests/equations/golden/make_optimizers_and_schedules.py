"""Make optimizers_and_schedules.json, the numbers of PyTorch: python make_optimizers_and_schedules.py.

It needs torch, and is not run with the tests; they compare with the numbers that it left.
"""

import json
from pathlib import Path
from typing import Any

import torch
from torch.optim import lr_scheduler

STEPS = 25
SHAPE = (2, 3)

OPTIMIZERS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "gradient_descent": ("SGD", {"lr": 0.1}, {"learning_rate": 0.1}),
    "momentum": ("SGD", {"lr": 0.1, "momentum": 0.8}, {"learning_rate": 0.1, "momentum": 0.8}),
    "nesterov": (
        "SGD",
        {"lr": 0.1, "momentum": 0.8, "nesterov": True},
        {"learning_rate": 0.1, "momentum": 0.8},
    ),
    "adam": (
        "Adam",
        {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-6},
        {"learning_rate": 0.1, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-6},
    ),
    "adamw": (
        "AdamW",
        {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-6, "weight_decay": 0.2},
        {
            "learning_rate": 0.1,
            "beta_1": 0.9,
            "beta_2": 0.99,
            "epsilon": 1e-6,
            "weight_decay": 0.2,
        },
    ),
    "nadam": (
        "NAdam",
        {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-6, "momentum_decay": 0.01},
        {
            "learning_rate": 0.1,
            "beta_1": 0.9,
            "beta_2": 0.99,
            "epsilon": 1e-6,
            "momentum_decay": 0.01,
        },
    ),
    "rmsprop": (
        "RMSprop",
        {"lr": 0.1, "alpha": 0.95, "eps": 1e-6},
        {"learning_rate": 0.1, "rho": 0.95, "epsilon": 1e-6},
    ),
    "adagrad": (
        "Adagrad",
        {"lr": 0.1, "eps": 1e-9},
        {"learning_rate": 0.1, "epsilon": 1e-9},
    ),
}

SCHEDULES: list[tuple[str, int, dict[str, Any], str, dict[str, Any]]] = [
    ("step", 25, {"gamma": 0.3, "period": 4}, "StepLR", {"step_size": 4, "gamma": 0.3}),
    ("exponential", 25, {"gamma": 0.9}, "ExponentialLR", {"gamma": 0.9}),
    ("cosine", 25, {"floor": 0.1}, "CosineAnnealingLR", {"T_max": 25, "eta_min": 0.1}),
    (
        "cosine_restarts",
        25,
        {"floor": 0.1, "period": 5, "growth": 1},
        "CosineAnnealingWarmRestarts",
        {"T_0": 5, "T_mult": 1, "eta_min": 0.1},
    ),
    (
        "cosine_restarts",
        75,
        {"floor": 0.1, "period": 5, "growth": 2},
        "CosineAnnealingWarmRestarts",
        {"T_0": 5, "T_mult": 2, "eta_min": 0.1},
    ),
    (
        "one_cycle",
        25,
        {"warmup": 0.3, "floor": 0.0004},
        "OneCycleLR",
        {"max_lr": 1.0, "total_steps": 25, "pct_start": 0.3, "final_div_factor": 100.0},
    ),
    (
        "warm_up",
        40,
        {"warmup": 0.25},
        "LinearLR",
        {"start_factor": 0.1, "end_factor": 1.0, "total_iters": 9},
    ),
]


def numbers(count: int, scale: float) -> list[float]:
    """Return numbers that look random and are the same everywhere."""
    return [scale * ((7919 * (k + 3) ** 2 % 1009) / 504.5 - 1.0) for k in range(count)]


def stepped(name: str, options: dict[str, Any], start: Any, gradients: list[Any]) -> list[Any]:
    """Return the parameter after each step."""
    theta = torch.nn.Parameter(start.clone())
    optimizer = getattr(torch.optim, name)([theta], **options)
    path = []
    for gradient in gradients:
        theta.grad = gradient
        optimizer.step()
        path.append(theta.detach().clone())
    return path


def rates(name: str, options: dict[str, Any], steps: int) -> list[float]:
    """Return the learning rate of each step."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = getattr(lr_scheduler, name)(optimizer, **options)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def clipped(gradients: list[Any], largest: float) -> list[Any]:
    """Return gradients after clipping by their norm."""
    thetas = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for theta, gradient in zip(thetas, gradients, strict=True):
        theta.grad = gradient.clone()
    torch.nn.utils.clip_grad_norm_(thetas, largest)
    return [theta.grad.tolist() for theta in thetas]


def main() -> None:
    """Write the file beside this one."""
    torch.set_default_dtype(torch.float64)
    size = SHAPE[0] * SHAPE[1]
    start = torch.tensor(numbers(size, 1.0)).reshape(SHAPE)
    flat = torch.tensor(numbers(size * STEPS, 3.0)).reshape(STEPS, *SHAPE)
    gradients = list(flat)
    found: dict[str, Any] = {"start": start.tolist(), "gradients": flat.tolist(), "optimizers": {}}
    for ours, (name, theirs, options) in OPTIMIZERS.items():
        path = stepped(name, theirs, start, gradients)
        found["optimizers"][ours] = {
            "options": options,
            "after": {str(k): path[k - 1].tolist() for k in (1, 2, STEPS)},
        }
    found["schedules"] = [
        {
            "name": ours,
            "steps": steps,
            "options": options,
            "factors": rates(name, theirs, 25 if ours == "warm_up" else steps),
        }
        for ours, steps, options, name, theirs in SCHEDULES
    ]
    found["clipped"] = {
        "largest": 1.5,
        "after": clipped(gradients[:2], 1.5),
        "untouched": clipped(gradients[:2], 1500.0),
    }
    target = Path(__file__).with_name("optimizers_and_schedules.json")
    target.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
