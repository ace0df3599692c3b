"""How fast is a search? The same configurations as scikit-learn's RandomizedSearchCV over its own MLP.

    ./run bench search --data FOLDER

FOLDER holds adult.csv.gz and california_housing.csv.gz; digits are built in. Both search the same
configurations on the same prepared rows and compare them on the same validation rows; neither refits.
scikit-learn runs one process a core (n_jobs), ellnet its trials side by side, once to their ends and
once with a pruner; what ellnet writes to its study folder is in its time, what scikit-learn passes to
its processes in its own.
"""

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import PredefinedSplit, RandomizedSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor

from ellnet import Plan, load_dataset, read_table
from ellnet.columns import Columns
from ellnet.search import Budget, Search
from ellnet.search.ledgers import FolderLedger
from ellnet.search.material import Material
from ellnet.search.measures import measure_of
from ellnet.search.samplers import Random

SPACE = {
    "learning_rate": "3e-4:3e-2:log",
    "hidden": "64|128|128,64",
    "activation": "relu,tanh",
    "l2": "1e-3:10:log",
    "batch_size": "128",
}
"""What is searched; the optimizer is Adam on both sides."""


@dataclass(frozen=True)
class Question:
    """A table, what to predict in it, and by what trials are compared."""

    name: str
    plan: Plan
    metric: str
    file: bool = True


QUESTIONS = (
    Question("digits", Plan("target"), "accuracy", file=False),
    Question("adult", Plan("income", split_column="split"), "accuracy"),
    Question("california_housing", Plan("median_house_value"), "rmse"),
)


def tables(data: Path, names: Sequence[str]) -> Iterator[tuple[Question, Columns]]:
    """Yield each question that there is a table for."""
    for question in QUESTIONS:
        path = data / f"{question.name}.csv.gz"
        if names and question.name not in names:
            continue
        if not question.file:
            yield question, load_dataset(question.name)
        elif path.exists():
            yield question, read_table(path)
        else:
            print(f"{path} is not there: passed over", file=sys.stderr)


def peer(
    material: Material, chosen: Sequence[Mapping[str, Any]], jobs: int, epochs: int
) -> tuple[float, float]:
    """Run scikit-learn's search; return its seconds and its best score."""
    fold = material.folds[0]
    X = np.ascontiguousarray(np.concatenate([fold.learned.X.T, fold.validation.X.T]))
    Y = np.concatenate([fold.learned.Y.T, fold.validation.Y.T])
    y = Y[:, 0] if Y.shape[1] == 1 else np.argmax(Y, axis=1)
    part = np.r_[np.full(fold.learned.m, -1), np.zeros(fold.validation.m, int)]
    numbers = material.target.task == "regression"
    kind = MLPRegressor if numbers else MLPClassifier
    model = kind(
        batch_size=128, max_iter=epochs, n_iter_no_change=epochs + 1, tol=0.0, random_state=0
    )
    lists = [
        {
            "hidden_layer_sizes": [each["hidden"]],
            "activation": [each["activation"]],
            "learning_rate_init": [each["learning_rate"]],
            "alpha": [each["l2"]],
        }
        for each in chosen
    ]
    score = "neg_root_mean_squared_error" if numbers else "accuracy"
    search = RandomizedSearchCV(
        model,
        lists,
        n_iter=len(lists),
        scoring=score,
        cv=PredefinedSplit(part),
        refit=False,
        n_jobs=jobs,
        random_state=0,
    )
    began = time.perf_counter()
    search.fit(X, y)
    seconds = time.perf_counter() - began
    best = float(np.nanmax(search.cv_results_["mean_test_score"]))
    return seconds, -best * fold.target.scale if numbers else best


def ours(
    question: Question, material: Material, budget: Budget, epochs: int, pruner: str
) -> tuple[float, float, int]:
    """Run ellnet's search, its folder included; return seconds, best score, and epochs trained."""
    search = Search({**SPACE, "epochs": epochs}, pruner=pruner, metric=question.metric)
    direction = measure_of(question.metric, material.target).direction
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        ledger = FolderLedger(Path(folder), None, search.known_space, direction)
        found = search.run_on(material, budget, ledger=ledger)
        ledger.close()
        seconds = time.perf_counter() - began
    return seconds, found.best.value, sum(r.epochs for r in found.results.values())


def answer(question: Question, table: Columns, given: argparse.Namespace) -> Iterator[str]:
    """Search with both, and yield the rows of the table."""
    search = Search(SPACE, metric=question.metric)
    material = search.material(table, question.plan)
    draw = Random(search.known_space, 0, "minimize")
    chosen = [draw.suggest(k, ()) for k in range(given.trials)]
    budget = Budget(given.trials, workers=given.jobs)
    seconds, best = peer(material, chosen, given.jobs, given.epochs)
    rows = material.folds[0].learned.m
    yield f"| {question.name} | {rows:,} | scikit-learn | {seconds:.1f} | | {best:.4f} | |"
    for pruner in ("none", given.pruner):
        mine, score, epochs = ours(question, material, budget, given.epochs, pruner)
        ratio = f"{seconds / mine:.1f} ×"
        name = "ellnet" if pruner == "none" else f"ellnet, {pruner}"
        yield f"| {question.name} | {rows:,} | {name} | {mine:.1f} | {ratio} | {score:.4f} | {epochs} |"


def packages(arguments: Sequence[str]) -> list[str]:
    """Return the packages that this benchmark needs beside ellnet's own."""
    parsed(arguments)
    return ["optuna"]


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what was asked for; a wrong word ends the program with a sentence."""
    parser = argparse.ArgumentParser("./run bench search", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path())
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--pruner", default="asha")
    parser.add_argument("--only", nargs="*", default=[])
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Answer every question."""
    given = parsed(arguments)
    warnings.simplefilter("ignore")
    print("| table | rows | search | seconds | faster | best | epochs |")
    print("|---|---|---|---|---|---|---|")
    for question, table in tables(given.data, given.only):
        for row in answer(question, table, given):
            print(row, flush=True)
    return 0
