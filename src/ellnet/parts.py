"""Parts: which rows of a table are for training, for validation and for the test."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ellnet.batches import split
from ellnet.columns import Columns
from ellnet.errors import DataError, EllnetWarning, HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.targets import Target

__all__ = ["Parts", "Plan", "Rows", "part_rows", "rows_of_part"]

FEW_ROWS = 20
"""Below so many training rows none is held out for validation."""

PART_NAMES = {
    "train": "train",
    "training": "train",
    "test": "test",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
}
TEST_SPLIT, VALIDATION_SPLIT = 0, 1

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """What to learn from a table.

    Attributes:
        target: the column to predict.
        task: "classification", "regression", "binary", "multiclass"; None to infer it.
        test_size: the part of the rows held out for the test; 0 for none.
        split_column: the column that says train, test or validation of each row, instead.
    """

    target: str
    task: str | None = None
    test_size: float = 0.2
    split_column: str | None = None


@dataclass(frozen=True, eq=False)
class Parts:
    """Row numbers of each part of a table."""

    train: Rows
    validation: Rows
    test: Rows


def part_rows(
    table: Columns, plan: Plan, hyperparameters: Hyperparameters, target: Target
) -> Parts:
    """Say which rows are for training, for validation and for the test.

    Args:
        table: the rows, target included.
        plan: how to split.
        hyperparameters: the seed, and what is wanted for validation.
        target: what the target's column means, learned on all rows.

    Raises:
        DataError: too few rows, or a split column with another word in it.
    """
    regression = target.task == "regression"
    labels = None if regression else target.class_numbers(table[plan.target])
    if plan.split_column is not None:
        return _by_column(table, plan, labels, hyperparameters)
    rows = np.arange(table.m)
    test = rows[:0]
    if plan.test_size > 0:
        held = split(table.m, plan.test_size, hyperparameters.seed, labels, part=TEST_SPLIT)
        rows, test = held.train, held.held_out
    return _with_validation(rows, test, labels, hyperparameters)


def _by_column(
    table: Columns,
    plan: Plan,
    labels: NDArray[np.int64] | None,
    hyperparameters: Hyperparameters,
) -> Parts:
    """Read the parts from a column of the table."""
    name = plan.split_column or ""
    if name == plan.target:
        raise HyperparameterError(
            f"split_column and target must be two columns, got {name!r} for both"
        )
    train, validation, test = (
        rows_of_part(table, name, part) for part in ("train", "validation", "test")
    )
    if len(train) == 0:
        raise DataError(
            f"column {name!r} of {table.source} must call some rows train, got none to train on"
        )
    if len(validation):
        return Parts(train, validation, test)
    return _with_validation(train, test, labels, hyperparameters)


def rows_of_part(table: Columns, name: str, part: str) -> Rows:
    """Return the rows that column `name` calls `part`: train, validation or test.

    Raises:
        DataError: another word stands in the column; names the row.
    """
    words = [_part(table, name, row, value) for row, value in enumerate(table[name].values)]
    return np.flatnonzero(np.array(words) == part)


def _part(table: Columns, name: str, row: int, value: object) -> str:
    part = PART_NAMES.get(str(value).strip().lower())
    if part is None:
        said = value.item() if isinstance(value, np.generic) else value
        raise DataError(
            f"column {name!r} must say train, validation or test in every row, "
            f"got {said!r} in {table.where(row)}"
        )
    return part


def _with_validation(
    rows: Rows, test: Rows, labels: NDArray[np.int64] | None, hyperparameters: Hyperparameters
) -> Parts:
    """Hold out some of the training rows for validation, where early stopping wants them."""
    fraction = hyperparameters.held_out(len(rows))
    none = Parts(rows, rows[:0], test)
    if fraction == 0:
        return none
    if len(rows) < FEW_ROWS:
        return _unvalidated(none, f"there are only {len(rows)} rows to train on")
    inner = None if labels is None else np.unique(labels[rows], return_inverse=True)[1]
    try:
        held = split(len(rows), fraction, hyperparameters.seed, inner, part=VALIDATION_SPLIT)
    except DataError as error:
        return _unvalidated(none, str(error))
    return Parts(rows[held.train], rows[held.held_out], test)


def _unvalidated(parts: Parts, why: str) -> Parts:
    warnings.warn(
        f"no rows are held out for validation, and all epochs will be run: {why}",
        EllnetWarning,
        stacklevel=2,
    )
    return parts
