"""Every allocation of the native engine fails in turn: an error, no crash, nothing lost or changed."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from ellnet.engines import native
from ordeal.builds import compiler
from ordeal.finding import ROOT
from ordeal.sittings import Failed, Missing, Sitting, Trial

__all__ = ["TRIAL"]

SOURCE = ROOT / "ordeal" / "allocations.cpp"


def compiled(folder: str) -> Path:
    """Compile what counts allocations; return the library.

    Raises:
        Missing: it cannot be.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        raise Missing("allocations are counted in Linux's way, with glibc: try it there")
    if not native.available():
        raise Missing("the native engine was not compiled: install a C++17 compiler")
    library = Path(folder, "allocations.so")
    options = [
        "-std=c++17",
        "-O1",
        "-g",
        "-shared",
        "-fPIC",
        "-o",
        str(library),
        str(SOURCE),
        "-ldl",
    ]
    done = subprocess.run([compiler(), *options], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"ordeal/allocations.cpp does not compile here: {done.stderr.strip()}")
    return library


def work(sitting: Sitting) -> None:
    """Hold the calls in a process with the counter preloaded."""
    with tempfile.TemporaryDirectory() as folder:
        library = compiled(folder)
        variables = {**os.environ, "LD_PRELOAD": str(library), "ELLNET_NUM_THREADS": "2"}
        share = str(min(1.0, sitting.scale))
        command = [sys.executable, "-X", "faulthandler", "-m", "ordeal.allocating", share]
        last = ""
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as child:
            assert child.stdout is not None  # noqa: S101 - it was begun with a pipe
            for line in child.stdout:
                print(line, end="", flush=True)
                if line.startswith("{"):
                    sitting.has_done(json.loads(line))
                last = line.strip() or last
        if child.returncode:
            raise Failed(f"exit code {child.returncode}: {last}")


TRIAL = Trial("each allocation fails: MemoryError, no crash, no leak, no changed state", work)
