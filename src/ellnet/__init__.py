"""ellnet: deep fully-connected networks of L layers, fast, see-through and repeatable."""

from ellnet.datasets import load_dataset
from ellnet.engines import engine
from ellnet.hyperparameters import Hyperparameters
from ellnet.models import Model, load
from ellnet.network import Network
from ellnet.tables import read_table
from ellnet.training import train
from ellnet.version import VERSION
from ellnet.workflow import Plan, train_table

__version__ = VERSION

__all__ = [
    "Hyperparameters",
    "Model",
    "Network",
    "Plan",
    "__version__",
    "engine",
    "load",
    "load_dataset",
    "read_table",
    "train",
    "train_table",
]
