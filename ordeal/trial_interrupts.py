"""Ctrl-C at random instants of all kinds of calls: answered in time, with nothing lost."""

import contextlib
import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ellnet.batches import Examples
from ellnet.engines import native
from ellnet.engines.many import run_side_by_side
from ellnet.engines.protocol import Job
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.state import TrainingState
from ellnet.training import train
from ordeal.sittings import Failed, Sitting, Trial

__all__ = ["CALLS", "TRIAL", "Call", "interrupt"]

PROMISED = 0.1
"""Seconds from the signal to the end of the call."""

INSTANTS = 200
LATEST = 0.6
"""Seconds after the begin of a call before which the signal comes; no call here is so short."""

TRIES = 3
"""How often an instant is tried where the answer is late: others may hold memory and processor."""

ENDLESS = 10**6


@dataclass(frozen=True)
class Call:
    """Something that takes long, and how to see that nothing was lost.

    Attributes:
        work: the call; it raises KeyboardInterrupt, or returns early.
        kept: raises Failed where what was there before is no longer there.
    """

    work: Callable[[], object]
    kept: Callable[[], None]


def network(*n: int, seed: int = 1) -> Network:
    """A network whose weights are small numbers, made quickly whatever their number."""
    g = ("relu",) * (len(n) - 2) + ("identity",)
    if max(n) < 3000:
        return Network(n, g, "squared_error", initial_parameters(n, g, "course", seed, np.float32))
    random = np.random.default_rng(seed)
    W = [random.random((a, b), np.float32) / b for b, a in itertools.pairwise(n)]
    return Network(
        n, g, "squared_error", Parameters.of(W, [np.zeros((a, 1), np.float32) for a in n[1:]])
    )


def ones(n: int, m: int) -> np.ndarray:
    """Examples of ones, which take no memory."""
    return np.broadcast_to(np.ones((n, 1), np.float32), (n, m))


def digest(net: Network) -> tuple[float, ...]:
    """Sums that another weight would change."""
    return tuple(float(np.sum(each, dtype=np.float64)) for each in net.parameters.arrays())


def unchanged(net: Network) -> Callable[[], None]:
    """Return what raises where a network is no longer as it is now, or no longer predicts as now."""
    X, before = ones(net.n[0], 2), digest(net)
    outputs = native.predict(net, X).tobytes()

    def kept() -> None:
        if digest(net) != before or native.predict(net, X).tobytes() != outputs:
            raise Failed(f"the interrupt changed the network {net.n} that was passed to the call")

    return kept


def zeros(n: int, m: int) -> np.ndarray:
    """Return m examples of n inputs that are 0, which are listed, in next to no memory."""
    return np.broadcast_to(np.zeros((n, 1), np.float32), (n, m))


def running(
    *n: int,
    m: int,
    size: int,
    held: int = 0,
    n_threads: int | None = None,
    inputs: Callable[[int, int], np.ndarray] = ones,
) -> Call:
    """A run without end."""
    net = network(*n)
    examples = Examples(inputs(n[0], m), ones(n[-1], m))
    validation = Examples(ones(n[0], held), ones(n[-1], held)) if held else None
    chosen, state = (
        Hyperparameters(batch_size=size, l2=0.0),
        TrainingState.start(net.parameters, 2, 0),
    )

    def work() -> object:
        return native.run(
            net, state, chosen, examples, validation, epochs=ENDLESS, n_threads=n_threads
        )

    return Call(work, unchanged(net))


def many() -> Call:
    """Four runs side by side."""
    net = network(50, 64, 2)
    examples = Examples(ones(50, 2000), ones(2, 2000))
    state = TrainingState.start(net.parameters, 2, 0)
    jobs = [Job(net, state, Hyperparameters(batch_size=100, seed=k), ENDLESS) for k in range(4)]

    def work() -> object:
        return list(run_side_by_side(native.run, jobs, examples, n_threads=2))

    return Call(work, unchanged(net))


def without_end(work: Callable[[], object]) -> Callable[[], None]:
    """Do it again and again."""

    def again() -> None:
        while True:
            work()

    return again


def predicting(*n: int, m: int, n_threads: int | None = None) -> Call:
    """Predictions, one after the other."""
    net, X = network(*n), ones(n[0], m)
    return Call(without_end(lambda: native.predict(net, X, n_threads=n_threads)), unchanged(net))


def costing(*n: int, m: int, gradients: bool = False) -> Call:
    """The cost of many examples, again and again, with its gradients where they are asked for."""
    net, examples = network(*n), Examples(ones(n[0], m), ones(n[-1], m))
    asked = native.cost_and_gradients if gradients else native.cost
    return Call(without_end(lambda: asked(net, examples)), unchanged(net))


def diverging() -> Call:
    """Runs that diverge after many steps, so that they go the way back, one after the other."""
    net = network(200, 256, 256, 1)
    random = np.random.default_rng(0)
    X, Y = random.random((200, 4000), np.float32), random.random((1, 4000), np.float32)
    X[0, -1] = np.float32(3e38)
    chosen = Hyperparameters(batch_size=4, l2=0.0, shuffle=False, learning_rate=1e-4)
    state = TrainingState.start(net.parameters, 2, 0)

    return Call(
        without_end(lambda: native.run(net, state, chosen, Examples(X, Y), epochs=1)),
        unchanged(net),
    )


def learning(*n: int, m: int, epochs: int) -> Call:
    """`train`, whose first Ctrl-C is a wish: going on must give the bits of a run that nobody met."""
    net, random = network(*n), np.random.default_rng(0)
    X, Y = random.random((n[0], m), np.float32), random.random((n[-1], m), np.float32)
    chosen = Hyperparameters(batch_size=64, epochs=epochs, early_stopping=False)
    whole = train(net, Examples(X, Y), chosen).network.parameters.arrays()
    left: list[TrainingState] = []

    def work() -> object:
        outcome = train(net, Examples(X, Y), chosen)
        left.append(outcome.state)
        if outcome.history.stopped != "interrupted":
            raise Failed("training ended before the signal came")
        return outcome

    def kept() -> None:
        if not left:
            return
        rest = train(net, Examples(X, Y), chosen, state=left.pop()).network.parameters.arrays()
        if any(a.tobytes() != b.tobytes() for a, b in zip(rest, whole, strict=True)):
            raise Failed("training that was interrupted and went on has other bits than the whole")

    return Call(work, kept)


CALLS: dict[str, Callable[[], Call]] = {
    "many steps": lambda: running(100, 64, 64, 2, m=2000, size=256),
    "one thread": lambda: running(100, 64, 64, 2, m=2000, size=256, n_threads=1),
    "a tiny net": lambda: running(3, 5, 5, 3, 1, m=2000, size=32),
    "one step of a tiny net": lambda: running(3, 5, 5, 3, 1, m=1_000_000, size=1_000_000),
    "large steps": lambda: running(784, 1024, 1024, 10, m=2000, size=1000),
    "huge steps": lambda: running(4096, 4096, 4096, 1, m=512, size=512),
    "an order of many rows": lambda: running(3, 5, 1, m=12_000_000, size=256),
    "an order of many rows, wider": lambda: running(20, 5, 1, m=12_000_000, size=256),
    "lists of many rows": lambda: running(100, 64, 1, m=4_000_000, size=4_000_000, inputs=zeros),
    "validation": lambda: running(100, 64, 64, 2, m=256, size=256, held=1_000_000),
    "validation of a tiny net": lambda: running(3, 5, 1, m=32, size=32, held=5_000_000),
    "validation of a huge net": lambda: running(2048, 4096, 2048, 1, m=8, size=8, held=100_000),
    "way back from a divergence": diverging,
    "run_many": many,
    "predict": lambda: predicting(512, 512, 512, 1, m=400_000),
    "predict, one thread": lambda: predicting(512, 512, 1, m=400_000, n_threads=1),
    "predict of a tiny net": lambda: predicting(3, 5, 5, 3, 1, m=60_000_000),
    "predict of few rows": lambda: predicting(512, 512, 512, 1, m=3),
    "packing of many weights": lambda: predicting(7900, 8000, 1, m=20),
    "cost": lambda: costing(512, 512, 512, 1, m=400_000),
    "cost and gradients": lambda: costing(512, 512, 512, 1, m=400_000, gradients=True),
    "train": lambda: learning(100, 64, 64, 2, m=4000, epochs=400),
    "train of a tiny net": lambda: learning(3, 5, 5, 3, 1, m=4000, epochs=40_000),
}
"""What a signal may come into. Each is set up when its turn comes, and let go after it."""


def waited(counts: Path) -> float:
    """Return the seconds that a thread was ready while others had the processor, 0 if nobody counts."""
    try:
        said = counts.read_text("ascii")
    except OSError:
        return 0.0
    return int(said.split()[1]) * 1e-9


class Answer(NamedTuple):
    """How long an answer took, in seconds; both are 0 where the call had ended before."""

    by_the_clock: float
    of_its_own: float


@contextlib.contextmanager
def pressed_after(seconds: float) -> Iterator[list[float]]:
    """Press Ctrl-C so many seconds from now; give a list of the moment, and of what was waited before."""
    moments: list[float] = []
    counts = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")

    def press() -> None:
        moments.extend((time.perf_counter(), waited(counts)))
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(seconds, press)
    timer.start()
    try:
        yield moments
    finally:
        timer.cancel()
        timer.join()


def interrupt(call: Call, after: float) -> Answer:
    """Interrupt a call; say how long the answer took.

    Raises:
        Failed: what was there before is no longer there.
    """
    counts = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
    took = Answer(0.0, 0.0)
    try:
        with pressed_after(after) as moments:
            with contextlib.suppress(KeyboardInterrupt):
                call.work()
            ended, waiting = time.perf_counter(), waited(counts)
            if moments:
                clock = ended - moments[0]
                took = Answer(clock, max(0.0, clock - (waiting - moments[1])))
    except KeyboardInterrupt:  # it came between the end of the call and that of the waiting
        took = Answer(0.0, 0.0)
    call.kept()
    return took


def in_time(call: Call, name: str, after: float) -> tuple[Answer, int]:
    """Interrupt a call, again where the answer is late; return the answer, and how often it was.

    Raises:
        Failed: it never was in time.
    """
    found: list[Answer] = []
    for _ in range(TRIES):
        found.append(interrupt(call, after))
        if found[-1].by_the_clock > 0 and found[-1].of_its_own < PROMISED:
            return found[-1], len(found) - 1
    if found[-1].by_the_clock == 0:
        raise Failed(f"{name!r} had ended {after:.3f} s after its begin, before Ctrl-C came")
    said = ", ".join(f"{each.of_its_own * 1e3:.0f}" for each in found)
    raise Failed(f"Ctrl-C after {after:.3f} s of {name!r} took {said} ms")


def work(sitting: Sitting) -> None:
    """Go through the calls, a few instants each, until there are enough."""
    random, late = np.random.default_rng(sitting.seed), 0
    answers: list[tuple[Answer, str]] = []
    signal.signal(signal.SIGINT, signal.default_int_handler)
    wanted = sitting.times(INSTANTS)
    for number, (name, make) in enumerate(CALLS.items()):
        share = wanted * (number + 1) // len(CALLS) - wanted * number // len(CALLS)
        call = make() if share else None
        for after in random.uniform(0.0, LATEST, share):
            assert call is not None  # noqa: S101 - there is a share of it
            answer, before = in_time(call, name, float(after))
            answers.append((answer, name))
            late += before
            sitting.did("interrupts")
        if answers:
            tell(sitting, answers, late)


def tell(sitting: Sitting, answers: list[tuple[Answer, str]], late: int) -> None:
    """Say how long answers took."""
    clock, own = max(answers), max(answers, key=lambda each: each[0].of_its_own)
    over = sum(each.by_the_clock >= PROMISED for each, _ in answers)
    median = sorted(each.by_the_clock for each, _ in answers)[len(answers) // 2]
    sitting.measured("median answer", f"{median * 1e3:.0f} ms")
    sitting.measured("slowest answer", f"{clock[0].by_the_clock * 1e3:.0f} ms ({clock[1]})")
    said = f"{own[0].of_its_own * 1e3:.0f} ms ({own[1]})"
    sitting.measured("slowest without the time that others had the processor", said)
    sitting.measured("over 100 ms by the clock, as others had the processor", str(over))
    sitting.measured("late, and in time when tried again", str(late))


TRIAL = Trial("Ctrl-C is answered within 100 ms, and nothing is lost", work)
