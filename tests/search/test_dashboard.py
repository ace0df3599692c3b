"""optuna-dashboard shows a study's journal: trials, values and curves, by its HTTP API. An ordeal."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ellnet.search import Result
from ellnet.search.study import Study
from tests.cli.command_line import environment
from tests.counts import count
from tests.search.searching import study_words

pytestmark = pytest.mark.skipif(count(0, 1) == 0, reason="starts a server: pytest --ordeal")

PATIENCE = 60.0
"""Seconds for the server to begin to answer."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Find optuna-dashboard, or install it beside everything else, in an environment of its own."""
    found = shutil.which("optuna-dashboard")
    if found is not None:
        return Path(found)
    home = tmp_path_factory.mktemp("dashboard") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, timeout=120)
    python = str(home / "bin" / "python")
    words = [python, "-m", "pip", "install", "--no-input", "--quiet", "optuna-dashboard"]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        said = (done.stderr.strip() or "pip said nothing").splitlines()[-1]
        pytest.skip(f"the package optuna-dashboard cannot be had: {said}")
    return home / "bin" / "optuna-dashboard"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Make a study with trials that were completed, pruned, and diverged."""
    folder = tmp_path_factory.mktemp("studies") / "shown"
    space = ("--learning-rate", "1e-3:1e30:log", "--hidden", "8|16,8", "--pruner", "asha")
    command = [sys.executable, "-m", "ellnet", *study_words(folder, *space, "--trials", "24")]
    subprocess.run(
        command, check=True, env=environment(), cwd=folder.parent, capture_output=True, timeout=300
    )
    return Study(folder)


@pytest.fixture(scope="module")
def address(program: Path, study: Study) -> Iterator[str]:
    """Show the study's journal on this machine alone, and give the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    journal = str(study.path / "trials.journal")
    words = [str(program), journal, "--host", "127.0.0.1", "--port", str(port), "--quiet"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield awaited(server, f"http://127.0.0.1:{port}/api")
        finally:
            server.kill()


def awaited(server: "subprocess.Popen[bytes]", address: str) -> str:
    """Return the address when it answers."""
    until = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < until:
        try:
            asked(f"{address}/studies")
        except urllib.error.URLError:
            time.sleep(0.2)
        else:
            return address
    return pytest.fail(f"optuna-dashboard did not answer; its exit code: {server.poll()}")


def asked(url: str) -> Any:
    """Return what the server answers."""
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - of this machine, http
        return json.load(answer)


def shown(address: str) -> dict[int, dict[str, Any]]:
    """Return the study's trials, by number, as the dashboard's page is given them."""
    (summary,) = asked(f"{address}/studies")["study_summaries"]
    assert summary["study_name"] == "shown"
    assert summary["directions"] == ["minimize"]
    trials = asked(f"{address}/studies/{summary['study_id']}?after=0")["trials"]
    return {trial["number"]: trial for trial in trials}


def states(results: dict[int, Result]) -> dict[int, str]:
    """Return the states as Optuna names them."""
    names = {"complete": "Complete", "pruned": "Pruned", "diverged": "Fail"}
    return {number: names[result.state] for number, result in results.items()}


def test_every_trial_is_shown_with_its_state_and_value(study: Study, address: str):
    """The dashboard has all 24 trials under our numbers, completed, pruned and diverged ones."""
    results = study.results("minimize")
    trials = shown(address)

    assert {number: trial["state"] for number, trial in trials.items()} == states(results)
    assert set(states(results).values()) == {"Complete", "Pruned", "Fail"}
    for number, result in results.items():
        if result.state == "complete":
            assert trials[number]["values"] == [result.value]


def test_every_curve_is_shown(study: Study, address: str):
    """The intermediate values are the validation costs, epoch by epoch."""
    trials = shown(address)

    for number, result in study.results("minimize").items():
        curve = {
            point["step"]: float(point["value"]) for point in trials[number]["intermediate_values"]
        }
        validation = result.curves[0].validation if result.curves else ()
        assert curve == dict(enumerate(validation, 1))


def test_hyperparameters_are_shown(study: Study, address: str):
    """Each trial has the values that it was given, lists as they are typed."""
    trials = shown(address)

    for number, result in study.results("minimize").items():
        params = {p["name"]: p["param_external_value"] for p in trials[number]["params"]}
        assert float(params["learning_rate"]) == result.chosen["learning_rate"]
        assert params["hidden"] == ",".join(map(str, result.chosen["hidden"]))


def test_a_trial_is_shown_as_long_as_its_training(study: Study, address: str):
    """From a trial's beginning to its end are the seconds of its epochs."""
    trials = shown(address)

    for number, result in study.results("minimize").items():
        begun, ended = (
            datetime.fromisoformat(trials[number][name])
            for name in ("datetime_start", "datetime_complete")
        )
        assert (ended - begun).total_seconds() == pytest.approx(result.seconds, abs=1e-5)
