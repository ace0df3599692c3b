"""What the units of a layer respond to: the input that drives each most, and the examples that do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from ellnet.explain.responses_ascent import Driven, driving_inputs
from ellnet.explain.responses_subject import (
    chosen_units,
    names_of,
    network_of,
    picture_shape,
    pixels_of,
)
from ellnet.explain.responses_units import Drivers, drivers
from ellnet.plots.canvas import Display, axes_on
from ellnet.plots.colours import signed
from ellnet.plots.mosaic import Mosaic
from ellnet.plots.words import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ResponsesDisplay"]

UNITS = 6
FEATURES = 20
"""Inputs of a heat map, at most: those that the driving inputs move most."""


class ResponsesDisplay(Display):
    """What drives units of a layer.

    Where the input is an image, a row a unit: on the left the input of a bounded length that drives the
    unit most (blue below the mean image, orange above), then the examples that drive it most, then those
    that drive it least. Elsewhere a heat map of the driving inputs, a column a unit.

    Attributes:
        driven: the inputs that ascent found.
        drivers: the examples that drive most and least.
        pictures: of the examples that `drivers` names, by their row.
        image_shape: rows and columns of pixels, None for a heat map.
        input_names: of the inputs.
        unit_names: of the units, or ().
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(
        self,
        driven: Driven,
        drivers: Drivers,
        *,
        pictures: dict[int, NDArray[Any]] | None = None,
        image_shape: tuple[int, int] | None = None,
        input_names: Sequence[str] = (),
        unit_names: Sequence[str] = (),
    ) -> None:
        """Take what is drawn."""
        self.driven = driven
        self.drivers = drivers
        self.pictures = pictures or {}
        self.image_shape = image_shape
        self.input_names = tuple(input_names)
        self.unit_names = tuple(unit_names)

    @classmethod
    def from_estimator(
        cls,
        estimator: object,
        X: Any,
        *,
        layer: int = 1,
        units: Sequence[int] | None = None,
        count: int = 5,
        norm: float | None = None,
        image_shape: tuple[int, int] | None = None,
        ax: "Axes | None" = None,
        title: str = "",
    ) -> Self:
        """Find and draw what units of a layer respond to.

        Args:
            estimator: a fitted estimator, a pipeline that ends in one, a Model or a Network.
            X: examples, as its own `predict` takes them; for a Network A[0], (n[0], m).
            layer: 1..L.
            units: which ones, numbered from 1; by default the first 6.
            count: how many examples of each kind.
            norm: the length that the driving input may have from the mean example; by default the median
                of the examples' own.
            image_shape: rows and columns of pixels; by default a square where the inputs have no names.
            ax: axes to draw on; by default new ones.
            title: what stands above.

        Raises:
            LayerError: there is no such layer.
            DataError: no such unit, or X that does not fit.
            MissingExtraError: matplotlib is not installed.
        """
        found = cls.found(
            estimator,
            X,
            layer=layer,
            units=units,
            count=count,
            norm=norm,
            image_shape=image_shape,
        )
        return found.plot(ax=ax, title=title)

    @classmethod
    def found(
        cls,
        estimator: object,
        X: Any,
        *,
        layer: int,
        units: Sequence[int] | None = None,
        count: int = 5,
        norm: float | None = None,
        image_shape: tuple[int, int] | None = None,
    ) -> Self:
        """Find what `from_estimator` draws, without drawing it; the arguments are the same."""
        net, names = network_of(estimator), names_of(estimator)
        shape = picture_shape(estimator, image_shape)
        chosen = chosen_units(net, layer, units, UNITS)
        driven = driving_inputs(estimator, layer, chosen, X=X, norm=norm)
        examples = drivers(estimator, X, layer, chosen, count=count)
        pictures = None
        if shape is not None:
            seen = np.unique(np.concatenate([examples.most, examples.least], axis=1))
            pictures = pixels_of(estimator, X, seen)
        named = layer == net.L and bool(names.outputs)
        return cls(
            driven,
            examples,
            pictures=pictures,
            image_shape=shape,
            input_names=names.inputs,
            unit_names=[names.outputs[unit - 1] for unit in chosen] if named else (),
        )

    def plot(self, *, ax: "Axes | None" = None, title: str = "") -> Self:
        """Draw on `ax`, or on new axes.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        layer = self.driven.layer
        if self.image_shape is None:
            ax = axes_on(ax)
            self._heat(ax)
        else:
            count = self.drivers.most.shape[1]
            columns = 2 + 2 * count
            ax = axes_on(ax, Mosaic.size(len(self.driven.units), columns, left=1.2))
            self._pictures(ax, self.image_shape, count)
        ax.set_title(title or f"what drives units of layer {layer}", fontsize=10, pad=18)
        return self._on(ax)

    def _pictures(self, ax: "Axes", shape: tuple[int, int], count: int) -> None:
        units = self.driven.units
        mosaic = Mosaic(ax, len(units), 2 + 2 * count, left=1.2)
        off = self.driven.inputs - self.driven.centre
        for row in range(len(units)):
            mosaic.beside(self._name(row), row)
            mosaic.show(off[:, row].reshape(shape), row, 0, sign=True)
            self._examples(mosaic, row, 1.4, self.drivers.most, self.drivers.z_most)
            self._examples(mosaic, row, 1.8 + count, self.drivers.least, self.drivers.z_least)
            mosaic.label(f"{self.driven.values[row]:.3g}", row, 0)
        for column, word in ((0.0, "ascent"), (1.4, "most"), (1.8 + count, "least")):
            mosaic.heading(word, column)

    def _examples(
        self,
        mosaic: Mosaic,
        row: int,
        first: float,
        which: NDArray[np.int64],
        z: NDArray[np.float64],
    ) -> None:
        assert self.image_shape is not None  # noqa: S101 - only images come here
        for k, example in enumerate(which[row].tolist()):
            picture = self.pictures[example].reshape(self.image_shape)
            mosaic.show(picture, row, first + k, sign=False)
            mosaic.label(f"{z[row, k]:.3g}", row, first + k)

    def _heat(self, ax: "Axes") -> None:
        off = self.driven.inputs - self.driven.centre
        some = np.sort(np.argsort(-np.max(np.abs(off), axis=1), kind="stable")[:FEATURES])
        high = float(np.max(np.abs(off))) or 1.0
        image = ax.imshow(
            off[some],
            cmap=signed(ax),
            vmin=-high,
            vmax=high,
            aspect="auto",
            interpolation="nearest",
        )
        names = self.input_names or tuple(f"x{j}" for j in range(len(off)))
        ax.set_yticks(range(len(some)), [plain(names[j]) for j in some], fontsize=8)
        units = [self._name(k) for k in range(len(self.driven.units))]
        ax.set_xticks(range(len(units)), units, fontsize=8)
        bar = ax.figure.colorbar(image, ax=ax, label="a[0] - mean")
        bar.outline.set_visible(False)

    def _name(self, k: int) -> str:
        return plain(self.unit_names[k]) if self.unit_names else f"unit {self.driven.units[k]}"
