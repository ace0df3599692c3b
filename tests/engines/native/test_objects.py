"""The object files of the instruction sets: nothing in them can be taken for anybody else's."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).resolve().parents[3] / "native"
COMPILER = next(filter(None, map(shutil.which, (os.environ.get("CXX", ""), "c++", "g++"))), "")
NM, OBJDUMP = shutil.which("nm") or "", shutil.which("objdump") or ""

pytestmark = [
    pytest.mark.skipif(not COMPILER, reason="no C++ compiler here"),
    pytest.mark.skipif(not NM, reason="no nm here"),
    pytest.mark.skipif(
        platform.machine() not in {"x86_64", "AMD64"}, reason="targets of another processor"
    ),
]

REGISTERS = {"avx512": "zmm", "avx2": "ymm", "scalar": "xmm"}
"""The widest registers of each target."""


def flags(target: str) -> list[str]:
    """The options of CMakeLists.txt, those for all files and those for the target's own."""
    text = (NATIVE.parent / "CMakeLists.txt").read_text(encoding="utf-8")
    common = re.search(r"<CXX_COMPILER_ID:GNU,Clang,AppleClang>:([^>]*)>", text)
    own = re.search(rf'target_{target}\.cpp PROPERTIES COMPILE_OPTIONS\s+"([^"]*)"', text)
    assert common
    assert own
    defined = ["-DELLNET_X86", "-DNDEBUG", "-std=c++17", "-fPIC", "-fvisibility=hidden"]
    return [*defined, *common.group(1).split(), *own.group(1).split(";")]


def source_hash() -> str:
    """What the object files are made of: every file of native/, the options, the compiler."""
    parts = [said_by(COMPILER, "--version").encode()]
    parts += [" ".join(flags(target)).encode() for target in REGISTERS]
    parts += [path.read_bytes() for path in sorted(NATIVE.iterdir())]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


@pytest.fixture(scope="module")
def objects(request, tmp_path_factory) -> dict[str, dict[str, list[str]]]:
    """For each target its symbols that another file's may be taken for, and its registers.

    The three are compiled side by side, as they are installed and without optimisation ("avx2-O0"),
    and again only where something has changed.
    """
    key, found = f"ellnet/objects2/{source_hash()}", {}
    kept = request.config.cache.get(key, None)
    if kept is not None:
        return kept
    folder = tmp_path_factory.mktemp("objects")
    compiling = {
        (target, more): subprocess.Popen(
            [
                COMPILER,
                *flags(target),
                *more,
                "-c",
                f"target_{target}.cpp",
                "-o",
                folder / f"{target}{len(more)}.o",
            ],
            cwd=NATIVE,
        )
        for target in REGISTERS
        for more in ((), ("-O0",))
    }
    for (target, more), process in compiling.items():
        assert process.wait(timeout=300) == 0, target
        found[target + "".join(more)] = described(folder / f"{target}{len(more)}.o")
    request.config.cache.set(key, found)
    return found


def said_by(*command: str) -> str:
    """What a program prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def described(path: Path) -> dict[str, list[str]]:
    """Lists of what `nm` and `objdump` find in an object file."""
    nm = said_by(NM, "--defined-only", "-C", str(path)).splitlines()
    code = said_by(OBJDUMP, "-d", str(path)) if OBJDUMP else ""
    return {
        "weak": [line for line in nm if re.search(r" [WVu] (?!DW\.ref\.)", line)],
        "global": sorted(line.split(" ", 2)[2] for line in nm if re.search(" [A-TX-Z] ", line)),
        "registers": sorted(set(re.findall(r"%([xyz]mm)\d", code))),
    }


@pytest.mark.parametrize("target", [*REGISTERS, *(f"{target}-O0" for target in REGISTERS)])
def test_no_symbol_is_weak(objects, target):
    """The linker may hand a file's copy of a weak function to all, with instructions that others lack."""
    assert objects[target]["weak"] == []


@pytest.mark.parametrize("target", REGISTERS)
def test_the_tables_are_all_that_a_target_offers(objects, target):
    """Two tables of functions; everything else has a name within its file alone."""
    assert objects[target]["global"] == [f"ellnet::{target}_{kind}" for kind in ("single", "twice")]


@pytest.mark.parametrize("target", REGISTERS)
def test_each_target_has_its_own_registers(objects, target):
    """AVX-512 its sixteen floats, AVX2 eight, the scalar one none that are wider than four."""
    registers = objects[target]["registers"]
    if not registers:
        pytest.skip("no objdump here")

    assert REGISTERS[target] in registers
    assert max(registers) == REGISTERS[target]
