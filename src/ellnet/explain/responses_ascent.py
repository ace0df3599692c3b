"""The input that drives a unit most: gradient ascent on a[0], by the recursion carried on down to da[0].

What is driven is z[l] of the unit, not a[l]: an activation that never falls has its largest value where z
has, a rectifier that sleeps still shows a slope, and softmax's units do not have to wait for one another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.engines.protocol import Cache
from ellnet.engines.recursion import forward
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.linear import linear_backward_input
from ellnet.errors import DataError
from ellnet.explain.responses_subject import chosen_units, inputs_of, network_of
from ellnet.network import Network, Parameters

__all__ = ["Driven", "driving_inputs", "input_gradients"]

Matrix = NDArray[np.float64]

STEPS = 400
OTHERS = 4
"""Examples that every unit begins at beside the one that drives it most, evenly spaced."""

GAIN = 1e-9
"""A step that gains less than this part of what was gained so far ends the climb of its unit."""


@dataclass(frozen=True, eq=False)
class Driven:
    """The inputs that drive units of a layer most, within a ball.

    Attributes:
        layer: l.
        units: their numbers, from 1; k of them.
        inputs: a[0], (n[0], k), one a column.
        values: z[l] of each unit at its input, (k,).
        centre: the middle of the ball, (n[0], 1).
        norm: its radius.
    """

    layer: int
    units: tuple[int, ...]
    inputs: Matrix
    values: Matrix
    centre: Matrix
    norm: float


def input_gradients(net: Network, cache: Cache, dZ: NDArray[Any], layer: int) -> NDArray[Any]:
    """Gradient of the input, da[0] = W[1]^T dz[1], from dz[l] of any layer by eq. 6.1 and 6.4.

    Args:
        net: the network.
        cache: of the forward pass.
        dZ: dZ[l], (n[l], m).
        layer: l.

    Returns:
        dA[0], (n[0], m).
    """
    for below in range(layer - 1, 0, -1):
        dA = linear_backward_input(dZ, net.W[below + 1])
        backward = ACTIVATIONS[net.activations[below]].backward
        dZ = backward(dA, cache.Z[below], cache.A[below])
    return np.asarray(linear_backward_input(dZ, net.W[1]))


def driving_inputs(
    subject: object,
    layer: int,
    units: Sequence[int] | None = None,
    *,
    X: Any = None,
    norm: float | None = None,
    steps: int = STEPS,
) -> Driven:
    """Return the input within a ball that drives each unit most: the largest z[l]_u that ascent finds.

    Every unit climbs from the middle of the ball, from where its path of weights points, and from a few
    examples, the one that drives it most among them; a step is kept only if it gains, and the best of
    the climbs is returned. At layer 1 that is the maximum itself, centre + norm W[1]_u / |W[1]_u|;
    further up it is a local one.

    Args:
        subject: a Network, a Model, a fitted estimator, or a pipeline that ends in one.
        layer: 1..L.
        units: their numbers, from 1; by default the first 16.
        X: examples, as the subject's own `predict` takes them: the ball's middle is their mean, and its
            radius the median of their distances from it. Without them the middle is 0.
        norm: the radius instead; without X by default sqrt(n[0]), the length of a standardised example.
        steps: of each climb, at most.

    Raises:
        LayerError: there is no such layer.
        DataError: no such unit, a norm that is not above 0, or X that does not fit.
    """
    net = _in_float64(network_of(subject))
    chosen = chosen_units(net, layer, units, 16)
    given = None if X is None else np.asarray(inputs_of(subject, X), np.float64)
    centre = np.zeros((net.n[0], 1)) if given is None else given.mean(axis=1, keepdims=True)
    radius = _radius(given, centre, net.n[0]) if norm is None else float(norm)
    if not 0 < radius < np.inf:
        raise DataError(
            f"norm must be a number above 0, got {norm if norm is not None else radius}"
        )
    climb = _Climb(_upto(net, layer), np.array(chosen) - 1, centre, radius)
    found = climb.best(steps, given)
    return Driven(layer, chosen, found, climb.heights(found), centre, radius)


@dataclass(frozen=True, eq=False)
class _Climb:
    """Ascent for several units at once, each in a column of its own.

    Attributes:
        net: the layers 1..l, the last without its activation.
        rows: the units, from 0, (k,).
        centre: (n[0], 1).
        norm: the radius.
    """

    net: Network
    rows: NDArray[np.int64]
    centre: Matrix
    norm: float

    def heights(self, A: Matrix) -> Matrix:
        """Return z[l] of each unit at its own column of A (n[0], k)."""
        return self._own(forward(self.net, A))

    def best(self, steps: int, examples: Matrix | None) -> Matrix:
        """Climb from every start; return for each unit the highest place, (n[0], k)."""
        places = [self.up(start, steps) for start in self._starts(examples)]
        heights = np.stack([self.heights(place) for place in places])
        winner = np.argmax(heights, axis=0)
        return np.stack([places[w][:, k] for k, w in enumerate(winner)], axis=1)

    def up(self, A: Matrix, steps: int) -> Matrix:
        """Climb from A (n[0], k): the step doubles while it gains, and halves where it does not."""
        height = first = self.heights(A)
        length = np.full(len(self.rows), self.norm / 4)
        direction = self._direction(A)
        for _ in range(steps):
            tried = self._inside(A + length * direction)
            reached = self.heights(tried)
            better = reached > height + GAIN * np.abs(height - first)
            A = np.where(better, tried, A)
            height = np.where(better, reached, height)
            length = np.where(better, np.minimum(2 * length, 2 * self.norm), length / 2)
            if np.all(length < 1e-6 * self.norm):
                break
            direction = np.where(better, self._direction(A), direction)
        return A

    def _direction(self, A: Matrix) -> Matrix:
        """Return the direction of da[0], each column of length 1; 0 where there is no slope."""
        cache = forward(self.net, A)
        dZ = np.zeros_like(cache.Z[self.net.L])
        dZ[self.rows, np.arange(len(self.rows))] = 1.0
        slope = input_gradients(self.net, cache, dZ, self.net.L)
        length = np.linalg.norm(slope, axis=0)
        return slope / np.where(length > 0, length, 1.0)

    def _starts(self, examples: Matrix | None) -> list[Matrix]:
        k = len(self.rows)
        path = self.net.W[1]
        for W in list(self.net.W)[1:]:
            path = W @ path
        own = path[self.rows].T
        length = np.linalg.norm(own, axis=0)
        pointed = self.centre + self.norm * own / np.where(length > 0, length, 1.0)
        starts = [np.repeat(self.centre, k, axis=1), pointed]
        if examples is not None:
            reached = forward(self.net, examples).Z[self.net.L][self.rows]
            best = examples[:, np.argmax(reached, axis=1)]
            away = best - self.centre
            far = np.maximum(np.linalg.norm(away, axis=0), 1e-300)
            starts += [self._inside(best), self.centre + away * (self.norm / far)]
            spaced = np.linspace(0, examples.shape[1] - 1, OTHERS).astype(int)
            starts += [self._inside(np.repeat(examples[:, [row]], k, axis=1)) for row in spaced]
        return starts

    def _inside(self, A: Matrix) -> Matrix:
        """Bring every column into the ball."""
        off = A - self.centre
        length = np.linalg.norm(off, axis=0)
        return np.asarray(
            self.centre + off * np.minimum(1.0, self.norm / np.maximum(length, 1e-300))
        )

    def _own(self, cache: Cache) -> Matrix:
        return np.asarray(cache.Z[self.net.L][self.rows, np.arange(len(self.rows))])


def _radius(examples: Matrix | None, centre: Matrix, n0: int) -> float:
    if examples is None:
        return float(np.sqrt(n0))
    return float(np.median(np.linalg.norm(examples - centre, axis=0)))


def _upto(net: Network, layer: int) -> Network:
    return net.upto(layer).without_output_activation()


def _in_float64(net: Network) -> Network:
    arrays = [np.asarray(array, np.float64) for array in net.parameters.arrays()]
    return net.with_parameters(Parameters.from_arrays(arrays))
