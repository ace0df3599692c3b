"""The checkpoint: all that a run needs to go on to the same bits, in the container.

docs/checkpoints.md describes the fields.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import is_finite, to_numpy
from ellnet.errors import ShapeError
from ellnet.files.container import FILE_LIMIT, Tensors, check_fields, pack, section, unpack
from ellnet.files.digest_chain import Links, Origin, chain_of, place_of
from ellnet.files.durable import read_whole, write_durably
from ellnet.history import Epoch, History
from ellnet.network import Parameters
from ellnet.state import TrainingState

__all__ = ["Checkpoint", "chain_at", "read_checkpoint", "write_checkpoint"]

KIND = "checkpoint"

RECORD: dict[str, type] = {
    "L": int,
    "best": bool,
    "chain": dict,
    "chosen": dict,
    "columns_first": list,
    "data": dict,
    "history": dict,
    "memory": dict,
    "moments": int,
    "place": dict,
}
"""The fields of the record."""

PLACE: dict[str, type] = {
    "batch": int,
    "cuts": int,
    "epoch": int,
    "epoch_cost": float,
    "seed": int,
    "step": int,
}
CHAIN: dict[str, type] = dict.fromkeys(("data", "chosen", "place", "parameters"), str)
HISTORY: dict[str, type] = {"metric": str, "best_epoch": int, "stopped": str, "engine": str}
MOST_MOMENTS = 8
"""Moments of an optimizer, at most: what a file claims is bounded before anything is built of it."""

ITERATIONS = "history.iterations"
EPOCHS = (
    "history.cost",
    "history.validation_cost",
    "history.validation_metric",
    "history.seconds",
)
"""Tensors with one number an epoch; NaN in the two in the middle stands for none."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Where a run stands: its TrainingState, and what the loop around it remembers.

    Attributes:
        state: parameters, moments, and the place.
        history: what all epochs and steps until there cost; `stopped` is "" in mid-run.
        best: the parameters that are kept so far, None where none are named.
        memory: what the rule that ends the run has counted.
    """

    state: TrainingState
    history: History
    best: Parameters | None = None
    memory: Mapping[str, float] | None = None

    @property
    def place(self) -> tuple[int, int]:
        """The epochs finished, and the minibatches taken of the one under way."""
        return self.state.epoch, self.state.batch


def chain_at(checkpoint: Checkpoint, origin: Origin) -> Links:
    """Return the digest chain of a checkpoint of a run."""
    return chain_of(origin, checkpoint.state, _tensors(checkpoint))


def write_checkpoint(path: Path, checkpoint: Checkpoint, origin: Origin) -> Links:
    """Write a checkpoint durably, and return its digest chain.

    Raises:
        FileAccessError: the file cannot be written; says why, and what to do.
        DataError: the record is too large for a header.
    """
    tensors, state = _tensors(checkpoint), checkpoint.state
    links = chain_of(origin, state, tensors)
    memory = {k: v if math.isfinite(v) else None for k, v in (checkpoint.memory or {}).items()}
    fields = {
        "L": len(state.parameters.W),
        "best": checkpoint.best is not None,
        "chain": links.to_json(),
        "chosen": dict(origin.chosen),
        "columns_first": sorted(_columns_first(checkpoint)),
        "data": dict(origin.data),
        "history": {name: getattr(checkpoint.history, name) for name in HISTORY},
        "memory": memory,
        "moments": len(state.moments),
        "place": place_of(state),
    }
    write_durably(path, pack(KIND, tensors, fields))
    return links


def read_checkpoint(path: Path) -> tuple[Checkpoint, Origin, Links]:
    """Read a checkpoint and the chain that stands in it, after checking all of it.

    Raises:
        FileAccessError: the file cannot be read; says why, and what to do.
        NewerFileError: it needs a later library.
        CorruptFileError: it is damaged, or was not written by ellnet; names the section.
    """
    tensors, fields = unpack(KIND, read_whole(path, FILE_LIMIT), path)
    with section(path, "record"):
        check_fields(fields, RECORD)
        origin = Origin(fields["data"], fields["chosen"])
        links = Links(**check_fields(fields["chain"], CHAIN))
    whole = dict(tensors)
    with section(path, "parameters"):
        state, best = _state(fields, tensors)
    with section(path, "history"):
        history = _history(fields["history"], tensors)
    with section(path, "tensors"):
        if tensors:
            raise ShapeError(f"there is no place for the tensor {min(tensors)[:60]!r}")
    with section(path, "digest chain"):
        if chain_of(origin, state, whole) != links:
            raise ValueError("it is not that of the data, choices, place and numbers in the file")
    with section(path, "memory"):
        memory = {k: math.inf if v is None else float(v) for k, v in fields["memory"].items()}
    return Checkpoint(state, history, best, memory or None), origin, links


def _groups(checkpoint: Checkpoint) -> Iterator[tuple[str, Parameters]]:
    """Yield everything of the parameters' shapes, each with the prefix of its tensors."""
    yield "", checkpoint.state.parameters
    for number, moment in enumerate(checkpoint.state.moments):
        yield f"moments.{number}.", moment
    if checkpoint.best is not None:
        yield "best.", checkpoint.best


def _names(L: int, prefix: str) -> list[str]:
    return [f"{prefix}{letter}{layer}" for layer in range(1, L + 1) for letter in "Wb"]


def _named(checkpoint: Checkpoint) -> Iterator[tuple[str, NDArray[Any]]]:
    for prefix, group in _groups(checkpoint):
        yield from zip(_names(len(group.W), prefix), map(to_numpy, group.arrays()), strict=True)


def _tensors(checkpoint: Checkpoint) -> Tensors:
    history = checkpoint.history
    columns: tuple[Iterable[float | None], ...] = (
        (epoch.cost for epoch in history.epochs),
        (epoch.validation_cost for epoch in history.epochs),
        (epoch.validation_metric for epoch in history.epochs),
        (epoch.seconds for epoch in history.epochs),
    )
    return {
        **{name: np.ascontiguousarray(array) for name, array in _named(checkpoint)},
        ITERATIONS: np.fromiter(history.iterations, np.float64, len(history.iterations)),
        **{
            name: np.fromiter((math.nan if x is None else x for x in column), np.float64)
            for name, column in zip(EPOCHS, columns, strict=True)
        },
    }


def _columns_first(checkpoint: Checkpoint) -> Iterator[str]:
    """Name what lies column after column in memory: a BLAS may round other layouts otherwise."""
    return (name for name, array in _named(checkpoint) if not array.flags.c_contiguous)


def _state(fields: dict[str, Any], tensors: Tensors) -> tuple[TrainingState, Parameters | None]:
    """Build the state and the best parameters; takes their tensors away."""
    L, moments = fields["L"], fields["moments"]
    if not 1 <= L <= len(tensors) or not 0 <= moments <= MOST_MOMENTS:
        raise ValueError(f"L and moments must fit the tensors, got {L} and {moments}")
    turned = frozenset(fields["columns_first"])
    place = check_fields(fields["place"], PLACE)
    if min(place[name] for name in ("batch", "cuts", "epoch", "seed", "step")) < 0:
        raise ValueError("every number of the place must be at least 0")
    parameters = _group(tensors, _names(L, ""), turned, None)
    kept = [_group(tensors, _names(L, f"moments.{k}."), turned, parameters) for k in range(moments)]
    best = _group(tensors, _names(L, "best."), turned, parameters) if fields["best"] else None
    return TrainingState(parameters, tuple(kept), **place), best


def _group(
    tensors: Tensors, names: Sequence[str], turned: frozenset[str], like: Parameters | None
) -> Parameters:
    arrays = []
    for number, name in enumerate(names):
        array = tensors.pop(name)
        if array.ndim != 2 or not is_finite(array):
            raise ShapeError(f"{name} must be a table of finite numbers, got shape {array.shape}")
        if like is not None and array.shape != like.arrays()[number].shape:
            raise ShapeError(f"{name} must have the shape of its parameters, got {array.shape}")
        arrays.append(np.array(array, order="F" if name in turned else "C"))
    return Parameters.from_arrays(arrays)


def _history(found: object, tensors: Tensors) -> History:
    fields = check_fields(found, HISTORY)
    iterations = tensors.pop(ITERATIONS).tolist()
    columns = [tensors.pop(name).tolist() for name in EPOCHS]
    epochs = [
        Epoch(cost, _known(validation_cost), _known(metric), seconds)
        for cost, validation_cost, metric, seconds in zip(*columns, strict=True)
    ]
    if not 0 <= fields["best_epoch"] <= len(epochs):
        raise ValueError(f"best_epoch must be one of the {len(epochs)} epochs or 0")
    return replace(History(tuple(iterations), tuple(epochs)), **fields)


def _known(number: float) -> float | None:
    return None if math.isnan(number) else number
