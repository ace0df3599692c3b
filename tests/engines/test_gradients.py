"""The whole gradient of whole networks, proved by central differences in float64."""

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import Engine, engine
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS, outputs_of
from ellnet.equations.gradient_check import central_difference, relative_error
from ellnet.equations.penalties import l2
from ellnet.network import Network, Parameters, initial_parameters

OUTPUTS = {
    "binary_cross_entropy": "sigmoid",
    "categorical_cross_entropy": "softmax",
    "poisson": "exponential",
}
CASES = [
    *((output, cost, "tanh") for cost in COSTS for output in outputs_of(cost)),
    *((OUTPUTS.get(cost, "identity"), cost, hidden) for cost in COSTS for hidden in ACTIVATIONS),
]
"""Every cost with every output that it goes with, and with every hidden activation."""

KINKED = {"absolute_error", "quantile"}
"""Costs whose slope jumps where output and target are equal."""

PLAIN, ALL = "", "penalty and weights"
M = 4
AWAY = 1e-3
FAR = 4.0


def example_network(L: int, hidden: str, output: str, cost: str, seed: int) -> Network:
    """A network of L layers with widths that differ from layer to layer."""
    n = (*(3, 5, 4, 3, 5, 4)[:L], 2)
    activations = (hidden,) * (L - 1) + (output,)
    parameters = initial_parameters(n, activations, "course", seed, np.float64)
    if hidden == "exponential":
        parameters = Parameters.from_arrays([array / 2 for array in parameters.arrays()])
    return Network(n, activations, cost, parameters)


def example_data(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X, one-hot Y, and weights of the examples."""
    random = np.random.default_rng(seed)
    Y = np.eye(2)[random.integers(0, 2, M)].T
    return random.standard_normal((3, M)), Y, random.random((1, M)) + 0.5


def well_placed(taken: Engine, net: Network, X: np.ndarray, Y: np.ndarray) -> bool:
    """Whether no unit is near a kink of activation or cost, and no exponential grows on another.

    An output that is its target to the bit, as ReLU's 0 may be, lies where the activation is flat.
    """
    cache = taken.forward(net, X)
    D = np.abs(cache.A[net.L] - Y)
    if net.cost in KINKED and np.any((D > 0) & (D < AWAY)):
        return False
    return all(
        all(float(np.min(np.abs(cache.Z[layer] - kink))) > AWAY for kink in ACTIVATIONS[g].kinks)
        and (g != "exponential" or float(np.max(cache.Z[layer])) < FAR)
        for layer, g in enumerate(net.activations, start=1)
    )


def vector(parameters: Parameters) -> np.ndarray:
    """All parameters in one vector."""
    return np.concatenate([array.ravel() for array in parameters.arrays()])


def network_of(net: Network, theta: np.ndarray) -> Network:
    """The network with the parameters of a vector."""
    arrays, start = [], 0
    for array in net.parameters.arrays():
        arrays.append(theta[start : start + array.size].reshape(array.shape))
        start += array.size
    return net.with_parameters(Parameters.from_arrays(arrays))


@pytest.mark.parametrize(("L", "extra"), [(1, ALL), (2, PLAIN), (4, ALL), (6, PLAIN)])
@pytest.mark.parametrize(("output", "cost", "hidden"), dict.fromkeys(CASES))
def test_the_whole_gradient_is_right(output, cost, hidden, L, extra):
    """Norm of the difference over the sum of norms is below 1e-7, kinks excluded."""
    taken = engine("array")
    seed = next(
        s
        for s in range(200)
        if well_placed(taken, example_network(L, hidden, output, cost, s), *example_data(s)[:2])
    )
    net = example_network(L, hidden, output, cost, seed)
    X, Y, weights = example_data(seed)
    strength, w = (0.7, weights) if extra else (0.0, None)

    def J(theta: np.ndarray) -> float:
        moved = network_of(net, theta)
        return taken.cost(moved, Examples(X, Y, w)) + sum(l2(W, strength, M) for W in moved.W)

    found = taken.backward(net, taken.forward(net, X), Y, w, l2=strength)

    expected = central_difference(J, vector(net.parameters))
    assert float(np.linalg.norm(expected)) > 0
    assert relative_error(vector(found.parameters), expected) < 1e-7
