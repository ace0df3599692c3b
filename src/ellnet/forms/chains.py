"""A dense chain read step by step from another library's network, and what it is as a Network."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import is_finite
from ellnet.equations.activations import ACTIVATIONS
from ellnet.errors import DataError, HyperparameterError
from ellnet.network import Network, Parameters

__all__ = ["DenseChain", "closely"]

COSTS = {"softmax": "categorical_cross_entropy", "exponential": "poisson"}
"""The cost that goes with an output, where it is not the squared error; sigmoid's has one below."""

IDENTITY_LIMIT = 2**24
"""Weights of all W = I together, for which no file has to hold anything."""

PRECISIONS = (np.dtype(np.float32), np.dtype(np.float64))


class DenseChain:
    """Affine steps and activations in their order, as another library has them."""

    def __init__(self, origin: str) -> None:
        """Begin an empty chain; `origin` is what messages call the network."""
        self.origin = origin
        self._W: list[NDArray[Any]] = []
        self._b: list[NDArray[Any]] = []
        self._g: list[str] = []
        self._made = 0

    @property
    def width(self) -> int:
        """Units of the layer that was added last; 0 where there is none."""
        return self._W[-1].shape[0] if self._W else 0

    def affine(self, W: NDArray[Any], b: NDArray[Any] | None, name: str) -> None:
        """Add Z = W A + b, the beginning of a layer.

        Args:
            W: (out, in), float32 or float64.
            b: (out,), or None for none.
            name: what messages call the step.

        Raises:
            DataError: arrays that do not fit, are of other precision, or are not finite.
        """
        W = np.asarray(W)
        b = np.zeros(W.shape[:1], W.dtype) if b is None else np.asarray(b)
        if W.dtype not in PRECISIONS or b.dtype != W.dtype:
            raise DataError(
                f"{self.origin}: the weights of {name} must be float32 or float64, all the same, got "
                f"{W.dtype} and {b.dtype}"
            )
        fits = W.ndim == 2 and 0 not in W.shape and b.shape == W.shape[:1]
        if not fits or (self._W and W.shape[1] != self.width):
            before = f" after a layer of {self.width} units" if self._W else ""
            raise DataError(
                f"{self.origin}: {name} must be a dense layer{before}, got weights of shape "
                f"{W.shape} (outputs, inputs) and biases of shape {b.shape}"
            )
        if self._W and W.dtype != self._W[0].dtype:
            raise DataError(
                f"{self.origin}: all weights must be of one precision, got {W.dtype} in {name}"
            )
        if not is_finite(W, b):
            raise DataError(f"{self.origin}: the weights of {name} must be finite numbers")
        self._W.append(W.copy(order="F"))
        self._b.append(b.reshape(-1, 1).copy())
        self._g.append("")

    def shift(self, b: NDArray[Any], name: str) -> None:
        """Add b (out,) to the affine step before.

        Raises:
            DataError: there is none, or b does not fit.
        """
        if not self._g or self._g[-1]:
            raise DataError(f"{self.origin}: {name} must stand behind a matrix product")
        if b.dtype != self._W[-1].dtype or not is_finite(b):
            raise DataError(
                f"{self.origin}: {name} must add finite numbers of {self._W[-1].dtype}, got {b.dtype}"
            )
        self._b[-1] = self._b[-1] + b.reshape(-1, 1)

    def rescale(self, factor: float, offset: float) -> None:
        """Make Z of the affine step before factor Z + offset: another activation's own constants."""
        self._W[-1] = np.asfortranarray(self._W[-1] * self._W[-1].dtype.type(factor))
        scaled = self._b[-1].astype(np.float64) * factor + offset
        self._b[-1] = scaled.astype(self._b[-1].dtype)

    def begin_layer(self, units: int, dtype: Any, name: str) -> None:
        """See to it that a layer waits for its activation: W = I and b = 0 where none does.

        Raises:
            DataError: nothing says how many units there are, or they are too many.
        """
        if self._g and not self._g[-1]:
            return
        units = self.width or units
        if not units:
            raise DataError(
                f"{self.origin}: {name} must stand behind a dense layer, or be told its units"
            )
        self._made += units * units
        if self._made > IDENTITY_LIMIT:
            raise DataError(
                f"{self.origin}: {name} must stand behind a dense layer where units are many, got "
                f"{units} units without one"
            )
        self.affine(np.eye(units, dtype=self._W[0].dtype if self._W else dtype), None, name)

    def activation(self, name: str) -> None:
        """End the layer with an activation of ours; identity leaves it open for another."""
        if name != "identity":
            self._g[-1] = name

    def network(self, output_activation: str | None = None) -> Network:
        """Return the network; the cost is the one that goes with the output.

        Args:
            output_activation: what stands behind an output without an activation, as where a
                library's cost works on logits.

        Raises:
            DataError: there is no layer.
            HyperparameterError: the output has an activation already, or there is no such one.
        """
        if not self._g:
            raise DataError(f"{self.origin} must have a dense layer, got none")
        g = [name or "identity" for name in self._g]
        if output_activation is not None:
            g[-1] = self._output(output_activation, g[-1])
        n = (self._W[0].shape[1], *(W.shape[0] for W in self._W))
        cost = COSTS.get(g[-1], "squared_error")
        if g[-1] == "sigmoid":
            cost = "binary_cross_entropy"
        if g[-1] == "softmax" and n[-1] == 1:
            cost = "squared_error"
        return Network(n, g, cost, Parameters.of(self._W, self._b))

    def _output(self, wanted: str, found: str) -> str:
        if wanted not in ACTIVATIONS:
            raise HyperparameterError(
                f"output_activation must be one of {', '.join(ACTIVATIONS)}, got {wanted!r}"
            )
        if found not in {"identity", wanted}:
            raise HyperparameterError(
                f"{self.origin} ends in {found} already, got output_activation {wanted!r}; leave it out"
            )
        return wanted


def closely(found: float, ours: float) -> bool:
    """Say whether a constant is ours, as far as float32 can tell."""
    return abs(found - ours) <= 2e-7 * max(1.0, abs(ours))
