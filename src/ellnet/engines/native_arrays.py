"""What goes into the native engine's calls and comes out of them: arrays, and what is seen of an epoch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array
from ellnet.batches import Examples
from ellnet.engines.protocol import AfterEpoch, Score
from ellnet.network import Network, Parameters

__all__ = ["PRECISIONS", "Seen", "empty_like", "parameters_of", "readable", "readable_parts"]

READ_AS_THEY_ARE = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.uint8))
"""Numbers that are converted minibatch by minibatch; others are, all at once, before."""

PRECISIONS = (np.dtype(np.float32), np.dtype(np.float64))

KEEP, END = 1, 2
"""What native/bindings.cpp hears after an epoch."""


class Seen:
    """What the validation shows after each epoch, and what is made of it there.

    Attributes:
        outputs: A[L] as rows (m, n[L]), where a score is taken of them.
        right: which predictions are right, (1, m), where a score counts them.
        scores: of the epochs that have ended.
    """

    def __init__(
        self,
        net: Network,
        validation: Examples | None,
        dtype: np.dtype[Any],
        score: Score | None,
        look: AfterEpoch | None,
    ) -> None:
        """Make room for what the score is taken of; without validation examples there is none."""
        self._score = None if validation is None else score
        self._look = look
        self._validates = validation is not None
        m = 0 if validation is None else validation.m
        of = "" if self._score is None else self._score.of
        self.outputs = np.empty((m, net.n[-1]), dtype) if of == "outputs" else None
        self.right = np.zeros((1, m), np.bool_) if of == "right" else None
        self.scores: list[float] = []

    @property
    def asked(self) -> bool:
        """Whether there is anything to do after an epoch."""
        return self._score is not None or self._look is not None

    def __call__(self, cost: float, validated: float) -> int:
        """Take the score, and look; answer what is to be done."""
        score = None
        if self._score is not None:
            seen = self.outputs.T if self.outputs is not None else self._right()
            score = self._score.number(seen)
            self.scores.append(score)
        if self._look is None:
            return 0
        keep, end = self._look(cost, validated if self._validates else None, score)
        return KEEP * keep + END * end

    def _right(self) -> NDArray[np.bool_]:
        assert self.right is not None  # noqa: S101 - a score is taken of one or the other
        return self.right[0]


def parameters_of(group: Parameters) -> list[Array]:
    """Return the arrays of a group as the engine reads them: copied where it could not."""
    return [each if _is_plain(each) else np.array(each, order="F") for each in group.arrays()]


def _is_plain(W: Array) -> bool:
    return W.dtype in PRECISIONS and all(stride % W.itemsize == 0 for stride in W.strides)


def empty_like(arrays: Sequence[Array]) -> list[NDArray[Any]]:
    """Return arrays for the engine to write, input by input in memory, which nobody has touched yet."""
    return [np.empty(each.shape, each.dtype, order="F") for each in arrays]


def readable(X: Array) -> Array:
    """Return an array that the engine reads as it is, converted where its numbers are of another kind."""
    if X.dtype in READ_AS_THEY_ARE:
        return X
    return np.asarray(X, dtype=np.float64)


def readable_parts(examples: Examples) -> tuple[Array, Array, Array | None]:
    """Return X, Y and w as the engine reads them."""
    w = examples.w
    return readable(examples.X), readable(examples.Y), None if w is None else readable(w)
