"""When an estimator's training has gained enough: scikit-learn's rule."""

import math
from collections.abc import Callable, Mapping

from ellnet.history import Epoch
from ellnet.stopping import Look

__all__ = ["Plateau", "training_cost", "validation_cost", "validation_score"]


def training_cost(epoch: Epoch) -> float:
    """Watch the cost of training."""
    return epoch.cost


def validation_cost(epoch: Epoch) -> float:
    """Watch the cost of the validation examples."""
    return math.inf if epoch.validation_cost is None else epoch.validation_cost


def validation_score(epoch: Epoch) -> float:
    """Watch the score of the validation examples, which is to become large."""
    return math.inf if epoch.validation_metric is None else -epoch.validation_metric


class Plateau:
    """Counts the epochs in a row that were not better than the best one by tol.

    It ends the run when there were more than `n_iter_no_change` of them. Where it watches training
    itself it names no best parameters: the last ones are kept.
    """

    def __init__(
        self,
        watched: Callable[[Epoch], float],
        *,
        tol: float,
        n_iter_no_change: float,
        best: float = math.inf,
        count: int = 0,
    ) -> None:
        """Begin, or go on where an earlier run ended, at its `best` and `count`."""
        self.watched = watched
        self.best = best
        self.count = count
        self._tol = tol
        self._patience = n_iter_no_change

    def look(self, epoch: Epoch) -> Look:
        """Look at the epoch that has just ended."""
        value = self.watched(epoch)
        self.count = self.count + 1 if value > self.best - self._tol else 0
        better = value < self.best
        self.best = min(value, self.best)
        return Look(better and self.watched is not training_cost, self.count > self._patience)

    def begin_again(self) -> None:
        """Count from 0 again."""
        self.count = 0

    def earliest(self) -> float:
        """Return the number of epochs after which it could end the run, at the least."""
        return self._patience + 1 - self.count if self.watched is training_cost else 1

    def memory(self) -> dict[str, float]:
        """Return the best value and the epochs that were not better."""
        return {"best": self.best, "count": self.count}

    def recall(self, memory: Mapping[str, float]) -> None:
        """Go on from what `memory` returned."""
        self.best, self.count = memory["best"], int(memory["count"])
