"""What a network of a table responds to: input gradients, permutation importance, partial dependence.

The last two are scikit-learn's own. It is handed the table as one matrix of numbers, which it permutes
and sets as it does with any other, and in which categories are the numbers of their names.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import partial_dependence, permutation_importance

from ellnet.columns import Column, Columns, suggestion
from ellnet.engines.recursion import forward
from ellnet.errors import DataError
from ellnet.explain.responses_ascent import input_gradients
from ellnet.explain.responses_subject import inputs_of, names_of, network_of, targets_of
from ellnet.models import Model
from ellnet.network import Network
from ellnet.preprocessing import Preprocessing
from ellnet.tables import from_frame

__all__ = ["Dependence", "Influence", "dependence", "influence"]

Matrix = NDArray[np.float64]

AT_MOST = 2000
"""Rows that are looked at, evenly spaced where there are more."""

AT_LEAST, ENTRIES = 200, 400_000
"""Of a wide table fewer, so that there are not many more entries than that."""

MISSING = "missing"
"""What the category of rows that have none is called."""


@dataclass(frozen=True, eq=False)
class Influence:
    """How much each column of a table matters to a network.

    Attributes:
        names: the columns, (k,).
        importance: how far the score falls when the column is shuffled, mean over the repeats, (k,).
        spread: its standard deviation over the repeats, (k,).
        scoring: the score: "accuracy" where the cost is a cross-entropy, else "r2".
        score: the score before.
        sensitivity: how far the outputs z[L] move for one standard deviation of the column, (k,):
            |da[0]| times the deviation, root of the mean square over the examples.
        rows: how many rows were looked at.
    """

    names: tuple[str, ...]
    importance: Matrix
    spread: Matrix
    scoring: str
    score: float
    sensitivity: Matrix
    rows: int

    def order(self) -> list[int]:
        """Return the numbers of the columns, the most important first."""
        return [int(k) for k in np.argsort(-self.importance, kind="stable")]


@dataclass(frozen=True, eq=False)
class Dependence:
    """The mean prediction over a table's rows, as one column takes one value after another.

    Attributes:
        name: the column.
        grid: its values, (g,): numbers, or names of categories.
        outputs: what the predictions are of: classes, or the target; one name a row of `values`.
        values: the mean predictions, (outputs, g).
    """

    name: str
    grid: tuple[float, ...] | tuple[str, ...]
    outputs: tuple[str, ...]
    values: Matrix


def influence(
    subject: object, X: Any, y: Any = None, *, repeats: int = 5, seed: int = 0
) -> Influence:
    """Return how much each column matters, by permutation importance and by input gradients.

    Args:
        subject: a Model, a fitted estimator of ellnet's, or a Network.
        X: the rows: for a Model a frame with its target's column, for an estimator (m, n[0]), for a
            Network A[0] (n[0], m).
        y: the truth (m,) for an estimator, Y (n[L], m) for a Network; nothing for a Model.
        repeats: how often each column is shuffled.
        seed: of scikit-learn's shuffling.

    Raises:
        DataError: a table that does not fit, or a truth that is missing.
    """
    if y is None and not isinstance(subject, Model):
        raise DataError("permutation importance needs the truth: pass y beside X")
    table = _table_of(subject, X)
    Y = targets_of(subject, X if isinstance(subject, Model) else y)
    if Y.shape[1] != table.m:
        raise DataError(f"X and y must have as many rows, got {table.m} and {Y.shape[1]}")
    matrix, truth = table.matrix, Y[:, table.rows].T
    found = permutation_importance(
        _Regressor(table),
        matrix,
        truth,
        scoring=lambda adapter, shuffled, y: _score(table.net, adapter.outputs(shuffled), y),
        n_repeats=repeats,
        random_state=seed,
    )
    return Influence(
        table.names,
        np.asarray(found.importances_mean),
        np.asarray(found.importances_std),
        "accuracy" if _classifies(table.net) else "r2",
        _score(table.net, table.outputs(matrix), truth),
        _sensitivity(table, table.inputs(matrix)),
        len(matrix),
    )


def dependence(subject: object, X: Any, column: str, *, grid: int = 30) -> Dependence:
    """Return how the mean prediction depends on one column, scikit-learn's partial dependence.

    Numbers run from their 5 % to their 95 % quantile; rows where the column is missing are left out.
    Categories are taken one by one.

    Args:
        subject: a Model, a fitted estimator of ellnet's, or a Network.
        X: the rows, as for `influence`; the truth is not needed.
        column: its name; x0, x1, ... where there are no names.
        grid: how many values of a number.

    Raises:
        DataError: there is no such column, it has no value, or the table does not fit.
    """
    table = _table_of(subject, X)
    if column not in table.names:
        raise DataError(f"there is no column {column!r}: {suggestion(column, table.names)}")
    j = table.names.index(column)
    matrix = table.matrix[~np.isnan(table.matrix[:, j])]
    if len(matrix) == 0:
        raise DataError(
            f"column {column!r} has no value in these rows, so there is nothing to vary"
        )
    labels = table.categories[j]
    found = partial_dependence(
        _Regressor(table),
        matrix,
        [j],
        kind="average",
        grid_resolution=max(grid, 2),
        categorical_features=None if labels is None else [j],
    )
    numbers = [float(value) for value in found["grid_values"][0]]
    values = table.decode(np.asarray(found["average"]).reshape(-1, len(numbers)))
    if labels is None:
        return Dependence(column, tuple(numbers), table.output_names, values)
    return Dependence(column, tuple(labels[int(v)] for v in numbers), table.output_names, values)


@dataclass(frozen=True, eq=False)
class _Table:
    """A table as scikit-learn sees it.

    Attributes:
        net: the network.
        m: how many rows there are.
        rows: those that are looked at.
        names: of the columns.
        categories: the names that the numbers of a column stand for; None for a number.
        matrix: the rows that are looked at, (rows, columns); NaN where a number is missing.
        inputs: gives A[0] (n[0], m) from such a matrix.
        groups: the features that each column became.
        output_names: of the rows of A[L].
        decode: brings A[L] to the target's own units.
    """

    net: Network
    m: int
    rows: NDArray[np.int64]
    names: tuple[str, ...]
    categories: tuple[tuple[str, ...] | None, ...]
    matrix: Matrix
    inputs: Callable[[Matrix], NDArray[Any]]
    groups: tuple[tuple[int, ...], ...]
    output_names: tuple[str, ...]
    decode: Callable[[Matrix], Matrix]

    def outputs(self, matrix: Matrix) -> Matrix:
        """Return A[L] as rows, (m, n[L])."""
        A = forward(self.net, np.asarray(self.inputs(matrix), self.net.W[1].dtype)).A[self.net.L]
        return np.asarray(A.T, np.float64)


class _Regressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A network whose rows are a matrix of numbers, for scikit-learn: its outputs, each a number."""

    def __init__(self, table: _Table) -> None:
        self.table = table

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Any, y: Any) -> Self:
        """Give itself back: what is looked at has been trained."""
        del X, y
        return self

    def outputs(self, matrix: Matrix) -> Matrix:
        """Return A[L] as rows, (m, n[L])."""
        return self.table.outputs(matrix)

    def predict(self, matrix: Matrix) -> Matrix:
        """Return A[L] as rows, (m,) where there is one output."""
        found = self.outputs(matrix)
        return found[:, 0] if found.shape[1] == 1 else found


def _table_of(subject: object, X: Any) -> _Table:
    """Return the table of a subject; a Model's is that of its columns, not of its features."""
    net = network_of(subject)
    if isinstance(subject, Model):
        return _model_table(subject, net, X)
    if hasattr(subject, "steps"):
        raise DataError(
            "a pipeline is asked about its own columns: pass it to scikit-learn's "
            "permutation_importance and partial_dependence, which take it as it is"
        )
    A, names = inputs_of(subject, X), names_of(subject)
    k, rows = range(net.n[0]), _spaced(int(A.shape[1]), net.n[0])
    return _Table(
        net,
        int(A.shape[1]),
        rows,
        names.inputs or tuple(f"x{j}" for j in k),
        (None,) * net.n[0],
        np.asarray(A.T[rows], np.float64),
        lambda matrix: matrix.T,
        tuple((j,) for j in k),
        names.outputs or tuple(f"output {j + 1}" for j in range(net.n[net.L])),
        lambda values: values,
    )


def _model_table(model: Model, net: Network, frame: Any) -> _Table:
    whole = from_frame(frame)
    names = model.preprocessing.column_names
    rows = _spaced(whole.m, len(names))
    columns = whole.take(rows)
    encoded = model.inputs(columns)  # says what does not fit, in the model's own words
    own = [columns[name] for name in names]
    coded = [_coded(column) for column in own]
    matrix = np.stack([numbers for numbers, _ in coded], axis=1)
    labels = tuple(labels for _, labels in coded)

    learned = model.preprocessing
    each = [Preprocessing({name: learned.encodings[name]}, learned.dtype) for name in names]

    def inputs(numbers: Matrix) -> NDArray[Any]:
        same = len(numbers) == len(matrix)
        A = encoded.copy() if same else np.empty((len(numbers), encoded.shape[1]), encoded.dtype)
        changed = np.any(numbers != matrix, axis=0) if same else np.ones(len(names), bool)
        for j in np.flatnonzero(changed):  # of a wide table the others are not encoded again
            column = Column(names[j], own[j].kind, _uncoded(numbers[:, j], labels[j]))
            A[:, list(groups[j])] = each[j].transform(Columns.of([column], columns.source))
        return A.T

    ends = np.cumsum([0, *(size for _, _, size in model.preprocessing.describe())])
    groups = tuple(tuple(range(a, b)) for a, b in itertools.pairwise(ends.tolist()))
    target = model.target
    outputs = names_of(model).outputs
    return _Table(
        net,
        whole.m,
        rows,
        names,
        labels,
        matrix,
        inputs,
        groups,
        outputs or tuple(f"output {j + 1}" for j in range(net.n[net.L])),
        lambda values: values * target.scale + target.mean,
    )


def _coded(column: Column) -> tuple[Matrix, tuple[str, ...] | None]:
    """Return a column as numbers, and the names of its categories; the missing one comes last."""
    if column.kind != "category":
        return np.asarray(column.values, np.float64), None
    known = sorted({value for value in column.values if value is not None})
    numbers = {name: float(k) for k, name in enumerate(known)} | {None: float(len(known))}
    coded = np.array([numbers[value] for value in column.values])
    return coded, (*known, MISSING) if np.any(column.missing) else tuple(known)


def _uncoded(numbers: Matrix, labels: tuple[str, ...] | None) -> NDArray[Any]:
    """Return the values that the numbers of a column stand for."""
    if labels is None:
        return numbers
    names = np.array([*(None if name == MISSING else name for name in labels), None], object)
    return np.asarray(names[numbers.astype(np.int64)])


def _score(net: Network, outputs: Matrix, truth: Matrix) -> float:
    """Return accuracy, or r2, of outputs (m, n[L]) against Y as rows."""
    if _classifies(net):
        if outputs.shape[1] > 1 and net.cost == "categorical_cross_entropy":
            return float(np.mean(np.argmax(outputs, axis=1) == np.argmax(truth, axis=1)))
        return float(np.mean(np.all((outputs > 0.5) == (truth > 0.5), axis=1)))
    off = float(np.sum(np.square(outputs - truth)))
    spread = float(np.sum(np.square(truth - np.mean(truth, axis=0))))
    return 1.0 - off / spread if spread > 0 else -off


def _classifies(net: Network) -> bool:
    return net.cost.endswith("cross_entropy")


def _sensitivity(table: _Table, A: NDArray[Any]) -> Matrix:
    """Return by column how far z[L] moves for a standard deviation, (columns,).

    Of softmax's outputs only what they differ by counts: what is added to all of them changes nothing.
    """
    net = table.net
    cache = forward(net, np.asarray(A, net.W[1].dtype))
    total = np.zeros(net.n[0])
    for unit in range(net.n[net.L]):
        dZ = np.zeros((net.n[net.L], A.shape[1]), net.W[1].dtype)
        dZ[unit] = 1.0
        if net.activations[net.L] == "softmax":
            dZ -= 1.0 / net.n[net.L]
        slope = input_gradients(net, cache, dZ, net.L)
        total += np.mean(np.square(slope, dtype=np.float64), axis=1)
    moved = total * np.var(np.asarray(A, np.float64), axis=1)
    return np.sqrt([float(np.sum(moved[list(group)])) for group in table.groups])


def _spaced(m: int, columns: int) -> NDArray[np.int64]:
    """Return the rows to look at: of a wide table fewer, since every column is shuffled."""
    if m == 0:
        raise DataError("there must be at least one row to look at, got none")
    most = min(m, AT_MOST, max(AT_LEAST, ENTRIES // columns))
    return np.unique(np.linspace(0, m - 1, most).round()).astype(np.int64)
