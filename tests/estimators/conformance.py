"""Runs scikit-learn's own checks of an estimator, array API included, in a process of their own.

`python -m tests.estimators.conformance NUMBER` prints one JSON line a check: its name, status, reason.
"""

import json
import os
import sys
import warnings
from typing import Any

os.environ["SCIPY_ARRAY_API"] = "1"  # before SciPy is imported: without it they check NumPy alone

from sklearn.utils.estimator_checks import check_estimator

from ellnet.estimators import MLPClassifier, MLPRegressor

__all__ = ["ESTIMATORS"]

SMALL: dict[str, Any] = {"hidden_layer_sizes": (16,), "learning_rate_init": 0.01, "max_iter": 100}

ESTIMATORS = [
    MLPClassifier(),
    MLPRegressor(),
    MLPClassifier(solver="sgd", **SMALL),
    MLPRegressor(solver="sgd", hidden_layer_sizes=(16,)),
    MLPClassifier(solver="lbfgs"),
    MLPRegressor(solver="lbfgs"),
    MLPClassifier(hidden_layer_sizes=(16, 8), activation=["tanh", "relu"], learning_rate_init=0.01),
    MLPRegressor(
        hidden_layer_sizes=(16, 8), activation=["logistic", "leaky_relu"], learning_rate_init=0.01
    ),
    MLPClassifier(hidden_layer_sizes=(), solver="lbfgs"),
    MLPClassifier(class_weight="balanced", **SMALL),
    MLPClassifier(solver="sgd", learning_rate="adaptive", momentum=0, **SMALL),
    MLPClassifier(loss="squared_error", activation="tanh", **SMALL),
    MLPRegressor(loss="huber", activation="gelu", **SMALL),
]
"""Solvers, depths, activations, losses, class weights; float32 and multilabel are in the checks."""


def main(number: int) -> None:
    """Check one of the estimators."""
    warnings.simplefilter("ignore")
    for result in check_estimator(ESTIMATORS[number], on_fail=None):
        line = {
            "check": result["check_name"],
            "status": result["status"],
            "reason": str(result["exception"] or "")[:300],
        }
        print(json.dumps(line))  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main(int(sys.argv[1]))
