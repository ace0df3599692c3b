"""Many networks on one data set: one a core, each as it would be trained alone."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from threading import Event

from ellnet.batches import Examples
from ellnet.engines.protocol import Job, Run
from ellnet.engines.threads import available

__all__ = ["run_side_by_side"]


def run_side_by_side(
    run: Callable[..., Run],
    jobs: Sequence[Job],
    train: Examples,
    validation: Examples | None = None,
    *,
    n_threads: int | None = None,
) -> Iterator[tuple[int, Run]]:
    """Give each job's number with its run, in the order in which they end.

    Every run has one thread of its own, so that its numbers are those of a run alone. Whoever leaves
    the iteration, by Ctrl-C too, ends the runs under way.

    Args:
        run: an engine's `run`.
        jobs: what to train; examples are shared and never copied.
        train: examples to learn from.
        validation: examples to validate on after each epoch.
        n_threads: networks at once; by default the cores that this process may use.
    """
    stop = Event()
    pool = ThreadPoolExecutor(n_threads or available())

    def stopped(*_: int) -> bool:
        return stop.is_set()

    def one(job: Job) -> Run:
        net, state, chosen, epochs = job
        return run(net, state, chosen, train, validation, epochs=epochs, watch=stopped, n_threads=1)

    try:
        futures = _begun(pool, one, jobs)
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _begun(
    pool: ThreadPoolExecutor, one: Callable[[Job], Run], jobs: Sequence[Job]
) -> dict[Future[Run], int]:
    """Begin every job; where the system gives no thread say so as the native engine does."""
    try:
        return {pool.submit(one, job): k for k, job in enumerate(jobs)}
    except RuntimeError as error:
        raise RuntimeError(
            "the system gives no further thread, by a limit or for want of memory; take fewer with "
            "n_threads"
        ) from error
