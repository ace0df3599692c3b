"""The main job: a table in, a trained network out, with scores on rows that it never saw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ellnet.arrays import Array
from ellnet.batches import Examples
from ellnet.checkpoints import Recorder
from ellnet.columns import Columns
from ellnet.encodings import Unseen
from ellnet.errors import DataError, DivergenceError, HyperparameterError
from ellnet.evaluation import Scores, fit_linear, metric_of, prior, score
from ellnet.files.checkpoint_file import Checkpoint
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.models import Model
from ellnet.network import Network
from ellnet.parts import Parts, Plan, Rows, part_rows
from ellnet.preprocessing import Preprocessing
from ellnet.starting import starting_network
from ellnet.state import TrainingState
from ellnet.targets import Target, check_counts
from ellnet.training import Hook, Outcome, train

__all__ = [
    "Inherited",
    "Material",
    "Parts",
    "Plan",
    "Trained",
    "evaluate_model",
    "network_for",
    "prepared",
    "train_table",
]

OUTPUTS = {
    "binary_cross_entropy": "sigmoid",
    "categorical_cross_entropy": "softmax",
    "poisson": "exponential",
}
"""The output that a cost asks for, where it asks for one."""


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
        pressed: whether Ctrl-C was pressed in training, also where that was over a step later.
    """

    model: Model
    parts: Parts
    scored: str
    scores: dict[str, Scores]
    trouble: str = ""
    pressed: bool = False


def train_table(
    table: Columns,
    plan: Plan,
    hyperparameters: Hyperparameters,
    *,
    hooks: Sequence[Hook] = (),
    begin: Callable[[Network, Parts], None] | None = None,
    keep: Callable[[Model], None] | None = None,
    checkpoints: Recorder | None = None,
    inherited: "Inherited | None" = None,
) -> Trained:
    """Train a network on a table, and score it on the rows held out.

    Scaling, categories and classes are learned on the training part alone. The first Ctrl-C ends
    training after the step under way; a second one goes back to the last epoch that ended.

    Args:
        table: the rows, target included.
        plan: what to predict, and from which rows.
        hyperparameters: all that is chosen.
        hooks: called as training goes.
        begin: called once with the network and the parts before training starts.
        keep: called once with the trained model, still without baselines, before it is scored.
        checkpoints: where and how often the run is written down, and whether it goes on from there;
            such as `Checkpoints("runs/houses", "30s", resume=True)`.
        inherited: what a branch takes over from the run that it began in.

    Raises:
        DataError: a table that cannot be learned from; names the column and the row.
        HyperparameterError: hyperparameters that do not go with the task.
        KeyboardInterrupt: Ctrl-C twice before an epoch has ended, or once outside training.
    """
    material = prepared(table, plan, hyperparameters, inherited)
    net = network_for(material.learned, material.target, material.hyperparameters)
    if begin is not None:
        begin(net, material.parts)
    outcome, trouble = _trained(net, material, hooks, checkpoints)
    model = Model(
        outcome.network,
        material.hyperparameters,
        material.preprocessing,
        material.target,
        outcome.history,
    )
    if keep is not None:
        keep(model)
    baselines = {
        "prior": prior(net, np.asarray(material.learned.Y)),
        "linear": fit_linear(net, material.learned, hyperparameters.seed),
    }
    model = replace(model, baselines=baselines)
    scored, held = material.held_out()
    scores = _scores(model, held)
    return Trained(model, material.parts, scored, scores, trouble, outcome.pressed)


@dataclass(frozen=True, eq=False)
class Inherited:
    """What stays the same on a branch, whatever changes there.

    Attributes:
        seed: that the parts were drawn by: no row for the test has ever been trained on.
        preprocessing: how a table becomes X; None to learn it on the training part.
        target: what the outputs mean; None to learn it.
    """

    seed: int
    preprocessing: Preprocessing | None = None
    target: Target | None = None


@dataclass(frozen=True, eq=False)
class Material:
    """A table made ready to learn from: nothing in it can be refused any more."""

    hyperparameters: Hyperparameters
    target: Target
    preprocessing: Preprocessing
    parts: Parts
    learned: Examples
    validation: Examples | None
    test: Examples | None

    @property
    def trained_by(self) -> Hyperparameters:
        """The hyperparameters that the loop is given: it holds no rows out itself."""
        if self.validation is None:
            return replace(self.hyperparameters, validation_fraction=0.0)
        return self.hyperparameters

    def held_out(self) -> tuple[str, Examples]:
        """Return the most honest part there is, and its name."""
        if self.test is not None:
            return "test", self.test
        if self.validation is not None:
            return "validation", self.validation
        return "train", self.learned


def prepared(
    table: Columns,
    plan: Plan,
    hyperparameters: Hyperparameters,
    inherited: Inherited | None = None,
) -> Material:
    """Split a table, and learn on the training part how it becomes examples.

    Raises:
        DataError: a table that cannot be learned from; names the column and the row.
        HyperparameterError: hyperparameters that do not go with the task.
    """
    if table.m < 2:
        raise DataError(
            f"{table.source} has {table.m or 'no'} row{'s' * (table.m == 0)}; training needs at "
            "least 2"
        )
    y, counts = table[plan.target], hyperparameters.cost == "poisson"
    whole = Target.fit(y, plan.task or ("regression" if counts else None), counts=counts)
    seed = hyperparameters.seed if inherited is None else inherited.seed
    parts = part_rows(table, plan, replace(hyperparameters, seed=seed), whole)
    _check_classes_trained(table, whole, parts)
    hyperparameters = _settled(hyperparameters, parts)
    target = inherited.target if inherited is not None else None
    target = target or Target.fit(y.take(parts.train), whole.task, counts=counts)
    inputs = table.drop([plan.target, *([plan.split_column] if plan.split_column else [])])
    preprocessing = inherited.preprocessing if inherited is not None else None
    if preprocessing is None:
        preprocessing = Preprocessing.fit(inputs.take(parts.train), dtype=hyperparameters.dtype)

    def examples(rows: Rows) -> Examples | None:
        if len(rows) == 0:
            return None
        X = preprocessing.transform(inputs.take(rows), unseen="ignore")
        return Examples(X.T, target.encode(y.take(rows)).astype(hyperparameters.dtype))

    learned = examples(parts.train)
    assert learned is not None  # noqa: S101 - part_rows gives some
    validation, test = examples(parts.validation), examples(parts.test)
    return Material(hyperparameters, target, preprocessing, parts, learned, validation, test)


def _check_classes_trained(table: Columns, target: Target, parts: Parts) -> None:
    """Refuse a split that leaves a class of the table without a row to train on."""
    if target.task == "regression":
        return
    numbers = target.class_numbers(table[target.name])
    trained = np.unique(numbers[parts.train])
    lacking = np.setdiff1d(np.arange(len(target.classes)), trained)
    if len(lacking) == 0:
        return
    names = ", ".join(repr(target.classes[k]) for k in lacking[:8])
    row = int(np.flatnonzero(numbers == lacking[0])[0])
    raise DataError(
        f"every class of target {target.name!r} must have a training row, got none of {names}"
        f"{', ...' if len(lacking) > 8 else ''}, which first stands in {table.where(row)}; call some "
        "of its rows train, or take them out"
    )


class _LastEpoch(Hook):
    """Keeps what the last epoch gave, for a run that a second Ctrl-C cuts short."""

    def __init__(self, net: Network) -> None:
        self._net = net
        self._kept = net
        self.outcome: Outcome | None = None

    def resume(self, begun: Checkpoint | None) -> None:
        self._kept, self.outcome = self._net, None
        if begun is not None:
            self._kept = self._net.with_parameters(begun.best or begun.state.parameters)
            ended = replace(begun.history, stopped="interrupted")
            self.outcome = Outcome(self._kept, begun.state, ended, pressed=True)

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        epochs = len(history.epochs)
        if history.best_epoch in {0, epochs}:
            self._kept = self._net.with_parameters(state.parameters)
        best = history.best_epoch or epochs
        ended = replace(history, stopped="interrupted", best_epoch=best)
        self.outcome = Outcome(self._kept, state, ended, pressed=True)
        return False


def _trained(
    net: Network, material: Material, hooks: Sequence[Hook], checkpoints: Recorder | None
) -> tuple[Outcome, str]:
    """Train; where it goes wrong, go on with the last good parameters and say what happened."""
    last = _LastEpoch(net)
    try:
        outcome = train(
            net,
            material.learned,
            material.trained_by,
            material.validation,
            metric=metric_of(material.target),
            hooks=(last, *hooks),
            feature_names=material.preprocessing.feature_names,
            checkpoints=checkpoints,
        )
    except DivergenceError as error:
        if not isinstance(error.outcome, Outcome):
            raise
        return error.outcome, str(error)
    except KeyboardInterrupt:
        if last.outcome is None:
            raise
        for hook in hooks:
            hook.after_run(last.outcome)
        return last.outcome, ""
    return outcome, ""


def _settled(hyperparameters: Hyperparameters, parts: Parts) -> Hyperparameters:
    """Replace what is auto by what the parts make of it, which the model then carries."""
    fraction = hyperparameters.validation_fraction
    if fraction == "auto":
        fraction = hyperparameters.held_out(len(parts.train) + len(parts.validation))
    return replace(hyperparameters.resolved(len(parts.train)), validation_fraction=fraction)


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
        output = OUTPUTS.get(cost, output)
    if hyperparameters.output_activation != "auto":
        output = hyperparameters.output_activation
    _check_task(target, output, cost)
    Y_rows = int(examples.Y.shape[0])
    if cost == "quantile":
        _check_one_quantile(hyperparameters)
    n = (int(examples.X.shape[0]), *hyperparameters.hidden, Y_rows)
    activations = (*hyperparameters.hidden_activations, output)
    options = hyperparameters.cost_options
    net = Network(n, activations, cost, cost_options=options)
    return starting_network(net, hyperparameters, examples.X)


def _check_task(target: Target, output: str, cost: str) -> None:
    """Refuse a cost of classes for numbers, one of counts for classes, and shares of a single unit."""
    classes = target.task != "regression"
    if cost.endswith("cross_entropy") and not classes:
        raise HyperparameterError(
            f"cost {cost} is one of classes, and the task is a regression; use squared_error or another "
            "cost of numbers, or say that the task is a classification"
        )
    if cost == "poisson" and classes:
        raise HyperparameterError(
            f"cost poisson is one of counts, and the task is {target.task}; say that it is a regression, "
            "or use another cost"
        )
    if output == "softmax" and target.task != "multiclass":
        raise HyperparameterError(
            "softmax gives the shares of several units, and the output layer of a "
            f"{target.task} has one; use sigmoid or identity, or say that the task is multiclass"
        )


def _check_one_quantile(hyperparameters: Hyperparameters) -> None:
    if len(hyperparameters.quantiles) != 1:
        raise HyperparameterError(
            "a table's target is predicted at one quantile, got "
            f"{hyperparameters.quantiles}; MLPRegressor predicts several at once"
        )


def _scores(model: Model, examples: Examples) -> dict[str, Scores]:
    networks = {"model": model.network, **model.baselines}
    return {name: score(net, examples, model.target) for name, net in networks.items()}


def evaluate_model(
    model: Model, table: Columns, target: str, *, unseen: Unseen = "error"
) -> dict[str, Scores]:
    """Score a model, and beside it the baselines of its own training part, on a table.

    Args:
        model: the model.
        table: the rows, target included.
        target: name of the target's column.
        unseen: "error" refuses a category that training never saw, "ignore" takes it for none.

    Raises:
        DataError: a table that does not fit the model; names the column and the row.
    """
    y = table[target]
    if model.network.cost == "poisson":
        check_counts(y)
    X: Array = model.inputs(table.drop([target]), unseen=unseen).T
    dtype = model.hyperparameters.dtype
    return _scores(model, Examples(X, model.target.encode(y).astype(dtype)))
