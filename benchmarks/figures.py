"""From samples to figures: minima, medians, GFLOP/s, per cent of the peak, ratios."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.entrants import Entrant

__all__ = ["Figure", "Peaks", "Ratio", "best", "ratios", "to_json"]


@dataclass(frozen=True)
class Figure:
    """What one entrant reached at one task.

    Attributes:
        task: "training" or "prediction".
        net: by name.
        rows: examples a step, or a call.
        entrant: who.
        samples: how many there were.
        minimum, median: microseconds a step, or a call, of those samples.
        flop: multiplications and additions of one step or call.
        peak: GFLOP/s of this machine with the entrant's threads, precision and instruction set,
            None where it is not known.
    """

    task: str
    net: str
    rows: int
    entrant: Entrant
    samples: int
    minimum: float
    median: float
    flop: int
    peak: float | None = None

    @classmethod
    def of(
        cls, task: str, net: str, rows: int, entrant: Entrant, *, values: Sequence[float], flop: int
    ) -> "Figure":
        """Take the samples' minimum and median."""
        return cls(task, net, rows, entrant, len(values), min(values), median(values), flop)

    @property
    def gflops(self) -> float:
        """GFLOP/s at the minimum."""
        return self.flop / self.minimum / 1e3

    @property
    def percent(self) -> float | None:
        """Per cent of the peak at the minimum."""
        return 100 * self.gflops / self.peak if self.peak else None


class Peaks:
    """The machine's peak, sampled again and again: of each kind the largest counts."""

    def __init__(self) -> None:
        """Begin with none."""
        self._samples: dict[tuple[str, str, int], list[float]] = {}

    def add(self, entrant: Entrant, gflops: float) -> None:
        """Take a sample; 0 says that there is none."""
        if gflops > 0:
            key = (entrant.target, entrant.dtype, entrant.threads)
            self._samples.setdefault(key, []).append(gflops)

    def of(self, entrant: Entrant) -> float | None:
        """Return the peak with the entrant's threads, precision and instruction set, or None."""
        return max(self._samples.get((entrant.target, entrant.dtype, entrant.threads), [0])) or None

    def to_json(self) -> list[dict[str, Any]]:
        """Return all of them as JSON values."""
        return [
            {
                "target": target or "best",
                "dtype": dtype,
                "threads": threads,
                "gflops": round(max(samples), 1),
                "samples": [round(sample, 1) for sample in samples],
            }
            for (target, dtype, threads), samples in self._samples.items()
        ]


@dataclass(frozen=True)
class Ratio:
    """How many times as long a peer takes as an entrant of ours: minima, and medians."""

    task: str
    net: str
    rows: int
    ours: str
    peer: str
    minimum: float
    median: float


def best(figures: Iterable[Figure]) -> Figure | None:
    """Return the figure with the lowest minimum."""
    return min(figures, key=lambda figure: figure.minimum, default=None)


def groups(figures: Sequence[Figure]) -> dict[tuple[str, str, int], list[Figure]]:
    """Return the figures by task, net and rows, in their order."""
    found: dict[tuple[str, str, int], list[Figure]] = {}
    for figure in figures:
        found.setdefault((figure.task, figure.net, figure.rows), []).append(figure)
    return found


def by_kind(group: Sequence[Figure]) -> list[Figure]:
    """Return the best number of threads of each kind of entrant, in the order of the group."""
    kinds = dict.fromkeys(figure.entrant.kind for figure in group)
    chosen = (best(f for f in group if f.entrant.kind == kind) for kind in kinds)
    return [figure for figure in chosen if figure is not None]


def ratios(figures: Sequence[Figure]) -> list[Ratio]:
    """Return how each kind of ours stands to each peer, both with their better number of threads."""
    found = []
    for (task, net, rows), group in groups(figures).items():
        chosen = by_kind(group)
        found += [
            Ratio(
                task,
                net,
                rows,
                mine.entrant.kind,
                peer.entrant.kind,
                peer.minimum / mine.minimum,
                peer.median / mine.median,
            )
            for mine in chosen
            for peer in chosen
            if mine.entrant.ours and not peer.entrant.ours
        ]
    return found


def to_json(figure: Figure) -> dict[str, Any]:
    """Return a figure as JSON values."""
    entrant = figure.entrant
    return {
        "task": figure.task,
        "net": figure.net,
        "rows": figure.rows,
        "library": entrant.library,
        "engine": entrant.engine,
        "target": entrant.target,
        "dtype": entrant.dtype,
        "threads": entrant.threads,
        "samples": figure.samples,
        "microseconds": {"minimum": figure.minimum, "median": figure.median},
        "flop": figure.flop,
        "gflops": figure.gflops,
        "percent_of_peak": figure.percent,
    }


def ratio_to_json(ratio: Ratio) -> dict[str, Any]:
    """Return a ratio as JSON values."""
    return asdict(ratio)
