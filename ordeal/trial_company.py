"""Sixteen threads of Python that predict and train at once: each gets the bits that it has alone."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ellnet.batches import Examples
from ellnet.engines import native
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState
from ordeal.sittings import Failed, Sitting, Trial

__all__ = ["TRIAL"]

THREADS = 16
CALLS = 4_000
SHAPES = (((3, 8, 5, 2), 500), ((40, 70, 33, 2), 700), ((64, 128, 2), 1500))
"""Networks of both paths, and how many examples each has."""


def calls(n: tuple[int, ...], m: int) -> list[Callable[[int], bytes]]:
    """Return what a thread may do with a network; each takes a number of the engine's threads."""
    g = ("tanh",) * (len(n) - 2) + ("softmax",)
    net = Network(
        n, g, "categorical_cross_entropy", initial_parameters(n, g, "course", 1, np.float32)
    )
    random = np.random.default_rng(m)
    X, Y = random.random((n[0], m), np.float32), np.eye(2)[random.integers(0, 2, m)].T
    chosen, examples = Hyperparameters(batch_size=64), Examples(X, Y)
    state = TrainingState.start(net.parameters, 2, 0)

    def predict(k: int) -> bytes:
        return bytes(native.predict(net, X, n_threads=k).tobytes())

    def few(_: int) -> bytes:
        return b"".join(native.predict(net, X[:, i : i + 3]).tobytes() for i in range(0, 60, 3))

    def train(k: int) -> bytes:
        ran = native.run(net, state, chosen, examples, epochs=1, n_threads=k)
        return b"".join(a.tobytes() for a in ran.state.parameters.arrays())

    def cost(k: int) -> bytes:
        return np.float64(native.cost(net, examples, n_threads=k)).tobytes()

    return [predict, train, cost, few]


def work(sitting: Sitting) -> None:
    """Let sixteen threads draw what to do, all at once from a barrier."""
    doing = [each for n, m in SHAPES for each in calls(n, m)]
    expected = [each(1) for each in doing]
    begin, wanted = threading.Barrier(THREADS), -(-sitting.times(CALLS) // THREADS)

    def go(number: int) -> int:
        random = np.random.default_rng((sitting.seed, number))
        begin.wait()
        for _ in range(wanted):
            at = int(random.integers(len(doing)))
            if doing[at](int(random.integers(1, 4))) != expected[at]:
                raise Failed(f"call {at} has other bits in company than alone")
            sitting.did("calls")
        return wanted

    with ThreadPoolExecutor(THREADS) as pool:
        done = sum(pool.map(go, range(THREADS)))
    sitting.has_done({"calls": done, "threads at once": THREADS})


TRIAL = Trial("16 threads of Python at once have the bits that each has alone", work)
