"""How a row of a table became a[0], and what the outputs say in the target's own words."""

import math
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ellnet.columns import Column
from ellnet.encodings import (
    BooleanEncoding,
    CategoryEncoding,
    DateEncoding,
    Encoding,
    NumberEncoding,
    Standard,
)
from ellnet.explain.figures import figure
from ellnet.explain.sheet import Grid
from ellnet.preprocessing import Preprocessing
from ellnet.targets import Target

__all__ = ["output_names", "predictions", "row_story"]

COLUMNS_TOLD = 40
"""Columns of a table whose way to a[0] is told."""

ROWS_TOLD = 64


def row_story(
    preprocessing: Preprocessing, columns: dict[str, Column], X: NDArray[np.float64], row: int
) -> Grid:
    """Return how one row became a[0]: each column's value, the rule, and its features with their numbers.

    Args:
        preprocessing: the model's.
        columns: the table's columns by name, with the rows that are shown.
        X: A[0], (n[0], m).
        row: which of the m rows.
    """
    rows, at = [], 0
    for name, encoding in preprocessing.encodings.items():
        features = encoding.features(name)
        values = X[at : at + len(features), row]
        at += len(features)
        if len(rows) < COLUMNS_TOLD:
            told = _features(features, values, isinstance(encoding, CategoryEncoding))
            rows.append((name, _value(columns[name], row), _rule(encoding), told))
    left = len(preprocessing.encodings) - len(rows)
    note = f"and {left:,} more columns, by the same rules; their numbers are those of a[0]" if left else ""
    return Grid(("column", "in the table", "rule, learned in training", "units of a[0]"), tuple(rows), note)


def _value(column: Column, row: int) -> str:
    value = column.values[row]
    if value is None or (not isinstance(value, str) and math.isnan(value)):
        return "missing"
    if column.kind == "date":
        moment = datetime.fromtimestamp(float(value), UTC)
        return moment.isoformat(sep=" ", timespec="minutes") if float(value) % 86400 else f"{moment:%Y-%m-%d}"
    if column.kind == "boolean":
        return "yes" if value else "no"
    return str(value) if isinstance(value, str) else f"{float(value):.10g}".replace("-", "−")


def _rule(encoding: Encoding) -> str:
    missing = "; missing is 0, and an indicator of its own" if encoding.missing else ""
    match encoding:
        case NumberEncoding():
            return f"{_standard(encoding.standard)}{missing}"
        case BooleanEncoding():
            return f"no is −1, yes is 1{missing}"
        case DateEncoding():
            cycles = "year, week and day" if encoding.hours else "year and week"
            return f"seconds since 1970: {_standard(encoding.standard)}; sine and cosine of its place in {cycles}{missing}"
        case CategoryEncoding():
            rest = ", the infrequent ones together" if encoding.infrequent else ""
            own = ", missing has a unit of its own" if encoding.missing else ""
            return f"one unit for each of {len(encoding.levels)} categories{rest}{own}: 1 where it stands"
    raise AssertionError(encoding)


def _standard(standard: Standard) -> str:
    return (
        f"s = (x − {_number(standard.mean)}) / {_number(standard.scale)}, then s / √(1 + (s/3)²)"
    )


def _number(x: float) -> str:
    text = figure(x)
    return f"({text})" if text.startswith("−") else text


def _features(names: tuple[str, ...], values: NDArray[np.float64], category: bool) -> str:
    """Name the units with their numbers; of a category the one that is 1."""
    pairs = list(zip(names, values.tolist(), strict=True))
    if category:
        pairs = [pair for pair in pairs if pair[1] != 0] or [("none of its units", 0.0)]
    return ", ".join(f"{name} = {figure(value)}" for name, value in pairs)


def output_names(target: Target, units: int) -> tuple[str, ...]:
    """Return names of the output units: the classes, or what a single unit is the probability of."""
    if target.task == "multiclass":
        return tuple(str(label) for label in target.classes)
    if target.task == "binary":
        return (f"p({target.classes[1]})",)
    return (target.name,) * (units == 1)


def predictions(
    target: Target,
    A: NDArray[np.float64],
    truth: Column,
    labels: tuple[str, ...],
    losses: NDArray[np.float64],
) -> Grid:
    """Return what the network says of each row, in the target's own words, beside the truth.

    Args:
        target: the model's.
        A: A[L] as the model predicts, without dropout, (n[L], m).
        truth: the target's column of these rows.
        labels: what the rows are called.
        losses: of each, (1, m).
    """
    said = target.decode(A)
    rows = []
    if target.task == "regression":
        headings = ("row", f"{target.name} is", "predicted", "off by", "loss")
        for j, label in enumerate(labels[:ROWS_TOLD]):
            right, found = float(truth.values[j]), float(said[j])
            rows.append((label, f"{right:g}", f"{found:.6g}", f"{found - right:+.4g}", figure(float(losses[0, j]))))
    else:
        headings = ("row", f"{target.name} is", "predicted", "probability", "right", "loss")
        shares, numbers = target.probabilities(A), target.class_numbers(truth)
        for j, label in enumerate(labels[:ROWS_TOLD]):
            own = target.classes[int(numbers[j])]
            k = target.classes.index(said[j].item() if hasattr(said[j], "item") else said[j])
            rows.append(
                (label, str(own), str(said[j]), f"{float(shares[j, k]):.4f}", "yes" if own == target.classes[k] else "no", figure(float(losses[0, j])))
            )
    left = len(labels) - len(rows)
    note = f"and {left:,} more rows" if left else ""
    return Grid(headings, tuple(tuple(cell.replace("-", "−") if k > 1 and cell[:1] in "-0123456789" else cell for k, cell in enumerate(row)) for row in rows), note)
