"""Networks in which nothing can go, and what is planted into them that can."""

import numpy as np

from ellnet.equations.activations import ACTIVATIONS
from ellnet.network import Network, Parameters

__all__ = [
    "HEALTHY",
    "Garden",
    "corners_and_inside",
    "of",
    "outputs",
    "planted",
]

HEALTHY = [name for name in ACTIVATIONS if name not in {"identity", "softmax", "exponential"}]
"""Activations of hidden layers in which a unit may be planted; the exponential's outputs grow."""

MULTIPLES = {"relu": 2.5, "leaky_relu": 0.3}
NEGATIVE = ("tanh", "softsign", "sigmoid", "hard_sigmoid")


def of(W, b, g, cost="squared_error", dtype=np.float64, **options):
    """Return a network of plain matrices and vectors."""
    W = [np.asarray(each, dtype) for each in W]
    b = [np.asarray(each, dtype).reshape(-1, 1) for each in b]
    n = (W[0].shape[1], *(len(each) for each in W))
    return Network(n, g, cost, Parameters.of(W, b), **options)


def outputs(net, X):
    """Return A[L] in float64, calculated without any of the package's engines."""
    A = np.asarray(X, np.float64)
    for layer in range(1, net.L + 1):
        W, b = (np.asarray(each[layer], np.float64) for each in (net.W, net.b))
        A = ACTIVATIONS[net.activations[layer]].value(W @ A + b)
    return A


def corners_and_inside(inputs, m=10_000, seed=1):
    """Return inputs (inputs, m) between -1 and 1, of which a tenth are corners."""
    X = np.random.default_rng(seed).uniform(-1, 1, (inputs, m))
    X[:, ::10] = np.sign(X[:, ::10])
    return X


class Garden:
    """Layers to plant in, from the first to the last: what is planted in one has weights into the next.

    No unit of a healthy layer is idle, a twin, or on a straight stretch for inputs between -1 and 1:
    its bias puts the kink of its activation in the midst of what z comes to.
    """

    def __init__(self, n, g, seed=0):
        """Draw a healthy network."""
        self.random = np.random.default_rng(seed)
        self.g = list(g)
        self.W = [self.weights(n[k + 1], n[k], g[k]) for k in range(len(g))]
        self.b = [np.zeros(n[k + 1]) for k in range(len(g))]
        for k in range(len(g)):
            self.settle(k)
        self.planted = {"dead": 0, "constant": 0, "twin": 0, "linear": 0}

    def weights(self, units, inputs, activation):
        """Return weights of both signs in each row; steep ones where a short stretch is straight."""
        size = 8.0 if activation == "hard_sigmoid" else 1.0
        signs = np.where((np.arange(units)[:, None] + np.arange(inputs)) % 2 == 0, 1.0, -1.0)
        return size * signs * self.random.uniform(0.3, 1.2, (units, inputs)) / np.sqrt(inputs)

    def settle(self, k):
        """Choose the biases of layer k (from 0), as all layers before it are now."""
        A = corners_and_inside(self.W[0].shape[1], 500)
        for W, b, g in zip(self.W[:k], self.b[:k], self.g[:k], strict=True):
            A = ACTIVATIONS[g].value(W @ A + b[:, None])
        Z = self.W[k] @ A
        middle = self.random.uniform(0.3, 0.7, len(Z))
        self.b[k] = -np.array([np.quantile(z, part) for z, part in zip(Z, middle, strict=True)])
        if self.g[k] == "hard_sigmoid":
            self.b[k] += 3.0

    def _new(self, k, w, b, out=None):
        """Add a unit to layer k (from 0), and its weights into the next."""
        column = self.weights(len(self.W[k + 1]), 1, "") if out is None else out
        self.W[k] = np.vstack([self.W[k], w])
        self.b[k] = np.append(self.b[k], b)
        self.W[k + 1] = np.hstack([self.W[k + 1], column.reshape(-1, 1)])

    def _row(self, k):
        return self.weights(2, self.W[k].shape[1], self.g[k])[1]

    def silent(self, k):
        """Plant a unit that feeds nothing."""
        self._new(k, self._row(k), 0.05, np.zeros(len(self.W[k + 1])))
        self.planted["dead"] += 1

    def constant(self, k):
        """Plant a unit that nothing feeds."""
        self._new(k, np.zeros(self.W[k].shape[1]), self.random.uniform(0.2, 1.0))
        self.planted["constant"] += 1

    def twin(self, k, kind="equal"):
        """Plant the twin of the first unit of a layer: equal, a multiple, or its negative."""
        c = {"equal": 1.0, "multiple": MULTIPLES.get(self.g[k], 1.0), "negative": 1.0}[kind]
        if kind == "negative" and self.g[k] in NEGATIVE:
            c = -1.0
        self._new(k, c * self.W[k][0], c * self.b[k][0])
        self.planted["twin"] += 1

    def never_active(self, k, most=1.0):
        """Plant a relu that no input reaches whose entries are at most `most` in size."""
        w = self._row(k)
        self._new(k, w, -np.abs(w).sum() * most - 0.5)
        self.planted["dead"] += 1

    def linear(self, k, units=None):
        """Plant an identity layer before layer k, by default as wide as what comes in."""
        inputs = self.W[k].shape[1]
        units = inputs + 1 if units is None else units
        self.W.insert(k, self.weights(units, inputs, ""))
        self.b.insert(k, self.random.uniform(-0.1, 0.1, units))
        self.g.insert(k, "identity")
        self.W[k + 1] = self.weights(len(self.W[k + 1]), units, self.g[k + 1])
        self.planted["linear"] += units

    def shuffled(self):
        """Put the units of each hidden layer in another order."""
        for k in range(len(self.g) - 1):
            order = self.random.permutation(len(self.b[k]))
            self.W[k], self.b[k] = self.W[k][order], self.b[k][order]
            self.W[k + 1] = self.W[k + 1][:, order]
        return self

    def network(self, cost="squared_error", dtype=np.float64):
        """Return all of it as a network."""
        return of(self.W, self.b, self.g, cost, dtype)


def planted(n, g, seed, what):
    """Return a garden with something planted in each hidden layer, front to back.

    Args:
        n: units of each layer.
        g: an activation a layer.
        seed: of all weights.
        what: for each hidden layer, how many silent, constant and twin units, and the kind of twins.
    """
    garden = Garden(n, g, seed)
    for k, (silent, constant, twins, kind) in enumerate(what):
        garden.settle(k)
        for _ in range(twins):
            garden.twin(k, kind)
        for _ in range(silent):
            garden.silent(k)
        for _ in range(constant):
            garden.constant(k)
    return garden.shuffled()
