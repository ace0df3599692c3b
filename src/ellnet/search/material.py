"""A table made ready for all trials, once: examples of every fold, which trials share and never copy."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ellnet.batches import Examples
from ellnet.columns import Column, Columns
from ellnet.errors import DataError
from ellnet.hyperparameters import Hyperparameters
from ellnet.parts import Plan, Rows
from ellnet.preprocessing import Preprocessing
from ellnet.search.folds import Division, Evaluation, divide
from ellnet.targets import Target

__all__ = ["Fold", "Material", "fingerprint", "prepare", "with_parts"]

Precision = Literal["float32", "float64"]

PART = "ellnet part"
"""The column that tells the main job which rows are for what, as the winner is refitted."""


@dataclass(frozen=True, eq=False)
class Fold:
    """Examples to learn from, and those to compare on; scaling and units were learned on the former."""

    learned: Examples
    validation: Examples
    target: Target


@dataclass(frozen=True, eq=False)
class Material:
    """All that trials share.

    Attributes:
        target: what the target's column means.
        folds: one for a hold-out.
        division: the row numbers of each fold and of the test.
    """

    target: Target
    folds: tuple[Fold, ...]
    division: Division


def prepare(
    table: Columns, plan: Plan, evaluation: Evaluation, chosen: Hyperparameters
) -> Material:
    """Divide the rows and make examples of them.

    Args:
        table: the rows, target and deciding columns included.
        plan: what to predict, and what is held out for the test.
        evaluation: how trials are compared.
        chosen: seed, precision, cost and part held out, which all trials share.

    Raises:
        DataError: a table that cannot be searched on; names the column and the row.
    """
    for name in evaluation.columns:
        table[name]
    counts = chosen.cost == "poisson"
    y = table[plan.target]
    task = plan.task or ("regression" if counts else None)
    whole = Target.fit(y, task, counts=counts)
    division = divide(table, plan, evaluation, chosen, whole)
    left_out = [
        plan.target,
        *evaluation.columns,
        *([plan.split_column] if plan.split_column else []),
    ]
    inputs = table.drop(list(dict.fromkeys(left_out)))
    folds = []
    for train, held in division.folds:
        _check_classes(whole, y, train)
        target = whole
        if whole.task == "regression":
            target = Target.fit(y.take(train), whole.task, counts=counts)
        folds.append(_fold(inputs, y, target, (train, held), chosen.dtype))
    return Material(whole, tuple(folds), division)


def _fold(
    inputs: Columns, y: Column, target: Target, rows: tuple[Rows, Rows], dtype: Precision
) -> Fold:
    """Learn on the training rows how rows become examples, and make them."""
    scaling = Preprocessing.fit(inputs.take(rows[0]), dtype=dtype)
    learned, validation = (
        Examples(
            scaling.transform(inputs.take(part), unseen="ignore").T,
            target.encode(y.take(part)).astype(dtype),
        )
        for part in rows
    )
    return Fold(learned, validation, target)


def _check_classes(target: Target, y: Column, train: Rows) -> None:
    if target.task == "regression":
        return
    there = np.unique(target.class_numbers(y.take(train)))
    lacking = np.setdiff1d(np.arange(len(target.classes)), there)
    if len(lacking):
        raise DataError(
            f"every class of target {target.name!r} must have a row to learn from in each fold, got "
            f"none of {target.classes[lacking[0]]!r}; take fewer folds, or its rows out"
        )


def fingerprint(table: Columns) -> str:
    """Return a digest of a table's names, kinds and values: another table is another search."""
    digest = hashlib.sha256(f"{table.m}".encode())
    for column in table.columns.values():
        digest.update(f"{column.name!r} {column.kind}\n".encode())
        digest.update(_bytes(column.values))
    return digest.hexdigest()


def _bytes(values: NDArray[Any]) -> bytes:
    if values.dtype == object:
        return repr(values.tolist()).encode(errors="surrogatepass")
    return np.ascontiguousarray(values).tobytes()


def with_parts(table: Columns, division: Division, left_out: Iterable[str]) -> tuple[Columns, str]:
    """Return the table with a column that says of each row what it is for, and the column's name.

    Of a hold-out the winner keeps the very rows; of folds all rows of the search are for training,
    where the main job holds some out for early stopping.
    """
    words = np.full(table.m, "train", object)
    if len(division.folds) == 1:
        words[division.folds[0][1]] = "validation"
    words[division.test] = "test"
    name = PART
    while name in table.names:
        name += "_"
    kept = table.drop(list(dict.fromkeys(left_out)))
    columns = [*kept.columns.values(), Column(name, "category", words)]
    return Columns.of(columns, table.source, table.first_line), name
