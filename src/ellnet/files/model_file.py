"""The model file: what a model is, in the container; every field is checked on the way in.

docs/files.md describes the fields.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import is_finite, to_numpy
from ellnet.certificate import Certificate
from ellnet.engines import NAMES
from ellnet.errors import DataError, DivergenceError, ShapeError
from ellnet.files.container import FILE_LIMIT, Tensors, check_fields, pack, section, unpack
from ellnet.files.durable import read_whole, write_durably
from ellnet.history import Epoch, History
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.preprocessing import Preprocessing
from ellnet.strict_json import shown
from ellnet.targets import Target

__all__ = ["ModelRecord", "model_bytes", "model_from_bytes", "read_model", "write_model"]

KIND = "model"

RECORD: dict[str, type] = {
    "architecture": dict,
    "baselines": dict,
    "history": dict,
    "hyperparameters": dict,
    "preprocessing": dict,
    "target": dict,
}
"""The fields of the record."""

CERTIFICATE: dict[str, type] = {"certificate": dict}
"""The field that only a certified model has."""

ARCHITECTURE: dict[str, type] = {
    "n": list,
    "activations": list,
    "cost": str,
    "cost_options": dict,
}
HISTORY: dict[str, type] = {"metric": str, "best_epoch": int, "stopped": str, "engine": str}

ITERATIONS = "history.iterations"
EPOCHS = (
    "history.cost",
    "history.validation_cost",
    "history.validation_metric",
    "history.seconds",
)
"""Tensors with one number an epoch; NaN in the two in the middle stands for none."""


@dataclass(frozen=True, eq=False)
class ModelRecord:
    """What a model file holds.

    Attributes:
        network: architecture and parameters.
        hyperparameters: all that was chosen.
        preprocessing: how a table becomes X.
        target: what the outputs mean.
        history: how training went.
        baselines: networks of the same inputs and outputs to compare with, by name.
        certificate: of the gradient, where one was stored.
    """

    network: Network
    hyperparameters: Hyperparameters
    preprocessing: Preprocessing
    target: Target
    history: History
    baselines: Mapping[str, Network] = field(default_factory=dict)
    certificate: Certificate | None = None


def write_model(path: str | Path, record: ModelRecord) -> None:
    """Write a model file durably: after any accident the old or the new one is there, whole.

    Raises:
        FileAccessError: the file cannot be written; says why, and what to do.
        DivergenceError: a parameter is not finite.
        DataError: the record is too large for a header.
    """
    write_durably(path, model_bytes(record))


def read_model(path: str | Path) -> ModelRecord:
    """Read a model file into memory, and check all of it.

    Raises:
        FileAccessError: the file cannot be read; says why, and what to do.
        NewerFileError: it needs a later library.
        CorruptFileError: it is damaged, or was not written by ellnet; names the section.
    """
    return model_from_bytes(read_whole(path, FILE_LIMIT), path)


def model_bytes(record: ModelRecord) -> bytes:
    """Return the bytes of a model file; the same model gives the same bytes.

    Raises:
        DivergenceError: a parameter is not finite.
        DataError: the record is too large for a header.
    """
    tensors = _parameter_tensors(record.network, "")
    for name, net in record.baselines.items():
        tensors |= _parameter_tensors(net, _prefix(name))
    fields = {
        "architecture": _architecture(record.network),
        "baselines": {name: _architecture(net) for name, net in record.baselines.items()},
        "history": {name: getattr(record.history, name) for name in HISTORY},
        "hyperparameters": record.hyperparameters.to_json(),
        "preprocessing": record.preprocessing.to_json(),
        "target": record.target.to_json(),
    }
    if record.certificate is not None:
        fields["certificate"] = record.certificate.to_json()
    return pack(KIND, tensors | _history_tensors(record.history), fields)


def model_from_bytes(data: bytes, path: str | Path) -> ModelRecord:
    """Return the model of a file's bytes; `path` says in messages where they came from.

    Raises:
        NewerFileError: the file needs a later library.
        CorruptFileError: it is damaged, or was not written by ellnet; names the section.
    """
    tensors, fields = unpack(KIND, data, path)
    with section(path, "record"):
        check_fields(fields, RECORD | CERTIFICATE if "certificate" in fields else RECORD)
    with section(path, "architecture"):
        network = _network(fields["architecture"], tensors, "")
    with section(path, "baselines"):
        baselines = {
            name: _network(architecture, tensors, _prefix(name))
            for name, architecture in fields["baselines"].items()
        }
    with section(path, "hyperparameters"):
        hyperparameters = Hyperparameters.from_json(fields["hyperparameters"])
        if hyperparameters.engine not in NAMES:
            raise ValueError(
                f"engine must be {' or '.join(NAMES)}, got {shown(hyperparameters.engine)}"
            )
    with section(path, "preprocessing"):
        preprocessing = Preprocessing.from_json(fields["preprocessing"])
    with section(path, "target"):
        target = Target.from_json(fields["target"])
    with section(path, "history"):
        history = _history(fields["history"], tensors)
    certificate = None
    if "certificate" in fields:
        with section(path, "certificate"):
            certificate = Certificate.from_json(fields["certificate"])
    record = ModelRecord(
        network, hyperparameters, preprocessing, target, history, baselines, certificate
    )
    with section(path, "tensors"):
        if tensors:
            raise ShapeError(f"there is no place for the tensor {min(tensors)[:60]!r}")
    with section(path, "record"):
        _check_ends(record)
    return record


def _prefix(baseline: str) -> str:
    return f"baselines.{baseline}."


def _architecture(net: Network) -> dict[str, Any]:
    options = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in net.cost_options.items()
    }
    return {
        "n": list(net.n),
        "activations": list(net.activations),
        "cost": net.cost,
        "cost_options": options,
    }


def _parameter_tensors(net: Network, prefix: str) -> Tensors:
    names = _parameter_names(net.L, prefix)
    arrays = map(to_numpy, net.parameters.arrays())
    tensors = dict(zip(names, arrays, strict=True))
    for name, array in tensors.items():
        if array.dtype not in (np.float32, np.float64):
            raise DataError(f"{name} must be float32 or float64 in a model file, got {array.dtype}")
        if not is_finite(array):
            raise DivergenceError(
                f"{name} holds numbers that are not finite, and a model file never does; "
                "train again with a smaller learning_rate"
            )
    return tensors


def _parameter_names(L: int, prefix: str) -> Iterator[str]:
    return (f"{prefix}{letter}{layer}" for layer in range(1, L + 1) for letter in "Wb")


def _network(architecture: object, tensors: Tensors, prefix: str) -> Network:
    """Build a network and take its tensors away; nothing is allocated for what n claims."""
    fields = check_fields(architecture, ARCHITECTURE)
    n, activations, cost = fields["n"], fields["activations"], fields["cost"]
    if any(type(name) is not str for name in activations):
        raise TypeError("activations must be names")
    L = len(n) - 1
    if len(activations) != L:
        raise ShapeError(f"n has {L} layers, and activations has {len(activations)}")
    arrays = [_take(tensors, name) for name in _parameter_names(L, prefix)]
    if len({array.dtype for array in arrays}) > 1:
        raise TypeError("all parameters must be of one dtype, got float32 and float64")
    # Input by input in memory, as few rows are predicted from fastest.
    parameters = Parameters.from_arrays([np.asfortranarray(array) for array in arrays])
    options = fields["cost_options"]
    net = Network(n, activations, cost, parameters, cost_options=options)
    for name, array in zip(_parameter_names(L, prefix), arrays, strict=True):
        if not is_finite(array):
            raise DivergenceError(f"{name} must hold finite numbers")
    return net


def _take(tensors: Tensors, name: str) -> NDArray[Any]:
    if name not in tensors:
        raise LookupError(f"the tensor {name} is missing")
    return tensors.pop(name)


def _history_tensors(history: History) -> Tensors:
    columns: list[Sequence[float | None]] = [
        [epoch.cost for epoch in history.epochs],
        [epoch.validation_cost for epoch in history.epochs],
        [epoch.validation_metric for epoch in history.epochs],
        [epoch.seconds for epoch in history.epochs],
    ]
    tensors: Tensors = {
        name: np.array(column, np.float64) for name, column in zip(EPOCHS, columns, strict=True)
    }
    return {ITERATIONS: np.array(history.iterations, np.float64), **tensors}


def _history(found: object, tensors: Tensors) -> History:
    fields = check_fields(found, HISTORY)
    iterations = _series(tensors, ITERATIONS)
    columns = [_series(tensors, name) for name in EPOCHS]
    if len({len(column) for column in columns}) > 1:
        raise ShapeError(f"{', '.join(EPOCHS)} must have one number an epoch each")
    if not 0 <= fields["best_epoch"] <= len(columns[0]):
        raise ValueError(
            f"best_epoch must be one of the {len(columns[0])} epochs or 0, "
            f"got {fields['best_epoch']}"
        )
    epochs = tuple(
        Epoch(cost, _known(validation_cost), _known(metric), seconds)
        for cost, validation_cost, metric, seconds in zip(*columns, strict=True)
    )
    return History(tuple(iterations), epochs, **fields)


def _series(tensors: Tensors, name: str) -> list[float]:
    array = _take(tensors, name)
    if array.ndim != 1 or array.dtype != np.float64:
        raise ShapeError(
            f"{name} must be one row of float64, got shape {array.shape} of {array.dtype}"
        )
    return [float(number) for number in array]


def _known(number: float) -> float | None:
    return None if np.isnan(number) else number


def _check_ends(record: ModelRecord) -> None:
    """Hold the ends of each network against the columns that go in and the values that come out."""
    inputs = len(record.preprocessing.feature_names)
    outputs = len(record.target.classes) if record.target.task == "multiclass" else 1
    for net in (record.network, *record.baselines.values()):
        if net.n[0] != inputs:
            raise ShapeError(
                f"preprocessing gives {inputs} features, and n[0] of {net!r} is {net.n[0]}"
            )
        if net.n[net.L] != outputs:
            raise ShapeError(
                f"the target needs {outputs} outputs, and n[{net.L}] of {net!r} is {net.n[net.L]}"
            )
