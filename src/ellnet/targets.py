"""Target: what a network's outputs mean, and back."""

import math
import warnings
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from ellnet.columns import Column
from ellnet.errors import CorruptFileError, DataError, EllnetWarning, HyperparameterError
from ellnet.strict_json import Fields

__all__ = ["Label", "Target", "Task", "check_counts"]

Task = Literal["binary", "multiclass", "regression"]
Label = bool | int | float | str

MAX_INFERRED_CLASSES = 20
"""Whole numbers with so many values or fewer are taken for classes, with more for a quantity."""

EXACT = 2.0**53
"""Whole numbers below it have a float64 of their own."""

SHOWN = 3


@dataclass(frozen=True)
class Target:
    """The column to predict.

    Attributes:
        name: its name.
        task: "binary" (one sigmoid unit), "multiclass" (a softmax unit a class) or "regression".
        classes: the labels, sorted; empty for a regression.
        mean: mean of the training part of a regression, in the target's own units.
        scale: its standard deviation; 1 where all values are the same.
    """

    name: str
    task: Task
    classes: tuple[Label, ...] = ()
    mean: float = 0.0
    scale: float = 1.0

    @classmethod
    def fit(cls, column: Column, task: str | None = None, *, counts: bool = False) -> Self:
        """Infer the task, and learn the classes or the scale from the training part.

        Categories and booleans are classes; so are whole numbers with at most 20 different values;
        other numbers are a regression.

        Args:
            column: the target.
            task: "classification", "binary", "multiclass" or "regression", said instead.
            counts: whether the numbers of a regression are counts, which stay as they are.

        Raises:
            DataError: a missing or infinite value, a single class, dates, a count below 0; names rows.
            HyperparameterError: a task that does not go with the column.
        """
        _check_values(column)
        chosen = _task(column, task)
        if chosen == "regression":
            if counts:
                check_counts(column)
            mean, scale = (0.0, 1.0) if counts else _mean_and_scale(column)
            return cls(column.name, "regression", (), mean, scale)
        labels, rows = np.unique(_labels(column), return_counts=True)
        _check_classes(column.name, labels, rows)
        binary = len(labels) == 2 and chosen != "multiclass"
        if chosen == "binary" and not binary:
            raise HyperparameterError(
                f"task binary needs two classes, got {len(labels)} in column {column.name!r}"
            )
        return cls(column.name, "binary" if binary else "multiclass", tuple(labels.tolist()))

    def encode(self, column: Column) -> NDArray[np.float64]:
        """Return Y (n[L], m): 0 or 1, one-hot, or standardised, one example a column.

        Raises:
            DataError: a missing or infinite value, or a class that training never saw; names rows.
        """
        if self.task == "regression":
            _check_values(column)
            if column.kind != "number":
                raise DataError(
                    f"target {self.name!r} must hold numbers, as in training, got {column.kind}"
                )
            return (column.values / self.scale - self.mean / self.scale)[None, :]
        numbers = self.class_numbers(column)
        if self.task == "binary":
            return numbers[None, :].astype(np.float64)
        return np.equal(np.arange(len(self.classes))[:, None], numbers).astype(np.float64)

    def class_numbers(self, column: Column) -> NDArray[np.int64]:
        """Return the number (m,) of each row's class in `classes`.

        Raises:
            DataError: a missing value, or a class that training never saw; names rows.
        """
        _check_values(column)
        numbers = {label: k for k, label in enumerate(self.classes)}
        found = [numbers.get(label, -1) for label in _labels(column).tolist()]
        result = np.array(found, np.int64)
        unseen = np.flatnonzero(result < 0)
        if len(unseen):
            shown = ", ".join(repr(label) for label in self.classes[:12])
            raise DataError(
                f"target {self.name!r} must be one of the classes of training ({shown}), got "
                f"{column.values[unseen[0]]!r} in row {unseen[0]}"
            )
        return result

    def decode(self, A: NDArray[Any]) -> NDArray[Any]:
        """Return the predictions (m,) that the outputs A (n[L], m) stand for."""
        if self.task == "regression":
            return np.asarray(A[0], np.float64) * self.scale + self.mean
        numbers = (A[0] > 0.5).astype(np.int64) if self.task == "binary" else np.argmax(A, axis=0)
        return np.asarray(np.array(self.classes)[numbers])

    def probabilities(self, A: NDArray[Any]) -> NDArray[Any]:
        """Return the probability of each class (m, classes) that the outputs A (n[L], m) stand for."""
        if self.task == "binary":
            return np.stack([1.0 - A[0], A[0]], axis=1)
        return np.ascontiguousarray(A.T)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return {**vars(self), "classes": list(self.classes)}

    @classmethod
    def from_json(cls, values: object) -> Self:
        """Build from what `to_json` gives.

        Raises:
            CorruptFileError: a field that is missing, unknown or of the wrong type; names it.
        """
        fields = Fields(values, "target")
        target = cls(
            fields.text("name"),
            fields.one_of("task", get_args(Task)),  # type: ignore[arg-type]
            tuple(fields.items("classes")),
            fields.number("mean"),
            fields.number("scale"),
        )
        fields.done()
        _check_stored(target)
        return target


def _check_stored(target: Target) -> None:
    """Refuse a stored target whose fields contradict one another."""
    kinds = {type(label) for label in target.classes}
    least = {"binary": 2, "multiclass": 2, "regression": 0}[target.task]
    most = {"binary": 2, "multiclass": math.inf, "regression": 0}[target.task]
    if (
        not least <= len(target.classes) <= most
        or len(kinds) > 1
        or kinds - {bool, int, float, str}
    ):
        raise CorruptFileError(f"target: classes do not go with the task {target.task}")
    if list(target.classes) != sorted(set(target.classes)):
        raise CorruptFileError("target: classes must be sorted, each once")
    if target.scale <= 0:
        raise CorruptFileError(f"target: scale must be above 0, got {target.scale}")


def _where(rows: NDArray[np.int64]) -> str:
    shown = ", ".join(str(row) for row in rows[:SHOWN].tolist())
    return f"row{'s' if len(rows) > 1 else ''} {shown}{', ...' if len(rows) > SHOWN else ''}"


def _check_values(column: Column) -> None:
    """Refuse what can be no target."""
    if column.kind == "date":
        raise DataError(
            f"target {column.name!r} holds dates, which cannot be predicted; make a number of them"
        )
    missing = np.flatnonzero(column.missing)
    if len(missing):
        raise DataError(
            f"target {column.name!r} must have a value in every row, got {len(missing)} missing: "
            f"{_where(missing)}; take those rows out"
        )
    if column.kind == "category":
        return
    infinite = np.flatnonzero(np.isinf(column.values))
    if len(infinite):
        raise DataError(
            f"target {column.name!r} must hold finite numbers, got {len(infinite)} infinite: "
            f"{_where(infinite)}; take those rows out"
        )


def _task(column: Column, task: str | None) -> str:
    """Return "regression", "classification", "binary" or "multiclass"."""
    if task not in {None, "classification", *get_args(Task)}:
        raise HyperparameterError(
            f"task must be classification, regression, binary or multiclass, got {task!r}"
        )
    if task == "regression" and column.kind != "number":
        raise HyperparameterError(
            f"task regression needs numbers to predict, and target {column.name!r} holds "
            f"{'categories' if column.kind == 'category' else 'yes and no'}"
        )
    if task is not None:
        return task
    if column.kind != "number":
        return "classification"
    whole = bool(np.all(column.values == np.floor(column.values)))
    few = len(np.unique(column.values)) <= MAX_INFERRED_CLASSES
    return "classification" if whole and few else "regression"


def _labels(column: Column) -> NDArray[Any]:
    """Return the labels (m,) in their own kind: whole numbers are integers."""
    if column.kind == "boolean":
        return column.values.astype(bool)
    if column.kind == "number":
        values = column.values
        whole = np.all(values == np.floor(values)) and np.all(np.abs(values) < EXACT)
        return values.astype(np.int64) if whole else values
    return np.array([str(value) for value in column.values])


def check_counts(column: Column) -> None:
    """Refuse a number below 0 in a target of counts.

    Raises:
        DataError: names the first row of them.
    """
    below = np.flatnonzero(np.asarray(column.values) < 0)
    if len(below):
        raise DataError(
            f"target {column.name!r} must hold counts of at least 0, which the cost poisson takes, "
            f"got {column.values[below[0]]:g} in row {below[0]}"
        )


def _check_classes(name: str, labels: NDArray[Any], counts: NDArray[np.int64]) -> None:
    if len(labels) == 1:
        if counts[0] == 1:
            raise DataError(f"target {name!r} has 1 row; training needs at least 2")
        raise DataError(
            f"target {name!r} must have at least two classes, got {labels.tolist()[0]!r} in every "
            "row"
        )
    rare = labels[counts == 1].tolist()
    if rare:
        warnings.warn(
            f"target {name!r} has {len(rare)} classes with a single row, such as {rare[0]!r}: "
            "nothing can be held out of them",
            EllnetWarning,
            stacklevel=3,
        )


def _mean_and_scale(column: Column) -> tuple[float, float]:
    """Return mean and standard deviation, whatever the size of the values."""
    largest = float(np.max(np.abs(column.values))) or 1.0
    scaled = column.values / largest
    deviation = float(np.std(scaled)) * largest
    if np.ptp(scaled) == 0:
        warnings.warn(
            f"target {column.name!r} has the same value in every row: there is nothing to learn",
            EllnetWarning,
            stacklevel=3,
        )
        return float(column.values[0]), 1.0
    return float(np.mean(scaled)) * largest, deviation
