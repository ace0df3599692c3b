"""The picture of a learning-rate range test."""

from pathlib import Path
from typing import TYPE_CHECKING, Self

from ellnet.search.pictures import new_figure
from ellnet.search.rates import RateTest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["RateTestDisplay"]


class RateTestDisplay:
    """Cost against learning rate, each step's and smoothed, with the suggestion.

    Attributes:
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(self, found: RateTest) -> None:
        """Take what was found."""
        self.found = found
        self.ax_: Axes
        self.figure_: Figure

    @classmethod
    def from_test(cls, found: RateTest, *, title: str = "") -> Self:
        """Draw a range test.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        return cls(found).plot(title=title)

    def plot(self, *, title: str = "") -> Self:
        """Draw both curves over a logarithmic axis.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        self.figure_ = new_figure((7.0, 4.0))
        ax = self.ax_ = self.figure_.add_subplot()
        found = self.found
        ax.plot(found.rates, found.costs, ".", color="#999999", ms=4, label="each step")
        ax.plot(found.rates, found.smoothed, color="#0072B2", lw=2, label="smoothed")
        if found.suggestion is not None:
            label = f"suggestion: {found.suggestion:.2g}"
            ax.axvline(found.suggestion, color="#D55E00", ls="--", label=label)
        low, high = min(found.smoothed), max(found.smoothed[: max(1, len(found.smoothed) // 2)])
        ax.set_ylim(low - 0.1 * (high - low), high + 0.6 * (high - low) or 1.0)
        ax.set(xscale="log", xlabel="learning rate", ylabel="cost", title=title)
        ax.grid(alpha=0.3)
        ax.legend(frameon=False)
        return self

    def save(self, path: Path) -> None:
        """Write the picture as PNG."""
        self.figure_.savefig(path, dpi=120)
