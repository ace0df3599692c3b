"""The weights that an estimator starts from: drawn as scikit-learn draws its own.

Small networks that are trained for a few hundred epochs at scikit-learn's rates end at a lower cost
from these than from He's, which are two to five times as large there.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from ellnet.arrays import Array
from ellnet.network import Parameters
from ellnet.randomness import Stream, generator

__all__ = ["first_parameters"]


def first_parameters(
    n: Sequence[int], activations: Sequence[str], seed: int, dtype: DTypeLike
) -> Parameters:
    """Draw weights and biases of layer l from U(-r, r), r = sqrt(6 / (n[l] + n[l-1])).

    Where the layer, or for the output layer the one before it, is of sigmoid units, 2 stands for 6. The
    biases are the last row of one draw (n[l-1] + 1, n[l]).

    Args:
        n: units of each layer, n[0] to n[L].
        activations: g[1] to g[L].
        seed: the first word of the random numbers' key.
        dtype: float32 or float64; the same draws serve both.
    """
    L = len(n) - 1
    W: list[Array] = []
    b: list[Array] = []
    for layer in range(1, L + 1):
        nearest = activations[max(0, min(layer, L - 1) - 1)]
        factor = 2.0 if nearest == "sigmoid" and L > 1 else 6.0
        r = math.sqrt(factor / (n[layer] + n[layer - 1]))
        random = generator(seed, Stream.INITIAL_WEIGHTS, layer=layer)
        uniform = random.random((n[layer - 1] + 1, n[layer]))
        drawn = ((2.0 * uniform - 1.0) * r).astype(np.dtype(dtype))
        W.append(np.ascontiguousarray(drawn[:-1].T))
        b.append(np.ascontiguousarray(drawn[-1:].T))
    return Parameters.of(W, b)
