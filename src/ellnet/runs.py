"""The run folder: a model, how its training went, its checkpoints, and the command that made it."""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self

from ellnet.errors import FileAccessError
from ellnet.files.durable import write_durably
from ellnet.files.locks import locked
from ellnet.history import Epoch, History

__all__ = ["RunFolder"]

RUNS = "runs"
CHECKPOINTS = "checkpoints"
FILES = (
    *("model.safetensors", "metrics.jsonl", "report.json", "cost.png"),
    *("command.txt", "run.json", CHECKPOINTS),
)
"""What a run folder holds, and in which order it is told."""


@dataclass(frozen=True)
class RunFolder:
    """A folder that holds one training run.

    Attributes:
        path: the folder. It holds `model.safetensors`, `metrics.jsonl` (a line an epoch, written
            as training goes), `report.json` (the scores), `cost.png` where matplotlib is
            installed, `run.json` (what it takes to go on), `command.txt` (the exact command), and
            the folder `checkpoints` where there are some.
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

    @classmethod
    def existing(cls, path: Path) -> Self:
        """Return the folder of a run that is to be gone on with.

        Raises:
            FileAccessError: there is no such folder.
        """
        if not path.is_dir():
            raise FileAccessError(f"there is no run folder {path}; check the name")
        return cls(path, made=False)

    def lock(self) -> AbstractContextManager[None]:
        """Keep other processes from training into the folder.

        Raises:
            FileAccessError: one does.
        """
        return locked(self.path / "command.txt", str(self.path))

    @property
    def model(self) -> Path:
        """Where the model file stands."""
        return self.path / "model.safetensors"

    @property
    def checkpoints(self) -> Path:
        """Where the checkpoints stand."""
        return self.path / CHECKPOINTS

    @property
    def curve(self) -> Path:
        """Where the picture of the cost curve stands."""
        return self.path / "cost.png"

    def append_epoch(self, number: int, epoch: Epoch, metric: str) -> None:
        """Add a line to metrics.jsonl: epoch number (from 1), costs, the metric and seconds.

        Raises:
            FileAccessError: the line cannot be written.
        """
        path = self.path / "metrics.jsonl"
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(_line(number, epoch, metric))
        except OSError as error:
            raise FileAccessError(f"{path} cannot be written: {error.strerror}") from error

    def rewrite_epochs(self, epochs: Iterable[Epoch], metric: str) -> None:
        """Write metrics.jsonl anew: the epochs that a run had when it goes on, and no others.

        Raises:
            FileAccessError: it cannot be written.
        """
        lines = [_line(number, epoch, metric) for number, epoch in enumerate(epochs, start=1)]
        write_durably(self.path / "metrics.jsonl", "".join(lines).encode())

    def history(self) -> History:
        """Return what metrics.jsonl tells of the epochs; a line that a kill has torn ends it."""
        try:
            lines = (self.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        except OSError:
            return History()
        epochs: list[Epoch] = []
        for line in lines:
            try:
                found = json.loads(line)
                costs = float(found["cost"]), found.get("validation_cost")
                epochs.append(Epoch(*costs, seconds=float(found["seconds"])))
            except (ValueError, TypeError, LookupError):
                break
        return History(epochs=tuple(epochs))

    def stopped(self) -> str:
        """Return why the run ended, as its report says; "" where there is no report."""
        try:
            found = json.loads((self.path / "report.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        return str(found.get("stopped", "")) if isinstance(found, dict) else ""

    def write_report(self, report: Mapping[str, Any]) -> None:
        """Write the scores as report.json."""
        text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False)
        write_durably(self.path / "report.json", f"{text}\n".encode())

    def files(self) -> list[str]:
        """Return the names of the files that are there, the model first."""
        found = {path.name for path in self.path.iterdir()}
        return [name for name in FILES if name in found]

    def discard(self) -> bool:
        """Take the folder away unless a model or a checkpoint is in it; say whether it was taken away."""
        if self.model.exists() or any(self.checkpoints.glob("*.safetensors")):
            return False
        for left in self.checkpoints.glob("*"):
            left.unlink(missing_ok=True)
        with suppress(OSError):
            self.checkpoints.rmdir()
        for name in set(FILES) - {CHECKPOINTS}:
            (self.path / name).unlink(missing_ok=True)
        if self.made:
            with suppress(OSError):
                self.path.rmdir()
                if self.path.parent == Path(RUNS):
                    self.path.parent.rmdir()
        return True


def _line(number: int, epoch: Epoch, metric: str) -> str:
    line: dict[str, Any] = {"epoch": number, "cost": epoch.cost}
    if epoch.validation_cost is not None:
        line["validation_cost"] = epoch.validation_cost
    if epoch.validation_metric is not None:
        line[f"validation_{metric}"] = epoch.validation_metric
    line["seconds"] = round(epoch.seconds, 6)
    return json.dumps(line) + "\n"


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
