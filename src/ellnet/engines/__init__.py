"""Engines: the same mathematics behind one Protocol, chosen by name."""

from typing import cast

from ellnet.engines import array, auto, native
from ellnet.engines.protocol import (
    AfterEpoch,
    Cache,
    Divergence,
    Engine,
    Gradients,
    Job,
    Run,
    Score,
    Verdict,
    Watch,
)
from ellnet.errors import HyperparameterError

__all__ = [
    "ENGINES",
    "NAMES",
    "AfterEpoch",
    "Cache",
    "Divergence",
    "Engine",
    "Gradients",
    "Job",
    "Run",
    "Score",
    "Verdict",
    "Watch",
    "engine",
]

ENGINES = {
    "array": cast("Engine", array),
    **({"native": cast("Engine", native)} if native.targets() else {}),
}
"""Every engine that is here, by its name."""

NAMES = ("auto", "array", "native")
"""What an engine may be called, also where it is not here."""


def engine(name: str = "auto") -> Engine:
    """Return the engine of that name; "auto" takes native for all that it covers, and array for the rest.

    Raises:
        HyperparameterError: there is no such engine, or it was not compiled.
    """
    if name == "auto":
        return cast("Engine", auto)
    if name in ENGINES:
        return ENGINES[name]
    if name == "native":
        native.target()
    raise HyperparameterError(f"engine must be auto or {' or '.join(ENGINES)}, got {name!r}")
