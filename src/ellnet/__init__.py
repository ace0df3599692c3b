"""ellnet: deep fully-connected networks of L layers, fast, see-through and repeatable."""

import importlib
from typing import TYPE_CHECKING, Any

from ellnet.checkpoints import Checkpoints
from ellnet.datasets import load_dataset
from ellnet.engines import engine
from ellnet.hyperparameters import Hyperparameters
from ellnet.loading import load
from ellnet.models import Model
from ellnet.network import Network
from ellnet.tables import read_table
from ellnet.training import train
from ellnet.version import VERSION
from ellnet.workflow import Plan, train_table

if TYPE_CHECKING:
    from ellnet import explain as explain
    from ellnet import patch as patch
    from ellnet.estimators import MLPClassifier, MLPRegressor
    from ellnet.search.estimator import MLPSearchCV

__version__ = VERSION

__all__ = [
    "Checkpoints",
    "Hyperparameters",
    "MLPClassifier",
    "MLPRegressor",
    "MLPSearchCV",
    "Model",
    "Network",
    "Plan",
    "__version__",
    "engine",
    "explain",
    "load",
    "load_dataset",
    "patch",
    "read_table",
    "train",
    "train_table",
]

LATER = {
    "MLPClassifier": "ellnet.estimators",
    "MLPRegressor": "ellnet.estimators",
    "MLPSearchCV": "ellnet.search.estimator",
}
"""What needs scikit-learn, which is slow to import: each comes when it is asked for."""


def __getattr__(name: str) -> Any:
    """Import what was left for later."""
    if name in {"explain", "patch"}:
        return importlib.import_module(f"ellnet.{name}")
    if name in LATER:
        return getattr(importlib.import_module(LATER[name]), name)
    raise AttributeError(f"module 'ellnet' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
