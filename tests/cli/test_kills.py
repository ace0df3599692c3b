"""kill -9 in the middle of training, again and again: the run goes on, and comes to the same bits."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from ellnet.cli import main
from ellnet.history import Epoch
from ellnet.models import Model, load
from ellnet.network import Network
from tests.cli.command_line import Ell, finished, program
from tests.counts import count

KILLS = count(10, 500)
LONGEST = 0.4
"""Seconds of training, at most, between two kills."""
EVERY = 2
"""Epochs between two checkpoints."""
RUN = (
    *("--target", "y", "--hidden", "96,48", "--batch-size", "128", "--dropout", "0.2"),
    *("--epochs", "160", "--schedule", "adaptive", "--n-iter-no-change", "30"),
    *("--learning-rate", "0.002"),
)
"""Steps so large that two threads share them, early stopping, cuts of the rate, and dropout."""
CHECKPOINTS = ("--checkpoint-every", f"{EVERY}epochs", "--checkpoint-share", "1")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a table of two classes that are hard to tell apart."""
    path = tmp_path_factory.mktemp("table") / "t.npz"
    draws = np.random.default_rng(0)
    X = draws.standard_normal((5000, 20)).astype(np.float32)
    y = X[:, 0] * X[:, 1] + draws.standard_normal(5000) > 0
    np.savez(path, X=X, y=y.astype(np.int64))
    return path


@dataclass
class Tally:
    """What the kills met."""

    kills: int = 0
    in_writing: int = 0
    runs: int = 0
    begun_again: int = 0
    epochs: int = 0
    most_repeated: int = 0
    threads: set[str] = field(default_factory=set)


def epochs_told(run: Path) -> int:
    """Count the whole lines of metrics.jsonl."""
    try:
        return (run / "metrics.jsonl").read_bytes().count(b"\n")
    except OSError:
        return 0


def begun(process: "subprocess.Popen[str]", tally: Tally, told: int, *, fresh: bool) -> None:
    """Wait until training begins, and note how many epochs it takes again."""
    assert process.stdout is not None
    for line in process.stdout:
        found = re.match(r"goes on (after epoch (\d+)|from its beginning)", line)
        if found:
            tally.begun_again += found[2] is None
            tally.most_repeated = max(tally.most_repeated, told - int(found[2] or 0))
            return
        if line.startswith("run folder:") and fresh:
            return


def wait_for_a_write(process: "subprocess.Popen[str]", folder: Path) -> None:
    """Wait until a checkpoint is being written, or the process has ended."""
    while process.poll() is None:
        with suppress(OSError):
            if any(name.endswith(".tmp") for name in os.listdir(folder)):  # noqa: PTH208 - quicker
                return


def killed_in(
    process: "subprocess.Popen[str]", seconds: float, run: Path, *, aimed: bool
) -> bool | None:
    """Kill a process after so long, or in the next write after that.

    Returns:
        Whether the kill met it writing a file; None where it had ended.
    """
    try:
        ran = finished(process, seconds)
    except subprocess.TimeoutExpired:
        if aimed:
            wait_for_a_write(process, run / "checkpoints")
        process.send_signal(signal.SIGKILL)
        finished(process)
        if process.returncode == -signal.SIGKILL:
            return any(run.rglob(".ellnet-*.tmp"))
        return None
    assert ran.code == 0, ran
    return None


def pieces(
    table: Path, run: Path, delays: np.random.Generator
) -> Iterator[tuple[list[str], float]]:
    """Yield the words of each piece of a run, and the seconds that it is given."""
    yield ["train", str(table), *RUN, *CHECKPOINTS, "--out", str(run)], delays.uniform(0, LONGEST)
    while True:
        yield ["train", "--resume", str(run)], delays.uniform(0, LONGEST)


def run_through_kills(table: Path, run: Path, tally: Tally, delays: np.random.Generator) -> None:
    """Train one run to its end, killed as often as it takes, with another number of threads each time."""
    told = 0
    for number, (words, seconds) in enumerate(pieces(table, run, delays)):
        threads = str(1 + number % 2)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ELLNET_NUM_THREADS", threads)
            process = program(*words, cwd=run.parent, stderr=subprocess.STDOUT)
        begun(process, tally, told, fresh=number == 0)
        given = seconds if tally.kills < KILLS else 60
        met = killed_in(process, given, run, aimed=number % 4 > 1)
        tally.threads.add(threads)
        if met is None:
            tally.runs += 1
            return
        told = epochs_told(run)
        tally.epochs += told
        tally.kills, tally.in_writing = tally.kills + 1, tally.in_writing + met


def without_times(model: Model) -> list[Epoch]:
    """Return the epochs of a model's history, all but how long they took."""
    return [
        Epoch(each.cost, each.validation_cost, each.validation_metric)
        for each in model.history.epochs
    ]


def check_same(run: Path, reference: Path) -> None:
    """Compare a run that was killed with one that was not: model, history, metrics, and no debris."""
    found, wanted = load(run / "model.safetensors"), load(reference / "model.safetensors")
    for net, other in ((found.network, wanted.network), *_baselines(found, wanted)):
        for array, same in zip(net.parameters.arrays(), other.parameters.arrays(), strict=True):
            assert array.tobytes() == same.tobytes()
    assert found.history.iterations == wanted.history.iterations
    assert without_times(found) == without_times(wanted)
    for name in ("best_epoch", "stopped", "metric", "engine"):
        assert getattr(found.history, name) == getattr(wanted.history, name)
    lines = [re.sub(r'"seconds".*', "", line) for line in _lines(run)]
    assert lines == [re.sub(r'"seconds".*', "", line) for line in _lines(reference)]
    assert not list(run.rglob("*.tmp"))
    assert len(list((run / "checkpoints").iterdir())) == 1 + 3


def _baselines(found: Model, wanted: Model) -> Iterator[tuple[Network, Network]]:
    assert found.baselines.keys() == wanted.baselines.keys()
    return ((found.baselines[name], wanted.baselines[name]) for name in wanted.baselines)


def _lines(run: Path) -> list[str]:
    return (run / "metrics.jsonl").read_text().splitlines()


def test_a_run_that_is_killed_goes_on_to_the_same_bits(
    table: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> None:
    """Whenever that is, in a write too, and on other numbers of threads: nothing is lost but time."""
    reference, tally, delays = tmp_path / "reference", Tally(), np.random.default_rng(0)
    assert main(["train", str(table), *RUN, "--out", str(reference)]) == 0

    while tally.kills < KILLS:
        run = tmp_path / f"run-{tally.runs}"
        run_through_kills(table, run, tally, delays)
        check_same(run, reference)

    record_property("tally", str(tally))
    with capsys.disabled():
        sys.stdout.write(f" {tally} " if KILLS > 10 else "")
    assert tally.kills >= KILLS
    assert tally.most_repeated <= EVERY
    assert tally.threads == {"1", "2"}


def test_what_was_killed_can_be_verified(table: Path, tmp_path: Path, ell: Ell) -> None:
    """The digests that several processes left in turn are those of one run."""
    run = tmp_path / "run"
    run_through_kills(table, run, Tally(kills=KILLS - 2), np.random.default_rng(1))

    ran = ell("verify", run, "--all", "--json")

    assert ran.code == 0, ran
    assert ran.json["confirmed"]
    assert ran.json["model"] is True
    assert len(ran.json["stretches"]) >= 20
