"""Model: a trained network with everything that it takes to predict from a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, to_numpy
from ellnet.certificate import Certificate, certify
from ellnet.columns import Columns
from ellnet.encodings import Unseen
from ellnet.engines import engine
from ellnet.errors import DataError, ShapeError
from ellnet.files.model_file import ModelRecord, model_from_bytes, read_model, write_model
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.preprocessing import Preprocessing
from ellnet.shrinking import Box, Shrunk, shrink
from ellnet.tables import from_frame
from ellnet.targets import Target

__all__ = ["Model", "load", "model_of"]

ALL_ROWS = "all that the preprocessing can make of any table"
"""The inputs of a model whatever rows come."""


@final
@dataclass(frozen=True, eq=False)
class Model:
    """A trained network, and what stands between it and a table.

    A frame, wherever one is asked for, is a polars, pandas or pyarrow one; a mapping of columns; a
    record, or a list of records, each a dict; or a NumPy array (m, columns) with the columns of
    training in their order. Columns are found by name, and the target's column is passed over.

    Rows may be predicted one at a time or many at once: with the array engine both agree to
    rounding; the same rows in the same call give the same bits, before saving and after loading.

    Attributes:
        network: architecture and parameters, as C-ordered NumPy arrays whatever it was trained on.
        hyperparameters: all that was chosen.
        preprocessing: how a table becomes X.
        target: what the outputs mean.
        history: how training went.
        baselines: networks of the same inputs and outputs to compare with, by name.
        certificate: of the gradient, where one was made; `belongs_to` says whether it still holds.
    """

    network: Network
    hyperparameters: Hyperparameters
    preprocessing: Preprocessing
    target: Target
    history: History
    baselines: Mapping[str, Network] = field(default_factory=dict)
    certificate: Certificate | None = None

    def __post_init__(self) -> None:
        """Bring all parameters to where the file has them, which keeps predictions to the bit."""
        object.__setattr__(self, "network", _at_home(self.network))
        baselines = {name: _at_home(net) for name, net in self.baselines.items()}
        object.__setattr__(self, "baselines", baselines)

    def inputs(self, frame: object, *, unseen: Unseen = "error") -> NDArray[Any]:
        """Return X (m, n[0]), one example a row, C-ordered.

        Args:
            frame: the rows.
            unseen: "error" refuses a category that training never saw, "ignore" takes it for none.

        Raises:
            DataError: rows that do not fit the model; names the column and the row.
            ShapeError: an array with another number of columns.
        """
        columns = self._columns(frame)
        if self.target.name in columns.names:
            columns = columns.drop([self.target.name])
        return self.preprocessing.transform(columns, unseen=unseen)

    def outputs(self, frame: object, *, unseen: Unseen = "error") -> Array:
        """Return A[L] (n[L], m), one example a column.

        Raises:
            DataError: rows that do not fit the model; names the column and the row.
            ShapeError: an array with another number of columns.
        """
        X = self.inputs(frame, unseen=unseen).T
        return engine(self.hyperparameters.engine).predict(self.network, X)

    def predict(self, frame: object, *, unseen: Unseen = "error") -> NDArray[Any]:
        """Return the predictions (m,): labels, or values in the target's own units.

        Raises:
            DataError: rows that do not fit the model; names the column and the row.
            ShapeError: an array with another number of columns.
        """
        return np.asarray(self.target.decode(self.outputs(frame, unseen=unseen)))

    def predict_proba(self, frame: object, *, unseen: Unseen = "error") -> NDArray[Any]:
        """Return the probability of each class (m, classes), in the order of `target.classes`.

        Raises:
            DataError: a regression, which has no classes; or rows that do not fit the model.
            ShapeError: an array with another number of columns.
        """
        if self.target.task == "regression":
            raise DataError(
                f"{self.target.name} is a number, which has no classes and no probabilities; "
                "use predict"
            )
        return np.asarray(self.target.probabilities(self.outputs(frame, unseen=unseen)))

    def certified(
        self, frame: object, *, target: str | None = None, unseen: Unseen = "error"
    ) -> "Model":
        """Return the model with a certificate of its gradient on these rows, which `save` stores.

        The cost is that of training, its penalties included, without dropout and label smoothing.

        Args:
            frame: the rows, target included.
            target: name of the target's column; by default that of training.
            unseen: "error" refuses a category that training never saw, "ignore" takes it for none.

        Raises:
            DataError: rows that do not fit the model; names the column and the row.
            DivergenceError: the cost or a derivative is not finite.
        """
        columns = self._columns(frame)
        name = target or self.target.name
        Y = self.target.encode(columns[name])
        X = self.inputs(columns.drop([name]), unseen=unseen).T
        chosen = self.hyperparameters
        return replace(self, certificate=certify(self.network, X, Y, l2=chosen.l2, l1=chosen.l1))

    def shrunk(
        self,
        frame: object = None,
        *,
        unseen: Unseen = "error",
        trust_data: bool = False,
        fewer_layers: bool = False,
    ) -> tuple["Model", Shrunk]:
        """Return the model with a smaller network of the same outputs, and the steps with their proof.

        Preprocessing, target, history and baselines stay; a certificate was of the larger network.

        Args:
            frame: rows to try both networks on, and whose range the inputs are then taken to have; by
                default the steps are right for all that the preprocessing can make of any table.
            unseen: "error" refuses a category that training never saw, "ignore" takes it for none.
            trust_data: also take out what is idle or linear on these rows alone.
            fewer_layers: multiply linear layers out even where their product has more parameters.

        Raises:
            DataError: rows that do not fit the model; names the column and the row.
            DivergenceError: a parameter is not finite.
            HyperparameterError: `trust_data` without rows.
            ProofError: outputs that differ by more than 1e-12 of their size in float64.
        """
        X = None if frame is None else self.inputs(frame, unseen=unseen).T
        lower, upper = self.preprocessing.ranges().T
        box = Box(lower, upper, ALL_ROWS) if frame is None else None
        found = shrink(self.network, X, box=box, trust_data=trust_data, fewer_layers=fewer_layers)
        if not found.steps:
            return self, found
        chosen = _as_left(self.hyperparameters, found)
        smaller = replace(self, network=found.network, hyperparameters=chosen, certificate=None)
        return smaller, found

    def save(self, path: str | Path) -> None:
        """Write the model file durably: after any accident the old or the new one is there, whole.

        Raises:
            FileAccessError: the file cannot be written; says why, and what to do.
            DivergenceError: a parameter is not finite.
        """
        write_model(path, ModelRecord(**vars(self)))

    def _columns(self, frame: object) -> Columns:
        if isinstance(frame, np.ndarray):
            return from_frame(self._by_name(frame))
        if isinstance(frame, Mapping) and not any(map(_is_column, frame.values())):
            return from_frame([frame])
        return from_frame(frame)

    def _by_name(self, array: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Give the columns of an array the names of training."""
        names = self.preprocessing.column_names
        if array.ndim != 2 or array.shape[1] != len(names):
            raise ShapeError(
                f"an array must have shape (m, {len(names)}), one row an example and the columns "
                f"{', '.join(names[:20])}{', ...' if len(names) > 20 else ''}, got {array.shape}"
            )
        return dict(zip(names, array.T, strict=True))


def model_of(data: bytes, path: str | Path) -> Model:
    """Return the model of a file's bytes, after checking all of it.

    Raises:
        NewerFileError: it needs a later library; names both versions.
        CorruptFileError: it is damaged, or was not written by ellnet; names the section.
    """
    return Model(**vars(model_from_bytes(data, path)))


def load(path: str | Path) -> Model:
    """Read a model file, and check all of it; nothing in it is ever run.

    Raises:
        FileAccessError: the file cannot be read; says why, and what to do.
        NewerFileError: it needs a later library; names both versions.
        CorruptFileError: it is damaged, or was not written by ellnet; names the section.
    """
    return Model(**vars(read_model(path)))


def _as_left(chosen: Hyperparameters, found: Shrunk) -> Hyperparameters:
    """Return hyperparameters that name the hidden layers that are left, with what each of them had."""
    left: dict[str, Any] = {"hidden": found.network.n[1:-1]}
    for name, none in (("activation", "relu"), ("dropout", 0.0)):
        value = getattr(chosen, name)
        if isinstance(value, tuple):
            left[name] = tuple(value[number - 1] for number in found.layers[:-1]) or none
    return replace(chosen, **left)


def _is_column(value: object) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str | bytes)


def _at_home(net: Network) -> Network:
    """Return the network with C-ordered NumPy arrays."""
    arrays = net.parameters.arrays()
    if all(isinstance(array, np.ndarray) and array.flags.carray for array in arrays):
        return net
    home = [np.require(to_numpy(array), requirements=["C", "A", "W"]) for array in arrays]
    return net.with_parameters(Parameters.from_arrays(home))
