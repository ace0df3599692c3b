"""Whole files: what is there after a failure, with which mode, and what is refused."""

import errno
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ellnet.errors import FileAccessError
from ellnet.files.durable import read_whole, write_durably

LIMIT = 1 << 20

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return [path.name for path in folder.iterdir()]


def failing(number: int) -> Callable[..., None]:
    """Return a function that fails as the system would with that number."""

    def fail(*_args: object, **_options: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("data", [b"", b"new", bytes(range(256)) * 5000])
def test_what_is_written_is_read(tmp_path: Path, data: bytes) -> None:
    """The bytes come back, and nothing else is left in the folder."""
    write_durably(tmp_path / "file", data)

    assert read_whole(tmp_path / "file", 1 << 24) == data
    assert names(tmp_path) == ["file"]


def test_a_relative_path_is_taken_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bare name, as text, is a file in the working folder."""
    monkeypatch.chdir(tmp_path)

    write_durably("file", b"new")

    assert read_whole("file", LIMIT) == b"new"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_follows_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    """A new file has the mode that any program's new file has."""
    before = os.umask(umask)
    try:
        write_durably(tmp_path / "file", b"new")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_an_existing_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    """Replacing a file changes its bytes and not who may read it."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)

    write_durably(path, b"new")

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_of_a_link_the_target_is_replaced(tmp_path: Path) -> None:
    """A symbolic link stays one, and what it points to has the new bytes."""
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(Path("there") / "target")

    write_durably(link, b"new")

    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert names(tmp_path / "there") == ["target"]


def test_a_link_to_nothing_gets_a_target(tmp_path: Path) -> None:
    """Writing through a dangling link makes the file that it names."""
    link = tmp_path / "link"
    link.symlink_to("target")

    write_durably(link, b"new")

    assert link.is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_another_hard_link_keeps_the_old_bytes(tmp_path: Path) -> None:
    """A second name of the old file still names the old file."""
    path, second = tmp_path / "file", tmp_path / "second"
    path.write_bytes(b"old")
    second.hardlink_to(path)

    write_durably(path, b"new")

    assert second.read_bytes() == b"old"


def test_the_disk_has_the_bytes_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is: bring the file to the disk, rename it, bring the folder to the disk."""
    steps = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def noted_replace(old: str, new: str, **folders: int) -> None:
        steps.append("rename")
        replace(old, new, **folders)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)

    write_durably(tmp_path / "file", b"new")

    assert steps == ["file", "rename", "folder"]


@pytest.mark.parametrize("step", ["open", "fchmod", "fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, ["3 bytes are needed and", "are free", "make room"]),
        (errno.EDQUOT, ["3 bytes are needed and", "are free", "make room"]),
        (errno.EACCES, ["no permission", "choose another path"]),
        (errno.EROFS, ["read-only", "choose another folder"]),
        (errno.EFBIG, ["larger than a file may be", "choose another folder"]),
        (errno.EIO, ["Input/output error", "check the path"]),
    ],
)
def test_after_a_failure_the_old_file_is_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, words: list[str]
) -> None:
    """Whatever fails wherever, the old bytes stay, and one sentence says why and what to do."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, step, failing(number))

    with pytest.raises(FileAccessError) as caught:
        write_durably(path, b"new")
    monkeypatch.undo()

    assert str(caught.value).startswith(f"{path} cannot be written: ")
    assert all(word in str(caught.value) for word in words)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("step", ["fchmod", "fsync", "replace"])
def test_ctrl_c_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """An interruption passes through, after the temporary file is gone."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def interrupted(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, step, interrupted)

    with pytest.raises(KeyboardInterrupt):
        write_durably(path, b"new")

    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_limit_of_the_system_in_mid_file_is_told(tmp_path: Path) -> None:
    """A file that stops growing half-way through leaves the old one; this one is not simulated."""
    program = f"""
import resource
from ellnet.errors import FileAccessError
from ellnet.files.durable import write_durably
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_durably({str(tmp_path / "file")!r}, b"x" * 100_000)
except FileAccessError as error:
    print(error)
"""
    (tmp_path / "file").write_bytes(b"old")

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert "larger than a file may be there" in done.stdout
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_write_protected_file_or_folder_is_left_alone(tmp_path: Path) -> None:
    """A file without write permission is not replaced by way of its folder."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o444)

    with pytest.raises(FileAccessError, match="no permission to write"):
        write_durably(path, b"new")

    assert path.read_bytes() == b"old"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """No folder is made by the way."""
    with pytest.raises(FileAccessError, match="its folder does not exist; make the folder first"):
        write_durably(tmp_path / "none" / "file", b"new")

    assert names(tmp_path) == []


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    """What lies below a file cannot be written."""
    (tmp_path / "file").write_bytes(b"old")

    with pytest.raises(FileAccessError, match="a part of its path is not a folder"):
        write_durably(tmp_path / "file" / "below", b"new")


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    """The longest name that the system takes is taken, and one more letter is refused."""
    write_durably(tmp_path / ("x" * 255), b"new")

    with pytest.raises(FileAccessError, match="the name is too long"):
        write_durably(tmp_path / ("x" * 256), b"new")


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    """A link that leads to itself is neither followed for ever nor replaced."""
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")

    for work in (lambda path: write_durably(path, b"new"), lambda path: read_whole(path, LIMIT)):
        with pytest.raises(FileAccessError, match="go round in a circle"):
            work(tmp_path / "one")
    assert (tmp_path / "one").is_symlink()


def test_an_impossible_name_is_refused() -> None:
    """A path with a zero byte is an error of ours, not of the interpreter."""
    for work in (lambda path: write_durably(path, b"new"), lambda path: read_whole(path, LIMIT)):
        with pytest.raises(FileAccessError, match="check the path"):
            work("a\0b")


def special(tmp_path: Path, kind: str) -> Path:
    """Make a path that is no regular file."""
    path = tmp_path / "special"
    if kind == "a folder":
        path.mkdir()
    elif kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        server.close()
    else:
        path.symlink_to(os.devnull)
    return path


@pytest.mark.parametrize("kind", ["a folder", "a named pipe", "a socket", "a device"])
def test_only_regular_files_are_read_and_replaced(tmp_path: Path, kind: str) -> None:
    """A pipe, socket, device or folder is refused by name, at once, and stays."""
    path = special(tmp_path, kind)
    before = path.stat().st_mode

    with pytest.raises(FileAccessError, match=f"cannot be written: it is {kind}; name a regular"):
        write_durably(path, b"new")
    with pytest.raises(FileAccessError, match=r"cannot be read: it is a .*; name a regular file"):
        read_whole(path, LIMIT)

    assert path.stat().st_mode == before


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """Reading what is not there says so."""
    with pytest.raises(FileAccessError, match="none cannot be read: there is no such file"):
        read_whole(tmp_path / "none", LIMIT)


def test_a_file_above_the_limit_is_refused_unread(tmp_path: Path) -> None:
    """Two terabytes of nothing take no memory and no time."""
    path = tmp_path / "file"
    path.touch()
    os.truncate(path, 1 << 41)

    with pytest.raises(FileAccessError, match="may have 1048576 at most"):
        read_whole(path, LIMIT)


@on_linux
def test_a_file_that_grows_meanwhile_is_refused() -> None:
    """A file that has more bytes than the system said is not taken for whole."""
    with pytest.raises(FileAccessError, match="it changed meanwhile"):
        read_whole("/proc/self/status", LIMIT)


@on_linux
def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    """Reading, writing and failing close what they opened."""
    before = len(names(Path("/proc/self/fd")))

    write_durably(tmp_path / "file", b"new")
    read_whole(tmp_path / "file", LIMIT)
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(FileAccessError):
            read_whole(path, LIMIT)

    assert len(names(Path("/proc/self/fd"))) == before
