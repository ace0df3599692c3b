"""The process in which allocations fail: `python -m ordeal.allocating SCALE`, under allocations.cpp.

It prints what it has counted, a line of JSON after each call, and ends with 1 where something did
not hold.
"""

import ctypes
import gc
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ellnet.batches import Examples
from ellnet.engines import native
from ellnet.engines.many import run_side_by_side
from ellnet.engines.protocol import Job
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState
from ellnet.training import train
from ordeal.sittings import Failed

__all__ = ["CALLS", "SENTENCE", "main"]

SENTENCE = "the system gives no further thread"
"""How an error begins that says that there are no more threads, docs/engine.md."""

AGAIN = 4
"""How often a block must be lost, call after call, to be a leak."""

GOES_ON = 8
"""So many of a call's last allocations may fail: a thread that writes out sooner is not needed."""

NONE = (-1, -1)
"""Allocations that fail: from, to."""


@dataclass(frozen=True)
class Counter:
    """The preloaded library, and where the code of the native module lies."""

    library: ctypes.CDLL
    begin: int
    end: int

    @contextmanager
    def counting(self, fail: tuple[int, int]) -> Iterator[None]:
        """Count inside, and have allocations of those numbers fail."""
        self.library.ordeal_begin(*map(ctypes.c_size_t, (self.begin, self.end)), *map(_long, fail))
        try:
            yield
        finally:
            self.library.ordeal_end()

    def said(self, what: str) -> int:
        """Return a number of the library's."""
        function = getattr(self.library, f"ordeal_{what}")
        function.restype = ctypes.c_long
        return int(function())


def _long(number: int) -> ctypes.c_long:
    return ctypes.c_long(number)


def counter() -> Counter:
    """Return the counter for the native module's code."""
    path = str(native._native.__file__)  # noqa: SLF001 - it is the module that is tried
    ranges = [
        line.split()[0].split("-")
        for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
        if line.endswith(path) and " r-xp " in line
    ]
    begin, end = (int(each, 16) for each in ranges[0])
    return Counter(ctypes.CDLL(None), begin, end)


def network(*n: int) -> Network:
    """A network with classes to tell apart."""
    g = ("gelu",) * (len(n) - 2) + ("softmax",)
    return Network(
        n, g, "categorical_cross_entropy", initial_parameters(n, g, "course", 1, np.float32)
    )


def examples(net: Network, m: int) -> Examples:
    """Examples with weights."""
    random, k = np.random.default_rng(m), net.n[-1]
    X, Y = random.random((net.n[0], m), np.float32), np.eye(k)[random.integers(0, k, m)].T
    return Examples(X, np.ascontiguousarray(Y), random.random((1, m)) + 0.5)


Call = Callable[[], bytes]

LANES, TILES = network(4, 6, 3), network(20, 33, 18, 3)
WIDE = network(300, 2000, 2)
"""Its weights are more than 2 MiB: they come straight from the system."""

PLAIN = Hyperparameters(batch_size=16, seed=5)


def run(net: Network, chosen: Hyperparameters = PLAIN, m: int = 60, **options: Any) -> Call:
    """Train for two epochs, validated."""
    data, held = examples(net, m), examples(net, 9)
    given = {"epochs": 2, **options}
    moments = {"gradient_descent": 0, "momentum": 1}.get(chosen.optimizer, 2)
    state = TrainingState.start(net.parameters, moments, chosen.seed)

    def call() -> bytes:
        ran = native.run(net, state, chosen, data, held, **given)
        costs = np.array([*ran.iterations, *ran.costs, *ran.validation_costs])
        return b"".join(a.tobytes() for a in ran.state.parameters.arrays()) + costs.tobytes()

    return call


def listing(chosen: Hyperparameters = PLAIN, **options: Any) -> Call:
    """Train on inputs of which nine in ten are 0; the first layer is made of lists of the others."""
    net = network(60, 33, 3)
    data, held = examples(net, 300), examples(net, 40)
    for each in (data, held):
        each.X[np.random.default_rng(1).random(each.X.shape) < 0.9] = 0.0
    state = TrainingState.start(net.parameters, 2, chosen.seed)

    def call() -> bytes:
        ran = native.run(net, state, chosen, data, held, epochs=2, **options)
        return b"".join(a.tobytes() for a in ran.state.parameters.arrays())

    return call


def diverging(net: Network) -> Call:
    """A run that goes back from a cost that is not finite."""
    data = examples(net, 60)
    data.X[0, 40] = np.inf
    state = TrainingState.start(net.parameters, 2, 0)

    def call() -> bytes:
        ran = native.run(net, state, replace(PLAIN, shuffle=False), data, epochs=1)
        return repr((ran.divergence, ran.iterations)).encode()

    return call


def many() -> Call:
    """Two runs side by side."""
    state, data = TrainingState.start(TILES.parameters, 2, 0), examples(TILES, 40)
    jobs = [Job(TILES, state, replace(PLAIN, seed=k), 1) for k in range(2)]

    def call() -> bytes:
        ran = dict(run_side_by_side(native.run, jobs, data, n_threads=2))
        return b"".join(ran[k].state.parameters.W[1].tobytes() for k in range(2))

    return call


def descending(net: Network, **options: Any) -> Call:
    """`train`, by L-BFGS where the options say so."""
    chosen = Hyperparameters(epochs=3, engine="native", early_stopping=False, **options)
    data = examples(net, 50)

    def call() -> bytes:
        outcome = train(net, data, chosen)
        return b"".join(a.tobytes() for a in outcome.network.parameters.arrays())

    return call


def predict(net: Network, m: int, n_threads: int = 1) -> Call:
    """A prediction."""
    X = examples(net, m).X
    return lambda: native.predict(net, X, n_threads=n_threads).tobytes()


def gradients(net: Network, n_threads: int = 1) -> Call:
    """The cost and its gradients."""
    data = examples(net, 600)

    def call() -> bytes:
        cost, found = native.cost_and_gradients(net, data, l2=0.1, n_threads=n_threads)
        return np.float64(cost).tobytes() + b"".join(a.tobytes() for a in found.arrays())

    return call


def new_shape() -> bytes:
    """A network that the engine has not met before."""
    return bytes(native.predict(network(20, 33, 18, 3), examples(TILES, 3).X).tobytes())


DROPOUT = replace(PLAIN, dropout=0.3, input_dropout=0.1)
CLIPPED = replace(PLAIN, clip_norm=0.1, max_norm=0.8, l1=0.2, l2=0.1, batch_size=520)

CALLS: dict[str, Callable[[], Call]] = {
    "predict, lanes": lambda: predict(LANES, 300, 2),
    "predict, tiles": lambda: predict(TILES, 600, 3),
    "predict, few rows": lambda: predict(TILES, 3),
    "predict, large pages": lambda: predict(WIDE, 20, 2),
    "predict, a new network": lambda: new_shape,
    "cost, lanes": lambda: lambda: np.float64(native.cost(LANES, examples(LANES, 300))).tobytes(),
    "cost, tiles": lambda: lambda: np.float64(native.cost(TILES, examples(TILES, 600))).tobytes(),
    "cost and gradients, lanes": lambda: gradients(LANES),
    "cost and gradients, tiles": lambda: gradients(TILES, 2),
    "run, lanes": lambda: run(LANES, n_threads=2),
    "run, tiles": lambda: run(TILES, n_threads=3),
    "run, one thread": lambda: run(TILES, n_threads=1),
    "run, large pages": lambda: run(WIDE, m=32, n_threads=2),
    "run, watched": lambda: run(TILES, watch=lambda *_: False, n_threads=2),
    "run, dropout": lambda: run(TILES, DROPOUT, n_threads=2),
    "run, dropout in lanes": lambda: run(LANES, DROPOUT),
    "run, clipped, in chunks": lambda: run(TILES, CLIPPED, m=600, n_threads=2),
    "run, by momentum": lambda: run(TILES, replace(PLAIN, optimizer="momentum")),
    "run, listed": lambda: listing(n_threads=2),
    "run, listed, in chunks": lambda: listing(replace(PLAIN, batch_size=290), n_threads=3),
    "a divergence, lanes": lambda: diverging(LANES),
    "a divergence, tiles": lambda: diverging(TILES),
    "run_many": many,
    "train": lambda: descending(TILES, batch_size=25),
    "train by L-BFGS": lambda: descending(LANES, optimizer="lbfgs"),
}
"""What allocates."""


def outcome(call: Call) -> bytes | str:
    """Make a call; return what it gives, or what it says where there was not enough."""
    try:
        return call()
    except MemoryError:
        return "MemoryError"
    except RuntimeError as error:
        if not str(error).startswith(SENTENCE):
            raise Failed(f"not the sentence that is documented: {error}") from error
        return SENTENCE


def sweep(name: str, call: Call, count: Counter, share: float) -> tuple[int, int]:
    """Have every allocation of a call fail, alone and with all after it; return how many calls failed so.

    Raises:
        Failed: the call gave something else than it should, or did not give back what it took.
    """
    expected, given, again = call(), parameters(), call()
    if again != expected:
        raise Failed(f"{name}: two calls differ")
    with count.counting(NONE):
        call()
    number, kept = count.said("counted"), count.said("living")
    failed = 0
    for at in range(0, number + 1, max(1, round(1 / share))):
        for last in (at, 2**60):
            with count.counting((at, last)):
                found = outcome(call)
            made_to_fail = count.said("failed")
            failed += made_to_fail > 0
            left = lost(call, count, (at, last), kept)
            if isinstance(found, bytes) and found != expected:
                raise Failed(f"{name}: other bits where allocation {at} of {number} failed")
            if isinstance(found, bytes) and made_to_fail and last > at < number - GOES_ON:
                raise Failed(f"{name}: it went on where every allocation from {at} on failed")
            if left:
                raise Failed(f"{name}: {left} blocks are lost where allocation {at} failed")
            if parameters() != given or call() != expected:
                raise Failed(f"{name}: something has changed where allocation {at} failed")
    return number, failed


def lost(call: Call, count: Counter, fail: tuple[int, int], kept: int) -> int:
    """Return how many blocks the last call has lost; one that is lost once is a table that grew."""
    left = 0
    for _ in range(AGAIN):
        if count.said("living") > kept:
            gc.collect()  # an exception and its frames may hold one another
        left = count.said("living") - kept
        if left <= 0:
            return 0
        with count.counting(fail):
            outcome(call)
    return left


def parameters() -> bytes:
    """Return the parameters that every call is given."""
    return b"".join(a.tobytes() for net in (LANES, TILES, WIDE) for a in net.parameters.arrays())


def main(words: Sequence[str]) -> int:
    """Sweep every call."""
    share, count = float(words[0]), counter()
    total = {"failed calls": 0, "allocations": 0, "kinds of calls": 0}
    for name, make in CALLS.items():
        print(f"# {name}", flush=True)
        try:
            number, failed = sweep(name, make(), count, share)
        except Failed as wrong:
            print(wrong, flush=True)
            return 1
        total["failed calls"] += failed
        total["allocations"] += number
        total["kinds of calls"] += 1
        print(json.dumps(total), flush=True)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("ELLNET_NUM_THREADS", "2")
    sys.exit(main(sys.argv[1:]))
