"""`ellnet responses` and `ellnet draw`: what a model responds to, and how it looks."""

import json
import warnings
from typing import Any

import numpy as np
import pytest

from ellnet import MLPClassifier, load
from ellnet.explain.responses_table import dependence, influence
from ellnet.explain.responses_units import drivers
from tests.cli.command_line import refused


def model(models, name="mixed"):
    """A trained model, and the table that it was trained on."""
    return models / name / "model.safetensors", models / f"{name}.csv"


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A saved estimator of images of 8 x 8 pixels, and their table."""
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    X, y = random.integers(0, 17, (80, 64)), np.repeat([0, 1], 40)
    X[y == 1, :32] //= 4
    np.savez(folder / "images.npz", X=X, y=y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        MLPClassifier((6,), max_iter=20, random_state=0).fit(X, y).save(folder / "clf.safetensors")
    return folder / "clf.safetensors", folder / "images.npz"


def test_the_columns_of_a_table_come_most_important_first(ell, models, tmp_path):
    """With the numbers that the library gives for the same rows, in words, as JSON and as a picture."""
    file, table = model(models)

    told = ell("responses", file, table, "-o", tmp_path / "columns.png")
    ran = ell("responses", file, table, "--json")

    from ellnet.tables import read_table

    found = influence(load(file), read_table(table))
    assert [row["column"] for row in ran.json["columns"]] == [found.names[k] for k in found.order()]
    assert ran.json["columns"][0]["importance"] == max(found.importance)
    assert ran.json["score"] == pytest.approx(found.score)
    assert told.out.index("x1") < told.out.index("accuracy", 120)
    assert max(map(len, told.out.splitlines())) <= 80
    assert (tmp_path / "columns.png").read_bytes().startswith(b"\x89PNG")


def test_units_are_told_with_the_rows_that_drive_them(ell, models, tmp_path):
    """The rows that the library names, and a picture."""
    file, table = model(models, "points")

    ran = ell(
        "responses", file, table, "--layer", 2, "--unit", 3, "--count", 2, "--json",
        "-o", tmp_path / "units.svg",
    )  # fmt: skip

    from ellnet.tables import read_table

    found = drivers(load(file), read_table(table), 2, [3], count=2)
    unit = ran.json["units"][0]
    assert [unit["unit"], len(ran.json["units"])] == [3, 1]
    assert [row["row"] for row in unit["most"]] == found.most[0].tolist()
    assert [row["z"] for row in unit["least"]] == pytest.approx(found.z_least[0].tolist())
    assert ran.json["health"]["units"] == 3
    assert "<svg" in (tmp_path / "units.svg").read_text()
    assert "unit" in ell("responses", file, table, "--layer", 2).out


def test_a_column_is_told_by_its_values(ell, models, tmp_path):
    """Partial dependence of a category, with a value for each class."""
    file, table = model(models)

    ran = ell("responses", file, table, "--column", "colour", "--json")
    drawn = ell("responses", file, table, "--column", "x1", "-o", tmp_path / "x1.pdf", "--dark")

    from ellnet.tables import read_table

    found = dependence(load(file), read_table(table), "colour")
    assert ran.json["grid"] == ["blue", "green", "red"]
    assert ran.json["outputs"]["yes"] == pytest.approx(found.values[0].tolist())
    assert drawn.code == 0
    assert (tmp_path / "x1.pdf").read_bytes().startswith(b"%PDF")


def test_a_saved_estimator_of_images_is_looked_at_too(ell, images, tmp_path):
    """Its X are the columns of numbers but y; pictures of units have the pixels of the rows."""
    file, table = images

    columns = ell("responses", file, table, "--json")
    units = ell("responses", file, table, "--layer", 1, "--image", "8x8", "-o", tmp_path / "u.png")
    weights = ell("draw", file, "--what", "weights", "--unit", 2, "-o", tmp_path / "w.png")

    with np.load(table) as arrays:
        fitted: Any = load(file)
        assert columns.json["score"] == pytest.approx(fitted.score(arrays["X"], arrays["y"]))
    assert [units.code, weights.code] == [0, 0]
    assert "within" in units.out
    assert all((tmp_path / name).stat().st_size > 1000 for name in ("u.png", "w.png"))


@pytest.mark.parametrize("what", ["network", "weights", "costs"])
@pytest.mark.parametrize("dark", [False, True])
def test_a_model_is_drawn(ell, models, tmp_path, what, dark):
    """In each of its ways, for light pages and for dark; stdout stays free."""
    file, _ = model(models)
    out = tmp_path / f"{what}.svg"

    ran = ell("draw", file, "-o", out, "--what", what, *(["--dark"] if dark else []))

    assert ran.code == 0, ran.err
    assert ran.out == ""
    assert f"wrote {out}" in ran.err.replace("\n  ", " ")
    assert ("#11151a" in out.read_text()) == dark


WRONG = {
    "ending": (("-o", "picture.gif"), "must end in .png, .svg, .pdf"),
    "unit without a layer": (("--unit", "1"), "--unit and --image go with --layer"),
    "two questions": (("--layer", "1", "--column", "x1"), "ask one of them"),
    "no such layer": (("--layer", "9"), "layers are numbered 1..3"),
    "no such unit": (("--layer", "1", "--unit", "50"), "from 1 to n[1] = 5, got 50"),
    "no such column": (("--column", "colur"), "did you mean 'colour'"),
    "no image": (("--layer", "1", "--image", "3x3"), "needs n[0] = 9 inputs"),
    "no pixels": (("--layer", "1", "--image", "0x9"), "is not ROWSxCOLUMNS, such as 28x28"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_answered_is_refused(ell, models, tmp_path, name):
    """In one sentence, with nothing written."""
    words, said = WRONG[name]

    ran = ell("responses", *model(models), *words)

    assert said in refused(ran)
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_the_truth_is_refused_with_what_can_be_asked(ell, models, tmp_path):
    """Importance needs a score; the other two questions do not."""
    file, table = model(models, "points")
    lines = [line.rpartition(",")[0] for line in table.read_text().splitlines()]
    (tmp_path / "bare.csv").write_text("\n".join(lines) + "\n")

    bare = ell("responses", file, "bare.csv")
    units = ell("responses", file, "bare.csv", "--layer", 1, "--json")

    assert "no column with the truth" in refused(bare)
    assert json.loads(units.out)["layer"] == 1
    assert "--what weights" in refused(ell("draw", file, "-o", "n.png", "--layer", 1))
    assert "no such file" in refused(ell("draw", "nothing.safetensors", "-o", "n.png"))


def test_another_number_of_columns_is_refused(ell, images, models):
    """For an estimator that has no names to go by."""
    ran = ell("responses", images[0], models / "points.csv")

    assert "trained on 64 columns, and points.csv has 3" in refused(ran)
