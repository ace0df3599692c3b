"""One training run with everything in it, on the arrays of any library."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ellnet.arrays import to_numpy
from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS, outputs_of
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.equations.schedules import SCHEDULES
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.training import train

__all__ = ["KINDS", "gradients_of", "trained_on"]

N = (4, 6, 5, 3)

OPTIONS: dict[str, dict[str, Any]] = {
    **{f"optimizer {name}": {"optimizer": name} for name in OPTIMIZERS},
    "optimizer lbfgs": {"optimizer": "lbfgs", "epochs": 4},
    **{f"schedule {name}": {"schedule": name, "warmup": 0.3} for name in SCHEDULES},
    "dropout": {"dropout": 0.3, "input_dropout": 0.2, "dropout_schedule": "cosine"},
    "decay": {
        "optimizer": "adamw",
        "weight_decay": 0.3,
        "weight_decay_schedule": "growing_cosine",
        "dropout": (0.2, 0.4),
        "dropout_schedule": "exponential",
    },
    "penalties": {"l1": 0.3, "l2": 0.4, "max_norm": 1.2, "clip_norm": 0.4},
    "smoothing": {"label_smoothing": 0.1},
}

KINDS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    **{
        f"{cost} of {output}": ("tanh", output, cost, {})
        for cost in COSTS
        for output in outputs_of(cost)
    },
    **{
        f"hidden {name}": (name, "softmax", "categorical_cross_entropy", {}) for name in ACTIVATIONS
    },
    **{
        name: ("relu", "softmax", "categorical_cross_entropy", options)
        for name, options in OPTIONS.items()
    },
}
"""Every cost with every output, every hidden activation, every optimizer, schedule and option."""

Convert = Callable[[np.ndarray], Any]


def examples(convert: Convert) -> Examples:
    """Three classes, with weights."""
    random = np.random.default_rng(0)
    X, Y = random.standard_normal((4, 30)), np.eye(3)[random.integers(0, 3, 30)].T
    return Examples(convert(X), convert(Y), convert(random.random((1, 30)) + 0.5))


def network(kind: str) -> Network:
    """A network of that kind, in NumPy."""
    hidden, output, cost, _ = KINDS[kind]
    g = (hidden, hidden, output)
    return Network(N, g, cost, initial_parameters(N, g, "course", 1, np.float64))


def gradients_of(kind: str, convert: Convert) -> tuple[float, list[np.ndarray]]:
    """The cost of a network of that kind, and its gradients, computed in the library."""
    net, data = network(kind), examples(convert)
    net = net.with_parameters(net.parameters.like(data.X))
    cost, gradients = engine("array").cost_and_gradients(net, data, l2=0.3)
    return cost, [to_numpy(array) for array in gradients.arrays()]


def trained_on(kind: str, convert: Convert) -> tuple[list[float], list[np.ndarray], Any]:
    """Costs and parameters after training in the library, and one of the arrays as it came."""
    chosen = Hyperparameters(
        **{
            "hidden": (6, 5),
            "epochs": 3,
            "batch_size": 8,
            "early_stopping": False,
            "dtype": "float64",
            "engine": "array",
            "learning_rate": 0.01,
            **KINDS[kind][3],
        }
    )
    outcome = train(network(kind), examples(convert), chosen)
    arrays = outcome.network.parameters.arrays()
    return outcome.history.costs, [to_numpy(array) for array in arrays], arrays[0]
