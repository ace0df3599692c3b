"""Where results are kept: nowhere, or in a folder, with Optuna's storage beside the curves."""

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import optuna
from optuna.storages import BaseStorage, RDBStorage
from optuna.study import StudyDirection

from ellnet.errors import (
    CorruptFileError,
    FileAccessError,
    HyperparameterError,
    MissingExtraError,
)
from ellnet.search.curves import CurveStore
from ellnet.search.journal import opened_journal
from ellnet.search.quieting import quiet
from ellnet.search.results import Result
from ellnet.search.samplers import recorded
from ellnet.search.space import Space

__all__ = [
    "CURVES",
    "FolderLedger",
    "Ledger",
    "MemoryLedger",
    "not_opened",
    "opened_storage",
    "without_password",
]

JOURNAL, CURVES, LOCK = "trials.journal", "curves.elc", "lock"


class Ledger(Protocol):
    """Hands out the numbers of trials, each once, and keeps what came of them."""

    def results(self) -> Mapping[int, Result]:
        """Return the results that there are, by number."""

    def claim(self, total: int) -> int | None:
        """Return the lowest number below `total` that nobody has, None where there is none."""

    def record(self, result: Result) -> None:
        """Keep a result, so that it outlives this process."""

    def wait(self) -> None:
        """Wait a moment for the results of other processes."""

    def close(self) -> None:
        """Let others have what was claimed and not recorded."""


class MemoryLedger:
    """Keeps results as long as it lives."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._results: dict[int, Result] = {}
        self._next = 0

    def results(self) -> Mapping[int, Result]:
        """Return the results that there are, by number."""
        return self._results

    def claim(self, total: int) -> int | None:
        """Return the lowest number below `total` that was not claimed."""
        while self._next in self._results:
            self._next += 1
        if self._next >= total:
            return None
        self._next += 1
        return self._next - 1

    def record(self, result: Result) -> None:
        """Keep a result."""
        self._results[result.number] = result

    def wait(self) -> None:
        """Nobody else is there."""

    def close(self) -> None:
        """Nothing is held."""


class FolderLedger(MemoryLedger):
    """Keeps results in a folder that one process uses at a time.

    A result goes to the file of curves first, which is the truth, and then to Optuna's storage, there in
    the order of the numbers, so that a trial has the same number in both. What a kill left between the
    two is made up for when the folder is opened.

    Raises:
        FileAccessError: another process uses the folder, or it cannot be written.
        CorruptFileError: the files are damaged, or do not belong together.
    """

    def __init__(self, folder: Path, url: str | None, space: Space, direction: str) -> None:
        """Open the folder; `url` names a database in place of the journal file."""
        super().__init__()
        self._space = space
        self._lock = _locked(folder)
        try:
            self._curves = CurveStore(folder / CURVES)
            self._curves.repair()
            for result in self._curves.read():
                super().record(result)
            storage = opened_storage(url, folder)
            with quiet():
                self._study = optuna.create_study(
                    storage=storage,
                    study_name=folder.name,
                    direction=StudyDirection[direction.upper()],
                    load_if_exists=True,
                )
            self._stored = len(self._study.get_trials(deepcopy=False))
            self._check_curves(folder)
            self._store()
        except BaseException:
            self.close()
            raise

    def record(self, result: Result) -> None:
        """Keep a result: curves first, then all in a row that Optuna's storage lacks."""
        self._curves.append(result)
        super().record(result)
        self._store()

    def close(self) -> None:
        """Let another process use the folder."""
        os.close(self._lock)

    def _check_curves(self, folder: Path) -> None:
        if any(number not in self._results for number in range(self._stored)):
            raise CorruptFileError(
                f"{folder} has more trials than curves: {CURVES} was lost or replaced; restore it, "
                "or begin a new search"
            )

    def _store(self) -> None:
        with quiet():
            while self._stored in self._results:
                self._study.add_trial(recorded(self._results[self._stored], self._space))
                self._stored += 1


def _locked(folder: Path) -> int:
    """Hold the folder's lock, which ends with the process however that ends."""
    path = folder / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise FileAccessError(f"{path} cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise FileAccessError(
            f"another process is searching in {folder}; wait for it, or choose another folder with "
            "--study"
        ) from None
    return descriptor


def opened_storage(url: str | None, folder: Path | None) -> BaseStorage:
    """Open the database that a URL names; without one, a journal file in the folder.

    Raises:
        HyperparameterError: a URL that cannot be opened; says why.
        CorruptFileError: a journal that cannot be read.
    """
    if url is None and folder is not None:
        return opened_journal(folder / JOURNAL)
    try:
        with quiet():
            return RDBStorage(url or "")
    except Exception as error:  # whatever a driver raises is about this URL
        raise not_opened(url or "", error) from error


def not_opened(url: str, error: Exception) -> HyperparameterError | MissingExtraError:
    """Return the error that says in a sentence why a database cannot be opened."""
    if isinstance(error, ImportError):
        return MissingExtraError(
            f"this storage needs {error.name or 'a driver'}: pip install 'ellnet[postgresql]'"
        )
    said = str(error).strip().partition("\n")[0]
    return HyperparameterError(
        f"the storage {without_password(url)} cannot be opened: {said}; name a database as "
        "sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
    )


def without_password(url: str) -> str:
    """Return a URL that can be shown and stored."""
    head, at, tail = url.rpartition("@")
    if not at or head.count(":") < 2:
        return url
    return f"{head.rpartition(':')[0]}@{tail}"
