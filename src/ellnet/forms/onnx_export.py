"""A model as one ONNX file: preprocessing, network and target, run before it is written."""

import hashlib
import json
from pathlib import Path
from typing import Any

from ellnet.arrays import to_numpy
from ellnet.errors import DataError
from ellnet.files.durable import write_durably
from ellnet.files.model_file import ModelRecord, model_bytes
from ellnet.forms.onnx_check import check_onnx
from ellnet.forms.onnx_graph import OPSETS, GraphBuilder, onnx_module
from ellnet.forms.onnx_layers import add_layers, add_outputs
from ellnet.forms.onnx_preprocessing import Inputs, Numbers, add_preprocessing, takes_matrix
from ellnet.models import Model
from ellnet.version import NUMERICS, VERSION

__all__ = ["export_onnx", "onnx_bytes"]

IR_VERSION = 8
"""The version of the file format that goes with operator set 17."""

SIZE_LIMIT = 2**31 - 2**20
"""Bytes of weights that one ONNX file can hold, with some room for the rest."""


def export_onnx(
    model: Model, path: str | Path, *, inputs: Inputs = "auto", numbers: Numbers = "float64"
) -> float:
    """Write a model as an ONNX file, after it was checked and has agreed with the model.

    Args:
        model: the model.
        path: the file.
        inputs: "columns" has an input (m, 1) for each column of the table, under its name: strings
            for categories, numbers for all else; "matrix" has one input X (m, columns) of numbers;
            "auto" takes the matrix where no column holds categories or dates.
        numbers: precision of the inputs that are numbers: NaN is missing, a boolean 0 or 1, a date the
            seconds since 1970 in UTC (which float32 has to about a minute). What follows is reckoned in
            float64 up to X, in the model's own precision from there.

    Returns:
        The worst difference between ONNX Runtime and the model on the parity vectors.

    Raises:
        MissingExtraError: onnx or onnxruntime is not installed.
        DataError: the model is too large, a name cannot stand in the file, or the export disagrees with
            the model.
        HyperparameterError: a matrix is asked for, and a column holds categories.
        FileAccessError: the file cannot be written; says why, and what to do.
    """
    data = onnx_bytes(model, inputs=inputs, numbers=numbers)
    matrix = takes_matrix(model.preprocessing, inputs)
    worst = check_onnx(data, model, matrix=matrix, numbers=numbers)
    write_durably(path, data)
    return worst


def onnx_bytes(model: Model, *, inputs: Inputs = "auto", numbers: Numbers = "float64") -> bytes:
    """Return the bytes of a model's ONNX file, not yet checked; the same model gives the same bytes.

    Raises:
        MissingExtraError: onnx is not installed.
        DataError: the model is too large, or a name cannot stand in the file.
        HyperparameterError: a matrix is asked for, and a column holds categories.
    """
    matrix = takes_matrix(model.preprocessing, inputs)
    _check_size(model)
    onnx = onnx_module()
    graph = GraphBuilder()
    X = add_preprocessing(graph, model.preprocessing, matrix=matrix, numbers=numbers)
    dtype = str(to_numpy(model.network.W[1]).dtype)
    if dtype != model.preprocessing.dtype:
        X = graph.cast(X, dtype)
    add_outputs(graph, model.target, add_layers(graph, model.network, X), dtype)
    made = onnx.helper.make_graph(
        graph.nodes, "ellnet", graph.inputs, graph.outputs, graph.constants
    )
    whole = onnx.helper.make_model(
        made,
        opset_imports=[onnx.helper.make_opsetid(domain, v) for domain, v in OPSETS.items()],
        ir_version=IR_VERSION,
        producer_name="ellnet",
        producer_version=VERSION,
        doc_string=f"{model.network!r}, predicting {model.target.name!r} ({model.target.task})",
    )
    onnx.helper.set_model_props(whole, _metadata(model))
    data: bytes = whole.SerializeToString(deterministic=True)
    return data


def _metadata(model: Model) -> dict[str, str]:
    """Return what the file says of its origin."""
    classes: list[Any] = list(model.target.classes)
    return {
        "ellnet.version": VERSION,
        "ellnet.numerics_version": str(NUMERICS),
        "ellnet.model_sha256": hashlib.sha256(model_bytes(ModelRecord(**vars(model)))).hexdigest(),
        "ellnet.target": model.target.name,
        "ellnet.task": model.target.task,
        "ellnet.classes": json.dumps(classes),
        "ellnet.columns": json.dumps(list(model.preprocessing.column_names)),
    }


def _check_size(model: Model) -> None:
    size = sum(to_numpy(array).nbytes for array in model.network.parameters.arrays())
    if size > SIZE_LIMIT:
        raise DataError(
            f"an ONNX file may have 2 GB, and the weights alone have {size:,} bytes; export float32 "
            "weights or a smaller network: files of weights beside it are never written"
        )
