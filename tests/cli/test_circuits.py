"""`ellnet circuits`: the table, the picture, the model, and the words."""

import re

from tests.cli.command_line import refused


def test_the_table_shows_the_three_counts(ell):
    """n - 1, 2^(n-1) and n, and that all inputs are right, within 80 columns."""
    ran = ell("circuits", "parity", "--inputs", 5, "--largest", 6, "--no-train")

    assert (ran.code, ran.err) == (0, "")
    assert max(map(len, ran.out.partition("Holds:")[0].splitlines())) <= 80
    rows = [line.split() for line in ran.out.splitlines() if re.match(r" *[2-6]  +\d", line)]
    assert [(row[1], row[5], row[9], row[-1]) for row in rows] == [
        (str(n - 1), str(2 ** (n - 1)), str(n), "all") for n in range(2, 7)
    ]
    assert "Does not hold" in ran.out
    assert "two-level AND/OR, n = 5" in ran.out


def test_training_is_shown_with_its_success_rates(ell):
    """And in JSON with every seed's share."""
    words = ["circuits", "parity", "--inputs", 3, "--largest", 3, "--seeds", 2, "--epochs", 20]
    ran = ell(*words)
    document = ell(*words, "--hold-out", 0.25, "--json").json

    assert ran.out.count(" of 2") >= 6
    assert [len(row["learned"]) for row in document["training"]] == [2] * 6
    assert [len(row["unseen"]) for row in document["training"]] == [2] * 6
    assert document["table"][-1]["and_or"]["units"] == 4
    assert document["table"][-1]["tree"]["wrong"] == 0


def test_a_circuit_is_saved_drawn_and_proved(ell, tmp_path):
    """`prove`, `evaluate` and `inspect` take the file."""
    words = ["circuits", "parity", "--inputs", 4, "--largest", 4, "--no-train"]
    ran = ell(*words, "--draw", "c.svg", "--out", "c.safetensors", "--circuit", "threshold")
    proved = ell("prove", "c.safetensors", "parity:n=4", "--row", 7)
    scored = ell("evaluate", "c.safetensors", "parity:n=4", "--target", "target", "--json")

    assert ran.code == 0
    assert "wrote c.svg" in ran.out
    assert (tmp_path / "c.svg").read_text().startswith("<svg")
    assert (proved.code, scored.code) == (0, 0)
    assert (scored.json["model"]["accuracy"], scored.json["model"]["cost"]) == (1.0, 0.0)
    assert ell("inspect", "c.safetensors").code == 0


def test_what_cannot_be_is_refused(ell):
    """Too many inputs, a picture of another kind: a sentence each, before anything is written."""
    many = ell("circuits", "parity", "--inputs", 17)
    picture = ell("circuits", "parity", "--inputs", 3, "--draw", "c.png")

    assert "inputs must be from 2 to 16" in refused(many)
    assert ".svg" in refused(picture)
