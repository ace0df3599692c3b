"""The run folder: a model, how its training went, and the command that made it."""

import json
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self

from ellnet.errors import FileAccessError
from ellnet.files.durable import write_durably
from ellnet.history import Epoch

__all__ = ["RunFolder"]

RUNS = "runs"
FILES = ("model.safetensors", "metrics.jsonl", "report.json", "cost.png", "command.txt")
"""What a run folder holds, and in which order it is told."""


@dataclass(frozen=True)
class RunFolder:
    """A folder that holds one training run.

    Attributes:
        path: the folder. It holds `model.safetensors`, `metrics.jsonl` (a line an epoch, written
            as training goes), `report.json` (the scores), `cost.png` where matplotlib is
            installed, and `command.txt` (the exact command).
        made: whether the folder was made for this run, rather than found empty.
    """

    path: Path
    made: bool = True

    @classmethod
    def create(cls, path: Path | None, name: str, command: Sequence[str]) -> Self:
        """Make the folder, and note the command that made it.

        Args:
            path: the folder wanted, which must not exist or be empty; None for the first of
                runs/NAME-1, runs/NAME-2, ... that is free.
            name: what the run is about.
            command: the words of the command line.

        Raises:
            FileAccessError: the folder cannot be made, or is in use; says what to do.
        """
        try:
            folder = cls(_free(name)) if path is None else cls(path, _wanted(path))
        except OSError as error:
            if isinstance(error, FileAccessError):
                raise
            where = path or Path(RUNS)
            raise FileAccessError(
                f"the run folder {where} cannot be made: {error.strerror}; name a folder that you "
                "can write to with --out"
            ) from error
        line = f"{shlex.join(command)}\n"
        try:
            write_durably(folder.path / "command.txt", line.encode(errors="surrogateescape"))
        except BaseException:
            folder.discard()
            raise
        return folder

    @property
    def model(self) -> Path:
        """Where the model file stands."""
        return self.path / "model.safetensors"

    @property
    def curve(self) -> Path:
        """Where the picture of the cost curve stands."""
        return self.path / "cost.png"

    def append_epoch(self, number: int, epoch: Epoch, metric: str) -> None:
        """Add a line to metrics.jsonl: epoch number (from 1), costs, the metric and seconds.

        Raises:
            FileAccessError: the line cannot be written.
        """
        line: dict[str, Any] = {"epoch": number, "cost": epoch.cost}
        if epoch.validation_cost is not None:
            line["validation_cost"] = epoch.validation_cost
        if epoch.validation_metric is not None:
            line[f"validation_{metric}"] = epoch.validation_metric
        line["seconds"] = round(epoch.seconds, 6)
        path = self.path / "metrics.jsonl"
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise FileAccessError(f"{path} cannot be written: {error.strerror}") from error

    def write_report(self, report: Mapping[str, Any]) -> None:
        """Write the scores as report.json."""
        text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False)
        write_durably(self.path / "report.json", f"{text}\n".encode())

    def files(self) -> list[str]:
        """Return the names of the files that are there, the model first."""
        found = {path.name for path in self.path.iterdir()}
        return [name for name in FILES if name in found]

    def discard(self) -> bool:
        """Take the folder away unless a model is in it; say whether it was taken away."""
        if self.model.exists():
            return False
        for name in FILES:
            (self.path / name).unlink(missing_ok=True)
        if self.made:
            with suppress(OSError):
                self.path.rmdir()
                if self.path.parent == Path(RUNS):
                    self.path.parent.rmdir()
        return True


def _free(name: str) -> Path:
    for number in count(1):
        path = Path(RUNS) / f"{name}-{number}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if not path.parent.is_dir():
                raise
            continue
        return path
    raise AssertionError


def _wanted(path: Path) -> bool:
    """Make the folder, or find it empty; say whether it was made."""
    there = path.is_dir()
    path.mkdir(parents=True, exist_ok=True)
    if any(path.iterdir()):
        raise FileAccessError(
            f"the run folder {path} is not empty; name a new one with --out, or leave --out away"
        )
    return not there
