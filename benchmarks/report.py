"""What a benchmark found, as a file: figures, and all that is needed to judge them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Peaks, ratio_to_json, ratios, to_json

__all__ = ["FORMAT", "RESULTS", "Report", "folder", "write_json"]

FORMAT = 1
"""The number of the file's format; benchmarks/README.md says what it holds."""

RESULTS = Path(__file__).resolve().parent / "results"
"""Where results go when nothing is said."""


@dataclass
class Report:
    """Everything that a run of the benchmark of speed found.

    Attributes:
        machine: what it ran on.
        settings: how long was measured.
        versions: of the packages that took part.
        targets: the instruction sets that ellnet ran with, by kind of entrant.
        passed_over: why a library could not take part, or not to the end, by its name.
        left_out: entrants that were far slower than with another number of threads, by task and net.
        figures: what was measured.
        peaks: the machine's.
    """

    machine: Mapping[str, Any]
    settings: Mapping[str, Any]
    versions: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    passed_over: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    peaks: Peaks = field(default_factory=Peaks)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {
            "format": FORMAT,
            "benchmark": "speed",
            "machine": dict(self.machine),
            "settings": dict(self.settings),
            "versions": dict(sorted(self.versions.items())),
            "targets": self.targets,
            "passed_over": self.passed_over,
            "left_out": self.left_out,
            "peaks": self.peaks.to_json(),
            "figures": [to_json(figure) for figure in self.figures],
            "ratios": [ratio_to_json(ratio) for ratio in ratios(self.figures)],
        }


def folder(path: Path) -> Path:
    """Return a folder to write to, made where it is not there yet.

    Raises:
        SystemExit: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"{path} cannot be a folder for results: {error.strerror}") from error
    return path


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write JSON that people can read too."""
    path.write_text(json.dumps(values, indent=1, allow_nan=False) + "\n", encoding="utf-8")
