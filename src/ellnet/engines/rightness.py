"""Which predictions are right: what an accuracy counts. The native engine's oracle too."""

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, to_numpy
from ellnet.network import Network

__all__ = ["right_ones"]


def right_ones(net: Network, A: Array, Y: Array) -> NDArray[np.bool_]:
    """Return which of the predictions A[L] (n[L], m) are right, (m,).

    Args:
        net: says by its output's activation what is compared: of a softmax the most probable class, the
            first of equal ones; of other units whether each is above 1/2.
        A: the outputs.
        Y: the targets, (n[L], m).
    """
    A, Y = to_numpy(A), to_numpy(Y)
    if net.activations[net.L] == "softmax":
        return np.asarray(np.argmax(A, axis=0) == np.argmax(Y, axis=0))
    return np.asarray(((A > 0.5) == (Y > 0.5)).all(axis=0))
