"""Who takes part: every library, with the threads, precision and instruction set that it runs with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.nets import Material, Net
from ellnet.engines import ENGINES

__all__ = ["OURS", "PEERS", "Entrant", "Library", "Peer", "entrants", "peers_by_name"]

OURS = "ellnet"


class Library(Protocol):
    """What a library has to offer to be measured; each lives in a process of its own."""

    def prepare(self, net: Net, given: Material) -> None:
        """Build the network with the parameters given, ready to train and to predict."""

    def train(self, epochs: int) -> None:
        """Train for whole epochs: shuffle, gather, forward, cost, backward, Adam."""

    def outputs(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return A[L] for the rows X (m, n[0]), as rows (m, n[L])."""

    def predict(self, rows: int, calls: int) -> None:
        """Predict the first rows of the inputs given, so many times."""


@dataclass(frozen=True)
class Peer:
    """A library to compare with: its module here, the packages it needs, and what it takes part in."""

    name: str
    module: str
    packages: tuple[str, ...]
    trains: bool = True
    predicts: bool = True
    pinned: bool = False
    """Whether one thread means one core, for want of a better way to say it to the library."""


PEERS = (
    Peer("scikit-learn", "benchmarks.peer_scikit_learn", ("scikit-learn",)),
    Peer("torch", "benchmarks.peer_torch", ("torch",)),
    Peer("jax", "benchmarks.peer_jax", ("jax",), predicts=False, pinned=True),
    Peer(
        "onnxruntime",
        "benchmarks.peer_onnxruntime",
        ("onnxruntime", "onnx"),
        trains=False,
    ),
)


@dataclass(frozen=True)
class Entrant:
    """One line of the tables: a library as it is run.

    Attributes:
        library: its name.
        module: where its `Library` is, by name.
        threads: how many it may use.
        packages: what it needs, to tell their versions.
        engine: of ellnet, the engine.
        dtype: precision of parameters and data.
        target: of ellnet's native engine, the instruction set; "" for the best there is.
        trains, predicts: what it takes part in.
        pinned: whether its process is kept on one core.
    """

    library: str
    module: str
    threads: int
    packages: tuple[str, ...]
    engine: str = ""
    dtype: str = "float32"
    target: str = ""
    trains: bool = True
    predicts: bool = True
    pinned: bool = False

    @property
    def ours(self) -> bool:
        """Whether it is ellnet."""
        return self.library == OURS

    @property
    def main(self) -> bool:
        """Whether it is ellnet as it runs when nothing is said: what ratios are taken against."""
        return self.ours and not self.target and self.dtype == "float32"

    @property
    def kind(self) -> str:
        """What it is called whatever its threads."""
        dtype = "" if self.dtype == "float32" else self.dtype
        return " ".join(filter(None, (self.library, self.engine, self.target, dtype)))

    @property
    def name(self) -> str:
        """What it is called, threads and all."""
        return f"{self.kind}, {self.threads} thread{'' if self.threads == 1 else 's'}"


def peers_by_name(names: str) -> tuple[Peer, ...]:
    """Return the peers that are named, with commas between; "" for all, "none" for none.

    Raises:
        ValueError: there is no such peer.
    """
    table = {peer.name: peer for peer in PEERS}
    asked = [name.strip() for name in names.split(",") if name.strip()]
    if asked == ["none"]:
        return ()
    for name in asked:
        if name not in table:
            raise ValueError(f"there is no peer {name!r}; there are {', '.join(table)}, or none")
    return tuple(table[name] for name in asked) or PEERS


def entrants(engine: str, threads: int, peers: Sequence[Peer]) -> list[Entrant]:
    """Return everybody who takes part, ellnet first, each with one thread and with `threads`.

    Args:
        engine: of ellnet; "auto" takes the native one where there is one.
        threads: the largest number.
        peers: who is compared with.
    """
    if engine == "auto":
        engine = "native" if _fast(ENGINES.get("native")) else "array"
    counts = sorted({1, threads})
    module, packages = "benchmarks.ours", (OURS, "numpy")
    ours = [Entrant(OURS, module, count, packages, engine) for count in counts]
    native = engine == "native"
    ours += [
        Entrant(OURS, module, threads if native else 1, packages, engine, predicts=False, **options)
        for options in _variants(ENGINES[engine])
    ]
    return ours + [
        Entrant(
            peer.name,
            peer.module,
            count,
            peer.packages,
            trains=peer.trains,
            predicts=peer.predicts,
            pinned=peer.pinned and count == 1,
        )
        for peer in peers
        for count in counts
    ]


def _fast(native: Any) -> bool:
    """Say whether the native engine is there, with more than the scalar target, which is an oracle."""
    return native is not None and tuple(native.targets())[:1] != ("scalar",)


def _variants(engine: Any) -> list[dict[str, Any]]:
    """Return what else of ellnet is measured: float64, and AVX2 where the machine has better."""
    targets = list(engine.targets()) if hasattr(engine, "targets") else []
    avx2 = [{"target": "avx2"}] if "avx2" in targets[1:] else []
    return [*avx2, {"dtype": "float64"}]
