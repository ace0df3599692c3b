"""The network in layers: its real weights as lines, their size as width and their sign as colour."""

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ellnet.explain.responses_subject import Names, names_of, network_of
from ellnet.network import Network
from ellnet.plots.canvas import Display, axes_on
from ellnet.plots.colours import FIRST, ink, paper, signed
from ellnet.plots.words import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NetworkDisplay"]

UNITS = 10
"""Units of a layer that are drawn, at most."""

LAYERS = 9
"""Layers that are drawn, at most, the input among them."""

LONGEST_NAME = 20
WIDEST = 3.2
"""The line of the largest weight between two layers, in points."""


class _Column(NamedTuple):
    """A layer that is drawn: the numbers of its units from 0, where they stand, how many are left out."""

    layer: int
    x: float
    units: NDArray[np.int64]
    y: NDArray[np.float64]
    left_out: int


class NetworkDisplay(Display):
    """The layers of a network, with its real weights.

    A line is as wide as the weight is large beside the largest that is drawn between its two layers,
    which stands above them; blue is negative, orange positive. Of a wide layer the units are drawn that
    carry most, by the size of the weights into them and out of them, and "..." stands for the others.

    Attributes:
        network: what is drawn.
        names: of its inputs and outputs.
        max_units: of a layer, at most.
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(
        self, network: Network, names: Names | None = None, *, max_units: int = UNITS
    ) -> None:
        """Take what is drawn."""
        self.network = network
        self.names = Names() if names is None else names
        self.max_units = max(1, max_units)

    @classmethod
    def from_estimator(
        cls,
        estimator: object,
        *,
        max_units: int = UNITS,
        ax: "Axes | None" = None,
        title: str = "",
    ) -> Self:
        """Draw a network.

        Args:
            estimator: a fitted estimator, a pipeline that ends in one, a Model or a Network.
            max_units: of a layer, at most.
            ax: axes to draw on; by default new ones.
            title: what stands above.

        Raises:
            DataError: something else.
            MissingExtraError: matplotlib is not installed.
        """
        drawn = cls(network_of(estimator), names_of(estimator), max_units=max_units)
        return drawn.plot(ax=ax, title=title)

    def plot(self, *, ax: "Axes | None" = None, title: str = "") -> Self:
        """Draw on `ax`, or on new axes.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        columns = self._columns()
        tallest = max(len(column.units) + bool(column.left_out) for column in columns)
        ax = axes_on(ax, (1.25 * len(columns) + 3.0, 0.36 * tallest + 1.5))
        ax.set_axis_off()
        for left, right in itertools.pairwise(columns):
            if right.layer == left.layer + 1:
                self._lines(ax, left, right)
            else:
                self._between(ax, left, right)
        half = tallest / 2
        for column in columns:
            self._units(ax, column)
            self._label(ax, column, half)
        before, after = self._room(self.names.inputs), self._room(self.names.outputs)
        ax.set(xlim=(-before, columns[-1].x + after), ylim=(-half - 1.5, half + 0.9))
        ax.set_title(title, fontsize=10)
        return self._on(ax)

    @staticmethod
    def _room(names: tuple[str, ...]) -> float:
        """Return the room that names beside the outermost layer need, in distances of layers."""
        return 0.6 + 0.075 * min(LONGEST_NAME, max(map(len, names), default=2))

    def _columns(self) -> list[_Column]:
        """Choose layers and units, and place them around one middle line."""
        layers = list(range(self.network.L + 1))
        if len(layers) > LAYERS:
            layers = [*layers[: LAYERS // 2 + 1], *layers[-(LAYERS // 2) :]]
        columns = []
        for x, layer in enumerate(layers):
            units = self._strongest(layer)
            left_out = self.network.n[layer] - len(units)
            rows = len(units) + bool(left_out)
            y = (rows - 1) / 2 - np.arange(len(units), dtype=np.float64)
            columns.append(_Column(layer, float(x), units, y, left_out))
        return columns

    def _strongest(self, layer: int) -> NDArray[np.int64]:
        """Return the units that carry most, in their order."""
        net = self.network
        weight = np.ones(net.n[layer])
        if layer > 0:
            weight = weight * np.linalg.norm(net.W[layer], axis=1)
        if layer < net.L:
            weight = weight * np.linalg.norm(net.W[layer + 1], axis=0)
        first = np.argsort(-weight, kind="stable")[: self.max_units]
        return np.sort(first).astype(np.int64)

    def _lines(self, ax: "Axes", left: _Column, right: _Column) -> None:
        """Draw the weights between two layers, the smallest first."""
        from matplotlib.collections import LineCollection  # noqa: PLC0415 - an extra

        W = np.asarray(self.network.W[right.layer], np.float64)[np.ix_(right.units, left.units)]
        largest = float(np.max(np.abs(W), initial=0.0)) or 1.0
        rows, at = np.indices(W.shape).reshape(2, -1)
        order = np.argsort(np.abs(W.ravel()), kind="stable")
        ends = [((left.x, left.y[at[k]]), (right.x, right.y[rows[k]])) for k in order]
        part = W.ravel()[order] / largest
        colours = signed(ax)(0.5 + 0.5 * np.sign(part) * (0.35 + 0.65 * np.abs(part)))
        widths = 0.15 + WIDEST * np.abs(part)
        ax.add_collection(LineCollection(ends, linewidths=widths, colors=colours, zorder=1))
        top = max(_top(left), _top(right))
        x = (left.x + right.x) / 2
        self._say(ax, x, top + 0.55, f"|W[{right.layer}]| ≤ {largest:.2g}", soft=True)

    def _between(self, ax: "Axes", left: _Column, right: _Column) -> None:
        missing = right.layer - left.layer - 1
        self._say(ax, (left.x + right.x) / 2, 0.0, f"···\n{missing} more", soft=True)

    def _units(self, ax: "Axes", column: _Column) -> None:
        """Draw circles, the number of each unit in them or its name beside, and dots for the rest."""
        ends = {0: self.names.inputs, self.network.L: self.names.outputs}
        names = ends.get(column.layer, ())
        x = np.full(len(column.y), column.x)
        edge = FIRST if column.layer else ink(ax)
        ax.scatter(x, column.y, s=150, facecolor=paper(ax), edgecolor=edge, linewidth=1.3, zorder=2)
        for unit, y in zip(column.units.tolist(), column.y.tolist(), strict=True):
            ax.text(
                column.x,
                y - 0.02,
                str(unit + 1),
                fontsize=6,
                ha="center",
                va="center",
                color=ink(ax),
            )
            if names:
                left = column.layer == 0
                beside: dict[str, Any] = {
                    "ha": "right" if left else "left",
                    "va": "center",
                    "color": ink(ax),
                }
                ax.text(
                    column.x + (-0.17 if left else 0.17),
                    y,
                    plain(names[unit], LONGEST_NAME),
                    fontsize=7,
                    **beside,
                )
        if column.left_out:
            self._say(ax, column.x, column.y[-1] - 0.85, f"...\n{column.left_out} more", soft=True)

    def _label(self, ax: "Axes", column: _Column, half: float) -> None:
        """Write under a layer what it is."""
        n = f"n[{column.layer}] = {self.network.n[column.layer]}"
        g = "input" if column.layer == 0 else self._activation(column.layer)
        self._say(ax, column.x, -half - 0.45, n, soft=False)
        self._say(ax, column.x, -half - 1.05, g, soft=True)

    def _activation(self, layer: int) -> str:
        return f"g[{layer}] = {self.network.activations[layer].replace('_', ' ')}"

    @staticmethod
    def _say(ax: "Axes", x: float, y: float, text: str, *, soft: bool) -> None:
        options: dict[str, Any] = {"ha": "center", "va": "center", "color": ink(ax)}
        ax.text(x, y, text, fontsize=7 if soft else 8, alpha=0.75 if soft else 1.0, **options)


def _top(column: _Column) -> float:
    return float(column.y[0])
