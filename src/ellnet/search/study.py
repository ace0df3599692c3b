"""A study: the folder of a search, which says what is searched, and keeps all that was found."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import optuna
import sqlalchemy

from ellnet.errors import CorruptFileError, FileAccessError, HyperparameterError
from ellnet.files.durable import read_whole, write_durably
from ellnet.parts import Plan
from ellnet.search.comparing import difference
from ellnet.search.curves import CurveStore
from ellnet.search.folders import free_folder, make_folder
from ellnet.search.ledgers import CURVES, FolderLedger, Ledger, without_password
from ellnet.search.results import Result
from ellnet.search.running import Search
from ellnet.search.shared import SharedLedger, is_shared
from ellnet.targets import Target
from ellnet.version import NUMERICS

__all__ = ["Definition", "Study"]

FILE, LIMIT = "study.json", 2**24
STUDIES = "studies"


@dataclass(frozen=True)
class Definition:
    """All that the trials of a study follow from, and where they are kept.

    Attributes:
        table: what was typed for the table.
        fingerprint: digest of its values.
        plan: what is predicted.
        search: what is searched, and how.
        ignore: columns left out.
        categorical: columns of numbers taken as categories.
        storage: a database in place of the journal file, without its password; None for the journal.
        trials: how many there are to be.
        numerics: the version of the numbers that training gives.
    """

    table: str
    fingerprint: str
    plan: Plan
    search: Search
    ignore: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    storage: str | None = None
    trials: int = 60
    numerics: int = field(default=NUMERICS)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**vars(self), "plan": asdict(self.plan), "search": self.search.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build from what `to_json` gives."""
        plan, search = Plan(**values["plan"]), Search.from_json(values["search"])
        lists = {name: tuple(values[name]) for name in ("ignore", "categorical")}
        return cls(**{**values, **lists, "plan": plan, "search": search})

    @property
    def target(self) -> Target:
        """A target of the task, for a metric to be named without the table."""
        return Target(self.plan.target, self.plan.task)  # type: ignore[arg-type]

    def differs(self, other: "Definition") -> str:
        """Name the first thing in which two studies differ, "" where their trials are the same."""
        return difference(self.to_json(), other.to_json())


@dataclass(frozen=True)
class Study:
    """The folder of a study.

    Attributes:
        path: holds `study.json` (what is searched), `curves.elc` (every curve), `trials.journal` (the
            trials, as Optuna keeps them), and what `ellnet search show` draws.
    """

    path: Path

    @classmethod
    def free(cls, name: str) -> Self:
        """Return the first of studies/NAME-1, studies/NAME-2, ... that is not there."""
        return cls(free_folder(STUDIES, name))

    @property
    def exists(self) -> bool:
        """Whether there is a study in the folder."""
        return (self.path / FILE).exists()

    def begin(self, definition: Definition) -> None:
        """Make the folder and write what is searched; or find the same search there.

        Raises:
            FileAccessError: the folder cannot be made, or holds something else.
            HyperparameterError: another search is there; names in what it differs.
        """
        if self.exists:
            stored = self.definition()
            different = stored.differs(definition)
            if different:
                raise HyperparameterError(
                    f"the study {self.path} is another search: {different}; name a new "
                    "folder with --study, or go on with `ellnet search resume`"
                )
        else:
            make_folder(self.path, folder="study folder", of="study", option="--study")
        self._write(definition)

    def definition(self) -> Definition:
        """Read what is searched.

        Raises:
            FileAccessError: there is no study.
            CorruptFileError: it cannot be read.
        """
        path = self.path / FILE
        if not path.exists():
            raise FileAccessError(
                f"there is no study in {self.path}; `ellnet search TABLE` makes one"
            )
        try:
            return Definition.from_json(json.loads(read_whole(path, LIMIT)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, FileAccessError):
                raise
            raise CorruptFileError(
                f"{path} is damaged or of another version: {error}; restore it"
            ) from error

    @contextmanager
    def ledger(self, direction: str, storage: str | None = None) -> Iterator[Ledger]:
        """Open what keeps the results, for this process; `storage` is the URL with its password."""
        definition = self.definition()
        space = definition.search.known_space
        url = storage or definition.storage
        ledger: Ledger
        if url is not None and is_shared(url):
            ledger = SharedLedger(url, self.path.name, space, direction, definition.to_json())
        else:
            ledger = FolderLedger(self.path, url, space, direction)
        try:
            yield ledger
        except (optuna.exceptions.StorageInternalError, sqlalchemy.exc.SQLAlchemyError) as error:
            said = str(error).strip().partition("\n")[0]
            raise FileAccessError(
                f"the storage of {self.path} was lost: {said}; when it is back, go on with "
                f"`ellnet search resume {self.path}`"
            ) from error
        finally:
            ledger.close()

    def results(self, direction: str, storage: str | None = None) -> dict[int, Result]:
        """Return every result, also while another process searches."""
        url = storage or self.definition().storage
        if url is not None and is_shared(url):
            with self.ledger(direction, storage) as ledger:
                return dict(ledger.results())
        found = CurveStore(self.path / CURVES).read()
        return {result.number: result for result in found}

    def _write(self, definition: Definition) -> None:
        values = definition.to_json()
        if definition.storage is not None:
            values["storage"] = without_password(definition.storage)
        text = json.dumps(values, indent=2, ensure_ascii=False)
        write_durably(self.path / FILE, f"{text}\n".encode(errors="surrogateescape"))
