"""Results in a PostgreSQL database that several processes, on several machines, search with at once.

A number is given out under the database's own lock, so that nobody has it twice. Who has one tells the
database every few seconds that it still lives; a number whose holder fell silent is given out again.
"""

import base64
import contextlib
import math
import os
import socket
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import optuna
import sqlalchemy
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from ellnet.errors import HyperparameterError
from ellnet.search.comparing import difference
from ellnet.search.curves import packed, unpacked
from ellnet.search.ledgers import not_opened, opened_storage
from ellnet.search.quieting import quiet
from ellnet.search.results import Result
from ellnet.search.samplers import recorded
from ellnet.search.space import Space

__all__ = ["SharedLedger", "is_shared"]

TABLES = 0x656C6C
"""Number of the database's lock that is held while tables are made."""

BEAT, SILENT = 10.0, 180.0
"""Seconds between two signs of life, and until a holder is taken for dead."""

LOST = (optuna.exceptions.StorageInternalError, sqlalchemy.exc.SQLAlchemyError)
PAUSE = 0.2
NUMBER, LIFE, HOLDER = "trial", "alive", "holder"
RECORD, DEFINITION = "record", "ellnet"
"""Names of attributes in the database."""


def is_shared(url: str) -> bool:
    """Say whether a URL names a database for several processes."""
    return url.startswith("postgresql")


class SharedLedger:
    """Keeps results in a PostgreSQL database.

    Attributes:
        silent_after: seconds until a holder that gives no sign of life is taken for dead.

    Raises:
        HyperparameterError: the database cannot be opened, or holds another search of that name.
    """

    def __init__(
        self, url: str, name: str, space: Space, direction: str, definition: Mapping[str, Any]
    ) -> None:
        """Open the study, or make it."""
        self._storage, self._space = _opened(url), space
        self._key = zlib.crc32(name.encode())
        self._results: dict[int, Result] = {}
        self._read: set[int] = set()
        self._held: dict[int, int] = {}
        self._closed = threading.Event()
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self.silent_after = SILENT
        with quiet(), self._alone():
            self._study = self._study_of(name, direction, definition)
        self._pulse = threading.Thread(target=self._beat, daemon=True)
        self._pulse.start()

    def _study_of(self, name: str, direction: str, definition: Mapping[str, Any]) -> int:
        try:
            study = self._storage.get_study_id_from_name(name)
        except KeyError:
            study = self._storage.create_new_study([StudyDirection[direction.upper()]], name)
            self._storage.set_study_user_attr(study, DEFINITION, dict(definition))
            return study
        stored = self._storage.get_study_user_attrs(study).get(DEFINITION, {})
        different = difference(stored, definition)
        if different:
            raise HyperparameterError(
                f"the database has another search called {name!r}: {different}; name a new "
                "folder with --study"
            )
        return study

    def results(self) -> Mapping[int, Result]:
        """Return the results that there are, of all processes."""
        ended = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
        for trial in self._storage.get_all_trials(self._study, deepcopy=False, states=ended):
            if trial._trial_id in self._read:  # noqa: SLF001 - the storage's methods take it
                continue
            self._read.add(trial._trial_id)  # noqa: SLF001
            result = _result(trial)
            if result is not None:
                self._results.setdefault(result.number, result)
        return self._results

    def claim(self, total: int) -> int | None:
        """Return the lowest number below `total` that nobody has."""
        with quiet(), self._alone():
            running, taken = (TrialState.RUNNING,), set()
            for trial in self._storage.get_all_trials(self._study, deepcopy=False, states=running):
                if self._silent(trial):
                    self._fail(trial._trial_id)  # noqa: SLF001
                else:
                    taken.add(trial.user_attrs[NUMBER])
            taken.update(self.results())  # read last: what ran a moment ago may have ended
            number = next((k for k in range(total) if k not in taken), None)
            if number is None:
                return None
            attributes = {NUMBER: number, LIFE: self._now(), HOLDER: self._name}
            template = create_trial(state=TrialState.RUNNING, user_attrs=attributes)
            self._held[number] = self._storage.create_new_trial(self._study, template)
        return number

    def record(self, result: Result) -> None:
        """Keep a result, in one go with its curves."""
        trial, frozen = self._held.pop(result.number), recorded(result, self._space)
        storage = self._storage
        attributes = {**frozen.user_attrs, RECORD: _text(result)}
        with quiet(), contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
            for name, distribution in frozen.distributions.items():
                inner = distribution.to_internal_repr(frozen.params[name])
                storage.set_trial_param(trial, name, inner, distribution)
            for step, value in frozen.intermediate_values.items():
                storage.set_trial_intermediate_value(trial, step, value)
            for name, attribute in attributes.items():
                storage.set_trial_user_attr(trial, name, attribute)
            values = None if frozen.values is None else list(frozen.values)
            storage.set_trial_state_values(trial, frozen.state, values)

    def wait(self) -> None:
        """Wait a moment for the results of other processes."""
        time.sleep(PAUSE)

    def close(self) -> None:
        """Give back what was claimed and not recorded."""
        self._closed.set()
        self._pulse.join()
        with contextlib.suppress(*LOST):
            for trial in self._held.values():
                self._fail(trial)
        self._held.clear()
        self._storage.engine.dispose()

    def _fail(self, trial: int) -> None:
        with quiet(), contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
            self._storage.set_trial_state_values(trial, TrialState.FAIL)

    def _silent(self, trial: FrozenTrial) -> bool:
        return self._now() - float(trial.user_attrs.get(LIFE, -math.inf)) > self.silent_after

    def _now(self) -> float:
        """Return the database's time, which is the same for all machines."""
        with self._storage.engine.connect() as connection:
            return float(connection.scalar(sqlalchemy.text("SELECT extract(epoch FROM now())")))

    def _beat(self) -> None:
        while not self._closed.wait(BEAT):
            with contextlib.suppress(*LOST):  # the next result says so, in the main thread
                now = self._now()
                for trial in list(self._held.values()):
                    with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
                        self._storage.set_trial_user_attr(trial, LIFE, now)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the database's lock of this study."""
        with self._storage.engine.connect() as connection, _locked(connection, self._key):
            yield


def _opened(url: str) -> RDBStorage:
    """Open the database, one process at a time: the first makes the tables."""
    try:
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection, _locked(connection, TABLES):
            storage = opened_storage(url, None)
        engine.dispose()
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
        raise not_opened(url, error) from error
    assert isinstance(storage, RDBStorage)  # noqa: S101 - what a URL opens
    return storage


@contextlib.contextmanager
def _locked(connection: sqlalchemy.Connection, key: int) -> Iterator[None]:
    """Hold a lock of the database's; a process that dies lets go of it."""
    connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), {"key": key})
    try:
        yield
    finally:
        connection.execute(sqlalchemy.text("SELECT pg_advisory_unlock(:key)"), {"key": key})


def _text(result: Result) -> str:
    """Return the record of a result as the database keeps it."""
    return base64.b64encode(zlib.compress(packed(result))).decode()


def _result(trial: FrozenTrial) -> Result | None:
    """Return what a trial of the database holds; None of one that was given up."""
    text = trial.user_attrs.get(RECORD)
    found = None if text is None else unpacked(zlib.decompress(base64.b64decode(text)))
    return None if found is None else found[1]
