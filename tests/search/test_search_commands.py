"""`ellnet search`, `search show`, `search resume` and `lr-find` on the command line."""

import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from ellnet.loading import load
from ellnet.models import Model
from ellnet.search import running
from ellnet.search.study import Study
from ellnet.training import Hook
from ellnet.workflow import train_table
from tests.cli.command_line import Ell, finished, mixed_table, points, program, refused
from tests.cli.test_progress import on_a_terminal
from tests.search.searching import study_words

SMALL = ("--hidden", "4|8", "--learning-rate", "1e-3:1e-1:log", "--trials", "9")


def test_a_search_from_start_to_model(ell: Ell, tmp_path: Path):
    """Progress, curves, the best with its uncertainty, pictures, and the winner as a model."""
    (tmp_path / "mixed.csv").write_text(mixed_table(200))

    ran = ell(
        "search",
        "mixed.csv",
        "--target",
        "y",
        *SMALL,
        "--epochs",
        "10",
        "--refit",
        "--metric",
        "accuracy",
    )

    assert ran.code == 0, ran.err
    assert "study folder: studies/mixed-1" in ran.out
    assert "9/9 trials" in ran.err
    assert "9 trials: 9 complete" in ran.out
    assert "best: trial" in ran.out
    assert " ± " in ran.out
    assert "importance" in ran.out
    names = {path.name for path in (tmp_path / "studies" / "mixed-1").iterdir()}
    assert {"curves.png", "parallel.png", "curves.elc", "trials.journal", "study.json"} <= names
    model = load(tmp_path / "studies" / "mixed-1" / "model.safetensors")
    assert isinstance(model, Model)
    assert model.network.n[1] in {4, 8}


def test_the_report_tells_the_refit_too(ell: Ell, tmp_path: Path):
    """Where the model is, and its scores on the rows that no trial saw."""
    ran = ell(*study_words(tmp_path / "s", *SMALL), "--refit", "--json")
    shown = ell("search", "show", tmp_path / "s", "--json")

    refit = ran.json["refit"]
    assert refit["model"] == str(tmp_path / "s" / "model.safetensors")
    assert refit["scored_on"] == "test"
    assert 0.5 < refit["scores"]["model"]["accuracy"] <= 1
    assert refit["trouble"] == ""
    assert shown.json["best"] == ran.json["best"]
    assert "refit" not in shown.json


def test_a_file_of_a_database_stays_where_it_is(
    ell: Ell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A study may be gone on with from any folder."""
    begun = ell(*study_words(Path("s"), *SMALL), "--storage", "sqlite:///t.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    ran = ell("search", "resume", "../s", "--trials", "11")

    assert begun.code == ran.code == 0, ran.err
    assert list(Path().iterdir()) == []
    names = optuna.get_all_study_names(f"sqlite:///{tmp_path / 't.db'}")
    study = optuna.load_study(study_name=names[0], storage=f"sqlite:///{tmp_path / 't.db'}")
    assert len(study.trials) == 11


def test_a_grid_says_how_much_of_it_was_tried(ell: Ell, tmp_path: Path):
    """All of it where nothing is said, else so many of how many."""
    words = ("--hidden", "4|8", "--activation", "relu,tanh", "--sampler", "grid")

    part = ell(*study_words(tmp_path / "part", *words, "--trials", "3"))
    whole = ell(*study_words(tmp_path / "whole", *words))

    assert "3 of the grid's 4 combinations" in part.out
    assert "every combination was tried: there are 4" in whole.out


def test_two_that_do_not_go_together_are_refused(ell: Ell, tmp_path: Path):
    """Before a folder is made; lbfgs alone has a space of its own."""
    words = study_words(tmp_path / "s", "--optimizer", "lbfgs,adam", "--dropout", "0:0.5")
    refusal = refused(ell(*words))
    ran = ell(*study_words(tmp_path / "own", "--optimizer", "lbfgs", "--trials", "2"))

    assert "optimizer lbfgs needs the same smooth cost" in refusal
    assert not (tmp_path / "s").exists()
    assert "2 trials: 2 complete" in ran.out


def test_optuna_reads_the_journal(ell: Ell, tmp_path: Path):
    """What the dashboard needs: numbers, values, choices and curves, in Optuna's own storage."""
    ran = ell(*study_words(tmp_path / "s", *SMALL))
    ours = Study(tmp_path / "s").results("minimize")

    storage = JournalStorage(JournalFileBackend(str(tmp_path / "s" / "trials.journal")))
    study = optuna.load_study(study_name="s", storage=storage)
    assert ran.code == 0
    assert [t.number for t in study.trials] == list(range(9))
    assert [t.value for t in study.trials] == [ours[k].value for k in range(9)]
    assert study.best_trial.params.keys() == {"hidden", "learning_rate"}
    assert list(study.trials[0].intermediate_values.values()) == ours[0].curves[0].validation


def test_sqlite_holds_the_trials_too(ell: Ell, tmp_path: Path):
    """In place of the journal file."""
    url = f"sqlite:///{tmp_path}/trials.db"
    ran = ell(*study_words(tmp_path / "s", *SMALL, "--storage", url))
    study = optuna.load_study(study_name="s", storage=url)

    assert ran.code == 0, ran.err
    assert len(study.trials) == 9
    assert not (tmp_path / "s" / "trials.journal").exists()


def test_show_and_resume(ell: Ell, tmp_path: Path):
    """Show tells the same as the search; resume runs what is left, and no trial twice."""
    first = ell(*study_words(tmp_path / "s", *SMALL, "--json"))
    before = (tmp_path / "s" / "curves.elc").read_bytes()
    shown = ell("search", "show", tmp_path / "s", "--json")
    more = ell("search", "resume", tmp_path / "s", "--trials", "11", "--json")
    again = ell("search", "resume", tmp_path / "s", "--json")

    assert shown.json == first.json
    assert [trial["number"] for trial in more.json["trials"]] == list(range(11))
    assert more.json["trials"][:9] == first.json["trials"]
    assert again.json == more.json
    assert (tmp_path / "s" / "curves.elc").read_bytes().startswith(before)
    assert first.json["best"]["number"] in first.json["as_good"]
    assert "'--top'" in refused(ell("search", "show", tmp_path / "s", "--top", "0"))


def test_the_same_command_goes_on_and_another_is_refused(ell: Ell, tmp_path: Path):
    """The folder knows what it is the search of; another table is another search."""
    words = study_words(tmp_path / "s", *SMALL)
    assert ell(*words).code == 0

    assert ell(*words).code == 0
    for more, said in DIFFERENT:
        sentence = refused(ell(*words, *more))
        assert f"another search: {said}; name a new folder with --study" in sentence
    sentence = refused(ell("search", "moons:m=201", *words[2:]))
    assert "the table had other values there (moons:m=200) than now (moons:m=201)" in sentence


DIFFERENT = (
    (("--sampler", "tpe"), "--sampler was random there, and is tpe now"),
    (("--hidden", "4|8,2|none"), "--hidden was 4|8 there, and is 4|8,2|none now"),
    (("--hidden", "4"), "--hidden was 4|8 there, and is 4 now"),
    (
        ("--learning-rate", "0.002:0.1"),
        "--learning-rate was 0.001:0.1:log there, and is 0.002:0.1 now",
    ),
    (("--activation", "relu,tanh"), "--activation was not given there, and is relu,tanh now"),
    (("--l2", "0.12345678"), "--l2 was not given there, and is 0.12345678 now"),
    (("--test-size", "0.3"), "--test-size was 0.2 there, and is 0.3 now"),
    (("--ignore", "x1"), "--ignore was none there, and is x1 now"),
    (("--groups", "x1"), "--groups was not given there, and is x1 now"),
    (("--seed", "1"), "--seed was 0 there, and is 1 now"),
)


def test_without_alternatives_a_space_by_task_and_size_is_searched(ell: Ell):
    """And what is said stays."""
    ran = ell("search", "diabetes", "--epochs", "2", "--trials", "2", "--l2", "0.5", "--json")

    assert set(ran.json["best"]["chosen"]) == {"hidden", "activation", "learning_rate", "dropout"}


def test_folds_and_pruners_are_options(ell: Ell, tmp_path: Path):
    """The pruned are counted, and have no place among the best."""
    more = ("--sampler", "tpe", "--pruner", "asha", "--folds", "3")
    ran = ell(*study_words(tmp_path / "s", *SMALL, *more, "--trials", "24", "--json"))

    states = {trial["state"] for trial in ran.json["trials"]}
    assert states == {"complete", "pruned"}
    assert ran.json["best"]["state"] == "complete"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--activation", "relu,tnah"), "did you mean 'tanh'?"),
        (("--learning-rate", "1e-1:1e-4"), "learning_rate: a range must go from a lower number"),
        (("--metric", "roc_aoc"), "did you mean 'roc_auc'?"),
        (("--activation", "Relu,tanh"), "did you mean 'relu'?"),
        (("--sampler", "tpee"), "sampler must be one of random, grid, tpe, got 'tpee'; did you m"),
        (("--sampler", "RANDO"), "got 'RANDO'; did you mean 'random'?"),
        (("--sampler", "qqq"), "sampler must be one of random, grid, tpe, got 'qqq'"),
        (("--pruner", "ash"), "asha, hyperband, got 'ash'; did you mean 'asha'?"),
        (("--learning-rte", "0.1"), "did you mean '--learning-rate'?"),
        (("--output-activation", "softmax"), "use sigmoid or identity"),
        (("--folds", "1"), "folds must be 0 (hold-out) or at least 2, got 1"),
        (("--trials", "0"), "trials must be at least 1, got 0"),
        (("--epochs", "0"), "epochs must be at least 1 in a search, got 0"),
        (("--test-size", "nan"), "test_size must be a number from 0 to below 1, got nan"),
        (("--validation-fraction", "0"), "and validation_fraction is 0; give it a part"),
        (("--split-column", "x1"), "must say train, validation or test in every row, got 0.0574"),
        (("--groups", "nowhere"), "has no column 'nowhere'"),
        (("--groups", "target"), "groups must be another column than the target, got 'target'"),
        (("--time", "target", "--folds", "3"), "time must be another column than the target"),
        (
            ("--metric", "rmse"),
            "metric rmse is of regressions, and the task is binary; say accuracy",
        ),
        (("--hidden", "64||32"), "or none for no hidden layer, got nothing in one"),
        (("--storage", "sqlte:///x"), "cannot be opened"),
    ],
)
def test_an_error_is_a_sentence(ell: Ell, words, part):
    """It names the option and the nearest right one; nothing is left behind."""
    sentence = refused(ell(*study_words(Path("s"), *words)))

    assert part.lower() in sentence.lower()
    assert not Path("s").exists() or "--storage" in words


@pytest.mark.parametrize(
    ("values", "words", "parts"),
    [
        ("a", (), ("holding out 0.2 of 60 rows", "got 1 different value; name another column")),
        (
            "ab",
            (),
            ("got 1 different value; name another column with --groups", "--test-size 0"),
        ),
        ("aaaaaaaaab", ("--test-size", "0.95"), ("got 2 different values", "with --test-size")),
    ],
)
def test_groups_too_few_to_hold_any_out_are_counted(ell: Ell, values, words, parts):
    """What came, and the option that helps; another column always does."""
    table = points(rows=60).splitlines()
    groups = ["group", *(values[k % len(values)] for k in range(60))]
    lines = [f"{line},{group}" for line, group in zip(table, groups, strict=True)]
    Path("t.csv").write_text("\n".join(lines))

    given = ("--target", "y", "--groups", "group", "--study", "s", *words)
    sentence = refused(ell("search", "t.csv", *given))

    assert "rows of one value of column 'group' stay together" in sentence
    assert all(part in sentence for part in parts), sentence
    assert not Path("s").exists()


@pytest.mark.parametrize("command", ["search", "occam", "lr-find", "train"])
def test_a_file_that_is_not_there_comes_before_its_target(ell: Ell, command: str):
    """Only of a table that is there a column can be asked for."""
    Path("houses.csv").write_text(points(rows=20))

    missing = "there is no file house.csv; did you mean houses.csv?"
    assert refused(ell(command, "house.csv")) == missing
    assert "must be a .csv" in refused(ell(command, "houses.xls"))
    assert refused(ell(command, "houses.csv")).startswith("say which column to predict")


def test_the_names_that_there_are_are_listed_once(ell: Ell):
    """Where none is near what was typed."""
    sentence = refused(ell(*study_words(Path("s"), "--cost", "mse")))

    assert sentence.count("squared_error") == 1


@pytest.mark.parametrize("command", ["search", "occam", "lr-find"])
def test_a_table_of_one_row_is_a_sentence(ell: Ell, tmp_path: Path, command: str):
    """It is the rows that lack, and not classes."""
    (tmp_path / "t.csv").write_text("a,y\n1,2\n")

    sentence = refused(ell(command, "t.csv", "--target", "y"))

    assert sentence == "target 'y' has 1 row; training needs at least 2"


def test_show_of_nothing_is_a_sentence(ell: Ell):
    """And so is resuming it."""
    for verb in ("show", "resume"):
        assert "there is no study in nowhere" in refused(ell("search", verb, "nowhere"))


def test_a_folder_is_searched_in_by_one_process(ell: Ell):
    """The second is told so; what the first does is not disturbed."""
    words = study_words(Path("s"), *SMALL)
    assert ell(*words).code == 0
    with Study(Path("s")).ledger("minimize"):
        sentence = refused(ell(*words))

    assert "another process is searching in s" in sentence


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path: Path):
    """The trials that had ended are there, and the rest follows."""
    words = study_words(Path("s"), *SMALL, "--trials", "5000", "--epochs", "30")
    process = program(*words, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "s" / "curves.elc").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    ran = finished(process)
    done = len(Study(tmp_path / "s").results("minimize"))

    assert ran.code == 130, ran.err
    assert "go on with: ellnet search resume s" in ran.err
    assert "Traceback" not in ran.err
    assert 0 < done < 5000


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_in_the_refit_saves_no_model_and_says_how_to_go_on(
    ell: Ell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, presses: int
):
    """What was learned by then is not the winner; resuming trains that alone."""
    words = (*study_words(tmp_path / "s", *SMALL), "--refit")

    class Press(Hook):
        def after_step(self, taken: int, of: int) -> None:
            del of
            if taken == 1:
                for _ in range(presses):
                    signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("ellnet.engines.native.WATCH_SECONDS", 0.0)
        patch.setattr(
            running, "train_table", lambda *given, **_: train_table(*given, hooks=[Press()])
        )
        ran = ell(*words)
    left = (tmp_path / "s" / "model.safetensors").exists()
    again = ell("search", "resume", tmp_path / "s", "--refit")

    assert ran.code == 130, ran.err
    assert ran.err.endswith(
        "ellnet: interrupted in the refit, whose model is not saved; go on with: ellnet search resume "
        f"{tmp_path / 's'} --refit\n"
    )
    assert not left
    assert again.code == 0, again.err
    assert load(tmp_path / "s" / "model.safetensors").history.stopped != "interrupted"


def test_a_refit_that_diverges_is_told_and_keeps_its_last_good_parameters(
    ell: Ell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The winner on the rows of all folds is a training of its own."""
    trouble = "the cost became inf in epoch 2; a smaller learning_rate usually helps"

    def diverging(*given: Any, **options: Any) -> Any:
        return replace(train_table(*given, **options), trouble=trouble)

    monkeypatch.setattr(running, "train_table", diverging)

    ran = ell(*study_words(tmp_path / "s", *SMALL), "--refit")

    assert ran.code == 1
    assert ran.err.endswith(f"ellnet: error: {trouble}\n")
    assert f"saved in {tmp_path / 's' / 'model.safetensors'}" in ran.out
    assert load(tmp_path / "s" / "model.safetensors").history.epochs


def test_curves_are_live_on_a_terminal(tmp_path: Path):
    """They are drawn while trials run, and taken away when the table comes."""
    words = study_words(Path("s"), *SMALL, "--epochs", "30")
    code, shown = on_a_terminal(*words, cwd=tmp_path, columns=80)

    assert code == 0, shown
    assert "trials in" in shown
    assert "best: trial" in shown


def test_a_rate_is_found_and_drawn(ell: Ell, tmp_path: Path):
    """The suggestion is a rate at which training goes on to learn."""
    ran = ell("lr-find", "digits", "--picture", "rate.png", "--json")
    rate = ran.json["suggestion"]
    table = ell("train", "digits", "--learning-rate", rate, "--epochs", "10", "--json")

    assert ran.code == 0
    assert 1e-4 < rate < 0.1
    assert table.json["scores"]["model"]["accuracy"] > 0.9
    assert (tmp_path / "rate.png").stat().st_size > 5000
    rates, smoothed = np.array(ran.json["rates"]), np.array(ran.json["smoothed"])
    assert rate == pytest.approx(rates[np.argmin(smoothed)] / 10)
    assert np.allclose(rates[1:] / rates[:-1], rates[1] / rates[0])


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--low", "1", "--high", "0.1"), "the rates must have 0 < low < high, got 1 and 0.1"),
        (("--steps", "3"), "steps must be at least 10, got 3"),
        (("--learning-rate", "0.1"), "it tries all from --low to --high; leave it away"),
        (("--optimizer", "lbfgs"), "optimizer lbfgs has no learning rate to find"),
        (("--picture", "nowhere/x.png"), "nowhere/x.png cannot be written"),
    ],
)
def test_a_range_test_that_cannot_be_is_a_sentence(ell: Ell, words, part):
    """What rule, what came, what to do."""
    assert part in refused(ell("lr-find", "xor", *words))
