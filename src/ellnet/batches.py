"""Examples, their order in an epoch, minibatches and splits."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, columns, namespace, to_numpy
from ellnet.errors import DataError, ShapeError
from ellnet.randomness import Stream, words

__all__ = [
    "Examples",
    "Split",
    "dropout_mask",
    "epoch_order",
    "mean_weight",
    "minibatches",
    "split",
]

Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs X (n[0], m), targets Y (n[L], m) and, optionally, weights w (1, m): one example a column.

    X may be a sparse array of SciPy's, best in the column format, or hold whole numbers: engines bring
    a minibatch at a time to the precision of the parameters.

    Raises:
        ShapeError: X, Y and w do not have the same number of columns.
        DataError: no example at all.
    """

    X: Array
    Y: Array
    w: Array | None = None

    def __post_init__(self) -> None:
        """Check that the columns belong together."""
        for name, array in (("X", self.X), ("Y", self.Y), ("w", self.w)):
            if array is not None and len(array.shape) != 2:
                raise ShapeError(
                    f"{name} must have two dimensions, one example a column, "
                    f"got shape {tuple(array.shape)}"
                )
        if self.Y.shape[1] != self.m:
            raise ShapeError(
                f"X and Y must have the same number m of columns, got {self.m} and "
                f"{self.Y.shape[1]}"
            )
        if self.w is not None and tuple(self.w.shape) != (1, self.m):
            raise ShapeError(f"w must have shape (1, m) = (1, {self.m}), got {tuple(self.w.shape)}")
        if self.w is not None:
            self._check_weights(self.w)
        if self.m == 0:
            raise DataError("there must be at least one example, got none")

    def _check_weights(self, w: Array) -> None:
        xp = namespace(w)
        bad = to_numpy(~(xp.isfinite(w) & (w >= 0)))[0].nonzero()[0]
        if len(bad):
            raise DataError(
                f"the weights w must be finite and at least 0, got {float(w[0, int(bad[0])])} for "
                f"example {bad[0]}"
            )

    @property
    def m(self) -> int:
        """The number of examples."""
        return int(self.X.shape[1])

    @property
    def weight(self) -> float:
        """The sum of the weights; without any, the number of examples."""
        return (
            float(self.m) if self.w is None else float(np.sum(to_numpy(self.w), dtype=np.float64))
        )

    def part(self, columns: slice) -> "Examples":
        """Return the examples of a run of columns, without a copy."""
        w = None if self.w is None else self.w[:, columns]
        return Examples(self.X[:, columns], self.Y[:, columns], w)

    def take(self, index: Array) -> "Examples":
        """Return the examples that `index` (k,) names, in its order."""
        w = None if self.w is None else columns(self.w, index)
        return Examples(columns(self.X, index), columns(self.Y, index), w)


def mean_weight(examples: Examples) -> float:
    """Return the mean weight of the examples, 1 where they have none.

    Raises:
        DataError: every weight is 0.
    """
    mean = examples.weight / examples.m
    if mean == 0:
        raise DataError(
            "the weights w of the examples must have a sum above 0; give at least one of them weight"
        )
    return mean


def epoch_order(m: int, seed: int, epoch: int) -> Index:
    """Return the order of the m examples in an epoch: the stable argsort of one word an example."""
    drawn = words(m, seed, Stream.ORDER, epoch=epoch)
    return np.argsort(drawn, kind="stable").astype(np.int64)


def dropout_mask(
    n: int, m: int, keep: float, seed: int, *, epoch: int, step: int, layer: int
) -> NDArray[np.bool_]:
    """Return which of n units are kept for each of m examples, (n, m).

    Sixteen random bits decide: unit i of example j has those at 16 (e mod 4) of word e // 4, where
    e = j n + i, and is kept where they are below the nearest whole number to 65536 keep.

    Args:
        n: units.
        m: examples of the minibatch.
        keep: the probability that a unit is kept.
        seed: the first word of the random numbers' key.
        epoch: number of the epoch, from 0.
        step: number of the minibatch in the epoch, from 0.
        layer: 0 for the inputs, else the layer.
    """
    drawn = words(-(-n * m // 4), seed, Stream.DROPOUT, epoch=epoch, step=step, layer=layer)
    bits = drawn.astype("<u8", copy=False).view("<u2")[: n * m]
    return np.asarray(bits.reshape(m, n) < round(keep * 65536)).T


def minibatches(m: int, batch_size: int) -> Iterator[slice]:
    """Cut m examples into minibatches; the last may be smaller, and a larger size than m is m."""
    for start in range(0, m, batch_size):
        yield slice(start, min(start + batch_size, m))


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of two parts, each in ascending order."""

    train: Index
    held_out: Index


def split(
    m: int, fraction: float, seed: int, labels: NDArray[np.int64] | None = None, *, part: int = 0
) -> Split:
    """Hold out a fraction of m rows at random, the same fraction of each class.

    Args:
        m: number of rows.
        fraction: the part to hold out, between 0 and 1.
        seed: the first word of the random numbers' key.
        labels: (m,) class numbers 0, 1, ..., or None for no classes. A class keeps at least one row
            for training; the rows held out number round(fraction * m), at least 1.
        part: which split of the same rows this is: each has random numbers of its own.

    Raises:
        DataError: too few rows to leave one on each side.
    """
    if not 0 < fraction < 1:
        raise DataError(f"the fraction to hold out must be between 0 and 1, got {fraction}")
    groups = np.zeros(m, np.int64) if labels is None else labels
    counts = np.bincount(groups)
    total = max(1, round(fraction * m))
    if np.sum(np.maximum(counts - 1, 0)) < total or total >= m:
        raise DataError(
            f"holding out {fraction:g} of {m} rows needs at least {total} rows beside one of each "
            f"class for training; give more rows or hold out less"
        )
    quotas = _quotas(counts, total)
    drawn = words(m, seed, Stream.SPLIT, step=part)
    order = np.lexsort((drawn, groups))
    starts = np.cumsum(counts) - counts
    rank = np.arange(m) - starts[groups[order]]
    held = np.zeros(m, bool)
    held[order[rank < quotas[groups[order]]]] = True
    return Split(np.flatnonzero(~held), np.flatnonzero(held))


def _quotas(counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Share `total` among the classes in proportion, by largest remainder; one row each stays."""
    room = np.maximum(counts - 1, 0)
    ideal = counts * (total / counts.sum())
    quotas = np.minimum(np.floor(ideal).astype(np.int64), room)
    while quotas.sum() < total:
        lack = np.where(quotas < room, ideal - quotas, -np.inf)
        quotas[int(np.argmax(lack))] += 1
    return np.asarray(quotas)
