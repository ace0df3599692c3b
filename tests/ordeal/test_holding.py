"""Trials from end to end: what is shown of one that is stood, fails, crashes, hangs, or is missing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ordeal.finding import names, trial

FOLDER = Path(__file__).resolve().parents[2] / "ordeal"

BEGIN = """
import os, signal, time
from ordeal.sittings import Failed, Missing, Sitting, Trial

def work(sitting):
    {body}

TRIAL = Trial("purpose of {name}", work, patience={patience})
"""

BODIES = {
    "crashing": "sitting.did('steps'); sitting.speak(at_once=True); os.kill(os.getpid(), signal.SIGSEGV)",
    "empty": "pass",
    "failing": "sitting.did('steps', 3); raise Failed('one is not two')",
    "hanging": "sitting.did('steps'); sitting.speak(at_once=True); time.sleep(60)",
    "lacking": "raise Missing('there is no such thing: install it')",
    "raising": "sitting.did('steps'); 1 / 0",
    "standing": "sitting.did('steps', sitting.times(1000)); sitting.measured('size', '3 mm')",
}
"""Trials, and what each does."""

VERDICTS = {
    "crashing": "crashing: signal SIGSEGV",
    "empty": "empty: it ended well and has counted nothing",
    "failing": "failing: exit code 1: one is not two",
    "hanging": "hanging: it counted nothing for 1 seconds and was ended: does it hang?",
    "lacking": "lacking: there is no such thing: install it",
    "raising": "raising: exit code 1: ZeroDivisionError: division by zero",
}
"""What is said of those that are not stood."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the package and no trials but those above."""
    root = tmp_path_factory.mktemp("place")
    shutil.copytree(
        FOLDER, root / "ordeal", ignore=shutil.ignore_patterns("trial_*", "__pycache__")
    )
    for name, body in BODIES.items():
        patience = 1.0 if name == "hanging" else 600.0  # others may be slow to begin
        text = BEGIN.format(name=name, body=body, patience=patience)
        (root / "ordeal" / f"trial_{name}.py").write_text(text, encoding="utf-8")
    return root


def called(place: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m ordeal` there."""
    command = [sys.executable, "-m", "ordeal", *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)


def test_a_trial_that_is_stood_is_shown_with_its_counts(place):
    """Exit code 0, the count by the scale, and what was measured."""
    done = called(place, "standing", "--scale", "0.25")

    assert done.returncode == 0
    assert done.stdout.splitlines()[0].split() == ["trial", "count", "result", "seconds"]
    assert done.stdout.splitlines()[1].split()[:4] == ["standing", "250", "steps", "ok"]
    assert "standing: size: 3 mm" in done.stdout
    assert json.loads((place / ".run/ordeal/standing.json").read_text())["counts"] == {"steps": 250}


def test_every_way_not_to_be_stood_is_told(place):
    """A crash, a failure, an exception, nothing done, a hang, something missing: a sentence each."""
    done = called(place)

    assert done.returncode == 1
    assert [line for line in VERDICTS.values() if line not in done.stdout] == []
    rows = {line.split()[0]: line for line in done.stdout.splitlines()[1 : len(BODIES) + 1]}
    assert {name for name, row in rows.items() if " ok " in row} == {"standing"}
    assert {name for name, row in rows.items() if " MISSING " in row} == {"lacking"}
    assert "3 steps" in rows["failing"]
    assert "1 steps" in rows["crashing"]


def test_trials_are_listed_and_named(place):
    """`--list` holds none; a name that is none is one sentence and exit code 2."""
    listed, wrong = called(place, "--list"), called(place, "standig")

    assert [line.split()[0] for line in listed.stdout.splitlines()] == sorted(BODIES)
    assert "purpose of empty" in listed.stdout
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("there is no trial 'standig'; there are crashing, empty")


@pytest.mark.parametrize("name", names())
def test_every_file_of_a_trial_has_one(name):
    """With a purpose that fits on a line, and in the page."""
    assert 10 < len(trial(name).purpose) < 90
    assert f"| `{name}` |" in (FOLDER / "README.md").read_text(encoding="utf-8")
