"""What is here to train with: the engine that auto takes, its instruction sets, threads, and why."""

import os
from dataclasses import dataclass

from ellnet.engines import array, native
from ellnet.engines.coverage import ACTIVATION_NUMBERS, COST_NUMBERS, OPTIMIZER_NUMBERS
from ellnet.engines.threads import bounds
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS
from ellnet.equations.optimizers import OPTIMIZERS

__all__ = ["Inventory", "inventory"]

NOT_COMPILED = (
    "the native engine was not compiled when ellnet was installed: install again with a C++17 "
    "compiler, and with ELLNET_REQUIRE_NATIVE=1 to be told why it fails"
)
NO_VECTORS = (
    "this processor has no instruction set that the native engine is fast with (on x86-64 AVX2 with "
    "fused multiply-add)"
)


@dataclass(frozen=True)
class Inventory:
    """What trains and predicts here.

    Attributes:
        engine: the engine that auto takes for all that the native one covers: native, or else array.
        target: the instruction set in use, "" where the engine has none.
        asked_for: whether ELLNET_TARGET named it.
        targets: the instruction sets that run here, best first.
        threads: of a large call, at most.
        bounds: what bounds the threads, each with its number.
        otherwise: what would make it otherwise, one sentence each.
    """

    engine: str
    target: str
    asked_for: bool
    targets: tuple[str, ...]
    threads: int
    bounds: dict[str, int]
    otherwise: tuple[str, ...]


def inventory() -> Inventory:
    """Return what is here, as the environment has it now.

    Raises:
        HyperparameterError: ELLNET_TARGET names an instruction set that is not here.
    """
    here, limits = native.targets(), bounds()
    taken = native.available()
    return Inventory(
        engine=native.NAME if taken else array.NAME,
        target=native.target() if taken else "",
        asked_for=taken and bool(os.environ.get(native.TARGET_VARIABLE)),
        targets=here,
        threads=min(limits.values()),
        bounds=limits,
        otherwise=_otherwise_than_native() if taken else _otherwise_than_array(here),
    )


def _otherwise_than_native() -> tuple[str, ...]:
    choice = (
        f"`train --engine array` takes it for everything; {native.TARGET_VARIABLE}=NAME takes another "
        "instruction set, of which scalar is slow: the oracle of the tests"
    )
    return (f"the array engine serves what native does not cover: {', '.join(uncovered())}", choice)


def _otherwise_than_array(here: tuple[str, ...]) -> tuple[str, ...]:
    return (NO_VECTORS if here else NOT_COMPILED,)


def uncovered() -> list[str]:
    """Return what the native engine leaves to the array engine."""
    rows = (
        ("activation", ACTIVATIONS, ACTIVATION_NUMBERS),
        ("cost", COSTS, COST_NUMBERS),
        ("optimizer", OPTIMIZERS, OPTIMIZER_NUMBERS),
    )
    names = [
        f"{kind} {name}" for kind, table, covered in rows for name in table if name not in covered
    ]
    return [*names, "a sparse X", "arrays of other libraries than NumPy"]
