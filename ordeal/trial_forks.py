"""Forks after a fit on several threads: no child hangs, each learns and predicts with the same bits."""

import hashlib
import os
import select
import signal
from contextlib import suppress

import numpy as np

from ellnet.batches import Examples
from ellnet.engines import native
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState
from ordeal.sittings import Failed, Missing, Sitting, Trial

__all__ = ["TRIAL"]

FORKS = 200
PATIENCE = 60.0
"""Seconds that a child has."""


def digest(seed: int) -> bytes:
    """Fit and predict on several threads; return what came of it."""
    n, g = (64, 64, 3), ("relu", "softmax")
    net = Network(
        n, g, "categorical_cross_entropy", initial_parameters(n, g, "course", 1, np.float32)
    )
    random = np.random.default_rng(seed)
    X, Y = random.random((64, 1000), np.float32), np.eye(3)[random.integers(0, 3, 1000)].T
    state, threads = TrainingState.start(net.parameters, 2, seed), 2 + seed % 3
    chosen = Hyperparameters(batch_size=100)
    ran = native.run(net, state, chosen, Examples(X, Y), epochs=2, n_threads=threads)
    A = native.predict(net.with_parameters(ran.state.parameters), X, n_threads=threads)
    return hashlib.sha256(A.tobytes()).digest()


def said_by_child(seed: int) -> bytes:
    """Fork; return what the child finds.

    Raises:
        Failed: it says nothing, or ends in another way than it should.
    """
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        with suppress(BaseException):  # the child must never come back into the parent's program
            os.write(there, digest(seed))
            code = 0
        os._exit(code)
    os.close(there)
    try:
        if not select.select([here], [], [], PATIENCE)[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise Failed(
                f"a child of a fork after a threaded fit said nothing for {PATIENCE:.0f} s"
            )
        said = os.read(here, 64)
    finally:
        os.close(here)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended != 0:
        raise Failed(f"a child of a fork after a threaded fit ended with {ended}")
    return said


def work(sitting: Sitting) -> None:
    """Fit, fork, compare; again and again."""
    if not hasattr(os, "fork"):
        raise Missing("this system has no fork")
    for seed in range(sitting.seed, sitting.seed + sitting.times(FORKS)):
        expected = digest(seed)
        if said_by_child(seed) != expected:
            raise Failed(f"a child has other bits than its parent (seed {seed})")
        sitting.did("forks")


TRIAL = Trial("a fork after a threaded fit works, with the same bits", work)
