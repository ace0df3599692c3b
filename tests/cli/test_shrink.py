"""`ellnet shrink`: a smaller model beside the old one, what went and why, and refusals in a sentence."""

import warnings

import numpy as np
import pytest

import ellnet
from ellnet.estimators import MLPClassifier
from tests.cli.command_line import refused


@pytest.fixture
def linear(ell, models, tmp_path):
    """A model with an identity layer, trained for an epoch; its file."""
    table = models / "points.csv"
    words = ["--target", "y", "--epochs", 1, "--hidden", "6,4", "--activation", "tanh,identity"]
    assert ell("train", table, *words, "--out", "run").code == 0
    return tmp_path / "run" / "model.safetensors"


def test_a_smaller_model_is_written_beside_the_old_one(ell, models, linear):
    """With the steps, the argument and the figures; it predicts the same."""
    ran = ell("shrink", linear)

    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "network: 3 → 6 → 4 → 1 (4 layers, 57 parameters)".replace(
        "4 layers", "3 layers"
    )
    assert "inputs: all that the preprocessing can make of any table" in ran.out
    assert (
        "1. layer 2 has the identity for its activation; multiplied out with layer 3, which"
        in ran.out
    )
    assert "network: 3 → 6 → 1 (2 layers, 31 parameters)" in ran.out
    assert "why: 1 step is right for every input" in ran.out
    assert "tried: on 10,000 inputs (10,000 drawn) outputs differ in float64 by " in ran.out
    written = linear.with_name("model-shrunk.safetensors")
    assert lines[-1] == f"wrote {written}"
    rows = ellnet.read_table(models / "points.csv")
    old, new = ellnet.load(linear), ellnet.load(written)
    assert new.network.n == (3, 6, 1)
    assert new.predict(rows).tolist() == pytest.approx(old.predict(rows).tolist(), rel=1e-4)
    assert ell("evaluate", written, models / "points.csv").code == 0
    assert ell("inspect", written).code == 0


def test_everything_stands_in_the_json(ell, models, linear):
    """Sizes, steps, proof, and the file; rows of a table are tried first."""
    ran = ell("shrink", linear, "--data", models / "points.csv", "--output", "s", "--json")

    said = ran.json
    assert said["before"] == {"n": [3, 6, 4, 1], "parameters": 57}
    assert said["after"] == {"n": [3, 6, 1], "parameters": 31, "layers": [1, 3]}
    assert said["inputs"] == "the range of the data"
    (step,) = said["steps"]
    assert (step["kind"], step["layer"], step["units"]) == ("linear", 2, [1, 2, 3, 4])
    assert (step["holds"], step["exact"]) == ("every input", True)
    assert (said["proof"]["inputs"], said["proof"]["examples"]) == (10_000, 60)
    assert said["proof"]["relative"] <= 1e-12
    assert said["file"] == "s"
    assert said["summary"].startswith("3 → 6 → 4 → 1 (57 parameters) became ")


def test_where_nothing_can_go_nothing_is_written(ell, models, tmp_path):
    """Unless a file is named, which then holds the model as it is."""
    model = models / "mixed" / "model.safetensors"

    ran = ell("shrink", model)
    named = ell("shrink", model, "-o", "same")

    assert ran.code == 0
    assert "nothing can go from 5 → 5 → 3 → 1" in ran.out
    assert ran.out.splitlines()[-1] == "nothing was written"
    assert not model.with_name("model-shrunk.safetensors").exists()
    assert "wrote same" in named.out
    assert (tmp_path / "same").read_bytes() == model.read_bytes()


def test_a_narrow_linear_layer_is_named_and_kept(ell, models):
    """And multiplied out when asked."""
    words = [
        "--target",
        "y",
        "--epochs",
        1,
        "--hidden",
        "8,2,8",
        "--activation",
        "tanh,identity,tanh",
    ]
    assert ell("train", models / "points.csv", *words, "--out", "narrow").code == 0

    kept = ell("shrink", "narrow/model.safetensors")
    asked = ell("shrink", "narrow/model.safetensors", "--fewer-layers")

    assert (
        "kept: layer 2 is linear for every input and kept: multiplied out with layer 3 it would"
        in kept.out
    )
    assert "; --fewer-layers does it all the same" in kept.out
    assert "nothing was written" in kept.out
    assert "parameters more" in asked.out
    assert "3 → 8 → 8 → 1" in asked.out


def test_a_certificate_of_the_larger_network_goes(ell, models, linear):
    """And that is said."""
    assert ell("prove", linear, models / "points.csv", "--certify", "--store").code == 0

    ran = ell("shrink", linear, "-o", "small")

    assert "the certificate was of the larger network, and is left out" in ran.out
    assert ellnet.load("small").certificate is None


def test_an_estimator_becomes_a_model(ell, tmp_path):
    """Of whose columns no range is known without a table."""
    X = np.random.default_rng(0).standard_normal((40, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = MLPClassifier((3, 2), activation="identity", max_iter=3).fit(X, X[:, 0] > 0)
    made.save(tmp_path / "e")

    ran = ell("shrink", "e")

    assert (
        "so nothing is known of their range, and only steps for every input were looked for"
        in ran.out
    )
    assert ran.out.splitlines()[-1] == "wrote e-shrunk"
    smaller = ellnet.load("e-shrunk")
    assert smaller.network.n == (2, 1)
    np.testing.assert_allclose(smaller.predict_proba(X), made.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--trust-data"], "--trust-data needs rows to trust; name a table with --data"),
        (["--data", "none.csv"], "none.csv"),
        (["--data", "iris"], "must have the columns of training, and lacks"),
        (["-o", "no/such/folder"], "its folder does not exist"),
    ],
)
def test_what_cannot_be_done_is_refused(ell, linear, words, sentence):
    """In one sentence, with exit code 2."""
    assert sentence in refused(ell("shrink", linear, *words))


@pytest.mark.parametrize("folder", [".", "..", "/"])
def test_a_folder_is_no_model(ell, folder):
    """Whatever its name is; nothing is written beside it."""
    assert f"{folder} cannot be read" in refused(ell("shrink", folder))


def test_the_model_itself_is_never_written_over(ell, linear):
    """However it is named."""
    before = linear.read_bytes()

    ran = ell("shrink", linear, "-o", linear)

    assert "is the model itself; name another file with --out" in refused(ran)
    assert linear.read_bytes() == before


@pytest.mark.parametrize(
    ("out", "part"),
    [
        ("points.csv", "points.csv is there and is no model file; name another file with --out"),
        ("small.onnx", "by the name of another form; `ellnet export` writes those"),
    ],
)
def test_nothing_but_a_model_is_written_over(ell, models, linear, out, part):
    """Least of all the table that it was tried on."""
    before = (models / "points.csv").read_bytes()

    sentence = refused(ell("shrink", linear, "--data", models / "points.csv", "-o", models / out))

    assert part in sentence
    assert (models / "points.csv").read_bytes() == before
    assert not (models / "small.onnx").exists()
