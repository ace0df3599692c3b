"""Saving under strace: which system calls a save makes, and what is there when one of them fails."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

__all__ = ["STRACE", "Call", "Ended", "calls_of", "failed"]

STRACE = shutil.which("strace")

BEGINS, ENDS = "/ellnet-save-begins", "/ellnet-save-ends"

PROGRAM = f"""
import os, sys
from ellnet.errors import FileAccessError
from ellnet.files.durable import writing_durably
from ellnet.models import load
how, source, path = sys.argv[1:]
model = load(source)
with open(source, "rb") as file:
    data = file.read()
os.access({BEGINS!r}, os.F_OK)
try:
    if how == "whole":
        model.save(path)
    else:
        with writing_durably(path) as file:
            for start in range(0, len(data), 9000):
                file.write(data[start : start + 9000])
except FileAccessError as error:
    os.access({ENDS!r}, os.F_OK)
    sys.exit(f"refused: {{error}}")
os.access({ENDS!r}, os.F_OK)
"""
"""Saves what is in one file as another, between two calls that mark where that begins and ends."""


@dataclass(frozen=True)
class Call:
    """A system call of a save: its name, and which of all calls of that name in the process it is."""

    name: str
    number: int


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code, its words, and whether the fault was where it should be."""

    code: int
    said: str
    aimed: bool


def _run(how: str, source: Path, path: Path, options: list[str]) -> tuple[int, str, str]:
    """Run the program under strace; return its exit code, what it said, and the calls seen."""
    log = path.parent.parent / "calls"
    command = [str(STRACE), "-o", str(log), *options, sys.executable, "-c", PROGRAM]
    quiet = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, how, str(source), str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, **quiet},
        check=False,
    )
    return done.returncode, done.stderr, log.read_text(errors="replace")


def calls_of(how: str, source: Path, path: Path) -> list[Call]:
    """Return the system calls of a save, in order."""
    _, _, log = _run(how, source, path, [])
    counts: Counter[str] = Counter()
    inside, found = False, []
    for line in log.splitlines():
        name = re.match(r"[a-z_0-9]+", line)
        if name is None:
            continue
        counts[name[0]] += 1
        if BEGINS in line or ENDS in line:
            inside = BEGINS in line
        elif inside:
            found.append(Call(name[0], counts[name[0]]))
    return found


def failed(how: str, source: Path, path: Path, call: Call, fault: str) -> Ended:
    """Let one call of a save fail, with an error by name or by KILL."""
    effect = "signal=KILL" if fault == "KILL" else f"error={fault}"
    seen = f"trace={call.name},access,faccessat,faccessat2"
    inject = f"inject={call.name}:{effect}:when={call.number}"
    code, said, log = _run(how, source, path, ["-e", seen, "-e", inject])
    before, begun, after = log.partition(BEGINS)
    inside = after.partition(ENDS)[0]
    marks = "killed by SIGKILL" if fault == "KILL" else "(INJECTED)"
    return Ended(code, said, bool(begun) and marks in inside and marks not in before)
