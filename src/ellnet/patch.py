"""An unchanged script run with scikit-learn's two classes replaced.

`python -m ellnet.patch script.py ARGUMENTS` does so for a script; `ellnet.patch()`, called before the
classes are used, for the program that runs.
"""

import importlib.util
import runpy
import sys
import sysconfig
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ellnet.errors import PatchError

__all__ = ["main", "patch", "unpatch"]

NAMES = ("MLPClassifier", "MLPRegressor")

PRIVATE = ("_label_binarizer", "_optimizer", "_random_state", "_best_coefs", "_best_intercepts")
"""Private attributes of scikit-learn's two classes, once they are fitted."""

USAGE = """usage: python -m ellnet.patch [-q] SCRIPT [ARGUMENTS]
       python -m ellnet.patch [-q] -m MODULE [ARGUMENTS]

Runs a Python script, or a module, with scikit-learn's MLPClassifier and MLPRegressor replaced by those
of ellnet, and says on standard error what was replaced where; -q keeps quiet."""

_originals: dict[str, type] = {}


def _pairs() -> dict[str, tuple[type, type]]:
    """Return, by name, scikit-learn's class and ours."""
    import sklearn.neural_network as theirs  # noqa: PLC0415 - only who patches needs it

    from ellnet import estimators as ours  # noqa: PLC0415 - the same

    for name in NAMES:
        _originals.setdefault(name, getattr(theirs, name))
    return {name: (_originals[name], getattr(ours, name)) for name in NAMES}


def patch(*, quiet: bool = False) -> list[str]:
    """Replace scikit-learn's two classes by ours wherever a module holds them.

    Classes that were derived from them before, and estimators that were made before, stay what they
    are; a line on standard error names the former.

    Args:
        quiet: say nothing on standard error.

    Returns:
        What was replaced, as "module.name".
    """
    pairs = _pairs()
    replaced = _swap(list(pairs.values()))
    if not quiet:
        for name in replaced:
            _say(f"{name} is now that of ellnet")
        for theirs, _ in pairs.values():
            derived: type
            for derived in theirs.__subclasses__():
                _say(
                    f"{derived.__module__}.{derived.__qualname__} was derived from scikit-learn's "
                    f"{theirs.__name__} before, and stays so: patch before it is defined"
                )
    return replaced


def unpatch() -> list[str]:
    """Put scikit-learn's classes back wherever a module outside ellnet holds ours.

    Returns:
        What was put back, as "module.name".
    """
    return _swap([(ours, theirs) for theirs, ours in _pairs().values()])


def _swap(pairs: Sequence[tuple[type, type]]) -> list[str]:
    """Replace the first of each pair in every module that is loaded, but for ellnet's own."""
    by = {id(old): new for old, new in pairs}
    swapped = []
    for module_name, module in sorted(sys.modules.items()):
        if module_name.partition(".")[0] == "ellnet" or not isinstance(module, ModuleType):
            continue
        for name, value in list(vars(module).items()):
            if id(value) in by:
                setattr(module, name, by[id(value)])
                swapped.append(f"{module_name}.{name}")
    return swapped


def _say(line: str) -> None:
    print(f"ellnet.patch: {line}", file=sys.stderr)  # noqa: T201 - for people, beside the script's own


def main(words: Sequence[str]) -> int:
    """Run `python -m ellnet.patch`.

    Args:
        words: the command line after the module's name.

    Returns:
        The exit code, where the script gives none of its own.
    """
    rest = list(words)
    quiet = bool(rest) and rest[0] in {"-q", "--quiet"}
    if quiet:
        rest.pop(0)
    if not rest or rest[0] in {"-h", "--help"}:
        print(USAGE)  # noqa: T201 - the help that was asked for
        return 0 if rest else 2
    as_module = rest[0] == "-m"
    if as_module:
        rest.pop(0)
    reason = _refused(rest, as_module=as_module)
    if reason:
        _say(reason)
        return 2
    patch(quiet=quiet)
    sys.argv = rest
    try:
        _run(rest[0], as_module=as_module)
    except (AttributeError, PatchError) as error:
        reason = _not_honoured(error)
        if not reason:
            raise
        _say(reason)
        return 1
    return 0


def _run(name: str, *, as_module: bool) -> None:
    """Run a script, or a module, as Python would."""
    if as_module:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
        return
    if not sys.flags.safe_path:
        sys.path[0] = str(Path(name).resolve().parent)
    runpy.run_path(name, run_name="__main__")


def _not_honoured(error: Exception) -> str:
    """Say which wish of a script had to fail because of the patch, "" where it failed by itself."""
    lines = [line for line in traceback.extract_tb(error.__traceback__) if _is_of_script(line)]
    where = f"{lines[-1].filename}, line {lines[-1].lineno}: " if lines else ""
    if isinstance(error, PatchError):
        return f"{where}{error}"
    ours = tuple(pair[1] for pair in _pairs().values())
    if not isinstance(error, AttributeError) or not isinstance(error.obj, ours):
        return ""
    kind, name = type(error.obj).__name__, str(error.name)
    theirs = _originals.get(kind, object)
    if name not in PRIVATE and not hasattr(theirs, name):
        return ""
    return (
        f"{where}{kind}.{name} is scikit-learn's own affair, and the {kind} of ellnet has it not: run "
        "the script without the patch, or read coefs_, intercepts_ and classes_ in its place"
    )


def _is_of_script(line: traceback.FrameSummary) -> bool:
    """Say whether a line is neither of a library that is installed, nor of ellnet."""
    libraries = {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}
    file = Path(line.filename)
    folders = {*file.absolute().parents, *file.resolve().parents}
    known = {*libraries, *(folder.resolve() for folder in libraries), Path(__file__).parent}
    return not line.filename.startswith("<") and not folders & known


def _refused(rest: Sequence[str], *, as_module: bool) -> str:
    """Say why it cannot be run, "" where it can."""
    if not rest:
        return "-m needs the name of a module"
    if as_module:
        return "" if _can_run(rest[0]) else f"there is no module {rest[0]} that can be run"
    path = Path(rest[0])
    if path.suffix == ".ipynb":
        return f"{path} is a notebook: call ellnet.patch() in its first cell instead"
    if path.is_dir():
        return f"{path} is a folder: name the script in it"
    if not path.is_file():
        return f"there is no script {path}"
    return ""


def _can_run(module: str) -> bool:
    """Say whether `python -m` would find a module, or a package with a `__main__` in it."""
    try:
        found = importlib.util.find_spec(module)
        if found is not None and found.submodule_search_locations is not None:
            found = importlib.util.find_spec(f"{module}.__main__")
    except (ImportError, ValueError):
        return False
    return found is not None


class _Callable(ModuleType):
    """This module as a function: `ellnet.patch()` is `ellnet.patch.patch()`."""

    def __call__(self, **options: Any) -> list[str]:
        return patch(**options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

sys.modules[__name__].__class__ = _Callable
