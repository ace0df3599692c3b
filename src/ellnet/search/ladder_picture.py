"""The picture of a ladder: cost against parameters, with what one standard error allows.

Colours are safe for the colour-blind, and depths differ in their marks too.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from ellnet.search.ladder import Climbed
from ellnet.search.ladder_rungs import Rung
from ellnet.search.ladder_words import name_of
from ellnet.search.pictures import PALETTE, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["LadderDisplay"]

MARKS = ("s", "o", "^", "D", "v", "P", "X")
RING, MARK = 15.0, 7.0
"""Points across the ring about the recommended rung, and across a mark."""

SPOTS = ((0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1), (1, 0), (-1, 0))
DISTANCES = (5.0, 9.0, 14.0, 20.0, 28.0, 38.0)
"""On which side of its mark a name may stand, and how many points away."""

MARGIN = 3.0
"""Pixels between a name and the frame."""

STEP = 3.0
"""Pixels between two points of the cloud that stands for what is drawn."""

FAR = 4.0
"""To stand so many points further away is as bad as to cover one more point of the cloud."""

Points = NDArray[np.float64]

ROUND: Points = np.array([(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 16)])


class LadderDisplay:
    """Loss against parameters, a mark a rung; filled marks are as good as the best.

    Bars are plain standard errors of the difference to the best. The line is as far from the best as a
    rung may be that is as good: one corrected standard error of the best's own mean, and a rung's bar has
    to end on the good side of it too; or the floor below which differences are none, where that is more,
    and a rung's mark has to be there. A rung within the floor is as good whatever its bar.

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
        self.figure_ = new_figure((7.5, 5.4))
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
        ax.margins(0.07)
        ax.grid(alpha=0.25)
        self._explain(ax)
        self._write_names(ax, trained)
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
        look: dict[str, Any] = {
            "color": PALETTE[depth % len(PALETTE)],
            "marker": MARKS[depth % len(MARKS)],
        }
        ax.errorbar(
            sizes,
            means,
            [low, errors],
            capsize=3,
            lw=1.2,
            ms=MARK,
            mfc="white",
            label=label,
            **look,
        )
        good = [k for k, rung in enumerate(rungs) if self._as_good(rung)]
        ax.plot(
            [sizes[k] for k in good], [means[k] for k in good], ls="none", ms=MARK, zorder=3, **look
        )

    def _as_good(self, rung: Rung) -> bool:
        best = self.climbed.best
        return rung is best or self.climbed.test.within_one_error(rung, best)

    def _allowed(self, ax: "Axes") -> None:
        """Mark the recommended rung, and the line that it had to stay on the good side of."""
        climbed = self.climbed
        best, chosen, test = climbed.best, climbed.recommended, climbed.test
        sign, where = (-1, "below") if test.greater else (1, "above")
        error = test.error_of(test.losses(best))
        name = "one standard error" if error >= test.negligible else "the floor, log 2 / rows,"
        line = self._mean(best) + sign * max(error, test.negligible)
        ax.axhline(line, color="#555555", ls="--", lw=1, label=f"{name} {where} the best")
        ax.plot(
            chosen.size,
            self._mean(chosen),
            "o",
            ms=RING,
            mfc="none",
            mec="black",
            mew=2,
            ls="none",
            label=f"recommended: {name_of(chosen)}",
        )

    def _explain(self, ax: "Axes") -> None:
        """Draw the legend, depths first, and say there what filled marks and bars are too."""
        grey: dict[str, Any] = {"color": "#555555", "ls": "none"}
        depths = [bars.get_label() for bars in ax.containers]
        ax.plot([], [], "o", ms=MARK, label="filled: as good as the best; hollow: behind", **grey)
        said = "bars: ± plain standard error of the difference to the best"
        ax.errorbar([], [], [], label=f"{said}\n(the table's ± are corrected ones)", **grey)
        drawn = sorted(
            zip(*ax.get_legend_handles_labels(), strict=True),
            key=lambda entry: entry[1] not in depths,
        )
        self.figure_.legend(
            [handle for handle, _ in drawn],
            [label for _, label in drawn],
            loc="outside lower center",
            ncols=2,
            labelspacing=0.8,
            frameon=False,
            fontsize=8,
        )

    def _write_names(self, ax: "Axes", rungs: Sequence[Rung]) -> None:
        """Write each rung's widths by its mark, those of the recommended one first."""
        chosen = self.climbed.recommended
        rungs = sorted(rungs, key=lambda rung: rung is not chosen)
        self.figure_.draw_without_rendering()  # until then it is not known where anything is
        places = ax.transData.transform([(rung.size, self._mean(rung)) for rung in rungs])
        ground = _Ground(ax, places)
        for rung, place in zip(rungs, places, strict=True):
            at = (rung.size, self._mean(rung))
            text = ax.annotate(
                name_of(rung),
                at,
                xytext=(0, 0),
                textcoords="offset points",
                fontsize=7,
                ha="center",
                va="center",
            )
            extent = text.get_window_extent()
            text.xyann = ground.offset(place, np.array([extent.width, extent.height]))


class _Ground:
    """What is covered on axes, as a cloud of points in pixels, and where a name covers the least."""

    def __init__(self, ax: "Axes", marks: Points) -> None:
        """Take axes on which all else is drawn; the first of the marks has the ring."""
        figure = ax.get_figure(root=True)
        assert figure is not None  # noqa: S101 - axes that can be drawn on are on a figure
        self._point = figure.dpi / 72
        self._frame: Points = ax.get_window_extent().padded(-MARGIN).get_points()
        radii = [(RING + 3) / 2, *[MARK / 2] * (len(marks) - 1)]
        drawn = [line.get_transform().transform(line.get_xydata()) for line in ax.lines]
        for bars in ax.collections:
            to_pixels = bars.get_transform()
            drawn += [to_pixels.transform(path.vertices) for path in bars.get_paths()]
        clouds = [_along(path) for path in drawn if len(path)]
        clouds += [m + r * self._point * ROUND for m, r in zip(marks, radii, strict=True)]
        self._taken: Points = np.concatenate(clouds)

    def offset(self, mark: Points, size: Points) -> tuple[float, float]:
        """Return the points between a mark and the middle of its name, (width, height) pixels large."""
        tries = []
        for distance, spot in itertools.product(DISTANCES, SPOTS):
            middle = mark + np.array(spot) * (distance * self._point + size / 2)
            tries.append((*self._harm(middle, size, distance), *middle))
        *_, x, y = min(tries)
        box = np.array([[x, y] - size / 2, [x, y] + size / 2])
        self._taken = np.concatenate([self._taken, _filled(box)])
        return (x - mark[0]) / self._point, (y - mark[1]) / self._point

    def _harm(self, middle: Points, size: Points, distance: float) -> tuple[float, float]:
        """Return how far a name leaves the frame, and how much it covers and stands away."""
        low, high = middle - size / 2 - self._point, middle + size / 2 + self._point
        outside = np.maximum(self._frame[0] - low, 0) + np.maximum(high - self._frame[1], 0)
        covered = np.all((self._taken > low) & (self._taken < high), axis=1)
        return float(np.sum(outside)), float(np.sum(covered)) + distance / FAR


def _along(path: Points) -> Points:
    """Return points on a path, (points, 2), a step apart."""
    parts = [path[-1:]]
    for a, b in itertools.pairwise(path):
        steps = 1 + int(np.hypot(*(b - a)) / STEP)
        parts.append(a + np.linspace(0, 1, steps, endpoint=False)[:, None] * (b - a))
    return np.concatenate(parts)


def _filled(box: Points) -> Points:
    """Return points in a box, (points, 2), a step apart."""
    x, y = (np.arange(low, high + STEP, STEP) for low, high in box.T)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
