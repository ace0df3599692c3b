"""The engine that trains on this machine, in sentences and as JSON."""

from dataclasses import asdict
from typing import Any

from rich.console import Console

from ellnet.cli.terminal import say
from ellnet.engines.inventory import Inventory, inventory

__all__ = ["engine_document", "show_engine"]


def engine_document() -> dict[str, Any]:
    """Return what is here as plain JSON values."""
    return asdict(inventory())


def show_engine(console: Console) -> None:
    """Show the engine in use, its instruction set and threads, and what would make it otherwise."""
    here = inventory()
    say(console, f"engine: {here.engine}")
    if here.target:
        say(console, f"instruction set: {_target(here)}")
    say(console, f"threads: {_threads(here)}")
    for sentence in here.otherwise:
        say(console, sentence)


def _target(here: Inventory) -> str:
    others = ", ".join(name for name in here.targets if name != here.target)
    asked = ", which ELLNET_TARGET asks for" if here.asked_for else ""
    return f"{here.target}{asked}" + (f"; others that run here: {others}" if others else "")


def _threads(here: Inventory) -> str:
    """Name what bounds the threads; the array engine's are those of NumPy's BLAS."""
    if not here.target:
        return "those of the library of the arrays, which is NumPy's BLAS unless another is given"
    reasons = ", ".join(f"{name}: {number}" for name, number in here.bounds.items())
    return f"up to {here.threads} ({reasons}); one where the work is little"
