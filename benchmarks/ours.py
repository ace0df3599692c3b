"""ellnet, measured through its engine: `run` and `predict`."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.entrants import Entrant
from benchmarks.nets import LEARNING_RATE, Material, Net
from ellnet.batches import Examples
from ellnet.engines import ENGINES
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network
from ellnet.state import TrainingState
from ellnet.training import moments_of

__all__ = ["Measured"]


class Measured:
    """An engine of ellnet's. Every sample trains from the same start: it is the same work."""

    def __init__(self, entrant: Entrant) -> None:
        """Take the engine by its name, and the threads to run with."""
        self._engine = ENGINES[entrant.engine]
        self._threads = entrant.threads
        self._dtype = entrant.dtype

    def prepare(self, net: Net, given: Material) -> None:
        """Build the network with the parameters given; X is a view, one example a column."""
        self._chosen = Hyperparameters(
            hidden=net.n[1:-1],
            optimizer="adam",
            learning_rate=LEARNING_RATE,
            l2=0.0,
            batch_size=net.batch,
            early_stopping=False,
            dtype=self._dtype,  # type: ignore[arg-type]
        )
        self._net = Network(net.n, net.activations, net.cost, given.parameters)
        self._start = TrainingState.start(given.parameters, moments_of(self._chosen), seed=0)
        self._examples = Examples(given.X.T, np.ascontiguousarray(given.targets(net.n[-1])).T)
        self._inputs = given.inputs
        self._now = given.parameters

    def _network(self) -> Network:
        return self._net.with_parameters(self._now)

    def train(self, epochs: int) -> None:
        """Train for whole epochs in one call of the engine.

        Raises:
            ArithmeticError: the cost became infinite.
        """
        ran = self._engine.run(
            self._net,
            self._start,
            self._chosen,
            self._examples,
            epochs=epochs,
            n_threads=self._threads,
        )
        if ran.divergence is not None:
            raise ArithmeticError(f"training diverged: {ran.divergence}")
        self._now = ran.state.parameters

    def outputs(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return A[L] as rows, after training where there was some."""
        A = self._engine.predict(self._network(), X.T)
        return np.asarray(A.T)

    def predict(self, rows: int, calls: int) -> None:
        """Predict so many times, with the parameters that training gave, as they lie in memory."""
        predict, net, threads = self._engine.predict, self._network(), self._threads
        X = self._inputs[:rows].T
        for _ in range(calls):
            predict(net, X, n_threads=threads)

    def target(self) -> str:
        """Return the instruction set in use, "" for an engine that has none."""
        tell = getattr(self._engine, "target", None)
        return str(tell()) if tell else ""

    def peak(self) -> float:
        """Return GFLOP/s of nothing but fused multiply-adds, one short sample; 0 where unknown."""
        measure = getattr(self._engine, "peak_gflops", None)
        return float(measure(self._threads, self._dtype)) if measure else 0.0
