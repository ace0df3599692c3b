"""Idle units: those that feed nothing go, and those that are constant go into the next bias.

With w = W[l+1]'s column of a unit that is always v, W[l+1] a + b[l+1] is what the other columns give,
plus b[l+1] + w v.
"""

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import overflow_allowed
from ellnet.equations.activations import ACTIVATIONS
from ellnet.shrinking.chain import Layer
from ellnet.shrinking.collapse import collapsed
from ellnet.shrinking.curves import CURVES, straight_units
from ellnet.shrinking.rules import Answer, Question
from ellnet.shrinking.steps import Kind, Step, for_inputs, named

__all__ = ["without_idle_units"]

Mask = NDArray[np.bool_]
Reason = tuple[Kind, str, Mask]
"""What idle units are, what is said of them, and which they are."""


def without_idle_units(question: Question) -> Answer:
    """Take out the units that feed nothing, and fold those that are constant into the next bias.

    Where that would be all units of the layer the network is a constant, and collapses.
    """
    chain, k, *_ = question
    layer, following = chain[k], chain[k + 1]
    values, reasons = _idle(question)
    idle = np.any([mask for _, _, mask in reasons], axis=0)
    if not idle.any():
        return chain, []
    steps = [_step(question, *reason) for reason in reasons if reason[2].any()]
    if idle.all():
        return collapsed(question, values, steps)
    b = following.b + following.W[:, idle] @ values[idle, None]
    following = following.taking(following.W[:, ~idle], b)
    return (*chain[:k], layer.without(idle), following, *chain[k + 2 :]), steps


def _idle(question: Question) -> tuple[NDArray[np.float64], list[Reason]]:
    """Return the values (n,) of idle units, and which are idle and why; each has one reason."""
    layer, following = question.chain[question.k], question.chain[question.k + 1]
    silent = np.asarray(~following.W.any(axis=0))
    unfed = np.asarray(~layer.W.any(axis=1))
    straight, slope, offset = straight_units(layer.activation, *question.Z)
    flat = straight & (slope == 0)
    if not CURVES[layer.activation].apart:  # a unit's value is in all others: all go, or none
        silent, unfed = (np.full(layer.n, mask.all(), bool) for mask in (silent, unfed))
    values = np.where(unfed, _at_bias(layer), offset)
    values[silent] = 0.0
    unfed = np.asarray(unfed & np.isfinite(values))
    ever = for_inputs(question.holds, never=True)
    reasons: list[Reason] = [
        ("dead", "feed{s} nothing, with weights out of 0", silent),
        ("constant", "{is} constant, with weights in of 0", unfed & ~silent),
        ("dead", f"{{is}} never active {ever}", flat & (offset == 0)),
        ("constant", f"{{is}} at one end of its range {for_inputs(question.holds)}", flat),
    ]
    taken = np.zeros(layer.n, bool)
    for place, (kind, words, mask) in enumerate(reasons):
        reasons[place] = (kind, words, mask & ~taken)
        taken |= mask
    return values, reasons


def _at_bias(layer: Layer) -> NDArray[np.float64]:
    """Return g(b), (n,): what units come to that no input reaches."""
    with overflow_allowed():
        return np.array(ACTIVATIONS[layer.activation].value(layer.b)[:, 0], np.float64)


def _step(question: Question, kind: Kind, words: str, mask: Mask) -> Step:
    layer = question.chain[question.k]
    units = tuple(layer.units[mask].tolist())
    by_weights = "weights" in words
    holds = "every input" if by_weights else question.holds
    one = len(units) == 1
    said = words.replace("{s}", "s" if one else "").replace("{is}", "is" if one else "are")
    does = "dropped" if kind == "dead" else "folded into the next bias"
    sentence = f"layer {layer.number}: {named(units)} {said}; {does}"
    if by_weights:
        sentence += f" {for_inputs(holds)}"
    return Step(kind, layer.number, units, holds, True, sentence)
