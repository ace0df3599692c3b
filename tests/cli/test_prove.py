"""`ellnet prove`: the derivation of a model on rows of a table."""

import json

import numpy as np
import pytest

from ellnet.models import load


def model(models, name="mixed"):
    """A trained model, and the table that it was trained on."""
    return models / name / "model.safetensors", models / f"{name}.csv"


def test_the_sheet_of_a_row_goes_from_the_table_to_the_step(ell, models):
    """Every block in its order, with the row's own words, within the terminal's 80 columns."""
    ran = ell("prove", *model(models), "--row", 4)

    assert (ran.code, ran.err) == (0, "")
    places = [
        ran.out.find(title)
        for title in (
            "Proof sheet: y of row 4",
            "How the row became a[0]",
            "Forward block of layer 1",
            "Forward block of layer 3",
            "Cost: binary cross entropy",
            "Backward block of layer 3",
            "Backward block of layer 1",
            "Update: adam",
            "New parameters of layer 3",
        )
    ]
    assert -1 not in places
    assert places == sorted(places)
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "colour=" in ran.out


def test_the_answer_is_that_of_predict(ell, models):
    """The label that `predict` gives, beside the truth of the table."""
    path, table = model(models)
    predicted = [
        json.loads(line)["y"] for line in ell("predict", path, table, "--json").out.splitlines()
    ]

    found = ell("prove", path, table, "--rows", "3:9", "--json").json["answer"]

    assert [row["predicted"] for row in found] == predicted[3:9]
    assert [row["row"] for row in found] == [f"row {k}" for k in range(3, 9)]


@pytest.mark.parametrize("ending", ["npz", "csv"])
def test_files_are_written_with_the_numbers_beside(ell, models, tmp_path, ending):
    """Page, document and text; the sheet itself is not printed then."""
    words = ("-o", "a.html", "-o", "a.tex", "-o", "b.txt", "--numbers", ending)

    ran = ell("prove", *model(models), *words)

    assert ran.code == 0
    names = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert names == {"a.html", "a.tex", "b.txt", f"a.{ending}", f"b.{ending}"}
    assert f"in a.{ending}" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Forward block" not in ran.out
    assert "wrote a.html" in ran.out


def test_a_certificate_is_stored_and_inspect_says_whose_it_is(ell, models, tmp_path):
    """Of these parameters; of others, once one has changed; the rest of the file stays as it was."""
    path, table = model(models)
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(path.read_bytes())
    before = load(copy)

    ran = ell("prove", copy, table, "--rows", ":", "--certify", "--store")

    after = load(copy)
    assert (ran.code, ran.err) == (0, "")
    assert "every one of the 52 parameters agree" in ran.out
    assert after.certificate is not None
    assert after.certificate.passed
    assert all(
        np.array_equal(one, other)
        for one, other in zip(
            before.network.parameters.arrays(), after.network.parameters.arrays(), strict=True
        )
    )
    assert after.history == before.history
    assert "certificate: of these parameters" in ell("inspect", copy).out
    assert ell("inspect", copy, "--json").json["certificate"]["belongs"] is True
    after.network.W[1][0, 0] += 1
    after.save(copy)
    assert "certificate: of OTHER parameters" in ell("inspect", copy).out
    assert ell("inspect", copy, "--json").json["certificate"]["belongs"] is False


def test_without_a_certificate_inspect_says_how_to_make_one(ell, models):
    """And JSON has null."""
    path, _ = model(models)

    assert "ellnet prove MODEL TABLE --certify --store" in ell("inspect", path).out
    assert ell("inspect", path, "--json").json["certificate"] is None


def test_entries_unfold(ell, models):
    """Instead of the whole sheet."""
    ran = ell("prove", *model(models), "--entry", "z[2]_3", "--entry", "dW[1]_2,1")

    assert "z[2]_3 = Σ_k W[2]_3,k a[1]_k + b[2]_3" in ran.out
    assert "dW[1]_2,1 = dz[1]_2 a[0]_1" in ran.out
    assert "Forward block" not in ran.out


def test_numbers_of_a_regression_are_told_in_its_own_units(ell, models):
    """What is, what is predicted and what is between; the truth as the table has it."""
    path, table = model(models, "points")
    first = table.read_text().splitlines()[1].rsplit(",", maxsplit=1)[1]

    answer = ell("prove", path, table, "--json").json["answer"]

    assert float(answer[0]["y is"].replace("\N{MINUS SIGN}", "-")) == pytest.approx(float(first))
    assert {"predicted", "off by", "loss"} <= set(answer[0])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--row", "4000"), "rows of"),
        (("--rows", "9:3"), "must name at least one row"),
        (("--rows", "a:b"), "must be FROM:TO"),
        (("--row", "1", "--rows", "1:3"), "say the same"),
        (("--store",), "which --certify makes"),
        (("-o", "a.pdf"), "must end in .html, .tex, .txt"),
        (("--entry", "q"), "is asked for as z[2]_3"),
        (("--target", "nope"), "has no column 'nope'"),
        (("--row", "-1"), "--row"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(ell, models, tmp_path, words, said):
    """Exit code 2, nothing written, nothing on stdout."""
    ran = ell("prove", *model(models), *words)

    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""
    assert list(tmp_path.glob("*.*")) == []
