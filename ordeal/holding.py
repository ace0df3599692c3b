"""Holding a trial: its process, its signs of life, its end."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from ordeal.finding import ROOT, trial
from ordeal.worker import MISSING

__all__ = ["Held", "Plan", "hold"]

HEARTBEAT = 10.0
"""Seconds between two signs of life where the output is not a terminal."""

POLITE = 10.0
"""Seconds that a process has after Ctrl-C before it is killed."""


@dataclass(frozen=True)
class Plan:
    """How trials are held.

    Attributes:
        scale: the part of the full counts.
        seed: where random choices begin.
        logs: the folder that takes what trials print.
    """

    scale: float
    seed: int
    logs: Path


@dataclass(frozen=True)
class Held:
    """How a trial ended.

    Attributes:
        name: its name.
        verdict: "ok", "FAILED", "MISSING".
        reason: the sentence, "" for ok.
        seconds: how long it took.
        counts: what it has done.
        figures: what it has measured.
    """

    name: str
    verdict: str
    reason: str
    seconds: float
    counts: dict[str, int] = field(default_factory=dict)
    figures: dict[str, str] = field(default_factory=dict)

    @property
    def done(self) -> str:
        """What was done, for people."""
        return counted(self.counts)


def counted(counts: dict[str, int]) -> str:
    """Return counts for people."""
    return ", ".join(f"{number:,} {what}" for what, number in counts.items())


class _Life:
    """A line that moves on a terminal, and a line now and then anywhere else."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._began = self._spoke = time.monotonic()
        self._live = sys.stderr.isatty()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def beat(self, done: str) -> None:
        line = f"  {self._name:<15}{self.seconds:7.0f} s  {done}"
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\033[K{line[:width]}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self._spoke >= HEARTBEAT:
            self._spoke = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    def end(self, held: Held) -> None:
        start = "\r\033[K" if self._live else ""
        line = f"  {held.name:<15}{held.seconds:7.0f} s  {held.verdict}  {held.done}"
        print(f"{start}{line}", file=sys.stderr, flush=True)


def hold(name: str, plan: Plan) -> Held:
    """Hold one trial in a process of its own, to its end, or until it shows no life any more."""
    plan.logs.mkdir(parents=True, exist_ok=True)
    log, progress = plan.logs / f"{name}.log", plan.logs / f"{name}.json"
    progress.unlink(missing_ok=True)
    life = _Life(name)
    command = [sys.executable, "-m", "ordeal.worker", name]
    with log.open("wb") as output:
        child = subprocess.Popen(
            [*command, str(plan.scale), str(plan.seed), str(progress)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            hung = _wait(child, life, progress, trial(name).patience)
        finally:
            _end(child)
    held = _held(name, child.returncode, life.seconds, log, progress)
    if hung:
        held = Held(name, "FAILED", hung, held.seconds, held.counts, held.figures)
    life.end(held)
    return held


def _wait(child: "subprocess.Popen[bytes]", life: _Life, progress: Path, patience: float) -> str:
    """Wait for the end; return a sentence where there is none to be had."""
    last, since = "", time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.5)
            return ""
        done = counted(_said(progress).get("counts", {}))
        if done != last:
            last, since = done, time.monotonic()
        life.beat(done)
        if time.monotonic() - since > patience:
            return f"it counted nothing for {patience:.0f} seconds and was ended: does it hang?"


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End a trial and all that it started: politely, then for sure."""
    for sent, seconds in ((signal.SIGINT, POLITE), (signal.SIGKILL, None)):
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, sent)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)  # what it may have left behind


def _said(progress: Path) -> dict[str, dict[str, int]]:
    try:
        said: dict[str, dict[str, int]] = json.loads(progress.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said


def _held(name: str, code: int, seconds: float, log: Path, progress: Path) -> Held:
    """Return how a trial ended, by its exit code and what it said last."""
    said = json.loads(progress.read_text(encoding="utf-8")) if progress.exists() else {}
    counts, figures = said.get("counts", {}), said.get("figures", {})
    if code == 0 and counts:
        return Held(name, "ok", "", seconds, counts, figures)
    reason = "it ended well and has counted nothing"
    if code:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        how = f"exit code {code}" if code > 0 else f"signal {signal.Signals(-code).name}"
        reason = last if code == MISSING else f"{how}: {last}"
    verdict = "MISSING" if code == MISSING else "FAILED"
    return Held(name, verdict, reason, seconds, counts, figures)
