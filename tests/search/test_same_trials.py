"""The same trials and the same winner: for any number of workers, after any kill, of any sampler."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ellnet.search import Budget
from ellnet.search.ledgers import FolderLedger
from ellnet.search.pruners import PRUNERS
from ellnet.search.samplers import SAMPLERS
from ellnet.search.study import Study
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
            ended=lambda result, _, ended=ended: ended.append(result.number),
        )
        ledger.close()

    assert told(parts) == told(whole)
    assert sorted(ended) == list(range(5, 16))


def test_killed_at_random_instants_a_search_ends_as_if_it_never_was(tmp_path: Path):
    """SIGKILL wherever it falls: the trials, each once, and the winner are those of an undisturbed run."""
    trials, kills = 30, count(4, 20)
    words = study_words(
        Path("killed"),
        *("--learning-rate", "1e-3:1e-1:log", "--hidden", "8|16,8", "--sampler", "tpe"),
        *("--pruner", "median", "--trials", str(trials), "--test-size", "0"),
    )
    calm = [*words]
    calm[calm.index("killed")] = "calm"
    command = [sys.executable, "-m", "ellnet"]
    done = {"cwd": tmp_path, "env": environment(), "capture_output": True, "check": True}
    subprocess.run([*command, *calm], **done)
    chance, killed = random.Random(7), 0
    while killed < kills:
        process = subprocess.Popen(
            [*command, *words],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for_the_folder(process, tmp_path / "killed" / "trials.journal")
        time.sleep(chance.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        if process.returncode == 0:
            break  # it was through before the next kill
    subprocess.run([*command, *words], **done)

    ours, theirs = (Study(tmp_path / name).results("minimize") for name in ("killed", "calm"))
    records = FolderLedger(tmp_path / "killed", None, _space(tmp_path), "minimize")
    stored = [trial.number for trial in records._study.get_trials()]
    records.close()
    assert killed
    assert sorted(ours) == list(range(trials))
    assert stored == list(range(trials))
    assert os.path.getsize(tmp_path / "killed" / "curves.elc")
    assert [_told(ours[k]) for k in range(trials)] == [_told(theirs[k]) for k in range(trials)]


def _space(folder: Path):
    return Study(folder / "killed").definition().search.known_space


def _told(result):
    curves = [list(curve.validation) for curve in result.curves]
    return dict(result.chosen), result.state, repr(result.value), curves


def _wait_for_the_folder(process, journal: Path) -> None:
    """Wait until the search has begun, so that a kill may hit its writing."""
    deadline = time.monotonic() + 60
    while not journal.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
