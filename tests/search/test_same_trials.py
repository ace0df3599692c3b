"""The same trials and the same winner: for any number of workers, after any kill, of any sampler."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ellnet.search import Budget, Found, Result, Status
from ellnet.search.curves import CurveStore
from ellnet.search.ledgers import FolderLedger
from ellnet.search.measures import measure_of
from ellnet.search.pruners import PRUNERS
from ellnet.search.samplers import SAMPLERS
from ellnet.search.study import Study
from ellnet.targets import Target
from tests.cli.command_line import environment
from tests.counts import count
from tests.search.searching import PLAN, classes, searched, study_words, told


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("pruner", PRUNERS)
def test_the_number_of_workers_changes_nothing(sampler, pruner):
    """Values, curves, states and replicates are those of one worker, to the bit."""
    search, table = searched(sampler=sampler, pruner=pruner), classes()

    alone = search.run(table, PLAN, Budget(14, workers=1))
    beside = search.run(table, PLAN, Budget(14, workers=3))

    assert told(alone) == told(beside)
    assert alone.best.number == beside.best.number
    assert len(alone.results) == 14


def test_another_seed_is_another_search():
    """The seed reaches the sampler and the trials."""
    one, other = (searched(seed=seed).run(classes(), PLAN, Budget(3)) for seed in (0, 1))

    assert told(one) != told(other)


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_search_in_two_parts_is_the_search_in_one(tmp_path: Path, sampler):
    """What is in the folder is not run again, and what follows is what it would have been."""
    search, table = searched(sampler=sampler, pruner="asha"), classes()
    whole = search.run(table, PLAN, Budget(16, workers=2))

    for trials in (5, 16):
        ledger = FolderLedger(tmp_path, None, search.known_space, "minimize")
        ended: list[int] = []
        parts = search.run(
            table,
            PLAN,
            Budget(trials, workers=2),
            ledger=ledger,
            ended=_noting(ended),
        )
        ledger.close()

    assert told(parts) == told(whole)
    assert sorted(ended) == list(range(5, 16))


def test_killed_at_random_instants_a_search_ends_as_if_it_never_was(tmp_path: Path):
    """SIGKILL wherever it falls: the trials, each once, and the winner are those of a quiet run."""
    chance, killed, trials = np.random.default_rng(7), 0, count(16, 40)
    while killed < count(2, 20):
        process = subprocess.Popen(
            [*COMMAND, *words("killed", trials)],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for_a_trial(process, tmp_path / "killed" / "curves.elc")
        time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:
            trials += 40  # it was through before the signal
        else:
            killed += 1
    for name in ("killed", "quiet"):
        finish(tmp_path, words(name, trials))

    ours, theirs = (Study(tmp_path / name).results("minimize") for name in ("killed", "quiet"))
    space = Study(tmp_path / "killed").definition().search.known_space
    ledger = FolderLedger(tmp_path / "killed", None, space, "minimize")
    stored = [trial.number for trial in ledger._study.get_trials()]
    ledger.close()
    appended = CurveStore(tmp_path / "killed" / "curves.elc").read()
    assert sorted(result.number for result in appended) == list(range(trials))
    assert stored == list(range(trials))
    assert told(Found(ours, COST)) == told(Found(theirs, COST))
    assert Found(ours, COST).best.number == Found(theirs, COST).best.number


def _noting(ended: list[int]) -> Callable[[Result, Status], None]:
    def note(result: Result, status: Status) -> None:
        del status
        ended.append(result.number)

    return note


COMMAND = [sys.executable, "-m", "ellnet"]
COST = measure_of("cost", Target("target", "binary"))


def words(study: str, trials: int) -> list[str]:
    """A search that looks back, whose trials are short."""
    space = ("--learning-rate", "1e-3:1e-1:log", "--hidden", "8|16,8", "--test-size", "0")
    how = ("--sampler", "tpe", "--pruner", "median", "--trials", str(trials))
    return study_words(Path(study), *space, *how)


def finish(folder: Path, given: list[str]) -> None:
    """Run a search to its end."""
    ran = [*COMMAND, *given]
    subprocess.run(ran, cwd=folder, env=environment(), capture_output=True, check=True)


def _wait_for_a_trial(process: "subprocess.Popen[bytes]", curves: Path) -> None:
    """Wait until this process has written something, so that the signal falls among its trials."""
    before = curves.stat().st_size if curves.exists() else 0
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if curves.exists() and curves.stat().st_size > before:
            return
        time.sleep(0.005)
