"""The native engine against the array engine, over the whole catalogue and on both of its paths."""

from typing import Any

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import Run, array, engine, native
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.hyperparameters import Hyperparameters
from ellnet.lbfgs import pack
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState
from tests.engines.libraries import KINDS

PATHS = {"lanes": (4, 6, 5, 3), "tiles": (20, 33, 18, 3)}
"""Widths up to 16 put examples in the lanes; with a wider layer, units."""

BOUNDS = {"float64": 1e-12, "float32": 2e-5}
"""What the update may differ by, norm over norm."""

FEW, CHUNKS = (40, 8), (700, 300)
"""Examples and examples a step: a few, and more than the 256 of a chunk."""

WIDE = "hidden tanh"
"""The kind for networks of many widths."""

OF_MANY = {"dropout", "penalties", "optimizer adam"}
"""Kinds whose steps are sums of several chunks."""


def network_and_examples(
    kind: str, n: tuple[int, ...], dtype: str, m: int
) -> tuple[Network, Examples, Examples]:
    """A network of a kind, examples with weights, and the first nine of them."""
    hidden, output, cost, _ = KINDS[kind]
    g, random = (*[hidden] * (len(n) - 2), output), np.random.default_rng(0)
    number: Any = np.dtype(dtype).type
    net = Network(n, g, cost, initial_parameters(n, g, "course", 1, number))
    X, w = random.standard_normal((n[0], m)), random.random((1, m)) + 0.5
    Y = np.eye(n[-1])[random.integers(0, n[-1], m)].T
    return net, Examples(X, Y, w), Examples(X[:, :9], Y[:, :9], w[:, :9])


def trained(
    kind: str, n: tuple[int, ...], dtype: str, name: str, amount: tuple[int, int] = FEW
) -> tuple[np.ndarray, Run]:
    """The update of all parameters in three epochs, in one vector, and the run itself."""
    m, size = amount
    net, examples, held = network_and_examples(kind, n, dtype, m)
    chosen = Hyperparameters(
        **{"epochs": 3, "batch_size": size, "dtype": dtype, "learning_rate": 1e-3, **KINDS[kind][3]}
    )
    moments = OPTIMIZERS[chosen.optimizer].moments
    state = TrainingState.start(net.parameters, moments, chosen.seed)
    ran = engine(name).run(net, state, chosen, examples, held, epochs=3)
    pairs = zip(ran.state.parameters.arrays(), net.parameters.arrays(), strict=True)
    return np.concatenate([(a - b).ravel().astype(float) for a, b in pairs]), ran


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "kind", [kind for kind, row in KINDS.items() if row[3].get("optimizer") != "lbfgs"]
)
def test_the_update_and_the_costs_are_the_array_engine_s(kind, path, dtype):
    """After three epochs: norm of the difference over norm of the update, and each cost."""
    amount = CHUNKS if kind in OF_MANY else FEW
    expected, oracle = trained(kind, PATHS[path], dtype, "array", amount)

    found, ran = trained(kind, PATHS[path], dtype, "native", amount)

    bound = BOUNDS[dtype]
    assert np.linalg.norm(found - expected) <= bound * np.linalg.norm(expected)
    for costs in ("iterations", "costs", "validation_costs"):
        assert getattr(ran, costs) == pytest.approx(getattr(oracle, costs), rel=bound), costs


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("outputs", [2, 9, 16, 17])
@pytest.mark.parametrize("width", [8, 15, 16, 17, 31, 32, 33, 64, 65])
def test_widths_that_fill_a_panel_and_widths_that_do_not(width, outputs, dtype):
    """A layer's last weights, and its bias, end inside a vector, at its end, or alone in a new one."""
    n, amount = (width, 70 - width, width, outputs), (90, 33)
    expected, _ = trained(WIDE, n, dtype, "array", amount)

    found, _ = trained(WIDE, n, dtype, "native", amount)

    assert np.linalg.norm(found - expected) <= BOUNDS[dtype] * np.linalg.norm(expected)


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if " of " in kind or kind.startswith("hidden")]
)
def test_cost_and_gradients_are_the_array_engine_s(kind, path, dtype):
    """Of all examples together, several chunks, with the penalty: what L-BFGS goes by."""
    net, examples, _ = network_and_examples(kind, PATHS[path], dtype, 700)
    expected, dtheta = array.cost_and_gradients(net, examples, l2=0.3)

    found, gradients = native.cost_and_gradients(net, examples, l2=0.3)

    assert found == pytest.approx(expected, rel=BOUNDS[dtype])
    assert native.cost(net, examples) == pytest.approx(array.cost(net, examples), rel=BOUNDS[dtype])
    assert {each.dtype.name for each in gradients.arrays()} == {dtype}
    a, b = (pack(each) for each in (gradients, dtheta))
    assert np.linalg.norm(a - b) <= BOUNDS[dtype] * np.linalg.norm(b)
