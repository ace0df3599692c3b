"""The linear part of a layer: units on straight stretches, done with as few as their function needs.

Units S of a layer that are straight lines, a = s * (W a_before + b) + t, reach the next layer as
M a_before + c for M = W[l+1]_S (s * W_S) and c = W[l+1]_S (s * b_S + t). However many they are, as many
units as M has rows or columns say the same: one for each row of M, or one for each unit before. Each
gets a bias that keeps it above zero, where its activation is straight, and the next bias takes that away.
"""

import numpy as np
from numpy.typing import NDArray

from ellnet.shrinking.bounds import Interval, least
from ellnet.shrinking.chain import Layer
from ellnet.shrinking.curves import CURVES, straight_units
from ellnet.shrinking.rules import Answer, Question
from ellnet.shrinking.steps import Step, for_inputs, named

__all__ = ["with_fewer_straight_units"]

Matrix = NDArray[np.float64]

ROOM = 1e-6
"""Part of a bias that is added to it, so that rounding in float32 leads to no place below zero."""


def with_fewer_straight_units(question: Question) -> Answer:
    """Let fewer units do the work of all that are straight, where fewer are enough.

    That takes an activation that is straight from zero on, and a lower bound of what comes in.
    """
    chain, k, *_ = question
    layer, following = chain[k], chain[k + 1]
    found, slope, offset = straight_units(layer.activation, *question.Z)
    part = found & (slope != 0)
    enough = min(following.n, layer.W.shape[1])
    rise = _rise(layer)
    if rise == 0.0 or part.sum() <= enough:
        return chain, []
    s, t = slope[part, None], offset[part, None]
    M = following.W[:, part] @ (s * layer.W[part])
    c = following.W[:, part] @ (s * layer.b[part] + t)
    W, out = (M, np.eye(len(M))) if len(M) == enough else (np.eye(enough), M)
    shift = _shift(W, question.A)
    if not np.isfinite(shift).all():
        return chain, []
    stay = part & (np.cumsum(part) <= enough)
    gone = part & ~stay
    new_W, new_b = layer.W.copy(), layer.b.copy()
    new_W[stay], new_b[stay] = W, shift
    columns = following.W.copy()
    columns[:, stay] = out / rise
    following = following.taking(columns[:, ~gone], following.b + c - out @ shift)
    step = _step(question, part, gone)
    changed = layer.taking(new_W, new_b).without(gone)
    return (*chain[:k], changed, following, *chain[k + 2 :]), [step]


def _rise(layer: Layer) -> float:
    """Return the slope of a layer's activation from zero on, 0 where it is not a straight line there."""
    pieces = CURVES[layer.activation].straight
    return next((each.slope for each in pieces if (each.begin, each.end) == (0.0, np.inf)), 0.0)


def _shift(W: Matrix, A: Interval) -> Matrix:
    """Return biases (n, 1) with which W a is never below zero for a in A."""
    lowest = least(W, np.zeros(len(W)), A)
    return (1.0 + ROOM) * np.maximum(0.0, -lowest)[:, None]


def _step(question: Question, part: NDArray[np.bool_], gone: NDArray[np.bool_]) -> Step:
    layer = question.chain[question.k]
    units = tuple(layer.units[gone].tolist())
    count, left = int(part.sum()), int(part.sum() - gone.sum())
    sentence = (
        f"layer {layer.number}: {count} units are linear {for_inputs(question.holds)}, as they stay on "
        f"straight stretches of {layer.activation}; {left} of them, with other weights, "
        f"{'does' if left == 1 else 'do'} the work of all, and {named(units)} "
        f"{'goes' if len(units) == 1 else 'go'}"
    )
    return Step("linear", layer.number, units, question.holds, True, sentence)
