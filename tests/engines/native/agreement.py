"""Training the whole catalogue with one engine and another, and what may lie between them."""

from typing import Any

import numpy as np

from ellnet.batches import Examples
from ellnet.engines import Run, engine
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState
from tests.engines.libraries import KINDS

__all__ = ["BOUNDS", "PATHS", "TRAINED", "amount_of", "network_and_examples", "trained"]

PATHS = {"lanes": (4, 6, 5, 3), "tiles": (20, 33, 18, 3)}
"""Widths up to 16 put examples in the lanes; with a wider layer, units."""

BOUNDS = {"float64": 1e-12, "float32": 2e-5}
"""What the update may differ by, norm over norm."""

FEW, CHUNKS = (40, 8), (700, 300)
"""Examples and examples a step: a few, and more than the 256 of a chunk."""

OF_MANY = {"dropout", "penalties", "optimizer adam"}
"""Kinds whose steps are sums of several chunks."""


TRAINED = tuple(kind for kind, row in KINDS.items() if row[3].get("optimizer") != "lbfgs")
"""The kinds of the catalogue that an engine trains by itself."""


def amount_of(kind: str) -> tuple[int, int]:
    """Return how many examples a kind is trained on, and how many make a step."""
    return CHUNKS if kind in OF_MANY else FEW


def network_and_examples(
    kind: str, n: tuple[int, ...], dtype: str, m: int, filled: float = 1.0
) -> tuple[Network, Examples, Examples]:
    """A network of a kind, examples with weights, and the first nine; a share of inputs is not 0."""
    hidden, output, cost, _ = KINDS[kind]
    g, random = (*[hidden] * (len(n) - 2), output), np.random.default_rng(0)
    number: Any = np.dtype(dtype).type
    net = Network(n, g, cost, initial_parameters(n, g, "course", 1, number))
    X, w = random.standard_normal((n[0], m)), random.random((1, m)) + 0.5
    if filled < 1.0:
        X *= random.random(X.shape) < filled
    Y = np.eye(n[-1])[random.integers(0, n[-1], m)].T
    return net, Examples(X, Y, w), Examples(X[:, :9], Y[:, :9], w[:, :9])


def trained(
    kind: str, n: tuple[int, ...], dtype: str, name: str, *, filled: float = 1.0, **options: Any
) -> tuple[np.ndarray, Run]:
    """The update of all parameters in three epochs, in one vector, and the run itself."""
    m, size = amount_of(kind)
    net, examples, held = network_and_examples(kind, n, dtype, m, filled)
    chosen = Hyperparameters(
        **{"epochs": 3, "batch_size": size, "dtype": dtype, "learning_rate": 1e-3, **KINDS[kind][3]}
    )
    moments = OPTIMIZERS[chosen.optimizer].moments
    state = TrainingState.start(net.parameters, moments, chosen.seed)
    ran = engine(name).run(net, state, chosen, examples, held, epochs=3, **options)
    pairs = zip(ran.state.parameters.arrays(), net.parameters.arrays(), strict=True)
    return np.concatenate([(a - b).ravel().astype(float) for a, b in pairs]), ran
