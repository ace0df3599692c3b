"""The picture of a ladder: cost against parameters, with what one standard error allows.

Colours are safe for the colour-blind, and depths differ in their marks too.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from ellnet.search.ladder import Climbed
from ellnet.search.ladder_rungs import Rung
from ellnet.search.ladder_words import name_of
from ellnet.search.pictures import PALETTE, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["LadderDisplay"]

MARKS = ("s", "o", "^", "D", "v", "P", "X")


class LadderDisplay:
    """Loss against parameters, a mark a rung; what ends below the dashed line, bar and all, is as good.

    Bars are plain standard errors of the difference to the best; the line is one corrected standard error
    of the best's own mean above it.

    Attributes:
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(self, climbed: Climbed) -> None:
        """Take what came of a ladder."""
        self.climbed = climbed
        self.ax_: Axes
        self.figure_: Figure

    @classmethod
    def from_climbed(cls, climbed: Climbed, *, title: str = "") -> Self:
        """Draw a ladder.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        return cls(climbed).plot(title=title)

    def plot(self, *, title: str = "") -> Self:
        """Draw the rungs, depth by depth.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        self.figure_ = new_figure((7.5, 4.6))
        ax = self.ax_ = self.figure_.add_subplot()
        climbed = self.climbed
        trained = [rung for rung in climbed.rungs if rung.trained]
        for depth in sorted({len(rung.hidden) for rung in trained}):
            self._depth(ax, [rung for rung in trained if len(rung.hidden) == depth])
        self._allowed(ax)
        means = [self._mean(rung) for rung in trained]
        low, high = min(means), max(means)
        if not climbed.test.greater and low > 0 and high / low > 10:
            ax.set_yscale("log")
        ax.set(xscale="log", xlabel="parameters", ylabel=climbed.test.metric, title=title)
        ax.grid(alpha=0.25)
        ax.legend(frameon=True, framealpha=0.85, fontsize=8)
        return self

    def save(self, path: Path) -> None:
        """Write the picture as PNG."""
        self.figure_.savefig(path, dpi=120)

    def _mean(self, rung: Rung) -> float:
        return self.climbed.test.mean(rung) * (-1 if self.climbed.test.greater else 1)

    def _depth(self, ax: "Axes", rungs: list[Rung]) -> None:
        """Draw the rungs of a depth, with their widths."""
        depth = len(rungs[0].hidden)
        label = f"{depth} hidden layer{'' if depth == 1 else 's'}" if depth else "linear model"
        sizes, means = [rung.size for rung in rungs], [self._mean(rung) for rung in rungs]
        best, test = self.climbed.best, self.climbed.test
        errors = np.array([test.plain_error(rung, best) for rung in rungs])
        low = np.minimum(errors, 0.9 * np.abs(means))  # a logarithmic axis has no place for 0
        ax.errorbar(
            sizes,
            means,
            yerr=[low, errors],
            color=PALETTE[depth % len(PALETTE)],
            marker=MARKS[depth % len(MARKS)],
            capsize=3,
            lw=1.2,
            label=label,
        )
        for rung, size, mean in zip(rungs, sizes, means, strict=True):
            ax.annotate(
                name_of(rung), (size, mean), fontsize=7, xytext=(4, 5), textcoords="offset points"
            )

    def _allowed(self, ax: "Axes") -> None:
        """Mark the recommended rung, and the line that it had to stay on the good side of."""
        climbed = self.climbed
        best, chosen, test = climbed.best, climbed.recommended, climbed.test
        sign, where = (-1, "below") if test.greater else (1, "above")
        line = self._mean(best) + sign * test.error_of(test.losses(best))
        ax.axhline(
            line, color="#555555", ls="--", lw=1, label=f"one standard error {where} the best"
        )
        ax.plot(
            chosen.size,
            self._mean(chosen),
            "o",
            ms=15,
            mfc="none",
            mec="black",
            mew=2,
            ls="none",
            label=f"recommended: {name_of(chosen)}",
        )
