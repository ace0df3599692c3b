"""An ONNX export is checked and run before anybody gets it: it agrees with the model, or is refused."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import to_numpy
from ellnet.columns import Column, Columns
from ellnet.errors import DataError
from ellnet.forms.onnx_graph import onnx_module, runtime_module
from ellnet.forms.onnx_preprocessing import MATRIX, Numbers
from ellnet.forms.parity import TOLERANCES, Expected, disagreement, expected, parity_rows
from ellnet.models import Model

__all__ = ["check_onnx", "feeds", "run_onnx", "session"]

ERRORS_ONLY = 3
"""ONNX Runtime's number for: say nothing below an error."""


def check_onnx(data: bytes, model: Model, *, matrix: bool, numbers: Numbers) -> float:
    """Check a file's bytes with the ONNX checker, run them on the parity vectors, and compare.

    Returns:
        The worst difference from the model's own outputs.

    Raises:
        MissingExtraError: onnx or onnxruntime is not installed.
        DataError: the checker refuses them, or they do not agree with the model.
    """
    onnx = onnx_module()
    try:
        onnx.checker.check_model(data, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise DataError(f"the ONNX checker refuses the export: {_first_line(error)}") from error
    wanted = expected(model, _rounded(parity_rows(model.preprocessing), numbers))
    runtime = session(data)
    try:
        found = run_onnx(runtime, wanted.rows, matrix=matrix, numbers=numbers)
    except Exception as error:  # its errors share no class
        raise DataError(f"ONNX Runtime cannot run the export: {_first_line(error)}") from error
    return _compared(model, wanted, found)


def session(data: bytes) -> Any:
    """Return an ONNX Runtime session on the processor, one thread, for a file's bytes.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        DataError: it does not take the file.
    """
    runtime = runtime_module()
    options = runtime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.intra_op_num_threads = 1
    try:
        return runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no class
        raise DataError(f"ONNX Runtime refuses the export: {_first_line(error)}") from error


def feeds(columns: Columns, *, matrix: bool, numbers: Numbers) -> dict[str, NDArray[Any]]:
    """Return a table as an exported graph takes it: NaN and "" where something is missing."""
    if matrix:
        table = np.column_stack([column.values for column in columns.columns.values()])
        return {MATRIX: np.ascontiguousarray(table, numbers)}
    return {name: _feed(column, numbers) for name, column in columns.columns.items()}


def run_onnx(
    runtime: Any, columns: Columns, *, matrix: bool, numbers: Numbers
) -> list[NDArray[Any]]:
    """Return what a graph gives for a table: label and probabilities, or the values."""
    given = feeds(columns, matrix=matrix, numbers=numbers)
    return [np.asarray(output) for output in runtime.run(None, given)]


def _feed(column: Column, numbers: Numbers) -> NDArray[Any]:
    if column.kind != "category":
        return column.values.astype(numbers)[:, None]
    texts = ["" if value is None else value for value in column.values]
    return np.array([*texts, None], object)[:-1, None]


def _rounded(columns: Columns, numbers: Numbers) -> Columns:
    """Return the table as the precision of the inputs has it, which the model is then asked too."""
    if numbers == "float64":
        return columns
    limit = float(np.finfo(np.float32).max)
    rounded = [
        column
        if column.kind == "category"
        else Column(
            column.name,
            column.kind,
            np.clip(column.values, -limit, limit).astype(np.float32).astype(np.float64),
        )
        for column in columns.columns.values()
    ]
    return Columns.of(rounded, columns.source)


def _compared(model: Model, wanted: Expected, found: list[NDArray[Any]]) -> float:
    """Return the worst difference; refuse one that is too large, or another label."""
    allowed = TOLERANCES[str(to_numpy(model.network.W[1]).dtype)]
    outputs = found[-1][:, None] if model.target.task == "regression" else found[-1]
    worst = disagreement(wanted, outputs)
    if not worst <= allowed:
        raise DataError(
            f"the export must agree with the model within {allowed:g} on {wanted.rows.m} parity vectors, "
            f"and ONNX Runtime differs by {worst:.2g}; nothing was written"
        )
    if model.target.task != "regression":
        differ = np.flatnonzero(found[0].astype(wanted.labels.dtype) != wanted.labels)
        ties = np.sort(wanted.outputs[differ], axis=1)
        if np.any(ties[:, -1] - ties[:, -2] > 2 * allowed):
            raise DataError(
                f"the export must give the model's labels, and ONNX Runtime gives "
                f"{found[0][differ[0]]!r} for {wanted.labels[differ[0]]!r}; nothing was written"
            )
    return worst


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
