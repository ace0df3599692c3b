"""The processes that the entrants live in, seen from outside: begun, asked, ended."""

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from benchmarks.entrants import Entrant

__all__ = ["Process", "ProcessError", "environment", "processes"]

ROOT = Path(__file__).resolve().parent.parent

PATIENCE = 300.0
"""Seconds to wait for one answer."""

HELD_BACK = ("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "BLIS_", "XLA_", "ORT_")
"""Beginnings of variables that tell a library how to run: each runs as it would by itself."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class ProcessError(Exception):
    """An entrant cannot go on; the message says why."""


def environment(entrant: Entrant, outer: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an entrant's process: its threads, its target, nobody's settings."""
    kept = {name: value for name, value in outer.items() if not name.startswith(HELD_BACK)}
    kept |= dict.fromkeys(THREADS, str(entrant.threads))
    if entrant.target:
        kept["ELLNET_TARGET"] = entrant.target
    return kept


class Process:
    """One entrant's process."""

    def __init__(self, entrant: Entrant) -> None:
        """Begin it; it imports its library while others do the same."""
        self.entrant = entrant
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", json.dumps(asdict(entrant))],
            cwd=ROOT,
            env=environment(entrant, os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )

    def ask(self, do: str, **options: Any) -> Any:
        """Return the answer to a request.

        Raises:
            ProcessError: it failed, ended, or did not answer in time.
        """
        assert self._child.stdin is not None  # noqa: S101 - it was begun with pipes
        assert self._child.stdout is not None  # noqa: S101
        if self._child.stdin.closed:
            raise ProcessError("its process was ended")
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.write(json.dumps({"do": do, **options}).encode() + b"\n")
            self._child.stdin.flush()
        if not select.select([self._child.stdout], [], [], PATIENCE)[0]:
            raise ProcessError(f"no answer to {do!r} within {PATIENCE:.0f} seconds")
        line = self._child.stdout.readline()
        if not line:
            raise ProcessError(self._last_words(self._child.wait()))
        found = json.loads(line)
        if "error" in found:
            raise ProcessError(found["error"])
        return found["answer"]

    def _last_words(self, code: int) -> str:
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        return f"its process ended with {how}: {last}"

    def close(self) -> None:
        """End the process: by the end of its input, and by force where it does not heed that.

        A second call does nothing more.
        """
        with contextlib.suppress(BrokenPipeError):
            if self._child.stdin is not None:
                self._child.stdin.close()
        try:
            self._child.wait(2.0)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._said.close()

    def __enter__(self) -> Self:
        """Nothing more to begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()


@contextlib.contextmanager
def processes(entrants: Sequence[Entrant]) -> Iterator[list[Process]]:
    """Begin a process for every entrant, and end all of them, whatever happens."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Process(entrant)) for entrant in entrants]
