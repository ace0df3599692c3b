"""Running the native engine on one instruction set or another."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from tests.engines.every_engine import TARGETS

__all__ = ["BEST", "THREADS", "on_target"]

BEST = TARGETS[0] if TARGETS else ""
"""The instruction set that is taken here unless another is asked for."""

THREADS = (1, 2, 3, 5, 7, 16)
"""Numbers of threads that must all give the same bits."""


@contextmanager
def on_target(name: str) -> Iterator[None]:
    """Ask for an instruction set inside."""
    with mock.patch.dict(os.environ, ELLNET_TARGET=name):
        yield
