"""The shape of the code: floors, public names, line budgets, and the stub of the native engine."""

import ast
import importlib
import importlib.metadata
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.entrants import PEERS
from ellnet.version import VERSION

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "ellnet"
MODULES = sorted(SOURCE.rglob("*.py"))
BENCHMARKS = sorted((ROOT / "benchmarks").glob("*.py"))
ORDEAL = sorted((ROOT / "ordeal").rglob("*.py"))
LONGEST_FILE = 400
LONGEST_BODY = 45

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    """Return a short name for a parametrised test."""
    return str(path.relative_to(SOURCE if path.is_relative_to(SOURCE) else ROOT))


def project() -> dict[str, Any]:
    """Return what pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def functions(tree: ast.AST) -> Iterator[Function]:
    """Go through every function, methods and inner ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def body_lines(function: Function) -> int:
    """Return the number of lines of a function's body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 0


def public_names(tree: ast.Module) -> list[str]:
    """Return what `__all__` lists, [] where there is none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(item) for item in ast.literal_eval(node.value)]
    return []


def floors() -> set[str]:
    """Return the modules that the floors of pyproject.toml name."""
    contracts = project()["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["id"] == "floors")
    return {word.strip(" ()") for layer in layers for word in layer.replace(":", "|").split("|")}


def test_every_module_stands_on_a_floor() -> None:
    """No file or folder of the package is without a floor."""
    children = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py"}
    children |= {path.name for path in SOURCE.iterdir() if any(path.glob("*.py"))}

    assert children - {"__init__"} <= floors()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_says_what_it_is_and_what_it_offers(path: Path) -> None:
    """Every module has a docstring, and an `__all__` that names nothing twice."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    listed = public_names(tree)

    assert ast.get_docstring(tree)
    assert listed or path.name in {"__init__.py", "__main__.py"}
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("path", [*MODULES, *BENCHMARKS, *ORDEAL], ids=name)
def test_a_module_keeps_to_its_budget(path: Path) -> None:
    """No file is over 400 lines, no function's body over 45."""
    content = path.read_text(encoding="utf-8")
    long = [f.name for f in functions(ast.parse(content)) if body_lines(f) > LONGEST_BODY]

    assert len(content.splitlines()) <= LONGEST_FILE
    assert long == []


def test_the_budget_counts_what_it_says() -> None:
    """The length of a body leaves out the signature and the docstring."""
    tree = ast.parse('def f(\n    a,\n):\n    """Doc."""\n    b = a\n    return b\n')

    assert [body_lines(function) for function in functions(tree)] == [2]


def test_the_version_is_one() -> None:
    """The version of the package and that of the library's own constant are the same."""
    assert project()["project"]["version"] == VERSION


def test_extras_contain_one_another() -> None:
    """Plot is in search, and so on up to peers: the script `run` counts on it."""
    extras = project()["project"]["optional-dependencies"]

    assert "ellnet[plot]" in extras["search"]
    assert "ellnet[search]" in extras["postgresql"]
    assert "ellnet[postgresql]" in extras["test"]
    assert "ellnet[test]" in extras["check"]
    assert "ellnet[check]" in extras["peers"]


def test_the_group_bench_has_what_benchmarks_compare_with() -> None:
    """The packages of every peer, with pictures, and the same PyTorch as the tests."""
    extras = project()["project"]["optional-dependencies"]
    packages = {re.split("[=>]", requirement)[0] for requirement in extras["bench"]}

    assert packages == {
        "ellnet[plot]",
        "optuna",
        *(name for peer in PEERS for name in peer.packages),
    }
    assert [each for each in extras["peers"] if each in extras["bench"]] == ["torch==2.13.0"]


def test_the_native_module_is_what_its_stub_says() -> None:
    """The compiled module, where there is one, offers the names of the stub."""
    stub = ast.parse((SOURCE / "engines" / "_native.pyi").read_text(encoding="utf-8"))
    promised = {each.name for each in stub.body if isinstance(each, ast.FunctionDef | ast.ClassDef)}
    try:
        native = importlib.import_module("ellnet.engines._native")
    except ImportError:
        if os.environ.get("ELLNET_REQUIRE_NATIVE", "0") not in {"", "0"}:
            raise
        pytest.skip("the native engine was not built")

    assert {each for each in vars(native) if not each.startswith("__")} == promised
    assert native.version() == importlib.metadata.version("ellnet")
