"""Which trial is best, and which others are as good for all that the validation rows can tell."""

import math
from collections.abc import Iterable

import numpy as np

from ellnet.search.measures import Measure
from ellnet.search.results import Result

__all__ = ["as_good", "best_of", "ranked"]

CONFIDENT = 1.645
"""Standard errors that a difference must exceed to count: one side, 5 per cent."""


def ranked(results: Iterable[Result], measure: Measure) -> list[Result]:
    """Return the trials that were completed, the best first.

    Of equal values, as a metric that counts rows often gives, the one of the lowest validation cost is
    better; of equals in that too the one that came first.
    """
    done = [r for r in results if r.state == "complete" and math.isfinite(r.value)]
    sign = -1 if measure.greater else 1
    return sorted(done, key=lambda r: (sign * r.value, _lowest(r), r.number))


def _lowest(result: Result) -> float:
    """Return the mean over folds of the lowest validation cost."""
    costs = [curve.best_until(len(curve.validation)) for curve in result.curves]
    return float(np.mean(costs)) if costs else math.inf


def best_of(results: Iterable[Result], measure: Measure) -> Result | None:
    """Return the best trial, None where none was completed."""
    return next(iter(ranked(results, measure)), None)


def as_good(best: Result, other: Result) -> bool:
    """Say whether a trial is as good as the best, for all that the validation rows can tell.

    Both were measured on the same resampled rows, so the difference has replicates of its own; it counts
    where it is larger than 1.645 of its standard errors. The rows' chance is in it, that of initial
    weights and orders is not.
    """
    n = min(len(best.replicates), len(other.replicates))
    if n < 2:
        return best.number == other.number
    differences = best.replicates[:n] - other.replicates[:n]
    known = differences[np.isfinite(differences)]
    error = float(np.std(known)) if len(known) > 1 else 0.0
    return abs(best.value - other.value) <= CONFIDENT * error
