"""ONNX export: ONNX Runtime gives what the model gives, preprocessing and all; or nothing is written."""

import hashlib
import json
import sys

import numpy as np
import onnx
import onnxruntime
import pytest

from ellnet.columns import Columns
from ellnet.encodings import MAX_CATEGORIES
from ellnet.equations.activations import ACTIVATIONS
from ellnet.errors import DataError, EllnetWarning, HyperparameterError, MissingExtraError
from ellnet.forms import as_model, export_onnx, onnx_bytes
from ellnet.forms import onnx_export as onnx_export_module
from ellnet.forms.onnx_check import check_onnx, feeds, run_onnx, session
from ellnet.forms.onnx_layers import COMPOSED, SINGLE, add_outputs
from ellnet.forms.onnx_preprocessing import Inputs, Numbers, takes_matrix
from ellnet.forms.parity import disagreement, expected
from ellnet.network import Network, Parameters
from ellnet.preprocessing import Preprocessing
from ellnet.targets import Target, Task
from tests.counts import count
from tests.forms.random_models import (
    HOSTILE,
    Precision,
    model_over,
    random_model,
    random_table,
    rows_for,
)

NETWORKS = count(25, 100)
DOUBLE = ["identity", "relu", "sigmoid", "tanh", "softmax"]


@pytest.mark.parametrize("seed", range(NETWORKS))
def test_onnx_runtime_agrees_in_float32(tmp_path, seed):
    """Within 1e-5, on rows of the model's own table, for random columns, layers and targets."""
    model = random_model(seed)
    path = tmp_path / "model.onnx"

    assert export_onnx(model, path, inputs="columns") <= 1e-5
    columns = rows_for(model.preprocessing, seed + 1000)
    wanted = expected(model, columns)
    found = run_onnx(session(path.read_bytes()), columns, matrix=False, numbers="float64")
    outputs = found[-1][:, None] if model.target.task == "regression" else found[-1]
    assert disagreement(wanted, outputs) <= 1e-5


@pytest.mark.parametrize("seed", range(NETWORKS))
def test_onnx_runtime_agrees_in_float64(seed):
    """Within 1e-12, for the activations whose operators have float64 kernels."""
    model = random_model(seed, "float64", DOUBLE)

    worst = worst_of(model)

    assert worst <= 1e-12


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_has_a_form(name: str, dtype: Precision) -> None:
    """Hidden and as output, in both precisions, with values on both sides of every bend."""
    net = _one_layer(name, dtype)
    Z = np.linspace(-30 if name != "exponential" else -5, 5, 401).astype(dtype)
    rows = Z[:, None] * np.ones(net.n[0], dtype)
    data = onnx_bytes(as_model(net), numbers=dtype)
    A = _inner(data, "ellnet/Z2", {"X": rows.astype(dtype)})

    wanted = np.asarray(ACTIVATIONS[name].value(rows.T)).T
    np.testing.assert_allclose(
        A,
        wanted,
        rtol=2e-6 if dtype == "float32" else 4e-15,
        atol=2e-6 if dtype == "float32" else 1e-14,
    )
    assert worst_of(as_model(net)) <= (1e-5 if dtype == "float32" else 1e-12)


def test_the_tables_of_activations_are_whole():
    """An activation that is added to the equations has to be added here too."""
    known = {"identity", "softmax", "relu", "sigmoid", "tanh", "exponential", *COMPOSED}

    assert known == set(ACTIVATIONS)
    assert set(SINGLE) <= set(COMPOSED)


def test_an_activation_without_a_form_is_refused_by_name(monkeypatch):
    """In one sentence that says which there are."""
    monkeypatch.delitem(COMPOSED, "mish")
    model = as_model(_one_layer("mish", "float32"))

    with pytest.raises(
        HyperparameterError, match=r"no activation 'mish'.*; train with one of .*gelu"
    ):
        onnx_bytes(model)


@pytest.mark.parametrize(
    "kinds", ["N", "n", "B", "b", "C", "c", "D", "d", "T", "nB", "BnN", "cNdC"]
)
def test_missing_and_unseen_values_are_taken_as_the_model_takes_them(kinds):
    """Of every kind of column, whether or not training had missing ones."""
    model = random_model(3, kinds=kinds)

    assert worst_of(model, inputs="columns") <= 1e-5


def test_infrequent_categories_share_a_feature_in_the_graph():
    """Where training had more than a hundred levels, a level that was left out joins the others."""
    levels = [f"level {k}" for k in range(MAX_CATEGORIES + 20)]
    table = Columns.from_mapping({"c": levels * 2 + ["level 0"], "n": range(241)})
    with pytest.warns(EllnetWarning, match="categories"):
        preprocessing = Preprocessing.fit(table)
    model = model_over(preprocessing, Target("y", "regression"), (5,), ("tanh", "identity"))
    rows = Columns.from_mapping({"c": ["level 0", levels[-1], "never"], "n": [0, 1, 2]})

    found = run_onnx(session(onnx_bytes(model)), rows, matrix=False, numbers="float64")

    np.testing.assert_allclose(found[0], model.predict(rows), atol=1e-5)


def test_an_empty_text_that_is_a_level_is_that_level():
    """It is then no missing value."""
    preprocessing = Preprocessing.fit(Columns.from_mapping({"c": ["", "a", "b", ""]}))
    model = model_over(preprocessing, Target("y", "regression"), (), ("identity",))

    found = run_onnx(
        session(onnx_bytes(model)),
        Columns.from_mapping({"c": ["", "b"]}),
        matrix=False,
        numbers="float64",
    )

    np.testing.assert_allclose(found[0], model.predict({"c": ["", "b"]}), atol=1e-6)
    assert worst_of(model) <= 1e-5


@pytest.mark.parametrize(
    ("kinds", "inputs", "numbers", "names", "kind"),
    [
        ("nnb", "auto", "float64", ["X"], "tensor(double)"),
        ("nnb", "matrix", "float32", ["X"], "tensor(float)"),
        ("n", "auto", "float64", ["X"], "tensor(double)"),
        ("nnb", "columns", "float32", ["column 0", "column 1", "column 2"], "tensor(float)"),
        ("nd", "auto", "float64", ["column 0", "column 1"], "tensor(double)"),
        ("nd", "matrix", "float64", ["X"], "tensor(double)"),
        ("cn", "auto", "float64", ["column 0", "column 1"], "tensor(double)"),
    ],
)
def test_inputs_are_columns_or_one_matrix(
    kinds: str, inputs: Inputs, numbers: Numbers, names: list[str], kind: str
) -> None:
    """As asked for; auto takes the matrix where all columns are numbers or booleans."""
    model = random_model(0, kinds=kinds)
    made = session(onnx_bytes(model, inputs=inputs, numbers=numbers))

    found = {each.name: each.type for each in made.get_inputs()}

    assert list(found) == names
    assert found[names[-1]] == kind
    assert kinds[0] != "c" or found["column 0"] == "tensor(string)"
    assert worst_of(model, inputs=inputs, numbers=numbers) <= 1e-5


def test_a_matrix_of_categories_is_refused():
    """With the column, and with what to take instead."""
    with pytest.raises(
        HyperparameterError, match=r"'column 1' holds categories; take inputs='columns'"
    ):
        onnx_bytes(random_model(0, kinds="nc"), inputs="matrix")
    with pytest.raises(HyperparameterError, match="auto, columns or matrix, got 'rows'"):
        onnx_bytes(random_model(0), inputs="rows")  # type: ignore[arg-type]
    with pytest.raises(HyperparameterError, match="float64 or float32, got 'float16'"):
        onnx_bytes(random_model(0), numbers="float16")  # type: ignore[arg-type]


@pytest.mark.parametrize("m", [0, 1, 7, 1000])
def test_any_number_of_rows_goes_in(m):
    """The batch axis is free, none included."""
    model = random_model(5, kinds="nNbD")
    made = session(onnx_bytes(model))
    rows = rows_for(model.preprocessing, 9, m)

    found = run_onnx(made, rows, matrix=False, numbers="float64")

    assert all(len(output) == m for output in found)


@pytest.mark.parametrize(
    ("classes", "kind"),
    [
        (("a", "Über"), "tensor(string)"),
        ((0, 1), "tensor(int64)"),
        ((-3, 5, 2**40), "tensor(int64)"),
        ((False, True), "tensor(bool)"),
        ((0.5, 1.5, 2.0), "tensor(double)"),
    ],
)
def test_labels_are_the_targets_own(classes, kind):
    """In their own type; of every class some row."""
    task: Task = "binary" if len(classes) == 2 else "multiclass"
    output = "sigmoid" if len(classes) == 2 else "softmax"
    preprocessing = Preprocessing.fit(random_table(np.random.default_rng(0), "nnn"))
    model = model_over(preprocessing, Target("y", task, classes), (8,), ("tanh", output), seed=1)
    made = session(onnx_bytes(model))
    rows = rows_for(preprocessing, 4, 300)

    labels, probabilities = run_onnx(made, rows, matrix=True, numbers="float64")

    first = made.get_outputs()[0]
    assert (first.name, first.type) == ("label", kind)
    assert labels.tolist() == model.predict(rows, unseen="ignore").tolist()
    assert set(labels.tolist()) == set(classes)
    np.testing.assert_allclose(probabilities, model.predict_proba(rows, unseen="ignore"), atol=1e-6)


def test_a_regression_gives_values_in_the_targets_units():
    """The scaling of the target is undone in the graph."""
    preprocessing = Preprocessing.fit(random_table(np.random.default_rng(0), "nn"))
    model = model_over(preprocessing, Target("y", "regression", (), 1e5, 250.0), (), ("identity",))
    rows = rows_for(preprocessing, 4)

    (values,) = run_onnx(session(onnx_bytes(model)), rows, matrix=True, numbers="float64")

    np.testing.assert_allclose(values, model.predict(rows, unseen="ignore"), atol=250 * 1e-6)
    assert values.dtype == np.float64
    assert np.ptp(values) > 50


def test_hostile_names_stay_names():
    """Columns, levels and labels of any characters; those that outputs have go to the columns."""
    names = list(HOSTILE)
    table = Columns.from_mapping({name: [*HOSTILE, *HOSTILE[:5]] for name in names})
    preprocessing = Preprocessing.fit(table)
    classes = tuple(sorted(HOSTILE))
    model = model_over(
        preprocessing, Target("*/", "multiclass", classes), (4,), ("relu", "softmax")
    )
    made = session(onnx_bytes(model))

    assert [each.name for each in made.get_inputs()] == names
    assert [each.name for each in made.get_outputs()] == ["label_", "probabilities_"]
    assert worst_of(model) <= 1e-5


@pytest.mark.parametrize("name", ["", "\ud800"])
def test_a_name_that_onnx_cannot_hold_is_refused(name):
    """As an input of its own; a matrix does without names."""
    model = as_model(random_model(0, kinds="n").network, columns=[name])

    with pytest.raises(DataError, match="give the column a name, or export with inputs='matrix'"):
        onnx_bytes(model, inputs="columns")
    if not name:
        assert worst_of(model, inputs="matrix") <= 1e-5


def test_what_the_runtime_cannot_run_is_not_written(tmp_path, monkeypatch):
    """Whatever class its error has."""
    monkeypatch.setattr("ellnet.forms.onnx_check.run_onnx", _fails)

    with pytest.raises(DataError, match="ONNX Runtime cannot run the export: no kernel"):
        export_onnx(random_model(0), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def _fails(*_, **__):
    raise RuntimeError("no kernel\nat all")


def test_a_level_that_is_no_unicode_is_refused():
    """Half of a surrogate pair has no bytes."""
    preprocessing = Preprocessing.fit(Columns.from_mapping({"c": ["a", "\udc80"]}))
    model = model_over(preprocessing, Target("y", "regression"), (), ("identity",))

    with pytest.raises(DataError, match="column 'c' has a category that is no Unicode text"):
        onnx_bytes(model)


def test_the_file_says_where_it_comes_from(tmp_path):
    """Versions, the digest of the model file, the classes, operator sets; and nothing lies outside."""
    model = random_model(2)
    model.save(tmp_path / "model.safetensors")
    export_onnx(model, tmp_path / "model.onnx")

    made = onnx.load(tmp_path / "model.onnx", load_external_data=False)
    notes = {each.key: each.value for each in made.metadata_props}
    digest = hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()

    assert notes["ellnet.model_sha256"] == digest
    assert json.loads(notes["ellnet.classes"]) == list(model.target.classes)
    assert json.loads(notes["ellnet.columns"]) == list(model.preprocessing.column_names)
    assert {each.domain: each.version for each in made.opset_import} == {"": 17, "ai.onnx.ml": 3}
    assert (made.producer_name, made.ir_version) == ("ellnet", 8)
    assert not any(each.external_data for each in made.graph.initializer)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.onnx", "model.safetensors"]


def test_weights_stand_in_the_file_as_the_notes_have_them():
    """W[l] is (n[l], n[l-1]) under its own name, to the bit."""
    model = random_model(2)
    made = onnx.load_model_from_string(onnx_bytes(model))
    tensors = {each.name: onnx.numpy_helper.to_array(each) for each in made.graph.initializer}

    for layer in range(1, model.network.L + 1):
        assert (
            tensors[f"W{layer}"].tobytes() == np.ascontiguousarray(model.network.W[layer]).tobytes()
        )


def test_the_same_model_gives_the_same_bytes():
    """Nothing of a clock, a path or a dictionary's order is in them."""
    assert onnx_bytes(random_model(4)) == onnx_bytes(random_model(4))


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_an_export_that_disagrees_is_not_written(tmp_path, monkeypatch, task):
    """Be it by a wrong activation; the sentence says by how much."""
    monkeypatch.setitem(COMPOSED, "silu", lambda f: f.of("Sigmoid", f.Z))
    preprocessing = Preprocessing.fit(random_table(np.random.default_rng(0), "nn"))
    classes = () if task == "regression" else ("a", "b", "c")
    output = "identity" if task == "regression" else "softmax"
    model = model_over(preprocessing, Target("y", task, classes), (5,), ("silu", output))

    with pytest.raises(
        DataError, match=r"agree with the model within 1e-05 on 64 .* differs by .*nothing"
    ):
        export_onnx(model, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_an_export_with_other_labels_is_not_written(tmp_path, monkeypatch):
    """The right probabilities are not enough."""
    model = random_model(2, kinds="nn")
    assert model.target.task == "multiclass"
    labels = Target("y", "multiclass", (*model.target.classes[1:], model.target.classes[0]))
    monkeypatch.setattr(
        onnx_export_module,
        "add_outputs",
        lambda graph, _, A, dtype: add_outputs(graph, labels, A, dtype),
    )

    with pytest.raises(DataError, match="must give the model's labels"):
        export_onnx(model, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_the_checker_refuses_is_not_written(tmp_path, monkeypatch):
    """The ONNX checker goes over the whole of it before it is run."""
    monkeypatch.setitem(SINGLE, "elu", ("NoSuchOperator", {}))
    model = as_model(_one_layer("elu", "float32"))

    with pytest.raises(DataError, match=r"the ONNX checker refuses the export: .*NoSuchOperator"):
        export_onnx(model, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_the_runtime_refuses_is_a_sentence():
    """Whatever class its error has."""
    with pytest.raises(DataError, match="ONNX Runtime refuses the export: "):
        session(b"no model")


def test_a_model_beyond_two_gigabytes_is_refused(monkeypatch):
    """Before anything is built; no file beside it is ever made."""
    monkeypatch.setattr(onnx_export_module, "SIZE_LIMIT", 100)

    with pytest.raises(DataError, match=r"may have 2 GB, and the weights alone have [\d,]+ bytes"):
        onnx_bytes(random_model(2))


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_without_its_package_the_form_says_what_to_install(tmp_path, monkeypatch, package):
    """In one sentence, with pip's command."""
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(MissingExtraError, match=rf"{package}\b.*: pip install 'ellnet\[onnx\]'"):
        export_onnx(random_model(0), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def worst_of(model, **options) -> float:
    """Return the worst difference of an export that is not kept."""
    data = onnx_bytes(model, **options)
    matrix = takes_matrix(model.preprocessing, options.get("inputs", "auto"))
    return check_onnx(data, model, matrix=matrix, numbers=options.get("numbers", "float64"))


def _one_layer(name, dtype):
    """A network whose first layer is one activation of its inputs as they are, and then their sum."""
    eye, ones = np.eye(3, dtype=dtype), np.full((1, 3), 0.25, dtype)
    zeros = [np.zeros((3, 1), dtype), np.zeros((1, 1), dtype)]
    return Network(
        (3, 3, 1), (name, "identity"), "squared_error", Parameters.of([eye, ones], zeros)
    )


def _inner(data, after, given):
    """Return the tensor that goes into the node whose output is named."""
    made = onnx.load_model_from_string(data)
    node = next(each for each in made.graph.node if each.output[0] == after)
    made.graph.output.append(onnx.ValueInfoProto(name=node.input[0]))
    runtime = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return runtime.run([node.input[0]], given)[0]


def test_feeds_have_nan_and_empty_texts_where_something_is_missing():
    """As ONNX has no other way to say it."""
    columns = Columns.from_mapping({"n": [1.0, None], "c": [None, "a"]})

    given = feeds(columns, matrix=False, numbers="float64")

    assert given["c"].tolist() == [[""], ["a"]]
    assert np.isnan(given["n"][1, 0])
    assert given["n"].shape == (2, 1)
