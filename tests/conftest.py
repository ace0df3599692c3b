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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that runs the tests against another library too."""
    parser.addoption("--peers", action="store_true", help="test against PyTorch too")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the tests against other libraries out, unless they are asked for."""
    peers = Path(__file__).resolve().parent / "peers"
    return True if collection_path == peers and not config.getoption("--peers") else None


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the project."""
    return Path(__file__).resolve().parent.parent
