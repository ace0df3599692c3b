"""The weights of a layer: as pictures where the inputs are an image, as a heat map elsewhere."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from ellnet.explain.responses_subject import chosen_units, names_of, network_of, picture_shape
from ellnet.plots.canvas import Display, axes_on
from ellnet.plots.colours import signed
from ellnet.plots.mosaic import Mosaic, grid, placed
from ellnet.plots.words import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["WeightsDisplay"]

PICTURES = 32
FAINT = 1e-3
"""A unit whose weights are all under this part of the largest is paper: they are next to nothing."""

NAMED = 40
"""Rows or columns of a heat map that have names, at most."""


class WeightsDisplay(Display):
    """The weights into units of a layer: a picture a unit, or a heat map of W[l].

    Blue is negative, orange positive. A picture runs over its own range; a heat map over that of W[l].

    Attributes:
        weights: the rows of W[l] that are drawn, (k, n[l-1]).
        layer: l.
        units: their numbers, from 1.
        image_shape: rows and columns of pixels, None for a heat map.
        input_names: of the columns, or ().
        unit_names: of the rows, or ().
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(
        self,
        weights: NDArray[Any],
        *,
        layer: int,
        units: Sequence[int],
        image_shape: tuple[int, int] | None = None,
        input_names: Sequence[str] = (),
        unit_names: Sequence[str] = (),
    ) -> None:
        """Take what is drawn."""
        self.weights = weights
        self.layer = layer
        self.units = tuple(units)
        self.image_shape = image_shape
        self.input_names = tuple(input_names)
        self.unit_names = tuple(unit_names)

    @classmethod
    def from_estimator(
        cls,
        estimator: object,
        *,
        layer: int = 1,
        units: Sequence[int] | None = None,
        image_shape: tuple[int, int] | None = None,
        ax: "Axes | None" = None,
        title: str = "",
    ) -> Self:
        """Draw the weights of a layer.

        Args:
            estimator: a fitted estimator, a pipeline that ends in one, a Model or a Network.
            layer: 1..L.
            units: which ones, numbered from 1; by default all of a heat map, and 32 pictures.
            image_shape: rows and columns of pixels of the input; by default a square where the
                inputs have no names of their own.
            ax: axes to draw on; by default new ones.
            title: what stands above.

        Raises:
            LayerError: there is no such layer.
            DataError: there is no such unit, or the input is no such image.
            MissingExtraError: matplotlib is not installed.
        """
        net, names = network_of(estimator), names_of(estimator)
        shape = picture_shape(estimator, image_shape) if layer == 1 else None
        chosen = chosen_units(net, layer, units, PICTURES if shape else max(net.n))
        rows = np.array(chosen) - 1
        return cls(
            np.asarray(net.W[layer])[rows],
            layer=layer,
            units=chosen,
            image_shape=shape,
            input_names=names.inputs if layer == 1 else (),
            unit_names=[names.outputs[k] for k in rows] if layer == net.L and names.outputs else (),
        ).plot(ax=ax, title=title)

    def plot(self, *, ax: "Axes | None" = None, title: str = "") -> Self:
        """Draw on `ax`, or on new axes.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        if self.image_shape is None:
            ax = axes_on(ax)
            self._heat(ax)
        else:
            size = grid(len(self.units))
            ax = axes_on(ax, Mosaic.size(*size))
            self._pictures(ax, self.image_shape, size)
        ax.set_title(title or f"W[{self.layer}]", fontsize=10)
        return self._on(ax)

    def _pictures(self, ax: "Axes", shape: tuple[int, int], size: tuple[int, int]) -> None:
        mosaic = Mosaic(ax, *size)
        places = placed(len(self.units), size[1])
        least = FAINT * float(np.max(np.abs(self.weights), initial=0.0))
        for k, (row, column) in enumerate(places):
            mosaic.show(self.weights[k].reshape(shape), row, column, sign=True, least=least)
            mosaic.label(
                plain(self.unit_names[k], 10) if self.unit_names else f"{self.units[k]}",
                row,
                column,
            )

    def _heat(self, ax: "Axes") -> None:
        high = float(np.max(np.abs(self.weights), initial=0.0)) or 1.0
        image = ax.imshow(
            self.weights,
            cmap=signed(ax),
            vmin=-high,
            vmax=high,
            aspect="auto",
            interpolation="nearest",
        )
        ax.set(
            xlabel=f"units of layer {self.layer - 1}" if self.layer > 1 else "inputs",
            ylabel=f"units of layer {self.layer}",
        )
        rows = self.unit_names or tuple(map(str, self.units))
        columns = self.input_names or tuple(map(str, range(1, self.weights.shape[1] + 1)))
        _name(ax.yaxis, rows)
        _name(ax.xaxis, columns, turned=bool(self.input_names))
        bar = ax.figure.colorbar(image, ax=ax)
        bar.outline.set_visible(False)


def _name(axis: Any, names: Sequence[str], *, turned: bool = False) -> None:
    """Write names at an axis; of many only some, evenly spaced."""
    some = np.unique(
        np.linspace(0, len(names) - 1, min(len(names), NAMED if turned else 12)).round()
    )
    labels = [plain(names[int(k)]) for k in some]
    axis.set_ticks(some, labels, fontsize=7, rotation=90 if turned else 0)
