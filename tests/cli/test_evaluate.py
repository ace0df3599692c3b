"""`ellnet evaluate`: the same scores as training reports on the same rows, baselines beside them."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.cli.command_line import Ell, mixed_table, points


def with_parts(table: str) -> str:
    """Return a table with a column that calls every fourth row test."""
    head, *rows = table.splitlines()
    body = [f"{row},{'test' if i % 4 == 0 else 'train'}" for i, row in enumerate(rows)]
    return "\n".join([f"{head},part", *body]) + "\n"


@pytest.mark.parametrize("table", [mixed_table(), points()], ids=["classes", "regression"])
def test_scores_are_those_of_the_report_on_the_same_rows(ell: Ell, table: str) -> None:
    """Model and baselines, every figure."""
    Path("t.csv").write_text(with_parts(table))
    words = ("--target", "y", "--split-column", "part", "--epochs", 3, "--out", "run")
    ell("train", "t.csv", *words)

    model = "run/model.safetensors"
    scores = ell("evaluate", model, "t.csv", "--split-column", "part", "--json").json

    report = json.loads(Path("run/report.json").read_text())
    assert scores == report["scores"]
    assert set(scores) == {"model", "prior", "linear"}


def test_baselines_stand_beside_the_network(ell: Ell, models: Path) -> None:
    """Network, majority class and linear model, in that order, and scores by class."""
    ran = ell("evaluate", models / "mixed/model.safetensors", models / "mixed.csv")

    places = [ran.out.index(word) for word in ("this network", "majority class", "linear model")]
    assert places == sorted(places)
    assert "on 60 rows" in ran.out
    assert "true \\ predicted" in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_the_confusion_matrix_counts_every_row(ell: Ell, models: Path) -> None:
    """Rows are the truth, columns the predictions; its diagonal is the accuracy."""
    words = (models / "mixed/model.safetensors", models / "mixed.csv", "--json")

    model = ell("evaluate", *words).json["model"]

    confusion = model["confusion"]
    truth = pl.read_csv(models / "mixed.csv")["y"]
    assert [sum(row) for row in confusion] == [(truth == "no").sum(), (truth == "yes").sum()]
    assert (confusion[0][0] + confusion[1][1]) / 60 == model["accuracy"]
    assert [row["label"] for row in model["classes"]] == ["no", "yes"]


def test_the_truth_may_have_another_name(ell: Ell, models: Path) -> None:
    """`--target` names the column with the truth."""
    pl.read_csv(models / "points.csv").rename({"y": "truth"}).write_csv("renamed.csv")
    model = models / "points/model.safetensors"

    renamed = ell("evaluate", model, "renamed.csv", "--target", "truth", "--json")

    assert renamed.err == ""
    assert renamed.json == ell("evaluate", model, models / "points.csv", "--json").json


def test_unseen_categories_may_be_ignored(ell: Ell, models: Path) -> None:
    """What the sentence of refusal proposes is understood."""
    Path("t.csv").write_text("x1,x2,colour,y\n1,2,mauve,yes\n1,2,red,no\n")
    model = models / "mixed/model.safetensors"

    ran = ell("evaluate", model, "t.csv", "--unseen", "ignore", "--json")

    assert ran.json["model"]["m"] == 2
    assert "'mauve'" in ran.err


def test_classes_that_look_like_numbers_are_compared_as_words(ell: Ell) -> None:
    """A table with only some of the classes reads as training did."""
    rows = "".join(f"{i},{('1', '2', 'x')[i % 3]}\n" for i in range(60))
    Path("t.csv").write_text(f"v,y\n{rows}")
    ell("train", "t.csv", "--target", "y", "--epochs", 1, "--out", "run")
    Path("new.csv").write_text("v,y\n1,1\n2,2\n")

    ran = ell("evaluate", "run/model.safetensors", "new.csv", "--json")

    assert [sum(row) for row in ran.json["model"]["confusion"]] == [1, 1, 0]


def test_a_part_without_rows_is_refused(ell: Ell, models: Path) -> None:
    """There is nothing to score."""
    frame = pl.read_csv(models / "points.csv").with_columns(part=pl.lit("train"))
    frame.write_csv("t.csv")
    model = models / "points/model.safetensors"

    ran = ell("evaluate", model, "t.csv", "--split-column", "part")

    assert ran.code == 2
    assert ran.err == "ellnet: error: column 'part' of t.csv calls no row test; nothing to score\n"
