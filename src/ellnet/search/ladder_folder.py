"""The folder of a ladder: what it follows from, and every rung as soon as it is done."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from ellnet.errors import CorruptFileError, HyperparameterError
from ellnet.files.durable import read_whole, write_durably
from ellnet.parts import Plan
from ellnet.search.comparing import difference
from ellnet.search.folders import free_folder, make_folder
from ellnet.search.ladder import Ladder
from ellnet.search.ladder_rungs import Rung
from ellnet.version import NUMERICS

__all__ = ["LadderDefinition", "LadderFolder"]

FILE, LIMIT = "ladder.json", 2**24
FOLDERS = "ladders"
HOW_FAR = ("max_layers", "max_width", "level")
"""What changes how far a ladder goes, and no rung of it."""


@dataclass(frozen=True)
class LadderDefinition:
    """All that the rungs follow from.

    Attributes:
        table: what was typed for the table.
        fingerprint: digest of its values.
        plan: what is predicted.
        ladder: how it is climbed.
        numerics: the version of the numbers that training gives.
    """

    table: str
    fingerprint: str
    plan: Plan
    ladder: Ladder
    numerics: int = field(default=NUMERICS)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**vars(self), "plan": asdict(self.plan), "ladder": self.ladder.to_json()}


@dataclass(frozen=True)
class LadderFolder:
    """The folder of a ladder: `ladder.json`, and in time `ladder.png` and `model.safetensors`.

    Attributes:
        path: the folder.
    """

    path: Path

    @classmethod
    def free(cls, name: str) -> Self:
        """Return the first of ladders/NAME-1, ladders/NAME-2, ... that is not there."""
        return cls(free_folder(FOLDERS, name))

    def begin(self, definition: LadderDefinition) -> list[Rung]:
        """Make the folder, or find the rungs of the same ladder there.

        Raises:
            FileAccessError: the folder cannot be made, or holds something else.
            HyperparameterError: another ladder is there; names in what it differs.
            CorruptFileError: it cannot be read.
        """
        if not (self.path / FILE).exists():
            make_folder(self.path, folder="folder", of="ladder", option="--folder")
            self.write(definition, [])
            return []
        stored, rungs = self._read()
        different = difference(_of_rungs(stored), _of_rungs(definition.to_json()))
        if different:
            raise HyperparameterError(
                f"the folder {self.path} holds another ladder: {different}; name a new one with "
                "--folder"
            )
        return rungs

    def write(self, definition: LadderDefinition, rungs: Sequence[Rung], **more: Any) -> None:
        """Write the rungs down, durably; `more` is what else is known at the end."""
        values = {**definition.to_json(), "rungs": [rung.to_json() for rung in rungs], **more}
        text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False)
        write_durably(self.path / FILE, f"{text}\n".encode(errors="surrogateescape"))

    def _read(self) -> tuple[dict[str, Any], list[Rung]]:
        path = self.path / FILE
        try:
            values = json.loads(read_whole(path, LIMIT))
            rungs = [Rung.from_json(each) for each in values["rungs"]]
            return {name: values[name] for name in LadderDefinition.__dataclass_fields__}, rungs
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CorruptFileError(
                f"{path} is damaged or of another version: {error}; restore it, or name a new folder "
                "with --folder"
            ) from error


def _of_rungs(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides what the rungs come to."""
    ladder = {name: each for name, each in values["ladder"].items() if name not in HOW_FAR}
    return {**values, "ladder": ladder}
