"""scikit-learn's MLPClassifier."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from benchmarks.entrants import Entrant
from benchmarks.nets import LEARNING_RATE, Material, Net

__all__ = ["Measured"]


class Measured:
    """An epoch is a call of partial_fit: no set-up, but its checks of X and y, are in the time.

    Its threads are those of its BLAS, said in the environment. Of two classes it makes one output unit.
    """

    def __init__(self, entrant: Entrant) -> None:
        """Take the threads from the environment."""
        del entrant
        warnings.simplefilter("ignore")

    def prepare(self, net: Net, given: Material) -> None:
        """Make the estimator, and put the parameters given in place of its own."""
        self._given = given
        self._columns = slice(1, None) if net.n[-1] == 1 else slice(None)
        self._model = MLPClassifier(
            net.n[1:-1],
            solver="adam",
            alpha=0.0,
            batch_size=net.batch,
            learning_rate_init=LEARNING_RATE,
            random_state=0,
        )
        few = slice(0, net.batch)
        labels = np.arange(net.batch) % net.classes
        self._model.partial_fit(given.X[few], labels, classes=np.arange(net.classes))
        *hidden_W, W = given.parameters.W
        *hidden_b, b = given.parameters.b
        if net.n[-1] == 2:  # p = sigmoid(z2 - z1) is the softmax's second output
            W, b = W[1:] - W[:1], b[1:] - b[:1]
        self._put([*hidden_W, W], [*hidden_b, b])

    def _put(self, W: list[NDArray[np.floating]], b: list[NDArray[np.floating]]) -> None:
        """Write into its own arrays, which its optimizer holds too."""
        for mine, array in zip(self._model.coefs_, W, strict=True):
            mine[...] = array.T
        for mine, array in zip(self._model.intercepts_, b, strict=True):
            mine[...] = array[:, 0]

    def train(self, epochs: int) -> None:
        """Train for whole epochs."""
        for _ in range(epochs):
            self._model.partial_fit(self._given.X, self._given.labels)

    def outputs(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return A[L] as rows."""
        return np.asarray(self._model.predict_proba(X)[:, self._columns])

    def predict(self, rows: int, calls: int) -> None:
        """Predict so many times."""
        predict, X = self._model.predict_proba, self._given.inputs[:rows]
        for _ in range(calls):
            predict(X)
