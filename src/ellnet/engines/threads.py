"""How many threads a call takes: what the process may use, and what the work is worth."""

import os
from functools import cache
from pathlib import Path

from ellnet.errors import HyperparameterError

__all__ = ["available", "bounds", "threads_for_work"]

SMALL = 7.5e7
"""Floating-point operations, about 1.5 ms of them, up to which a call stays on one thread."""

SHARE = 1.0e6
"""Operations of a step that make another thread worth its waiting."""

LIMITS = ("ELLNET_NUM_THREADS", "OMP_NUM_THREADS")
"""Variables of the environment that bound the number of threads; joblib's workers set the second.

OpenMP's may be a list, of which the first number is that of a call.
"""

MOST = 256
"""Threads of a call, at most: each has buffers of its own."""


def threads_for_work(n_threads: int | None, operations: float, step: float) -> int:
    """Return the number of threads for a call.

    Args:
        n_threads: the number, where the caller said one; no more than MOST are taken.
        operations: floating-point operations of the whole call.
        step: those between two points at which all threads meet.

    Raises:
        HyperparameterError: a number below 1.
    """
    if n_threads is not None:
        if n_threads < 1:
            raise HyperparameterError(f"n_threads must be at least 1, got {n_threads}")
        return min(int(n_threads), MOST)
    if operations < SMALL:
        return 1
    return max(1, min(available(), int(step / SHARE)))


def available() -> int:
    """Return the physical cores that this process may use, less where the environment says so."""
    return min(bounds().values())


def bounds() -> dict[str, int]:
    """Return what bounds the threads of a call, each with its number: cores, variables, a quota."""
    return {"physical cores for this process": _cores(_affinity()), **_said(), **_quota()}


def _affinity() -> frozenset[int]:
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def _said() -> dict[str, int]:
    said = {name: os.environ.get(name, "").partition(",")[0].strip() for name in LIMITS}
    return {name: int(n) for name, n in said.items() if n.isdecimal() and int(n) > 0}


@cache
def _quota() -> dict[str, int]:
    """Return the whole processors that the control group allows, nothing for no bound."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return (
            {}
            if quota == "max"
            else {"the control group's quota": max(1, int(quota) // int(period))}
        )
    except (OSError, ValueError):
        return {}


@cache
def _cores(processors: frozenset[int]) -> int:
    """Count the physical cores that a set of logical processors belongs to."""
    cores = set()
    for number in processors:
        place = Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")
        try:
            cores.add(place.read_text(encoding="ascii"))
        except OSError:
            cores.add(str(number))
    return max(1, len(cores))
