"""The chain of shapes: every mismatch shows it, with the culprit marked."""

import numpy as np
import pytest

from ellnet.engines.protocol import Cache
from ellnet.engines.recursion import backward, forward
from ellnet.errors import ShapeError
from ellnet.network import Layers, Network, Parameters, initial_parameters
from ellnet.shapes import shape_chain

N = (3, 5, 5, 3, 1)
G = ("tanh", "tanh", "tanh", "sigmoid")


def notes() -> Network:
    """The notes' own network."""
    return Network(N, G, "binary_cross_entropy", initial_parameters(N, G))


def test_a_weight_is_marked_in_its_place():
    """W[2] with a column too few."""
    arrays = list(initial_parameters(N, G).arrays())
    arrays[2] = arrays[2][:, :4]

    with pytest.raises(ShapeError) as caught:
        Network(N, G, "binary_cross_entropy", Parameters.from_arrays(arrays))

    assert str(caught.value) == (
        "W[2] must have shape (n[2], n[1]) = (5, 5), got (5, 4); the chain of shapes is X (3, m) → "
        "W[1] (5, 3) → »W[2] (5, 4)« ✗ → W[3] (3, 5) → W[4] (1, 3) → Y (1, m)"
    )


def test_a_bias_stands_behind_its_weights():
    """b[3] as a row."""
    arrays = list(initial_parameters(N, G).arrays())
    arrays[5] = arrays[5].T

    with pytest.raises(ShapeError, match=r"→ W\[3\] \(3, 5\) »b\[3\] \(1, 3\)« ✗ → W\[4\]"):
        Network(N, G, "binary_cross_entropy", Parameters.from_arrays(arrays))


def test_inputs_and_targets_are_marked_at_the_ends():
    """One example a row, a vector, and targets of other examples."""
    net, X = notes(), np.zeros((7, 3))

    with pytest.raises(ShapeError, match=r"shapes is »X \(7, 3\)« ✗ → W\[1\] \(5, 3\)"):
        forward(net, X)
    with pytest.raises(ShapeError, match=r"shapes is »X \(3,\)« ✗ → W\[1\] \(5, 3\)"):
        forward(net, np.zeros(3))
    with pytest.raises(ShapeError, match=r"X \(3, 7\) → .* → W\[4\] \(1, 3\) → »Y \(1, 6\)« ✗$"):
        backward(net, forward(net, X.T), np.zeros((1, 6)))


def test_a_cache_of_another_network_is_marked():
    """Z[2] of four units."""
    net = notes()
    cache = forward(net, np.zeros((3, 7)))
    Z = list(cache.Z)
    Z[1] = Z[1][:4]
    other = Cache(cache.X, Layers(Z, "Z"), cache.A, cache.given)

    with pytest.raises(ShapeError, match=r"→ W\[2\] \(5, 5\) »Z\[2\] \(4, 7\)« ✗ → W\[3\]"):
        backward(net, other, np.zeros((1, 7)))


def test_a_long_chain_shows_its_ends_and_what_is_around():
    """Of thirty layers those beside the culprit."""
    said = shape_chain((2,) * 31, "W[15]", (2, 3))

    assert said == (
        "the chain of shapes is X (2, m) → W[1] (2, 2) → … → W[13] (2, 2) → W[14] (2, 2) → "
        "»W[15] (2, 3)« ✗ → W[16] (2, 2) → W[17] (2, 2) → … → W[30] (2, 2) → Y (2, m)"
    )
