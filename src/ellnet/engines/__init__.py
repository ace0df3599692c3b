"""Engines: the same mathematics behind one Protocol, chosen by name."""

from typing import cast

from ellnet.engines import array
from ellnet.engines.protocol import Cache, Divergence, Engine, Gradients, Run, Watch
from ellnet.errors import HyperparameterError

__all__ = ["ENGINES", "Cache", "Divergence", "Engine", "Gradients", "Run", "Watch", "engine"]

ENGINES = {"array": cast("Engine", array)}
"""Every engine by its name."""


def engine(name: str = "auto") -> Engine:
    """Return the engine of that name; "auto" takes the fastest that is there.

    Raises:
        HyperparameterError: there is no such engine.
    """
    if name == "auto":
        return ENGINES["array"]
    if name not in ENGINES:
        raise HyperparameterError(f"engine must be auto or {' or '.join(ENGINES)}, got {name!r}")
    return ENGINES[name]
