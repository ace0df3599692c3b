"""The four networks that are measured, the arithmetic that each needs, and what they are given."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ellnet.network import Parameters, initial_parameters

__all__ = ["LEARNING_RATE", "MANY", "NETS", "Material", "Net", "by_name", "material"]

LEARNING_RATE = 1e-3

MANY = 10_000
"""The rows of a large prediction."""


@dataclass(frozen=True)
class Net:
    """A network with rectified hidden layers, and how it is trained.

    Attributes:
        n: units of each layer, n[0] to n[L]; one output unit is a sigmoid, more are a softmax.
        batch: examples a step.
        steps: steps an epoch; so many that what a call costs beside them is lost among them.
    """

    n: tuple[int, ...]
    batch: int
    steps: int

    @property
    def name(self) -> str:
        """The units with strokes between."""
        return "-".join(map(str, self.n))

    @property
    def examples(self) -> int:
        """The examples that it is trained on."""
        return self.batch * self.steps

    @property
    def classes(self) -> int:
        """The number of different labels."""
        return max(2, self.n[-1])

    @property
    def activations(self) -> tuple[str, ...]:
        """g[1] to g[L]."""
        return ("relu",) * (len(self.n) - 2) + ("softmax" if self.n[-1] > 1 else "sigmoid",)

    @property
    def cost(self) -> str:
        """The cross-entropy that goes with the output."""
        return f"{'categorical' if self.n[-1] > 1 else 'binary'}_cross_entropy"

    @property
    def weights(self) -> int:
        """The number of weights of all layers, without the biases."""
        return sum(a * b for a, b in zip(self.n, self.n[1:], strict=False))

    @property
    def training_flop(self) -> int:
        """Multiplications and additions of a step's matrix products.

        Each layer has three of them, Z, dW and dA, of 2 n[l] n[l-1] batch each; the first layer has
        two, since nobody needs dA[0].
        """
        return 6 * self.weights * self.batch - 2 * self.n[0] * self.n[1] * self.batch

    def prediction_flop(self, rows: int) -> int:
        """Multiplications and additions of a prediction's matrix products."""
        return 2 * self.weights * rows


NETS = (
    Net((3, 5, 5, 3, 1), batch=32, steps=500),
    Net((100, 64, 64, 2), batch=256, steps=64),
    Net((784, 256, 128, 10), batch=128, steps=64),
    Net((784, 1024, 1024, 10), batch=256, steps=64),
)


def by_name(names: str) -> tuple[Net, ...]:
    """Return the networks that are named, with commas between; "" for all.

    Raises:
        ValueError: there is no such network.
    """
    table = {net.name: net for net in NETS}
    asked = [name.strip() for name in names.split(",") if name.strip()]
    for name in asked:
        if name not in table:
            raise ValueError(f"there is no net {name!r}; there are {', '.join(table)}")
    return tuple(table[name] for name in asked) or NETS


@dataclass(frozen=True, eq=False)
class Material:
    """What every library is given, the same for all.

    Attributes:
        X: (m, n[0]), one example a row.
        labels: (m,) whole numbers from 0.
        inputs: (MANY, n[0]) rows to predict.
        parameters: W[l] (n[l], n[l-1]) and b[l] (n[l], 1), where training starts.
    """

    X: NDArray[np.floating]
    labels: NDArray[np.int64]
    inputs: NDArray[np.floating]
    parameters: Parameters

    def targets(self, outputs: int) -> NDArray[np.floating]:
        """Return the labels as (m, n[L]): the label itself for one output unit, else 1 at its place."""
        if outputs == 1:
            return self.labels[:, None].astype(self.X.dtype)
        return np.eye(outputs, dtype=self.X.dtype)[self.labels]


def material(net: Net, dtype: str = "float32") -> Material:
    """Make normal inputs with random labels: the time of a step does not depend on what they say."""
    random = np.random.default_rng(0)
    X = random.standard_normal((net.examples, net.n[0]), dtype=np.float32)
    labels = random.integers(0, net.classes, net.examples)
    inputs = random.standard_normal((MANY, net.n[0]), dtype=np.float32)
    parameters = initial_parameters(net.n, net.activations, seed=0, dtype=np.dtype(dtype))
    return Material(
        X.astype(dtype, copy=False), labels, inputs.astype(dtype, copy=False), parameters
    )
