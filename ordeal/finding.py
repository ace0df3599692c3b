"""Where trials are found: every file `trial_NAME.py` of this folder is one."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from ordeal.sittings import Trial

__all__ = ["ROOT", "names", "trial", "wanted"]

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
BEGINNING = "trial_"


def names() -> list[str]:
    """Return the names of all trials, in order."""
    return sorted(path.stem.removeprefix(BEGINNING) for path in FOLDER.glob(f"{BEGINNING}*.py"))


def trial(name: str) -> Trial:
    """Return the trial of a name."""
    found = importlib.import_module(f"ordeal.{BEGINNING}{name}").TRIAL
    if not isinstance(found, Trial):
        raise TypeError(f"TRIAL of ordeal/{BEGINNING}{name}.py must be a Trial, got {found!r}")
    return found


def wanted(asked: Sequence[str]) -> list[str]:
    """Return the trials that were asked for, all where none was.

    Raises:
        LookupError: there is no such trial.
    """
    there = names()
    strange = [name for name in asked if name not in there]
    if strange:
        raise LookupError(f"there is no trial {strange[0]!r}; there are {', '.join(there)}")
    return list(dict.fromkeys(asked)) or there
