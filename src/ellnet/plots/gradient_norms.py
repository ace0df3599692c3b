"""The size of the gradient by layer, over time: whether it vanishes or explodes on its way back."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ellnet.batches import Examples
from ellnet.explain.responses_training import GradientNorms, GradientWatch, gradient_norms
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network
from ellnet.plots.canvas import Display, axes_on
from ellnet.plots.colours import along
from ellnet.training import train

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["GradientNormsDisplay"]


class GradientNormsDisplay(Display):
    """Root mean square of dW[l], a line a layer, over the epochs, on a logarithmic scale.

    Attributes:
        measured: what is drawn.
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    def __init__(self, measured: GradientNorms) -> None:
        """Take what is drawn."""
        self.measured = measured

    @classmethod
    def from_training(
        cls,
        network: Network,
        examples: Examples,
        hyperparameters: Hyperparameters,
        *,
        ax: "Axes | None" = None,
        title: str = "",
    ) -> Self:
        """Train a network, measure after every epoch, and draw. The network itself stays as it is.

        Args:
            network: where training starts.
            examples: to learn from, and to measure on.
            hyperparameters: all that is chosen.
            ax: axes to draw on; by default new ones.
            title: what stands above.

        Raises:
            ShapeError: examples that do not fit the network.
            HyperparameterError: hyperparameters that do not go together.
            DivergenceError: the cost became non-finite.
            MissingExtraError: matplotlib is not installed.
        """
        watch = GradientWatch(network, examples)
        train(network, examples, hyperparameters, hooks=[watch])
        return cls(watch.measured()).plot(ax=ax, title=title)

    @classmethod
    def from_estimator(
        cls,
        estimator: object,
        X: Any,
        y: Any,
        *,
        epochs: int | None = None,
        ax: "Axes | None" = None,
        title: str = "",
    ) -> Self:
        """Train a fresh estimator with the same parameters, measure after every epoch, and draw.

        Args:
            estimator: an MLPClassifier or MLPRegressor of ellnet's, fitted or not; it stays as it is.
            X: (m, n[0]), one row an example.
            y: (m,) or (m, outputs).
            epochs: how many; by default its max_iter.
            ax: axes to draw on; by default new ones.
            title: what stands above.

        Raises:
            DataError: something else, or data that do not fit.
            MissingExtraError: matplotlib is not installed.
        """
        return cls(gradient_norms(estimator, X, y, epochs=epochs)).plot(ax=ax, title=title)

    def plot(self, *, ax: "Axes | None" = None, title: str = "") -> Self:
        """Draw on `ax`, or on new axes.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        ax = axes_on(ax)
        found = self.measured
        layers = found.norms.shape[1]
        one: dict[str, Any] = {"marker": "o"} if len(found.epochs) == 1 else {}
        for k, norms in enumerate(found.norms.T):
            seen = np.where(norms > 0, norms, np.nan)
            label = f"layer {k + 1}" if k in {0, layers - 1} or layers <= 8 else None
            ax.plot(found.epochs, seen, color=along(k, layers), label=label, **one)
        if np.any(found.norms > 0):
            ax.set_yscale("log")
        ax.set(xlabel="epoch", ylabel="root mean square of dW[l]", title=title)
        ax.grid(alpha=0.3)
        ax.legend(frameon=False, fontsize=7, ncols=2)
        return self._on(ax)
