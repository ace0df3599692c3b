"""Cost against epochs."""

from typing import TYPE_CHECKING, Any, Self

from ellnet.explain.responses_subject import history_of
from ellnet.history import History
from ellnet.plots.canvas import Display, axes_on
from ellnet.plots.colours import FIRST, SECOND

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CostCurveDisplay"]

WIDE = 10.0
"""From this ratio of the highest to the lowest cost on, the scale is logarithmic."""


class CostCurveDisplay(Display):
    """Cost against epochs: training, validation, and the epoch whose parameters were kept.

    Attributes:
        history: what is drawn.
        parent: what is drawn beside it, paler: the run that it branched from.
        parted: the last epoch that both have in common.
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(self, history: History, parent: History | None = None, parted: int = 0) -> None:
        """Take the history to draw, that of the run that it branched from, and after which epoch."""
        self.history = history
        self.parent = parent
        self.parted = parted

    @classmethod
    def from_history(
        cls,
        history: History,
        *,
        parent: History | None = None,
        parted: int = 0,
        ax: "Axes | None" = None,
        title: str = "",
    ) -> Self:
        """Draw the curves of a history, beside those of the run that it branched from.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        return cls(history, parent, parted).plot(ax=ax, title=title)

    @classmethod
    def from_estimator(
        cls, estimator: object, *, ax: "Axes | None" = None, title: str = ""
    ) -> Self:
        """Draw how a fitted estimator, or a Model, came to what it is.

        Args:
            estimator: an estimator of ellnet's, a pipeline that ends in one, or a Model.
            ax: axes to draw on; by default new ones.
            title: what stands above.

        Raises:
            DataError: it has no history, as a Network has none.
            MissingExtraError: matplotlib is not installed.
        """
        return cls.from_history(history_of(estimator), ax=ax, title=title)

    def plot(self, *, ax: "Axes | None" = None, title: str = "") -> Self:
        """Draw the curves on `ax`, or on new axes.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        ax = axes_on(ax)
        if self.parent is not None:
            self._draw_parent(ax, self.parent)
        epochs = range(1, len(self.history.epochs) + 1)
        marker: dict[str, Any] = {"marker": "o"} if len(epochs) == 1 else {}
        ax.plot(epochs, self.history.costs, label="training, with penalty", color=FIRST, **marker)
        validation = self.history.validation_costs
        if validation:
            ax.plot(epochs, validation, label="validation", color=SECOND, **marker)
            self._mark_best(ax, validation)
        ax.set(xlabel="epoch", ylabel="cost", title=title)
        costs = [*self.history.costs, *validation]
        if self.parent is not None:
            costs += [*self.parent.costs, *self.parent.validation_costs]
        if costs and min(costs) > 0 and max(costs) >= WIDE * min(costs):
            ax.set_yscale("log")
        ax.grid(alpha=0.3)
        ax.legend(frameon=False)
        return self._on(ax)

    def _draw_parent(self, ax: "Axes", parent: History) -> None:
        """Draw the other run's curves, and the epoch where both part."""
        epochs = range(1, len(parent.epochs) + 1)
        ax.plot(epochs, parent.costs, label="parent, training", color="#a9bfe3")
        if parent.validation_costs:
            epochs = range(1, len(parent.validation_costs) + 1)
            ax.plot(epochs, parent.validation_costs, label="parent, validation", color="#e8b996")
        label = f"branched after epoch {self.parted}"
        ax.axvline(self.parted, color="#888888", linestyle=":", label=label)

    def _mark_best(self, ax: "Axes", validation: list[float]) -> None:
        best = self.history.best_epoch
        if 0 < best < len(validation):
            label = f"kept: epoch {best}"
            ax.plot(best, validation[best - 1], "o", color=SECOND, label=label)
