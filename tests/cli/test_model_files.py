"""Files of estimators, on the command line: each is a model there."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ellnet.cli.model_files import model_in
from ellnet.estimators import MLPClassifier, MLPRegressor
from tests.cli.command_line import Ell, refused

X = np.random.default_rng(0).standard_normal((40, 3)).round(3)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
TARGETS = {
    "two": np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)],
    "three": np.array(["p", "q", "r"])[np.digitize(X[:, 0], [-0.5, 0.5])],
    "number": (3 * X.sum(axis=1)).round(3),
}
CHOSEN: dict[str, Any] = {
    "hidden_layer_sizes": (4, 3),
    "max_iter": 3,
    "random_state": 5,
    "alpha": 0.25,
    "solver": "sgd",
    "learning_rate_init": 0.05,
}


@pytest.fixture(params=TARGETS)
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An estimator that was saved, beside a table with its target as y."""
    y = TARGETS[request.param]
    kind = MLPRegressor if request.param == "number" else MLPClassifier
    FRAME.assign(y=y).to_csv(tmp_path / "t.csv", index=False)
    with np.errstate(all="ignore"), pytest.warns(match="Maximum iterations"):
        estimator = kind(**CHOSEN).fit(FRAME, y)
    estimator.save(tmp_path / "e.safetensors")
    return estimator


def test_the_model_is_the_estimators_network_with_what_it_was_trained_by(saved, tmp_path):
    """Its classes, its columns, its optimizer and penalty."""
    model = model_in(tmp_path / "e.safetensors")

    chosen = model.hyperparameters
    for array, own in zip(
        model.network.parameters.arrays(), saved.network_.parameters.arrays(), strict=True
    ):
        assert array.tobytes() == np.ascontiguousarray(own).tobytes()
    assert model.preprocessing.feature_names == ("a", "b", "c")
    assert list(model.target.classes) == list(getattr(saved, "classes_", []))
    assert (chosen.optimizer, chosen.learning_rate, chosen.l2) == ("nesterov", 0.05, 0.25)
    assert (chosen.hidden, chosen.batch_size, chosen.seed) == ((4, 3), 40, 5)


def test_predict_evaluate_and_inspect_take_it(saved, ell: Ell):
    """They say what the estimator says."""
    predicted = ell("predict", "e.safetensors", "t.csv")
    scored = ell("evaluate", "e.safetensors", "t.csv", "--json")
    shown = ell("inspect", "e.safetensors", "--json")
    told = ell("inspect", "e.safetensors")

    ours = [line.partition(",")[0] for line in predicted.out.splitlines()[1:]]
    theirs = saved.predict(FRAME)
    truth = pd.read_csv("t.csv")["y"]
    if isinstance(saved, MLPRegressor):
        assert np.allclose(np.array(ours, float), theirs, rtol=1e-9)
        assert scored.json["model"]["r2"] == pytest.approx(saved.score(FRAME, truth))
    else:
        assert ours == theirs.tolist()
        assert scored.json["model"]["accuracy"] == saved.score(FRAME, truth)
    assert shown.json["n"] == list(saved.network_.n)
    assert "certificate: none; `ellnet prove MODEL TABLE --certify` proves the gradient" in told.out


def test_prove_takes_it_and_stores_nothing_in_it(saved, ell: Ell):
    """The sheet is of its network and its next step; a certificate has no place in its file."""
    before = Path("e.safetensors").read_bytes()
    sheet = ell("prove", "e.safetensors", "t.csv", "--row", "3")
    proved = ell("prove", "e.safetensors", "t.csv", "--rows", "0:6", "--certify", "--json")
    kept = refused(ell("prove", "e.safetensors", "t.csv", "--certify", "--store"))

    assert sheet.code == proved.code == 0, sheet.err + proved.err
    assert "Update: nesterov" in sheet.out
    assert "\N{GREEK SMALL LETTER ALPHA} = 0.05" in sheet.out
    assert proved.json["certificate"]["passed"]
    if isinstance(saved, MLPClassifier):
        found = [row["predicted"] for row in proved.json["answer"]]
        assert found == saved.predict(FRAME[:6]).tolist()
    assert "e.safetensors holds an estimator, which has no place for one" in kept
    assert Path("e.safetensors").read_bytes() == before


def test_an_estimator_of_several_outputs_is_refused(ell: Ell):
    """A command's model predicts one column."""
    with pytest.warns(match="Maximum iterations"):
        MLPRegressor(**CHOSEN).fit(X, X[:, :2]).save("several.safetensors")
    with pytest.warns(match="Maximum iterations"):
        MLPClassifier(**CHOSEN).fit(X, (X > 0).astype(int)).save("labels.safetensors")

    for name, what in (("several", "an MLPRegressor of 2"), ("labels", "an MLPClassifier of 3")):
        for words in (("inspect",), ("shrink",), ("export", "--to", "c", "-o", "x.c")):
            sentence = refused(ell(words[0], f"{name}.safetensors", *words[1:]))
            assert f"holds {what} outputs, and commands take models" in sentence
