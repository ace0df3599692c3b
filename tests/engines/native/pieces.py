"""Networks, examples, and the pieces that examples are cut into for predictions."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from ellnet.network import Network, Parameters, initial_parameters

__all__ = ["NETWORKS", "M", "inputs", "network", "parts"]

NETWORKS = {
    "one unit": ((1, 1), ("sigmoid",)),
    "lanes": ((3, 5, 5, 3, 1), ("relu", "tanh", "gelu", "identity")),
    "widest lanes": ((16, 16, 16), ("mish", "softmax")),
    "tiles": ((17, 33, 20, 7), ("softmax", "selu", "softmax")),
    "panels": ((70, 64, 65, 10), ("leaky_relu", "softplus", "softmax")),
    "one input": ((1, 130, 1), ("elu", "exponential")),
}
Order = Literal["C", "F"]

SIZES = (1, 1, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 257)
"""Of the parts that examples are cut into; up to eight go another way, from weights input by input."""

M = 600


def network(kind: str, dtype: type, order: Order = "C", activation: str = "") -> Network:
    """A network with weights row by row ("C") or column by column ("F") in memory.

    Exponentials upon exponentials overflow, and the bits of what is no number are promised to nobody:
    their weights are small.
    """
    n, g = NETWORKS[kind]
    g = (*((activation,) * (len(g) - 1)), g[-1]) if activation else g
    start = initial_parameters(n, g, "course", 1, dtype)
    random, scale = np.random.default_rng(0), dtype(0.1 if activation == "exponential" else 1.0)
    b = [scale * random.standard_normal(each.shape).astype(dtype) for each in start.b]
    parameters = Parameters.of(
        [np.array(scale * W, order=order) for W in start.W],
        [np.array(each, order=order) for each in b],
    )
    return Network(n, g, "squared_error", parameters)


def inputs(net: Network, dtype: type) -> np.ndarray:
    """M examples, one a column, one after another in memory."""
    X = np.random.default_rng(1).standard_normal((M, net.n[0])) * 2
    return X.astype(dtype).T


def parts(seed: int) -> Iterator[slice]:
    """Cut the examples into parts of sizes at random, from 0 to M."""
    random, at = np.random.default_rng(seed), 0
    while at < M:
        size = int(random.choice(SIZES))
        yield slice(at, min(at + size, M))
        at += size
