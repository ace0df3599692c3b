"""`ellnet export` and `ellnet import`: a file out, a model in, and every refusal in one sentence."""

import subprocess

import numpy as np
import onnx
import onnxruntime
import pytest

import ellnet
from ellnet.estimators import MLPRegressor
from ellnet.forms import export_onnx
from tests.cli.command_line import refused
from tests.forms.compiled import COMPILERS, STRICT, needs_compiler


@pytest.mark.parametrize("name", ["mixed", "points"])
def test_a_model_becomes_an_onnx_file(ell, models, tmp_path, name):
    """Which predicts what `ellnet predict` does, on the table itself."""
    model = models / name / "model.safetensors"

    ran = ell("export", model, "--to", "onnx", "-o", tmp_path / "m.onnx")

    assert ran.code == 0
    assert ran.err == ""
    assert "ONNX Runtime agrees with the model, worst difference " in ran.out
    table = ellnet.read_table(models / f"{name}.csv").drop(["y"])
    loaded = ellnet.load(model)
    runtime = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    if name == "points":
        given = {"X": np.column_stack([column.values for column in table.columns.values()])}
    else:
        given = {each.name: table[each.name].values[:, None] for each in runtime.get_inputs()}
    assert (
        runtime.run(None, given)[0].tolist()
        == pytest.approx(loaded.predict(table).tolist(), rel=1e-5)
        if (name == "points")
        else runtime.run(None, given)[0].tolist() == loaded.predict(table).tolist()
    )


def test_the_file_stands_beside_the_model(ell, models):
    """Where nothing else is said; options for the inputs are passed on."""
    model = models / "points" / "model.safetensors"

    ran = ell("export", model, "--to", "onnx", "--inputs", "columns", "--numbers", "float32")

    made = onnx.load(models / "points" / "model.onnx")
    assert ran.code == 0
    assert [each.name for each in made.graph.input] == ["x0", "x1", "x2"]
    assert made.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT


@needs_compiler
def test_a_model_becomes_a_c_file(ell, models, tmp_path):
    """The command that is shown for its self-test is right."""
    ran = ell(
        "export", models / "mixed" / "model.safetensors", "--to", "c", "-o", "m.c", "--name", "net"
    )

    assert ran.code == 0
    assert "cc -std=c99 -O2 -DELLNET_SELF_TEST m.c -lm && ./a.out" in ran.out
    flags = [*STRICT, "-DELLNET_SELF_TEST", "m.c", "-lm"]
    subprocess.run([COMPILERS[0], *flags], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "a.out"], capture_output=True, text=True, check=True)
    assert "0 other labels" in done.stdout
    assert "net_predict" in (tmp_path / "m.c").read_text()


def test_an_estimator_that_was_saved_goes_out_too(ell, tmp_path):
    """Its columns go into the network as they stand; one with several outputs is refused."""
    X = np.random.default_rng(0).standard_normal((40, 2))
    ours = MLPRegressor(hidden_layer_sizes=(3,), max_iter=300, tol=1e-2).fit(X, X[:, 0])
    ours.save(tmp_path / "e")
    MLPRegressor(hidden_layer_sizes=(3,), max_iter=300, tol=1e-2).fit(X, X).save(tmp_path / "two")

    assert ell("export", "e", "--to", "onnx", "-o", "e.onnx").code == 0
    runtime = onnxruntime.InferenceSession(tmp_path / "e.onnx", providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(runtime.run(None, {"X": X})[0], ours.predict(X), atol=1e-6)
    assert "an MLPRegressor of 2 outputs" in refused(ell("export", "two", "--to", "c"))


def test_what_goes_out_comes_in_again(ell, models, tmp_path):
    """A dense chain from a file becomes a model with the names that are given."""
    ellnet_model = ellnet.forms.as_model(
        ellnet.load(models / "points" / "model.safetensors").network
    )
    made = onnx.load_model_from_string(_chain(export_path(ellnet_model, tmp_path)))
    (tmp_path / "chain.onnx").write_bytes(made.SerializeToString())

    ran = ell("import", "chain.onnx", "-o", "m", "--columns", "a, b,c", "--target", "t")

    assert ran.code == 0, ran.err
    assert "n=(3, 5, 3, 1)" in ran.out
    assert "regression" in ran.out
    loaded = ellnet.load(tmp_path / "m")
    X = np.random.default_rng(0).standard_normal((5, 3))
    assert loaded.preprocessing.column_names == ("a", "b", "c")
    np.testing.assert_allclose(loaded.predict(X), ellnet_model.predict(X), atol=1e-6)
    shown = ell("inspect", "m").out
    assert "training: none here; the parameters are those that came in\nengine: none\n" in shown
    assert ell("inspect", "m", "--json").json["target"]["name"] == "t"
    again = ell(
        "import", "chain.onnx", "-o", "s", "--output-activation", "sigmoid", "--classes", "n,y"
    )
    assert "binary" in again.out
    numbers = ell(
        "import", "chain.onnx", "-o", "s", "--output-activation", "sigmoid", "--classes", "3,5"
    )
    assert numbers.code == 0
    assert ellnet.load(tmp_path / "s").target.classes == (3, 5)


def export_path(model, folder):
    """Export a model; return the file."""
    export_onnx(model, folder / "whole.onnx")
    return folder / "whole.onnx"


def _chain(path):
    """Cut the layers out of an exported file."""
    made = onnx.load(path)
    gemms = [node for node in made.graph.node if node.op_type == "Gemm"]
    onnx.utils.extract_model(
        str(path), str(path), [gemms[0].input[0]], [gemms[-1].output[0]], check_model=True
    )
    return path.read_bytes()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--to", "c", "--inputs", "matrix"],
            "--inputs and --numbers go with --to onnx, got --to c",
        ),
        (["--to", "c", "--numbers", "float32"], "--inputs and --numbers go with --to onnx"),
        (["--to", "onnx", "--name", "a"], "--name goes with --to c, got --to onnx"),
        (["--to", "c", "--name", "a b"], "the name in C must be a letter and"),
        (["--to", "onnx", "--inputs", "matrix"], "'colour' holds categories"),
        (["--to", "pickle"], "'pickle' is not one of"),
        ([], "missing option '--to'"),
        (["--to", "c", "-o", "no/such/folder.c"], "its folder does not exist"),
    ],
)
def test_what_cannot_be_done_is_refused(ell, models, words, sentence):
    """In one sentence, with exit code 2."""
    ran = ell("export", models / "mixed" / "model.safetensors", *words)

    assert sentence in refused(ran)


def test_the_model_itself_is_never_written_over(ell, models):
    """Whatever ending it has."""
    model = models / "mixed" / "model.safetensors"
    before = model.read_bytes()

    ran = ell("export", model, "--to", "c", "-o", model)

    assert "is the model itself; name another file with -o" in refused(ran)
    assert model.read_bytes() == before


def test_what_is_no_model_is_refused(ell, tmp_path):
    """On the way out and on the way in."""
    (tmp_path / "x").write_bytes(b"PK something")

    assert "a zip archive" in refused(ell("export", "x", "--to", "onnx"))
    assert "is no ONNX file" in refused(ell("import", "x", "-o", "m"))
    assert "is the ONNX file itself" in refused(ell("import", "x", "-o", "x"))
    assert "there is no such file" in refused(ell("import", "none.onnx", "-o", "m"))
