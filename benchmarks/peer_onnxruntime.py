"""ONNX Runtime: a graph of Gemm and Relu, for predictions alone."""

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from benchmarks.entrants import Entrant
from benchmarks.nets import Material, Net

__all__ = ["Measured"]

OPSET = 17
FORMAT = 8
"""Versions of the operators and of the file, old enough for every runtime in use."""


def graph(net: Net, given: Material) -> Any:
    """Return the network as an ONNX model: x (m, n[0]) to y (m, n[L])."""
    nodes, tensors, last = [], [], "x"
    layers = zip(given.parameters.W, given.parameters.b, net.activations, strict=True)
    for layer, (W, b, g) in enumerate(layers, start=1):
        names = [f"W{layer}", f"b{layer}"]
        tensors += [numpy_helper.from_array(W, names[0])]
        tensors += [numpy_helper.from_array(b[:, 0].copy(), names[1])]
        nodes.append(helper.make_node("Gemm", [last, *names], [f"Z{layer}"], transB=1))
        last = "y" if layer == len(net.activations) else f"A{layer}"
        options = {"axis": 1} if g == "softmax" else {}
        nodes.append(helper.make_node(g.capitalize(), [f"Z{layer}"], [last], **options))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["m", units])
        for name, units in (("x", net.n[0]), ("y", net.n[-1]))
    ]
    built = helper.make_graph(nodes, "net", ends[:1], ends[1:], tensors)
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(built, opset_imports=[opset], ir_version=FORMAT)


class Measured:
    """A session on the processor, with its ordinary optimizations."""

    def __init__(self, entrant: Entrant) -> None:
        """Set the threads."""
        self._options = onnxruntime.SessionOptions()
        self._options.intra_op_num_threads = entrant.threads
        self._options.inter_op_num_threads = 1

    def prepare(self, net: Net, given: Material) -> None:
        """Load the graph."""
        self._session = onnxruntime.InferenceSession(
            graph(net, given).SerializeToString(),
            self._options,
            providers=["CPUExecutionProvider"],
        )
        self._inputs = given.inputs

    def train(self, epochs: int) -> None:
        """It takes no part in that."""
        raise NotImplementedError(f"ONNX Runtime is not asked to train for {epochs} epochs")

    def outputs(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return A[L] as rows."""
        return np.asarray(self._session.run(None, {"x": X})[0])

    def predict(self, rows: int, calls: int) -> None:
        """Predict so many times."""
        run, fed = self._session.run, {"x": self._inputs[:rows]}
        for _ in range(calls):
            run(None, fed)
