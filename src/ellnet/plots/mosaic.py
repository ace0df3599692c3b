"""Pictures side by side on one pair of axes: each in its place, with a gap between and a word above."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ellnet.plots.colours import brightness, ink, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Mosaic", "grid", "placed"]

GAP = 0.12
"""Between two pictures beside one another, in widths of a picture."""

ROOM = 0.3
"""Above a picture, for its word, in heights of a picture."""


class Mosaic:
    """A grid of pictures, each one unit wide and high."""

    def __init__(self, ax: "Axes", rows: int, columns: int, *, left: float = 0.0) -> None:
        """Clear the axes for a grid; `left` is room for words beside it, in widths of a picture."""
        self._ax = ax
        self._limits = (-left, columns * (1 + GAP) - GAP), (rows * (1 + ROOM), 0.0)
        ax.set_axis_off()
        self._fit()

    @staticmethod
    def size(
        rows: int, columns: int, *, left: float = 0.0, inches: float = 0.72
    ) -> tuple[float, float]:
        """Return the size of a figure for such a grid, in inches."""
        width = left + columns * (1 + GAP)
        return max(3.0, inches * width), max(1.0, inches * rows * (1 + ROOM) + 0.6)

    def show(
        self, picture: NDArray[Any], row: int, column: float, *, sign: bool, least: float = 0.0
    ) -> None:
        """Put a picture in its place, each over its own range.

        Args:
            picture: (rows, columns) of pixels.
            row: from 0.
            column: from 0.
            sign: whether 0 is the middle of its scale, or the smallest is its beginning.
            least: the end of a scale with signs, at least: what is far below it is paper.
        """
        found = np.asarray(picture, np.float64)
        low, high = float(np.min(found)), float(np.max(found))
        if sign:
            high = max(abs(low), abs(high), least) or 1.0
            low = -high
        x, y = self._corner(row, column)
        self._ax.imshow(
            found,
            cmap=signed(self._ax) if sign else brightness(self._ax),
            vmin=low,
            vmax=high if high > low else low + 1.0,
            extent=(x, x + 1, y + 1, y),
            interpolation="nearest",
        )
        rim = ([x, x + 1, x + 1, x, x], [y, y, y + 1, y + 1, y])
        self._ax.plot(*rim, color=ink(self._ax), alpha=0.25, linewidth=0.6, clip_on=False)
        self._fit()

    def label(self, text: str, row: int, column: float) -> None:
        """Write a word above a place."""
        x, y = self._corner(row, column)
        self._ax.text(
            x + 0.5, y - 0.05, text, ha="center", va="bottom", fontsize=7, color=ink(self._ax)
        )

    def beside(self, text: str, row: int) -> None:
        """Write words to the left of a row."""
        x, y = self._corner(row, 0)
        self._ax.text(
            x - 0.12, y + 0.5, text, ha="right", va="center", fontsize=8, color=ink(self._ax)
        )

    def heading(self, text: str, column: float) -> None:
        """Write a word at the very top, where a group of pictures begins."""
        x, _ = self._corner(0, column)
        self._ax.text(x, -0.02, text, ha="left", va="bottom", fontsize=8, color=ink(self._ax))

    def _fit(self) -> None:
        """Set the limits, which every picture moves."""
        self._ax.set(xlim=self._limits[0], ylim=self._limits[1], aspect="equal")

    @staticmethod
    def _corner(row: int, column: float) -> tuple[float, float]:
        return column * (1 + GAP), row * (1 + ROOM) + ROOM


def grid(count: int, most: int = 8) -> tuple[int, int]:
    """Return rows and columns for so many pictures, at most `most` beside one another."""
    columns = min(most, max(1, count))
    return -(-count // columns), columns


def placed(count: int, columns: int) -> Sequence[tuple[int, int]]:
    """Return row and column of each of so many pictures."""
    return [divmod(k, columns) for k in range(count)]
