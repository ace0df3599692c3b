"""What a network of a table responds to: how much each column matters, and in what way."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ellnet.plots.canvas import Display, axes_on
from ellnet.plots.colours import FIRST, SECOND, brightness, ink
from ellnet.plots.words import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ellnet.explain.responses_table import Dependence, Influence

__all__ = ["DependenceDisplay", "InfluenceDisplay"]

COLUMNS = 20
"""Columns of the table that are drawn, at most: the most important ones."""

CLASSES = 8
"""Outputs that are drawn, at most."""


class InfluenceDisplay(Display):
    """How much each column of a table matters: permutation importance, and beside it the input gradient.

    Bars are the fall of the score when the column is shuffled, with its spread; dots how far the outputs
    z[L] move for one standard deviation, over their own axis above.

    Attributes:
        influence: what is drawn.
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(self, influence: "Influence") -> None:
        """Take what is drawn."""
        self.influence = influence

    @classmethod
    def from_estimator(
        cls,
        estimator: object,
        X: Any,
        y: Any = None,
        *,
        repeats: int = 5,
        seed: int = 0,
        ax: "Axes | None" = None,
        title: str = "",
    ) -> Self:
        """Measure and draw how much each column matters.

        Args:
            estimator: a Model, a fitted estimator of ellnet's, or a Network.
            X: rows, as its own `predict` takes them, a Model's with the target's column; for a
                Network A[0].
            y: the truth, but for a Model, which finds it among the rows.
            repeats: how often each column is shuffled.
            seed: of the shuffling.
            ax: axes to draw on; by default new ones.
            title: what stands above.

        Raises:
            DataError: a table that does not fit, or no truth.
            MissingExtraError: matplotlib is not installed.
        """
        from ellnet.explain.responses_table import influence  # noqa: PLC0415 - needs scikit-learn

        return cls(influence(estimator, X, y, repeats=repeats, seed=seed)).plot(ax=ax, title=title)

    def plot(self, *, ax: "Axes | None" = None, title: str = "") -> Self:
        """Draw on `ax`, or on new axes.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        found = self.influence
        order = found.order()[:COLUMNS]
        ax = axes_on(ax, (7.0, 1.3 + 0.28 * len(order)))
        places = np.arange(len(order))
        score = found.scoring
        ax.barh(
            places,
            found.importance[order],
            xerr=found.spread[order],
            color=FIRST,
            ecolor=ink(ax),
            height=0.7,
        )
        ax.set_yticks(places, [plain(found.names[k], 24) for k in order], fontsize=8)
        ax.set(xlabel=f"fall of {score} (from {found.score:.3g}) when shuffled", title=title)
        ax.invert_yaxis()
        ax.grid(axis="x", alpha=0.3)
        ax.set_axisbelow(True)
        above = ax.twiny()
        above.plot(found.sensitivity[order], places, "D", color=SECOND, markersize=5)
        low, high = ax.get_xlim()
        end = (float(np.max(found.sensitivity)) or 1.0) * 1.08 / (high or 1.0)
        above.set_xlim(low * end, high * end)  # both zeros stand above one another
        above.set_xlabel("◆ |dz[L]| for one standard deviation", color=SECOND)
        return self._on(ax)


class DependenceDisplay(Display):
    """The mean prediction as one column takes one value after another: partial dependence.

    Attributes:
        dependence: what is drawn.
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(self, dependence: "Dependence") -> None:
        """Take what is drawn."""
        self.dependence = dependence

    @classmethod
    def from_estimator(
        cls,
        estimator: object,
        X: Any,
        column: str,
        *,
        grid: int = 30,
        ax: "Axes | None" = None,
        title: str = "",
    ) -> Self:
        """Calculate and draw the dependence on one column.

        Args:
            estimator: a Model, a fitted estimator of ellnet's, or a Network.
            X: rows, as its own `predict` takes them; for a Network A[0].
            column: its name; x0, x1, ... where there are no names.
            grid: how many values of a number.
            ax: axes to draw on; by default new ones.
            title: what stands above.

        Raises:
            DataError: there is no such column, or the table does not fit.
            MissingExtraError: matplotlib is not installed.
        """
        from ellnet.explain.responses_table import dependence  # noqa: PLC0415 - needs scikit-learn

        return cls(dependence(estimator, X, column, grid=grid)).plot(ax=ax, title=title)

    def plot(self, *, ax: "Axes | None" = None, title: str = "") -> Self:
        """Draw on `ax`, or on new axes.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        ax = axes_on(ax, (5.0, 3.4))
        found = self.dependence
        words = isinstance(found.grid[0], str)
        places = np.arange(len(found.grid)) if words else np.asarray(found.grid, np.float64)
        shades = [brightness(ax)(k) for k in np.linspace(0.35, 1.0, max(1, len(found.outputs)))]
        colours = [FIRST, SECOND, *shades[2:]]
        kinds = ["-", "-", "--", ":", "-.", "--", ":", "-."]
        for k, (name, values) in enumerate(zip(found.outputs, found.values, strict=True)):
            if k < CLASSES:
                line: dict[str, Any] = {
                    "linestyle": "none" if words else kinds[k],
                    "marker": "os^vD*Px"[k],
                }
                line |= {} if words else {"marker": None}
                ax.plot(places, values, label=plain(name), color=colours[k], **line)
        if words:
            ax.set_xticks(places, [plain(name, 12) for name in found.grid], fontsize=7, rotation=45)
        ax.set(xlabel=plain(found.name, 40), ylabel="mean prediction", title=title)
        ax.grid(alpha=0.3)
        ax.legend(frameon=False, fontsize=8)
        return self._on(ax)
