"""How a row of a table became a[0], and what the outputs say in the target's own words."""

import math
from collections.abc import Iterator
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
    rows: list[tuple[str, ...]] = []
    at = 0
    for name, encoding in preprocessing.encodings.items():
        features = encoding.features(name)
        values = X[at : at + len(features), row]
        at += len(features)
        if len(rows) < COLUMNS_TOLD:
            told = _features(features, values, isinstance(encoding, CategoryEncoding))
            rows.append((name, _value(columns[name], row), _rule(encoding), told))
    left = len(preprocessing.encodings) - len(rows)
    note = (
        f"and {left:,} more columns, by the same rules; their numbers are those of a[0]"
        if left
        else ""
    )
    return Grid(
        ("column", "in the table", "rule, learned in training", "units of a[0]"), tuple(rows), note
    )


def _value(column: Column, row: int) -> str:
    value = column.values[row]
    if value is None or (not isinstance(value, str) and math.isnan(value)):
        return "missing"
    if column.kind == "date":
        moment = datetime.fromtimestamp(float(value), UTC).replace(tzinfo=None)
        return (
            moment.isoformat(sep=" ", timespec="minutes")
            if float(value) % 86400
            else f"{moment:%Y-%m-%d}"
        )
    if column.kind == "boolean":
        return "yes" if value else "no"
    return str(value) if isinstance(value, str) else f"{float(value):.10g}".replace("-", "−")


def _rule(encoding: Encoding) -> str:
    missing = "; missing is 0, and an indicator of its own" if encoding.missing else ""
    match encoding:
        case NumberEncoding():
            rule = _standard(encoding.standard) if encoding.standard else "the number as it stands"
            return f"{rule}{missing}"
        case BooleanEncoding():
            return f"no is −1, yes is 1{missing}"
        case DateEncoding():
            cycles = "year, week and day" if encoding.hours else "year and week"
            places = f"sine and cosine of its place in {cycles}{missing}"
            return f"seconds since 1970: {_standard(encoding.standard)}; {places}"
        case CategoryEncoding():
            rest = ", the infrequent ones together" if encoding.infrequent else ""
            own = ", missing has a unit of its own" if encoding.missing else ""
            return f"one unit for each of {len(encoding.levels)} categories{rest}{own}: 1 where it stands"
    raise AssertionError(encoding)


def _standard(standard: Standard) -> str:
    return f"s = (x − {_number(standard.mean)}) / {_number(standard.scale)}, then s / √(1 + (s/3)²)"


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
    tell = _number_told if target.task == "regression" else _class_told
    told = tell(target, A, truth)
    rows = tuple(
        (label, *words, figure(float(losses[0, j])))
        for j, (label, words) in enumerate(zip(labels[:ROWS_TOLD], told, strict=False))
    )
    left = len(labels) - len(rows)
    return Grid(
        ("row", f"{target.name} is", *HEADINGS[target.task == "regression"], "loss"),
        rows,
        f"and {left:,} more rows" if left else "",
    )


HEADINGS = {True: ("predicted", "off by"), False: ("predicted", "probability", "right")}


def _number_told(
    target: Target, A: NDArray[np.float64], truth: Column
) -> Iterator[tuple[str, ...]]:
    """Say what is, what is predicted and what is between, in the target's own units."""
    for right, found in zip(truth.values.tolist(), target.decode(A).tolist(), strict=True):
        texts = (f"{right:.10g}", f"{found:.6g}", f"{found - right:+.4g}")
        yield tuple(text.replace("-", "−") for text in texts)


def _class_told(target: Target, A: NDArray[np.float64], truth: Column) -> Iterator[tuple[str, ...]]:
    """Say the class that is and the one predicted, how probable it was, and whether it is right."""
    shares, numbers = target.probabilities(A), target.class_numbers(truth)
    for j, said in enumerate(target.decode(A).tolist()):
        own, k = target.classes[int(numbers[j])], target.classes.index(said)
        verdict = "yes" if k == int(numbers[j]) else "no"
        yield str(own), str(said), f"{float(shares[j, k]):.4f}", verdict
