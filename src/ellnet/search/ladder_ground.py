"""What a ladder stands on: the folds, the rows that say when to stop, and what is compared."""

import math
from dataclasses import dataclass, replace

import numpy as np

from ellnet.columns import Columns
from ellnet.hyperparameters import Hyperparameters
from ellnet.parts import Plan, Rows
from ellnet.search.folds import Division, Evaluation, held_for, rows_apart
from ellnet.search.ladder_rungs import sizes_of
from ellnet.search.ladder_trial import Stage
from ellnet.search.ladder_verdict import Test
from ellnet.search.material import Material, prepare, with_parts
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

    It is tried on a network as it begins, so that one that does not go with the task is refused now.
    """
    name = metric
    if metric == "cost":
        name = "rmse" if material.target.task == "regression" else "accuracy"
    measure, fold = measure_of(name, material.target), material.folds[0]
    begun = replace(base, hidden=()).resolved(fold.learned.m)
    net = network_for(fold.learned, fold.target, begun)
    measure.of(net, fold.validation, fold.target, 0.0, Resamples.none(fold.validation.m))
    return measure


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
