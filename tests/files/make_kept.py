"""Makes the kept files of a format version: `python tests/files/make_kept.py`, once for each version.

They are never made again: a file that an ellnet of that version wrote is what later ones must read.
"""

import json
from pathlib import Path

import numpy as np

from ellnet.estimators import MLPClassifier
from ellnet.files.container import FORMAT_VERSION
from ellnet.hyperparameters import Hyperparameters
from ellnet.tables import from_frame
from ellnet.workflow import Plan, train_table

KEPT = Path(__file__).resolve().parent / "kept"

ROWS = [
    {"age": 20.5, "city": "Ulm", "member": True, "since": "2020-02-29"},
    {"age": None, "city": "Köln", "member": False, "since": "2021-03-01"},
    {"age": -1e9, "city": None, "member": None, "since": None},
]
"""What is predicted: every kind of column, and missing values."""


def table() -> dict[str, list[object]]:
    """Return a table with every kind of column, and a class that follows from it."""
    draws = np.random.default_rng(0)
    ages = draws.normal(40, 12, 90).round(1).tolist()
    days = np.datetime64("2020-01-01") + draws.integers(0, 700, 90)
    columns: dict[str, list[object]] = {
        "age": [None if i % 11 == 5 else age for i, age in enumerate(ages)],
        "city": [(None, "Ulm", "Köln", "Bonn")[i % 4] for i in range(90)],
        "member": [None if i % 13 == 7 else i % 3 == 0 for i in range(90)],
        "since": [None if i % 17 == 3 else day for i, day in enumerate(days.tolist())],
    }
    columns["kind"] = [("no", "yes")[(age > 40) ^ (i % 4 == 1)] for i, age in enumerate(ages)]
    return columns


def main() -> None:
    """Train both kinds of thing, save them, and note what they predict."""
    chosen = Hyperparameters(hidden=(84, 32), epochs=30, seed=1, engine="array")
    model = train_table(from_frame(table()), Plan("kind"), chosen).model
    X = np.random.default_rng(1).normal(size=(60, 3))
    estimator = MLPClassifier((5,), max_iter=20, random_state=0, solver="sgd", n_iter_no_change=30)
    estimator.fit(X, X[:, 0] > 0)
    for name, thing in (("model", model), ("estimator", estimator)):
        path = KEPT / f"format-{FORMAT_VERSION}-{name}.safetensors"
        if path.exists():
            raise FileExistsError(f"{path} is kept, and is never made again")
        thing.save(path)
    told = {
        "model": np.asarray(model.predict_proba(ROWS), np.float64).tolist(),
        "estimator": np.asarray(estimator.predict_proba(X[:4]), np.float64).tolist(),
        "X": X[:4].tolist(),
    }
    (KEPT / f"format-{FORMAT_VERSION}.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
