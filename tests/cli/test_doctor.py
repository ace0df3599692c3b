"""`ellnet doctor`: a run folder in, an illness with its figures and one change out."""

import pytest

from tests.cli.command_line import mixed_table, refused


@pytest.fixture
def fast(ell):
    """A run whose rate is too high, on a built-in set."""
    assert ell("train", "moons", "--learning-rate", 0.5, "--out", "fast").code == 0
    return ell


def test_an_illness_is_named_with_its_figures_and_one_change(fast):
    """In words and in JSON."""
    ran = fast("doctor", "fast")
    document = fast("doctor", "fast", "--json").json

    assert (ran.code, ran.err) == (0, "")
    assert "rate too high: from the same start 20 epochs at rate 0.5 came to" in ran.out
    assert ran.out.count("prescribed: ") == 1
    (finding,) = document["findings"]
    assert finding["hyperparameters"]["learning_rate"] < 0.5
    assert (document["looked_at_rows"], document["trial"]) == (True, None)


def test_trying_shows_both_curves_and_the_paired_difference(fast):
    """For as many seeds as are asked for."""
    ran = fast("doctor", "fast", "--try", "--seeds", 2)
    trial = fast("doctor", "fast", "--try", "--seeds", 2, "--json").json["trial"]

    assert "as it was" in ran.out
    assert "with the change" in ran.out
    assert "paired difference: -" in ran.out
    assert "lower with it for 2 of 2 seeds" in ran.out
    assert [pair["seed"] for pair in trial["pairs"]] == [0, 1]
    assert trial["better"] == 2


def test_a_healthy_run_hears_nothing(ell):
    """Also one whose options came from a file, with columns left out and a split of its own."""
    with open("healthy.csv", "w") as file:  # noqa: PTH123 - beside the run, in an empty folder
        file.write(mixed_table(200))
    with open("options.toml", "w") as file:  # noqa: PTH123 - likewise
        file.write('target = "y"\ntest-size = 0.3\nignore = ["x2"]\nseed = 3\n')
    trained = ell("train", "healthy.csv", "--config", "options.toml", "--out", "healthy")
    ran = ell("doctor", "healthy", "--json")

    assert trained.code == 0
    assert ran.json == {
        "run": "healthy",
        "looked_at_rows": True,
        "lacking": "",
        "findings": [],
        "trial": None,
    }


def test_a_table_that_is_gone_or_another_is_told(ell, tmp_path):
    """And what can be seen without it is looked at all the same."""
    table = tmp_path / "t.csv"
    table.write_text(mixed_table())
    assert ell("train", table, "--target", "y", "--epochs", 3, "--out", "run").code == 0
    table.rename(tmp_path / "moved.csv")

    gone, moved = ell("doctor", "run"), ell("doctor", "run", "--table", tmp_path / "moved.csv")
    table.write_text(mixed_table(40))
    changed = ell("doctor", "run")
    (tmp_path / "run" / "command.txt").unlink()
    nameless = ell("doctor", "run")

    assert "not looked at: its rows, since its table cannot be read" in gone.out
    assert "training rows" in moved.out
    assert "is not what it was" in changed.out
    assert "does not say which table" in nameless.out


def test_what_is_no_run_is_refused(ell, tmp_path):
    """A folder that is not there, and one without a model; a cure without rows."""
    (tmp_path / "empty").mkdir()

    assert "there is no run folder nowhere" in refused(ell("doctor", "nowhere"))
    assert "model.safetensors" in refused(ell("doctor", "empty"))


def test_trying_needs_the_rows(ell, tmp_path):
    """Refused with the reason, where there is something to try."""
    table = tmp_path / "t.csv"
    rows = [f"{i},{i % 7},{'ab'[i % 2]}" for i in range(60)]
    table.write_text("\n".join(["x,z,y", *rows]) + "\n")
    words = ["--target", "y", "--optimizer", "gradient_descent", "--learning-rate", 1e6]
    assert ell("train", table, *words, "--out", "run").code == 1
    table.unlink()

    assert "--try needs the table of training" in refused(ell("doctor", "run", "--try"))


def test_training_says_in_a_line_what_is_serious(ell):
    """Equal units are seen in the parameters; a healthy run has no such line."""
    words = ["--hidden", 4, "--epochs", 3, "--initialization", "zeros", "--optimizer", "adam"]
    sick = ell("train", "moons", *words, "--activation", "sigmoid", "--out", "sick")
    well = ell("train", "moons", "--hidden", 4, "--epochs", 3, "--out", "well")

    assert "symmetric units: 4 of the 4" in sick.out
    assert "ellnet doctor" not in well.out
