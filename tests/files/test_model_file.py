"""The model file: a model comes back whole, and a wrong file gives one kind of error only."""

import copy
import json
import math
import random
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ellnet.certificate import certify
from ellnet.errors import CorruptFileError, DivergenceError, FileAccessError, NewerFileError
from ellnet.files.model_file import (
    ModelRecord,
    model_bytes,
    model_from_bytes,
    read_model,
    write_model,
)
from ellnet.history import Epoch, History
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.preprocessing import Preprocessing
from ellnet.tables import from_frame
from ellnet.targets import Target
from tests.files.forging import forged, parts

Fields = dict[str, Any]
Precision = Literal["float32", "float64"]


def record(dtype: Precision = "float32") -> ModelRecord:
    """Build a small model with every kind of column, a history and a baseline."""
    table = from_frame(
        {
            "age": [20.0, 30.5, None, 41.0],
            "city": ["Ulm", "Köln", "Ulm", None],
            "member": [True, False, True, True],
        }
    )
    preprocessing = Preprocessing.fit(table, dtype=dtype)
    target = Target.fit(from_frame({"kind": ["a", "b", "c"] * 2})["kind"])
    n = (len(preprocessing.feature_names), 8, 3)
    chosen = Hyperparameters(hidden=(8,), dtype=dtype, learning_rate=0.1)
    net = Network(
        n,
        ("tanh", "softmax"),
        "categorical_cross_entropy",
        initial_parameters(n, ("tanh", "softmax"), dtype=dtype),
    )
    linear = Network((n[0], 3), ("softmax",), "categorical_cross_entropy")
    history = History(
        (1.5, 0.1),
        (Epoch(0.8, 0.9, None, 0.25), Epoch(0.7, None, 0.5, 0.125)),
        "accuracy",
        2,
        "epochs",
        "array",
    )
    return ModelRecord(net, chosen, preprocessing, target, history, {"linear": linear})


RECORD = record()
WHOLE = model_bytes(RECORD)


def opened(data: bytes) -> ModelRecord:
    """Read a model from bytes."""
    return model_from_bytes(data, "here")


def refused(data: bytes) -> str:
    """Return the message of the one error that may come."""
    with pytest.raises(CorruptFileError) as caught:
        opened(data)
    return str(caught.value)


def test_a_certificate_is_part_of_the_file_where_there_is_one() -> None:
    """It comes back whole; a damaged one is named as a section; without one nothing is written."""
    X = np.random.default_rng(0).standard_normal((RECORD.network.n[0], 4))
    certificate = certify(RECORD.network, X, np.eye(3)[[0, 1, 2, 0]].T)
    data = model_bytes(replace(RECORD, certificate=certificate))

    assert opened(data).certificate == certificate
    assert opened(WHOLE).certificate is None
    assert b"certificate" not in WHOLE
    outer, inner, tensors = parts(data)
    del inner["record"]["certificate"]["digest"]
    said = refused(forged(outer, inner, tensors))
    assert "certificate: certificate lacks the field 'digest'" in said


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_model_comes_back_whole(tmp_path: Path, dtype: Precision) -> None:
    """Every parameter to the bit, every hyperparameter, the history and what surrounds them."""
    saved = record(dtype)

    write_model(tmp_path / "model", saved)
    found = read_model(tmp_path / "model")

    for net, other in (
        (found.network, saved.network),
        (found.baselines["linear"], saved.baselines["linear"]),
    ):
        assert repr(net) == repr(other)
        for array, expected in zip(net.parameters.arrays(), other.parameters.arrays(), strict=True):
            assert array.dtype == expected.dtype
            assert array.tobytes() == expected.tobytes()
    assert found.hyperparameters == saved.hyperparameters
    assert found.history == saved.history
    assert found.preprocessing.to_json() == saved.preprocessing.to_json()
    assert found.target.to_json() == saved.target.to_json()


def test_a_model_without_history_comes_back() -> None:
    """A network that was never trained can be saved."""
    found = opened(model_bytes(replace(RECORD, history=History(), baselines={})))

    assert found.history == History()
    assert found.baselines == {}


def test_saving_twice_gives_the_same_bytes(tmp_path: Path, root: Path) -> None:
    """The same model is the same file, also after loading, and in another process."""
    program = (
        "import hashlib\n"
        "from tests.files.test_model_file import WHOLE\n"
        "print(hashlib.sha256(WHOLE).hexdigest())"
    )
    write_model(tmp_path / "model", RECORD)
    others = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }

    assert (tmp_path / "model").read_bytes() == WHOLE
    assert model_bytes(read_model(tmp_path / "model")) == WHOLE
    assert len(others) == 1


def test_the_order_of_columns_survives() -> None:
    """Columns come back in the order of training, which is not that of the alphabet."""
    table = from_frame({"z": [1.0, 2.0], "a": [3.0, 5.0], "m": [0.0, 9.0]})
    preprocessing = Preprocessing.fit(table)
    net = Network((3, 3), ("softmax",), "categorical_cross_entropy")

    found = opened(
        model_bytes(replace(RECORD, network=net, baselines={}, preprocessing=preprocessing))
    )

    assert found.preprocessing.feature_names == preprocessing.feature_names
    np.testing.assert_array_equal(
        found.preprocessing.transform(table), preprocessing.transform(table)
    )


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_neither_saved_nor_loaded(
    tmp_path: Path, bad: float
) -> None:
    """The layer is named on saving; and on loading too, under a right digest."""
    broken = copy.deepcopy(RECORD.network.parameters.arrays())
    broken[2][1, 2] = bad
    net = RECORD.network.with_parameters(Parameters.from_arrays(broken))

    with pytest.raises(DivergenceError, match="W2 holds numbers that are not finite"):
        write_model(tmp_path / "model", replace(RECORD, network=net))

    assert list(tmp_path.iterdir()) == []
    outer, inner, tensors = parts(WHOLE)
    start, _ = outer["W2"]["data_offsets"]
    damaged = bytearray(tensors)
    damaged[start : start + 4] = np.float32(bad).tobytes()
    message = refused(forged(outer, inner, bytes(damaged)))
    assert "architecture: W2 must hold finite numbers" in message


def test_every_truncation_is_refused() -> None:
    """No beginning of a file is a model."""
    for length in range(len(WHOLE)):
        refused(WHOLE[:length])


def test_every_flipped_bit_of_the_header_is_refused() -> None:
    """No bit of the header can change unseen."""
    size = int.from_bytes(WHOLE[:8], "little")
    for place in range(8 + size):
        damaged = bytearray(WHOLE)
        damaged[place] ^= 1 << (place % 8)
        refused(bytes(damaged))


@settings(max_examples=60, deadline=None)
@given(places=st.lists(st.integers(0, len(WHOLE) - 1), min_size=1, max_size=5, unique=True))
def test_flipped_bytes_are_refused(places: list[int]) -> None:
    """No byte can change unseen, wherever it is."""
    damaged = bytearray(WHOLE)
    for place in places:
        damaged[place] ^= 0xFF

    refused(bytes(damaged))


def test_empty_special_and_missing_files_are_refused(tmp_path: Path) -> None:
    """An empty file is damaged; a folder and a missing file cannot be read at all."""
    (tmp_path / "empty").touch()

    with pytest.raises(CorruptFileError, match=r"empty is damaged .*header: the file is empty"):
        read_model(tmp_path / "empty")
    with pytest.raises(FileAccessError, match="it is a folder"):
        read_model(tmp_path)
    with pytest.raises(FileAccessError, match="there is no such file"):
        read_model(tmp_path / "none")


def at(*names: str | int, value: object) -> Callable[[Fields], None]:
    """Return a change of the field that the names lead to."""

    def change(fields: Any) -> None:
        for name in names[:-1]:
            fields = fields[name]
        fields[names[-1]] = value

    return change


def without(*names: str) -> Callable[[Fields], None]:
    """Return the removal of the field that the names lead to."""

    def change(fields: Fields) -> None:
        for name in names[:-1]:
            fields = fields[name]
        del fields[names[-1]]

    return change


WRONG = {
    "unknown": (at("zzz", value=1), "record: there is no field 'zzz'"),
    "no network": (without("architecture"), "record: the field architecture is missing"),
    "n text": (at("architecture", "n", value="9"), "architecture: n must be of type list"),
    "n float": (at("architecture", "n", 1, value=4.0), r"architecture: n\[1\] must be a whole"),
    "n true": (at("architecture", "n", 1, value=True), r"architecture: n\[1\] must be a whole"),
    "n zero": (at("architecture", "n", 1, value=0), r"architecture: n\[1\] must be a whole"),
    "n huge": (
        at("architecture", "n", 1, value=10**30),
        r"architecture: W\[1\] must have shape \(n\[1\], n\[0\]\) = \(10{30}, \d+\), got \(8,",
    ),
    "n long": (at("architecture", "n", value=[1] * 10**5), "n has 99999 layers, and activations"),
    "n empty": (at("architecture", "n", value=[]), "n has -1 layers"),
    "activation": (at("architecture", "activations", 0, value="rel"), r"g\[1\] must be one of"),
    "activation list": (at("architecture", "activations", 0, value=[]), "must be names"),
    "pair": (at("architecture", "activations", 1, value="relu"), "does not go with"),
    "cost": (at("architecture", "cost", value="mse"), "cost must be one of"),
    "baseline": (at("baselines", "linear", value=[]), "baselines: it must be an object"),
    "more baselines": (
        lambda f: f["baselines"].update(other=f["baselines"]["linear"]),
        "baselines: the tensor baselines.other.W1 is missing",
    ),
    "no baselines": (at("baselines", value={}), "tensors: there is no place for the tensor"),
    "rate": (at("hyperparameters", "learning_rate", value=-1), "hyperparameters: learning_rate"),
    "rate huge": (at("hyperparameters", "learning_rate", value=10**400), "hyperparameters: "),
    "hidden": (at("hyperparameters", "hidden", value=5), "hyperparameters: "),
    "hidden none": (at("hyperparameters", "hidden", value=None), "hyperparameters: "),
    "option": (at("hyperparameters", "lion", value=1), "there is no hyperparameter 'lion'"),
    "cost option": (at("architecture", "cost_options", value={"q": 1}), "has no option 'q'"),
    "best": (at("history", "best_epoch", value=3), "history: best_epoch must be one of the 2"),
    "best true": (at("history", "best_epoch", value=True), "best_epoch must be of type int"),
    "stopped": (at("history", "stopped", value=None), "history: stopped must be of type str"),
    "history": (at("history", "more", value=1), "history: there is no field 'more'"),
    "preprocessing": (at("preprocessing", value={}), "preprocessing: "),
    "preprocessing more": (at("preprocessing", "zzz", value=1), "preprocessing: "),
    "target": (at("target", value={}), "target: "),
    "target more": (at("target", "zzz", value=1), "target: "),
}


@pytest.mark.parametrize(("change", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_named_even_under_a_right_digest(
    change: Callable[[Fields], None], words: str
) -> None:
    """Each field of the model is checked by itself: section, field, and what came."""
    outer, inner, tensors = parts(WHOLE)
    change(inner["record"])

    message = refused(forged(outer, inner, tensors))

    assert re.search(words, message)
    assert len(message) < 1000


def test_networks_that_do_not_fit_the_table_or_the_target_are_refused() -> None:
    """The ends of the network are held against preprocessing and classes."""
    narrow = Network((2, 3), ("softmax",), "categorical_cross_entropy")
    few = Network((RECORD.network.n[0], 2), ("softmax",), "categorical_cross_entropy")

    for net, words in ((narrow, "preprocessing gives"), (few, "the target needs 3 outputs")):
        for broken in (replace(RECORD, network=net), replace(RECORD, baselines={"x": net})):
            assert words in refused(model_bytes(broken))


TENSORS = {
    "renamed": (lambda h: h.update(W9=h.pop("W2")), "architecture: the tensor W2 is missing"),
    "turned": (
        lambda h: h["W1"].update(shape=h["W1"]["shape"][::-1]),
        r"architecture: W\[1\] must have shape \(n\[1\], n\[0\]\) = \(8, \d+\), got \(\d+, 8\)",
    ),
    "flat": (
        lambda h: h["b1"].update(shape=[8]),
        r"architecture: b\[1\] must have shape \(n\[1\], 1\) = \(8, 1\), got \(8,\)",
    ),
    "dtype": (
        lambda h: h["b1"].update(dtype="F64", shape=[4, 1]),
        "all parameters must be of one dtype",
    ),
    "history": (
        lambda h: h["history.cost"].update(shape=[2, 1]),
        r"history: history.cost must be one row of float64, got shape \(2, 1\)",
    ),
    "short": (
        lambda h: h["history.cost"].update(dtype="F32", shape=[4]),
        "history.cost must be one row of float64",
    ),
}


@pytest.mark.parametrize(("change", "words"), TENSORS.values(), ids=TENSORS)
def test_a_wrong_tensor_is_named_even_under_a_right_digest(
    change: Callable[[Fields], None], words: str
) -> None:
    """Names, shapes and dtypes are exactly those that n asks for."""
    outer, inner, tensors = parts(WHOLE)
    change(outer)

    assert re.search(words, refused(forged(outer, inner, tensors)))


ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    2.5,
    10**30,
    1e308,
    "",
    "x",
    [],
    [[]],
    {},
    {"a": 1},
    [1, "a", None],
)


def leaves(found: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path to every value inside."""
    items: Any = found.items() if isinstance(found, dict) else ()
    items = enumerate(found) if isinstance(found, list) else items
    inside = [leaf for name, value in items for leaf in leaves(value, (*path, name))]
    return [path, *inside] if path else inside


@pytest.mark.filterwarnings("ignore::ellnet.errors.EllnetWarning")
def test_any_value_anywhere_gives_a_model_or_our_error() -> None:
    """Under a right digest any field may hold anything: no other exception ever comes."""
    outer, inner, tensors = parts(WHOLE)
    paths = leaves(inner)
    for path in paths:
        for value in ODD:
            changed = copy.deepcopy(inner)
            at(*path, value=value)(changed)
            with_digest = forged(outer, changed, tensors)
            try:
                opened(with_digest)
            except CorruptFileError as error:
                assert str(error).startswith("here ")  # noqa: PT017 - or no error at all
    assert len(paths) > 60


@pytest.mark.filterwarnings("ignore::ellnet.errors.EllnetWarning")
def test_random_edits_of_the_text_give_a_model_or_our_error() -> None:
    """The same for the text as such: letters lost, doubled and swapped, then signed."""
    outer, inner, tensors = parts(WHOLE)
    text = json.dumps(inner)
    chance = random.Random(0)  # noqa: S311 - an order of edits, not a secret
    for _ in range(500):
        place, length = chance.randrange(len(text)), chance.randrange(1, 4)
        edited = (
            text[:place] + chance.choice(["", text[:3], "9", '"', "]"]) + text[place + length :]
        )
        try:
            changed = json.loads(edited)
        except ValueError:
            continue
        try:
            opened(forged(outer, changed, tensors))
        except CorruptFileError as error:
            assert str(error).startswith("here ")  # noqa: PT017 - or no error at all


def test_a_model_of_the_future_is_told() -> None:
    """A later format names both versions and what to do."""
    outer, inner, tensors = parts(WHOLE)
    inner["format_version"] = 7

    with pytest.raises(
        NewerFileError, match=r"format version 7 .* up to 1; install a later ellnet"
    ):
        opened(forged(outer, inner, tensors))


def test_the_page_about_the_format_is_right(tmp_path: Path, root: Path) -> None:
    """The lines of docs/files.md that read a model without ellnet run as they stand there."""
    page = (root / "docs" / "files.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    write_model(tmp_path / "model.safetensors", RECORD)

    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(blocks) == 1
    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_names_every_field(root: Path) -> None:
    """Nothing stands in a file that docs/files.md does not name."""
    page = (root / "docs" / "files.md").read_text(encoding="utf-8")
    outer, inner, _ = parts(WHOLE)
    named = [
        *inner,
        *inner["record"],
        *inner["record"]["architecture"],
        *inner["record"]["history"],
    ]

    for name in named + [name for name in outer if name.startswith("history")]:
        assert f"`{name}`" in page
