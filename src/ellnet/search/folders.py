"""The folders that searches and ladders keep what they find in."""

from itertools import count
from pathlib import Path

from ellnet.errors import FileAccessError

__all__ = ["free_folder", "make_folder"]


def free_folder(parent: str, name: str) -> Path:
    """Return the first of PARENT/NAME-1, PARENT/NAME-2, ... that is not there."""
    paths = (Path(parent) / f"{name}-{number}" for number in count(1))
    return next(path for path in paths if not path.exists())


def make_folder(path: Path, *, folder: str, of: str, option: str) -> None:
    """Make a folder, or take one that is empty but for hidden files.

    Args:
        path: the folder.
        folder: what to call it, such as "study folder".
        of: what it is for, such as "study".
        option: what names another.

    Raises:
        FileAccessError: it cannot be made, or holds something else.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        filled = any(each for each in path.iterdir() if not each.name.startswith("."))
    except OSError as error:
        raise FileAccessError(
            f"the {folder} {path} cannot be made: {error.strerror}; name another with {option}"
        ) from error
    if filled:
        raise FileAccessError(
            f"the folder {path} holds something else than a {of}; name a new one with {option}"
        )
