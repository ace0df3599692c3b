"""Ctrl-C while the command line's modules are imported, by either way in."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from ellnet import cli
from ellnet.__main__ import main
from tests.cli.command_line import Ran, environment, finished

ROOT = Path(__file__).resolve().parents[1]

RAISES = "raise KeyboardInterrupt"

SWALLOWS = """
import signal
try:
    signal.raise_signal(signal.SIGINT)
except BaseException:
    pass
raise SystemExit("Ctrl-C was lost")
"""

GOES_ON = """
import os, signal
signal.raise_signal(signal.SIGINT)
print("went on", flush=True)
os._exit(0)
"""

WAITS = """
import time
open("here", "w").close()
time.sleep(120)
"""


def script() -> str:
    """What the command `ellnet` runs, as pyproject.toml has it and pip writes it."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    module, function = pyproject["project"]["scripts"]["ellnet"].split(":")
    return f"import sys; from {module} import {function}; sys.exit({function}())"


WAYS_IN = {"python -m ellnet": ("-m", "ellnet"), "ellnet": ("-c", script())}


def begun(folder: Path, way: str, click: str, *before: str) -> subprocess.Popen[str]:
    """Start a command line that imports a module of the test's in place of click, its first."""
    (folder / "click.py").write_text(click)
    paths = os.pathsep.join([str(folder), environment()["PYTHONPATH"]])
    return subprocess.Popen(
        [*before, sys.executable, *WAYS_IN[way], "--version"],
        cwd=folder,
        env={**environment(), "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("click", [RAISES, SWALLOWS], ids=["raises", "swallows"])
@pytest.mark.parametrize("way", WAYS_IN)
def test_ctrl_c_while_a_module_is_imported_is_one_word(tmp_path: Path, way: str, click: str):
    """As later in a command; also where the module catches whatever is raised."""
    ran = finished(begun(tmp_path, way, click))

    assert ran == Ran(130, "", "ellnet: interrupted\n")


@pytest.mark.parametrize("way", WAYS_IN)
def test_ctrl_c_is_heard_while_the_guard_itself_is_imported(tmp_path: Path, way: str):
    """What listens for it needs modules of Python's own, which take a few thousandths of a second."""
    (tmp_path / "signal.py").write_text(RAISES)

    ran = finished(begun(tmp_path, way, GOES_ON))

    assert ran == Ran(130, "", "ellnet: interrupted\n")


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_signal_from_outside_is_heard_while_modules_are_imported(tmp_path: Path, way: str):
    """Sent once the import is known to be under way."""
    process = begun(tmp_path, way, WAITS)
    deadline = time.monotonic() + 60
    while not (tmp_path / "here").exists() and time.monotonic() < deadline:
        time.sleep(0.01)

    process.send_signal(signal.SIGINT)

    assert finished(process) == Ran(130, "", "ellnet: interrupted\n")


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_job_in_the_background_stays_deaf_to_ctrl_c(tmp_path: Path, way: str):
    """A shell lets it ignore the signal, and so it does from the first import on."""
    ran = finished(begun(tmp_path, way, GOES_ON, "sh", "-c", 'trap "" INT; exec "$@"', "sh"))

    assert ran == Ran(0, "went on\n", "")


def test_ctrl_c_is_an_exception_again_once_all_is_imported(monkeypatch: pytest.MonkeyPatch):
    """Commands keep what they have done; the handler is the one from before."""
    seen: list[object] = []

    def run() -> int:
        seen.append(signal.getsignal(signal.SIGINT))
        return 7

    monkeypatch.setattr(cli, "main", run)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        code = main()
    finally:
        signal.signal(signal.SIGINT, before)

    assert code == 7
    assert seen == [signal.default_int_handler]
