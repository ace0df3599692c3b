"""Whole files: after any accident the old or the new one is there; and files read whole."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ellnet.errors import FileAccessError

__all__ = ["GrowingFile", "open_regular", "read_whole", "write_durably", "writing_durably"]

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
    with _named(path, lambda: len(data)):
        target = Path(os.path.realpath(path))
        mode = _existing_mode(path, target)
        with (
            _opened(target.parent, os.O_RDONLY | os.O_DIRECTORY) as folder,
            _replacing(folder, target.name, mode) as file,
        ):
            file.write(data)


class GrowingFile:
    """A file under way: what is written goes to a temporary file, which takes the name at the end."""

    def __init__(self, path: str | Path, file: BinaryIO) -> None:
        """Take the path that the file will have, and the temporary file."""
        self.size = 0
        self._path = path
        self._file = file

    def write(self, data: bytes) -> None:
        """Write at the end.

        Raises:
            FileAccessError: the file cannot be written; says why, and what to do.
        """
        with _named(self._path, lambda: self.size + len(data)):
            self._file.write(data)
            self.size += len(data)


@contextmanager
def writing_durably(path: str | Path) -> Iterator[GrowingFile]:
    """Write a file piece by piece; it appears under its name, whole, when the block ends well.

    The manner is that of `write_durably`: an exception inside, KeyboardInterrupt included, leaves the
    old file as it was and no temporary one.

    Args:
        path: the file; whether it may be written is looked at before the block begins.

    Raises:
        FileAccessError: the file cannot be written; says why, and what to do.
    """
    growing: list[GrowingFile] = []
    inside: list[BaseException] = []
    with _named(path, lambda: growing[0].size if growing else 0, but=inside):
        target = Path(os.path.realpath(path))
        mode = _existing_mode(path, target)
        with (
            _opened(target.parent, os.O_RDONLY | os.O_DIRECTORY) as folder,
            _replacing(folder, target.name, mode) as file,
        ):
            growing.append(GrowingFile(path, file))
            try:
                yield growing[0]
            except BaseException as error:
                inside.append(error)
                raise


@contextmanager
def _named(
    path: str | Path, needed: Callable[[], int], but: list[BaseException] | None = None
) -> Iterator[None]:
    """Turn what the system says into the error that names the file; leave alone what is in `but`."""
    try:
        yield
    except FileAccessError:
        raise
    except (OSError, ValueError) as error:
        if but and error in but:
            raise
        reason = _why_not_written(path, error, needed())
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
    with _named_reading(path), _opened(path, os.O_RDONLY | os.O_NONBLOCK) as descriptor:
        return _read(path, descriptor, limit)


@contextmanager
def open_regular(path: str | Path) -> Iterator[BinaryIO]:
    """Open a regular file to be read piece by piece.

    Args:
        path: the file; a named pipe, device, socket or folder is refused without waiting for it.

    Raises:
        FileAccessError: the file cannot be opened, or is not a regular one; says why.
    """
    with _named_reading(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _check_kind(path, os.fstat(descriptor), "read")
        with open(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


@contextmanager
def _named_reading(path: str | Path) -> Iterator[None]:
    try:
        yield
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


@contextmanager
def _replacing(folder: int, name: str, mode: int | None) -> Iterator[BinaryIO]:
    """Give a temporary file; when the block ends well it is on the disk, under the name."""
    temporary = f".ellnet-{os.urandom(8).hex()}.tmp"
    try:
        with _made(folder, temporary, mode) as file:
            yield file
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except _OthersFileError as error:
        raise error.args[0] from None
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems have no such call for folders
            raise


class _OthersFileError(Exception):
    """The temporary file's name was taken: that file is not ours to remove."""


def _made(folder: int, name: str, mode: int | None) -> BinaryIO:
    """Make the temporary file; its mode is never wider than the final one."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(name, flags, 0o666 if mode is None else 0o600, dir_fd=folder)
    except FileExistsError as error:
        raise _OthersFileError(error) from error
    return os.fdopen(descriptor, "wb")


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
