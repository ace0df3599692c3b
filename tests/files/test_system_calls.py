"""Every system call of a save fails in turn: old file or new file, and never a false success."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ellnet.errors import FileAccessError
from ellnet.files.durable import write_durably, writing_durably
from ellnet.models import load
from tests.counts import count
from tests.files.strace import STRACE, Call, Ended, calls_of, failed

KEPT = Path(__file__).resolve().parent / "kept"
SOURCE = KEPT / "format-1-model.safetensors"
NEW = SOURCE.read_bytes()
OLD = (KEPT / "format-1-estimator.safetensors").read_bytes()

FAULTS = ("KILL", "ENOSPC", "EIO", "EINTR", "EROFS")
OF_MEMORY = frozenset({"mmap", "munmap", "mremap", "brk", "madvise", "futex", "mprotect"})
"""Calls that are no file's: the process may end as it will when they fail, the file is whole."""

EVERY = count(23, 1)
"""Of all pairs of a call and a fault every so many is tried."""

strace = pytest.mark.skipif(
    STRACE is None, reason="strace is missing: apt-get install strace, or dnf install strace"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the old file, which only its owner's group may read."""
    place = tmp_path / "place"
    place.mkdir()
    _with_old(place)
    return place


def _with_old(place: Path) -> None:
    for path in place.iterdir():
        path.unlink()
    (place / "model").write_bytes(OLD)
    (place / "model").chmod(0o640)


def check(place: Path, call: Call, fault: str, ended: Ended) -> None:
    """Hold what is there against what was said."""
    found = (place / "model").read_bytes()
    left = sorted(path.name for path in place.iterdir() if path.name != "model")
    what = (call, fault, ended, left)
    assert found in {OLD, NEW}, what
    assert stat.S_IMODE((place / "model").stat().st_mode) == 0o640, what
    if fault == "KILL":
        assert all(name.startswith(".ellnet-") and name.endswith(".tmp") for name in left), what
        return
    if call.name in OF_MEMORY:
        return
    assert left == [], what
    if ended.code == 0:
        assert found == NEW, what
    else:
        assert ended.said.startswith("refused: "), what
        assert " cannot be written: " in ended.said, what


@strace
@pytest.mark.parametrize("how", ["whole", "in pieces"])
def test_whatever_call_of_a_save_fails_a_whole_file_is_there(folder: Path, how: str) -> None:
    """KILL and four errors at each call: old or new to the byte, its mode kept, and success is true."""
    calls = calls_of(how, SOURCE, folder / "model")
    pairs = [(call, fault) for call in calls for fault in FAULTS]
    tried = 0
    for call, fault in pairs[::EVERY]:
        for _attempt in range(3):  # a process may make a call more on the way there
            _with_old(folder)
            ended = failed(how, SOURCE, folder / "model", call, fault)
            check(folder, call, fault, ended)
            if ended.aimed:
                tried += 1
                break

    assert {"openat", "write", "fsync", "fchmod", "close"} <= {call.name for call in calls}
    assert {call.name for call in calls} & {"rename", "renameat", "renameat2"}
    assert tried >= 0.9 * len(pairs[::EVERY])


SHORT = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>
static int calls;
ssize_t write(int file, const void *data, size_t size) {
  ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
  if (size < 8) return real(file, data, size);
  calls++;
  return real(file, data, size / 3 + 1);
}
__attribute__((destructor)) static void told(void) { fprintf(stderr, "%d short writes\n", calls); }
"""
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


@pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux", reason="needs a C compiler, and Linux's preloading"
)
def test_short_writes_are_gone_on_with(folder: Path, tmp_path: Path) -> None:
    """A system that takes a third of the bytes at a time gets them all."""
    (tmp_path / "short.c").write_text(SHORT)
    library = tmp_path / "short.so"
    subprocess.run(
        [str(COMPILER), "-shared", "-fPIC", "-o", library, tmp_path / "short.c", "-ldl"], check=True
    )
    program = "import sys; from ellnet.models import load; load(sys.argv[1]).save(sys.argv[2])"

    done = subprocess.run(
        [sys.executable, "-c", program, SOURCE, folder / "model"],
        env={**os.environ, "LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stderr.split(" short writes")[0]) > 5
    assert (folder / "model").read_bytes() == NEW


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a file system of 64 KB in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None or os.geteuid() != 0:
        pytest.skip("a file system of its own needs Linux, and the right to mount")
    words = [mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("a file system of its own needs the right to mount")
    yield place
    subprocess.run([umount, str(place)], check=True)


def in_pieces(path: Path, fault: Exception | None = None) -> None:
    """Write the new file in pieces, up to a fault in the middle."""
    with writing_durably(path) as file:
        for start in range(0, len(NEW), 1000):
            file.write(NEW[start : start + 1000])
            if fault is not None:
                raise fault


def test_a_full_disk_leaves_the_old_file_and_says_what_is_needed(small_disk: Path) -> None:
    """Where the new file does not fit beside the old one; with room it is saved."""
    path, filler = small_disk / "model", small_disk / "filler"
    path.write_bytes(OLD)
    filler.write_bytes(bytes(44 * 1024))
    model = load(SOURCE)

    with pytest.raises(FileAccessError, match=rf"is full: {len(NEW)} bytes are needed and \d+ are"):
        model.save(path)
    with pytest.raises(FileAccessError, match=r"is full: \d+ bytes are needed"):
        in_pieces(path)
    assert path.read_bytes() == OLD
    assert sorted(each.name for each in small_disk.iterdir()) == ["filler", "model"]
    filler.unlink()
    model.save(path)
    assert path.read_bytes() == NEW


def test_two_writers_leave_one_of_their_files_whole(folder: Path) -> None:
    """Whoever reads while two programs save under one name gets the file of one of them."""
    path = folder / "model"
    write = "import sys; from ellnet.files.durable import write_durably as write\n"
    write += "data = open(sys.argv[1], 'rb').read()\n"
    write += "for _ in range(int(sys.argv[3])): write(sys.argv[2], data)"
    turns = str(count(60, 3000))
    sources = [SOURCE, KEPT / "format-1-estimator.safetensors"]
    writers = [
        subprocess.Popen([sys.executable, "-c", write, source, path, turns]) for source in sources
    ]
    working = True
    while working:
        working = any(writer.poll() is None for writer in writers)
        assert path.read_bytes() in {OLD, NEW}

    assert [writer.returncode for writer in writers] == [0, 0]
    assert [each.name for each in folder.iterdir()] == ["model"]


def test_an_exception_between_pieces_leaves_the_old_file(folder: Path) -> None:
    """What is half written never gets the name; an error of another file is not taken for ours."""
    path = folder / "model"

    with pytest.raises(FileNotFoundError, match="elsewhere"):
        in_pieces(path, FileNotFoundError(2, "elsewhere"))

    assert path.read_bytes() == OLD
    assert [each.name for each in folder.iterdir()] == ["model"]


def test_pieces_make_the_same_file_as_the_whole(tmp_path: Path) -> None:
    """Written in pieces or at once: the same bytes, and a new file's mode is the umask's."""
    write_durably(tmp_path / "whole", NEW)

    with writing_durably(tmp_path / "pieces") as file:
        for start in range(0, len(NEW), 777):
            file.write(NEW[start : start + 777])

    assert (tmp_path / "pieces").read_bytes() == NEW
    assert (tmp_path / "pieces").stat().st_mode == (tmp_path / "whole").stat().st_mode
