"""The layers of a network inside an ONNX graph: A[l] = g[l](A[l-1] W[l]^T + b[l]), one example a row.

Activations whose ONNX operator has no float64 kernel in ONNX Runtime are put together from operators that
have one; in float32 they are the operator itself where ONNX has it with our constants.
"""

from collections.abc import Callable

import numpy as np

from ellnet.arrays import to_numpy
from ellnet.equations.rectifiers import GELU_CUBE, GELU_SLOPE, LEAK, SELU_FLOOR, SELU_SLOPE
from ellnet.equations.sigmoids import HARD_END
from ellnet.errors import HyperparameterError
from ellnet.forms.onnx_graph import GraphBuilder
from ellnet.network import Network
from ellnet.targets import Target

__all__ = ["COMPOSED", "LABEL", "PROBABILITIES", "SINGLE", "VALUE", "add_layers", "add_outputs"]

LABEL, PROBABILITIES, VALUE = "label", "probabilities", "value"
"""The names of the outputs; an underscore is added where a column has the name already."""

BOTH = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "exponential": "Exp"}
"""Operators for float32 and float64."""

SINGLE: dict[str, tuple[str, dict[str, float]]] = {
    "leaky_relu": ("LeakyRelu", {"alpha": LEAK}),
    "elu": ("Elu", {"alpha": 1.0}),
    "selu": ("Selu", {"alpha": SELU_FLOOR / SELU_SLOPE, "gamma": SELU_SLOPE}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 0.5 / HARD_END, "beta": 0.5}),
}
"""Operators for float32 alone, with our constants."""


class Arithmetic:
    """Formulas over one Z in a graph, in its own precision."""

    def __init__(self, graph: GraphBuilder, Z: str, dtype: str) -> None:
        """Take the graph, and the name and precision of Z."""
        self.graph, self.Z, self._dtype = graph, Z, np.dtype(dtype)

    def number(self, value: float) -> str:
        """A constant of the precision of Z."""
        return self.graph.constant(np.array(value, self._dtype), "ellnet/number")

    def plus(self, a: str, b: str | float) -> str:
        """A + b."""
        return self.graph.add("Add", a, b if isinstance(b, str) else self.number(b))

    def times(self, a: str, b: str | float) -> str:
        """A * b."""
        return self.graph.add("Mul", a, b if isinstance(b, str) else self.number(b))

    def of(self, op: str, *names: str) -> str:
        """Any other operator."""
        return self.graph.add(op, *names)

    def above(self) -> str:
        """What of Z is above zero, else 0."""
        return self.of("Relu", self.Z)

    def exp_below(self) -> str:
        """exp(Z) - 1 where Z is below zero, else 0."""
        return self.plus(self.of("Exp", self.of("Min", self.Z, self.number(0.0))), -1.0)


def _leaky_relu(f: Arithmetic) -> str:
    return f.of("Max", f.Z, f.times(f.Z, LEAK))


def _elu(f: Arithmetic) -> str:
    return f.plus(f.above(), f.exp_below())


def _selu(f: Arithmetic) -> str:
    return f.plus(f.times(f.above(), SELU_SLOPE), f.times(f.exp_below(), SELU_FLOOR))


def _gelu(f: Arithmetic) -> str:
    cube = f.times(f.times(f.Z, f.Z), f.Z)
    argument = f.times(f.plus(f.Z, f.times(cube, GELU_CUBE)), GELU_SLOPE)
    return f.times(f.Z, f.of("Sigmoid", argument))


def _silu(f: Arithmetic) -> str:
    return f.times(f.Z, f.of("Sigmoid", f.Z))


def _softplus(f: Arithmetic) -> str:
    small = f.of("Exp", f.of("Neg", f.of("Abs", f.Z)))
    return f.plus(f.above(), f.of("Log", f.plus(small, 1.0)))


def _mish(f: Arithmetic) -> str:
    return f.times(f.Z, f.of("Tanh", _softplus(f)))


def _softsign(f: Arithmetic) -> str:
    return f.of("Div", f.Z, f.plus(f.of("Abs", f.Z), 1.0))


def _hard_sigmoid(f: Arithmetic) -> str:
    line = f.plus(f.times(f.Z, 0.5 / HARD_END), 0.5)
    return f.of("Min", f.of("Relu", line), f.number(1.0))


COMPOSED: dict[str, Callable[[Arithmetic], str]] = {
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "silu": _silu,
    "mish": _mish,
    "softplus": _softplus,
    "softsign": _softsign,
    "hard_sigmoid": _hard_sigmoid,
}
"""Activations put together from operators that there are in both precisions."""


def add_layers(graph: GraphBuilder, net: Network, X: str) -> str:
    """Add every layer of a network; return the name of A[L], (m, n[L]).

    Raises:
        HyperparameterError: an activation that this form does not have; names it.
    """
    A = X
    for layer in range(1, net.L + 1):
        W = np.ascontiguousarray(to_numpy(net.W[layer]))
        b = np.ascontiguousarray(to_numpy(net.b[layer]).ravel())
        weights = graph.constant(W, f"W{layer}"), graph.constant(b, f"b{layer}")
        Z = graph.add("Gemm", A, *weights, wanted=f"ellnet/Z{layer}", transB=1)
        A = _activated(graph, net.activations[layer], Z, str(W.dtype))
    return A


def _activated(graph: GraphBuilder, name: str, Z: str, dtype: str) -> str:
    """Add an activation."""
    if name == "identity":
        return Z
    if name == "softmax":
        return graph.add("Softmax", Z, axis=1)
    if name in BOTH:
        return graph.add(BOTH[name], Z)
    if name in SINGLE and dtype == "float32":
        op, attributes = SINGLE[name]
        return graph.add(op, Z, wanted="", domain="", **attributes)
    if name in COMPOSED:
        return COMPOSED[name](Arithmetic(graph, Z, dtype))
    raise HyperparameterError(
        f"the form ONNX has no activation {name!r}; train with one of "
        f"{', '.join(['identity', 'softmax', *BOTH, *COMPOSED])}"
    )


def add_outputs(graph: GraphBuilder, target: Target, A: str, dtype: str) -> None:
    """Add what the outputs mean: label and probabilities, or the value in the target's units.

    Args:
        graph: the graph.
        target: what the outputs mean.
        A: name of A[L], (m, n[L]).
        dtype: precision of A[L].
    """
    if target.task == "regression":
        wide = graph.cast(_flat(graph, A), "float64")
        scale, mean = (np.array(value, np.float64) for value in (target.scale, target.mean))
        scaled = graph.add("Mul", wide, graph.constant(scale, "ellnet/target_scale"))
        mean_name = graph.constant(mean, "ellnet/target_mean")
        graph.output(graph.add("Add", scaled, mean_name, wanted=VALUE), "float64", None)
        return
    if target.task == "binary":
        half, one = (graph.constant(np.array(v, dtype), "ellnet/number") for v in (0.5, 1.0))
        second = graph.add("Greater", _flat(graph, A), half)
        number = graph.cast(second, "int64")
        first = graph.add("Sub", one, A)
        probabilities = graph.add("Concat", first, A, axis=1, wanted=PROBABILITIES)
    else:
        number = graph.add("ArgMax", A, axis=1, keepdims=0)
        probabilities = graph.add("Identity", A, wanted=PROBABILITIES)
    labels, kind = _labels(graph, target)
    graph.output(graph.add("Gather", labels, number, axis=0, wanted=LABEL), kind, None)
    graph.output(probabilities, dtype, len(target.classes))


def _flat(graph: GraphBuilder, A: str) -> str:
    """Return the one column of A as (m,)."""
    return graph.add("Squeeze", A, graph.constant(np.array([1], np.int64), "ellnet/axis"))


def _labels(graph: GraphBuilder, target: Target) -> tuple[str, str]:
    """Return the name and the type of the constant that holds the classes."""
    first = target.classes[0]
    if isinstance(first, str):
        return graph.texts([str(label) for label in target.classes], "ellnet/classes"), "string"
    values = np.array(target.classes)
    return graph.constant(values, "ellnet/classes"), str(values.dtype)
