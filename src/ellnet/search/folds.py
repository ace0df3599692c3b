"""Which rows trials learn from and are compared on, and which no trial ever sees."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from ellnet.batches import split
from ellnet.columns import Columns
from ellnet.errors import DataError, HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.parts import Plan, Rows, part_rows, rows_of_part
from ellnet.randomness import Stream, words
from ellnet.targets import Target

__all__ = ["Division", "Evaluation", "divide", "held_for", "rows_apart"]

TEST, VALIDATION = 2, 3
"""Which split of the same rows a draw of groups is for."""

REPEAT = 0x9E3779B9
"""What the seed of the folds grows by from one repetition to the next; the first has the seed itself."""


@dataclass(frozen=True)
class Evaluation:
    """How trials are compared.

    Attributes:
        folds: 0 for rows held out once, else the number of folds.
        groups: a column whose rows of one value stay together; it is no input.
        time: a column that orders the rows: what is compared on comes later; it is no input.
        repeats: how often the rows are cut into folds, each time anew; folds in time can be cut once.

    Raises:
        HyperparameterError: one fold, groups and time at once, or repetitions of what is always the same.
    """

    folds: int = 0
    groups: str | None = None
    time: str | None = None
    repeats: int = 1

    def __post_init__(self) -> None:
        """Check what does not go together."""
        if self.folds < 0 or self.folds == 1:
            raise HyperparameterError(f"folds must be 0 (hold-out) or at least 2, got {self.folds}")
        if self.groups is not None and self.time is not None:
            raise HyperparameterError(
                "groups and time cannot both decide the folds; name one of them"
            )
        if self.repeats < 1:
            raise HyperparameterError(f"repeats must be at least 1, got {self.repeats}")
        if self.repeats > 1 and (self.folds == 0 or self.time is not None):
            what = "rows held out once" if self.folds == 0 else "folds in time"
            raise HyperparameterError(
                f"repeats must be 1 with {what}, which cannot be drawn anew, got {self.repeats}"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that decide, and are no inputs."""
        return tuple(name for name in (self.groups, self.time) if name is not None)


@dataclass(frozen=True, eq=False)
class Division:
    """Row numbers: of each fold those to learn from and those to compare on, and those of the test."""

    folds: tuple[tuple[Rows, Rows], ...]
    test: Rows


def divide(
    table: Columns,
    plan: Plan,
    evaluation: Evaluation,
    chosen: Hyperparameters,
    target: Target,
) -> Division:
    """Say which rows are for what.

    Args:
        table: the rows, target and deciding columns included.
        plan: the target, and what is held out for the test.
        evaluation: hold-out or folds.
        chosen: the seed, and the part held out for validation.
        target: what the target's column means.

    Raises:
        DataError: too few rows or groups for that.
    """
    if evaluation == Evaluation():
        parts = part_rows(table, plan, replace(chosen, early_stopping=True), target)
        if len(parts.validation) == 0 and chosen.validation_fraction == 0:
            raise DataError(
                "a search compares trials on rows held out, and validation_fraction is 0; give it a part "
                "of the rows, or use --folds 5"
            )
        if len(parts.validation) == 0:
            raise DataError(
                f"a search compares trials on rows held out, and {table.source} has too few for "
                "that; use --folds 5"
            )
        return Division(((parts.train, parts.validation),), parts.test)
    rows, test = rows_apart(table, plan, evaluation, chosen.seed)
    if evaluation.folds:
        seeds = [chosen.seed + REPEAT * k for k in range(evaluation.repeats)]
        cuts = [_folds(table, rows, evaluation, seed, target) for seed in seeds]
        return Division(tuple(fold for cut in cuts for fold in cut), test)
    fraction = chosen.held_out(len(rows)) or 0.2
    return Division(
        (_held(table, rows, evaluation, fraction, seed=chosen.seed, part=VALIDATION),), test
    )


def rows_apart(table: Columns, plan: Plan, evaluation: Evaluation, seed: int) -> tuple[Rows, Rows]:
    """Return the rows of the search, and those of the test.

    Raises:
        DataError: too few rows or groups for that.
        HyperparameterError: the target decides.
    """
    _check_not_the_target(plan, evaluation)
    if plan.split_column is not None:
        test = rows_of_part(table, plan.split_column, "test")
        return np.setdiff1d(np.arange(table.m), test), test
    rows = np.arange(table.m)
    if plan.test_size == 0:
        return rows, rows[:0]
    if evaluation.columns:
        return _held(table, rows, evaluation, plan.test_size, seed=seed, part=TEST)
    whole = Target.fit(table[plan.target], plan.task)
    parts = part_rows(table, plan, Hyperparameters(seed=seed, early_stopping=False), whole)
    return parts.train, parts.test


def held_for(
    table: Columns,
    rows: Rows,
    evaluation: Evaluation,
    fraction: float,
    *,
    target: Target,
    seed: int,
    part: int,
) -> tuple[Rows, Rows]:
    """Hold out a fraction of some rows: whole groups, what comes last, or each class in proportion.

    Args:
        table: the rows, target and deciding columns included.
        rows: those that are divided, in ascending order.
        evaluation: says whether groups or a time decide.
        fraction: the part held out, between 0 and 1.
        target: what the target's column means.
        seed: of the draw.
        part: which draw of the seed it is.

    Raises:
        DataError: too few rows or groups for that.
    """
    if evaluation.columns:
        return _held(table, rows, evaluation, fraction, seed=seed, part=part)
    labels = None
    if target.task != "regression":
        numbers = target.class_numbers(table[target.name])[rows]
        labels = np.asarray(np.unique(numbers, return_inverse=True)[1], np.int64)
    parts = split(len(rows), fraction, seed, labels, part=part)
    return rows[parts.train], rows[parts.held_out]


def _held(
    table: Columns,
    rows: Rows,
    evaluation: Evaluation,
    fraction: float,
    *,
    seed: int,
    part: int,
) -> tuple[Rows, Rows]:
    """Hold out whole groups, or what comes last."""
    if evaluation.groups is not None:
        held = _of_groups(_groups(table, evaluation.groups, rows), fraction, seed, part)
    else:
        times = _times(table, evaluation.time or "", rows)
        cut = np.sort(times)[min(len(rows) - 1, max(1, round(len(rows) * (1 - fraction))))]
        held = times >= cut
    if held.all() or not held.any():
        raise DataError(_cannot_hold(table, rows, evaluation, fraction, part))
    return rows[~held], rows[held]


def _cannot_hold(
    table: Columns, rows: Rows, evaluation: Evaluation, fraction: float, part: int
) -> str:
    """Say of a deciding column how many values it has, and what else may be held out."""
    name = evaluation.columns[0]
    found = len(np.unique(_groups(table, name, rows)))
    other = f"name another column with --{'time' if evaluation.groups is None else 'groups'}"
    option = {TEST: "--test-size", VALIDATION: "--validation-fraction"}.get(part)
    if found == 1 and part == VALIDATION:
        other += ", or hold none out for the test with --test-size 0"
    elif found > 1 and option is not None:
        other += f", or hold out a smaller part with {option}"
    return (
        f"rows of one value of column {name!r} stay together, and holding out {fraction:g} of "
        f"{len(rows)} rows must leave some to learn from; got {found} different "
        f"value{'s' if found > 1 else ''}; {other}"
    )


def _check_not_the_target(plan: Plan, evaluation: Evaluation) -> None:
    """Refuse the target as the column that decides: no class of it would be learned and compared."""
    if plan.target in evaluation.columns:
        option = "groups" if evaluation.groups == plan.target else "time"
        raise HyperparameterError(
            f"{option} must be another column than the target, got {plan.target!r}, which is what is "
            f"predicted; name another with --{option}, or leave it away"
        )


def _of_groups(
    groups: NDArray[np.int64], fraction: float, seed: int, part: int
) -> NDArray[np.bool_]:
    """Take groups in a random order until the fraction of the rows is reached."""
    counts = np.bincount(groups)
    order = np.argsort(words(len(counts), seed, Stream.SPLIT, step=part), kind="stable")
    before = np.cumsum(counts[order]) - counts[order]
    taken = order[before < fraction * len(groups)]
    return np.asarray(np.isin(groups, taken))


def _folds(
    table: Columns, rows: Rows, evaluation: Evaluation, seed: int, target: Target
) -> tuple[tuple[Rows, Rows], ...]:
    """Cut the rows of the search into folds."""
    k = evaluation.folds
    groups = None
    if evaluation.groups is not None:
        groups = _groups(table, evaluation.groups, rows)
    labels = np.zeros(len(rows), np.int64)
    if target.task != "regression":
        labels = target.class_numbers(table[target.name])[rows]
    _check_enough(table, evaluation, target, labels, groups)
    if evaluation.time is not None:
        return _folds_in_time(rows, _times(table, evaluation.time, rows), evaluation)
    splitter = _splitter(evaluation, seed % 2**32, classes=target.task != "regression")
    try:
        parts = list(splitter.split(rows, labels, groups))
    except ValueError as error:
        raise DataError(f"{table.source} cannot be cut into {k} folds: {error}") from None
    return tuple((np.sort(rows[train]), np.sort(rows[held])) for train, held in parts)


def _folds_in_time(
    rows: Rows, times: NDArray[np.float64], evaluation: Evaluation
) -> tuple[tuple[Rows, Rows], ...]:
    """Cut the rows into parts as even as the times allow, one more than folds.

    Each but the first is judged on, after learning from all before it. Rows of one time stay together, so
    that what is judged on comes later.
    """
    k, order = evaluation.folds, np.argsort(times, kind="stable")
    begins = np.flatnonzero(np.diff(times[order])) + 1
    if len(begins) < k:
        raise DataError(
            f"column {evaluation.time!r} must have at least {k + 1} different times to be cut into {k} "
            f"folds, got {len(begins) + 1}; take fewer folds (--folds)"
        )
    size, cuts, first = len(rows) // (k + 1), list[int](), 0
    for fold in range(k):
        allowed = begins[first : len(begins) - (k - 1 - fold)]
        nearest = int(np.argmin(np.abs(allowed - (len(rows) - (k - fold) * size))))
        cuts.append(int(allowed[nearest]))
        first += nearest + 1
    ends = [*cuts[1:], len(rows)]
    ordered = rows[order]
    pairs = zip(cuts, ends, strict=True)
    return tuple((np.sort(ordered[:cut]), np.sort(ordered[cut:end])) for cut, end in pairs)


def _check_enough(
    table: Columns,
    evaluation: Evaluation,
    target: Target,
    labels: NDArray[np.int64],
    groups: NDArray[np.int64] | None,
) -> None:
    """Refuse rows, groups or classes that are too few for the folds."""
    k = evaluation.folds
    if len(labels) < k + (evaluation.time is not None):
        raise DataError(
            f"{table.source} has {len(labels)} rows to cut into folds, too few for {k} of them; take "
            "fewer folds (--folds) or give more rows"
        )
    cannot = f"{table.source} cannot be cut into {k} folds"
    if groups is not None and (found := len(np.unique(groups))) < k:
        raise DataError(
            f"{cannot}: column {evaluation.groups!r} must have a group for each, got {found}; take fewer "
            "folds (--folds)"
        )
    if target.task == "regression" or evaluation.time is not None:
        return
    counts = np.bincount(labels)
    largest = int(np.argmax(counts))
    if counts[largest] < k:
        raise DataError(
            f"{cannot}: the largest class must have a row for each, got {counts[largest]} of class "
            f"{target.classes[largest]!r}; take fewer folds (--folds) or give more rows"
        )


def _splitter(evaluation: Evaluation, seed: int, *, classes: bool) -> Any:
    k = evaluation.folds
    if evaluation.groups is not None:
        kind = StratifiedGroupKFold if classes else GroupKFold
        return kind(k, shuffle=True, random_state=seed)
    return (StratifiedKFold if classes else KFold)(k, shuffle=True, random_state=seed)


def _groups(table: Columns, name: str, rows: Rows) -> NDArray[np.int64]:
    """Return the number of each row's group; what is missing is a group of its own."""
    column = table[name]
    values = ["" if gone else str(v) for v, gone in zip(column.values, column.missing, strict=True)]
    return np.asarray(np.unique(np.array(values)[rows], return_inverse=True)[1], np.int64)


def _times(table: Columns, name: str, rows: Rows) -> NDArray[np.float64]:
    column = table[name]
    if column.kind == "category":
        raise DataError(
            f"column {name!r} must hold dates or numbers to order the rows by, got categories"
        )
    if column.missing[rows].any():
        row = int(rows[np.flatnonzero(column.missing[rows])[0]])
        raise DataError(
            f"column {name!r} must say of every row when it was, got nothing in {table.where(row)}"
        )
    return np.asarray(column.values[rows], np.float64)
