"""The digest chain: data -> what is chosen -> the place in training -> the numbers there.

Each link is the SHA-256 of the link before it and of its own content, so that the last one stands for
all of them. docs/checkpoints.md recomputes it with NumPy and hashlib.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, is_sparse, to_numpy
from ellnet.batches import Examples
from ellnet.files.container import Tensors
from ellnet.state import TrainingState

__all__ = ["Links", "Origin", "array_digests", "chain_of", "difference", "place_of"]

UNCHAINED = frozenset({"history.seconds", "history.validation_metric"})
"""Tensors that no link covers: the clock's, and what depends on more than our own arithmetic."""


@dataclass(frozen=True)
class Origin:
    """What a run is made of.

    Attributes:
        data: SHA-256 of each array that is learned from or validated on, by its name.
        chosen: the hyperparameters, the architecture, the engine, the numerics version, and the
            digest that the run was branched from ("" for none), as plain JSON values.
    """

    data: Mapping[str, str]
    chosen: Mapping[str, Any]


@dataclass(frozen=True)
class Links:
    """The links of the chain, each as 64 hexadecimal digits; `parameters` is the last."""

    data: str
    chosen: str
    place: str
    parameters: str

    def to_json(self) -> dict[str, str]:
        """Return the links by name."""
        return asdict(self)


def chain_of(origin: Origin, state: TrainingState, tensors: Tensors) -> Links:
    """Return the chain of a checkpoint.

    Args:
        origin: what the run is made of.
        state: where it stands.
        tensors: all the numbers there by name, those that no link covers included.
    """
    data = hashlib.sha256(_text(origin.data))
    chosen = hashlib.sha256(data.digest() + _text(origin.chosen))
    place = hashlib.sha256(chosen.digest() + _text(place_of(state)))
    last = hashlib.sha256(place.digest())
    for name in sorted(set(tensors) - UNCHAINED):
        last.update(name.encode())
        last.update(_bytes(tensors[name]))
    return Links(*(link.hexdigest() for link in (data, chosen, place, last)))


def place_of(state: TrainingState) -> dict[str, float]:
    """Return where a state stands, as the chain has it: all of it that is no array."""
    names = ("step", "epoch", "batch", "epoch_cost", "cuts", "seed")
    return {name: getattr(state, name) for name in names}


def array_digests(examples: Examples, validation: Examples | None) -> dict[str, str]:
    """Return the SHA-256 of every array, by name: X, Y, w, and the same of the validation examples.

    A digest is that of the dtype, the shape (m, rows) and the numbers, one example after another.
    """
    parts = {"": examples, "validation.": validation}
    return {
        f"{prefix}{name}": _digest(getattr(part, name))
        for prefix, part in parts.items()
        if part is not None
        for name in ("X", "Y", "w")
        if getattr(part, name) is not None
    }


def difference(run: Origin, here: Origin) -> str:
    """Say in words what differs between the run's origin and what is there now; "" where nothing does."""
    if run.data != here.data:
        names = sorted(set(run.data) | set(here.data))
        changed = [name for name in names if run.data.get(name) != here.data.get(name)]
        return f"the data differ from the run's, in {' and '.join(map(_called, changed))}"
    for key in sorted(set(run.chosen) | set(here.chosen)):
        then, now = run.chosen.get(key), here.chosen.get(key)
        if isinstance(then, dict) and isinstance(now, dict):
            for name in sorted(set(then) | set(now)):
                if then.get(name) != now.get(name):
                    return _differs(name, then.get(name), now.get(name))
        elif then != now:
            return _differs(key, then, now)
    return ""


def _differs(name: str, then: object, now: object) -> str:
    return f"{name} is {_shown(now)} here and {_shown(then)} in the run"


def _called(name: str) -> str:
    part, _, letter = name.rpartition(".")
    return f"{letter} of the {part or 'training'} examples"


def _shown(value: object) -> str:
    return json.dumps(value)[:60]


def _text(value: Mapping[str, Any]) -> bytes:
    """Return JSON of one form: sorted names, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _digest(array: Array) -> str:
    rows = array.T
    if is_sparse(rows):
        sparse = rows.tocsr().sorted_indices()
        found = hashlib.sha256(f"sparse {sparse.dtype} {tuple(sparse.shape)}".encode())
        for part in (sparse.indptr, sparse.indices):
            found.update(_bytes(part.astype(np.int64)))
        found.update(_bytes(sparse.data))
        return found.hexdigest()
    dense = to_numpy(rows)
    found = hashlib.sha256(f"{dense.dtype} {dense.shape}".encode())
    found.update(_bytes(dense))
    return found.hexdigest()


def _bytes(array: NDArray[Any]) -> memoryview:
    """Return the numbers row after row, copied only where they do not lie so."""
    flat: Any = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return memoryview(flat)
