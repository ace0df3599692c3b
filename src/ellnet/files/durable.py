"""Whole files: after any accident the old or the new one is there; and files read whole."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ellnet.errors import FileAccessError

__all__ = ["read_whole", "write_durably"]

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
"""What stands at a path that is not a regular file."""

WRITING = {
    errno.EACCES: "there is no permission to write there; choose another path, or change rights",
    errno.EPERM: "there is no permission to write there; choose another path, or change rights",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.ENOENT: "its folder does not exist; make the folder first",
    errno.ENOTDIR: "a part of its path is not a folder; choose another path",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ELOOP: "its symbolic links go round in a circle; choose another path",
    errno.EFBIG: "it is larger than a file may be there; choose another folder, or raise the limit",
}
"""Why a file cannot be written, and what to do."""

READING = {
    errno.EACCES: "there is no permission to read it; change its rights",
    errno.EPERM: "there is no permission to read it; change its rights",
    errno.ENOENT: "there is no such file; check the path",
    errno.ENOTDIR: "a part of its path is not a folder; check the path",
    errno.ENAMETOOLONG: "the name is too long; check the path",
    errno.ELOOP: "its symbolic links go round in a circle; check the path",
    errno.ENXIO: "it is a socket or a device; name a regular file",
}
"""Why a file cannot be read, and what to do."""


def write_durably(path: str | Path, data: bytes) -> None:
    """Write a file so that after a crash or a loss of power the old or the new one is there, whole.

    A temporary file beside it is written, brought to the disk and renamed over it. A new file's
    mode follows the umask, an existing file's stays; of a symbolic link the target is replaced. An
    exception, KeyboardInterrupt included, leaves the old file as it was and no temporary file; only
    a kill can leave one, named `.ellnet-*.tmp`.

    Args:
        path: the file.
        data: all that it shall hold.

    Raises:
        FileAccessError: the file cannot be written; says why, and what to do.
    """
    try:
        target = Path(os.path.realpath(path))
        mode = _existing_mode(path, target)
        with _opened(target.parent, os.O_RDONLY | os.O_DIRECTORY) as folder:
            _replace(folder, target.name, data, mode)
    except FileAccessError:
        raise
    except (OSError, ValueError) as error:
        reason = _why_not_written(path, error, len(data))
        raise FileAccessError(f"{path} cannot be written: {reason}") from error


def read_whole(path: str | Path, limit: int) -> bytes:
    """Read a regular file into memory.

    Args:
        path: the file; a named pipe, device, socket or folder is refused without waiting for it.
        limit: bytes that it may have at most.

    Returns:
        All its bytes.

    Raises:
        FileAccessError: the file cannot be read, is not a regular one, or is too large; says why.
    """
    try:
        with _opened(path, os.O_RDONLY | os.O_NONBLOCK) as descriptor:
            return _read(path, descriptor, limit)
    except FileAccessError:
        raise
    except (OSError, ValueError) as error:
        reason = READING.get(_number(error), _plain(error))
        raise FileAccessError(f"{path} cannot be read: {reason}") from error


@contextmanager
def _opened(path: str | Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _existing_mode(path: str | Path, target: Path) -> int | None:
    """Return the mode of the file that is there, or None; refuse what must not be replaced."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    _check_kind(path, found, "written")
    with _opened(target, os.O_WRONLY | os.O_NONBLOCK):
        return stat.S_IMODE(found.st_mode)


def _check_kind(path: str | Path, found: os.stat_result, verb: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = KINDS.get(stat.S_IFMT(found.st_mode), "no regular file")
        raise FileAccessError(f"{path} cannot be {verb}: it is {kind}; name a regular file")


def _replace(folder: int, name: str, data: bytes, mode: int | None) -> None:
    temporary = f".ellnet-{os.urandom(8).hex()}.tmp"
    try:
        _fill(folder, temporary, data, mode)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except FileExistsError:  # somebody else's file
        raise
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems have no such call for folders
            raise


def _fill(folder: int, name: str, data: bytes, mode: int | None) -> None:
    """Make the file and bring it to the disk; its mode is never wider than the final one."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(name, flags, 0o666 if mode is None else 0o600, dir_fd=folder)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        if mode is not None:
            os.fchmod(descriptor, mode)
        os.fsync(descriptor)


def _read(path: str | Path, descriptor: int, limit: int) -> bytes:
    found = os.fstat(descriptor)
    _check_kind(path, found, "read")
    if found.st_size > limit:
        raise FileAccessError(
            f"{path} cannot be read: it has {found.st_size} bytes and may have {limit} at most; "
            "check the path"
        )
    with open(descriptor, "rb", closefd=False) as file:
        data = file.read(found.st_size)
        more = file.read(1)
    if len(data) != found.st_size or more:
        raise FileAccessError(
            f"{path} cannot be read: it changed meanwhile; try again when nothing writes to it"
        )
    return data


def _why_not_written(path: str | Path, error: Exception, needed: int) -> str:
    number = _number(error)
    if number in {errno.ENOSPC, errno.EDQUOT}:
        room = os.statvfs(Path(os.path.realpath(path)).parent)
        free = room.f_bavail * room.f_frsize
        return (
            f"the disk or your share of it is full: {needed} bytes are needed and {free} are free; "
            "make room, or choose another folder"
        )
    return WRITING.get(number, _plain(error))


def _number(error: Exception) -> int:
    return (error.errno or 0) if isinstance(error, OSError) else 0


def _plain(error: Exception) -> str:
    """Say in the system's words what went wrong."""
    said = error.strerror if isinstance(error, OSError) else str(error)
    return f"{said or 'the system gives no reason'}; check the path"
