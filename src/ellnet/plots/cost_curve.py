"""Pictures, after scikit-learn's Display convention: built by `from_...`, drawn by `plot`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ellnet.errors import MissingExtraError
from ellnet.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["CostCurveDisplay"]

WIDE = 10.0
"""From this ratio of the highest to the lowest cost on, the scale is logarithmic."""


class CostCurveDisplay:
    """Cost against epochs: training, validation, and the epoch whose parameters were kept.

    Attributes:
        history: what is drawn.
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(self, history: History) -> None:
        """Take the history to draw."""
        self.history = history
        self.ax_: Axes
        self.figure_: Figure

    @classmethod
    def from_history(cls, history: History, *, ax: "Axes | None" = None, title: str = "") -> Self:
        """Draw the curves of a history.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        return cls(history).plot(ax=ax, title=title)

    def plot(self, *, ax: "Axes | None" = None, title: str = "") -> Self:
        """Draw the curves on `ax`, or on new axes.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        if ax is None:
            ax = _figure().add_subplot()
        epochs = range(1, len(self.history.epochs) + 1)
        marker: dict[str, Any] = {"marker": "o"} if len(epochs) == 1 else {}
        ax.plot(
            epochs, self.history.costs, label="training, with penalty", color="#1f5fbf", **marker
        )
        validation = self.history.validation_costs
        if validation:
            ax.plot(epochs, validation, label="validation", color="#c2571a", **marker)
            self._mark_best(ax, validation)
        ax.set(xlabel="epoch", ylabel="cost", title=title)
        costs = [*self.history.costs, *validation]
        if costs and min(costs) > 0 and max(costs) >= WIDE * min(costs):
            ax.set_yscale("log")
        ax.grid(alpha=0.3)
        ax.legend(frameon=False)
        figure = ax.get_figure(root=True)
        assert figure is not None  # noqa: S101 - axes that can be drawn on are on a figure
        self.ax_, self.figure_ = ax, figure
        return self

    def _mark_best(self, ax: "Axes", validation: list[float]) -> None:
        best = self.history.best_epoch
        if 0 < best < len(validation):
            label = f"kept: epoch {best}"
            ax.plot(best, validation[best - 1], "o", color="#c2571a", label=label)

    def save(self, path: Path) -> None:
        """Write the picture as PNG."""
        self.figure_.savefig(path, dpi=120)


def _figure() -> "Figure":
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra, imported when needed
    except ImportError as error:
        raise MissingExtraError("drawing needs matplotlib: pip install 'ellnet[plot]'") from error
    return Figure(figsize=(7, 4), layout="constrained")
