"""Optuna's journal beside the curves: written at once, and on the disk when the system sees fit."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any, cast

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from ellnet.errors import CorruptFileError

__all__ = ["opened_journal"]


def opened_journal(path: Path) -> JournalStorage:
    """Open a journal file, or make it.

    Raises:
        CorruptFileError: it cannot be read.
    """
    _cut_half_line(path)
    try:
        return JournalStorage(_Journal(path))
    except (ValueError, KeyError, AssertionError) as error:
        raise CorruptFileError(f"{path} is damaged: {error}; restore it") from error


class _Journal(JournalFileBackend):
    """A journal whose last lines a power cut may take: the curves make up for them, as after a kill."""

    def __init__(self, path: Path) -> None:
        self._lines, self._turn = path, _Flock(path)
        # The lock is asked for these two methods alone.
        super().__init__(str(path), cast("JournalFileOpenLock", self._turn))

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add lines, which are there for every reader, and after a kill."""
        lines = "".join(f"{json.dumps(log, separators=(',', ':'))}\n" for log in logs)
        self._turn.acquire()
        try:
            with self._lines.open("ab") as file:
                file.write(lines.encode())
        finally:
            self._turn.release()


class _Flock:
    """A lock of the operating system's: unlike a lock file it never outlives its process."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_suffix(".lock")
        self._held = -1

    def acquire(self) -> bool:
        self._held = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        fcntl.flock(self._held, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        os.close(self._held)


def _cut_half_line(path: Path) -> None:
    """Take away what a kill left of a line."""
    if not path.exists():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)
