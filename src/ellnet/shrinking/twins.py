"""Twins: units of a layer of which one is always a multiple of the other, plus a constant.

If a_j = c a_i + k for every input, W[l+1] can take unit i for both: its column grows by c times that of
j, and b[l+1] by k times it.
"""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ellnet.shrinking.chain import Layer
from ellnet.shrinking.curves import CURVES
from ellnet.shrinking.rules import Answer, Question
from ellnet.shrinking.steps import NAMED, Step

__all__ = ["without_twins"]

Matrix = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
LAST_DIGITS = 8.0 * EPS


class Twin(NamedTuple):
    """Unit j is c times unit i, plus k; both are places in the layer, from 0."""

    i: int
    j: int
    c: float
    k: float
    exact: bool


def without_twins(question: Question) -> Answer:
    """Merge each unit that is another's twin for every input into that one.

    Twins have equal weights in, and equal biases. For relu and leaky relu one may be a positive multiple
    of the other, since g(c z) = c g(z); for functions with a centre of symmetry one may be the other's
    negative, since g(-z) = k - g(z); for the identity any multiple will do, whatever the biases.
    """
    chain, k, *_ = question
    layer, following = chain[k], chain[k + 1]
    twins = _found(layer) if CURVES[layer.activation].apart else []
    if not twins:
        return chain, []
    W, b = following.W.copy(), following.b.copy()
    for twin in twins:
        column = following.W[:, twin.j]
        W[:, twin.i] += twin.c * column
        b[:, 0] += twin.k * column
    gone = np.zeros(layer.n, bool)
    gone[[twin.j for twin in twins]] = True
    following = following.taking(W[:, ~gone], b)
    return (*chain[:k], layer.without(gone), following, *chain[k + 2 :]), [_step(layer, twins)]


def _found(layer: Layer) -> list[Twin]:
    """Return the twins of a layer, each once, with the first of its kin to stay."""
    curve = CURVES[layer.activation]
    b = layer.b[:, 0]
    free = layer.activation == "identity"  # which passes any constant on
    rows = layer.W if free else np.hstack([layer.W, layer.b])
    twins = _multiples(rows, scales=curve.scales, negative=curve.mirror is not None)
    if free:
        twins = [twin._replace(k=float(b[twin.j] - twin.c * b[twin.i])) for twin in twins]
    elif curve.mirror is not None:
        twins = [twin._replace(k=curve.mirror if twin.c < 0 else 0.0) for twin in twins]
    return sorted(twins, key=lambda twin: twin.j)


def _multiples(rows: Matrix, *, scales: bool, negative: bool) -> list[Twin]:
    """Return the rows that are multiples of an earlier one.

    Rows of one direction have one place on a line that all are projected to: only neighbours there are
    compared.

    Args:
        rows: (n, inputs), or with the bias as one input more.
        scales: whether any multiple counts; else that by 1 alone.
        negative: whether negative ones count, too.
    """
    directions = _directions(rows, negative=negative)
    line = directions @ np.cos(np.arange(rows.shape[1]) + 0.5)
    near = 16.0 * (rows.shape[1] + 8) * EPS
    order = np.argsort(line, kind="stable")
    apart = np.flatnonzero(np.diff(line[order]) > near) + 1
    twins: list[Twin] = []
    for group in np.split(order, apart):
        stay: list[int] = []
        for j in np.sort(group[rows[group].any(axis=1)]).tolist():
            found = (_multiple(rows, i, j, scales=scales, negative=negative) for i in stay)
            twin = next(filter(None, found), None)
            if twin is None:
                stay.append(j)
            else:
                twins.append(twin)
    return twins


def _directions(rows: Matrix, *, negative: bool) -> Matrix:
    """Return the rows over the size of their largest entry, or over that entry where signs are free."""
    places = np.argmax(np.abs(rows), axis=1)
    largest = np.take_along_axis(rows, places[:, None], axis=1)
    by = largest if negative else np.abs(largest)
    return rows / np.where(by == 0, 1.0, by)


def _multiple(rows: Matrix, i: int, j: int, *, scales: bool, negative: bool) -> Twin | None:
    """Return how row j is a multiple of row i, to the last digits of float64.

    These are the digits that a sum over the row loses anyhow.
    """
    first, second = rows[i], rows[j]
    p = int(np.argmax(np.abs(first)))
    c = float(second[p] / first[p])
    if abs(abs(c) - 1.0) <= LAST_DIGITS:
        c = math.copysign(1.0, c)
    elif not scales or not np.isfinite(c):
        return None
    if c == 0 or (c < 0 and not negative):
        return None
    if np.any(np.abs(second - c * first) > LAST_DIGITS * np.max(np.abs(second))):
        return None
    return Twin(i, j, c, 0.0, _exactly(first, second, p))


def _exactly(first: Matrix, second: Matrix, p: int) -> bool:
    """Say whether second / first is the same ratio in every entry, in real arithmetic."""
    a, b = Fraction(float(first[p])), Fraction(float(second[p]))
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    return all(Fraction(y) * a == Fraction(x) * b for x, y in pairs)


def _step(layer: Layer, twins: list[Twin]) -> Step:
    units = layer.units
    gone = tuple(int(units[twin.j]) for twin in twins)
    exact = all(twin.exact for twin in twins)
    pairs = [f"{units[twin.j]} {_said(twin)} {units[twin.i]}" for twin in twins[:NAMED]]
    more = f", and {len(twins) - NAMED} more" if len(twins) > NAMED else ""
    sentence = (
        f"layer {layer.number}: {len(gone)} unit{' is a twin' if len(gone) == 1 else 's are twins'} "
        f"for every input, and merged: {', '.join(pairs)}{more}"
        f"{'' if exact else '; their multiples are equal but for the last digits of float64'}"
    )
    return Step("twin", layer.number, gone, "every input", exact, sentence)


def _said(twin: Twin) -> str:
    """Say what a unit is to its twin: "=", "= 2.5 times", "= 1 minus"."""
    if twin.c == -1.0 and twin.k == 0.0:
        return "= minus"
    if twin.c == -1.0 and twin.k == 1.0:
        return "= 1 minus"
    times = "=" if twin.c == 1.0 else f"= {twin.c:.6g} times"
    return times if twin.k == 0.0 else f"= {twin.k:.6g} and {times.removeprefix('= ')}"
