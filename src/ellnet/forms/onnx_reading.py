"""Reading an ONNX file that anybody may have written: what is in it is checked before it is used."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.errors import DataError
from ellnet.files.durable import read_whole
from ellnet.forms.onnx_graph import onnx_module

__all__ = ["SIZE_LIMIT", "OnnxGraph", "Step", "read_onnx"]

SIZE_LIMIT = 2**31
"""Bytes of the largest file that is read: the format itself ends there."""

ONNX_DOMAIN = ("", "ai.onnx")

FIRST_OPSET = 7
"""Before this operator set Gemm and Add had other rules for the shape of what they add."""


@dataclass(frozen=True, eq=False)
class Step:
    """One node: its operator, the tensor that comes in, the constants beside it, and its attributes.

    Attributes:
        op: the operator.
        name: what messages call it.
        constants: for each input the constant, or None for the tensor of the chain or for nothing.
        chained: the places among the inputs at which the tensor of the chain stands.
        attributes: by name, as Python values.
        source: names of the tensors that come in and are no constants.
        output: name of the tensor that comes out.
    """

    op: str
    name: str
    constants: tuple[NDArray[Any] | None, ...]
    chained: tuple[int, ...]
    attributes: dict[str, Any]
    source: tuple[str, ...]
    output: str


@dataclass(frozen=True, eq=False)
class OnnxGraph:
    """What stands in a file: one tensor comes in, one goes out, and steps lie between.

    Attributes:
        path: the file, for messages.
        steps: in the order of the file, which is one in which they can be computed.
        input: name of the tensor that comes in.
        width: its last dimension, 0 where the file does not say.
        rank: the number of its dimensions, 2 where the file does not say.
        dtype: its numbers.
        output: name of the tensor that goes out.
    """

    path: str
    steps: tuple[Step, ...]
    input: str
    width: int
    rank: int
    dtype: Any
    output: str


def read_onnx(path: str | Path) -> OnnxGraph:
    """Read a file and check it; weights outside the file are never looked for.

    Raises:
        MissingExtraError: onnx is not installed.
        FileAccessError: the file cannot be read; says why, and what to do.
        DataError: it is no sound ONNX file, or has what no dense chain has; says what.
    """
    onnx = onnx_module()
    data = read_whole(path, SIZE_LIMIT)
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's own, and others for what is no message at all
        raise DataError(f"{path} is no ONNX file: it cannot be decoded; check the path") from error
    if not model.graph.node:
        raise DataError(
            f"{path} is no ONNX file of a network: its graph has no node; check the path"
        )
    _check_storage(onnx, model, path)
    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # its errors share no class
        first = (str(error).strip().splitlines() or [""])[0][:300]
        raise DataError(f"{path} is no sound ONNX file: {first}") from error
    return _graph(onnx, model.graph, str(path))


def _check_storage(onnx: Any, model: Any, path: str | Path) -> None:
    """Refuse what is not in the file itself, or is more than a graph."""
    for tensor in _tensors(onnx, model.graph):
        if tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise DataError(
                f"{path} keeps the weights {tensor.name!r:.60} in a file beside it, which is never read; "
                "save the model as one file"
            )
    opset = max(
        (each.version for each in model.opset_import if each.domain in ONNX_DOMAIN), default=0
    )
    if opset < FIRST_OPSET:
        raise DataError(
            f"{path} must be of operator set {FIRST_OPSET} or later, got {opset}; export it anew"
        )
    if model.functions or model.graph.sparse_initializer or model.training_info:
        raise DataError(
            f"{path} has functions, sparse weights or a training graph, which a dense chain has not; "
            "export it for inference, with plain weights"
        )


def _tensors(onnx: Any, graph: Any) -> list[Any]:
    """Return every tensor of a graph; one with a graph inside is refused with its operator later."""
    held = [
        a.t for node in graph.node for a in node.attribute if a.type == onnx.AttributeProto.TENSOR
    ]
    return [*graph.initializer, *held]


def _graph(onnx: Any, graph: Any, path: str) -> OnnxGraph:
    """Take constants out, and see that one tensor comes in and one goes out."""
    constants = {each.name: _array(onnx, each, path) for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in constants]
    if len(inputs) != 1 or len(graph.output) != 1:
        raise DataError(
            f"{path} must have one input and one output to be a dense chain, got {len(inputs)} and "
            f"{len(graph.output)}: {', '.join(each.name for each in [*inputs, *graph.output])[:200]}"
        )
    steps = []
    for number, node in enumerate(graph.node):
        if node.domain not in ONNX_DOMAIN:
            raise DataError(
                f"{path}: the operator {node.domain}.{node.op_type} is none of a dense chain"
            )
        attributes = _attributes(onnx, node, path)
        if node.op_type == "Constant":
            value = _constant(onnx, attributes, path)
            constants[node.output[0]] = value
        else:
            steps.append(_step(node, number, constants, attributes))
    shape = inputs[0].type.tensor_type.shape.dim
    width = int(shape[-1].dim_value) if shape else 0
    dtype = onnx.helper.tensor_dtype_to_np_dtype(inputs[0].type.tensor_type.elem_type)
    return OnnxGraph(
        path, tuple(steps), inputs[0].name, width, len(shape) or 2, dtype, graph.output[0].name
    )


def _step(node: Any, number: int, constants: dict[str, Any], attributes: dict[str, Any]) -> Step:
    chained = [k for k, name in enumerate(node.input) if name and name not in constants]
    return Step(
        node.op_type,
        f"{node.op_type} {node.name!r:.60}" if node.name else f"{node.op_type} (node {number})",
        tuple(constants.get(name) for name in node.input),
        tuple(chained),
        attributes,
        tuple(node.input[k] for k in chained),
        node.output[0],
    )


def _attributes(onnx: Any, node: Any, path: str) -> dict[str, Any]:
    found = {}
    for attribute in node.attribute:
        if attribute.type in {onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS}:
            raise DataError(
                f"{path}: the operator {node.op_type} holds a graph, as no dense chain does"
            )
        value = onnx.helper.get_attribute_value(attribute)
        found[attribute.name] = value.decode("utf-8", "replace") if type(value) is bytes else value
    return found


def _constant(onnx: Any, attributes: dict[str, Any], path: str) -> NDArray[Any]:
    if "value" in attributes:
        return _array(onnx, attributes["value"], path)
    if "value_float" in attributes:
        return np.array(attributes["value_float"], np.float32)
    if "value_floats" in attributes:
        return np.array(attributes["value_floats"], np.float32)
    return np.array(
        next((attributes[k] for k in ("value_int", "value_ints") if k in attributes), 0)
    )


def _array(onnx: Any, tensor: Any, path: str) -> NDArray[Any]:
    """Return a tensor's numbers; nothing is allocated for what its shape claims."""
    try:
        return np.asarray(onnx.numpy_helper.to_array(tensor))
    except Exception as error:  # of many kinds, for shapes and bytes that do not fit
        raise DataError(
            f"{path}: the tensor {tensor.name!r:.60} is not sound: its bytes do not fit its shape"
        ) from error
