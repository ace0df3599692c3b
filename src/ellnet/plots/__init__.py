"""Pictures, after scikit-learn's Display convention: built by `from_...`, drawn by `plot`.

Each `from_estimator` takes an estimator, a pipeline that ends in one, a Model or a Network; each `plot`
draws on the axes that it is given, or on new ones, and returns the Display with `ax_` and `figure_`.
"""

from ellnet.plots.activations import ActivationsDisplay
from ellnet.plots.canvas import FORMATS, Display, check_ending, theme
from ellnet.plots.colours import DARK
from ellnet.plots.cost_curve import CostCurveDisplay
from ellnet.plots.gradient_norms import GradientNormsDisplay
from ellnet.plots.influence import DependenceDisplay, InfluenceDisplay
from ellnet.plots.network import NetworkDisplay
from ellnet.plots.responses import ResponsesDisplay
from ellnet.plots.weights import WeightsDisplay

__all__ = [
    "DARK",
    "FORMATS",
    "ActivationsDisplay",
    "CostCurveDisplay",
    "DependenceDisplay",
    "Display",
    "GradientNormsDisplay",
    "InfluenceDisplay",
    "NetworkDisplay",
    "ResponsesDisplay",
    "WeightsDisplay",
    "check_ending",
    "theme",
]
