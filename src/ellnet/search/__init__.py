"""Hyperparameters from cost curves (notes N8): values from a range, each trained, the lowest cost kept.

Optuna gives TPE and the storage; the trials, their curves, and what may be said of them are ours.
"""

from ellnet.errors import MissingExtraError

try:
    import optuna as _optuna  # noqa: F401 - asked for first, so that its lack has a sentence
except ImportError as error:
    raise MissingExtraError("searching needs Optuna: pip install 'ellnet[search]'") from error

from ellnet.search.folds import Evaluation
from ellnet.search.ladder import Climbed, Ladder, Standing
from ellnet.search.ladder_rungs import Judged, Rung
from ellnet.search.queue import Budget, Status
from ellnet.search.results import Curve, Result
from ellnet.search.running import Found, Search
from ellnet.search.space import Choice, Range, Space

__all__ = [
    "Budget",
    "Choice",
    "Climbed",
    "Curve",
    "Evaluation",
    "Found",
    "Judged",
    "Ladder",
    "Range",
    "Result",
    "Rung",
    "Search",
    "Space",
    "Standing",
    "Status",
]
