"""How large the gradient is, layer by layer, while a network trains: vanishing and exploding, seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.batches import Examples
from ellnet.engines.recursion import backward, forward
from ellnet.history import History
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState
from ellnet.training import Hook

__all__ = ["GradientNorms", "GradientWatch"]

AT_MOST = 256
"""Examples that the gradient is measured on, evenly spaced where there are more."""


@dataclass(frozen=True, eq=False)
class GradientNorms:
    """The size of the gradient by layer, over time.

    Attributes:
        epochs: epochs that had been finished at each measurement, (t,); the first is the start.
        norms: root of the mean square of the entries of dW[l], (t, L). It does not grow with the size of
            a layer, so that layers can be compared.
    """

    epochs: NDArray[np.int64]
    norms: NDArray[np.float64]

    @property
    def ratio(self) -> float:
        """The first layer's gradient as a part of the last's, at the start: 1 where none vanishes."""
        return float(self.norms[0, 0] / self.norms[0, -1])


class GradientWatch(Hook):
    """A hook of `ellnet.train` that measures the gradient before training and after every epoch."""

    def __init__(self, net: Network, examples: Examples) -> None:
        """Take the network that is trained, and examples to measure on; some of them if there are many.

        Raises:
            ShapeError: examples that do not fit the network.
        """
        some = np.unique(np.linspace(0, examples.m - 1, min(examples.m, AT_MOST)).round())
        self._net = net
        self._examples = examples.take(some.astype(np.int64))
        self._epochs = [0]
        self._norms = [norms_of(net, self._examples)]

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        """Measure; it never ends a run."""
        del history
        self._epochs.append(state.epoch)
        self._norms.append(norms_of(self._net.with_parameters(state.parameters), self._examples))
        return False

    def measured(self) -> GradientNorms:
        """Return what has been measured until now."""
        return GradientNorms(np.array(self._epochs), np.array(self._norms))


def norms_of(net: Network, examples: Examples) -> NDArray[np.float64]:
    """Return the root of the mean square of dW[l]'s entries, l = 1..L, as one backward pass gives them.

    Raises:
        ShapeError: examples that do not fit the network.
    """
    in_double = [np.asarray(array, np.float64) for array in net.parameters.arrays()]
    net = net.with_parameters(Parameters.from_arrays(in_double))
    X: Any = np.asarray(examples.X, np.float64)
    gradients = backward(net, forward(net, X), np.asarray(examples.Y, np.float64), examples.w)
    return np.array([float(np.sqrt(np.mean(np.square(dW)))) for dW in gradients.dW])
