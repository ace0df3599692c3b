"""ONNX import: dense chains come in with their own predictions, everything else is refused."""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case import node as cases

from ellnet.engines import engine
from ellnet.equations.activations import ACTIVATIONS
from ellnet.errors import (
    DataError,
    EllnetError,
    FileAccessError,
    HyperparameterError,
    MissingExtraError,
)
from ellnet.forms import from_onnx, onnx_reading
from ellnet.forms.onnx_graph import GraphBuilder
from ellnet.forms.onnx_layers import add_layers
from ellnet.network import Network, initial_parameters
from tests.counts import count

OPERATORS = [
    "exp", "gelu", "gemm", "leakyrelu", "relu", "elu", "selu", "sigmoid", "hardsigmoid", "tanh",
    "softplus", "softsign", "mish", "swish", "softmax",
]  # fmt: skip
for operator in OPERATORS:
    importlib.import_module(f"onnx.backend.test.case.node.{operator}")
CASES = {
    case.name: case
    for case in cases._NodeTestCases
    if "expanded" not in case.name and case.name.split("_")[1] in OPERATORS
}
"""onnx's own cases of one operator each; the expanded ones are other operators that make it up."""

REFUSED = {
    "test_gemm_default_matrix_bias": "must add the same 4 biases to every row",
    "test_leakyrelu": "must have alpha 0.01, got 0.1",
    "test_leakyrelu_example": "must have alpha 0.01, got 0.1",
    "test_elu": "must have alpha 1, got 2",
    "test_elu_example": "must have alpha 1, got 2",
    "test_selu": "must have alpha 1.673263, got 2",
    "test_selu_example": "must have alpha 1.673263, got 2",
    "test_gelu_default_1": "must have approximate 'tanh'",
    "test_gelu_default_2": "must have approximate 'tanh'",
    "test_softmax_axis_0": "must go over the units, axis 2 or -1, got 0",
    "test_softmax_axis_1": "must go over the units, axis 2 or -1, got 1",
}
"""Cases that are no dense layer, or have constants that ours do not have, and what is said of them."""


def written(tmp_path: Path, model: Any) -> Path:
    """Write a model of onnx."""
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def graph_of(nodes, tensors, *, width=3, kind=TensorProto.FLOAT, output="y", opset=17):
    """Return a model with the input x (m, width) and one output."""
    made = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", kind, ["m", width])],
        [helper.make_tensor_value_info(output, kind, ["m", None])],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def run(model, X):
    """What ONNX Runtime makes of rows."""
    runtime = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return runtime.run(None, {runtime.get_inputs()[0].name: X})[0]


def predicted(net, X):
    """What a network makes of rows, in rows."""
    return engine("array").predict(net, X.T).T


def dense(seed=0, n=(3, 4, 2), dtype=np.float32):
    """Random weights (out, in) and biases (out,) of a chain, by name."""
    random = np.random.default_rng(seed)
    tensors = {}
    for layer in range(1, len(n)):
        tensors[f"W{layer}"] = random.standard_normal((n[layer], n[layer - 1])).astype(dtype)
        tensors[f"b{layer}"] = random.standard_normal(n[layer]).astype(dtype)
    return tensors


ROWS = np.random.default_rng(7).standard_normal((20, 3)).astype(np.float32)


def test_the_cases_are_all_there():
    """A later onnx may have more, never fewer of those that are refused."""
    assert set(REFUSED) <= set(CASES)
    assert len(CASES) >= 40
    assert sum(name.startswith("test_gemm") for name in CASES) == 11
    assert sum(name.startswith("test_softmax") for name in CASES) >= 7


@pytest.mark.parametrize("name", sorted(CASES))
def test_onnx_own_cases_import_and_agree(tmp_path, name):
    """Those of Gemm, the activations and Softmax; what is no dense chain is refused with the reason."""
    case = CASES[name]
    inputs, outputs = case.data_sets[0]
    path = written(tmp_path, _with_constants(case.model, inputs))

    if name in REFUSED:
        with pytest.raises(DataError) as raised:
            from_onnx(path)
        assert REFUSED[name] in str(raised.value)
        return
    net = from_onnx(path)
    turned = any(a.name == "transA" and a.i for a in case.model.graph.node[0].attribute)
    X = inputs[0] if turned else inputs[0].reshape(-1, net.n[0]).T
    found = engine("array").predict(net, X).T
    np.testing.assert_allclose(found, outputs[0].reshape(found.shape), rtol=2e-6, atol=2e-6)


def _with_constants(model, inputs):
    """Put the values of all inputs but the first into the file, as weights stand; cut long rows."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    for value, declared in list(zip(inputs, model.graph.input, strict=True))[1:]:
        made.graph.initializer.append(numpy_helper.from_array(value, declared.name))
    del made.graph.input[1:]
    for declared in (made.graph.input[0], made.graph.output[0]):
        dims = declared.type.tensor_type.shape.dim
        if len(dims) == 1:
            width = dims[0].dim_value
            del dims[:]
            dims.add().dim_param = "m"
            dims.add().dim_value = 100 if width == 10000 else width
    return made


@pytest.mark.parametrize("seed", range(count(15, 100)))
def test_what_we_write_we_read_to_the_bit(tmp_path, seed):
    """Layers of random networks whose activations ONNX has as one operator."""
    random = np.random.default_rng(seed)
    dtype = ["float32", "float64"][seed % 2]
    names = ["relu", "sigmoid", "tanh", "identity", "exponential"]
    if dtype == "float32":
        names += ["leaky_relu", "elu", "selu", "softplus", "softsign", "hard_sigmoid", "silu"]
    n = tuple(random.integers(1, 20, random.integers(2, 6)).tolist())
    n = (*n, 3)
    g = (*random.choice(names, len(n) - 2).tolist(), "softmax")
    net = Network(
        n, g, "categorical_cross_entropy", initial_parameters(n, g, seed=seed, dtype=dtype)
    )
    graph = GraphBuilder()
    A = add_layers(graph, net, graph.input("X", dtype, n[0]))
    graph.output(A, dtype, 3)
    made = helper.make_graph(graph.nodes, "g", graph.inputs, graph.outputs, graph.constants)
    opset = [helper.make_opsetid("", 17)]

    read = from_onnx(written(tmp_path, helper.make_model(made, opset_imports=opset, ir_version=8)))

    assert (read.n, tuple(read.activations), read.cost) == (net.n, tuple(net.activations), net.cost)
    for ours, theirs in zip(net.parameters.arrays(), read.parameters.arrays(), strict=True):
        assert theirs.dtype == ours.dtype
        assert np.ascontiguousarray(theirs).tobytes() == np.ascontiguousarray(ours).tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_matrix_products_with_and_without_biases_are_layers(tmp_path, dtype):
    """MatMul and Add on either side, MatMul alone, two Adds, Gemm; Constant nodes; what does nothing."""
    t = dense(n=(3, 4, 4, 2), dtype=dtype)
    nodes = [
        helper.make_node("Flatten", ["x"], ["x0"]),
        helper.make_node("MatMul", ["x0", "V1"], ["p1"]),
        helper.make_node("Add", ["b1", "p1"], ["q1"]),
        helper.make_node("Add", ["q1", "b1"], ["r1"]),
        helper.make_node("Relu", ["r1"], ["a1"]),
        helper.make_node("Identity", ["a1"], ["d1"]),
        helper.make_node("MatMul", ["d1", "W2"], ["p2"]),
        helper.make_node("Constant", [], ["c3"], value=numpy_helper.from_array(t["b3"])),
        helper.make_node("Dropout", ["p2"], ["e2"]),
        helper.make_node("Gemm", ["e2", "W3", "c3"], ["y"], transB=1, alpha=0.5, beta=2.0),
    ]
    tensors = {"V1": np.ascontiguousarray(t["W1"].T), "b1": t["b1"], "W2": t["W2"], "W3": t["W3"]}
    kind = TensorProto.FLOAT if dtype == np.float32 else TensorProto.DOUBLE
    model = graph_of(nodes, tensors, kind=kind)

    net = from_onnx(written(tmp_path, model))

    assert (net.n, tuple(net.activations)) == ((3, 4, 4, 2), ("relu", "identity", "identity"))
    rows = ROWS.astype(dtype)
    assert net.W[1].dtype == dtype
    np.testing.assert_allclose(predicted(net, rows), run(model, rows), rtol=1e-5, atol=1e-5)


def test_a_product_with_its_own_gate_is_silu_or_mish(tmp_path):
    """As PyTorch exports them, in either order; a Sigmoid alone stays one."""
    nodes = [
        helper.make_node("Gemm", ["x", "W1", "b1"], ["z"], transB=1),
        helper.make_node("Sigmoid", ["z"], ["s"]),
        helper.make_node("Mul", ["s", "z"], ["a"]),
        helper.make_node("Gemm", ["a", "W2", "b2"], ["u"], transB=1),
        helper.make_node("Softplus", ["u"], ["p"]),
        helper.make_node("Tanh", ["p"], ["t"]),
        helper.make_node("Mul", ["u", "t"], ["v"]),
        helper.make_node("Gemm", ["v", "W3", "b3"], ["w"], transB=1),
        helper.make_node("Sigmoid", ["w"], ["y"]),
    ]
    model = graph_of(nodes, dense(n=(3, 4, 4, 1)))

    net = from_onnx(written(tmp_path, model))

    assert tuple(net.activations) == ("silu", "mish", "sigmoid")
    assert net.cost == "binary_cross_entropy"
    np.testing.assert_allclose(predicted(net, ROWS), run(model, ROWS), atol=1e-6)


@pytest.mark.parametrize(("alpha", "beta"), [(0.2, 0.5), (0.5, 0.6), (1 / 6, 0.5)])
def test_a_hard_sigmoids_own_line_goes_into_the_weights(tmp_path, alpha, beta):
    """So that ours of W Z + b is the other one; with our own line the weights stay to the bit."""
    nodes = [
        helper.make_node("Gemm", ["x", "W1", "b1"], ["z"], transB=1),
        helper.make_node("HardSigmoid", ["z"], ["a"], alpha=alpha, beta=beta),
        helper.make_node("Gemm", ["a", "W2", "b2"], ["y"], transB=1),
    ]
    tensors = dense()
    model = graph_of(nodes, tensors)

    net = from_onnx(written(tmp_path, model))

    np.testing.assert_allclose(predicted(net, ROWS), run(model, ROWS), atol=2e-6)
    assert np.array_equal(net.W[1], tensors["W1"]) == (alpha == 1 / 6)


def test_logits_take_the_activation_that_is_asked_for(tmp_path):
    """Once, and one that there is."""
    nodes = [helper.make_node("Gemm", ["x", "W1", "b1"], ["y"], transB=1)]
    path = written(tmp_path, graph_of(nodes, dense(n=(3, 4))))

    net = from_onnx(path, output_activation="softmax")

    assert (tuple(net.activations), net.cost) == (("softmax",), "categorical_cross_entropy")
    logits = predicted(from_onnx(path), ROWS)
    np.testing.assert_allclose(
        predicted(net, ROWS), ACTIVATIONS["softmax"].value(logits.T).T, rtol=1e-6
    )
    with pytest.raises(
        HyperparameterError, match=r"output_activation must be one of .*got 'sofmax'"
    ):
        from_onnx(path, output_activation="sofmax")
    ends = [*nodes[:1], helper.make_node("Relu", ["y"], ["z"])]
    other = written(tmp_path, graph_of(ends, dense(n=(3, 4)), output="z"))
    with pytest.raises(HyperparameterError, match="ends in relu already"):
        from_onnx(other, output_activation="softmax")


GEMM = helper.make_node("Gemm", ["x", "W1", "b1"], ["z"], transB=1)
STRANGE = {
    "an operator": ([GEMM, helper.make_node("LSTM", ["z", "W1", "W1"], ["y"])], "LSTM"),
    "another activation": ([GEMM, helper.make_node("Abs", ["z"], ["y"])], "must be one of Gemm, "),
    "a sum with itself": ([GEMM, helper.make_node("Add", ["z", "z"], ["y"])], "must add biases"),
    "a residual": (
        [GEMM, helper.make_node("Relu", ["z"], ["a"]), helper.make_node("Add", ["a", "z"], ["y"])],
        "must go on from 'a' alone",
    ),
    "a bias first": ([helper.make_node("Add", ["x", "c"], ["y"])], "must add biases"),
    "a bias behind an activation": (
        [GEMM, helper.make_node("Relu", ["z"], ["a"]), helper.make_node("Add", ["a", "b1"], ["y"])],
        "must stand behind a matrix product",
    ),
    "a product on the left": ([helper.make_node("MatMul", ["V", "x"], ["y"])], "on the right"),
    "its own product": ([GEMM, helper.make_node("MatMul", ["z", "z"], ["y"])], "stand in the file"),
    "a turned layer": (
        [GEMM, helper.make_node("Gemm", ["z", "W1"], ["y"], transA=1)],
        "must not turn the tensor",
    ),
    "a gate of another": (
        [
            GEMM,
            helper.make_node("Sigmoid", ["z"], ["s"]),
            helper.make_node("Add", ["s", "z"], ["y"]),
        ],
        "product of a tensor and its Sigmoid",
    ),
    "a branch": ([GEMM, helper.make_node("Relu", ["x"], ["y"])], "must go on from 'z' alone"),
    "an axis": ([GEMM, helper.make_node("Softmax", ["z"], ["y"], axis=0)], "axis 1 or -1, got 0"),
    "a flat whole": ([helper.make_node("Flatten", ["x"], ["y"], axis=0)], "must have axis 1"),
    "training": (
        [GEMM, helper.make_node("Dropout", ["z", "", "yes"], ["y"])],
        "must not be in training mode",
    ),
    "nothing": ([helper.make_node("Identity", ["x"], ["y"])], "must have a dense layer"),
    "a wide activation": ([helper.make_node("Relu", ["x"], ["y"])], "units without one"),
    "no numbers": ([GEMM, helper.make_node("Gemm", ["z", "bad"], ["y"])], "must be finite numbers"),
}


@pytest.mark.parametrize("what", STRANGE)
def test_what_is_no_dense_chain_is_refused(tmp_path, what):
    """In one sentence that names the file and the operator."""
    nodes, sentence = STRANGE[what]
    tensors = {
        **dense(n=(3, 3)),
        "c": np.ones(3, np.float32),
        "V": np.ones((2, 2), np.float32),
        "yes": np.array(True),
        "bad": np.full((3, 3), np.nan, np.float32),
    }
    width = {"a wide activation": 10**6, "a product on the left": "k"}.get(what, 3)
    path = written(tmp_path, graph_of(nodes, tensors, width=width))

    with pytest.raises(DataError) as raised:
        from_onnx(path)

    assert sentence in str(raised.value)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("dtype", [np.float16, np.int64])
def test_weights_of_another_precision_are_refused(tmp_path, dtype):
    """float32 and float64 alone."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    nodes = [helper.make_node("MatMul", ["x", "W1"], ["y"])]
    tensors = {"W1": np.ones((3, 3), dtype)}

    with pytest.raises(DataError, match="must be float32 or float64"):
        from_onnx(written(tmp_path, graph_of(nodes, tensors, kind=kind)))


def test_an_old_operator_set_is_refused(tmp_path):
    """Its Gemm broadcasts by other rules."""
    nodes = [helper.make_node("Relu", ["x"], ["y"])]

    with pytest.raises(DataError, match="operator set 7 or later, got 6"):
        from_onnx(written(tmp_path, graph_of(nodes, {}, opset=6)))


def test_two_inputs_or_outputs_are_refused(tmp_path):
    """A dense chain has one of each."""
    model = graph_of(
        [helper.make_node("Gemm", ["x", "W1", "b1"], ["y"], transB=1)], dense(n=(3, 3))
    )
    del model.graph.initializer[1:]
    model.graph.input.append(helper.make_tensor_value_info("b1", TensorProto.FLOAT, [3]))

    with pytest.raises(
        DataError, match="one input and one output to be a dense chain, got 2 and 1: x, b1"
    ):
        from_onnx(written(tmp_path, model))


@pytest.mark.parametrize("location", ["secret.bin", "../../etc/passwd", "/dev/zero"])
def test_weights_outside_the_file_are_never_read(tmp_path, location):
    """Wherever they are said to lie, and whether or not they are there."""
    (tmp_path / "secret.bin").write_bytes(bytes(100))
    model = graph_of([GEMM], dense(n=(3, 3)), output="z")
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, location, 0, 36)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL

    with pytest.raises(DataError, match="in a file beside it, which is never read"):
        from_onnx(written(tmp_path, model))


def test_functions_and_inner_graphs_are_refused(tmp_path):
    """A chain has neither."""
    model = graph_of([GEMM], dense(n=(3, 3)), output="z")
    inner = helper.make_graph([], "inner", [], [])
    branch = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    strange = graph_of([branch], {})
    strange.graph.input[0].type.tensor_type.elem_type = TensorProto.BOOL
    function = helper.make_function("own", "F", ["a"], ["a"], [], [helper.make_opsetid("", 17)])
    model.functions.append(function)

    with pytest.raises(DataError, match="has functions, sparse weights or a training graph"):
        from_onnx(written(tmp_path, model))
    with pytest.raises(DataError):
        from_onnx(written(tmp_path, strange))


def test_a_tensor_that_claims_more_than_it_has_is_refused(tmp_path):
    """Nothing is allocated for the claim."""
    model = graph_of([GEMM], dense(n=(3, 3)), output="z")
    model.graph.initializer[0].dims[0] = 2**40

    with pytest.raises(DataError, match=r"is no sound ONNX file|do not fit its shape"):
        from_onnx(written(tmp_path, model))


@pytest.mark.parametrize("content", [b"", b"\x00" * 50, b"no onnx at all", b"\x80\x05pickle"])
def test_what_is_no_onnx_file_is_refused(tmp_path, content):
    """In one sentence."""
    path = tmp_path / "file.onnx"
    path.write_bytes(content)

    with pytest.raises(DataError, match="is no ONNX file"):
        from_onnx(path)


def test_a_damaged_file_never_gives_a_traceback(tmp_path):
    """Cut off anywhere or with bytes changed: a network comes of it, or one of our own errors."""
    data = bytearray(
        graph_of(
            [GEMM, helper.make_node("Relu", ["z"], ["y"])], dense(n=(3, 3))
        ).SerializeToString()
    )
    random = np.random.default_rng(0)
    path, refused = tmp_path / "model.onnx", 0

    for _ in range(count(150, 5000)):
        bad = bytearray(data)
        for place in random.integers(0, len(bad), random.integers(1, 4)):
            bad[place] = random.integers(0, 256)
        path.write_bytes(bad[: random.integers(1, len(bad) + 1)] if random.random() < 0.3 else bad)
        try:
            net = from_onnx(path)
        except EllnetError:
            refused += 1
        else:
            assert all(np.isfinite(each).all() for each in net.parameters.arrays())

    assert refused > 30


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path, monkeypatch):
    """Before any of it is decoded."""
    with pytest.raises(FileAccessError, match="there is no such file"):
        from_onnx(tmp_path / "none.onnx")
    path = written(tmp_path, graph_of([GEMM], dense(n=(3, 3)), output="z"))
    monkeypatch.setattr(onnx_reading, "SIZE_LIMIT", 10)

    with pytest.raises(FileAccessError, match="may have 10 at most"):
        from_onnx(path)


def test_without_onnx_it_says_what_to_install(tmp_path, monkeypatch):
    """In one sentence, with pip's command."""
    monkeypatch.setitem(sys.modules, "onnx", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'ellnet\[onnx\]'"):
        from_onnx(tmp_path / "model.onnx")
