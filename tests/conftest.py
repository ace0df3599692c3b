"""What every test shares."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.counts import ORDEAL

__all__ = ["root"]

settings.register_profile("ellnet", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("ellnet")

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("SCIPY_ARRAY_API", "1")  # SciPy reads it once, as it is imported


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a background job of a shell
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that ask for more than the ordinary suite."""
    parser.addoption("--peers", action="store_true", help="test against PyTorch too")
    parser.addoption("--ordeal", action="store_true", help="take the large counts: many minutes")


def pytest_configure(config: pytest.Config) -> None:
    """Tell test files, which read it as they are imported, that large counts are wanted."""
    if config.getoption("--ordeal"):
        os.environ[ORDEAL] = "1"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the tests against other libraries out, unless they are asked for."""
    peers = Path(__file__).resolve().parent / "peers"
    return True if collection_path == peers and not config.getoption("--peers") else None


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the project."""
    return Path(__file__).resolve().parent.parent
