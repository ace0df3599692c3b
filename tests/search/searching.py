"""What tests of the search share: small tables, small searches, and what a study came to."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from ellnet.columns import Columns
from ellnet.parts import Plan
from ellnet.search import Curve, Evaluation, Found, Result, Search

__all__ = [
    "EVALUATIONS",
    "PLAN",
    "SPACE",
    "classes",
    "numbers",
    "result",
    "searched",
    "study_words",
    "told",
]

PLAN = Plan("y")
SPACE: dict[str, Any] = {
    "learning_rate": "1e-3:1e-1:log",
    "hidden": "4|8,4",
    "activation": "relu,tanh",
    "epochs": 8,
}


def classes(rows: int = 160, *, seed: int = 0) -> Columns:
    """Two numbers, a group, a time, and a class that follows from the numbers."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((rows, 2))
    return Columns.from_mapping(
        {
            "a": X[:, 0].tolist(),
            "b": X[:, 1].tolist(),
            "group": [f"g{i % 20}" for i in range(rows)],
            "when": [float(i) for i in range(rows)],
            "y": ["yes" if x > 0 else "no" for x in X[:, 0] * X[:, 1]],
        }
    )


def numbers(rows: int = 160) -> Columns:
    """Two numbers, and a number that follows from them."""
    X = np.random.default_rng(1).standard_normal((rows, 2))
    y = 100 + 10 * np.sin(X[:, 0]) + X[:, 1]
    return Columns.from_mapping({"a": X[:, 0].tolist(), "b": X[:, 1].tolist(), "y": y.tolist()})


def searched(space: dict[str, Any] | None = None, **options: Any) -> Search:
    """A search of the small space."""
    return Search(SPACE if space is None else space, **options)


def told(found: Found) -> list[tuple[Any, ...]]:
    """What must be the same for a seed: numbers, values, curves and states, in their order."""
    return [
        (
            number,
            tuple(result.chosen.items()),
            result.state,
            None if math.isnan(result.value) else result.value,
            tuple(tuple(curve.validation) for curve in result.curves),
            result.replicates.tobytes(),
        )
        for number, result in sorted(found.results.items())
    ]


def result(number: int, validation: list[float], **options: Any) -> Result:
    """A trial by hand, with one fold."""
    best = validation.index(min(validation)) + 1
    curve = Curve(validation, validation, [0.1] * len(validation), 3, best)
    given = {"chosen": {}, "state": "complete", "value": min(validation), **options}
    return Result(number, curves=(curve,), **given)


def study_words(folder: Path, *more: str) -> list[str]:
    """Words of a command line that searches a small table."""
    return ["search", "moons:m=200", "--epochs", "6", "--study", str(folder), *more]


EVALUATIONS = {
    "hold-out": Evaluation(),
    "folds": Evaluation(folds=3),
    "groups": Evaluation(groups="group"),
    "folds of groups": Evaluation(folds=3, groups="group"),
    "time": Evaluation(time="when"),
    "folds in time": Evaluation(folds=3, time="when"),
}
"""Every way to compare trials."""
