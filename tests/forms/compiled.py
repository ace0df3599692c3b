"""Compiling the C that a model becomes, and calling it."""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ellnet.columns import Columns
from ellnet.encodings import CategoryEncoding
from ellnet.forms import c_source
from ellnet.models import Model

__all__ = ["COMPILERS", "STRICT", "build", "needs_compiler", "predictions_in_c", "self_tested"]

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]

COMPILERS = [path for path in map(shutil.which, ("gcc", "clang")) if path] or [
    path for path in [shutil.which("cc")] if path
]

if not COMPILERS and os.environ.get("ELLNET_REQUIRE_NATIVE", "0") not in {"", "0"}:
    raise RuntimeError("a C compiler is needed where the native engine is required")

needs_compiler = pytest.mark.skipif(not COMPILERS, reason="there is no C compiler")


def build(source: str, folder: Path, *options: str, compiler: str = "") -> Path:
    """Compile a source under the strictest of ordinary warnings; return what was built."""
    path, out = folder / "model.c", folder / "built"
    path.write_text(source, encoding="ascii")
    command = [compiler or COMPILERS[0], *STRICT, *options, str(path), "-o", str(out), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]
    return out


def self_tested(source: str, folder: Path, *options: str, compiler: str = "") -> tuple[int, str]:
    """Compile and run the self-test; return its exit code and what it printed."""
    program = build(source, folder, "-O1", "-DELLNET_SELF_TEST", *options, compiler=compiler)
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def predictions_in_c(model: Model, rows: Columns, folder: Path) -> tuple[list[int], NDArray[Any]]:
    """Call the compiled function for every row; return its results, and the outputs (m, outputs)."""
    library = ctypes.CDLL(
        str(build(c_source(model, name="net"), folder, "-O2", "-shared", "-fPIC"))
    )
    encodings = model.preprocessing.encodings.values()
    texts = [isinstance(encoding, CategoryEncoding) for encoding in encodings]
    types: list[Any] = [ctypes.c_char_p if text else ctypes.c_double for text in texts]
    fields = [(f"f{k}", kind) for k, kind in enumerate(types)]
    Row = type("Row", (ctypes.Structure,), {"_fields_": fields})
    outputs = (ctypes.c_float * max(1, len(model.target.classes)))()
    returned, found = [], []
    for values in zip(*(column.values for column in rows.columns.values()), strict=True):
        plain = [value.encode() if isinstance(value, str) else value for value in values]
        returned.append(library.net_predict(ctypes.byref(Row(*plain)), outputs))
        found.append(np.array(outputs))
    return returned, np.array(found)
