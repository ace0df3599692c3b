"""Ctrl-C: the work so far is kept, in whole files, and nobody sees a traceback."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ellnet.cli import main
from ellnet.errors import EllnetError
from ellnet.models import load
from tests.cli.command_line import Ell, environment, finished, mixed_table, program

BIG = ("--hidden", "400,400", "--batch-size", "64", "--epochs", "1000", "--no-early-stopping")


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a table whose epochs take long enough to be met in their middle."""
    path = tmp_path_factory.mktemp("big") / "big.npz"
    random = np.random.default_rng(0)
    X = random.standard_normal((30_000, 40)).astype(np.float32)
    np.savez(path, X=X, y=(X[:, 0] > 0).astype(np.int64))
    return path


def begun(table: Path, cwd: Path, *words: str) -> subprocess.Popen[str]:
    """Start training, and wait until the first epoch has ended."""
    process = program("train", str(table), "--target", "y", *BIG, *words, "--out", "run", cwd=cwd)
    metrics = cwd / "run" / "metrics.jsonl"
    for _ in range(600):
        if metrics.exists() or process.poll() is not None:
            break
        time.sleep(0.05)
    time.sleep(0.1)
    assert process.poll() is None, finished(process)
    return process


def test_ctrl_c_in_mid_epoch_keeps_the_work_so_far(big: Path, tmp_path: Path) -> None:
    """Exit code 130, one sentence, a model that loads, whole lines of metrics, and the report."""
    process = begun(big, tmp_path)
    process.send_signal(signal.SIGINT)
    ran = finished(process)

    folder = tmp_path / "run"
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    report = json.loads((folder / "report.json").read_text())
    history = load(folder / "model.safetensors").history
    assert ran.code == 130
    assert "Traceback" not in ran.err
    assert ran.err.count("ellnet: ") == 1
    assert "ellnet: interrupted; what was learned so far is saved" in ran.err
    assert report["stopped"] == history.stopped == "interrupted"
    assert [json.loads(line)["epoch"] for line in lines] == list(range(1, len(history.epochs) + 1))
    assert len(history.iterations) > len(history.epochs) * 337
    assert report["scores"]["model"]["accuracy"] > 0.6


def test_ctrl_c_again_and_again_leaves_whole_files(big: Path, tmp_path: Path) -> None:
    """However often and fast it is pressed, a model that is there loads, and nothing is torn."""
    process = begun(big, tmp_path)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    ran = finished(process)

    assert ran.code in {
        130,
        -signal.SIGINT,
    }  # a shell calls both 130: the latter came on the way out
    assert "Traceback" not in ran.err
    assert load(tmp_path / "run" / "model.safetensors").history.stopped == "interrupted"
    assert not list(tmp_path.rglob("*.tmp"))


def press() -> None:
    """Press Ctrl-C in this process."""
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def watched_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """The native engine asks before every step, and not by the clock."""
    monkeypatch.setattr("ellnet.engines.native.WATCH_SECONDS", 0.0)


@pytest.mark.usefixtures("watched_step_by_step")
def test_a_second_ctrl_c_goes_back_to_the_last_epoch(
    ell: Ell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step under way is given up; the parameters of the best epoch so far are saved."""
    monkeypatch.setattr(
        "ellnet.cli.progress.Lines.after_step", _press_in_epoch_three, raising=False
    )

    ran = ell("train", "xor:m=200", "--batch-size", "8", "--out", "run", "--seed", "1")

    history = load("run/model.safetensors").history
    assert ran.code == 130
    assert ran.err.count("ellnet: interrupted") == 1
    assert (len(history.epochs), history.stopped) == (2, "interrupted")
    assert len(Path("run/metrics.jsonl").read_text().splitlines()) == 2


def _press_in_epoch_three(hook: object, taken: int, of: int) -> None:
    del of
    if getattr(hook, "_last", 0) and taken == 0:
        vars(hook)["seen"] = vars(hook).get("seen", 1) + 1
    if vars(hook).get("seen") == 3 and taken == 4:
        press()
        press()


@pytest.mark.usefixtures("watched_step_by_step")
def test_ctrl_c_before_anything_was_learned_leaves_nothing(
    ell: Ell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice in the first epoch: no model, so no run folder either."""

    def press_twice(hook: object, taken: int, of: int) -> None:
        del hook, of
        if taken == 1:
            press()
            press()

    monkeypatch.setattr("ellnet.cli.progress.Lines.after_step", press_twice, raising=False)

    ran = ell("train", "xor:m=200", "--batch-size", "8")

    assert ran.code == 130
    assert ran.err.endswith("ellnet: interrupted\n")
    assert list(Path().iterdir()) == []


def test_ctrl_c_while_scoring_keeps_the_model(ell: Ell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is saved before the baselines are fitted, and the sentence names it."""

    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ellnet.workflow.fit_linear", pressed)

    ran = ell("train", "xor:m=60", "--epochs", "2", "--out", "run")

    assert ran.code == 130
    assert ran.err.endswith("interrupted before the scores; saved run/model.safetensors\n")
    assert len(load("run/model.safetensors").history.epochs) == 2


@pytest.mark.parametrize("command", ["train", "predict", "evaluate"])
def test_ctrl_c_while_reading_is_one_word(
    ell: Ell, models: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Exit code 130, nothing on stdout, nothing in the folder."""

    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ellnet.cli.sources.read_table", pressed)
    monkeypatch.setattr("ellnet.csv_records.CsvRecords.take", pressed)
    first = () if command == "train" else (models / "mixed" / "model.safetensors",)

    ran = ell(command, *first, models / "mixed.csv", *(("--target", "y") if not first else ()))

    assert (ran.code, ran.out, ran.err) == (130, "", "ellnet: interrupted\n")
    assert list(Path().iterdir()) == []


def test_a_program_interrupted_in_predicting_shows_no_traceback(
    models: Path, tmp_path: Path
) -> None:
    """The same in a process of its own, in the middle of the outputs."""
    (tmp_path / "t.csv").write_text(mixed_table())
    model = str(models / "mixed" / "model.safetensors")
    pressed = (
        "import os, signal, sys, time\n"
        "from ellnet.cli import main\n"
        "from ellnet.bulk import BulkPrediction as Job\n"
        "Job._values = lambda *_, **__: (os.kill(os.getpid(), signal.SIGINT), time.sleep(30))\n"
        f"sys.exit(main(['predict', {model!r}, 't.csv', '-o', 'p.csv']))"
    )

    process = subprocess.Popen(
        [sys.executable, "-c", pressed],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    ran = finished(process)

    assert "Traceback" not in ran.err
    assert (ran.code, ran.err) == (130, "ellnet: interrupted\n")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_reader_of_stdout_that_goes_away_before_training_leaves_nothing(tmp_path: Path) -> None:
    """`ellnet train ... | true` ends quietly, and leaves no folder without a model."""
    read, write = os.pipe()
    os.close(read)
    process = program("train", "xor:m=60", "--epochs", "2", cwd=tmp_path, stdout=write)
    os.close(write)
    ran = finished(process)

    assert (ran.code, ran.err) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_the_door_lets_errors_of_the_program_itself_through(
    ell: Ell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no error of ours is a mistake in the program, and is not dressed up as bad input."""

    def wrong(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("ellnet.cli.inspect.model_or_estimator", wrong)

    assert not issubclass(ZeroDivisionError, EllnetError)
    with pytest.raises(ZeroDivisionError):
        main(["inspect", "m"])
    assert ell("--version").code == 0
