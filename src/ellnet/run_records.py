"""The record of a run: what it takes to go on with it, beside its checkpoints, as run.json."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from ellnet.columns import Column, Columns
from ellnet.errors import CorruptFileError, EllnetError, FileAccessError
from ellnet.files.durable import read_whole, write_durably
from ellnet.hyperparameters import Hyperparameters
from ellnet.parts import Plan
from ellnet.strict_json import Fields

__all__ = ["Parent", "RunRecord", "Schedule", "differing_columns", "fingerprint"]

NAME = "run.json"
LIMIT = 64 * 2**20
SHOWN = 3


@dataclass(frozen=True)
class Schedule:
    """How often checkpoints are taken, how many are kept, and what they may cost.

    Attributes:
        every: as `Checkpoints` reads it; None for only where a run is interrupted.
        keep: files that are kept.
        share: part of the run's time.
    """

    every: str | None = None
    keep: int = 3
    share: float = 0.02


@dataclass(frozen=True)
class Parent:
    """Where a branch began: the run's folder, the epoch, and the digest of what stood there."""

    run: str
    epoch: int
    digest: str


@dataclass(frozen=True)
class RunRecord:
    """What a run was told, and which data it saw.

    Attributes:
        table: the table as it was named.
        path: where that file lies, "" for a built-in set.
        ignore: columns left out.
        categorical: columns of numbers taken as categories.
        plan: what is learned.
        hyperparameters: all that was chosen, as it was chosen.
        checkpoints: how often they are taken.
        split_seed: what the parts were drawn by.
        data: `rows`, and the digest of each of the `columns`; {} where it was not noted.
        parent: the run that it branched from.
        inherited: `preprocessing` and `target` of that run, where a branch has another table; else {}.
    """

    table: str
    path: str
    plan: Plan
    hyperparameters: Hyperparameters
    split_seed: int
    ignore: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    checkpoints: Schedule = Schedule()
    data: Mapping[str, Any] = field(default_factory=dict)
    parent: Parent | None = None
    inherited: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the record of a run's folder.

        Raises:
            FileAccessError: the folder is none of a run.
            CorruptFileError: the record is damaged; names the field.
        """
        path = folder / NAME
        if not path.exists():
            raise FileAccessError(
                f"{folder} is no run that can be gone on with: it has no {NAME}; name a folder that "
                "ellnet train has made"
            )
        try:
            return cls._from(Fields(json.loads(read_whole(path, LIMIT)), str(path)))
        except (EllnetError, ValueError, TypeError, RecursionError) as error:
            if isinstance(error, FileAccessError):
                raise
            raise CorruptFileError(
                f"{path} is damaged or was not written by ellnet: {error}; train again"
            ) from error

    @classmethod
    def _from(cls, fields: Fields) -> Self:
        values = {name: fields.text(name) for name in ("table", "path")}
        plan, parent = fields.mapping("plan"), fields.mapping("parent")
        record = cls(
            **values,
            plan=Plan(**plan),
            hyperparameters=Hyperparameters.from_json(fields.mapping("hyperparameters")),
            split_seed=int(fields.number("split_seed")),
            ignore=fields.texts("ignore"),
            categorical=fields.texts("categorical"),
            checkpoints=Schedule(**fields.mapping("checkpoints")),
            data=fields.mapping("data"),
            parent=Parent(**parent) if parent else None,
            inherited=fields.mapping("inherited"),
        )
        fields.done()
        return record

    def write(self, folder: Path) -> None:
        """Write the record durably into a run's folder.

        Raises:
            FileAccessError: it cannot be written.
        """
        values = {
            **{name: getattr(self, name) for name in ("table", "path", "split_seed", "data")},
            "ignore": list(self.ignore),
            "categorical": list(self.categorical),
            "plan": asdict(self.plan),
            "hyperparameters": self.hyperparameters.to_json(),
            "checkpoints": asdict(self.checkpoints),
            "parent": asdict(self.parent) if self.parent else {},
            "inherited": dict(self.inherited),
        }
        text = json.dumps(values, indent=2, allow_nan=False)
        write_durably(folder / NAME, f"{text}\n".encode())

    def noting(self, table: Columns) -> "RunRecord":
        """Return the record with the fingerprint of the data."""
        return replace(self, data=fingerprint(table))


def fingerprint(table: Columns) -> dict[str, Any]:
    """Return the number of rows, and the SHA-256 of each column by name."""
    columns = {name: _digest(column) for name, column in table.columns.items()}
    return {"rows": table.m, "columns": columns}


def differing_columns(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say in words how a table differs from the one that a run saw; "" where it does not."""
    if not then:
        return ""
    if then["rows"] != now["rows"]:
        return f"it has {now['rows']:,} rows and had {then['rows']:,}"
    old, new = then["columns"], now["columns"]
    for words, names in (
        ("it has no column", [name for name in old if name not in new]),
        ("it has a new column", [name for name in new if name not in old]),
        (
            "there are other values in column",
            [name for name in old if name in new and new[name] != old[name]],
        ),
    ):
        if names:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            return f"{words} {', '.join(map(repr, names[:SHOWN]))}{more}"
    return "" if list(old) == list(new) else "its columns stand in another order"


def _digest(column: Column) -> str:
    found = hashlib.sha256(column.kind.encode())
    if column.kind == "category":
        found.update(json.dumps(column.values.tolist()).encode())
    else:
        found.update(np.ascontiguousarray(column.values).tobytes())
    return found.hexdigest()
