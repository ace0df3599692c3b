"""What every test shares."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

__all__ = ["root"]

settings.register_profile("ellnet", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("ellnet")

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("SCIPY_ARRAY_API", "1")  # SciPy reads it once, as it is imported


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the project."""
    return Path(__file__).resolve().parent.parent
