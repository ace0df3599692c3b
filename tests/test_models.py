"""Model: the same predictions before and after saving, from any frame, with little imported."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ellnet.errors import (
    CorruptFileError,
    DataError,
    EllnetWarning,
    FileAccessError,
    ShapeError,
)
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.models import Model, load
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.preprocessing import Preprocessing
from ellnet.tables import from_frame
from ellnet.targets import Target

Precision = Literal["float32", "float64"]

ROWS: list[dict[str, Any]] = [
    {"age": 20.0, "city": "Ulm", "size": 1.5},
    {"age": 30.5, "city": "Köln", "size": 2.5},
    {"age": 25.0, "city": "Ulm", "size": -0.5},
    {"age": 41.0, "city": "Bonn", "size": 0.25},
]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
TARGETS: dict[str, tuple[list[Any], int, str, str]] = {
    "binary": (["no", "yes", "no", "yes"], 1, "sigmoid", "binary_cross_entropy"),
    "multiclass": (["a", "b", "c"] * 2, 3, "softmax", "categorical_cross_entropy"),
    "regression": ([1.0, 20.0, 3.5, 400.0], 1, "identity", "squared_error"),
}


def model(task: str = "multiclass", dtype: Precision = "float32") -> Model:
    """Build a model with two layers of random parameters."""
    values, outputs, output, cost = TARGETS[task]
    preprocessing = Preprocessing.fit(from_frame(COLUMNS), dtype=dtype)
    target = Target.fit(from_frame({"result": values})["result"])
    n = (len(preprocessing.feature_names), 5, outputs)
    activations = ("tanh", output)
    net = Network(n, activations, cost, initial_parameters(n, activations, seed=3, dtype=dtype))
    chosen = Hyperparameters(hidden=(5,), activation="tanh", dtype=dtype)
    return Model(net, chosen, preprocessing, target, History())


@pytest.fixture(params=TARGETS)
def any_model(request: pytest.FixtureRequest) -> Model:
    """A model of each task."""
    return model(request.param)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("task", TARGETS)
def test_a_loaded_model_predicts_the_same_bits(tmp_path: Path, task: str, dtype: Precision) -> None:
    """Saving and loading change no bit of any output, of many rows or of one."""
    saved = model(task, dtype)
    saved.save(tmp_path / "model")
    loaded = load(tmp_path / "model")

    for rows in (ROWS, ROWS[:1]):
        assert loaded.outputs(rows).dtype == dtype
        assert loaded.outputs(rows).tobytes() == saved.outputs(rows).tobytes()
        np.testing.assert_array_equal(loaded.predict(rows), saved.predict(rows))


def test_the_layout_of_parameters_shows_in_no_bit(tmp_path: Path) -> None:
    """Parameters that came column by column are brought to rows at once, not only by saving."""
    given = model()
    turned = [np.asfortranarray(array) for array in given.network.parameters.arrays()]
    net = given.network.with_parameters(Parameters.from_arrays(turned))
    saved = Model(net, given.hyperparameters, given.preprocessing, given.target, given.history)
    saved.save(tmp_path / "model")

    assert load(tmp_path / "model").outputs(ROWS).tobytes() == saved.outputs(ROWS).tobytes()
    assert all(W.flags.c_contiguous for W in saved.network.W)


def test_parameters_of_another_library_are_brought_home(tmp_path: Path) -> None:
    """A network trained on other arrays is saved, and predicts from tables."""
    xp = pytest.importorskip("array_api_strict")
    given = model()
    arrays = [xp.asarray(array) for array in given.network.parameters.arrays()]
    net = given.network.with_parameters(Parameters.from_arrays(arrays))
    saved = Model(net, given.hyperparameters, given.preprocessing, given.target, given.history)
    saved.save(tmp_path / "model")

    assert saved.outputs(ROWS).tobytes() == given.outputs(ROWS).tobytes()
    assert load(tmp_path / "model").outputs(ROWS).tobytes() == given.outputs(ROWS).tobytes()


FRAMES = {
    "records": ROWS,
    "columns": COLUMNS,
    "arrays": {name: np.array(column) for name, column in COLUMNS.items()},
    "Columns": from_frame(COLUMNS),
    "polars": pl.DataFrame(ROWS),
    "pandas": pd.DataFrame(ROWS),
    "arrow": pl.DataFrame(ROWS).to_arrow(),
    "NumPy": np.array([list(row.values()) for row in ROWS], dtype=object),
    "other order": pl.DataFrame(ROWS).select("size", "city", "age"),
    "with target": pl.DataFrame(ROWS).with_columns(result=pl.lit("?")),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_every_kind_of_frame_gives_the_same(any_model: Model, frame: object) -> None:
    """The rows count, not what carries them; columns go by name, without the target's."""
    expected = any_model.outputs(ROWS)

    assert any_model.outputs(frame).tobytes() == expected.tobytes()
    assert any_model.predict(frame).shape == (4,)


def test_one_record_is_one_row(any_model: Model) -> None:
    """A dict of plain values is one example, the same to rounding as among many."""
    A = any_model.outputs(ROWS[1])

    assert A.shape == (any_model.network.n[2], 1)
    np.testing.assert_allclose(A, any_model.outputs(ROWS)[:, 1:2], rtol=1e-5)
    assert any_model.predict(ROWS[1]).shape == (1,)


def test_inputs_are_one_example_a_row() -> None:
    """X is (m, n[0]), its rows one after another in memory, in the dtype of the model."""
    X = model().inputs(ROWS)

    assert X.shape == (4, model().network.n[0])
    assert X.flags.c_contiguous
    assert X.dtype == np.float32


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_probabilities_belong_to_the_classes(task: str) -> None:
    """One column a class, rows with the sum 1, the largest where the prediction is."""
    classifier = model(task)

    P = classifier.predict_proba(ROWS)

    assert P.shape == (4, len(classifier.target.classes))
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-6)
    largest = [classifier.target.classes[k] for k in P.argmax(axis=1)]
    assert largest == classifier.predict(ROWS).tolist()


def test_a_regression_has_no_probabilities() -> None:
    """The refusal names the target and what to use."""
    with pytest.raises(DataError, match=r"^result is a number, .*; use predict$"):
        model("regression").predict_proba(ROWS)


def test_a_missing_column_is_named() -> None:
    """What training had and the frame has not is told by name."""
    with pytest.raises(DataError, match="city"):
        model().predict(pl.DataFrame(ROWS).drop("city"))


def test_an_unseen_category_is_refused_or_ignored() -> None:
    """A category that training never saw is an error that names it, unless it shall be ignored."""
    row = {**ROWS[0], "city": "Rom"}

    with pytest.raises(DataError, match="city"):
        model().predict(row)
    with pytest.warns(EllnetWarning, match="city"):
        assert model().predict(row, unseen="ignore").shape == (1,)


@pytest.mark.parametrize("shape", [(4, 2), (4, 4), (3,), (2, 2, 3)])
def test_an_array_of_another_width_is_refused(shape: tuple[int, ...]) -> None:
    """An array has no names, so its columns are counted."""
    with pytest.raises(ShapeError, match=r"shape \(m, 3\), .* columns age, city, size, got"):
        model().predict(np.zeros(shape))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    """Loading gives our errors: one for what is damaged, another for what is not there."""
    (tmp_path / "model").write_bytes(b"PK\x03\x04 a zip archive")

    with pytest.raises(CorruptFileError, match="this is a zip archive"):
        load(tmp_path / "model")
    with pytest.raises(FileAccessError, match="there is no such file"):
        load(str(tmp_path / "none"))
    with pytest.raises(FileAccessError, match="its folder does not exist"):
        model().save(tmp_path / "none" / "model")


LEAN = """
import sys, time
start = time.perf_counter()
from ellnet.models import load
imported = time.perf_counter()
model = load(sys.argv[1])
prediction = model.predict({"age": 20.0, "city": "Ulm", "size": 1.5})
end = time.perf_counter()
heavy = {"sklearn", "scipy", "polars", "pandas", "pyarrow", "matplotlib", "torch"}
print(prediction[0], sorted(heavy & set(sys.modules)))
print(f"import {imported - start:.3f} s, load and predict {end - imported:.3f} s", file=sys.stderr)
"""


def test_predicting_a_row_imports_little(tmp_path: Path) -> None:
    """A loaded model predicts a record without scikit-learn, scipy, polars or pandas."""
    saved = model()
    saved.save(tmp_path / "model")

    done = subprocess.run(
        [sys.executable, "-c", LEAN, str(tmp_path / "model")],
        capture_output=True,
        text=True,
        check=True,
    )
    sys.stdout.write(done.stderr)

    assert done.stdout == f"{saved.predict(ROWS[0])[0]} []\n"


WATCHED = """
import sys
from ellnet.models import load
seen = []
forbidden = ("pickle.", "exec", "compile", "subprocess.", "os.system", "socket.", "ctypes.")
record = {"age": 20.0, "city": "Ulm", "size": 1.5}
load(sys.argv[1]).predict(record)
def watch(event, args):
    if event.startswith(forbidden) or (event == "open" and not isinstance(args[0], int)):
        seen.append((event, str(args[0])))
sys.addaudithook(watch)
model = load(sys.argv[1])
model.predict(record)
print(seen == [("open", sys.argv[1])], seen)
"""


def test_loading_runs_nothing_and_opens_the_file_only(tmp_path: Path) -> None:
    """The interpreter's own audit sees one file opened, and nothing compiled, run or unpickled."""
    model().save(tmp_path / "model")

    done = subprocess.run(
        [sys.executable, "-c", WATCHED, os.fspath(tmp_path / "model")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith("True"), done.stdout
