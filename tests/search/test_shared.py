"""Several processes on one PostgreSQL study: the work is shared, and nothing is done twice. An ordeal."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ellnet.search import Found
from ellnet.search.measures import measure_of
from ellnet.search.shared import SharedLedger
from ellnet.search.study import Study
from ellnet.targets import Target
from tests.cli.command_line import environment
from tests.counts import count
from tests.search.searching import result, study_words, told

COST = measure_of("cost", Target("target", "binary"))

pytestmark = pytest.mark.skipif(count(0, 1) == 0, reason="starts a server: pytest --ordeal")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Start Debian's PostgreSQL on a socket of its own, and give its URL."""
    pytest.importorskip("psycopg")
    tools = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not tools:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    home = Path(tempfile.mkdtemp())
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        os.chown(home, pwd.getpwnam(user).pw_uid, -1)

    def call(tool: str, *words: str) -> None:
        command = [str(tools[-1].with_name(tool)), *words]
        subprocess.run(
            command, check=True, user=user, cwd=home, stdout=subprocess.DEVNULL, timeout=120
        )

    call("initdb", "-D", f"{home}/data", "-U", "ellnet", "-A", "trust", "-E", "UTF8")
    options = f"-c listen_addresses='' -k {home}"
    call("pg_ctl", "-D", f"{home}/data", "-w", "-l", f"{home}/log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://ellnet@/postgres?host={home}"
    finally:
        call("pg_ctl", "-D", f"{home}/data", "-m", "immediate", "stop")
        shutil.rmtree(home)


def words(study: str, url: str | None, trials: int = 60) -> list[str]:
    """A search that looks back, so that each process needs the results of the other."""
    space = ("--learning-rate", "1e-3:1e-1:log", "--hidden", "8|16,8", "--sampler", "tpe")
    more = ("--pruner", "asha", "--trials", str(trials), "--workers", "1")
    storage = () if url is None else ("--storage", url)
    return study_words(Path(study), *space, *more, *storage)


def begun(folder: Path, given: list[str]) -> "subprocess.Popen[bytes]":
    """Start a search as a program, as another machine would: in a folder of its own."""
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "ellnet", *given],
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def test_two_processes_share_the_work_without_a_duplicate(tmp_path: Path, server: str):
    """Each trial is run once, both have a part of it, and the result is that of one process alone."""
    both = [begun(tmp_path / name, words("shared", server)) for name in ("one", "two")]
    errors = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    alone = begun(tmp_path / "alone", words("shared", None))
    alone.communicate(timeout=300)
    assert alone.returncode == 0

    definition = Study(tmp_path / "one" / "shared").definition()
    ledger = SharedLedger(
        server, "shared", definition.search.known_space, "minimize", definition.to_json()
    )
    ours = dict(ledger.results())
    trials = ledger._storage.get_all_trials(ledger._study)
    ledger.close()
    theirs = Study(tmp_path / "alone" / "shared").results("minimize")
    numbers = [trial.user_attrs["trial"] for trial in trials]
    holders = {trial.user_attrs["holder"] for trial in trials}
    assert sorted(numbers) == list(range(60))
    assert len(holders) == 2
    assert told(Found(ours, COST)) == told(Found(theirs, COST))


def test_what_a_process_held_as_it_ended_is_given_out_again(tmp_path: Path, server: str):
    """Orderly at once; the number of one that was killed when it has been silent for long enough."""
    started = begun(tmp_path, words("given-back", server, trials=1))
    assert started.communicate(timeout=120)[1] is not None
    assert started.returncode == 0
    definition = Study(tmp_path / "given-back").definition()
    asked = server, "given-back", definition.search.known_space, "minimize", definition.to_json()
    one, other = SharedLedger(*asked), SharedLedger(*asked)

    assert one.claim(3) == 1
    assert other.claim(3) == 2
    assert other.claim(3) is None
    one.close()
    assert other.claim(3) == 1
    late = SharedLedger(*asked)
    late.silent_after = -1.0
    assert late.claim(3) == 1
    late.record(result(1, [0.5], chosen=late.results()[0].chosen))
    other.record(result(1, [0.7], chosen=late.results()[0].chosen))
    assert late.results()[1].value == 0.5
    other.close()
    late.close()
