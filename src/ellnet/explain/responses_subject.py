"""What is looked at: the network, the rows and the names behind an estimator, a Model or a Network."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import is_sparse, to_numpy
from ellnet.errors import DataError
from ellnet.history import Epoch, History
from ellnet.models import Model
from ellnet.network import Network, Parameters, check_shape
from ellnet.tables import from_frame

__all__ = [
    "Names",
    "chosen_units",
    "history_of",
    "inputs_of",
    "names_of",
    "network_of",
    "picture_shape",
    "pixels_of",
    "targets_of",
]

NUMBERED = re.compile(r"(x|p|px|pixel)[_\d]*")
"""Names that are a number and nothing else, such as x0 or pixel_0_0."""

SMALLEST_SIDE = 8
"""Pixels of a side that make an image of a square number of inputs."""


def network_of(subject: object) -> Network:
    """Return the network that is looked at, with NumPy arrays, whatever library it was trained with.

    Args:
        subject: a Network, a Model, a fitted estimator of ellnet's, or a pipeline that ends in one.

    Raises:
        DataError: it is something else.
        NotFittedError: an estimator that has not been fitted (scikit-learn's own error).
    """
    last = _last(subject)
    if isinstance(last, Model):
        net = last.network
    elif isinstance(last, Network):
        net = last
    elif hasattr(type(last), "network_"):
        net = last.network_  # type: ignore[attr-defined]
    else:
        raise DataError(
            "what is looked at must be a Network, a Model, an MLPClassifier or an MLPRegressor of "
            f"ellnet's, or a pipeline that ends in one, got {type(last).__name__}"
        )
    arrays = [to_numpy(array) for array in net.parameters.arrays()]
    return net.with_parameters(Parameters.from_arrays(arrays))


def inputs_of(subject: object, X: Any) -> NDArray[Any]:
    """Return A[0], (n[0], m): from rows X (m, n[0]), a frame for a Model, columns for a Network.

    Args:
        subject: what is looked at.
        X: what its own `predict` takes; for a Network A[0] itself, (n[0], m), one example a column.

    Raises:
        DataError, ShapeError, ValueError: X does not fit; says why.
    """
    if isinstance(subject, Model):
        return np.asarray(subject.inputs(X).T)
    net = network_of(subject)
    if isinstance(subject, Network):
        found = to_numpy(X)
        net.check_input(found)
        return found
    if hasattr(subject, "steps"):
        X = subject[:-1].transform(X) if len(subject.steps) > 1 else X  # type: ignore[index]
    if hasattr(X, "columns"):
        _check_columns(X, getattr(_last(subject), "feature_names_in_", None))
        X = np.asarray(X)
    X = X.toarray() if is_sparse(X) else to_numpy(X)
    if X.ndim != 2 or X.shape[1] != net.n[0]:
        raise DataError(
            f"X must have shape (m, {net.n[0]}), one row an example, got {tuple(X.shape)}"
        )
    return np.asarray(X).T


def _check_columns(frame: Any, names: Any) -> None:
    """Refuse a frame whose columns are not those of training in their order."""
    found = [str(name) for name in frame.columns]
    trained = found if names is None else [str(name) for name in names]
    if found != trained:
        raise DataError(
            f"X must have the columns of training in their order, {', '.join(trained[:12])}, got "
            f"{', '.join(found[:12])}"
        )


def targets_of(subject: object, y: Any) -> NDArray[np.float64]:
    """Return Y (n[L], m) of the truth that the subject was trained on.

    Args:
        subject: what is looked at.
        y: (m,) or (m, outputs); for a Model the frame with its target's column; for a Network Y itself.

    Raises:
        DataError, ShapeError: y does not fit.
    """
    net = network_of(subject)
    if isinstance(subject, Model):
        return subject.target.encode(from_frame(y)[subject.target.name])
    found = to_numpy(y)
    if isinstance(subject, Network):
        check_shape("Y", found, (net.n[net.L], int(found.shape[-1])), f"(n[{net.L}], m)")
        return np.asarray(found, np.float64)
    classes = getattr(_last(subject), "classes_", None)
    if classes is None or found.ndim == 2:
        return np.asarray(found.reshape(len(found), -1).T, np.float64)
    one_hot = np.equal(np.asarray(classes)[:, None], found[None, :])
    strange = np.flatnonzero(~one_hot.any(axis=0))
    if len(strange):
        raise DataError(
            f"y must hold classes of training, got {found[strange[0]]!r} in row {strange[0]}"
        )
    return np.asarray(one_hot[1:] if net.n[net.L] == 1 else one_hot, np.float64)


@dataclass(frozen=True)
class Names:
    """Names of the inputs and of the outputs, one each, or () where there are none."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


def names_of(subject: object) -> Names:
    """Return what the inputs and outputs are called."""
    net, last = network_of(subject), _last(subject)
    inputs: Sequence[Any] = ()
    outputs: Sequence[Any] = ()
    if isinstance(last, Model):
        inputs, outputs = (
            last.preprocessing.feature_names,
            last.target.classes or (last.target.name,),
        )
    elif not isinstance(last, Network):
        inputs, outputs = getattr(last, "feature_names_in_", ()), getattr(last, "classes_", ())
    if len(outputs) == 2 and net.n[net.L] == 1:
        outputs = outputs[1:]
    return Names(_fitting(inputs, net.n[0]), _fitting(outputs, net.n[net.L]))


def history_of(subject: object) -> History:
    """Return how training went.

    Raises:
        DataError: a network alone, which has no history.
        NotFittedError: an estimator that has not been fitted (scikit-learn's own error).
    """
    last = _last(subject)
    if isinstance(last, History):
        return last
    if isinstance(last, Model):
        return last.history
    network_of(subject)
    costs = getattr(last, "loss_curve_", None)
    if costs is None:
        raise DataError(
            "a Network alone has no history; draw that of training, CostCurveDisplay.from_history"
        )
    validated = list(getattr(last, "validation_loss_curve_", None) or [])
    held = validated if len(validated) == len(costs) else [None] * len(costs)
    kept = getattr(last, "history_", None)
    best = kept.best_epoch if kept is not None and len(kept.epochs) == len(costs) else 0
    epochs = [
        Epoch(float(c), None if v is None else float(v)) for c, v in zip(costs, held, strict=True)
    ]
    return History(epochs=epochs, best_epoch=best)


def chosen_units(
    net: Network, layer: int, units: Sequence[int] | None, most: int
) -> tuple[int, ...]:
    """Return the units of a layer to show: those asked for, numbered from 1, or the first ones.

    Args:
        net: the network.
        layer: 1..L.
        units: numbers from 1 to n[l], as in the notes; None for the first `most`.
        most: how many are shown where nothing was asked for.

    Raises:
        LayerError: there is no such layer.
        DataError: there is no such unit.
    """
    size = int(net.W[layer].shape[0])
    if units is None:
        return tuple(range(1, min(size, most) + 1))
    for unit in units:
        if not 1 <= unit <= size:
            raise DataError(
                f"a unit of layer {layer} must be a number from 1 to n[{layer}] = {size}, got {unit}"
            )
    return tuple(int(unit) for unit in units)


def picture_shape(subject: object, given: tuple[int, int] | None = None) -> tuple[int, int] | None:
    """Return rows and columns of pixels of an input that is an image; None where it is none.

    A square number of inputs, of 8 pixels a side or more, is taken for an image where they have no
    names of their own.

    Args:
        subject: what is looked at.
        given: what the user says it is.

    Raises:
        DataError: another number of pixels.
    """
    n0 = network_of(subject).n[0]
    if given is not None:
        if given[0] * given[1] != n0:
            raise DataError(
                f"a picture of {given[0]} x {given[1]} pixels needs n[0] = {given[0] * given[1]} "
                f"inputs, and there are {n0}"
            )
        return given
    side = math.isqrt(n0)
    numbered = all(map(NUMBERED.fullmatch, names_of(subject).inputs))
    return (side, side) if numbered and side * side == n0 and side >= SMALLEST_SIDE else None


def pixels_of(subject: object, X: Any, rows: NDArray[np.int64]) -> dict[int, NDArray[np.float64]]:
    """Return the pictures of examples by their row, (n[0],) each: a Model's as its table has them.

    Raises:
        DataError: X does not fit.
    """
    if isinstance(subject, Model):
        columns = from_frame(X).take(rows)
        own = [columns[name] for name in subject.preprocessing.column_names]
        if len(own) == subject.network.n[0] and all(column.kind == "number" for column in own):
            pixels = np.stack([column.values for column in own])
            return {int(row): pixels[:, k] for k, row in enumerate(rows)}
        A = subject.inputs(columns)
        return {int(row): np.asarray(A[k], np.float64) for k, row in enumerate(rows)}
    A = inputs_of(subject, X)
    return {int(row): np.asarray(A[:, row], np.float64) for row in rows}


def _fitting(names: Sequence[Any], units: int) -> tuple[str, ...]:
    return tuple(str(name) for name in names) if len(names) == units else ()


def _last(subject: object) -> object:
    """Return what a pipeline ends in."""
    steps = getattr(subject, "steps", None)
    return steps[-1][1] if isinstance(steps, list) and steps else subject
