"""The whole catalogue of equations against the array engine, and its bits wherever it is trained."""

import itertools

import numpy as np

from ordeal.sittings import Failed, Missing, Sitting, Trial
from tests.engines.every_engine import TARGETS
from tests.engines.native.agreement import BOUNDS, PATHS, TRAINED, trained
from tests.engines.native.configurations import bits
from tests.engines.native.running import THREADS, on_target

__all__ = ["TRIAL"]


def distance(kind: str, path: str, dtype: str) -> float:
    """Return how far the update is from the array engine's, norm over norm."""
    expected, _ = trained(kind, PATHS[path], dtype, "array")
    found, _ = trained(kind, PATHS[path], dtype, "native")
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def hold_bits(sitting: Sitting, kind: str, path: str, dtype: str) -> None:
    """Train on every number of threads and every instruction set; all bits must be the same."""
    _, whole = trained(kind, PATHS[path], dtype, "native", n_threads=1)
    expected = bits(whole)
    for threads, target in itertools.chain(
        ((threads, TARGETS[0]) for threads in THREADS[1:]), ((1, target) for target in TARGETS[1:])
    ):
        with on_target(target):
            if bits(trained(kind, PATHS[path], dtype, "native", n_threads=threads)[1]) != expected:
                raise Failed(
                    f"{kind}, {path}, {dtype}: other bits with {target}, {threads} threads"
                )
        sitting.did("runs with the same bits")


def work(sitting: Sitting) -> None:
    """Go through all kinds, both paths, both precisions."""
    if not TARGETS:
        raise Missing("the native engine was not compiled: install a C++17 compiler")
    furthest = dict.fromkeys(BOUNDS, (0.0, ""))
    for kind, path, dtype in itertools.product(TRAINED, PATHS, BOUNDS):
        found = distance(kind, path, dtype)
        if not found <= BOUNDS[dtype]:
            raise Failed(f"{kind}, {path}: {found:.1e} from the array engine in {dtype}")
        furthest[dtype] = max(furthest[dtype], (found, f"{kind}, {path}"))
        sitting.did("updates that agree")
        hold_bits(sitting, kind, path, dtype)
    for dtype, (most, where) in furthest.items():
        said = f"{most:.1e} ({where}), and {BOUNDS[dtype]:.0e} is allowed"
        sitting.measured(f"largest distance of an update in {dtype}", said)


TRIAL = Trial("every equation of the catalogue agrees with the array engine: 1e-12, 2e-5", work)
