"""Pictures, after scikit-learn's Display convention: built by `from_...`, drawn by `plot`."""

from ellnet.plots.cost_curve import CostCurveDisplay

__all__ = ["CostCurveDisplay"]
