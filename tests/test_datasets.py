"""Built-in sets."""

import numpy as np
import pytest

from ellnet.datasets import DATASETS, load_dataset
from ellnet.errors import DataError
from ellnet.targets import Target


@pytest.mark.parametrize(
    ("name", "m", "columns", "task"),
    [
        ("digits", 1797, 65, "multiclass"),
        ("iris", 150, 5, "multiclass"),
        ("wine", 178, 14, "multiclass"),
        ("breast_cancer", 569, 31, "binary"),
        ("diabetes", 442, 11, "regression"),
        ("xor", 400, 3, "binary"),
        ("moons", 400, 3, "binary"),
        ("circles", 400, 3, "binary"),
        ("spirals", 600, 3, "binary"),
        ("parity", 256, 9, "binary"),
    ],
)
def test_every_set_loads(name, m, columns, task):
    """Its size, and what its target asks for."""
    table = load_dataset(name)

    assert (table.m, len(table.names)) == (m, columns)
    assert Target.fit(table["target"]).task == task
    assert all(
        np.all(np.isfinite(table[c].values)) for c in table.names if table[c].kind == "number"
    )


def test_the_table_of_names_is_the_one_tested_above():
    """No set goes untested."""
    assert set(DATASETS) == {
        *("digits", "iris", "wine", "breast_cancer", "diabetes"),
        *("xor", "moons", "circles", "spirals", "parity"),
    }


def test_labels_are_words_where_scikit_learn_has_words():
    """Iris, wine and breast cancer."""
    assert sorted(set(load_dataset("iris")["target"].values)) == [
        "setosa",
        "versicolor",
        "virginica",
    ]


def test_generated_sets_follow_their_rules():
    """Without noise every point lies where its class says."""
    xor = load_dataset("xor:noise=0")
    circles = load_dataset("circles:noise=0,m=50")
    spirals = load_dataset("spirals:noise=0,m=300,classes=3,turns=2")
    parity = load_dataset("parity:n=4")

    x1, x2 = xor["x1"].values, xor["x2"].values
    assert ((x1 > 0) != (x2 > 0)).tolist() == xor["target"].values.astype(bool).tolist()
    radius = np.hypot(circles["x1"].values, circles["x2"].values)
    assert radius == pytest.approx(np.where(circles["target"].values == 0, 1.0, 0.5))
    angle = np.arctan2(spirals["x2"].values, spirals["x1"].values) / (2 * np.pi)
    wound = 2 * np.hypot(spirals["x1"].values, spirals["x2"].values) + spirals["target"].values / 3
    assert np.abs((angle - wound + 0.5) % 1 - 0.5) == pytest.approx(np.zeros(300), abs=1e-9)
    bits = np.stack([parity[f"x{j}"].values for j in (1, 2, 3, 4)])
    assert len({tuple(column) for column in bits.T.tolist()}) == 16
    assert (bits.sum(axis=0) % 2).tolist() == parity["target"].values.tolist()


def test_the_seed_and_the_size_are_parameters():
    """The same words give the same points, another seed others."""
    first, again = load_dataset("moons:m=30,seed=1"), load_dataset("moons:m=30,seed=1")
    other = load_dataset("moons:m=30,seed=2")

    assert first.m == 30
    assert first["x1"].values.tolist() == again["x1"].values.tolist()
    assert first["x1"].values.tolist() != other["x1"].values.tolist()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("irish", "no built-in set 'irish'; there are digits"),
        ("iris:m=3", "the set iris takes no parameters"),
        ("moons:size=3", "no parameter 'size'; there are seed, m, noise"),
        ("moons:m=x", "m must be a whole number of at least 0, got 'x'"),
        ("moons:m=2.5", "m must be a whole number"),
        ("moons:m=0", "m must be at least 1"),
        ("moons:noise=-1", "noise must be a number of at least 0"),
        ("moons:m", "m must be a whole number of at least 0, got ''"),
        ("parity:n=17", "n must be from 1 to 16, got 17"),
        ("parity:n=0", "n must be from 1 to 16"),
    ],
)
def test_what_there_is_not_is_refused(name, message):
    """The names there are stand in the message."""
    with pytest.raises(DataError, match=message):
        load_dataset(name)
