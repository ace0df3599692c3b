"""What the layers of a network make of examples: the spread of A[l], and the units that do nothing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from ellnet.explain.responses_subject import network_of
from ellnet.explain.responses_units import LayerHealth, activations_of, unit_health
from ellnet.plots.canvas import Display, axes_on
from ellnet.plots.colours import FIRST, SECOND, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ActivationsDisplay"]

BINS = 60


class ActivationsDisplay(Display):
    """The distribution of a layer's activations over its units and the examples, layer by layer.

    Under each layer stand its activation and the number of its dead and saturated units.

    Attributes:
        layers: the numbers of the layers that are drawn.
        activations: A[l] (n[l], m) of each of them.
        health: how the units of each fare.
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(
        self,
        layers: Sequence[int],
        activations: Sequence[NDArray[Any]],
        health: Sequence[LayerHealth],
    ) -> None:
        """Take what is drawn."""
        self.layers = tuple(layers)
        self.activations = tuple(activations)
        self.health = tuple(health)

    @classmethod
    def from_estimator(
        cls,
        estimator: object,
        X: Any,
        *,
        layers: Sequence[int] | None = None,
        ax: "Axes | None" = None,
        title: str = "",
    ) -> Self:
        """Draw what the layers make of examples.

        Args:
            estimator: a fitted estimator, a pipeline that ends in one, a Model or a Network.
            X: the examples, as its own `predict` takes them; for a Network A[0], (n[0], m).
            layers: which ones, 1..L; by default all.
            ax: axes to draw on; by default new ones.
            title: what stands above.

        Raises:
            LayerError: there is no such layer.
            DataError: X does not fit.
            MissingExtraError: matplotlib is not installed.
        """
        chosen = tuple(range(1, network_of(estimator).L + 1)) if layers is None else tuple(layers)
        found = [activations_of(estimator, X, layer) for layer in chosen]
        health = unit_health(estimator, X)
        return cls(chosen, found, [health[layer - 1] for layer in chosen]).plot(ax=ax, title=title)

    def plot(self, *, ax: "Axes | None" = None, title: str = "") -> Self:
        """Draw on `ax`, or on new axes.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        ax = axes_on(ax, (max(5.0, 1.1 * len(self.layers) + 1.5), 4.0))
        values = [np.asarray(A, np.float64).ravel() for A in self.activations]
        low = min(float(np.min(each)) for each in values)
        high = max(float(np.max(each)) for each in values)
        edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
        for place, each in enumerate(values):
            counts, _ = np.histogram(each, edges)
            self._spread(ax, place, counts / max(1, counts.max()), edges)
            ax.plot([place - 0.42, place - 0.3], [np.mean(each)] * 2, color=SECOND, linewidth=2)
        ax.plot([], [], color=SECOND, linewidth=2, label="mean")
        ax.set(xlim=(-0.6, len(values) - 0.4), ylabel="A[l]", title=title)
        ax.set_xticks(range(len(values)), [_words(each) for each in self.health], fontsize=8)
        ax.grid(axis="y", alpha=0.3)
        ax.set_axisbelow(True)
        ax.legend(frameon=False, fontsize=8)
        return self._on(ax)

    def _spread(
        self, ax: "Axes", place: int, part: NDArray[np.float64], edges: NDArray[np.float64]
    ) -> None:
        """Draw a histogram upright, to the right of its place; a root shows what is rare."""
        width = 0.85 * np.sqrt(part)
        ax.fill_betweenx(
            np.repeat(edges, 2)[1:-1],
            place - 0.3,
            place - 0.3 + np.repeat(width, 2),
            color=FIRST,
            linewidth=0,
            alpha=0.85,
        )
        ax.plot([place - 0.3] * 2, [edges[0], edges[-1]], color=ink(ax), linewidth=0.6, alpha=0.5)


def _words(health: LayerHealth) -> str:
    lines = [f"layer {health.layer}", health.activation.replace("_", " ")]
    for what, units in (("dead", health.dead), ("saturated", health.saturated)):
        if units:
            lines.append(f"{len(units)} of {health.units} {what}")
    return "\n".join(lines)
