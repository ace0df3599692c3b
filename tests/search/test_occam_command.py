"""`ellnet occam` on the command line."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ellnet.errors import ProofError
from ellnet.loading import load
from ellnet.models import Model
from ellnet.search import Ladder
from ellnet.search.ladder_picture import LadderDisplay
from tests.cli.command_line import Ell, finished, mixed_table, points, program, refused
from tests.cli.test_progress import on_a_terminal

QUICK = (
    "--folds",
    "4",
    "--repeats",
    "1",
    "--starts",
    "1",
    "--max-width",
    "8",
    "--max-layers",
    "2",
    "--epochs",
    "40",
)


def gapped(rows: int = 160) -> str:
    """A table of numbers and categories, with gaps in both."""
    lines = mixed_table(rows).splitlines()
    for k in range(5, rows, 11):
        x1, x2, colour, y = lines[k].split(",")
        lines[k] = f"{x1},,{colour},{y}" if k % 2 else f"{x1},{x2},,{y}"
    return "\n".join(lines) + "\n"


def test_a_table_with_categories_and_gaps_from_start_to_model(ell: Ell, tmp_path: Path):
    """Each rung as it is done, the table, the sentence, the picture, and the network on the test rows."""
    (tmp_path / "mixed.csv").write_text(gapped())

    ran = ell("occam", "mixed.csv", "--target", "y", *QUICK)

    assert ran.code == 0, ran.err
    assert "mixed.csv: 128 rows in 4 folds; 32 test rows that no rung sees" in ran.out
    assert "  linear: cost " in ran.err
    assert "use this" in ran.out
    assert "use logistic regression (L = 1, " in ran.out
    assert "on 32 test rows" in ran.out
    folder = tmp_path / "ladders" / "mixed-1"
    assert {path.name for path in folder.iterdir()} == {
        "ladder.json",
        "ladder.png",
        "model.safetensors",
    }
    model = load(folder / "model.safetensors")
    assert isinstance(model, Model)
    assert model.network.L == 1


def test_a_regression_says_linear_regression(ell: Ell, tmp_path: Path):
    """The target is a sum, and nothing is gained on it; the report is JSON with all that was shown."""
    (tmp_path / "sums.csv").write_text(points(rows=120))

    ran = ell("occam", "sums.csv", "--target", "y", *QUICK, "--json")

    report = ran.json
    assert ran.code == 0, ran.err
    assert report["recommended"] == []
    assert report["sentence"].startswith("use linear regression (L = 1, 4 parameters): ")
    assert [rung["hidden"] for rung in report["rungs"]] == [[], [2], [4], [8]]
    assert {"value", "standard_error", "rmse", "difference", "p"} <= set(report["rungs"][0])
    assert report["scores"]["model"]["r2"] > 0.95
    assert report["shrunk"]["steps"] == []


def test_what_is_saved_is_what_shrinking_left(
    ell: Ell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A unit that nobody listens to goes; the report tells so, with the proof."""
    refit = Ladder.refit

    def with_a_dead_unit(self: Ladder, *given: Any) -> Any:
        trained = refit(self, *given)
        trained.model.network.W[2][:, 0] = 0.0
        return trained

    monkeypatch.setattr(Ladder, "refit", with_a_dead_unit)

    ran = ell("occam", "xor:m=120", *QUICK, "--folder", "l", "--json")

    shrunk, units = ran.json["shrunk"], ran.json["recommended"]
    model = load(tmp_path / "l" / "model.safetensors")
    assert isinstance(model, Model)
    assert len(units) == 1
    assert shrunk["before"]["n"] == [2, units[0], 1]
    assert list(model.network.n) == shrunk["after"]["n"] == [2, units[0] - 1, 1]
    assert "dead" in {step["kind"] for step in shrunk["steps"]}
    assert shrunk["proof"]["relative"] <= 1e-12


def test_ctrl_c_in_the_first_rung_says_how_to_go_on(ell: Ell, monkeypatch: pytest.MonkeyPatch):
    """Nothing was learned yet, but the folder is there, with all that was asked for."""

    def pressed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ladder, "climb_on", pressed)
        ran = ell("occam", "xor:m=120", *QUICK, "--folder", "l")
    again = ell("occam", "xor:m=120", *QUICK, "--folder", "l", "--no-refit")

    assert ran.code == 130
    assert ran.err.endswith(
        "ellnet: interrupted before a rung was done; the same command with --folder l goes on\n"
    )
    assert again.code == 0, again.err


def test_a_refit_that_diverges_is_told(ell: Ell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its last good parameters are saved."""
    refit, trouble = (
        Ladder.refit,
        "the cost became inf in epoch 2; a smaller learning_rate usually helps",
    )

    def diverging(self: Ladder, *given: Any) -> Any:
        return replace(refit(self, *given), trouble=trouble)

    monkeypatch.setattr(Ladder, "refit", diverging)

    ran = ell("occam", "xor:m=120", *QUICK, "--folder", "l")

    assert ran.code == 1
    assert f"ellnet: error: {trouble}\n" in ran.err
    assert (tmp_path / "l" / "model.safetensors").exists()


def test_a_network_that_cannot_be_proved_smaller_is_saved_as_it_is(
    ell: Ell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nothing is lost for want of a proof."""

    def unproved(_: Model) -> None:
        raise ProofError("outputs differ")

    monkeypatch.setattr(Model, "shrunk", unproved)
    (tmp_path / "sums.csv").write_text(points(rows=120))

    ran = ell("occam", "sums.csv", "--target", "y", *QUICK)

    assert "not shrunk: outputs differ" in ran.out
    assert (tmp_path / "ladders" / "sums-1" / "model.safetensors").exists()


def test_the_same_command_goes_on_and_another_is_refused(ell: Ell, tmp_path: Path):
    """No rung is trained twice; farther is the same ladder, and another seed is another."""
    words = ("occam", "xor:m=120", *QUICK, "--folder", tmp_path / "l", "--no-refit", "--json")
    first = ell(*words, "--max-width", "4")
    further = ell(*words)
    sentence = refused(ell(*words, "--seed", "1"))
    whole = ell(*words, "--folder", tmp_path / "other")

    assert [rung["hidden"] for rung in first.json["rungs"]] == [[], [2], [4]]
    assert "  2: cost" in first.err
    assert "  2: cost" not in further.err
    assert "  8: cost" in further.err
    assert further.json["rungs"] == whole.json["rungs"]
    assert "holds another ladder: --seed was 0 there, and is 1 now; name a new one" in sentence
    assert "another ladder: the table had" in refused(ell("occam", "xor:m=121", *words[2:]))
    assert not (tmp_path / "l" / "model.safetensors").exists()


def test_a_damaged_folder_is_refused(ell: Ell, tmp_path: Path):
    """And so is one that holds something else."""
    (tmp_path / "l").mkdir()
    (tmp_path / "l" / "notes.txt").write_text("mine")
    assert "holds something else than a ladder" in refused(ell("occam", "xor", "--folder", "l"))

    (tmp_path / "l" / "ladder.json").write_text("{}")
    assert "is damaged" in refused(ell("occam", "xor", "--folder", "l"))


def test_a_metric_is_compared_instead_of_the_cost(ell: Ell):
    """The more the better, and the report says so."""
    ran = ell("occam", "xor:m=120", *QUICK, "--metric", "roc_auc", "--no-refit", "--json")

    assert ran.code == 0, ran.err
    assert ran.json["greater_is_better"]
    values = {tuple(rung["hidden"]): rung["value"] for rung in ran.json["rungs"]}
    assert values[8,] > 0.9 > values[()]
    assert ran.json["best"] != []


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("xor", "--target", "z"), "has no column 'z'"),
        (("xor", "--folds", "1"), "folds must be at least 2, got 1"),
        (("xor", "--epochs", "0"), "epochs must be at least 1, got 0"),
        (("xor", "--test-size", "nan"), "test_size must be a number from 0 to below 1, got nan"),
        (("xor:m=100", "--folds", "50"), "cannot be cut into 50 folds"),
        (("xor:m=12",), "the largest class must have a row for each, got "),
        (("xor:m=3",), "has 2 rows to cut into folds, too few for 10"),
        (("xor", "--metric", "accurcy"), "did you mean 'accuracy'?"),
        (("iris", "--metric", "roc_auc"), "does not go with the task multiclass"),
        (("xor", "--metric", "rmse"), "metric rmse is of regressions, and the task is binary; say"),
        (
            ("diabetes", "--metric", "accuracy"),
            "metric accuracy is of classes, and the task is reg",
        ),
        (("xor", "--activation", "rellu"), "got 'rellu'; did you mean 'relu'?"),
        (("xor", "--activation", "Tanh"), "got 'Tanh'; did you mean 'tanh'?"),
        (("xor", "--groups", "nowhere"), "has no column 'nowhere'"),
        (("xor", "--groups", "target"), "groups must be another column than the target"),
        (("xor", "--time", "x1", "--repeats", "2"), "repeats must be 1 with folds in time"),
        (("xor", "--workers", "0"), "workers must be at least 1, got 0"),
        (("xor", "--seconds", "0"), "seconds must be above 0, got 0.0"),
        (("xor", "--max-wdth", "8"), "did you mean"),
        (("nowhere",), "no built-in set of that name"),
    ],
)
def test_an_error_is_a_sentence(ell: Ell, words, part):
    """What rule, what came, what to do; nothing is left behind."""
    sentence = refused(ell("occam", *words))

    assert part.lower() in sentence.lower()
    assert not Path("ladders").exists()


def two_classes(rows: int, few: int) -> str:
    """Rows of two numbers, a few of them of class b."""
    lines = [f"{k % 7},{k % 5},{'b' if k < few else 'a'}" for k in range(rows)]
    return "\n".join(["x1,x2,y", *lines]) + "\n"


@pytest.mark.parametrize(
    ("text", "words", "part"),
    [
        (two_classes(60, 4), ("--metric", "roc_auc"), ", which holds one class; take fewer folds"),
        (points(rows=12), ("--metric", "r2", "--folds", "9"), ", which holds one row; take fewer"),
    ],
)
def test_a_metric_that_is_no_number_on_a_fold_is_refused(
    ell: Ell, tmp_path: Path, text, words, part
):
    """Before anything is trained; metric and fold are named."""
    (tmp_path / "t.csv").write_text(text)

    sentence = refused(ell("occam", "t.csv", "--target", "y", *words))

    assert f"metric {words[1]} is not a number on fold " in sentence
    assert part in sentence
    assert not (tmp_path / "ladders").exists()


def test_a_class_with_fewer_rows_than_folds_is_told_of(ell: Ell, tmp_path: Path):
    """Once, with its rows; nothing is said where all have enough."""
    (tmp_path / "few.csv").write_text(two_classes(60, 4))
    (tmp_path / "enough.csv").write_text(two_classes(60, 20))
    words = ("--target", "y", *QUICK, "--max-layers", "1", "--no-refit")

    few, enough = ell("occam", "few.csv", *words), ell("occam", "enough.csv", *words)

    assert few.code == enough.code == 0
    assert few.err.count("ellnet: warning: a class with fewer rows than the 4 folds") == 1
    assert "'b' has 3;" in few.err
    assert "warning" not in enough.err


def test_groups_too_few_for_the_folds_are_counted(ell: Ell, tmp_path: Path):
    """In a sentence of ours, for classes and numbers alike."""
    grouped = [
        f"{row},{'pqrs'[k % 4]}" for k, row in enumerate(two_classes(60, 30).splitlines()[1:])
    ]
    (tmp_path / "t.csv").write_text("\n".join(["x1,x2,y,g", *grouped]) + "\n")
    words = ("t.csv", "--groups", "g", "--folds", "5", "--test-size", "0")

    for target in ("y", "x1"):
        sentence = refused(ell("occam", *words, "--target", target))
        assert (
            "cannot be cut into 5 folds: column 'g' must have a group for each, got 4" in sentence
        )


def test_a_picture_that_fails_ends_nothing(
    ell: Ell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It is said, and the network is trained and saved."""

    def failed(*_: Any) -> None:
        raise ValueError("no such axis")

    monkeypatch.setattr(LadderDisplay, "save", failed)

    ran = ell("occam", "xor:m=60", *QUICK, "--max-layers", "1", "--folder", "l")

    assert ran.code == 0, ran.err
    assert "not drawn: no such axis" in ran.out
    assert (tmp_path / "l" / "model.safetensors").exists()


def test_a_linear_model_has_no_second_one_beside_it(ell: Ell):
    """Nor is it said that no layer can go from it; a network has both."""
    words = ("occam", "xor:m=120", *QUICK)
    linear, network = ell(*words, "--max-layers", "1"), ell(*words)

    assert "this network" in linear.out
    assert "linear model" not in linear.out
    assert "nothing can go" not in linear.out
    assert "linear model" in network.out


def test_help_has_its_examples_on_lines_of_their_own(ell: Ell):
    """And no mark of click's."""
    for words in (("occam",), ("search",)):
        lines = ell(*words, "--help").out.splitlines()
        assert not [line for line in lines if "\\b" in line or line.count("ellnet ") > 1]


def test_metrics_are_listed_once(ell: Ell):
    """Those of ours that scikit-learn has too."""
    sentence = refused(ell("occam", "xor", "--metric", "qqqq"))

    names = sentence.partition("there are ")[2].split(", ")
    assert "accuracy" in names
    assert len(names) == len(set(names))


def test_ctrl_c_in_the_refit_saves_no_model_and_the_refit_is_done_later(tmp_path: Path):
    """One start of several would be no fair choice; the rungs are kept, and none is trained again."""
    words = (
        "occam",
        "xor:m=60",
        "--starts",
        "1",
        "--folds",
        "2",
        "--repeats",
        "1",
        "--folder",
        "l",
    )
    limits = ("--max-layers", "2", "--max-width", "2", "--epochs", "5")
    first = finished(program(*words, *limits, "--no-refit", cwd=tmp_path))
    folder = tmp_path / "l"
    code = PRESSED.format(words=[*words, *limits])

    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    left = sorted(path.name for path in folder.iterdir())
    again = finished(program(*words, *limits, cwd=tmp_path))

    assert first.code == 0, first.err
    assert ran.returncode == 130, ran.stderr
    assert (
        "interrupted in the refit, whose model is not saved; the same command with --folder l"
        in (ran.stderr)
    )
    assert "model.safetensors" not in left
    assert again.code == 0, again.err
    assert "linear: cost" not in again.err
    assert (folder / "model.safetensors").exists()


PRESSED = """
import signal
import sys
from ellnet.cli.entry import main
from ellnet.search import ladder
from ellnet.training import Hook

starts = 0
train_table = ladder.train_table

def pressed(*given, hooks):
    global starts
    starts += 1
    assert starts == 1, "another start"
    return train_table(*given, hooks=[Press()])

class Press(Hook):
    done = False
    def after_step(self, taken, of):
        if not self.done:
            self.done = True
            signal.raise_signal(signal.SIGINT)

ladder.train_table = pressed
ladder.Climbed.recommended = property(lambda climbed: climbed.rungs[-1])
sys.exit(main({words!r}))
"""
"""A program that presses Ctrl-C after the first step of the refit of a network with a hidden layer."""


def test_ctrl_c_shows_what_is_known_and_how_to_go_on(tmp_path: Path):
    """The rungs that were done are there, and a recommendation among them."""
    more = ("--starts", "1000", "--epochs", "100000", "--folder", "l")
    process = program("occam", "xor", *more, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while rungs_in(tmp_path / "l") == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    ran = finished(process)

    assert ran.code == 130, ran.err
    assert "use logistic regression" in ran.out
    assert "the same command with --folder l goes on" in ran.err
    assert "Traceback" not in ran.err
    assert rungs_in(tmp_path / "l") == 1


def rungs_in(folder: Path) -> int:
    """How many rungs a folder has; 0 before there is one."""
    path = folder / "ladder.json"
    return len(json.loads(path.read_text())["rungs"]) if path.exists() else 0


def test_on_a_terminal_a_live_line_says_how_far_the_rung_is(tmp_path: Path):
    """No line is wider than the terminal."""
    code, shown = on_a_terminal(
        "occam", "moons:m=100", *QUICK, "--no-refit", cwd=tmp_path, columns=80
    )

    assert code == 0, shown
    assert "of 4 folds" in shown
    assert "use this" in shown
