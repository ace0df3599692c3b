"""What tests of the native engine share."""

import os

import pytest

from tests.engines.every_engine import TARGETS


@pytest.fixture(autouse=True)
def compiled() -> None:
    """Skip where nothing was compiled, unless that is an error here."""
    if not TARGETS and os.environ.get("ELLNET_REQUIRE_NATIVE", "0") in {"", "0"}:
        pytest.skip("the native engine was not built")
