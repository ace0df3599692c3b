"""Many networks on one data set: one a core, each as it would be trained alone."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

from ellnet.batches import Examples
from ellnet.engines.protocol import Job, Run
from ellnet.engines.threads import available

__all__ = ["run_side_by_side", "side_by_side"]

J = TypeVar("J")
R = TypeVar("R")


def side_by_side(
    one: Callable[[J, Callable[..., bool]], R],
    next_job: Callable[[], J | None],
    *,
    n_threads: int | None = None,
    ahead: int = 0,
) -> Iterator[tuple[J, R]]:
    """Do jobs one a core, and give each with what came of it, in the order in which they end.

    Nothing is copied and no process is started. Whoever leaves the iteration, by Ctrl-C too, ends the
    jobs under way.

    Args:
        one: does a job; it is given the job and a function that says when to stop.
        next_job: gives the next job, or None where none can begin before another has ended; called
            in the caller's thread, so that a job may depend on what came of those before.
        n_threads: jobs at once; by default the cores that this process may use.
        ahead: how many jobs more are taken, so that no core waits while the caller looks at results.
    """
    stop = Event()
    workers = n_threads or available()
    pool = ThreadPoolExecutor(workers)
    running: dict[Future[R], J] = {}

    def stopped(*_: int) -> bool:
        return stop.is_set()

    try:
        while True:
            while len(running) < workers + ahead and (job := next_job()) is not None:
                running[_begun(pool, one, job, stopped)] = job
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _begun(
    pool: ThreadPoolExecutor,
    one: Callable[[J, Callable[..., bool]], R],
    job: J,
    stopped: Callable[..., bool],
) -> Future[R]:
    """Begin a job; where the system gives no thread say so as the native engine does."""
    try:
        return pool.submit(one, job, stopped)
    except RuntimeError as error:
        raise RuntimeError(
            "the system gives no further thread, by a limit or for want of memory; take fewer with "
            "n_threads"
        ) from error


def run_side_by_side(
    run: Callable[..., Run],
    jobs: Sequence[Job],
    train: Examples,
    validation: Examples | None = None,
    *,
    n_threads: int | None = None,
) -> Iterator[tuple[int, Run]]:
    """Give each job's number with its run, in the order in which they end.

    Every run has one thread of its own, so that its numbers are those of a run alone.

    Args:
        run: an engine's `run`.
        jobs: what to train; examples are shared and never copied.
        train: examples to learn from.
        validation: examples to validate on after each epoch.
        n_threads: networks at once; by default the cores that this process may use.
    """
    waiting = deque(range(len(jobs)))

    def one(number: int, stopped: Callable[..., bool]) -> Run:
        net, state, chosen, epochs = jobs[number]
        return run(net, state, chosen, train, validation, epochs=epochs, watch=stopped, n_threads=1)

    def next_job() -> int | None:
        return waiting.popleft() if waiting else None

    yield from side_by_side(one, next_job, n_threads=n_threads)
