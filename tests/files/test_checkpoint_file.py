"""The checkpoint file: every bit comes back, the chain is what it says, and nothing else is read."""

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from scipy.sparse import csc_array

from ellnet.batches import Examples
from ellnet.errors import CorruptFileError
from ellnet.files.checkpoint_file import Checkpoint, chain_at, read_checkpoint, write_checkpoint
from ellnet.files.container import pack, unpack
from ellnet.files.digest_chain import Origin, array_digests, difference
from ellnet.history import Epoch, History
from ellnet.network import Parameters
from ellnet.state import TrainingState

ORIGIN = Origin({"X": "a" * 64}, {"hyperparameters": {"seed": 3}, "engine": "native", "parent": ""})


def parameters(seed: int, order: Literal["C", "F"] = "C") -> Parameters:
    """Some parameters of a network of 3, 4 and 2 units."""
    draws = np.random.default_rng(seed)
    shapes = ((4, 3), (4, 1), (2, 4), (2, 1))
    arrays = [draws.standard_normal(shape).astype(np.float32) for shape in shapes]
    return Parameters.from_arrays([np.array(array, order=order) for array in arrays])


def checkpoint() -> Checkpoint:
    """One in the middle of an epoch, with everything that there can be."""
    state = TrainingState(
        *(parameters(0, "F"), (parameters(1), parameters(2, "F"))),
        step=17,
        epoch=2,
        batch=3,
        epoch_cost=0.1 + 0.2,
        cuts=1,
        seed=2**64 - 1,
    )
    epochs = (Epoch(0.5, 0.25, None, 0.125), Epoch(0.1, 1 / 3, 0.75, 0.5))
    history = History((0.3, 0.1 + 0.7), epochs, "accuracy", 1, "", "native avx2")
    memory = {"best": 0.25, "to_beat": math.inf, "waited": 1}
    return Checkpoint(state, history, parameters(3), memory)


def test_every_bit_comes_back(tmp_path: Path) -> None:
    """Numbers, place, history, what the stopping remembers, and how arrays lie in memory."""
    there = checkpoint()

    links = write_checkpoint(tmp_path / "c", there, ORIGIN)
    back, origin, found = read_checkpoint(tmp_path / "c")

    assert (origin, found) == (ORIGIN, links)
    assert links == chain_at(there, ORIGIN) == chain_at(back, ORIGIN)
    assert back.history == there.history
    assert back.memory == there.memory
    assert back.place == (2, 3)
    assert vars(back.state).keys() == vars(there.state).keys()
    assert back.best is not None
    assert there.best is not None
    groups = zip(
        (back.state.parameters, *back.state.moments, back.best),
        (there.state.parameters, *there.state.moments, there.best),
        strict=True,
    )
    for group, same in groups:
        for array, other in zip(group.arrays(), same.arrays(), strict=True):
            assert array.tobytes("C") == other.tobytes("C")
            assert array.flags.c_contiguous == other.flags.c_contiguous
    numbers = ("step", "epoch", "batch", "epoch_cost", "cuts", "seed")
    assert [getattr(back.state, name) for name in numbers] == [17, 2, 3, 0.1 + 0.2, 1, 2**64 - 1]


def test_the_last_link_changes_with_everything_before_it() -> None:
    """Data, choices, place, and each number; not with the clock."""
    there = checkpoint()
    first = chain_at(there, ORIGIN)
    moved = parameters(0, "F")
    moved.W[2][1, 3] = np.nextafter(moved.W[2][1, 3], np.float32(9))
    slower = replace(
        there.history, epochs=tuple(replace(e, seconds=9) for e in there.history.epochs)
    )

    others = [
        chain_at(there, replace(ORIGIN, data={"X": "b" * 64})),
        chain_at(there, replace(ORIGIN, chosen={**ORIGIN.chosen, "parent": "x"})),
        chain_at(replace(there, state=replace(there.state, batch=4)), ORIGIN),
        chain_at(replace(there, state=replace(there.state, parameters=moved)), ORIGIN),
        chain_at(replace(there, best=None), ORIGIN),
    ]

    assert len({first.parameters, *(other.parameters for other in others)}) == 6
    assert chain_at(replace(there, history=slower), ORIGIN) == first
    assert (others[3].data, others[3].chosen, others[3].place) == (
        *(first.data, first.chosen, first.place),
    )


@pytest.mark.parametrize("name", ["W1", "moments.1.b2", "best.W2", "history.cost"])
def test_numbers_that_were_changed_do_not_fit_the_chain(tmp_path: Path, name: str) -> None:
    """Even where the file was signed again as a whole."""
    write_checkpoint(tmp_path / "c", checkpoint(), ORIGIN)
    tensors, record = unpack("checkpoint", (tmp_path / "c").read_bytes(), "c")
    changed = np.array(tensors[name])
    changed.reshape(-1)[0] += 1
    (tmp_path / "c").write_bytes(pack("checkpoint", {**tensors, name: changed}, record))

    with pytest.raises(CorruptFileError, match="digest chain: it is not that of"):
        read_checkpoint(tmp_path / "c")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("L", 3),
        ("L", 0),
        ("moments", 10**9),
        ("best", False),
        ("place", {"step": -1, "epoch": 0, "batch": 0, "epoch_cost": 0.0, "cuts": 0, "seed": 0}),
        ("history", {"metric": "", "best_epoch": 3, "stopped": "", "engine": ""}),
        ("memory", {"best": "x"}),
        ("columns_first", [[]]),
    ],
)
def test_a_field_that_does_not_fit_is_refused(tmp_path: Path, field: str, value: object) -> None:
    """In one sentence, whatever stands there."""
    write_checkpoint(tmp_path / "c", checkpoint(), ORIGIN)
    tensors, record = unpack("checkpoint", (tmp_path / "c").read_bytes(), "c")
    (tmp_path / "c").write_bytes(pack("checkpoint", tensors, {**record, field: value}))

    with pytest.raises(CorruptFileError, match="is damaged or was not written by ellnet"):
        read_checkpoint(tmp_path / "c")


def test_a_number_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    """No run that goes on has one."""
    bad = parameters(0)
    bad.W[1][0, 0] = np.nan
    there = replace(checkpoint(), state=replace(checkpoint().state, parameters=bad))
    write_checkpoint(tmp_path / "c", there, ORIGIN)

    with pytest.raises(CorruptFileError, match="W1 must be a table of finite numbers"):
        read_checkpoint(tmp_path / "c")


def test_the_digest_of_an_array_is_that_of_its_examples() -> None:
    """However it lies in memory; dtype and shape belong to it."""
    X = np.arange(6, dtype=np.float32).reshape(2, 3)
    Y = np.ones((1, 3), np.float32)
    whole = hashlib.sha256(b"float32 (3, 2)" + np.ascontiguousarray(X.T).tobytes()).hexdigest()

    digests = array_digests(Examples(X, Y, w=2 * Y), Examples(np.asfortranarray(X), Y))

    assert list(digests) == ["X", "Y", "w", "validation.X", "validation.Y"]
    assert digests["X"] == digests["validation.X"] == whole
    assert digests["w"] != digests["Y"] == digests["validation.Y"]
    assert array_digests(Examples(X.astype(np.float64), Y), None)["X"] != whole
    sparse = array_digests(Examples(csc_array(X), Y), None)["X"]
    assert sparse != whole
    assert sparse == array_digests(Examples(csc_array(X).tocsr(), Y), None)["X"]


def test_a_difference_is_named() -> None:
    """The array, or the choice with both values."""
    seed = replace(ORIGIN, chosen={**ORIGIN.chosen, "hyperparameters": {"seed": 4}})

    assert difference(ORIGIN, ORIGIN) == ""
    assert difference(ORIGIN, seed) == "seed is 4 here and 3 in the run"
    assert difference(ORIGIN, replace(ORIGIN, data={"X": "b", "w": "c"})) == (
        "the data differ from the run's, in X of the training examples and w of the training examples"
    )
    assert json.dumps(dict(ORIGIN.chosen))
