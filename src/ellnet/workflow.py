"""The main job: a table in, a trained network out, with scores on rows that it never saw."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array
from ellnet.batches import Examples, split
from ellnet.columns import Columns
from ellnet.errors import DataError, DivergenceError, EllnetWarning
from ellnet.evaluation import Scores, fit_linear, metric_of, prior, score
from ellnet.hyperparameters import Hyperparameters
from ellnet.models import Model
from ellnet.network import Network, initial_parameters
from ellnet.preprocessing import Preprocessing
from ellnet.targets import Target
from ellnet.training import Hook, Outcome, train

__all__ = [
    "Parts",
    "Plan",
    "Trained",
    "evaluate_model",
    "network_for",
    "part_rows",
    "rows_of_part",
    "train_table",
]

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


@dataclass(frozen=True, eq=False)
class Trained:
    """What the main job gives.

    Attributes:
        model: the trained model, ready to save.
        parts: which rows were for what.
        scored: the part that the scores are of: "test", "validation" where there is no test part,
            else "train".
        scores: of "model" and of each baseline, on that part.
        trouble: what went wrong where training diverged, else "".
    """

    model: Model
    parts: Parts
    scored: str
    scores: dict[str, Scores]
    trouble: str = ""


def train_table(
    table: Columns,
    plan: Plan,
    hyperparameters: Hyperparameters,
    *,
    hooks: Sequence[Hook] = (),
    begin: Callable[[Network, Parts], None] | None = None,
) -> Trained:
    """Train a network on a table, and score it on the rows held out.

    Scaling, categories and classes are learned on the training part alone.

    Args:
        table: the rows, target included.
        plan: what to predict, and from which rows.
        hyperparameters: all that is chosen.
        hooks: called as training goes.
        begin: called once with the network and the parts before training starts.

    Raises:
        DataError: a table that cannot be learned from; names the column and the row.
        HyperparameterError: hyperparameters that do not go with the task.
    """
    if table.m == 0:
        raise DataError(f"{table.source} has no rows; training needs at least 2")
    y = table[plan.target]
    Target.fit(y, plan.task)
    parts = part_rows(table, plan, hyperparameters)
    hyperparameters = hyperparameters.resolved(len(parts.train))
    target = Target.fit(y.take(parts.train), plan.task)
    inputs = table.drop([plan.target, *([plan.split_column] if plan.split_column else [])])
    preprocessing = Preprocessing.fit(inputs.take(parts.train), dtype=hyperparameters.dtype)

    def examples(rows: Rows) -> Examples:
        X = preprocessing.transform(inputs.take(rows), unseen="ignore")
        return Examples(X.T, target.encode(y.take(rows)).astype(hyperparameters.dtype))

    learned = examples(parts.train)
    validation = examples(parts.validation) if len(parts.validation) else None
    net = network_for(learned, target, hyperparameters)
    if begin is not None:
        begin(net, parts)
    outcome, trouble = _trained(
        net, learned, validation, hyperparameters, target, hooks, preprocessing.feature_names
    )
    baselines = {
        "prior": prior(net, np.asarray(learned.Y)),
        "linear": fit_linear(net, learned, hyperparameters.seed),
    }
    model = Model(
        outcome.network, hyperparameters, preprocessing, target, outcome.history, baselines
    )
    scored = "test" if len(parts.test) else "validation" if validation is not None else "train"
    held = examples(parts.test) if scored == "test" else validation or learned
    return Trained(model, parts, scored, _scores(model, held), trouble)


def _trained(  # noqa: PLR0917 - one call of `train`, and its one way of failing
    net: Network,
    learned: Examples,
    validation: Examples | None,
    hyperparameters: Hyperparameters,
    target: Target,
    hooks: Sequence[Hook],
    feature_names: Sequence[str],
) -> tuple[Outcome, str]:
    """Train; where training diverges, go on with the last good parameters and say what happened."""
    if validation is None:
        hyperparameters = replace(hyperparameters, validation_fraction=0.0)
    try:
        outcome = train(
            net,
            learned,
            hyperparameters,
            validation,
            metric=metric_of(target),
            hooks=hooks,
            feature_names=feature_names,
        )
    except DivergenceError as error:
        if not isinstance(error.outcome, Outcome):
            raise
        return error.outcome, str(error)
    return outcome, ""


def network_for(examples: Examples, target: Target, hyperparameters: Hyperparameters) -> Network:
    """Build the network that the task and the hyperparameters ask for, with initial parameters.

    Raises:
        HyperparameterError: an output activation or cost that does not go with the task.
    """
    output, cost = {
        "binary": ("sigmoid", "binary_cross_entropy"),
        "multiclass": ("softmax", "categorical_cross_entropy"),
        "regression": ("identity", "squared_error"),
    }[target.task]
    if hyperparameters.cost != "auto":
        cost = hyperparameters.cost
    if hyperparameters.output_activation != "auto":
        output = hyperparameters.output_activation
    n = (int(examples.X.shape[0]), *hyperparameters.hidden, int(examples.Y.shape[0]))
    activations = (*hyperparameters.hidden_activations, output)
    parameters = initial_parameters(
        n, activations, hyperparameters.initialization, hyperparameters.seed, hyperparameters.dtype
    )
    return Network(n, activations, cost, parameters)


def part_rows(table: Columns, plan: Plan, hyperparameters: Hyperparameters) -> Parts:
    """Say which rows are for training, for validation and for the test.

    Raises:
        DataError: too few rows, or a split column with another word in it.
    """
    labels = _labels(table, plan)
    if plan.split_column is not None:
        return _by_column(table, plan.split_column, labels, hyperparameters)
    rows = np.arange(table.m)
    test = rows[:0]
    if plan.test_size > 0:
        if table.m < 2:
            raise DataError(f"{table.source} has 1 row; training and a test need at least 2")
        held = split(table.m, plan.test_size, hyperparameters.seed, labels, part=TEST_SPLIT)
        rows, test = held.train, held.held_out
    return _with_validation(rows, test, labels, hyperparameters)


def _labels(table: Columns, plan: Plan) -> NDArray[np.int64] | None:
    """Return class numbers (m,) of the target, or None for a regression."""
    target = Target.fit(table[plan.target], plan.task)
    if target.task == "regression":
        return None
    return target.class_numbers(table[plan.target])


def _by_column(
    table: Columns,
    name: str,
    labels: NDArray[np.int64] | None,
    hyperparameters: Hyperparameters,
) -> Parts:
    """Read the parts from a column of the table."""
    train, validation, test = (
        rows_of_part(table, name, part) for part in ("train", "validation", "test")
    )
    if len(train) == 0:
        raise DataError(f"column {name} calls no row train; training needs some")
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
        raise DataError(
            f"column {name} must say train, validation or test in every row, "
            f"got {value!r} in {table.where(row)}"
        )
    return part


def _with_validation(
    rows: Rows, test: Rows, labels: NDArray[np.int64] | None, hyperparameters: Hyperparameters
) -> Parts:
    """Hold out some of the training rows for validation, where early stopping wants them."""
    fraction = hyperparameters.validation_fraction
    none = Parts(rows, rows[:0], test)
    if not hyperparameters.early_stopping or fraction == 0:
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


def _scores(model: Model, examples: Examples) -> dict[str, Scores]:
    networks = {"model": model.network, **model.baselines}
    return {name: score(net, examples, model.target) for name, net in networks.items()}


def evaluate_model(model: Model, table: Columns, target: str) -> dict[str, Scores]:
    """Score a model, and beside it the baselines of its own training part, on a table.

    Args:
        model: the model.
        table: the rows, target included.
        target: name of the target's column.

    Raises:
        DataError: a table that does not fit the model; names the column and the row.
    """
    y = table[target]
    X: Array = model.inputs(table.drop([target])).T
    dtype = model.hyperparameters.dtype
    return _scores(model, Examples(X, model.target.encode(y).astype(dtype)))
