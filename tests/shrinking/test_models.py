"""A Model made smaller predicts what it did, keeps what belongs to it, and goes through its file."""

import warnings

import numpy as np
import pytest

from ellnet.columns import Columns
from ellnet.errors import DataError, HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.models import ALL_ROWS, Model, load
from ellnet.network import Network, Parameters
from ellnet.tables import from_frame
from ellnet.workflow import Plan, train_table
from tests.forms.random_models import Precision, random_model, rows_for


def with_planted(model):
    """The model with a silent and a never active unit in its first hidden layer."""
    net = model.network
    arrays = [np.asarray(array, np.float64) for array in net.parameters.arrays()]
    w = np.vstack([arrays[0], arrays[0][:1] + 0.3, arrays[0][:1] + 0.2])
    never = -3.01 * np.abs(w[-1]).sum() - 1.0
    arrays[0], arrays[1] = w, np.vstack([arrays[1], [[0.1]], [[never]]])
    column = np.ones((len(arrays[2]), 1))
    arrays[2] = np.hstack([arrays[2], 0 * column, column])
    dtype = net.W[1].dtype
    n = (net.n[0], net.n[1] + 2, *net.n[2:])
    parameters = Parameters.from_arrays([array.astype(dtype) for array in arrays])
    larger = Network(n, tuple(net.activations), net.cost, parameters)
    return Model(larger, model.hyperparameters, model.preprocessing, model.target, model.history)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.filterwarnings("ignore::ellnet.errors.EllnetWarning")
def test_predictions_stay_on_any_table(seed, tmp_path):
    """Of every kind of column, task and precision: what is planted goes, also for rows never seen."""
    dtype: Precision = "float64" if seed % 2 else "float32"
    model = random_model(seed, dtype, among=["relu"])
    if model.network.L == 1:
        model = random_model(seed + 100, dtype, among=["relu"])
    model = with_planted(model)
    rows = rows_for(model.preprocessing, seed, 200)

    smaller, found = model.shrunk()
    smaller.save(tmp_path / "m")

    first = model.network.n[1]
    units = {(step.layer, unit) for step in found.steps for unit in step.units}
    assert {(1, first - 1), (1, first)} <= units
    assert found.proof.holds in {"box", "every input"}
    assert found.box.origin == ALL_ROWS
    expected, got = model.outputs(rows, unseen="ignore"), smaller.outputs(rows, unseen="ignore")
    limit = 1e-11 if dtype == "float64" else 1e-4
    assert np.all(np.abs(got - expected) <= limit * np.abs(expected).max())
    assert np.array_equal(load(tmp_path / "m").outputs(rows, unseen="ignore"), got)


def trained(**options):
    """A model of a small table, and the table; trained for two epochs."""
    random = np.random.default_rng(0)
    frame = {name: random.standard_normal(80) for name in ("a", "b")}
    frame["y"] = frame["a"] - frame["b"]
    chosen = Hyperparameters(epochs=2, dtype="float64", **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return train_table(from_frame(frame), Plan(target="y"), chosen).model, frame


def test_what_belongs_to_the_model_stays():
    """And hyperparameters name the layers that are left, each with what it had."""
    model, frame = trained(
        hidden=(6, 5, 4), activation=("tanh", "identity", "tanh"), dropout=(0.1, 0.2, 0.3)
    )
    model = model.certified(frame)

    smaller, found = model.shrunk(frame)

    assert found.layers == (1, 3, 4)
    assert smaller.network is found.network or smaller.network.n == found.network.n
    chosen = smaller.hyperparameters
    assert chosen.hidden == smaller.network.n[1:-1] == (6, 4)
    assert chosen.activation == ("tanh", "tanh")
    assert chosen.dropout == (0.1, 0.3)
    assert (chosen.l2, chosen.seed) == (model.hyperparameters.l2, model.hyperparameters.seed)
    for name in ("preprocessing", "target", "history", "baselines"):
        assert getattr(smaller, name) == getattr(model, name)
    assert model.certificate is not None
    assert smaller.certificate is None
    assert np.allclose(smaller.predict(frame), model.predict(frame), rtol=1e-12)
    assert smaller.certified(frame).certificate.passed


def test_a_linear_model_is_left_of_linear_layers():
    """Without hidden layers, with one activation's name and dropout for all."""
    model, frame = trained(hidden=(6, 5), activation="identity", dropout=0.2)

    smaller, found = model.shrunk(frame)

    assert smaller.network.n == (2, 1)
    assert found.removed("linear") == 11
    assert (smaller.hyperparameters.hidden, smaller.hyperparameters.dropout) == ((), 0.2)
    several = trained(hidden=(4, 4), activation=("identity", "identity"), dropout=(0.1, 0.2))[0]
    left = several.shrunk()[0].hyperparameters
    assert (left.hidden, left.activation, left.dropout) == ((), "relu", 0.0)


def test_nothing_to_do_gives_the_model_back():
    """With its certificate."""
    model, frame = trained(hidden=(6,), activation="tanh")
    model = model.certified(frame)

    smaller, found = model.shrunk(frame)

    assert smaller is model
    assert found.steps == ()


def test_rows_give_the_range_and_may_be_trusted():
    """A relu that the table's rows do not reach, and other tables may."""
    model, frame = trained(hidden=(6,), activation="relu")
    random = np.random.default_rng(0)
    W = [random.uniform(0.5, 1.0, (6, 2)), random.uniform(0.5, 1.0, (1, 6))]
    W[0][:, 1] *= -1
    b = [np.zeros((6, 1)), np.zeros((1, 1))]
    b[0][0] = -3.0
    net = model.network.with_parameters(Parameters.of(W, b))
    model = Model(net, model.hyperparameters, model.preprocessing, model.target, model.history)
    near = {
        name: values[np.abs(frame["a"]) + np.abs(frame["b"]) < 1.5]
        for name, values in frame.items()
    }
    rows = {name: values[:5] for name, values in near.items()}

    assert model.shrunk()[1].steps == ()
    ranged = model.shrunk(near)[1]
    assert [(step.units, step.holds) for step in ranged.steps] == [((1,), "box")]
    trusted = model.shrunk(rows, trust_data=True)[1]
    assert trusted.proof.inputs == (5 if trusted.proof.holds == "data" else 10_000)
    with pytest.raises(HyperparameterError, match="trust_data needs the examples"):
        model.shrunk(trust_data=True)
    with pytest.raises(DataError, match="lacks 'b'"):
        model.shrunk(Columns.from_mapping({"a": [1.0]}))
