"""The engines that are tested: array, and native with each instruction set that runs here."""

import pytest

from ellnet.engines import ENGINES, Engine, engine, native

__all__ = ["EVERY", "RECURSIONS", "TARGETS", "engine_of"]

TARGETS = native.targets()
"""The instruction sets of the native engine here, best first; none where it was not compiled."""

EVERY = ("array", *(f"native-{target}" for target in TARGETS))
"""Names to take an engine by in a test."""

RECURSIONS = tuple(
    {(e.forward, e.backward): name for name, e in reversed(ENGINES.items())}.values()
)
"""An engine for each forward and backward pass that there is: two engines may share one."""


def engine_of(name: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Return the engine of one of the names in EVERY, its target set until the test ends."""
    kind, _, target = name.partition("-")
    if target:
        monkeypatch.setenv("ELLNET_TARGET", target)
    return engine(kind)
