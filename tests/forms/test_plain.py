"""A network of another origin as a Model: numbers go in as they stand; it saves, loads and exports."""

import numpy as np
import pandas as pd
import pytest

import ellnet
from ellnet.columns import Columns
from ellnet.encodings import NumberEncoding
from ellnet.errors import CorruptFileError, DataError, ShapeError
from ellnet.estimators import MLPClassifier, MLPRegressor
from ellnet.forms import as_model, export_onnx, model_of_estimator
from ellnet.network import Network, initial_parameters
from ellnet.preprocessing import Preprocessing


def network(output="softmax", units=3, cost="categorical_cross_entropy", dtype="float32"):
    """A network of two inputs."""
    g = ("tanh", output)
    return Network((2, 4, units), g, cost, initial_parameters((2, 4, units), g, dtype=dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_go_in_as_they_stand(dtype):
    """The model's outputs are the network's own, to the bit."""
    net = network(dtype=dtype)
    X = (np.random.default_rng(0).standard_normal((10, 2)) * 100).astype(dtype)

    model = as_model(net)

    assert model.inputs(X).tobytes() == X.tobytes()
    assert model.preprocessing.dtype == dtype
    wanted = ellnet.engine(model.hyperparameters.engine).predict(net, X.T)
    assert np.asarray(model.outputs(X)).tobytes() == np.asarray(wanted).tobytes()


def test_it_is_a_model_as_any_other(tmp_path):
    """Columns by name, labels in words, saved, loaded, inspected, exported."""
    model = as_model(network(), columns=["a", "b"], target="kind", classes=["x", "y", "z"])
    rows = [{"b": 1.5, "a": -200.0}, {"b": 0.0, "a": 3.0}]
    model.save(tmp_path / "model.safetensors")

    loaded = ellnet.load(tmp_path / "model.safetensors")

    assert loaded.predict_proba(rows).tobytes() == model.predict_proba(rows).tobytes()
    assert set(loaded.predict(rows)) <= {"x", "y", "z"}
    assert loaded.preprocessing.encodings["a"] == NumberEncoding(None, missing=False)
    assert export_onnx(loaded, tmp_path / "model.onnx") <= 1e-5


def test_a_missing_number_is_refused_or_zero():
    """As in any model whose training had none."""
    model = as_model(network())

    with pytest.raises(DataError, match="column 'x0' had no missing value in training"):
        model.predict({"x0": [None], "x1": [1.0]})
    assert model.inputs({"x0": [None], "x1": [1.0]}, unseen="ignore").tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize(
    ("output", "units", "cost", "task", "classes"),
    [
        ("softmax", 3, "categorical_cross_entropy", "multiclass", (0, 1, 2)),
        ("sigmoid", 1, "binary_cross_entropy", "binary", (0, 1)),
        ("identity", 1, "squared_error", "regression", ()),
        ("exponential", 1, "poisson", "regression", ()),
    ],
)
def test_the_output_says_what_the_task_is(output, units, cost, task, classes):
    """Classes are numbered where nobody names them."""
    target = as_model(network(output, units, cost)).target

    assert (target.task, target.classes) == (task, classes)


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"columns": ["a"]}, ShapeError, r"n\[0\] = 2 different names, got 1"),
        ({"columns": ["a", "a"]}, ShapeError, "2 different names"),
        ({"classes": ["a", "b"]}, ShapeError, "classes must be 3 labels, got 2"),
        ({"classes": ["b", "a", "c"]}, DataError, "of one type, sorted"),
        ({"classes": ["a", 1, "b"]}, DataError, "of one type, sorted"),
        ({"classes": ["a", "a", "b"]}, DataError, "each once"),
    ],
)
def test_names_that_do_not_fit_are_refused(options, error, sentence):
    """With the number that is needed."""
    with pytest.raises(error, match=sentence):
        as_model(network(), **options)


def test_outputs_that_no_model_has_are_refused():
    """Several numbers, and classes of a number."""
    with pytest.raises(
        DataError, match="3 outputs of identity; use the Network itself, or name the"
    ):
        as_model(network("identity", 3, "squared_error"))
    with pytest.raises(DataError, match="an output of identity is a number, which has no classes"):
        as_model(network("identity", 1, "squared_error"), classes=[0, 1])


@pytest.mark.parametrize("classes", [2, 3])
def test_our_own_estimators_become_models(tmp_path, classes):
    """With the names of their columns and their labels, from memory and from a file."""
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.standard_normal((60, 3)), columns=["a", "b", "c"])
    y = np.array(["no", "so", "yes"])[np.arange(60) % classes]
    ours = MLPClassifier((5,), max_iter=300, random_state=0, tol=1e-2).fit(X, y)
    ours.save(tmp_path / "e")

    model = model_of_estimator(ellnet.load(tmp_path / "e"))

    assert model.preprocessing.column_names == ("a", "b", "c")
    np.testing.assert_allclose(model.predict_proba(X), ours.predict_proba(X), atol=1e-6)
    assert model.predict(X).tolist() == ours.predict(X).tolist()
    regressor = MLPRegressor(hidden_layer_sizes=(5,), max_iter=300, random_state=0, tol=1e-2).fit(
        X, X["a"]
    )
    np.testing.assert_allclose(
        model_of_estimator(regressor).predict(X), regressor.predict(X), atol=1e-6
    )


def test_one_class_alone_makes_no_model():
    """A Model has two at least."""
    ours = MLPClassifier((3,), max_iter=300, tol=1e-2).fit([[0.0], [1.0]], ["a", "a"])

    with pytest.raises(DataError, match="at least two classes, got 1"):
        model_of_estimator(ours)


def test_the_stored_form_of_a_plain_number_is_checked():
    """Its standard is the word none; that of a date may not be."""
    stored = Preprocessing({"a": NumberEncoding(None, missing=True)}).to_json()
    assert stored["columns"] == [
        {"name": "a", "kind": "number", "standard": "none", "missing": True}
    ]
    assert Preprocessing.from_json(stored).to_json() == stored
    rows = Columns.from_mapping({"a": [1e6, None]})
    assert Preprocessing.from_json(stored).transform(rows).tolist() == [[1e6, 0.0], [0.0, 1.0]]

    stored["columns"][0] |= {"kind": "date", "hours": False}

    with pytest.raises(CorruptFileError, match="standard must be an object, got 'none'"):
        Preprocessing.from_json(stored)
