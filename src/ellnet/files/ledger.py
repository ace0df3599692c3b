"""The ledger: the digests of every checkpoint of a run, a line each, which stay when its file is gone."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ellnet.errors import FileAccessError
from ellnet.files.digest_chain import Links

__all__ = ["LEDGER", "Entry", "add_entry", "read_ledger"]

LEDGER = "digests.jsonl"

Place = tuple[int, int]


@dataclass(frozen=True)
class Entry:
    """A line of the ledger."""

    epoch: int
    batch: int
    step: int
    links: Links
    stopped: str

    @property
    def place(self) -> Place:
        """The epochs finished, and the minibatches taken of the one under way."""
        return self.epoch, self.batch

    def line(self) -> str:
        """Return the line."""
        place = {"epoch": self.epoch, "batch": self.batch, "step": self.step}
        return json.dumps({**place, **self.links.to_json(), "stopped": self.stopped})

    @classmethod
    def read(cls, line: str) -> Self | None:
        """Return what a line says, None for one that a kill has torn."""
        try:
            found = json.loads(line)
            links = Links(*(str(found[name]) for name in ("data", "chosen", "place", "parameters")))
            epoch, batch, step = (int(found[name]) for name in ("epoch", "batch", "step"))
            return cls(epoch, batch, step, links, str(found["stopped"]))
        except (ValueError, TypeError, LookupError):
            return None


def read_ledger(folder: Path) -> list[Entry]:
    """Return the ledger of a folder, in the order of training: one entry for each place.

    What a kill has torn is passed over; there is none where no checkpoint was taken.
    """
    try:
        text = (folder / LEDGER).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    found: dict[Place, Entry] = {}
    for entry in map(Entry.read, text.splitlines()):
        if entry is not None:
            kept = found.setdefault(entry.place, entry)
            if entry.stopped and entry.links == kept.links:
                found[entry.place] = entry
    return [found[place] for place in sorted(found)]


def add_entry(folder: Path, entry: Entry) -> None:
    """Add a line to the ledger, and bring it to the disk.

    Raises:
        FileAccessError: it cannot be written.
    """
    path = folder / LEDGER
    try:
        with path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                torn = file.read(1) != b"\n"
                file.write(b"\n" if torn else b"")
            file.write(f"{entry.line()}\n".encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise FileAccessError(f"{path} cannot be written: {error.strerror}") from error
