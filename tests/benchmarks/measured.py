"""Entrants and figures to test with, all made up."""

from benchmarks.entrants import Entrant
from benchmarks.figures import Figure

__all__ = ["entrant", "figure"]


def entrant(library: str = "ellnet", threads: int = 1, **options: object) -> Entrant:
    """Return an entrant that nobody starts."""
    ours: dict[str, object] = {"engine": "native"} if library == "ellnet" else {}
    return Entrant(library, "", threads, (library,), **{**ours, **options})  # type: ignore[arg-type]


def figure(who: Entrant, minimum: float, median: float = 0.0, **options: object) -> Figure:
    """Return a figure of training, of a million multiplications and additions."""
    given = {"task": "training", "net": "3-5-5-3-1", "rows": 32, "samples": 5, "flop": 10**6}
    values = {**given, "entrant": who, "minimum": minimum, "median": median or minimum, **options}
    return Figure(**values)  # type: ignore[arg-type]
