"""Pictures of a search: cost against iterations for every value, and parallel coordinates.

Colours are safe for the colour-blind: cividis for numbers, the Okabe-Ito palette with line styles and
marks for alternatives; the best trial is a thick black line besides.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ellnet.errors import MissingExtraError
from ellnet.search.results import Curve, Result
from ellnet.search.running import Found
from ellnet.search.space import Choice, Dimension, Range, Space
from ellnet.search.words import word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ParallelCoordinatesDisplay", "SearchCurvesDisplay", "new_figure"]

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7F7F7F")
STYLES = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (5, 1, 1, 1)))
POINTS = ("o", "s", "^", "D")
"""As many as styles, so that colour and mark tell as many alternatives apart as colour and style do."""

FAR = 10.0
"""Curves are drawn up to so many times the median of where they begin: what explodes is left out."""

PANEL = (4.6, 3.4)
COLUMNS = 3

LEGEND_LINES = 16
"""So many alternatives stand below each other beside a panel; more begin another column."""

LETTER, LEGEND_ROOM = 0.075, 0.75
"""Inches that a letter of a legend takes, and what it takes besides in each column."""


class SearchCurvesDisplay:
    """Cost against iterations for every value (notes N8): a panel a hyperparameter, a line a trial.

    Attributes:
        axes_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(self, found: Found, space: Space) -> None:
        """Take what was found, and the space that was searched."""
        self.found, self.space = found, space
        self.axes_: Sequence[Axes]
        self.figure_: Figure

    @classmethod
    def from_search(cls, found: Found, space: Space, *, title: str = "") -> Self:
        """Draw the curves of a search.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        return cls(found, space).plot(title=title)

    def plot(self, *, title: str = "") -> Self:
        """Draw a panel for each hyperparameter that was searched.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        names = list(self.space.dimensions)
        columns = min(COLUMNS, len(names))
        rows = -(-len(names) // columns)
        aside = sum(max(self._aside(n) for n in names[k::columns]) for k in range(columns))
        self.figure_ = new_figure((PANEL[0] * columns + aside, PANEL[1] * rows))
        grid = self.figure_.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        self.axes_ = list(grid.flat)
        for ax, name in zip(self.axes_, names, strict=False):
            self._panel(ax, name)
        for ax in self.axes_[len(names) :]:
            ax.set_visible(False)
        for ax in self.axes_[max(0, len(names) - columns) : len(names)]:
            ax.set_xlabel("iterations")
            ax.tick_params(labelbottom=True)
        for row in grid:
            row[0].set_ylabel("validation cost")
        self.axes_[0].locator_params(axis="x", integer=True, min_n_ticks=1)
        self._scale(self.axes_[0])
        best = self.found.best
        self.figure_.suptitle(f"{title}{' — ' if title else ''}best: trial {best.number} (black)")
        return self

    def save(self, path: Path) -> None:
        """Write the picture as PNG."""
        self.figure_.savefig(path, dpi=120)

    def _panel(self, ax: "Axes", name: str) -> None:
        dimension, best = self.space.dimensions[name], self.found.best
        paint = _Paint(dimension)
        for result in sorted(self.found.results.values(), key=lambda r: -r.number):
            for curve in result.curves[:1]:
                style = paint.of(result.chosen[name])
                _draw(ax, curve, lw=1.3, ms=4.5, alpha=0.8, **style)
        style = paint.of(best.chosen[name])
        black = {"color": "black", "ls": "-"}
        _draw(ax, best.curves[0], lw=2.6, ms=9.0, zorder=5, **style | black)
        _draw(ax, best.curves[0], lw=1.0, ms=4.5, zorder=6, **style)
        ax.set_title(f"{name} (best: {word(best.chosen[name])})", fontsize=10)
        ax.grid(alpha=0.25)
        first = [curve for r in self.found.results.values() for curve in r.curves[:1]]
        paint.explain(ax, marked=any(_alone(_line(curve)[1]) for curve in first))

    def _aside(self, name: str) -> float:
        """Return the inches that the legend of a panel takes beside it."""
        dimension = self.space.dimensions[name]
        if not isinstance(dimension, Choice):
            return 0.0
        longest = max(len(word(value)) for value in dimension.values)
        columns = -(-len(dimension.values) // LEGEND_LINES)
        return columns * (LEGEND_ROOM + LETTER * longest)

    def _scale(self, ax: "Axes") -> None:
        """Let the axis hold what can be compared; a run that explodes leaves it at the top."""
        costs = _finite(
            c for r in self.found.results.values() for k in r.curves[:1] for c in k.validation
        )
        first = _finite(
            k.validation[0]
            for r in self.found.results.values()
            for k in r.curves[:1]
            if k.validation
        )
        if not costs:
            return
        low, high = min(costs), min(max(costs), FAR * float(np.median(first or costs)))
        if low > 0 and high / low > 4:
            ax.set_yscale("log")
            ax.set_ylim(low / 1.1, high * 1.1)
        elif high > low:
            ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))


class _Paint:
    """The colour and the line of each value of a hyperparameter."""

    def __init__(self, dimension: Dimension) -> None:
        from matplotlib import colormaps, colors  # noqa: PLC0415 - an extra, imported when needed

        self._dimension = dimension
        self._map = colormaps["cividis"]
        if isinstance(dimension, Range):
            kind = colors.LogNorm if dimension.log else colors.Normalize
            self._norm = kind(dimension.low, dimension.high)

    def of(self, value: Any) -> dict[str, Any]:
        """Return what to draw a line of that value with."""
        if isinstance(self._dimension, Range):
            return {"color": self._map(self._norm(value))}
        k = self._dimension.values.index(value)
        point = POINTS[k % len(POINTS)]
        return {"color": PALETTE[k % len(PALETTE)], "ls": STYLES[k % len(STYLES)], "marker": point}

    def explain(self, ax: "Axes", *, marked: bool) -> None:
        """Draw the scale, or beside the axes the legend, with the marks where some are drawn."""
        if isinstance(self._dimension, Choice):
            for value in self._dimension.values:
                look = self.of(value) | ({} if marked else {"marker": ""})
                ax.plot([], [], label=word(value), ms=4.5, **look)
            columns = -(-len(self._dimension.values) // LEGEND_LINES)
            ax.legend(
                loc="upper left",
                bbox_to_anchor=(1.0, 1.0),
                borderaxespad=0.3,
                fontsize=8,
                frameon=False,
                handlelength=3,
                ncols=columns,
            )
            return
        from matplotlib.cm import ScalarMappable  # noqa: PLC0415 - an extra, imported when needed

        figure = ax.get_figure(root=True)
        assert figure is not None  # noqa: S101 - axes that can be drawn on are on a figure
        scale = ax.inset_axes(
            (1.02, 0.0, 0.045, 1.0)
        )  # stays by its panel, whatever a legend takes
        figure.colorbar(ScalarMappable(self._norm, self._map), cax=scale)


class ParallelCoordinatesDisplay:
    """A line a trial across one axis a hyperparameter, to the metric; dark is good.

    Attributes:
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(self, found: Found, space: Space) -> None:
        """Take what was found, and the space that was searched."""
        self.found, self.space = found, space
        self.ax_: Axes
        self.figure_: Figure

    @classmethod
    def from_search(cls, found: Found, space: Space, *, title: str = "") -> Self:
        """Draw the trials of a search that were completed.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        return cls(found, space).plot(title=title)

    def plot(self, *, title: str = "") -> Self:
        """Draw the lines, the best last.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        self.figure_ = new_figure((2.0 * len(self.space.dimensions) + 3.0, 4.0))
        from matplotlib import colormaps  # noqa: PLC0415 - an extra, imported when needed

        ax = self.ax_ = self.figure_.add_subplot()
        done = [r for r in self.found.results.values() if r.state == "complete"]
        sign = 1 if self.found.measure.greater else -1
        done.sort(key=lambda r: (sign * r.value, -r.number))
        places = _ranks(done)
        for k, result in enumerate(done):
            best = result.number == self.found.best.number
            shade = colormaps["cividis_r"](k / max(1, len(done) - 1))
            line = [self._place(name, result) for name in self.space.dimensions] + [places[k]]
            ax.plot(line, color="black" if best else shade, lw=2.6 if best else 1.2, alpha=0.9)
        self._label(ax, done)
        ax.set_title(f"{title}{' — ' if title else ''}best: trial {self.found.best.number} (black)")
        return self

    def save(self, path: Path) -> None:
        """Write the picture as PNG."""
        self.figure_.savefig(path, dpi=120)

    def _place(self, name: str, result: Result) -> float:
        dimension = self.space.dimensions[name]
        aside = 0.0
        if isinstance(dimension, Choice):  # lines through one point would hide one another
            aside = 0.05 * ((result.number * 0.618) % 1 - 0.5)
        return dimension.place(result.chosen[name]) + aside

    def _label(self, ax: "Axes", done: Sequence[Result]) -> None:
        names = [*self.space.dimensions, f"{self.found.measure.name} (rank)"]
        ax.set_xticks(range(len(names)), names)
        ax.set_yticks([])
        for x, dimension in enumerate(self.space.dimensions.values()):
            ax.axvline(x, color="#999999", lw=0.8, zorder=0)
            for value in dimension.ends():
                at, side = dimension.place(value), "center"
                if isinstance(dimension, Range):  # no line is beyond its ends
                    side = "bottom" if at else "top"
                self._name(ax, word(value), (x, at), side)
        if done:
            last = len(names) - 1
            for result, at in ((done[0], 0.0), (done[-1], 1.0)):
                ax.annotate(
                    word(result.value),
                    (last, at),
                    fontsize=8,
                    xytext=(4, -3),
                    textcoords="offset points",
                )
        ax.spines[["top", "right", "left"]].set_visible(False)

    def _name(self, ax: "Axes", value: str, at: tuple[float, float], side: str) -> None:
        """Write a value beside its axis, on a ground that no line goes through."""
        ground = {"boxstyle": "square,pad=0.15", "ec": "none", "fc": self.figure_.get_facecolor()}
        ax.annotate(
            value,
            at,
            fontsize=8,
            xytext=(-6, 0),
            textcoords="offset points",
            ha="right",
            va=side,
            bbox=ground,
            zorder=6,
        )


def _ranks(done: Sequence[Result]) -> list[float]:
    return [k / max(1, len(done) - 1) for k in range(len(done))]


def _line(curve: Curve) -> tuple[list[int], list[float]]:
    """Return the iterations after each epoch, and the cost there; what is not finite breaks the line."""
    iterations = [curve.steps * k for k in range(1, len(curve.validation) + 1)]
    return iterations, [c if math.isfinite(c) else math.nan for c in curve.validation]


def _alone(costs: Sequence[float]) -> list[int]:
    """Return where a cost is finite and none beside it is: a line has nothing to draw there."""
    known = [False, *map(math.isfinite, costs), False]
    return [k for k in range(len(costs)) if known[k + 1] and not known[k] and not known[k + 2]]


def _draw(ax: "Axes", curve: Curve, *, marker: str = "o", ms: float, **style: Any) -> None:
    """Draw a curve as a line, and as marks the points of it that no line leads to."""
    iterations, costs = _line(curve)
    ax.plot(iterations, costs, **style)
    if alone := _alone(costs):
        points = [iterations[k] for k in alone], [costs[k] for k in alone]
        ax.plot(*points, marker=marker, ms=ms, **style | {"ls": "none"})


def _finite(costs: Iterable[float]) -> list[float]:
    return [cost for cost in costs if math.isfinite(cost)]


def new_figure(size: tuple[float, float]) -> "Figure":
    """Return an empty figure of a size in inches.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra, imported when needed
    except ImportError as error:
        raise MissingExtraError("drawing needs matplotlib: pip install 'ellnet[plot]'") from error
    return Figure(figsize=size, layout="constrained")
