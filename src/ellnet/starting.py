"""The parameters that training starts from, those that look at the data included."""

import numpy as np

from ellnet.arrays import Array, in_precision, is_sparse, to_numpy
from ellnet.engines.recursion import forward
from ellnet.equations.initializers import unit_variance
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters, initial_parameters

__all__ = ["starting_network"]

LOOKED_AT = 4096
"""Examples, at most, whose variance the initial weights are scaled by."""


def starting_network(
    net: Network, hyperparameters: Hyperparameters, X: Array, drawn: Parameters | None = None
) -> Network:
    """Return the network with the initial parameters that the hyperparameters ask for, in NumPy.

    Args:
        net: the architecture.
        hyperparameters: `initialization`, `unit_variance`, `zero_last`, `seed` and `dtype` count.
        X: inputs, (n[0], m), whose first columns are looked at where `unit_variance` is on.
        drawn: parameters that were drawn in another way than by `initialization`.
    """
    chosen = hyperparameters
    parameters = drawn or initial_parameters(
        net.n, tuple(net.activations), chosen.initialization, chosen.seed, chosen.dtype
    )
    W, b = list(parameters.W), list(parameters.b)
    if chosen.zero_last:
        W[-1] = np.zeros_like(W[-1])
    started = net.with_parameters(Parameters.of(W, b))
    return _scaled(started, X, net.L - chosen.zero_last) if chosen.unit_variance else started


def _scaled(net: Network, X: Array, layers: int) -> Network:
    """Scale the weights layer by layer, so that Z[l] of the data has variance 1."""
    piece = X[:, :LOOKED_AT]
    inputs = in_precision(piece.toarray() if is_sparse(piece) else to_numpy(piece), net.W[1])
    for layer in range(1, layers + 1):
        W = list(net.W)
        W[layer - 1] = unit_variance(W[layer - 1], forward(net, inputs).Z[layer])
        net = net.with_parameters(Parameters.of(W, net.b))
    return net
