"""Every engine, and every instruction set of the native one, goes through the same cases."""

import pytest

from ellnet.engines import Engine
from tests.engines.every_engine import EVERY, engine_of

__all__ = ["taken"]


@pytest.fixture(params=EVERY)
def taken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Return each engine in turn, the native one once for each target of this machine."""
    return engine_of(request.param, monkeypatch)
