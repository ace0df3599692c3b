"""Running the command line: in this process where that is enough, as a program where it is not."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Ell", "Ran", "environment", "finished", "mixed_table", "points", "program", "refused"]

SOURCE = Path(__file__).resolve().parents[2] / "src"


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stands on stdout, as JSON."""
        return json.loads(self.out)


Ell = Callable[..., Ran]


def environment() -> dict[str, str]:
    """Return the variables of a program that takes ellnet from the working tree."""
    return {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}


def program(*words: str, cwd: Path, **options: Any) -> subprocess.Popen[str]:
    """Start ellnet as a program, both streams in pipes unless said otherwise."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    command = [sys.executable, "-m", "ellnet", *words]
    return subprocess.Popen(command, cwd=cwd, env=environment(), text=True, **pipes)


def finished(process: subprocess.Popen[str], seconds: float = 60) -> Ran:
    """Wait for a program."""
    out, err = process.communicate(timeout=seconds)
    return Ran(process.returncode, out or "", err or "")


def mixed_table(rows: int = 60) -> str:
    """Return a CSV table of numbers and categories, and a class `y` that follows from them."""
    random = np.random.default_rng(0)
    lines = ["x1,x2,colour,y"]
    for i in range(rows):
        x1, x2 = random.standard_normal(2).round(3).tolist()
        colour = ("red", "green", "blue")[i % 3]
        lines.append(f"{x1},{x2},{colour},{'yes' if x1 + (colour == 'red') > 0 else 'no'}")
    return "\n".join(lines) + "\n"


def points(columns: int = 3, rows: int = 60, *, seed: int = 0) -> str:
    """Return a CSV table of numbers, and a number `y` that is their sum and some noise."""
    X = np.random.default_rng(seed).standard_normal((rows, columns)).round(4)
    y = (X.sum(axis=1) + 0.1 * X[:, 0] ** 2).round(4)
    head = ",".join([*(f"x{j}" for j in range(columns)), "y"])
    body = [",".join(map(str, row)) for row in np.column_stack([X, y]).tolist()]
    return "\n".join([head, *body]) + "\n"


def refused(ran: Ran, *, code: int = 2) -> str:
    """Check that a command ended with one sentence, and return the sentence."""
    sentences = [line for line in ran.err.splitlines() if line.startswith("ellnet: error: ")]
    assert ran.code == code, ran
    assert len(sentences) == 1, ran.err
    assert "Traceback" not in ran.err
    if code == 2:
        others = ran.err.splitlines()
        others.remove(sentences[0])
        assert all(line.startswith("ellnet: warning: ") for line in others), ran.err
    return sentences[0].removeprefix("ellnet: error: ")
