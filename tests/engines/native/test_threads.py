"""How many threads a call takes, and that none is left behind."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import native, threads
from ellnet.errors import HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState

LARGE = 1e12


@pytest.fixture(autouse=True)
def no_limits(monkeypatch):
    """No variable of the environment bounds the threads."""
    for name in threads.LIMITS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function that lays out a machine: cores of logical processors, and a quota."""

    def lay_out(*cores: tuple[int, ...], allowed: set[int], quota: str = "max 100000") -> None:
        for core in cores:
            for number in core:
                folder = tmp_path / f"sys/devices/system/cpu/cpu{number}/topology"
                folder.mkdir(parents=True)
                siblings = ",".join(str(each) for each in core)
                (folder / "thread_siblings_list").write_text(f"{siblings}\n")
        (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
        (tmp_path / "sys/fs/cgroup/cpu.max").write_text(f"{quota}\n")
        monkeypatch.setattr(threads, "Path", lambda path: Path(f"{tmp_path}{path}"))
        monkeypatch.setattr(threads, "_affinity", lambda: frozenset(allowed))
        threads._cores.cache_clear()
        threads._quota.cache_clear()

    yield lay_out
    threads._cores.cache_clear()
    threads._quota.cache_clear()


def test_two_threads_of_a_core_are_one(machine):
    """Four cores of two threads each: four; of two whole cores and half of another: three."""
    cores = ((0, 4), (1, 5), (2, 6), (3, 7))
    machine(*cores, allowed=set(range(8)))
    assert threads.available() == 4


def test_only_the_cores_that_the_process_may_use_count(machine):
    """Two whole cores and half of another are three."""
    machine((0, 4), (1, 5), (2, 6), (3, 7), allowed={0, 4, 1, 5, 2})
    assert threads.available() == 3


@pytest.mark.parametrize(
    ("quota", "number"), [("max 100000", 4), ("250000 100000", 2), ("50000 100000", 1)]
)
def test_the_control_group_s_quota_counts(machine, quota, number):
    """In whole processors, and at least one."""
    machine((0,), (1,), (2,), (3,), allowed={0, 1, 2, 3}, quota=quota)
    assert threads.available() == number


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_the_affinity_of_the_process_is_asked_each_time():
    """A process that is bound to one processor has one thread, and all of them back later."""
    allowed = os.sched_getaffinity(0)
    before = threads.available()
    try:
        os.sched_setaffinity(0, {min(allowed)})
        bound = threads.available()
    finally:
        os.sched_setaffinity(0, allowed)

    assert bound == 1
    assert threads.available() == before <= len(allowed)


@pytest.mark.parametrize("name", threads.LIMITS)
@pytest.mark.parametrize(
    ("said", "number"),
    [("1", 1), ("2", 2), ("3,1", 3), (" 2 ", 2), ("64", 4), ("0", 4), ("-1", 4), ("", 4), ("²", 4)],
)
def test_the_environment_bounds_the_threads(machine, monkeypatch, name, said, number):
    """A whole number, or OpenMP's list of them; what is none bounds nothing."""
    machine((0,), (1,), (2,), (3,), allowed={0, 1, 2, 3})
    monkeypatch.setenv(name, said)

    assert threads.available() == number
    assert threads.threads_for_work(None, LARGE, LARGE) == number


def test_a_number_that_the_caller_says_is_taken(monkeypatch):
    """Also above the cores, up to a bound; below 1 it is refused."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    assert threads.threads_for_work(16, 1.0, 1.0) == 16
    assert threads.threads_for_work(10**9, LARGE, LARGE) == threads.MOST
    for wrong in (0, -3):
        with pytest.raises(HyperparameterError, match=f"n_threads must be at least 1, got {wrong}"):
            threads.threads_for_work(wrong, LARGE, LARGE)


def test_small_work_stays_on_one_thread(machine):
    """A call of less than about 1.5 ms, and steps too short to meet after."""
    machine((0,), (1,), (2,), (3,), allowed={0, 1, 2, 3})

    assert threads.threads_for_work(None, threads.SMALL - 1, LARGE) == 1
    assert threads.threads_for_work(None, LARGE, threads.SHARE - 1) == 1
    assert threads.threads_for_work(None, LARGE, 2.5 * threads.SHARE) == 2
    assert threads.threads_for_work(None, LARGE, LARGE) == 4


def threads_of_the_process() -> int:
    """As the system counts them."""
    return len([*Path("/proc/self/task").iterdir()])


def run_watched(
    n: tuple[int, ...], m: int, watch: Callable[[int, int], bool], n_threads: int | None
) -> None:
    """Train on m examples for an epoch at most."""
    g = ("relu",) * (len(n) - 2) + ("identity",)
    net = Network(n, g, "squared_error", initial_parameters(n, g, dtype=np.float32))
    X = np.zeros((n[0], m), np.float32)
    native.run(
        net,
        TrainingState.start(net.parameters, 2, 0),
        Hyperparameters(batch_size=32),
        Examples(X, X[:1]),
        epochs=1,
        watch=watch,
        n_threads=n_threads,
    )


def threads_seen(n: tuple[int, ...], n_threads: int | None) -> int:
    """The threads of the process in the midst of a run, beside those before it."""
    seen = []

    def watch(taken: int, of: int) -> bool:
        seen.append(threads_of_the_process())
        return taken == of - 1

    before = threads_of_the_process()
    run_watched(n, 64, watch, n_threads)
    for _ in range(100):  # the system takes a joined thread from its list a moment later
        if threads_of_the_process() <= before:
            return max(seen) - before
        time.sleep(0.01)
    raise AssertionError("threads outlive the call")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
@pytest.mark.parametrize(
    ("n", "n_threads", "others"),
    [
        ((20, 30, 1), None, 0),
        ((20, 30, 1), 1, 0),
        ((20, 30, 1), 2, 1),
        ((20, 30, 1), 5, 4),
        ((3, 5, 1), 1, 0),
        ((3, 5, 1), 5, 1),
    ],
)
def test_threads_are_born_in_the_call_and_end_with_it(n, n_threads, others, monkeypatch):
    """As many as are asked for, one for little work, none afterwards.

    A tiny network is trained by one, beside which another draws the order of the next epoch.
    """
    monkeypatch.setattr(native, "WATCH_SECONDS", 0.0)

    assert threads_seen(n, n_threads) == others


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
def test_the_companion_of_small_predictions_ends_a_moment_after_them():
    """So a fork, and the end of the process, find no thread of ours."""
    n, g = (300, 400, 3), ("relu", "softmax")
    net = Network(n, g, "categorical_cross_entropy", initial_parameters(n, g, dtype=np.float32))
    X = np.zeros((300, 2), np.float32)
    before = threads_of_the_process()

    for _ in range(2000):
        native.predict(net, X, n_threads=2)

    for _ in range(200):
        if threads_of_the_process() <= before:
            return
        time.sleep(0.01)
    raise AssertionError("the companion outlives its calls")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are listed in /proc")
def test_threads_may_go_wherever_the_process_may(monkeypatch):
    """They are born on another processor than the caller's, and are bound to none."""
    monkeypatch.setattr(native, "WATCH_SECONDS", 0.0)
    bounds = list[set[int]]()
    others = {task.name for task in Path("/proc/self/task").iterdir()}

    def watch(taken: int, of: int) -> bool:
        if taken < of - 1:
            return False
        born = {task.name for task in Path("/proc/self/task").iterdir()} - others
        bounds.extend(os.sched_getaffinity(int(number)) for number in born)
        return True

    before = os.sched_getaffinity(0)
    run_watched((20, 30, 1), 640, watch, 3)

    assert os.sched_getaffinity(0) == before
    assert bounds == [before] * 2
