"""`train --resume`, `branch` and `verify`: runs that go on, that part, and that are retraced."""

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ellnet.cli import main
from ellnet.files.checkpoint_file import read_checkpoint, write_checkpoint
from ellnet.history import History
from ellnet.hooks import Hook
from ellnet.lineage import Lineage
from ellnet.models import load
from ellnet.state import TrainingState
from tests.cli.command_line import Ell, finished, mixed_table, program, refused

WORDS = ("--target", "y", "--hidden", "6,4", "--epochs", "12", "--learning-rate", "0.02")
EVERY = ("--checkpoint-every", "3epochs", "--checkpoint-share", "1")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table and a run on it that has ended."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "t.csv").write_text(mixed_table())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["train", "t.csv", *WORDS, *EVERY, "--out", "run"]) == 0
        assert load("run/model.safetensors").history.best_epoch == 12
    return folder


@pytest.fixture
def here(trained: Path, ell: Ell) -> Ell:
    """The command line in a folder that has the table, and that run."""
    shutil.copytree(trained, Path.cwd(), dirs_exist_ok=True)
    return ell


def parameters(run: str) -> list[bytes]:
    """The parameters of a run's model."""
    return [a.tobytes() for a in load(f"{run}/model.safetensors").network.parameters.arrays()]


def epochs(run: str) -> list[int]:
    """The epochs that metrics.jsonl tells."""
    lines = Path(run, "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["epoch"] for line in lines]


def stop(run: str, kept: int) -> None:
    """Make a run look as a kill leaves it: some checkpoints, more metrics than those, no model."""
    files = sorted(Path(run, "checkpoints").glob("epoch*"))
    for path in (*files[kept:], *(Path(run, n) for n in ("model.safetensors", "report.json"))):
        path.unlink()
    with Path(run, "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 13, "co')
    Path(run, ".ellnet-0.tmp").write_text("torn")
    Path(run, "checkpoints", ".ellnet-1.tmp").write_text("torn")


def test_a_killed_run_goes_on_to_the_same_bits_without_debris(here: Ell) -> None:
    """From wherever the command is given; metrics have every epoch once."""
    shutil.copytree("run", "again")
    stop("again", kept=1)
    before = Path("again").resolve()
    Path("elsewhere").mkdir()

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir("elsewhere")
        ran = here("train", "--resume", before)

    assert ran.code == 0, ran
    assert "goes on after epoch 6" in ran.out
    assert parameters("again") == parameters("run")
    assert epochs("again") == list(range(1, 13))
    assert not list(before.rglob("*.tmp"))
    assert sorted(p.name for p in before.iterdir()) == sorted(p.name for p in Path("run").iterdir())


def test_a_run_without_any_checkpoint_begins_again(here: Ell) -> None:
    """And says so."""
    stop("run", kept=0)

    ran = here("train", "--resume", "run")

    assert ran.code == 0
    assert "goes on from its beginning: there is no checkpoint" in ran.out
    assert epochs("run") == list(range(1, 13))


def test_a_run_that_has_ended_says_so(here: Ell) -> None:
    """In one sentence, with exit code 0, and nothing changes."""
    before = Path("run/model.safetensors").read_bytes()

    ran = here("train", "--resume", "run")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "run has ended, because all epochs were run; ellnet branch goes on from one of its epochs with "
        "other choices\n"
    )
    assert Path("run/model.safetensors").read_bytes() == before


def test_ctrl_c_without_checkpoints_can_be_gone_on_with(ell: Ell, tmp_path: Path) -> None:
    """The interrupt leaves what it takes, and the bits are those of a whole run."""
    X = np.random.default_rng(0).standard_normal((20_000, 30)).astype(np.float32)
    np.savez("big.npz", X=X, y=(X[:, 0] > 0).astype(np.int64))
    words = (
        *("train", "big.npz", "--target", "y", "--hidden", "200,100", "--epochs", "8"),
        *("--no-early-stopping", "--batch-size", "32"),
    )
    process = program(*words, "--out", "run", cwd=tmp_path)
    while process.poll() is None and not Path("run/metrics.jsonl").exists():
        pass
    process.send_signal(signal.SIGINT)
    ran = finished(process)
    assert ran.code == 130, ran
    assert "to go on: ellnet train --resume run" in ran.out

    again = ell("train", "--resume", "run")
    whole = ell(*words, "--out", "whole")

    assert (again.code, whole.code) == (0, 0)
    assert parameters("run") == parameters("whole")
    assert epochs("run") == list(range(1, 9))
    assert load("run/model.safetensors").history.iterations == (
        load("whole/model.safetensors").history.iterations
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("--learning-rate", "0.5"),
            "learning_rate is 0.5 here and 0.02 in the run run, which goes",
        ),
        (("--seed", "9"), "seed is 9 here and 0 in the run run"),
        (("--epochs", "20"), "branch: ellnet branch run --epoch N --epochs"),
        (("--target", "x1"), "target is 'x1' here and 'y' in the run run"),
        (("--ignore", "x1"), "ignore is ('x1',) here and () in the run run"),
        (("--out", "new"), "--resume goes on in run, and --out names a new folder"),
        (("--checkpoint-keep", "1"), "at least 2 checkpoints must be kept"),
    ],
)
def test_what_differs_is_refused_by_name(here: Ell, words: tuple[str, ...], says: str) -> None:
    """With what can be done instead."""
    stop("run", kept=1)

    assert says in refused(here("train", "--resume", "run", *words))


def test_what_is_the_same_may_be_said_again(here: Ell) -> None:
    """Options of the run's own are no difference."""
    stop("run", kept=1)

    assert here("train", "t.csv", "--resume", "run", *WORDS, *EVERY, "--seed", "0").code == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: lines[:-1], "it has 59 rows and had 60"),
        (lambda lines: [lines[0].replace("x2", "z"), *lines[1:]], "it has no column 'x2'"),
        (
            lambda lines: [*lines[:-1], lines[-1].replace("blue", "green")],
            "there are other values in column 'colour'",
        ),
        (
            lambda lines: [f"{line},{int(k > 0)}" for k, line in enumerate(lines)],
            "a new column '0'",
        ),
    ],
)
@pytest.mark.parametrize("command", ["train", "verify"])
def test_another_table_is_refused_by_name(here: Ell, change, says: str, command: str) -> None:
    """Rows, columns or values."""
    stop("run", kept=1)
    lines = Path("t.csv").read_text().splitlines()
    Path("t.csv").write_text("\n".join(change(lines)) + "\n")

    said = refused(here(*(("train", "--resume") if command == "train" else ("verify",)), "run"))

    assert says in said
    assert "is not what the run run saw" in said


def test_a_table_that_has_moved_is_named(here: Ell) -> None:
    """The same data from another place are the same."""
    stop("run", kept=1)
    Path("t.csv").rename("moved.csv")
    told = json.loads(Path("run/run.json").read_text())
    Path("run/run.json").write_text(json.dumps({**told, "path": "/nowhere/t.csv"}))

    assert "there is no file /nowhere/t.csv" in refused(here("train", "--resume", "run"))
    assert here("train", "moved.csv", "--resume", "run").code == 0


@pytest.mark.parametrize(
    "command", [("train", "--resume"), ("verify",), ("branch", "--epoch", "1")]
)
def test_a_folder_of_no_run_is_refused(ell: Ell, command: tuple[str, ...]) -> None:
    """One that is not there, and one without run.json; a damaged run.json too."""
    Path("empty").mkdir()
    Path("bad").mkdir()
    Path("bad/run.json").write_text('{"table": 3}')

    assert "there is no run folder none" in refused(ell(*command, "none"))
    assert "empty is no run that can be gone on with" in refused(ell(*command, "empty"))
    assert "bad/run.json is damaged" in refused(ell(*command, "bad"))


def test_a_branch_begins_with_the_bits_of_its_epoch(here: Ell) -> None:
    """Kept or trained again; a branch that changes nothing comes to the parent's bits."""
    kept = here("branch", "run", "--epoch", "9", "--out", "same")
    again = here("branch", "run", "--epoch", "4", "--out", "again")
    other = here("branch", "run", "--epoch", "4", "--learning-rate", "0.1", "--out", "other")

    assert (kept.code, again.code, other.code) == (0, 0, 0), (kept, again, other)
    assert "no checkpoint of epoch 4 is kept: training run again up to it" in again.out
    assert parameters("same") == parameters("again") == parameters("run")
    assert parameters("other") != parameters("run")
    costs = [load(f"{run}/model.safetensors").history.costs for run in ("run", "other")]
    assert costs[0][:4] == costs[1][:4]
    assert costs[0][4] != costs[1][4]
    assert epochs("other") == list(range(1, 13))
    assert "━ the parent's   ━ this run's" in other.out
    assert load("other/model.safetensors").hyperparameters.learning_rate == 0.1
    assert json.loads(Path("other/run.json").read_text())["parent"]["epoch"] == 4


def test_a_branch_goes_on_and_is_verified_as_any_run(here: Ell) -> None:
    """Its own chain begins with the parent's digest."""
    assert here("branch", "run", "--epoch", "9", "--epochs", "20", "--out", "b").code == 0
    whole = parameters("b")
    stop("b", kept=1)

    again = here("train", "--resume", "b")
    verified = here("verify", "b", "--json")

    assert again.code == 0, again
    assert parameters("b") == whole
    assert verified.code == 0
    assert verified.json["stretches"][0]["begin"] == [9, 0]
    assert verified.json["model"] is True
    parent = read_checkpoint(Path("run/checkpoints/epoch-000009-000000.safetensors"))[2]
    origin = read_checkpoint(Path("b/checkpoints/start.safetensors"))[1]
    assert origin.chosen["parent"] == parent.parameters


def test_a_branch_on_another_table_is_on_purpose(here: Ell) -> None:
    """It goes on with the parent's scales and categories, and says what that means."""
    lines = Path("t.csv").read_text().splitlines()
    Path("more.csv").write_text("\n".join([*lines, "0.5,0.5,green,yes"]) + "\n")

    ran = here("branch", "run", "more.csv", "--epoch", "9", "--out", "b")

    assert ran.code == 0, ran
    assert "the table is not what run saw: it has 61 rows and had 60" in ran.err
    models = [load(f"{run}/model.safetensors") for run in ("run", "b")]
    assert models[0].preprocessing.to_json() == models[1].preprocessing.to_json()
    bits = parameters("b")
    stop("b", kept=0)
    assert here("train", "--resume", "b").code == 0
    assert parameters("b") == bits
    assert here("verify", "b").code == 0
    assert "keeps no checkpoint of epoch 4, and more.csv is not the table" in refused(
        here("branch", "run", "more.csv", "--epoch", "4")
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--epoch", "13"), "run has the epochs 1 to 12, got --epoch 13"),
        (("--epoch", "0"), "run has the epochs 1 to 12, got --epoch 0"),
        (("--epoch", "3", "--hidden", "5"), "hidden stays [6, 4] on a branch of run, got [5]"),
        (("--epoch", "3", "--optimizer", "nadam"), "optimizer stays 'adam' on a branch of run"),
        (("--epoch", "3", "--validation-fraction", "0.4"), "validation_fraction stays"),
    ],
)
def test_what_a_branch_cannot_be_is_refused(here: Ell, words: tuple[str, ...], says: str) -> None:
    """By name."""
    assert says in refused(here("branch", "run", *words))
    assert not Path("runs").exists()


def test_a_branch_with_another_seed_keeps_the_parts(here: Ell) -> None:
    """No row that the parent trained on is scored."""
    assert here("branch", "run", "--epoch", "9", "--seed", "5", "--out", "b").code == 0

    reports = [json.loads(Path(run, "report.json").read_text()) for run in ("run", "b")]
    assert reports[0]["scores"]["prior"] == reports[1]["scores"]["prior"]
    assert parameters("b") != parameters("run")
    assert here("verify", "b").code == 0


def test_verify_confirms_every_stretch(here: Ell) -> None:
    """From the kept ones by default; all, or some, where it is asked for."""
    kept = here("verify", "run")
    whole = here("verify", "run", "--all", "--json").json
    some = here("verify", "run", "--from", "6", "--to", "9", "--json").json

    assert kept.code == 0
    assert "every digest confirmed" in kept.out
    assert kept.out.count("confirmed") == 4
    assert [each["end"] for each in whole["stretches"]] == [[3, 0], [6, 0], [9, 0], [12, 0]]
    assert [each["end"] for each in some["stretches"]] == [[9, 0]]


def test_verify_finds_what_was_not_trained(here: Ell) -> None:
    """Parameters that were put in place of the trained ones, with a chain that fits them."""
    path = Path("run/checkpoints/epoch-000009-000000.safetensors")
    there, origin, _ = read_checkpoint(path)
    there.state.parameters.W[1][0, 0] += 1
    forged = write_checkpoint(path, there, origin)
    ledger = Path("run/checkpoints/digests.jsonl")
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    lines[2] |= forged.to_json()
    ledger.write_text("".join(json.dumps(line) + "\n" for line in lines))

    ran = here("verify", "run", "--all")

    assert ran.code == 1
    assert "run is not confirmed: between epoch 6 and 9" in ran.out
    assert here("verify", "run", "--to", "6").code == 0


def test_ctrl_c_in_the_last_step_of_a_stretch_ends_the_verification(
    here: Ell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No step comes after it that could be interrupted, but another stretch does."""
    stretches = []
    confirm = Lineage.confirm

    class Press(Hook):
        def after_epoch(self, state: TrainingState, history: History) -> bool:
            del history
            if state.epoch == 3:
                signal.raise_signal(signal.SIGINT)
            return False

    def pressed(self: Lineage, start: Any, entries: Any, reached: Any, _: Any) -> Any:
        stretches.append(start)
        return confirm(self, start, entries, reached, [Press()])

    monkeypatch.setattr(Lineage, "confirm", pressed)

    ran = here("verify", "run")

    assert ran.code == 130
    assert stretches == [None]
    assert "Traceback" not in ran.err


def test_verify_compares_the_model_too(here: Ell) -> None:
    """A model file of other parameters than the run's is told."""
    assert here("train", "t.csv", *WORDS, "--seed", "7", "--out", "other").code == 0
    shutil.copy("other/model.safetensors", "run/model.safetensors")

    ran = here("verify", "run")

    assert ran.code == 1
    assert "run/model.safetensors does NOT hold the parameters" in ran.out


def test_verify_needs_digests(here: Ell) -> None:
    """A run without --checkpoint-every has none; places that are not there are refused."""
    assert here("train", "t.csv", *WORDS, "--out", "bare").code == 0

    assert "bare has no digests to confirm" in refused(here("verify", "bare"))
    assert "its last is of epoch 12" in refused(here("verify", "run", "--from", "13"))
