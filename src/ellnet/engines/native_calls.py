"""Calls of the compiled engine: what goes in, what comes out, and what is seen of an epoch meanwhile."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array
from ellnet.batches import Examples
from ellnet.engines.protocol import AfterEpoch, Score, Watch
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState

__all__ = [
    "PRECISIONS",
    "Ended",
    "Seen",
    "Settings",
    "empty_like",
    "readable",
    "readable_parts",
    "trained",
]

READ_AS_THEY_ARE = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.uint8))
"""Numbers that are converted minibatch by minibatch; others are, all at once, before."""

PRECISIONS = (np.dtype(np.float32), np.dtype(np.float64))

MOST_EPOCHS = 2**40
"""More than anybody takes: a call that is to take so many steps has no bound of epochs."""

INTERRUPTED, DIVERGED = 1, 2
"""How a run ends, by the numbers of native/training.hpp; 0 is done."""

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
            score = self._score.number(seen) if math.isfinite(validated) else math.nan
            self.scores.append(score)
        if self._look is None:
            return 0
        keep, end = self._look(cost, validated if self._validates else None, score)
        return KEEP * keep + END * end

    def _right(self) -> NDArray[np.bool_]:
        assert self.right is not None  # noqa: S101 - a score is taken of one or the other
        return np.asarray(self.right[0])


def _parameters_of(group: Parameters) -> list[Array]:
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


@dataclass(frozen=True, eq=False)
class Settings:
    """How the compiled engine is called: its module, target, what is chosen, whom it asks how often."""

    module: Any
    target: str
    plan: Any
    threads: int
    watch: Watch | None
    seconds: float


@dataclass(frozen=True, eq=False)
class Ended:
    """What a call gave.

    Attributes:
        state: where training stands.
        bad: of a divergence, the state whose cost was not finite.
        by_moment: whether it was no cost but a parameter or moment that was not.
        interrupted: whether the watch ended it.
        best: the parameters that were kept last.
        iterations: cost of each step's minibatch.
        costs: those of the epochs.
        validation_costs: those of the validation examples after each of them.
    """

    state: TrainingState
    bad: TrainingState | None
    by_moment: bool
    interrupted: bool
    best: Parameters | None
    iterations: tuple[float, ...]
    costs: tuple[float, ...]
    validation_costs: tuple[float, ...]


def trained(
    asks: Settings,
    state: TrainingState,
    train: Examples,
    validation: Examples | None = None,
    seen: Seen | None = None,
    *,
    epochs: int = MOST_EPOCHS,
    steps: int = -1,
) -> Ended:
    """Train up to so many epochs, or so many steps where that is not negative; the state is only read."""
    start = [_parameters_of(group) for group in (state.parameters, *state.moments)]
    after, bad = [empty_like(group) for group in start], empty_like(start[0])
    looked = seen is not None and seen.asked
    best = empty_like(start[0]) if looked else []
    single = state.dtype == "float32"
    call = asks.module.run_float32 if single else asks.module.run_float64
    end, by_moment, stored, at, broken, best_epoch, *histories = call(
        asks.target, asks.plan, _position(asks.module, state), *readable_parts(train),
        None if validation is None else readable_parts(validation),
        None if seen is None else seen.outputs, None if seen is None else seen.right,
        epochs, steps, asks.threads, start, after, bad, best, seen if looked else None,
        asks.watch, asks.seconds,
    )  # fmt: skip
    groups = after if stored else [group.arrays() for group in (state.parameters, *state.moments)]
    return Ended(
        _state_at(state, at, groups),
        _state_at(state, broken, [bad, *groups[1:]]) if end == DIVERGED else None,
        by_moment,
        end == INTERRUPTED,
        Parameters.from_arrays(best) if best_epoch >= 0 else None,
        *(tuple(history) for history in histories),
    )


def _position(module: Any, state: TrainingState) -> Any:
    return module.Position(state.step, state.epoch, state.batch, state.epoch_cost)


def _state_at(state: TrainingState, at: Any, groups: Sequence[Sequence[Array]]) -> TrainingState:
    parameters, *moments = [Parameters.from_arrays(group) for group in groups]
    return replace(
        state,
        parameters=parameters,
        moments=tuple(moments),
        step=at.step,
        epoch=at.epoch,
        batch=at.batch,
        epoch_cost=at.epoch_cost,
    )
