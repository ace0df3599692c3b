"""`ellnet predict`: one prediction a row, in order, in the labels' own type."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ellnet.models import load
from tests.cli.command_line import Ell, points, program


def rows_of(text: str) -> list[dict[str, str]]:
    """Read CSV text."""
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def model(models: Path) -> Path:
    """Return a model of two classes, `no` and `yes`."""
    return models / "mixed" / "model.safetensors"


def test_predictions_are_csv_in_the_order_of_the_rows(ell: Ell, models: Path, model: Path) -> None:
    """One row a row; the label is the likelier class; probabilities sum to 1."""
    ran = ell("predict", model, models / "mixed.csv")

    rows = rows_of(ran.out)
    loaded = load(model)
    frame = pl.read_csv(models / "mixed.csv")
    assert ran.err == ""
    assert list(rows[0]) == ["y", "p(no)", "p(yes)"]
    assert [row["y"] for row in rows] == loaded.predict(frame).tolist()
    p = np.array([[float(row["p(no)"]), float(row["p(yes)"])] for row in rows])
    assert np.array_equal(p.astype(np.float32), loaded.predict_proba(frame))
    assert np.allclose(p.sum(axis=1), 1.0, atol=1e-6)


def test_a_regression_predicts_in_the_target_s_own_units(ell: Ell, models: Path) -> None:
    """One column, of the target's name."""
    ran = ell("predict", models / "points/model.safetensors", models / "points.csv")

    frame = pl.read_csv(models / "points.csv")
    expected = load(models / "points/model.safetensors").predict(frame)
    assert [float(row["y"]) for row in rows_of(ran.out)] == expected.tolist()


@pytest.mark.parametrize("name", ["p.csv", "p.parquet", "P.CSV"])
def test_predictions_go_to_a_file(ell: Ell, models: Path, model: Path, name: str) -> None:
    """The file holds what stdout would; how many is said on stderr."""
    shown = ell("predict", model, models / "mixed.csv").out

    ran = ell("predict", model, models / "mixed.csv", "-o", name)

    read = pl.read_parquet if name.endswith("parquet") else pl.read_csv
    assert ran.out == ""
    assert ran.err == f"60 predictions in {name}\n"
    assert read(name).equals(pl.read_csv(io.StringIO(shown)))


def test_json_is_an_object_a_row(ell: Ell, models: Path, model: Path) -> None:
    """Every line stands for itself."""
    ran = ell("predict", model, models / "mixed.csv", "--json")

    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert len(lines) == 60
    assert set(lines[0]) == {"y", "p(no)", "p(yes)"}
    assert lines[0]["y"] in {"yes", "no"}


def test_columns_are_found_by_name(ell: Ell, models: Path, model: Path) -> None:
    """Reordered, without the target and with a column more the predictions are the same."""
    frame = pl.read_csv(models / "mixed.csv")
    frame.select("colour", "x2", "x1").write_csv("reordered.csv")
    frame.with_columns(note=pl.lit("n")).write_csv("extra.csv")

    as_trained = ell("predict", model, models / "mixed.csv")
    reordered = ell("predict", model, "reordered.csv")
    extra = ell("predict", model, "extra.csv")

    assert reordered.out == extra.out == as_trained.out
    assert reordered.err == ""
    assert extra.err == (
        "ellnet: warning: extra.csv has columns that training did not have, which are passed "
        "over: note\n"
    )


def test_an_unseen_category_may_be_ignored(ell: Ell, model: Path) -> None:
    """With a warning that names column and value."""
    Path("t.csv").write_text("x1,x2,colour\n1,2,mauve\n1,2,red\n")

    ran = ell("predict", model, "t.csv", "--unseen", "ignore")

    assert len(rows_of(ran.out)) == 2
    assert ran.err.startswith(
        "ellnet: warning: column 'colour' has values that training never saw in 1 row"
    )
    assert "'mauve'" in ran.err


@pytest.mark.parametrize(
    ("labels", "kind"),
    [((3, 7), int), ((True, False), bool), (("007", "x"), str), (("1.50", "a,b"), str)],
)
def test_labels_come_back_in_their_own_type(
    ell: Ell, labels: tuple[object, ...], kind: type
) -> None:
    """Whole numbers, yes and no, and words as they stood in the table."""
    words = [f'"{label}"' if isinstance(label, str) else str(label) for label in labels]
    Path("t.csv").write_text("x,y\n" + "".join(f"{i},{words[i % 2]}\n" for i in range(30)))
    ell("train", "t.csv", "--target", "y", "--epochs", "1", "--out", "run")

    ran = ell("predict", "run/model.safetensors", "t.csv", "--json")

    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert {line["y"] for line in lines} <= set(labels)
    assert {type(line["y"]) for line in lines} == {kind}
    assert set(lines[0]) == {"y", *(f"p({label})" for label in labels)}


def test_labels_and_names_with_commas_quotes_and_formulas_are_written_as_they_are(ell: Ell) -> None:
    """CSV quotes what it has to and changes nothing, `=` at the beginning included."""
    labels = ['say "a, b"', "=1+2"]
    rows = [[str(i), labels[i % 2]] for i in range(40)]
    with Path("t.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["x", "the, answer"], *rows])
    ell("train", "t.csv", "--target", "the, answer", "--epochs", "1", "--out", "run")

    found = rows_of(ell("predict", "run/model.safetensors", "t.csv").out)

    assert set(found[0]) == {"the, answer", 'p(say "a, b")', "p(=1+2)"}
    assert {row["the, answer"] for row in found} <= set(labels)


def test_categories_that_look_like_numbers_stay_categories(ell: Ell) -> None:
    """A column made categorical in training is read as such again."""
    rows = "".join(f"{i % 4},{i},{i % 2}\n" for i in range(40))
    Path("t.csv").write_text(f"code,x,y\n{rows}")
    words = ("--target", "y", "--categorical", "code", "--epochs", "1", "--out", "run")
    ell("train", "t.csv", *words)
    Path("new.csv").write_text("code,x\n3,1\n")

    ran = ell("predict", "run/model.safetensors", "new.csv")

    assert ran.code == 0
    assert len(rows_of(ran.out)) == 1


def test_a_reader_that_goes_away_ends_the_program_quietly(models: Path, tmp_path: Path) -> None:
    """`ellnet predict ... | head -1` says nothing on stderr."""
    (tmp_path / "many.csv").write_text(points(rows=20_000))
    words = ("predict", str(models / "points/model.safetensors"), "many.csv")

    process = program(*words, cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    first = process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()

    assert first == "y\n"
    assert process.wait(timeout=30) == 0
    assert said == ""
