"""Chain: a network's layers in float64, with the numbers that layers and units had at first."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ellnet.arrays import is_finite, overflow_allowed, to_numpy
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.linear import linear
from ellnet.errors import DivergenceError, ProofError
from ellnet.network import Network, Parameters

__all__ = ["Chain", "Layer", "chain_of", "network_of", "outputs_of", "size_of"]

Matrix = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer.

    Attributes:
        number: its number in the network as it came, from 1.
        units: the numbers that its units had there, from 1, (n,).
        W: weights, (n, n of the layer before).
        b: biases, (n, 1).
        activation: g by name.
    """

    number: int
    units: NDArray[np.int64]
    W: Matrix
    b: Matrix
    activation: str

    @property
    def n(self) -> int:
        """How many units it has."""
        return len(self.units)

    def without(self, gone: NDArray[np.bool_]) -> "Layer":
        """Return the layer without some of its units, (n,) of them marked."""
        keep = ~gone
        return replace(self, units=self.units[keep], W=self.W[keep], b=self.b[keep])

    def taking(self, W: Matrix, b: Matrix) -> "Layer":
        """Return the same units with other parameters."""
        return replace(self, W=W, b=b)


Chain = tuple[Layer, ...]


def chain_of(net: Network, dtype: DTypeLike = np.float64) -> Chain:
    """Return a network's layers as NumPy arrays of `dtype`.

    Raises:
        DivergenceError: a parameter is not finite; names its layer.
    """
    layers = []
    for number, activation in enumerate(net.activations, start=1):
        W, b = (np.array(to_numpy(each[number]), dtype) for each in (net.W, net.b))
        for name, array in (("W", W), ("b", b)):
            if not is_finite(array):
                raise DivergenceError(
                    f"{name}[{number}] must hold finite numbers, got "
                    f"{int(np.sum(~np.isfinite(array)))} that are not; a network that diverged cannot "
                    "be made smaller: train it again with a smaller learning rate"
                )
        layers.append(Layer(number, np.arange(1, len(W) + 1), W, b, activation))
    return tuple(layers)


def network_of(chain: Chain, like: Network) -> Network:
    """Return a chain as a Network with cost, options, precision and array library of `like`.

    Raises:
        ProofError: a parameter does not fit the precision.
    """
    first = like.W[1]
    dtype = to_numpy(first).dtype
    with overflow_allowed():
        arrays = [each.astype(dtype) for layer in chain for each in (layer.W, layer.b)]
    if not is_finite(*arrays):
        raise ProofError(
            f"a parameter of the smaller network is beyond the range of {dtype}; bring the network to "
            "float64, where it fits"
        )
    n = (chain[0].W.shape[1], *(layer.n for layer in chain))
    g = tuple(layer.activation for layer in chain)
    parameters = Parameters.from_arrays(arrays).like(first)
    return Network(n, g, like.cost, parameters, cost_options=like.cost_options)


def size_of(chain: Chain) -> int:
    """Return the number of parameters."""
    return sum(layer.W.size + layer.b.size for layer in chain)


def outputs_of(chain: Chain, X: Matrix) -> tuple[Matrix, Matrix]:
    """Return A[L] for the inputs X (n[0], m), and what is added up in Z[L], |W[L]| |A[L-1]| + |b[L]|.

    Both are (n[L], m), in the precision of the chain.
    """
    A = X.astype(chain[0].W.dtype, copy=False)
    with overflow_allowed():
        for layer in chain[:-1]:
            A = ACTIVATIONS[layer.activation].value(linear(layer.W, A, layer.b))
        last = chain[-1]
        added = linear(np.abs(last.W), np.abs(A), np.abs(last.b))
        return ACTIVATIONS[last.activation].value(linear(last.W, A, last.b)), added
