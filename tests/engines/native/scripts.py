"""Programs that tests run as processes of their own: what they do to a process stays there."""

import json
import os
import subprocess
import sys
import textwrap
from typing import Any

__all__ = ["HEAD", "said_by"]

HEAD = """
import json, os, signal, sys, threading, time
import numpy as np
from ellnet.batches import Examples
from ellnet.engines import native
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.state import TrainingState


def network(*n, dtype=np.float32):
    g = ("relu",) * (len(n) - 2) + ("identity",)
    return Network(n, g, "squared_error", initial_parameters(n, g, "course", 1, dtype))


def numbers(n, m):
    return np.random.default_rng(0).standard_normal((m, n)).astype(np.float32).T


def begin(net, moments=2):
    return TrainingState.start(net.parameters, moments, 0)


def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) * 1024
"""
"""What programs of these tests begin with."""


def said_by(program: str, *, seconds: float = 60, **environment: str) -> Any:
    """Run HEAD and a program, which has to end well, and return the JSON that it prints."""
    code = textwrap.dedent(HEAD) + textwrap.dedent(program)
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        env={**os.environ, **environment},
    )
    assert ran.returncode == 0, (ran.returncode, ran.stdout, ran.stderr)
    return json.loads(ran.stdout)
