"""What a ladder stands on: the folds, the rows that say when to stop, and what is compared."""

import math
import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array
from ellnet.columns import Columns
from ellnet.errors import DataError
from ellnet.hyperparameters import Hyperparameters
from ellnet.parts import Plan, Rows
from ellnet.search.folds import Division, Evaluation, held_for, rows_apart
from ellnet.search.ladder_rungs import Judged, sizes_of
from ellnet.search.ladder_trial import Stage
from ellnet.search.ladder_verdict import Test
from ellnet.search.material import Fold, Material, prepare, with_parts
from ellnet.search.measures import Measure, Resamples, measure_of
from ellnet.targets import Target
from ellnet.workflow import network_for

__all__ = ["Ground", "ground_of", "parted"]

SAMPLE, STOPPING = 4, 5
"""Which draws of the seed they are; each fold's stopping rows count on from the latter."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What all rungs share.

    Attributes:
        stages: one a fold.
        target: what the target's column means.
        test: the comparison of two rungs.
        measure: the metric that is shown, and compared by where the cost is not.
        rows: that are climbed on.
        all_rows: of the table, without those of the test.
        test_rows: that no rung sees.
    """

    stages: tuple[Stage, ...]
    target: Target
    test: Test
    measure: Measure
    rows: int
    all_rows: int
    test_rows: int

    def size(self, hidden: tuple[int, ...]) -> int:
        """Return the number of weights and biases of a network with those hidden layers."""
        learned = self.stages[0].fold.learned
        return sizes_of(int(learned.X.shape[0]), hidden, int(learned.Y.shape[0]))

    def scarce(self) -> list[tuple[str, int]]:
        """Return the classes with fewer rows than there are folds, each with its rows."""
        if self.target.task == "regression":
            return []
        fold = self.stages[-1].fold  # the last of folds in time has all rows, as any other fold has
        numbers = np.concatenate([_numbers(fold.learned.Y), _numbers(fold.validation.Y)])
        counts = np.bincount(numbers, minlength=len(self.target.classes)).tolist()
        named = zip(self.target.classes, counts, strict=True)
        return [(str(name), count) for name, count in named if count < self.test.folds]

    def check(self, number: int, judged: Judged) -> None:
        """Refuse what came of a fold where the metric that is compared is no number.

        Raises:
            DataError: a finite cost, and a metric that is not finite; names the fold.
        """
        compared = self.test.metric != "cost" and math.isfinite(judged.cost)
        if compared and not math.isfinite(judged.value):
            raise DataError(_no_number(self.test.metric, number, self.stages[number].fold))


def ground_of(
    table: Columns,
    plan: Plan,
    evaluation: Evaluation,
    base: Hyperparameters,
    *,
    most: int,
    metric: str,
    level: float,
) -> Ground:
    """Set the test rows apart, cut the others into folds, and take stopping rows out of each.

    Args:
        table: the rows, target and deciding columns included.
        plan: what to predict, and which rows no rung sees.
        evaluation: the folds.
        base: the hyperparameters that all rungs share.
        most: rows at most; of more a sample is climbed on.
        metric: what is compared.
        level: a p below it counts as gain.

    Raises:
        DataError: a table that cannot be cut so; names the column and the row.
        HyperparameterError: a metric that does not go with the task.
    """
    for name in evaluation.columns:
        table[name]
    target = Target.fit(table[plan.target], plan.task)
    rows, test_rows = rows_apart(table, plan, evaluation, base.seed)
    every = len(rows)
    if every > most:
        _, rows = held_for(
            table, rows, evaluation, most / every, target=target, seed=base.seed, part=SAMPLE
        )
    climbed_on = table.take(rows)
    if plan.split_column is not None:
        climbed_on = climbed_on.drop([plan.split_column])
    whole = replace(plan, test_size=0.0, split_column=None, task=target.task)
    material = prepare(climbed_on, whole, evaluation, base)
    stages = _stages(climbed_on, material, evaluation, base)
    measure = _measure(metric, material, base)
    ratio = float(np.mean([s.fold.validation.m / s.fold.learned.m for s in stages]))
    nothing = math.log(2) / len(rows) if metric == "cost" and target.task != "regression" else 0.0
    compared = Test(
        ratio,
        greater=measure.greater and metric != "cost",
        metric=metric,
        level=level,
        negligible=nothing,
        folds=evaluation.folds,
    )
    return Ground(stages, target, compared, measure, len(rows), every, len(test_rows))


def _measure(metric: str, material: Material, base: Hyperparameters) -> Measure:
    """Return the metric to show; where the cost is compared it is the usual one of the task.

    It is tried on a network as it begins, so that one that does not go with the task is refused now, and
    where it is compared one that is no number on some fold.
    """
    name = metric
    if metric == "cost":
        name = "rmse" if material.target.task == "regression" else "accuracy"
    measure, first = measure_of(name, material.target), material.folds[0]
    begun = replace(base, hidden=()).resolved(first.learned.m)
    net = network_for(first.learned, first.target, begun)
    for k, fold in enumerate(material.folds if metric != "cost" else [first]):
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # a metric that is no number warns of it in words of its own
            none = Resamples.none(fold.validation.m)
            value = measure.of(net, fold.validation, fold.target, 0.0, none)[0]
        if metric != "cost" and not math.isfinite(value):
            raise DataError(_no_number(metric, k, fold))
    return measure


def _no_number(metric: str, number: int, fold: Fold) -> str:
    """Say of a metric that it is no number on a fold, and why."""
    why = ""
    if fold.validation.m == 1:
        why = ", which holds one row"
    elif fold.target.task != "regression" and len(_present(fold.validation.Y)) == 1:
        why = ", which holds one class"
    return (
        f"metric {metric} is not a number on fold {number + 1}{why}; take fewer folds (--folds) or "
        "another metric"
    )


def _present(Y: Array) -> NDArray[np.int64]:
    """Return the numbers of the classes that some rows have, in ascending order."""
    return np.unique(_numbers(Y))


def _numbers(Y: Array) -> NDArray[np.int64]:
    """Return the number of each row's class."""
    dense = np.asarray(Y)
    return np.asarray(dense[0] > 0.5 if len(dense) == 1 else np.argmax(dense, axis=0), np.int64)


def _stages(
    table: Columns, material: Material, evaluation: Evaluation, base: Hyperparameters
) -> tuple[Stage, ...]:
    stages = []
    for k, ((train, _), fold) in enumerate(
        zip(material.division.folds, material.folds, strict=True)
    ):
        stopping = _stopping(table, train, evaluation, base, target=material.target, number=k)
        stages.append(Stage(k, fold, np.searchsorted(train, stopping)))
    return tuple(stages)


def _stopping(
    table: Columns,
    rows: Rows,
    evaluation: Evaluation,
    base: Hyperparameters,
    *,
    target: Target,
    number: int,
) -> Rows:
    """Return the rows of some training rows that nothing is learned from."""
    fraction, part = base.held_out(len(rows)), STOPPING + number
    apart = held_for(table, rows, evaluation, fraction, target=target, seed=base.seed, part=part)
    return apart[1]


def parted(
    table: Columns, plan: Plan, evaluation: Evaluation, base: Hyperparameters, *, stops: bool
) -> tuple[Columns, Plan]:
    """Return the whole table with a column that says which rows are for what, for the main job.

    Args:
        table: the rows, those beyond a sample too.
        plan: that of the ladder.
        evaluation: the folds.
        base: the hyperparameters that all rungs share.
        stops: whether rows are held out to stop by.
    """
    target = Target.fit(table[plan.target], plan.task)
    rows, test = rows_apart(table, plan, evaluation, base.seed)
    stopping = rows[:0]
    if stops:
        number = evaluation.folds * evaluation.repeats
        stopping = _stopping(table, rows, evaluation, base, target=target, number=number)
    division = Division(((np.setdiff1d(rows, stopping), stopping),), test)
    left_out = [*evaluation.columns, *([plan.split_column] if plan.split_column else [])]
    marked, name = with_parts(table, division, left_out)
    return marked, replace(plan, split_column=name, task=target.task)
