"""What a library costs before it does anything: seconds to import it, and memory."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.machine import most_memory
from benchmarks.processes import ROOT

__all__ = ["IMPORTS", "Footprint", "footprints"]

IMPORTS = {
    "Python alone": "pass",
    "ellnet, a model loaded and predicting": "import ellnet.loading, ellnet.engines.native",
    "ellnet, the estimators": "from ellnet.estimators import MLPClassifier",
    "scikit-learn": "from sklearn.neural_network import MLPClassifier",
    "torch": "import torch",
    "jax": "import jax.numpy",
    "onnxruntime": "import onnxruntime",
}
"""What is imported, by the words for it."""

ROUNDS = 5

PROGRAM = """
import json, os, time
began = time.perf_counter()
{}
seconds = time.perf_counter() - began
status = "/proc/self/status"
print(json.dumps([seconds, open(status).read() if os.path.exists(status) else ""]))
"""


@dataclass(frozen=True)
class Footprint:
    """The least seconds and bytes of some fresh processes, or why there are none."""

    name: str
    seconds: float = 0.0
    memory: int = 0
    passed_over: str = ""


def footprint(name: str, code: str) -> Footprint:
    """Import in fresh processes, one after another."""
    found = []
    for _ in range(ROUNDS):
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(code)],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        if ran.returncode:
            lines = ran.stderr.strip().splitlines() or ["it said nothing"]
            return Footprint(name, passed_over=lines[-1])
        seconds, status = json.loads(ran.stdout.splitlines()[-1])
        found.append((seconds, most_memory(status)))
    seconds, memory = (min(column) for column in zip(*found, strict=True))
    return Footprint(name, seconds, memory)


def footprints(names: Sequence[str]) -> list[Footprint]:
    """Return the footprints of what is named."""
    return [footprint(name, IMPORTS[name]) for name in names]
