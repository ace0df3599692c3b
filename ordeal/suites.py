"""Running tests of the suite as a trial."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ordeal.finding import ROOT
from ordeal.pytest_progress import FILE
from ordeal.sittings import Failed, Sitting

__all__ = ["run_tests"]


def run_tests(
    sitting: Sitting,
    arguments: Sequence[str],
    *,
    prefix: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run pytest; count its tests as they pass.

    Args:
        sitting: the trial.
        arguments: pytest's.
        prefix: what the command begins with.
        environment: the variables of its process; by default those of this one.

    Raises:
        Failed: a test failed, pytest did, or nothing was tested.
    """
    with tempfile.TemporaryDirectory() as folder:
        progress = Path(folder, "progress.json")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "ordeal.pytest_progress", *arguments]
        variables = {**(os.environ if environment is None else environment), FILE: str(progress)}
        with subprocess.Popen([*prefix, *command], cwd=ROOT, env=variables) as child:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    code = child.wait(1)
                    break
                sitting.has_done(_tests(progress))
        sitting.has_done(_tests(progress))
    if code:
        raise Failed(f"pytest ended with exit code {code}; the log says which test, and why")


def _tests(progress: Path) -> dict[str, int]:
    """Return how many tests ended how."""
    try:
        counts = json.loads(progress.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    words = {"passed": "tests", "failed": "failed", "skipped": "skipped"}
    return {words[outcome]: number for outcome, number in counts.items()}
