"""`ellnet inspect`: layers, the notes' table of shapes, hyperparameters, columns and history."""

from pathlib import Path

from tests.cli.command_line import Ell, points

NOTES = """\
X = A[0]                      (n[0], m)   (3, m)
W[1], dW[1]                (n[1], n[0])   (5, 3)
b[1], db[1]                   (n[1], 1)   (5, 1)
Z[1], A[1], dZ[1], dA[1]      (n[1], m)   (5, m)
W[2], dW[2]                (n[2], n[1])   (5, 5)
b[2], db[2]                   (n[2], 1)   (5, 1)
Z[2], A[2], dZ[2], dA[2]      (n[2], m)   (5, m)
W[3], dW[3]                (n[3], n[2])   (3, 5)
b[3], db[3]                   (n[3], 1)   (3, 1)
Z[3], A[3], dZ[3], dA[3]      (n[3], m)   (3, m)
W[4], dW[4]                (n[4], n[3])   (1, 3)
b[4], db[4]                   (n[4], 1)   (1, 1)
Z[4], A[4], dZ[4], dA[4]      (n[4], m)   (1, m)
"""


def trained(ell: Ell) -> str:
    """Train the notes' network, and return its model's path."""
    Path("t.csv").write_text(points())
    words = ("--target", "y", "--hidden", "5,5,3", "--epochs", "3", "--out", "run")
    assert ell("train", "t.csv", *words).code == 0
    return "run/model.safetensors"


def test_the_shapes_are_those_of_the_notes(ell: Ell) -> None:
    """Every quantity of N3 for n = (3, 5, 5, 3, 1), for m examples."""
    ran = ell("inspect", trained(ell))

    lines = [line.strip() for line in ran.out.splitlines()]
    first = lines.index(NOTES.splitlines()[0])
    assert lines[first : first + 13] == NOTES.splitlines()


def test_the_number_of_examples_may_be_given(ell: Ell) -> None:
    """`-m 7` puts 7 in the place of m."""
    ran = ell("inspect", trained(ell), "-m", "7")

    assert "(5, 7)" in ran.out
    assert ", m)   (" in ran.out


def test_everything_but_the_weights_is_shown(ell: Ell) -> None:
    """Layers, hyperparameters, columns and how training ended, at 80 columns."""
    ran = ell("inspect", trained(ell))

    words = ("network: 3 → 5 → 5 → 3 → 1", "target: y (regression)", "0 (input)", "learning_rate")
    for word in (*words, "x2", "training: 3 epochs", "validation cost"):
        assert word in ran.out
    tables = [line for line in ran.out.splitlines() if not line.startswith(("training:", "saved"))]
    assert all(len(line) <= 80 for line in tables)


def test_json_holds_the_same(ell: Ell) -> None:
    """One object, with the shapes for one example unless said otherwise."""
    document = ell("inspect", trained(ell), "--json").json

    assert document["n"] == [3, 5, 5, 3, 1]
    assert document["parameters"] == 72
    assert document["shapes"][1] == {
        "layer": 1,
        "quantity": "W[1], dW[1]",
        "shape": [5, 3],
        "rule": "(n[1], n[0])",
    }
    assert document["hyperparameters"]["hidden"] == [5, 5, 3]
    assert len(document["history"]["costs"]) == 3
    assert document["features"] == ["x0", "x1", "x2"]
