"""Counter-based randomness: every random number has an address, and needs no history.

Philox 4x64-10 (Salmon et al., 2011, "Parallel random numbers: as easy as 1, 2, 3") with
key = (seed, stream) and counter = (epoch, step, layer, block). The counter is one 256-bit number
whose highest word is the epoch and whose lowest is the block; NumPy raises it before each block, so
the first block of four words that is used is number 1.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stream", "generator", "words"]


class Stream(IntEnum):
    """What a random number is for: the second word of the key. Numbers are never used again."""

    INITIAL_WEIGHTS = 1
    ORDER = 2
    DROPOUT = 3
    SPLIT = 4
    DATA = 5
    SEARCH = 6
    SHRINKING = 7


def _philox(seed: int, stream: Stream, epoch: int, step: int, layer: int) -> np.random.Philox:
    key = np.array([seed, stream], dtype=np.uint64)
    counter = np.array([0, layer, step, epoch], dtype=np.uint64)
    return np.random.Philox(key=key, counter=counter)


def generator(
    seed: int, stream: Stream, *, epoch: int = 0, step: int = 0, layer: int = 0
) -> np.random.Generator:
    """Return the generator that starts at the address (seed, stream, epoch, step, layer)."""
    return np.random.Generator(_philox(seed, stream, epoch, step, layer))


def words(
    count: int, seed: int, stream: Stream, *, epoch: int = 0, step: int = 0, layer: int = 0
) -> NDArray[np.uint64]:
    """Return `count` raw 64-bit words, shape (count,), from the address that the rest names."""
    raw = _philox(seed, stream, epoch, step, layer).random_raw(count)
    return np.asarray(raw, dtype=np.uint64)
