"""ellnet: deep fully-connected networks of L layers, fast, see-through and repeatable."""

import importlib

from ellnet.version import VERSION

TYPE_CHECKING = False  # the one of typing, which takes half the time until Ctrl-C is heard
if TYPE_CHECKING:
    from ellnet import explain as explain
    from ellnet import patch as patch
    from ellnet.checkpoints import Checkpoints
    from ellnet.datasets import load_dataset
    from ellnet.engines import engine
    from ellnet.estimators import MLPClassifier, MLPRegressor
    from ellnet.hyperparameters import Hyperparameters
    from ellnet.loading import load
    from ellnet.models import Model
    from ellnet.network import Network
    from ellnet.search.estimator import MLPSearchCV
    from ellnet.tables import read_table
    from ellnet.training import train
    from ellnet.workflow import Plan, train_table

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

HOMES = {
    "Checkpoints": "ellnet.checkpoints",
    "Hyperparameters": "ellnet.hyperparameters",
    "MLPClassifier": "ellnet.estimators",
    "MLPRegressor": "ellnet.estimators",
    "MLPSearchCV": "ellnet.search.estimator",
    "Model": "ellnet.models",
    "Network": "ellnet.network",
    "Plan": "ellnet.workflow",
    "engine": "ellnet.engines",
    "load": "ellnet.loading",
    "load_dataset": "ellnet.datasets",
    "read_table": "ellnet.tables",
    "train": "ellnet.training",
    "train_table": "ellnet.workflow",
}
"""Where the public names live. Each is imported when it is asked for: scikit-learn takes a second, and
the command line, which this package comes before, has to hear Ctrl-C before anything else comes."""


def __getattr__(name: str) -> object:
    """Import what is asked for: a public name, or a module of the package."""
    if name in HOMES:
        found: object = getattr(importlib.import_module(HOMES[name]), name)
        return found
    if not name.startswith("_"):
        try:
            return importlib.import_module(f"ellnet.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"ellnet.{name}":
                raise
    raise AttributeError(f"module 'ellnet' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
