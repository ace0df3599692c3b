"""What a ladder recommends, as a sentence."""

from ellnet.search.ladder import Climbed
from ellnet.search.ladder_rungs import Rung, held_back

__all__ = ["ending", "name_of", "p_of", "sentence", "verdict"]

SMALLEST = 0.001
"""A p below it is written as that."""


def name_of(rung: Rung) -> str:
    """Return a rung's hidden layers in a word: `linear`, `8`, `8,8`."""
    return ",".join(map(str, rung.hidden)) or "linear"


def p_of(p: float) -> str:
    """Write a p with the digits that tell something."""
    return f"< {SMALLEST}" if p < SMALLEST else f"{p:.3f}"


def verdict(climbed: Climbed, rung: Rung) -> str:
    """Return what a rung is: recommended, best, as good, behind, or diverged."""
    best, recommended = climbed.best, climbed.recommended
    if not rung.trained:
        return "diverged"
    if rung is recommended:
        return "recommended"
    if rung is best:
        return "best"
    return "as good" if climbed.test.within_one_error(rung, best) else "behind"


def sentence(climbed: Climbed) -> str:
    """Return the recommendation: which network, why it is enough, and why nothing smaller is."""
    chosen = climbed.recommended
    said = f"use {_network(climbed, chosen)}: {_why_enough(climbed, chosen)}"
    smaller = _best_smaller(climbed, chosen)
    return said if smaller is None else f"{said}; {_why_not(climbed, smaller)}"


def ending(climbed: Climbed) -> str:
    """Say why the ladder ended where it did."""
    if climbed.ended != "top":
        return {"seconds": "the seconds were used up", "interrupted": "Ctrl-C was pressed"}[
            climbed.ended
        ]
    if held_back([*climbed.rungs], climbed.test.gains):
        return "max_layers or max_width allows no larger network"
    return "nothing more was gained"


def _network(climbed: Climbed, rung: Rung) -> str:
    parameters = f"{rung.size:,} parameters"
    if not rung.hidden:
        kind = "linear" if climbed.ground.target.task == "regression" else "logistic"
        return f"{kind} regression (L = 1, {parameters})"
    layers = f"{len(rung.hidden)} hidden layers" if len(rung.hidden) > 1 else "one hidden layer"
    each = " each" if len(rung.hidden) > 1 else ""
    return f"{layers} of {rung.hidden[0]} units{each} (L = {rung.L}, {parameters})"


def _why_enough(climbed: Climbed, chosen: Rung) -> str:
    best, test = climbed.best, climbed.test
    if len(climbed.rungs) == 1:
        return "nothing else was tried"
    if chosen is best:
        better = "higher" if test.greater else "lower"
        return f"no network that was tried has a {better} {test.metric}"
    found = climbed.against_best(chosen)
    nothing = found.difference <= test.negligible
    rule = "which is next to nothing" if nothing else "which is within one standard error"
    return f"the best that was tried, {_short(best)}, gains {_figures(climbed, chosen)}, {rule}"


def _why_not(climbed: Climbed, smaller: Rung) -> str:
    name = _short(smaller)
    return f"on the best of the smaller ones, {name}, it gains {_figures(climbed, smaller)}"


def _figures(climbed: Climbed, rung: Rung) -> str:
    """Return what the best gains on a rung, with its error and the p of the corrected t-test."""
    found = climbed.against_best(rung)
    p = f"p {p_of(found.p)}" if found.p < SMALLEST else f"p = {p_of(found.p)}"
    return f"{found.difference:.2g} ± {found.error:.2g} of {climbed.test.metric} ({p})"


def _short(rung: Rung) -> str:
    if not rung.hidden:
        return f"the linear model with {rung.size:,} parameters"
    return f"hidden {name_of(rung)} with {rung.size:,} parameters"


def _best_smaller(climbed: Climbed, chosen: Rung) -> Rung | None:
    smaller = [rung for rung in climbed.rungs if rung.size < chosen.size and rung.trained]
    return min(smaller, key=climbed.test.mean, default=None)
