"""An unchanged script run with scikit-learn's two classes replaced.

`python -m ellnet.patch script.py ARGUMENTS` does so for a script; `ellnet.patch()`, called before the
classes are used, for the program that runs.
"""

import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["main", "patch", "unpatch"]

NAMES = ("MLPClassifier", "MLPRegressor")
HOME = "sklearn.neural_network._multilayer_perceptron"

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
    replaced = _swap(dict(pairs.values()))
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
    return _swap({ours: theirs for theirs, ours in _pairs().values()})


def _swap(by: dict[type, type]) -> list[str]:
    """Replace classes in every module that is loaded, but for ellnet's own."""
    swapped = []
    for module_name, module in sorted(sys.modules.items()):
        if module_name.partition(".")[0] == "ellnet" or not isinstance(module, ModuleType):
            continue
        for name, value in list(vars(module).items()):
            if isinstance(value, type) and value in by:
                setattr(module, name, by[value])
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
    if as_module:
        sys.path[0] = str(Path.cwd())
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(rest[0]).resolve().parent)
        runpy.run_path(rest[0], run_name="__main__")
    return 0


def _refused(rest: Sequence[str], *, as_module: bool) -> str:
    """Say why it cannot be run, "" where it can."""
    if not rest:
        return "-m needs the name of a module"
    if as_module:
        return ""
    path = Path(rest[0])
    if path.suffix == ".ipynb":
        return f"{path} is a notebook: call ellnet.patch() in its first cell instead"
    if path.is_dir():
        return f"{path} is a folder: name the script in it"
    if not path.is_file():
        return f"there is no script {path}"
    return ""


class _Callable(ModuleType):
    """This module as a function: `ellnet.patch()` is `ellnet.patch.patch()`."""

    def __call__(self, **options: Any) -> list[str]:
        return patch(**options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

sys.modules[__name__].__class__ = _Callable
