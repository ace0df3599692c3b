"""How good are the defaults? Test scores over seeds, beside a linear model and scikit-learn's MLP.

    ./run bench defaults --data FOLDER --seeds 5

FOLDER holds adult.csv.gz, california_housing.csv.gz, wine_quality.csv.gz and bank_marketing.csv.gz; what
is not there is named and passed over. Every seed has its own split, but for Adult, whose official one
is used. scikit-learn's network gets the same preprocessed rows, its own defaults and early stopping.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, root_mean_squared_error
from sklearn.neural_network import MLPClassifier, MLPRegressor

from ellnet import Hyperparameters, Plan, load_dataset, read_table, train_table
from ellnet.columns import Columns
from ellnet.workflow import Trained

SCORES = {"binary": "accuracy", "multiclass": "accuracy", "regression": "rmse"}


@dataclass(frozen=True)
class Question:
    """A table, and what to predict in it."""

    name: str
    plan: Plan
    ignore: tuple[str, ...] = ()
    file: bool = True


QUESTIONS = (
    Question("adult", Plan("income", split_column="split")),
    Question("bank_marketing", Plan("y"), ignore=("duration",)),
    Question("california_housing", Plan("median_house_value")),
    Question("wine_quality", Plan("quality", task="regression")),
    *(
        Question(name, Plan("target"), file=False)
        for name in ("digits", "iris", "wine", "breast_cancer", "diabetes")
    ),
)


def tables(data: Path, names: list[str]) -> Iterator[tuple[Question, Columns]]:
    """Yield each question that there is a table for."""
    for question in QUESTIONS:
        path = data / f"{question.name}.csv.gz"
        if names and question.name not in names:
            continue
        if not question.file:
            yield question, load_dataset(question.name)
        elif path.exists():
            yield question, read_table(path, ignore=question.ignore)
        else:
            print(f"{path} is not there: passed over", file=sys.stderr)


def sklearn_score(trained: Trained, question: Question, table: Columns, seed: int) -> float:
    """Score scikit-learn's network on the rows and features that ours had."""
    model, parts = trained.model, trained.parts
    plan = question.plan
    inputs = table.drop([plan.target, *([plan.split_column] if plan.split_column else [])])
    learned = np.concatenate([parts.train, parts.validation])

    def rows(index: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        X = model.preprocessing.transform(inputs.take(index), unseen="ignore")
        Y = model.target.encode(table[plan.target].take(index))
        return X, Y[0] if len(Y) == 1 else np.argmax(Y, axis=0)

    kind = MLPRegressor if model.target.task == "regression" else MLPClassifier
    X, y = rows(learned)
    peer = kind(random_state=seed, early_stopping=True).fit(X, y)
    X, y = rows(parts.test)
    if model.target.task == "regression":
        return float(root_mean_squared_error(y, peer.predict(X))) * model.target.scale
    return float(accuracy_score(y, peer.predict(X)))


def answer(question: Question, table: Columns, seeds: range) -> str:
    """Train with every seed, and return a row of the table."""
    ours, linear, peers, epochs, seconds = [], [], [], [], []
    for seed in seeds:
        began = time.perf_counter()
        trained = train_table(table, question.plan, Hyperparameters(seed=seed))
        seconds.append(time.perf_counter() - began)
        score = SCORES[trained.model.target.task]
        ours.append(trained.scores["model"].values[score])
        linear.append(trained.scores["linear"].values[score])
        peers.append(sklearn_score(trained, question, table, seed))
        epochs.append(len(trained.model.history.epochs))
    worst = max(ours) if score == "rmse" else min(ours)
    figures = [f"{value:.4g}" for value in (np.mean(ours), worst, np.mean(linear), np.mean(peers))]
    return (
        f"| {question.name} | {score} | {' | '.join(figures)} | {np.mean(epochs):.0f} | "
        f"{np.mean(seconds):.1f} |"
    )


def packages(arguments: Sequence[str]) -> list[str]:
    """Return the packages that this benchmark needs beside ellnet's own: none."""
    parsed(arguments)
    return []


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what was asked for; a wrong word ends the program with a sentence."""
    parser = argparse.ArgumentParser("./run bench defaults", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path())
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[])
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Answer every question."""
    given = parsed(arguments)
    warnings.simplefilter("ignore")
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    print("| table | score | ellnet | worst seed | linear | scikit-learn MLP | epochs | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    for question, table in tables(given.data, given.only):
        print(answer(question, table, seeds), flush=True)
    return 0
