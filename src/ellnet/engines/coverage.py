"""What the native engine covers, and the reason where it does not."""

import numpy as np

from ellnet.arrays import Array, is_sparse
from ellnet.batches import Examples
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network

__all__ = [
    "ACTIVATION_NUMBERS",
    "COST_NUMBERS",
    "OPTIMIZER_NUMBERS",
    "SCHEDULE_NUMBERS",
    "unfit_arrays",
    "unfit_network",
    "unfit_run",
]


def _numbered(*names: str) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


ACTIVATION_NUMBERS = _numbered(
    "identity",
    "relu",
    "leaky_relu",
    "sigmoid",
    "tanh",
    "softmax",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "softplus",
    "softsign",
    "hard_sigmoid",
    "exponential",
)
"""The numbers that native/network.hpp gives to activations."""

COST_NUMBERS = _numbered(
    "squared_error",
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "absolute_error",
    "huber",
    "poisson",
    "quantile",
)
"""The numbers that native/network.hpp gives to costs."""

OPTIMIZER_NUMBERS = _numbered(
    "gradient_descent", "momentum", "adam", "adamw", "nesterov", "nadam", "rmsprop", "adagrad"
)
"""The numbers that native/network.hpp gives to optimizers."""

SCHEDULE_NUMBERS = _numbered(
    "constant",
    "invscaling",
    "adaptive",
    "step",
    "exponential",
    "cosine",
    "cosine_restarts",
    "one_cycle",
    "growing_cosine",
)
"""The numbers that native/schedules.hpp gives to schedules."""

PRECISIONS = (np.dtype(np.float32), np.dtype(np.float64))

MOST_UNITS = 65536
"""Units of the widest layer."""


def unfit_network(net: Network) -> str:
    """Say why a network is not covered, "" where it is."""
    for layer, name in enumerate(net.activations, start=1):
        if name not in ACTIVATION_NUMBERS:
            return f"it has no activation {name}, which is g[{layer}]"
    if net.cost not in COST_NUMBERS:
        return f"it has no cost {net.cost}"
    if max(net.n) > MOST_UNITS:
        return f"its layers have at most {MOST_UNITS} units, and one has {max(net.n)}"
    if type(net.W[1]) is not np.ndarray or net.W[1].dtype not in PRECISIONS:
        return "its parameters are NumPy arrays of float32 or float64"
    return ""


def unfit_arrays(*arrays: Array | None) -> str:
    """Say why arrays are not covered, "" where they are."""
    for array in arrays:
        if array is not None and is_sparse(array):
            return "it takes no sparse X"
        if array is not None and not isinstance(array, np.ndarray):
            return "it takes NumPy arrays only"
    return ""


def unfit_run(net: Network, chosen: Hyperparameters, *examples: Examples | None) -> str:
    """Say why a run is not covered, "" where it is."""
    if chosen.optimizer not in {
        *OPTIMIZER_NUMBERS,
        "lbfgs",
    }:  # L-BFGS asks for cost and gradients alone
        return f"it has no optimizer {chosen.optimizer}"
    arrays = [array for each in examples if each is not None for array in (each.X, each.Y, each.w)]
    return unfit_network(net) or unfit_arrays(*arrays)
