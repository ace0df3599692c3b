"""Runs that are sick on purpose, each in one way, and healthy ones."""

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from ellnet.batches import Examples
from ellnet.columns import Column, Columns
from ellnet.datasets import load_dataset
from ellnet.errors import DivergenceError, EllnetWarning
from ellnet.explain.doctor import Patient
from ellnet.explain.doctor_runs import patient_of
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.training import Outcome, split_off, train
from ellnet.workflow import Plan, train_table

__all__ = ["HEALTHY", "SICK", "Case"]

CONSTANT_PIXELS = ("pixel_0_0", "pixel_4_0", "pixel_4_7")


@dataclass(frozen=True)
class Case:
    """A run: how it is made, and what ails it ("" for nothing)."""

    name: str
    illness: str
    make: Callable[[], Patient]
    cured: bool = True


def of_table(table: Columns, **chosen: Any) -> Patient:
    """Train on a table by the main job, and look at what it gives as the command does."""
    plan = Plan("target")
    trained = train_table(table, plan, Hyperparameters(**chosen))
    admission = patient_of(trained.model, table, plan)
    assert not admission.lacking
    return admission.patient


def of_set(name: str, *, ignore: tuple[str, ...] = (), **chosen: Any) -> Callable[[], Patient]:
    """Train on a built-in set."""
    return lambda: of_table(load_dataset(name).drop(ignore), **chosen)


def of_arrays(
    net: Network, examples: Examples, start: Parameters | None = None, **chosen: Any
) -> Patient:
    """Train on arrays, from parameters of one's own or from those that the seed draws."""
    hyperparameters = Hyperparameters(
        hidden=net.n[1:-1], activation=tuple(net.activations)[:-1], **chosen
    ).resolved(examples.m)
    learned, held = split_off(net, examples, 0.2, 0)
    begun = net.with_parameters(start or initial_parameters(net.n, tuple(net.activations)))
    outcome = outcome_of(begun, learned, hyperparameters, held)
    patient = Patient(outcome.network, outcome.history, learned, held, hyperparameters)
    return patient if start is None else replace(patient, start=begun)


def outcome_of(
    net: Network, learned: Examples, hyperparameters: Hyperparameters, held: Examples
) -> Outcome:
    """Train, also where it diverges."""
    try:
        return train(net, learned, hyperparameters, held)
    except DivergenceError as error:
        return cast("Outcome", error.outcome)


def moons() -> Examples:
    """Two half circles, as arrays."""
    table = load_dataset("moons")
    X = np.stack([table["x1"].values, table["x2"].values]).astype(np.float32)
    return Examples(X, table["target"].values[None, :].astype(np.float32))


def drawn_wide(n: tuple[int, ...], deviation: float) -> Parameters:
    """Draw initial weights of one deviation, whatever the width."""
    random = np.random.default_rng(0)
    W = [
        (deviation * random.standard_normal((out, into))).astype(np.float32)
        for into, out in itertools.pairwise(n)
    ]
    return Parameters.of(W, [np.zeros((out, 1), np.float32) for out in n[1:]])


def saturated() -> Patient:
    """Tanh units whose initial weights are far too large."""
    n = (2, 16, 16, 1)
    net = Network(n, ("tanh", "tanh", "sigmoid"), "binary_cross_entropy")
    return of_arrays(net, moons(), drawn_wide(n, 40.0), epochs=60)


def exploding() -> Patient:
    """Eight ReLU layers whose initial weights have deviation 1, whatever the width."""
    n = (2, *(32,) * 8, 1)
    net = Network(n, (*("relu",) * 8, "sigmoid"), "binary_cross_entropy")
    return of_arrays(
        net,
        moons(),
        drawn_wide(n, 1.0),
        optimizer="gradient_descent",
        learning_rate=1e-3,
        epochs=60,
    )


def unscaled() -> Patient:
    """Chemistry of wines in its own units, from hundredths to more than a thousand."""
    table = load_dataset("wine")
    names = [name for name in table.names if name != "target"]
    X = np.stack([table[name].values for name in names]).astype(np.float32)
    labels = np.unique(table["target"].values.astype(str), return_inverse=True)[1]
    net = Network((13, 16, 3), ("relu", "softmax"), "categorical_cross_entropy")
    Y = np.eye(3, dtype=np.float32)[:, labels]
    return of_arrays(net, Examples(X, Y), learning_rate=1e-2)


def constant() -> Patient:
    """A column that says the same in every row."""
    table = load_dataset("iris")
    columns = [*table.columns.values(), Column("batch", "number", np.full(table.m, 7.0))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EllnetWarning)  # the main job says so itself
        return of_table(Columns.of(columns, "iris"))


def overfitted() -> Patient:
    """A large network on few rows, whose labels are half chance, and nothing to hold it back."""
    random = np.random.default_rng(5)
    X = random.standard_normal((160, 10))
    y = (X[:, 0] + 1.5 * random.standard_normal(160) > 0).astype(float)
    columns = [Column(f"x{j}", "number", X[:, j]) for j in range(10)]
    table = Columns.of([*columns, Column("target", "number", y)], "chance")
    return of_table(table, hidden=(128, 64), l2=0.0, n_iter_no_change=200, epochs=200)


SICK = (
    Case("rate 0.5", "rate too high", of_set("moons", learning_rate=0.5)),
    Case(
        "rate 0.0001",
        "rate too low",
        of_set("moons", optimizer="gradient_descent", learning_rate=1e-4),
    ),
    Case("twelve layers of two", "dead ReLU", of_set("moons", hidden=(2,) * 12)),
    Case("weights of 40", "saturation", saturated),
    Case(
        "weights of zero",
        "symmetric units",
        of_set("moons", initialization="zeros", activation="tanh"),
    ),
    Case(
        "eight sigmoid layers",
        "vanishing gradients",
        of_set("iris", hidden=(16,) * 8, activation="sigmoid"),
    ),
    Case("weights of one", "exploding gradients", exploding),
    Case("wine in its own units", "unscaled inputs", unscaled),
    Case("a column of sevens", "constant column", constant, cured=False),
    Case("labels half chance", "overfitting", overfitted),
)

HEALTHY = (
    Case("iris", "", of_set("iris")),
    Case("breast cancer", "", of_set("breast_cancer")),
    Case("diabetes", "", of_set("diabetes")),
    Case("moons", "", of_set("moons")),
    Case("spirals", "", of_set("spirals")),
    Case("digits", "", of_set("digits", ignore=CONSTANT_PIXELS)),
    Case("iris, tanh", "", of_set("iris", activation="tanh")),
    Case("moons, sigmoid", "", of_set("moons", activation="sigmoid", learning_rate=0.01)),
    Case("wine, momentum", "", of_set("wine", optimizer="momentum", learning_rate=0.01)),
)
