"""A plugin of pytest that writes how many tests have passed, for a trial to read."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

__all__ = ["FILE", "pytest_runtest_logreport"]

FILE = "ELLNET_ORDEAL_PROGRESS"
"""The variable of the environment that names the file."""

_counts: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count a test by its outcome."""
    if report.when != "call" and report.outcome == "passed":
        return
    _counts[report.outcome] += 1
    Path(os.environ[FILE]).write_text(json.dumps(_counts), encoding="utf-8")
