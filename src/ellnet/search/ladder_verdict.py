"""What may be said of two rungs, and which is recommended.

Folds share training rows, so the differences of two networks fold by fold are not independent, and an
ordinary t-test finds too much. The corrected resampled t-test (Nadeau and Bengio, 2003, "Inference for
the generalization error", Machine Learning 52) widens the variance: (1/J + n_test/n_train) s^2 in
place of s^2/J, where J counts folds times repetitions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ellnet.search.ladder_rungs import Rung

__all__ = ["Comparison", "Test", "best_of_rungs", "recommended_of"]

ALL_BUT_CERTAIN = 1e12
"""Standard errors of a difference that was the same in every fold."""


@dataclass(frozen=True)
class Comparison:
    """The difference of two rungs, fold by fold.

    Attributes:
        difference: mean of the first's losses less the second's; above 0 the second is better.
        error: its corrected standard error.
        t: their quotient.
        p: the chance of a t at least so high where both are equally good, by Student's distribution with
            J - 1 degrees of freedom.
    """

    difference: float
    error: float
    t: float
    p: float


@dataclass(frozen=True)
class Test:
    """The corrected resampled t-test on the folds of a ladder.

    Attributes:
        ratio: rows judged on for each row trained on, the mean over folds.
        greater: whether the values that are compared are the better the greater.
        metric: "cost", or what else the values are.
        level: a p below it counts as gain.
        negligible: a difference up to it is none.
        folds: of one cut; 0 where the rows were cut once.
    """

    __test__ = False  # for pytest, to which the name would say something else

    ratio: float
    greater: bool = False
    metric: str = "cost"
    level: float = 0.05
    negligible: float = 0.0
    folds: int = 0

    def losses(self, rung: Rung) -> NDArray[np.float64]:
        """Return what is compared, (folds,): the lower the better."""
        if self.metric == "cost":
            return rung.costs
        known = np.isfinite(rung.costs) & np.isfinite(rung.values)
        return np.where(known, -rung.values if self.greater else rung.values, math.inf)

    def mean(self, rung: Rung) -> float:
        """Return the mean loss over folds."""
        return float(np.mean(self.losses(rung)))

    def error_of(self, losses: NDArray[np.float64]) -> float:
        """Return the corrected standard error of the mean of losses, or of differences of them."""
        if not np.all(np.isfinite(losses)):
            return math.inf
        return math.sqrt((1 / len(losses) + self.ratio) * float(np.var(losses, ddof=1)))

    def compare(self, rung: Rung, other: Rung) -> Comparison:
        """Compare two rungs; the p is that of `other` being better."""
        return self.of(self.losses(rung), self.losses(other))

    def of(self, losses: NDArray[np.float64], other: NDArray[np.float64]) -> Comparison:
        """Compare two rungs by their losses, (folds,) each."""
        from scipy.special import stdtr  # noqa: PLC0415 - slow to import

        if not (np.all(np.isfinite(losses)) and np.all(np.isfinite(other))):
            return _diverged(bool(np.all(np.isfinite(other))), bool(np.all(np.isfinite(losses))))
        differences = losses - other
        mean, error = float(np.mean(differences)), self.error_of(differences)
        t = mean / error if error > 0 else math.copysign(ALL_BUT_CERTAIN, mean) if mean else 0.0
        return Comparison(mean, error, t, float(stdtr(len(differences) - 1, -t)))

    def gains(self, rung: Rung, over: Rung) -> bool:
        """Say whether a rung is better than another by more than chance."""
        found = self.compare(over, rung)
        return found.p < self.level and found.difference > self.negligible

    def allowed(self, rung: Rung, best: Rung) -> float:
        """Return by how much a rung's loss may be above the best's to be within one standard error.

        That is the corrected error of the best's own mean less the plain error of the difference: it is
        within even where the folds flattered the smaller network by as much.
        """
        own = self.error_of(self.losses(best))
        return max(self.negligible, own - self.plain_error(rung, best))

    def plain_error(self, rung: Rung, best: Rung) -> float:
        """Return s over the root of the folds; cutting the same rows again makes no more of them here."""
        differences = self.losses(rung) - self.losses(best)
        folds = self.folds or len(differences)
        return float(np.std(differences, ddof=1)) / math.sqrt(folds)

    def within_one_error(self, rung: Rung, best: Rung) -> bool:
        """Say whether a rung's loss is above the best's by at most a standard error."""
        return rung.trained and self.compare(rung, best).difference <= self.allowed(rung, best)


def _diverged(other: bool, this: bool) -> Comparison:
    """Compare where one of the two came to no finite cost in some fold."""
    if other == this:
        return Comparison(0.0, math.inf, 0.0, 0.5)
    worse = math.inf if other else -math.inf
    return Comparison(worse, math.inf, worse, 0.0 if other else 1.0)


def best_of_rungs(rungs: Sequence[Rung], test: Test) -> Rung | None:
    """Return the rung of the lowest mean loss; None where none came to finite costs."""
    trained = [rung for rung in rungs if rung.trained and math.isfinite(test.mean(rung))]
    return min(trained, key=lambda rung: (test.mean(rung), rung.size), default=None)


def recommended_of(rungs: Sequence[Rung], test: Test) -> Rung | None:
    """Return the smallest network within one standard error of the best (after Breiman et al., 1984).

    Of equal sizes the one with fewer layers is smaller. The best itself is always within.
    """
    best = best_of_rungs(rungs, test)
    if best is None:
        return None
    within = [rung for rung in rungs if rung is best or test.within_one_error(rung, best)]
    return min(within, key=lambda rung: (rung.size, rung.L))
