"""An ONNX file that holds a dense chain as a Network: Gemm or MatMul and Add, activations, Softmax."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.equations.rectifiers import LEAK, SELU_FLOOR, SELU_SLOPE
from ellnet.equations.sigmoids import HARD_END
from ellnet.errors import DataError
from ellnet.forms.chains import DenseChain, closely
from ellnet.forms.onnx_reading import OnnxGraph, Step, read_onnx
from ellnet.network import Network

__all__ = ["from_onnx"]

PLAIN = {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Mish": "mish",
    "Exp": "exponential",
}
"""Operators without a constant, and our activations."""

CONSTANTS: dict[str, tuple[str, dict[str, tuple[float, float]]]] = {
    "LeakyRelu": ("leaky_relu", {"alpha": (0.01, LEAK)}),
    "Elu": ("elu", {"alpha": (1.0, 1.0)}),
    "Selu": (
        "selu",
        {
            "alpha": (1.6732632423543772, SELU_FLOOR / SELU_SLOPE),
            "gamma": (1.0507009873554805, SELU_SLOPE),
        },
    ),
    "Swish": ("silu", {"alpha": (1.0, 1.0)}),
}
"""Operators with constants: our activation; by attribute the operator's default, and ours."""

GATED = {("Sigmoid",): "silu", ("Softplus", "Tanh"): "mish"}
"""Activations that are the product of a tensor and what these operators make of it."""

NOTHING = {"Identity", "Dropout", "Flatten"}
"""Operators that do nothing to rows of numbers when predicting."""


def from_onnx(path: str | Path, *, output_activation: str | None = None) -> Network:
    """Read an ONNX file that holds a dense chain.

    The chain has one input (m, n[0]) and one output. Its affine steps are Gemm, or MatMul with or
    without Add; its activations Relu, LeakyRelu, Elu, Selu, Sigmoid, HardSigmoid, Tanh, Softplus,
    Softsign, Mish, Exp, Swish, Gelu in its tanh form, x * Sigmoid(x), x * Tanh(Softplus(x)), and Softmax
    over the units. An activation behind no affine step becomes a layer of W = I.

    Args:
        path: the file; nothing but it is read.
        output_activation: what stands behind the last layer where the file gives logits.

    Raises:
        MissingExtraError: onnx is not installed.
        FileAccessError: the file cannot be read; says why, and what to do.
        DataError: it is not sound, or no dense chain; names the operator.
        HyperparameterError: an output activation that does not exist, or a second one.
    """
    graph = read_onnx(path)
    reader = _Reader(graph)
    for step in graph.steps:
        reader.take(step)
    reader.end()
    return reader.chain.network(output_activation)


class _Reader:
    """Follows the one tensor of a chain from step to step."""

    def __init__(self, graph: OnnxGraph) -> None:
        self.chain = DenseChain(graph.path)
        self._graph = graph
        self._at = graph.input
        self._gate = ""  # what the tensor at hand is going to be multiplied by
        self._gates: tuple[str, ...] = ()  # operators that made it

    def take(self, step: Step) -> None:
        """Add one step to the chain.

        Raises:
            DataError: it does not go on from where the chain is, or has no form here.
        """
        self._check_place(step)
        if self._goes_to_the_gate(step):
            self._gate, self._gates = step.output, (*self._gates, step.op)
            return
        if self._gate:
            self._product(step)
        elif step.op not in NOTHING:
            self._convert(step)
        elif step.op == "Flatten" and step.attributes.get("axis", 1) != 1:
            raise self._refusal(step, "must have axis 1")
        elif step.op == "Dropout" and any(np.any(each) for each in step.constants[2:]):
            raise self._refusal(step, "must not be in training mode")
        self._at = step.output

    def end(self) -> None:
        """See that the chain leads to the output."""
        if self._at != self._graph.output:
            raise DataError(
                f"{self._graph.path}: the output {self._graph.output!r:.60} must be the end of one chain "
                f"of dense layers, which ends in {self._at!r:.60}"
            )

    def _refusal(self, step: Step, rule: str) -> DataError:
        return DataError(f"{self._graph.path}: {step.name} {rule} to be part of a dense chain")

    def _check_place(self, step: Step) -> None:
        allowed = {self._at, self._gate} if self._gate else {self._at}
        if not step.source or not allowed.issuperset(step.source):
            raise self._refusal(step, f"must go on from {self._at!r:.60} alone")

    def _goes_to_the_gate(self, step: Step) -> bool:
        """Say whether a step makes what the tensor at hand is going to be multiplied by."""
        if self._gate:
            return (*self._gates, step.op) == ("Softplus", "Tanh") and step.source == (self._gate,)
        users = [other for other in self._graph.steps if self._at in other.source]
        return step.op in {"Sigmoid", "Softplus"} and len(users) == 2

    def _product(self, step: Step) -> None:
        """End an activation that is the product of a tensor and its gate."""
        name = GATED.get(self._gates)
        if name is None or step.op != "Mul" or {*step.source} != {self._at, self._gate}:
            raise self._refusal(step, "must be the product of a tensor and its Sigmoid")
        self._activate(step, name)
        self._gate, self._gates = "", ()

    def _convert(self, step: Step) -> None:
        """Turn an affine step or an activation into ours."""
        converters: dict[str, Callable[[Step], None]] = {
            "Gemm": self._gemm,
            "MatMul": self._matmul,
            "Add": self._add,
            "Softmax": self._softmax,
            "HardSigmoid": self._hard_sigmoid,
            "Gelu": self._gelu,
        }
        if step.op in converters:
            converters[step.op](step)
        elif step.op in PLAIN:
            self._activate(step, PLAIN[step.op])
        elif step.op in CONSTANTS:
            self._with_constants(step)
        else:
            known = ", ".join([*converters, *PLAIN, *CONSTANTS, *sorted(NOTHING)])
            raise self._refusal(step, f"must be one of {known}")

    def _activate(self, step: Step, name: str) -> None:
        self.chain.begin_layer(self._graph.width, self._graph.dtype, step.name)
        self.chain.activation(name)

    def _with_constants(self, step: Step) -> None:
        name, constants = CONSTANTS[step.op]
        for attribute, (default, ours) in constants.items():
            found = float(step.attributes.get(attribute, default))
            if not closely(found, ours):
                raise self._refusal(step, f"must have {attribute} {ours:.7g}, got {found:.7g},")
        self._activate(step, name)

    def _hard_sigmoid(self, step: Step) -> None:
        """Bring its slope alpha and its height beta into the affine step before it."""
        alpha = float(step.attributes.get("alpha", 0.2))
        beta = float(step.attributes.get("beta", 0.5))
        self.chain.begin_layer(self._graph.width, self._graph.dtype, step.name)
        slope = 2.0 * HARD_END
        if not (closely(alpha, 1.0 / slope) and beta == 0.5):
            self.chain.rescale(slope * alpha, slope * (beta - 0.5))
        self.chain.activation("hard_sigmoid")

    def _gelu(self, step: Step) -> None:
        if step.attributes.get("approximate", "none") != "tanh":
            raise self._refusal(step, "must have approximate 'tanh', got the exact form,")
        self._activate(step, "gelu")

    def _softmax(self, step: Step) -> None:
        last = self._graph.rank - 1 if not self.chain.width else 1
        axis = int(step.attributes.get("axis", -1))
        if axis not in {-1, last}:
            raise self._refusal(step, f"must go over the units, axis {last} or -1, got {axis},")
        self._activate(step, "softmax")

    def _gemm(self, step: Step) -> None:
        """alpha A B + beta C; a first A that is turned holds one example a column."""
        if step.chained != (0,):
            raise self._refusal(step, "must multiply by weights that stand in the file")
        turned = bool(step.attributes.get("transA", 0))
        if turned and self.chain.width:
            raise self._refusal(step, "must not turn the tensor of the layer before it")
        B = self._matrix(step, 1)
        W = B if step.attributes.get("transB", 0) else B.T
        alpha, beta = (float(step.attributes.get(name, 1.0)) for name in ("alpha", "beta"))
        C = step.constants[2] if len(step.constants) > 2 else None
        bias = None if C is None else self._bias(step, C, len(W)) * C.dtype.type(beta)
        self.chain.affine(W * W.dtype.type(alpha), bias, step.name)

    def _matmul(self, step: Step) -> None:
        if step.chained != (0,):
            raise self._refusal(
                step, "must multiply by weights that stand in the file, on the right"
            )
        self.chain.affine(self._matrix(step, 1).T, None, step.name)

    def _add(self, step: Step) -> None:
        """A bias, on either side."""
        known = [each for each in step.constants if each is not None]
        if len(known) != 1 or not self.chain.width:
            raise self._refusal(step, "must add biases that stand in the file, behind MatMul,")
        self.chain.shift(self._bias(step, known[0], self.chain.width), step.name)

    def _matrix(self, step: Step, place: int) -> NDArray[Any]:
        B = step.constants[place]
        if B is None or B.ndim != 2:
            shape = None if B is None else B.shape
            raise self._refusal(step, f"must have weights of two dimensions, got shape {shape},")
        return B

    def _bias(self, step: Step, C: NDArray[Any], units: int) -> NDArray[Any]:
        """Return a bias (units,); rows that are all the same are one."""
        rows = C.reshape(1, -1) if C.ndim < 2 else C
        if rows.ndim != 2 or rows.shape[1] not in {1, units} or np.any(rows != rows[:1]):
            raise self._refusal(
                step, f"must add the same {units} biases to every row, got shape {C.shape},"
            )
        return np.broadcast_to(rows[0], (units,))
