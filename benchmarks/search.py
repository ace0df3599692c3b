"""How fast is a search? The same configurations as scikit-learn's RandomizedSearchCV over its own MLP.

    ./run bench search --data FOLDER

FOLDER holds adult.csv.gz and california_housing.csv.gz; digits are built in. Both search the same
configurations on the same prepared rows and compare them on the same validation rows; neither refits.
scikit-learn runs one process a core (n_jobs), ellnet its trials side by side, once to their ends and
once with a pruner; what ellnet writes to its study folder is in its time, what scikit-learn passes to
its processes in its own. Beside the seconds that went by stand those that the processors worked, which
others on the machine disturb less. `--seed` draws other configurations, another split and other
initial weights on both sides.
"""

import argparse
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
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


@dataclass(frozen=True)
class Taken:
    """What a search took, and the best that it found.

    Attributes:
        seconds: that went by.
        worked: seconds of all processors together, those of its processes too.
        best: the best trial's value.
        mean: of the values of all trials that came to their ends.
        epochs: trained by all trials together.
    """

    seconds: float
    worked: float
    best: float
    mean: float
    epochs: int


def worked() -> float:
    """Return the processors' seconds of this process and of those that it has waited for."""
    uses = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def peer(
    material: Material, chosen: Sequence[Mapping[str, Any]], given: argparse.Namespace
) -> Taken:
    """Run scikit-learn's search."""
    epochs, seed = given.epochs, given.seed
    fold = material.folds[0]
    X = np.ascontiguousarray(np.concatenate([fold.learned.X.T, fold.validation.X.T]))
    Y = np.concatenate([fold.learned.Y.T, fold.validation.Y.T])
    y = Y[:, 0] if Y.shape[1] == 1 else np.argmax(Y, axis=1)
    part = np.r_[np.full(fold.learned.m, -1), np.zeros(fold.validation.m, int)]
    numbers = material.target.task == "regression"
    kind = MLPRegressor if numbers else MLPClassifier
    model = kind(
        batch_size=128, max_iter=epochs, n_iter_no_change=epochs + 1, tol=0.0, random_state=seed
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
        n_jobs=given.jobs,
        random_state=seed,
    )
    began, before = time.perf_counter(), worked()
    search.fit(X, y)
    seconds = time.perf_counter() - began
    joblib.externals.loky.get_reusable_executor().shutdown(wait=True)  # before it, none would count
    values = search.cv_results_["mean_test_score"] * (-fold.target.scale if numbers else 1)
    best, mean = np.nanmin(values) if numbers else np.nanmax(values), np.nanmean(values)
    return Taken(seconds, worked() - before, float(best), float(mean), epochs * len(lists))


def ours(question: Question, material: Material, given: argparse.Namespace, pruner: str) -> Taken:
    """Run ellnet's search, its folder included."""
    space = {**SPACE, "epochs": given.epochs}
    search = Search(space, pruner=pruner, metric=question.metric, seed=given.seed)
    direction = measure_of(question.metric, material.target).direction
    budget = Budget(given.trials, workers=given.jobs)
    with tempfile.TemporaryDirectory() as folder:
        began, before = time.perf_counter(), worked()
        ledger = FolderLedger(Path(folder), None, search.known_space, direction)
        found = search.run_on(material, budget, ledger=ledger)
        ledger.close()
        seconds, work = time.perf_counter() - began, worked() - before
    results = found.results.values()
    mean = float(np.mean([r.value for r in results if r.state == "complete"]))
    return Taken(seconds, work, found.best.value, mean, sum(r.epochs for r in results))


def answer(question: Question, table: Columns, given: argparse.Namespace) -> Iterator[str]:
    """Search with both, and yield the rows of the table."""
    search = Search(SPACE, metric=question.metric, seed=given.seed)
    material = search.material(table, question.plan)
    draw = Random(search.known_space, given.seed, "minimize")
    chosen = [draw.suggest(k, ()) for k in range(given.trials)]
    rows = material.folds[0].learned.m
    theirs = peer(material, chosen, given)
    yield row(question, rows, "scikit-learn", theirs, theirs)
    for pruner in ("none", given.pruner):
        name = "ellnet" if pruner == "none" else f"ellnet, {pruner}"
        yield row(question, rows, name, ours(question, material, given, pruner), theirs)


def row(question: Question, rows: int, name: str, taken: Taken, theirs: Taken) -> str:
    """Return a row of the table."""
    faster = "" if taken is theirs else f"{theirs.seconds / taken.seconds:.1f} ×"
    cells = [question.name, f"{rows:,}", name, f"{taken.seconds:.2f}", faster]
    cells += [f"{taken.worked:.2f}", f"{taken.best:.4f}", f"{taken.mean:.4f}", str(taken.epochs)]
    return f"| {' | '.join(cells)} |"


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
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[])
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Answer every question."""
    given = parsed(arguments)
    warnings.simplefilter("ignore")
    print(
        "| table | rows | search | seconds | faster | processors' seconds | best | mean | epochs |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for question, table in tables(given.data, given.only):
        for line in answer(question, table, given):
            print(line, flush=True)
    return 0
