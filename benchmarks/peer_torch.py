"""PyTorch, eager, with its fused Adam."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks.entrants import Entrant
from benchmarks.nets import LEARNING_RATE, Material, Net

__all__ = ["Measured"]


class Measured:
    """The data are tensors beforehand; every epoch draws an order and gathers by it."""

    def __init__(self, entrant: Entrant) -> None:
        """Set the threads; denormals are flushed, as ellnet does."""
        torch.set_num_threads(entrant.threads)
        torch.set_flush_denormal(True)

    def prepare(self, net: Net, given: Material) -> None:
        """Build the layers with the parameters given."""
        layers: list[nn.Module] = []
        for W, b in zip(given.parameters.W, given.parameters.b, strict=True):
            linear = nn.Linear(W.shape[1], W.shape[0])
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(W))
                linear.bias.copy_(torch.from_numpy(b[:, 0]))
            layers += [linear, nn.ReLU()]
        self._model = nn.Sequential(*layers[:-1])
        self._output = nn.Sigmoid() if net.n[-1] == 1 else nn.Softmax(dim=1)
        self._cost = nn.BCEWithLogitsLoss() if net.n[-1] == 1 else nn.CrossEntropyLoss()
        y = given.targets(1) if net.n[-1] == 1 else given.labels
        self._X, self._y = torch.from_numpy(given.X), torch.from_numpy(y)
        self._adam = torch.optim.Adam(self._model.parameters(), lr=LEARNING_RATE, fused=True)
        self._batch = net.batch
        self._inputs = torch.from_numpy(given.inputs)

    def train(self, epochs: int) -> None:
        """Train for whole epochs."""
        model, adam, cost, X, y = self._model, self._adam, self._cost, self._X, self._y
        for _ in range(epochs):
            for index in torch.randperm(len(X)).split(self._batch):
                adam.zero_grad(set_to_none=True)
                cost(model(X[index]), y[index]).backward()
                adam.step()

    def outputs(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return A[L] as rows."""
        with torch.inference_mode():
            return np.asarray(self._output(self._model(torch.from_numpy(X))).numpy())

    def predict(self, rows: int, calls: int) -> None:
        """Predict so many times, with autograd off for all of them."""
        model, output, X = self._model, self._output, self._inputs[:rows]
        with torch.inference_mode():
            for _ in range(calls):
                output(model(X))
