"""What an estimator's file holds, in the container of the model file. docs/files.md has the fields."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from ellnet.arrays import is_finite, to_numpy
from ellnet.errors import DataError, DivergenceError, ShapeError
from ellnet.estimators.fitting import Progress
from ellnet.estimators.labels import Kind, Labels
from ellnet.files.container import Tensors, check_fields, pack, section, unpack
from ellnet.network import Parameters
from ellnet.strict_json import shown

__all__ = ["CURVES", "Fitted", "Record", "record_bytes", "record_from_bytes"]

KIND = "estimator"

FIELDS: dict[str, type] = {
    "class": str,
    "fitted": dict,
    "hyperparameters": dict,
    "labels": dict,
    "layers": int,
    "progress": dict,
}
LABELS: dict[str, type] = {"dtype": str, "kind": str, "values": list}
PROGRESS: dict[str, type] = {
    "optimizer": str,
    "moments": int,
    "step": int,
    "epoch": int,
    "cuts": int,
    "seed": int,
}
FITTED: dict[str, type] = {
    "n_iter": int,
    "t": int,
    "stopped": str,
    "waited": int,
    "names": list,
}
CURVES = ("loss_curve_", "validation_loss_curve_", "validation_scores_")
"""The attributes with one number an epoch; one that is None has no tensor."""

LABEL_KINDS = "biufUO"
"""NumPy's letters of labels that a file can hold: truth values, numbers and text."""

LABEL_DTYPE = re.compile(rf"[<>|=]?[{LABEL_KINDS}]\d{{0,6}}")
LABEL_BYTES = 2**20
"""Bytes that labels may take as an array; wider ones are written with the dtype that they need."""


@dataclass(frozen=True)
class Fitted:
    """The small attributes of a fitted estimator."""

    n_iter: int
    t: int
    stopped: str
    waited: int
    names: list[str]


@dataclass(frozen=True, eq=False)
class Record:
    """What an estimator's file holds.

    Attributes:
        name: of the class.
        hyperparameters: what `get_params` gives.
        parameters: W and b of every layer.
        curves: those of `CURVES`.
        labels: the classes of a classifier, None for a regressor.
        progress: what another call goes on from, or None.
        fitted: the rest.
    """

    name: str
    hyperparameters: Mapping[str, Any]
    parameters: Parameters
    curves: Mapping[str, list[float] | None]
    labels: Labels | None
    progress: Progress | None
    fitted: Fitted


def record_bytes(record: Record) -> bytes:
    """Return the bytes of an estimator's file; the same estimator gives the same bytes.

    Raises:
        DataError: a hyperparameter or a label that a file cannot hold; names it.
        DivergenceError: a parameter of the network is not finite.
    """
    tensors, progress = _tensors(record.parameters, ""), record.progress
    for k, moment in enumerate(progress.moments if progress else ()):
        tensors |= _tensors(moment, f"moments.{k}.")
    tensors |= {
        name: np.array(curve, np.float64)
        for name, curve in record.curves.items()
        if curve is not None
    }
    fields = {
        "class": record.name,
        "fitted": vars(record.fitted),
        "hyperparameters": {k: _plain(k, value) for k, value in record.hyperparameters.items()},
        "labels": {} if record.labels is None else _plain_labels(record.labels),
        "layers": len(record.parameters.W),
        "progress": {}
        if progress is None
        else {name: getattr(progress, name) for name in PROGRESS if name != "moments"}
        | {"moments": len(progress.moments)},
    }
    return pack(KIND, tensors, fields)


def record_from_bytes(data: bytes, path: str | Path) -> Record:
    """Return the record of a file's bytes, after checking all of it.

    Raises:
        NewerFileError: the file needs a later library.
        CorruptFileError: it is damaged, or was not written by ellnet; names the section.
    """
    tensors, fields = unpack(KIND, data, path)
    with section(path, "record"):
        check_fields(fields, FIELDS)
        hyperparameters = {k: _unplain(value) for k, value in fields["hyperparameters"].items()}
    with section(path, "labels"):
        labels = _labels(fields["labels"]) if fields["labels"] else None
    with section(path, "tensors"):
        L = fields["layers"]
        parameters = _parameters(tensors, L, "")
    with section(path, "progress"):
        progress = _progress(fields["progress"], tensors, L) if fields["progress"] else None
    with section(path, "fitted"):
        curves = {name: _curve(tensors, name) for name in CURVES}
        fitted = Fitted(**check_fields(fields["fitted"], FITTED))
        if tensors:
            raise ShapeError(f"there is no place for the tensor {min(tensors)[:60]!r}")
    return Record(fields["class"], hyperparameters, parameters, curves, labels, progress, fitted)


def _names(L: int, prefix: str) -> list[str]:
    return [f"{prefix}{letter}{layer}" for layer in range(1, L + 1) for letter in "Wb"]


def _tensors(parameters: Parameters, prefix: str) -> Tensors:
    arrays = map(to_numpy, parameters.arrays())
    tensors = dict(zip(_names(len(parameters.W), prefix), arrays, strict=True))
    for name, array in tensors.items():
        if not is_finite(array):
            raise DivergenceError(
                f"{name} holds numbers that are not finite, and a file never does"
            )
    return tensors


def _parameters(tensors: Tensors, L: int, prefix: str) -> Parameters:
    """Take the arrays of all layers away, and check that each fits the one before."""
    if not 1 <= L <= len(tensors):
        raise ValueError(f"layers must be as many as there are tensors for, got {shown(L)}")
    names = _names(L, prefix)
    lacking = [name for name in names if name not in tensors]
    if lacking or not names:
        raise LookupError(f"the tensor {(lacking or ['W1'])[0]} is missing")
    arrays = [tensors.pop(name) for name in names]
    for k in range(0, len(arrays), 2):
        W, b = arrays[k], arrays[k + 1]
        inputs = W.shape[1] if k == 0 and W.ndim == 2 else arrays[k - 2].shape[0]
        if W.ndim != 2 or W.shape[1] != inputs or b.shape != (W.shape[0], 1) or 0 in W.shape:
            raise ShapeError(f"{names[k]} and {names[k + 1]} do not fit: {W.shape}, {b.shape}")
        if not is_finite(W, b):
            raise DivergenceError(f"{names[k]} and {names[k + 1]} must hold finite numbers")
    if len({array.dtype for array in arrays}) > 1:
        raise TypeError("all parameters must be of one dtype")
    return Parameters.from_arrays([np.array(array, order="F") for array in arrays])


def _plain(name: str, value: Any) -> Any:
    """Return a hyperparameter as a plain JSON value."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float) and math.isinf(value):
        return {"infinite": True}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        parts = [_plain(name, part) for part in value]
        return {"tuple": parts} if isinstance(value, tuple) else parts
    if isinstance(value, Mapping):
        return {"pairs": [[_plain(name, k), _plain(name, each)] for k, each in value.items()]}
    raise DataError(
        f"{name} must be a number, a word, or a list or dict of them to be saved, got {value!r:.80}; "
        f"give it such a value by set_params first"
    )


def _unplain(value: Any) -> Any:
    """Return what `_plain` was given."""
    if isinstance(value, list):
        return [_unplain(part) for part in value]
    if not isinstance(value, dict):
        return value
    if "tuple" in value:
        return tuple(_unplain(value["tuple"]))
    return math.inf if "infinite" in value else dict(_unplain(value["pairs"]))


def _plain_labels(labels: Labels) -> dict[str, Any]:
    values, dtype = labels.classes.tolist(), labels.classes.dtype
    if dtype.kind not in LABEL_KINDS or any(
        not isinstance(value, bool | int | float | str) for value in values
    ):
        raise DataError(
            f"labels must be numbers, truth values or text to be saved, got {values[0]!r:.80}"
        )
    if dtype.itemsize * len(values) > LABEL_BYTES:
        dtype = np.array(values).dtype
    return {"dtype": dtype.str, "kind": labels.kind, "values": values}


def _labels(found: object) -> Labels:
    fields = check_fields(found, LABELS)
    if not LABEL_DTYPE.fullmatch(fields["dtype"]):
        raise ValueError(
            f"dtype must be one of truth values, numbers or text, got {shown(fields['dtype'])}"
        )
    dtype, values, kind = np.dtype(fields["dtype"]), fields["values"], fields["kind"]
    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}")
    if any(not isinstance(value, bool | int | float | str) for value in values):
        raise ValueError("values must be numbers, truth values or text")
    if len(values) == 0 or len(set(values)) < len(values):
        raise ValueError("values must name each class once")
    needed = np.array(values).nbytes
    if dtype.itemsize * len(values) > max(LABEL_BYTES, needed):
        raise ValueError(f"dtype must be as wide as the labels are, got {dtype.str}")
    labels = np.array(values, dtype)
    if labels.tolist() != values:
        raise ValueError(f"values must be what dtype {dtype.str} can hold")
    return Labels(kind, labels)


def _progress(found: object, tensors: Tensors, L: int) -> Progress:
    fields = check_fields(found, PROGRESS)
    count = fields.pop("moments")
    if not 0 <= count <= 8:
        raise ValueError(f"moments must be a small number, got {count}")
    moments = tuple(_parameters(tensors, L, f"moments.{k}.") for k in range(count))
    return Progress(moments=moments, **fields)


def _curve(tensors: Tensors, name: str) -> list[float] | None:
    array = tensors.pop(name, None)
    if array is None:
        return None
    if array.ndim != 1:
        raise ShapeError(f"{name} must be one row, got shape {array.shape}")
    return [float(number) for number in array]
