"""Builds of the native module that are only tested: with sanitizers, each in a folder of its own.

`./run ordeal` makes them with pip, from the same CMakeLists.txt. A process takes one in place of the
installed module by its environment (`ordeal/redirect`), and so do the processes that it begins.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ordeal.finding import ROOT
from ordeal.sittings import Missing

__all__ = ["BUILDS", "Build", "module", "preloaded"]

REDIRECT = ROOT / "ordeal" / "redirect"
WHERE = ROOT / ".run" / "builds"


@dataclass(frozen=True)
class Build:
    """A build.

    Attributes:
        sanitizers: what -fsanitize= is given.
        mark: a name that is in a module which was compiled so.
        libraries: what has to be in the process before Python is, by the compiler's names.
        options: variables of the environment that the sanitizers read.
    """

    sanitizers: str
    mark: bytes
    libraries: tuple[str, ...]
    options: dict[str, str] = field(default_factory=dict)


BUILDS = {
    "address": Build(
        "address,undefined",
        b"__asan_init",
        ("libasan.so", "libubsan.so", "libstdc++.so.6"),
        {
            "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:abort_on_error=1",
            "UBSAN_OPTIONS": "print_stacktrace=1:abort_on_error=1",
        },
    ),
    "thread": Build(
        "thread",
        b"__tsan_init",
        ("libtsan.so", "libstdc++.so.6"),
        {"TSAN_OPTIONS": "exitcode=66:second_deadlock_stack=1"},
    ),
}
"""Every build by its name. Leaks are looked for by counting (`trial_allocations`): Python keeps much."""


def compiler() -> str:
    """Return the C++ compiler.

    Raises:
        Missing: there is none.
    """
    found = os.environ.get("CXX") or next(filter(None, map(shutil.which, ("c++", "g++"))), "")
    if not found:
        raise Missing("there is no C++ compiler: install g++")
    return found


def module(name: str) -> Path:
    """Return the compiled module of a build.

    Raises:
        Missing: it was not made, or without its sanitizer.
    """
    found = sorted((WHERE / name / "ellnet" / "engines").glob("_native.*.so"))
    if not found:
        raise Missing(f"the build {name!r} is not there: `./run ordeal` makes it, or says why not")
    if BUILDS[name].mark not in found[0].read_bytes():
        raise Missing(
            f"the build {name!r} was compiled without its sanitizer: remove {WHERE / name}"
        )
    return found[0]


def library(name: str) -> str:
    """Return where the compiler has a library.

    Raises:
        Missing: it has none of that name.
    """
    command = [compiler(), f"-print-file-name={name}"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    if not Path(said).is_absolute() or not Path(said).exists():
        raise Missing(f"{command[0]} has no {name}: install GCC's sanitizers, or take g++ with CXX")
    return str(Path(said).resolve())


def preloaded(name: str) -> tuple[list[str], dict[str, str]]:
    """Return what a command begins with, and its environment, so that it runs with a build.

    Raises:
        Missing: the build, or a library that it needs, is not there, or does not run here.
    """
    build = BUILDS[name]
    before = os.environ.get("PYTHONPATH", "")
    environment = {
        **os.environ,
        **build.options,
        "LD_PRELOAD": " ".join(map(library, build.libraries)),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(REDIRECT), before])),
        "PYTHONMALLOC": "malloc",  # each object is a block that a sanitizer knows
        "ELLNET_NATIVE_MODULE": str(module(name)),
    }
    same = (
        "import sys; from ellnet.engines import _native as n; sys.exit(n.__file__ != sys.argv[1])"
    )
    asked = [sys.executable, "-c", same, str(module(name))]
    said = ""
    for prefix in (
        [],
        [shutil.which("setarch") or "setarch", "-R"],
    ):  # addresses that are not random
        try:
            ran = subprocess.run(
                [*prefix, *asked], env=environment, capture_output=True, check=False
            )
        except OSError as error:
            said = str(error)
            continue
        if ran.returncode == 0:
            return prefix, environment
        said = (ran.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
    raise Missing(f"the build {name!r} does not run on this machine: {said}")
