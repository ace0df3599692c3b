"""The process that one entrant lives in: it reads a request a line, and answers with a line.

    python -m benchmarks.worker '{"library": "torch", ...}'

A process each keeps the libraries' threads, settings and crashes apart. Requests and answers are JSON;
the end of the input is the end of the process.
"""

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.entrants import Entrant, Library
from benchmarks.machine import core_ids, most_memory, versions
from benchmarks.nets import Net, material

__all__ = ["FEW", "Desk", "main"]

FEW = 8
"""The rows whose outputs are compared between the libraries."""


class Desk:
    """Answers the requests: every method without a stroke before its name is one."""

    def __init__(self, entrant: Entrant) -> None:
        """Import the library, and make it ready."""
        self._entrant = entrant
        self._library: Library = importlib.import_module(entrant.module).Measured(entrant)

    def hello(self) -> dict[str, Any]:
        """Return the versions of its packages, and the instruction set where it tells one."""
        tell: Callable[[], str] | None = getattr(self._library, "target", None)
        found = versions(*self._entrant.packages)
        return {"versions": found, "target": tell() if tell else ""}

    def prepare(self, n: Sequence[int], batch: int, steps: int) -> list[list[float]]:
        """Build a network and return its outputs for a few rows, before any training."""
        chosen = Net(tuple(n), batch, steps)
        given = material(chosen, self._entrant.dtype)
        self._library.prepare(chosen, given)
        A = self._library.outputs(given.inputs[:FEW])
        return np.asarray(A, np.float64).tolist()  # type: ignore[no-any-return]

    def train(self, epochs: int) -> float:
        """Return the seconds of so many epochs."""
        began = time.perf_counter()
        self._library.train(epochs)
        return time.perf_counter() - began

    def predict(self, rows: int, calls: int) -> float:
        """Return the seconds of so many predictions."""
        began = time.perf_counter()
        self._library.predict(rows, calls)
        return time.perf_counter() - began

    def peak(self) -> float:
        """Return GFLOP/s of the fused multiply-add units, as far as the library can tell; else 0."""
        measure: Callable[[], float] | None = getattr(self._library, "peak", None)
        return measure() if measure else 0.0

    def memory(self) -> int:
        """Return the most bytes of memory that this process has had; 0 where the system does not tell."""
        return most_memory()

    def answer(self, line: str) -> str:
        """Return the answer to a request; whatever goes wrong is an answer too."""
        try:
            request: dict[str, Any] = json.loads(line)
            found = getattr(self, request.pop("do"))(**request)
            return json.dumps({"answer": found})
        except Exception as error:  # noqa: BLE001 - the other end says what goes on without it
            return json.dumps({"error": told(error)})


def told(error: Exception) -> str:
    """Return an error as one line."""
    words = " ".join(str(error).split())
    return words if isinstance(error, ImportError) else f"{type(error).__name__}: {words}"


def keep_on_one_core() -> None:
    """Keep this process on the last core it may use, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, core_ids()[-1:])


def main() -> None:
    """Answer until there are no more requests."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the other end, which ends this one
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    entrant = Entrant(**json.loads(sys.argv[1]))
    if entrant.pinned:
        keep_on_one_core()
    try:
        desk = Desk(entrant)
    except Exception as error:  # noqa: BLE001 - a library can fail in any way as it is imported
        print(json.dumps({"error": told(error)}), file=answers, flush=True)
        return
    for line in sys.stdin:
        print(desk.answer(line), file=answers, flush=True)


if __name__ == "__main__":
    main()
