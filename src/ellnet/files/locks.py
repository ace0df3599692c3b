"""A lock against two processes that write into one folder; the system frees it however a process ends."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ellnet.errors import FileAccessError

__all__ = ["locked"]

NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
"""What a file system says that has no locks; there is then none to take."""


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold the lock of a file that is never replaced, while what is inside runs.

    Args:
        path: the file; it is made where there is none.
        what: what it stands for, in messages.

    Raises:
        FileAccessError: another process holds it, or the file cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise FileAccessError(f"{path} cannot be opened: {error.strerror}") from error
    try:
        _take(descriptor, what)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, what: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FileAccessError(
            f"another process is training into {what}; wait until it has ended, or stop it"
        ) from error
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise FileAccessError(f"{what} cannot be locked: {error.strerror}") from error
