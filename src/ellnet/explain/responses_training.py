"""How large the gradient is, layer by layer, while a network trains: vanishing and exploding, seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import to_numpy
from ellnet.batches import Examples
from ellnet.engines.recursion import backward, forward
from ellnet.errors import DataError
from ellnet.explain.responses_subject import inputs_of, network_of, targets_of
from ellnet.history import History
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState
from ellnet.training import Hook

__all__ = ["GradientNorms", "GradientWatch", "gradient_norms"]

AT_MOST = 256
"""Examples that the gradient is measured on, evenly spaced where there are more."""


@dataclass(frozen=True, eq=False)
class GradientNorms:
    """The size of the gradient by layer, over time.

    Attributes:
        epochs: epochs that had been finished at each measurement, (t,); 0 is the start.
        norms: root of the mean square of the entries of dW[l], (t, L). It does not grow with the size of
            a layer, so that layers can be compared.
    """

    epochs: NDArray[np.int64]
    norms: NDArray[np.float64]

    @property
    def ratio(self) -> float:
        """The first layer's gradient as a part of the last's, when first measured."""
        return float(self.norms[0, 0] / self.norms[0, -1])


class GradientWatch(Hook):
    """A hook of `ellnet.train` that measures the gradient before training and after every epoch."""

    def __init__(self, net: Network, examples: Examples) -> None:
        """Take the network that is trained, and examples to measure on; some of them if there are many.

        Raises:
            ShapeError: examples that do not fit the network.
        """
        self._net = net
        self._examples = examples.take(_spaced(examples.m))
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


def gradient_norms(estimator: Any, X: Any, y: Any, *, epochs: int | None = None) -> GradientNorms:
    """Train a fresh estimator with the same parameters, and measure after every epoch.

    Each epoch is a call of `partial_fit`, so that nothing is held out and nothing ends it early.

    Args:
        estimator: an MLPClassifier or MLPRegressor of ellnet's; it stays as it is.
        X: (m, n[0]), one row an example.
        y: (m,) or (m, outputs).
        epochs: how many; by default its max_iter.

    Raises:
        DataError: something that cannot be trained epoch by epoch, or data that do not fit.
        ValueError: what the estimator refuses.
    """
    if not hasattr(estimator, "partial_fit") or not hasattr(type(estimator), "network_"):
        raise DataError(
            "gradients over time are measured on an MLPClassifier or MLPRegressor of ellnet's, got "
            f"{type(estimator).__name__}"
        )
    fresh = type(estimator)(**(estimator.get_params(deep=False) | {"early_stopping": False}))
    classifies = hasattr(type(fresh), "predict_proba")
    known = {"classes": _labels(to_numpy(y))} if classifies else {}
    rows = _spaced(int(X.shape[0]))
    norms = []
    for _ in range(estimator.max_iter if epochs is None else epochs):
        fresh.partial_fit(X, y, **known)
        net, A = network_of(fresh), inputs_of(fresh, X)
        norms.append(norms_of(net, Examples(A[:, rows], targets_of(fresh, y)[:, rows])))
    return GradientNorms(np.arange(1, len(norms) + 1), np.array(norms))


def _labels(y: NDArray[Any]) -> NDArray[Any]:
    """Return what partial_fit asks for at first: the classes, or the numbers of the labels."""
    return np.unique(y) if y.ndim == 1 else np.arange(y.shape[1])


def _spaced(m: int) -> NDArray[np.int64]:
    """Return the examples to measure on."""
    return np.unique(np.linspace(0, m - 1, min(m, AT_MOST)).round()).astype(np.int64)


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
