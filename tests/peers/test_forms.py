"""PyTorch's and Keras's dense networks come in with their own predictions."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np
import pytest
import torch
from torch import nn

from ellnet.engines import engine
from ellnet.errors import DataError
from ellnet.forms import as_model, from_keras, from_onnx, from_torch

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # Keras's

HIDDEN = {
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "identity": nn.Identity(),
    "elu": nn.ELU(),
    "selu": nn.SELU(),
    "gelu": nn.GELU(approximate="tanh"),
    "silu": nn.SiLU(),
    "mish": nn.Mish(),
    "softplus": nn.Softplus(),
    "softsign": nn.Softsign(),
    "hard_sigmoid": nn.Hardsigmoid(),
}
KERAS = [
    "linear", "relu", "tanh", "sigmoid", "elu", "selu", "silu", "mish", "softplus", "softsign",
    "hard_sigmoid", "exponential", "swish",
]  # fmt: skip
X = np.random.default_rng(0).standard_normal((64, 6))


def predicted(net, rows):
    """What a network makes of rows, in rows."""
    return np.asarray(engine("array").predict(net, rows.T)).T


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", HIDDEN)
def test_a_sequential_of_pytorch_predicts_the_same(name, dtype):
    """Within 1e-6, with every activation, nested modules, dropout, and layers without biases."""
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Linear(8, 5, bias=False), HIDDEN[name], nn.Dropout(0.5))
    module = nn.Sequential(
        nn.Flatten(), nn.Linear(6, 8), HIDDEN[name], inner, nn.Linear(5, 3), nn.Softmax(dim=1)
    ).to(dtype)
    rows = torch.tensor(X, dtype=dtype)

    net = from_torch(module)

    assert tuple(net.activations) == (name, name, "softmax")
    with torch.no_grad():
        wanted = module.eval()(rows).numpy()
    np.testing.assert_allclose(predicted(net, rows.numpy()), wanted, rtol=0, atol=1e-6)
    np.testing.assert_allclose(as_model(net).predict_proba(rows.numpy()), wanted, rtol=0, atol=1e-6)


def test_logits_of_pytorch_take_a_softmax():
    """As nn.CrossEntropyLoss puts one behind them; the weights are copies."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))

    net = from_torch(module, output_activation="softmax")

    rows = torch.tensor(X, dtype=torch.float32)
    with torch.no_grad():
        wanted = torch.softmax(module(rows), dim=1).numpy()
        module[0].weight.zero_()
    np.testing.assert_allclose(predicted(net, rows.numpy()), wanted, atol=1e-6)


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning"
)  # of the exporter that needs no other package
def test_what_pytorch_writes_as_onnx_comes_in(tmp_path):
    """Its products with a gate too, within 1e-6; softsign it writes as a quotient, which is refused."""
    torch.manual_seed(0)
    stack = [
        HIDDEN[name] for name in HIDDEN if name not in {"identity", "hard_sigmoid", "softsign"}
    ]
    layers = [each for activation in stack for each in (nn.Linear(6, 6), activation)]
    module = nn.Sequential(*layers, nn.Linear(6, 3), nn.Softmax(dim=1)).eval()
    rows = torch.tensor(X, dtype=torch.float32)
    torch.onnx.export(module, (rows,), tmp_path / "m.onnx", dynamo=False, opset_version=20)

    net = from_onnx(tmp_path / "m.onnx")

    assert net.n == (*(6 for _ in range(len(stack) + 1)), 3)
    with torch.no_grad():
        np.testing.assert_allclose(predicted(net, rows.numpy()), module(rows), rtol=0, atol=1e-6)


class Twice(nn.ReLU):  # type: ignore[misc] # PyTorch's types are not followed
    """A module that is not what it is made from."""


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (nn.Linear(2, 2), "a torch.nn.Sequential of dense layers is needed, got Linear"),
        (nn.Sequential(nn.Conv1d(2, 2, 1)), r"module 0 \(Conv1d\) has no form"),
        (
            nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)),
            r"module 1 \(BatchNorm1d\) has no form",
        ),
        (nn.Sequential(nn.Linear(2, 2), Twice()), r"module 1 \(Twice\) has no form"),
        (nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(0.2)), "must have negative_slope=0.01"),
        (nn.Sequential(nn.Linear(2, 2), nn.ELU(2.0)), "must have alpha=1.0"),
        (nn.Sequential(nn.Linear(2, 2), nn.GELU()), "must have approximate='tanh'"),
        (nn.Sequential(nn.Linear(2, 2), nn.Softplus(2.0)), "must have beta=1"),
        (nn.Sequential(nn.Linear(2, 2), nn.Softmax(dim=0)), "must have dim=1"),
        (
            nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.Linear(3, 2)),
            "after a layer of 2 units",
        ),
        (nn.Sequential(nn.ReLU()), "must stand behind a dense layer"),
        (nn.Sequential(), "must have a dense layer, got none"),
        (nn.Sequential(nn.Linear(2, 2).to(torch.bfloat16)), "float32 or float64"),
        (nn.Sequential(nn.Linear(2, 2).half()), "float32 or float64"),
    ],
)
def test_what_is_no_dense_network_of_pytorch_is_refused(module, sentence):
    """With the module and its place."""
    with pytest.raises(DataError, match=sentence):
        from_torch(module)


def test_weights_that_are_not_finite_are_refused():
    """Whatever they were trained to."""
    module = nn.Sequential(nn.Linear(2, 2))
    with torch.no_grad():
        module[0].weight[0, 0] = float("nan")

    with pytest.raises(DataError, match="must be finite numbers"):
        from_torch(module)


@pytest.mark.parametrize("name", KERAS)
def test_a_sequential_of_keras_predicts_the_same(name):
    """Within 1e-6, with activations in the layer and behind it, nested, and without biases."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    inner = keras.Sequential([layers.Dense(5, use_bias=False), layers.Activation(name)])
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, activation=name, kernel_initializer="random_normal"),
            layers.Dropout(0.5),
            inner,
            layers.Dense(3, activation="softmax"),
        ]
    )
    rows = X.astype(np.float32)

    net = from_keras(model)

    ours = {"linear": "identity", "swish": "silu"}.get(name, name)
    assert tuple(net.activations) == (ours, ours, "softmax")
    np.testing.assert_allclose(
        predicted(net, rows), model.predict(rows, verbose=0), rtol=0, atol=1e-6
    )


def test_layers_of_keras_that_are_activations_are_taken():
    """ReLU, LeakyReLU with our slope, ELU, Softmax; logits with what is asked for."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6,)), layers.Flatten(), layers.Dense(4), layers.ReLU(), layers.Dense(4),
            layers.LeakyReLU(negative_slope=0.01), layers.Dense(4), layers.ELU(), layers.Dense(3),
            layers.Softmax(),
        ]
    )  # fmt: skip
    rows = X.astype(np.float32)

    net = from_keras(model)
    logits = from_keras(
        keras.Sequential([keras.Input((6,)), layers.Dense(3)]), output_activation="softmax"
    )

    assert tuple(net.activations) == ("relu", "leaky_relu", "elu", "softmax")
    np.testing.assert_allclose(
        predicted(net, rows), model.predict(rows, verbose=0), rtol=0, atol=1e-6
    )
    assert tuple(logits.activations) == ("softmax",)


@pytest.mark.parametrize(
    ("stack", "sentence"),
    [
        (lambda k: [k.Dense(2, activation="gelu")], r"\(Dense\) must be one of .* got gelu"),
        (lambda k: [k.Dense(2, activation="leaky_relu")], "got leaky_relu"),
        (lambda k: [k.Dense(2, activation=lambda x: x)], "got <lambda>"),
        (lambda k: [k.Dense(2), k.LeakyReLU()], r"\(LeakyReLU\) has constants"),
        (lambda k: [k.Dense(2), k.ReLU(max_value=6)], r"\(ReLU\) has constants"),
        (lambda k: [k.Dense(2), k.BatchNormalization()], r"\(BatchNormalization\) has no form"),
        (lambda k: [k.Normalization(mean=0, variance=1)], r"\(Normalization\) has no form"),
    ],
)
def test_what_is_no_dense_network_of_keras_is_refused(stack, sentence):
    """With the layer's name and kind."""
    model = keras.Sequential([keras.Input((3,)), *stack(keras.layers)])

    with pytest.raises(DataError, match=sentence):
        from_keras(model)


def test_a_keras_model_that_is_no_sequential_or_not_built_is_refused():
    """A graph of layers has no one chain; before it is built there are no weights."""
    entry = keras.Input((3,))
    model = keras.Model(entry, keras.layers.Dense(2)(entry))

    with pytest.raises(
        DataError, match=r"a keras\.Sequential of dense layers is needed, got Functional"
    ):
        from_keras(model)
    with pytest.raises(DataError, match="has no weights yet; build the model first"):
        from_keras(keras.Sequential([keras.layers.Dense(2)]))
