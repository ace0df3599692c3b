"""The Occam ladder: from the linear model up, step by step, and the smallest network that is as good."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ellnet.columns import Columns
from ellnet.engines.many import side_by_side
from ellnet.engines.threads import available
from ellnet.errors import DataError, HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.parts import Plan
from ellnet.search.folds import Evaluation
from ellnet.search.ladder_ground import Ground, ground_of, parted
from ellnet.search.ladder_rungs import Judged, Limits, Rung, next_hidden
from ellnet.search.ladder_trial import judge, linear, starts_of
from ellnet.search.ladder_verdict import Comparison, Test, best_of_rungs, recommended_of
from ellnet.search.queue import Budget
from ellnet.search.space import allowed
from ellnet.training import Hook
from ellnet.workflow import Trained, train_table

__all__ = ["Climbed", "Ladder", "Standing"]

FEW_ROWS = 5000
"""Below so many rows the luck of a cut and of a training is large, and they are cut twice."""

MORE_STARTS = 3
"""Times as many starts where a small table's network is trained for good."""

FEWEST_ROWS = 100
"""Of rows climbed on, at least, where their number is bounded."""

Job = tuple[tuple[int, ...], int]
"""The hidden layers of a rung, and the number of a fold."""


@dataclass(frozen=True)
class Standing:
    """Where a ladder stands.

    Attributes:
        hidden: the rung under way.
        done: folds of it that are judged.
        folds: of each rung.
        rungs: that are done.
        seconds: so far, and of the rung under way.
        left: seconds that this rung still takes, by the folds that are done; None before the first.
    """

    hidden: tuple[int, ...]
    done: int
    folds: int
    rungs: int
    seconds: float
    left: float | None


@dataclass(frozen=True, eq=False)
class Climbed:
    """What came of a ladder.

    Attributes:
        rungs: in the order in which they were climbed.
        ground: what they stand on.
        ended: "top" where nothing more was gained or no larger network was allowed, "seconds" or
            "interrupted".
    """

    rungs: tuple[Rung, ...]
    ground: Ground
    ended: str = "top"

    @property
    def test(self) -> Test:
        """The comparison of two rungs."""
        return self.ground.test

    @property
    def best(self) -> Rung:
        """The rung of the lowest mean loss.

        Raises:
            DataError: every rung diverged.
        """
        best = best_of_rungs(self.rungs, self.test)
        if best is None:
            raise DataError(
                f"none of {len(self.rungs)} rungs came to a finite cost; look at the inputs with "
                "`ellnet doctor`"
            )
        return best

    @property
    def recommended(self) -> Rung:
        """The smallest rung within one standard error of the best.

        Raises:
            DataError: every rung diverged.
        """
        found = recommended_of(self.rungs, self.test)
        return self.best if found is None else found

    def against_best(self, rung: Rung) -> Comparison:
        """Compare a rung with the best."""
        return self.test.compare(rung, self.best)


@dataclass(frozen=True)
class Ladder:
    """Starts at the linear model, adds units and layers, and stops when nothing more is gained.

    Every rung is trained and judged on the same folds. The rungs of a ladder follow from these values and
    the table: they are the same for any number of workers, and after any interruption.

    Attributes:
        folds: at least 2.
        repeats: how often the rows are cut anew; None for twice where a table has below 5,000 rows and
            no time decides, else once.
        groups: a column whose rows of one value stay together; it is no input.
        time: a column that orders the rows: what is judged comes later; it is no input.
        max_layers: L at most, the output layer included.
        max_width: units of a hidden layer at most.
        starts: trainings of every network on every fold, of which the stopping rows choose one.
        metric: cost, or a metric by name.
        activation: of the hidden layers.
        epochs: of a training, at most.
        rows: that are climbed on at most; of more a sample is drawn, and the refit takes all.
        level: a p below it counts as gain.
        seed: of the split, the folds and every training.

    Raises:
        HyperparameterError: a value that is not allowed; says the rule.
    """

    folds: int = 10
    repeats: int | None = None
    groups: str | None = None
    time: str | None = None
    max_layers: int = 4
    max_width: int = 256
    starts: int = 3
    metric: str = "cost"
    activation: str = "relu"
    epochs: int = 200
    rows: int = 20_000
    level: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every value."""
        if self.folds < 2:
            raise HyperparameterError(f"folds must be at least 2, got {self.folds}")
        if self.starts < 1:
            raise HyperparameterError(f"starts must be at least 1, got {self.starts}")
        if self.epochs < 1:
            raise HyperparameterError(f"epochs must be at least 1, got {self.epochs}")
        if self.rows < FEWEST_ROWS:
            raise HyperparameterError(f"rows must be at least {FEWEST_ROWS}, got {self.rows}")
        if not 0 < self.level < 1:
            raise HyperparameterError(f"level must be between 0 and 1, got {self.level:g}")
        _ = Evaluation(
            self.folds, self.groups, self.time, 1 if self.repeats is None else self.repeats
        )
        allowed({"activation": self.activation}, "activation")
        _ = self.limits, self.base

    @property
    def limits(self) -> Limits:
        """How far to go."""
        return Limits(self.max_layers, self.max_width)

    @property
    def base(self) -> Hyperparameters:
        """The hyperparameters that all rungs share."""
        return Hyperparameters(activation=self.activation, epochs=self.epochs, seed=self.seed)

    def evaluation(self, table: Columns) -> Evaluation:
        """Return how the rows of a table are cut."""
        repeats = self.repeats
        if repeats is None:
            repeats = 2 if table.m < FEW_ROWS and self.time is None else 1
        return Evaluation(self.folds, self.groups, self.time, repeats)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return dict(vars(self))

    def ground(self, table: Columns, plan: Plan) -> Ground:
        """Make the table ready for all rungs.

        Raises:
            DataError: a table that cannot be cut so; names the column and the row.
            HyperparameterError: a metric that does not go with the task.
        """
        return ground_of(
            table,
            plan,
            self.evaluation(table),
            self.base,
            most=self.rows,
            metric=self.metric,
            level=self.level,
        )

    def climb(
        self,
        table: Columns,
        plan: Plan,
        budget: Budget | None = None,
        *,
        ended: Callable[[Rung], None] | None = None,
        watcher: Callable[[Standing], None] | None = None,
    ) -> Climbed:
        """Climb as far as something is gained.

        Args:
            table: the rows, target included.
            plan: what to predict, and which rows no rung sees.
            budget: its `seconds`, after which no rung begins but the first, and its `workers`, folds at
                once.
            ended: told of every rung that was trained here.
            watcher: told where the ladder stands, after every fold.

        Raises:
            DataError: a table that cannot be climbed on; names the column and the row, or the fold.
            HyperparameterError: a value that does not go with the task.
            KeyboardInterrupt: Ctrl-C before the first rung was done; later it ends the ladder there.
        """
        ground = self.ground(table, plan)
        return self.climb_on(ground, budget, ended=ended, watcher=watcher)

    def climb_on(
        self,
        ground: Ground,
        budget: Budget | None = None,
        *,
        known: Sequence[Rung] = (),
        ended: Callable[[Rung], None] | None = None,
        watcher: Callable[[Standing], None] | None = None,
    ) -> Climbed:
        """Climb on ground that is ready; `known` rungs are not trained again."""
        budget = budget or Budget()
        way = _Way(self, ground, {rung.hidden: rung for rung in known}, budget.seconds)

        def one(job: Job, stopped: Callable[..., bool]) -> Judged:
            hidden, fold = job
            chosen = replace(self.base, hidden=hidden)
            return judge(ground.stages[fold], chosen, self.starts, ground.measure, stopped)

        try:
            for job, judged in side_by_side(one, way.next, n_threads=budget.workers or available()):
                rung = way.take(job, judged)
                if watcher is not None:
                    watcher(way.standing())
                if rung is not None and ended is not None:
                    ended(rung)
        except KeyboardInterrupt:
            if not way.rungs:
                raise
            way.ended = "interrupted"
        return Climbed(tuple(way.rungs), ground, way.ended)

    def refit(
        self, table: Columns, plan: Plan, rung: Rung, *, hooks: Sequence[Hook] = ()
    ) -> Trained:
        """Train a rung's network on all rows of the ladder, and score it on those that no rung saw.

        It is trained as on a fold, where a table has below 5,000 rows from three times as many starts, of
        which the stopping rows choose: one training has no others to make up for its luck. The linear
        model takes the strength of its penalty that is the median of the folds' choices.

        Args:
            table: the rows that were climbed on, and those beyond a sample.
            plan: that of the ladder.
            rung: the rung, as a rule the recommended one.
            hooks: called as training goes.

        Raises:
            KeyboardInterrupt: Ctrl-C; of starts that were not all trained none is the best.
        """
        stops = bool(rung.hidden)
        marked, whole = parted(table, plan, self.evaluation(table), self.base, stops=stops)
        trained: list[Trained] = []
        for chosen in self._refitted(rung, table):
            if trained and trained[-1].pressed:
                raise KeyboardInterrupt
            trained.append(train_table(marked, whole, chosen, hooks=hooks))
            if trained[-1].model.history.stopped == "interrupted":
                raise KeyboardInterrupt
        return min(trained, key=_stopping_cost)

    def _refitted(self, rung: Rung, table: Columns) -> Iterator[Hyperparameters]:
        """Give the hyperparameters of each start on all rows."""
        base = replace(self.base, hidden=rung.hidden)
        if rung.hidden:
            starts = self.starts * (MORE_STARTS if table.m < FEW_ROWS else 1)
            yield from starts_of(base, starts, len(rung.judged))
        else:
            chosen = sorted(each.chosen["l2"] for each in rung.judged)
            yield linear(base, chosen[len(chosen) // 2])


def _stopping_cost(trained: Trained) -> float:
    """Return the cost on the stopping rows of the parameters that were kept, where there are some."""
    history = trained.model.history
    if trained.trouble or not history.best_epoch or not history.validation_costs:
        return math.inf
    return history.validation_costs[history.best_epoch - 1]


class _Way:
    """Hands out the folds of one rung after the other, and says when the top is reached."""

    def __init__(
        self,
        ladder: Ladder,
        ground: Ground,
        known: dict[tuple[int, ...], Rung],
        seconds: float | None,
    ) -> None:
        self._ladder, self._ground, self._known, self._seconds = ladder, ground, known, seconds
        self._began = self._rung_began = time.monotonic()
        self._waiting: deque[int] = deque()
        self._judged: dict[int, Judged] = {}
        self._hidden: tuple[int, ...] | None = None
        self.rungs: list[Rung] = []
        self.ended = "top"

    def next(self) -> Job | None:
        """Return the next fold to judge, None where a rung has to be done first, or all are."""
        if self._hidden is None:
            self._hidden = self._begun()
        if self._hidden is None or not self._waiting:
            return None
        return self._hidden, self._waiting.popleft()

    def _begun(self) -> tuple[int, ...] | None:
        """Begin the next rung that is not known."""
        limits, gains = self._ladder.limits, self._ground.test.gains
        while (hidden := next_hidden(self.rungs, limits, gains)) in self._known:
            self.rungs.append(self._known[hidden])
        if hidden is None:
            return None
        self._rung_began = time.monotonic()
        spent = self._rung_began - self._began
        if self.rungs and self._seconds is not None and spent >= self._seconds:
            self.ended = "seconds"
            return None
        self._waiting.extend(range(len(self._ground.stages)))
        return hidden

    def take(self, job: Job, judged: Judged) -> Rung | None:
        """Take what came of a fold; return the rung where it was the last."""
        hidden, fold = job
        self._ground.check(fold, judged)
        self._judged[fold] = judged
        if len(self._judged) < len(self._ground.stages):
            return None
        size = self._ground.size(hidden)
        rung = Rung(hidden, size, tuple(self._judged[k] for k in sorted(self._judged)))
        self.rungs.append(rung)
        self._hidden, self._judged = None, {}
        return rung

    def standing(self) -> Standing:
        """Return where the ladder stands."""
        now = time.monotonic()
        folds, done = len(self._ground.stages), len(self._judged)
        if self._hidden is None:
            return Standing(
                self.rungs[-1].hidden, folds, folds, len(self.rungs), now - self._began, 0.0
            )
        left = (now - self._rung_began) / done * (folds - done) if done else None
        return Standing(self._hidden, done, folds, len(self.rungs), now - self._began, left)
