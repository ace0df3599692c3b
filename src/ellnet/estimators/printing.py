"""What `verbose` prints: scikit-learn's words, epoch by epoch."""

from typing import Any

from ellnet.history import History
from ellnet.state import TrainingState
from ellnet.training import Hook, Outcome

__all__ = ["Printer"]


class Printer(Hook):
    """Prints what scikit-learn prints under verbose."""

    def __init__(self, estimator: Any, watched: str) -> None:
        """Take the estimator's parameters, and what is watched: "Training loss", for example."""
        self._rate = float(estimator.learning_rate_init)
        self._words = (
            f"{watched} did not improve more than tol={estimator.tol:f} for "
            f"{estimator.n_iter_no_change} consecutive epochs."
        )
        self._adaptive = estimator.solver == "sgd" and estimator.learning_rate == "adaptive"
        self._cuts: int | None = None

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        """Print the cost, and the score where there is one; before them a rate that was cut."""
        if self._cuts is not None and state.cuts > self._cuts:
            _say(f"{self._words} Setting learning rate to {self._rate * 5.0**-state.cuts:f}")
        self._cuts = state.cuts
        epoch = history.epochs[-1]
        _say(f"Iteration {len(history.epochs)}, loss = {epoch.cost:.8f}")
        if epoch.validation_metric is not None:
            _say(f"Validation score: {epoch.validation_metric:f}")
        elif epoch.validation_cost is not None:
            _say(f"Validation loss: {epoch.validation_cost:f}")
        return False

    def after_run(self, outcome: Outcome) -> None:
        """Print why it ended, where that was for want of gain."""
        if outcome.history.stopped == "early":
            small = " Learning rate too small." if self._adaptive else ""
            _say(f"{self._words}{small} Stopping.")


def _say(line: str) -> None:
    print(line)  # noqa: T201 - what verbose is for
