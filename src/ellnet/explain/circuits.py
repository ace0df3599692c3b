"""Parity by explicit weights (N4): the XOR tree, the two-level AND/OR network, the threshold network.

y = x1 XOR x2 XOR ... XOR xn is 1 where an odd number of the inputs is 1. Each circuit is an ordinary
Network whose weights are small whole numbers, so that every engine computes it without rounding.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ellnet.batches import Examples, minibatches
from ellnet.engines import engine
from ellnet.errors import HyperparameterError
from ellnet.network import Network, Parameters

__all__ = [
    "CIRCUITS",
    "FEWEST_INPUTS",
    "MOST_INPUTS",
    "Circuit",
    "and_or_network",
    "build_circuits",
    "check_inputs",
    "parity_examples",
    "threshold_network",
    "wrong_inputs",
    "xor_tree",
]

FEWEST_INPUTS, MOST_INPUTS = 2, 16
"""The AND/OR network of 16 inputs has 32,768 units, and 65,536 inputs to be checked on."""

STEEPNESS = 12
"""Weight into a hard sigmoid that makes a step of it: on whole numbers it is 3 beyond both its ends."""

PASS = 1024
"""Inputs checked in one pass: bounds the memory of the widest hidden layer."""


@dataclass(frozen=True, eq=False)
class Circuit:
    """A network whose weights were written down rather than learned.

    Attributes:
        name: "tree", "and_or" or "threshold".
        title: what a reader calls it.
        gates: how many gates it stands for; what the output unit adds up is not counted.
        network: the network, with a linear output of one unit.
    """

    name: str
    title: str
    gates: int
    network: Network

    @property
    def units(self) -> int:
        """The number of hidden units."""
        return sum(self.network.n[1:-1])

    @property
    def weights(self) -> int:
        """The number of weights that are not 0: the wires."""
        return sum(int(np.count_nonzero(W)) for W in self.network.W)

    @property
    def levels(self) -> int:
        """The number of hidden layers."""
        return self.network.L - 1

    def to_json(self) -> dict[str, int]:
        """Return the sizes as plain JSON values; `parameters` counts the zeros too."""
        return {
            "gates": self.gates,
            "units": self.units,
            "weights": self.weights,
            "levels": self.levels,
            "parameters": self.network.size,
        }


def check_inputs(n: int) -> None:
    """Refuse a number of inputs that cannot be built and checked.

    Raises:
        HyperparameterError: it is not from 2 to 16.
    """
    if not FEWEST_INPUTS <= n <= MOST_INPUTS:
        raise HyperparameterError(
            f"inputs must be from {FEWEST_INPUTS} to {MOST_INPUTS}, since every one of the 2^n inputs "
            f"is tried, got {n}"
        )


def parity_examples(n: int, dtype: DTypeLike = np.float32) -> Examples:
    """Return all 2^n patterns X (n, 2^n) in counting order, x1 the lowest bit, and their parity Y."""
    bits = (np.arange(2**n) >> np.arange(n)[:, None]) & 1
    return Examples(bits.astype(dtype), (bits.sum(axis=0, keepdims=True) % 2).astype(dtype))


def xor_tree(n: int, dtype: DTypeLike = np.float32) -> Circuit:
    """Build the tree of n - 1 XOR gates in ceil(log2 n) hidden layers (N4).

    A gate is two ReLU units, a XOR b = relu(a + b) - 2 relu(a + b - 1), whose sum the next layer takes;
    a signal without a partner is passed on by one unit, relu(a) = a.
    """
    check_inputs(n)
    W, b = [], []
    signals = np.eye(n)
    while len(signals) > 1:
        pairs, left = divmod(len(signals), 2)
        rows, biases = np.zeros((2 * pairs + left, len(signals))), np.zeros(2 * pairs + left)
        next_signals = np.zeros((pairs + left, len(rows)))
        for pair in range(pairs):
            rows[2 * pair : 2 * pair + 2, 2 * pair : 2 * pair + 2] = 1
            biases[2 * pair + 1] = -1
            next_signals[pair, 2 * pair : 2 * pair + 2] = 1, -2
        if left:
            rows[-1, -1] = next_signals[-1, -1] = 1
        W.append(rows @ signals)
        b.append(biases)
        signals = next_signals
    net = _network([*W, signals], [*b, np.zeros(1)], "relu", dtype)
    return Circuit("tree", "XOR tree", n - 1, net)


def and_or_network(n: int, dtype: DTypeLike = np.float32) -> Circuit:
    """Build the two-level AND/OR network: one AND for each of the 2^(n-1) patterns of odd parity (N4).

    The AND of a pattern is relu(sum of its ones - sum of its zeros - (ones - 1)): 1 on that one.
    At most one of them is 1, so that their OR is their sum. The even patterns need no unit.
    """
    check_inputs(n)
    examples = parity_examples(n, np.float64)
    odd = examples.X[:, examples.Y[0] == 1].T
    net = _network(
        [2 * odd - 1, np.ones((1, len(odd)))], [1 - odd.sum(axis=1), np.zeros(1)], "relu", dtype
    )
    return Circuit("and_or", "two-level AND/OR", len(odd), net)


def threshold_network(n: int, dtype: DTypeLike = np.float32) -> Circuit:
    """Build the network of n threshold units: unit k fires where at least k inputs are 1 (N4).

    The output adds +1, -1, +1, ...: of s ones the units 1..s fire, and the sum is 1 where s is odd. A
    threshold is a hard sigmoid so steep that on whole numbers it is 0 or 1.
    """
    check_inputs(n)
    k = np.arange(1, n + 1)
    W = [np.full((n, n), STEEPNESS), np.where(k % 2, 1, -1)[None, :]]
    b = [STEEPNESS * (0.5 - k), np.zeros(1)]
    return Circuit("threshold", "n thresholds", n, _network(W, b, "hard_sigmoid", dtype))


CIRCUITS: dict[str, Callable[[int], Circuit]] = {
    "tree": xor_tree,
    "and_or": and_or_network,
    "threshold": threshold_network,
}
"""Every construction by its name."""


def build_circuits(n: int) -> tuple[Circuit, ...]:
    """Build the three circuits of n inputs.

    Raises:
        HyperparameterError: n is not from 2 to 16.
    """
    return tuple(build(n) for build in CIRCUITS.values())


def wrong_inputs(net: Network, name: str = "auto") -> int:
    """Try a network on every input, and count those for which its output is not exactly the parity.

    Args:
        net: a network of n[0] inputs and one output.
        name: the engine.

    Raises:
        HyperparameterError: n[0] is not from 2 to 16.
    """
    check_inputs(net.n[0])
    examples = parity_examples(net.n[0], net.W[1].dtype)
    return sum(
        int(np.count_nonzero(engine(name).predict(net, part.X) != part.Y))
        for part in _passes(examples)
    )


def _passes(examples: Examples) -> Iterator[Examples]:
    for columns in minibatches(examples.m, PASS):
        yield examples.part(columns)


def _network(
    W: Sequence[NDArray[Any]], b: Sequence[NDArray[Any]], activation: str, dtype: DTypeLike
) -> Network:
    """Return the network with these weights and biases, and a linear output."""
    n = (W[0].shape[1], *(len(rows) for rows in W))
    parameters = Parameters.of(
        [np.ascontiguousarray(rows, dtype) for rows in W],
        [np.asarray(bias, dtype).reshape(-1, 1) for bias in b],
    )
    return Network(n, (*[activation] * (len(W) - 1), "identity"), "squared_error", parameters)
