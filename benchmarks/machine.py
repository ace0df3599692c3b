"""What a measurement was made on: processor, cores, memory, versions."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import ellnet
from ellnet.version import NUMERICS

__all__ = ["core_ids", "describe", "load", "most_memory", "physical_cores", "versions"]

SIGNS = ("avx2", "fma", "avx512f", "avx512_bf16", "asimd", "sve")
"""The instruction sets worth telling, as the system names them."""


def versions(*packages: str) -> dict[str, str]:
    """Return the version of each package that is installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def core_ids() -> list[int]:
    """Return the processors that this process may run on, as far as the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def physical_cores(system: Path = Path("/sys/devices/system/cpu")) -> int:
    """Return the number of cores that this process may run on; two threads of a core are one."""
    cores = set()
    for core in core_ids():
        siblings = system / f"cpu{core}" / "topology" / "thread_siblings_list"
        try:
            cores.add(siblings.read_text(encoding="ascii").strip())
        except OSError:
            cores.add(str(core))
    return len(cores)


def load() -> float:
    """Return how many processes wanted a core in the last minute; 0 where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def most_memory(status: str | None = None) -> int:
    """Return the most bytes of memory that a process has had, of Linux's words for it; else 0.

    Args:
        status: what /proc/self/status said in that process; by default this one.
    """
    if status is None:
        try:
            status = Path("/proc/self/status").read_text(encoding="ascii")
        except OSError:
            return 0
    found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def describe() -> dict[str, Any]:
    """Return the machine and what runs on it, as JSON values."""
    fields = _processor(Path("/proc/cpuinfo"))
    flags = fields.get("flags", fields.get("Features", "")).split()
    return {
        "cpu": fields.get("model name") or platform.processor() or platform.machine(),
        "family": fields.get("cpu family", ""),
        "model": fields.get("model", ""),
        "instruction_sets": [sign for sign in SIGNS if sign in flags],
        "physical_cores": physical_cores(),
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "ellnet": ellnet.__version__,
        "numerics": NUMERICS,
        "load_at_start": round(load(), 2),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _processor(path: Path) -> dict[str, str]:
    """Return what Linux says of the first processor."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _memory_gib() -> float:
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0.0
    return round(pages * size / 2**30, 1)
