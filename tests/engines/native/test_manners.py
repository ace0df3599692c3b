"""The engine among others: Python's threads, forks, workers, exceptions, the processor's settings."""

import itertools
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import native
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState
from tests.engines.every_engine import TARGETS
from tests.engines.native.configurations import Case, bits, run_of
from tests.engines.native.running import on_target
from tests.engines.native.scripts import said_by

SOFTMAX = ("relu", "softmax"), "categorical_cross_entropy"
PLAIN = Hyperparameters(batch_size=32, learning_rate=0.01)
CASES = {
    "lanes": Case((5, 9, 3), *SOFTMAX, 300, PLAIN, weighted=False, validated=40),
    "tiles": Case((20, 40, 3), *SOFTMAX, 300, PLAIN, weighted=False, validated=40),
}
TINIEST = 5e-324
"""The smallest subnormal number: 0 where the processor is set to flush such numbers."""


def large(m: int = 60_000) -> tuple[Network, np.ndarray]:
    """A prediction of some tenths of a second."""
    n, g = (256, 256, 256, 1), ("relu", "relu", "identity")
    net = Network(n, g, "squared_error", initial_parameters(n, g, dtype=np.float32))
    return net, np.ones((m, 256), np.float32).T


def state_of(net: Network) -> TrainingState:
    """The start of a run of Adam."""
    return TrainingState.start(net.parameters, 2, 0)


@pytest.mark.parametrize("call", ["predict", "cost", "run"])
def test_other_python_threads_go_on_meanwhile(call):
    """A thread that wakes every millisecond does so throughout a call: no lock of Python's is held."""
    net, X = large()
    examples, woken, done = Examples(X, X[:1]), [], threading.Event()
    calls = {
        "predict": lambda: native.predict(net, X, n_threads=1),
        "cost": lambda: native.cost(net, examples, n_threads=1),
        "run": lambda: native.run(net, state_of(net), PLAIN, examples, epochs=1, n_threads=1),
    }

    def wake() -> None:
        while not done.wait(0.001):
            woken.append(time.perf_counter())

    other = threading.Thread(target=wake)
    other.start()
    began = time.perf_counter()
    calls[call]()
    ended = time.perf_counter()
    done.set()
    other.join()

    inside = [t for t in woken if began < t < ended]
    gaps = np.diff([began, *inside, ended])
    assert len(inside) >= 5
    assert gaps.max() < (ended - began) / 2


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("path", CASES)
def test_several_python_threads_at_once_get_the_bits_of_one(path, n_threads):
    """Eight fits and eight predictions side by side, of all examples and of one at a time."""
    case = CASES[path]
    expected = bits(run_of(case))
    net, X = large(2_000)
    predicted = native.predict(net, X).tobytes()

    def fit(_: int) -> tuple[bytes, ...]:
        return bits(run_of(case, n_threads=n_threads))

    def predict(_: int) -> bytes:
        return native.predict(net, X, n_threads=n_threads).tobytes()

    def predict_one_by_one(_: int) -> bytes:
        alone = [native.predict(net, X[:, [i]], n_threads=n_threads) for i in range(200)]
        return np.concatenate(alone, axis=1).T.tobytes()

    with ThreadPoolExecutor(8) as pool:
        fits, predictions = pool.map(fit, range(8)), pool.map(predict, range(8))
        single = pool.map(predict_one_by_one, range(8))
        assert set(fits) == {expected}
        assert set(predictions) == {predicted}
        assert set(single) == {native.predict(net, X[:, :200]).T.tobytes()}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_after_a_call_with_threads_works():
    """A child predicts and trains on two threads too, with the same bits, and so does its child."""
    program = """
        import hashlib, multiprocessing
        net, X = network(64, 64, 1), numbers(64, 2000)
        def work(depth=0):
            A = native.predict(net, X, n_threads=2)
            one = native.predict(net, X[:, :1], n_threads=2)
            assert one.tobytes() == A[:, :1].tobytes()
            ran = native.run(net, begin(net), Hyperparameters(batch_size=100),
                             Examples(X, X[:1]), epochs=1, n_threads=2)
            found = hashlib.sha256(A.tobytes() + ran.state.parameters.W[1].tobytes()).hexdigest()
            return [found, *(in_child(depth - 1) if depth else [])]
        def in_child(depth):
            there, here = multiprocessing.get_context("fork").Pipe()
            child = multiprocessing.get_context("fork").Process(
                target=lambda: here.send(work(depth)))
            child.start()
            said = there.recv() if there.poll(30) else ["nothing"]
            child.join(5)
            return said
        print(json.dumps([work(), in_child(1), in_child(0)]))
    """

    parent, child, other = said_by(program, PYTHONWARNINGS="ignore")

    assert len(parent) == 1
    assert child == parent * 2
    assert other == parent


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_of_joblib_give_the_same_bits(backend):
    """Processes of loky, which bound their threads by OMP_NUM_THREADS, and threads."""
    program = f"""
        from joblib import Parallel, delayed
        net, X = network(64, 64, 1), numbers(64, 2000)
        def work(_, net, X):
            from ellnet.engines import native, threads
            return native.predict(net, X).tobytes(), threads.available()
        alone, _ = work(0, net, X)
        found = Parallel(n_jobs=2, backend={backend!r})(delayed(work)(i, net, X) for i in range(4))
        print(json.dumps([[A == alone for A, _ in found], max(k for _, k in found)]))
    """

    same, most = said_by(program, PYTHONWARNINGS="ignore")

    assert same == [True] * 4
    assert backend == "threading" or most <= max(1, (os.cpu_count() or 1) // 2)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("path", CASES)
def test_subnormal_numbers_are_what_they_are_outside_of_the_engine(
    path, n_threads, target, monkeypatch
):
    """After every call, in the watch, and where the watch throws."""
    monkeypatch.setattr(native, "WATCH_SECONDS", 0.0)
    case, one, seen = CASES[path], float("1"), []

    def watch(*_: int) -> bool:
        seen.append(TINIEST * one)
        return False

    def throw(*_: int) -> bool:
        raise LookupError("enough")

    with on_target(target):
        run_of(case, watch=watch, n_threads=n_threads)
        after_run = TINIEST * one
        with pytest.raises(LookupError, match="enough"):
            run_of(case, watch=throw, n_threads=n_threads)
        after_exception = TINIEST * one
        net, X = large(20)
        native.predict(net, X, n_threads=n_threads)
        native.predict(net, X[:, :1], n_threads=n_threads)
        native.cost(net, Examples(X, X[:1]), n_threads=n_threads)

    assert len(seen) >= 20
    assert {*seen, after_run, after_exception, TINIEST * one} == {TINIEST}


def test_importing_the_engine_leaves_the_processor_s_settings():
    """In a fresh process, before and after."""
    program = """
        print(json.dumps([float("5e-324") * float("1"), float(np.float32(1e-45) * np.float32(1))]))
    """

    assert said_by(program) == [TINIEST, pytest.approx(1.4e-45, rel=0.01)]


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_a_signal_handler_within_a_call_calculates_with_subnormal_numbers():
    """What Python runs in the midst of a prediction is not the engine's."""
    net, X = large()
    one, seen = float("1"), []

    def handle(*_: object) -> None:
        seen.append(TINIEST * one)

    before = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.03, 0.03)
        native.predict(net, X, n_threads=1)
        within = list(seen)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert within
    assert set(within) == {TINIEST}


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("at", [0, 1, 7])
@pytest.mark.parametrize("path", CASES)
def test_what_the_watch_raises_comes_through(path, at, n_threads, monkeypatch):
    """The very exception, also where other threads are under way; what was given is as it was."""
    monkeypatch.setattr(native, "WATCH_SECONDS", 0.0)
    raised, calls = LookupError("mine"), iter(range(100))

    def watch(*_: int) -> bool:
        if next(calls) == at:
            raise raised
        return False

    with pytest.raises(LookupError) as caught:
        run_of(CASES[path], watch=watch, n_threads=n_threads)

    assert caught.value is raised
    assert bits(run_of(CASES[path], n_threads=n_threads)) == bits(run_of(CASES[path]))


@pytest.mark.parametrize("answer", [1, "yes", np.True_, np.array([True])])
def test_a_watch_may_answer_with_whatever_is_true(answer, monkeypatch):
    """Or false: None, NumPy's booleans; what is neither is an error as everywhere in Python."""
    monkeypatch.setattr(native, "WATCH_SECONDS", 0.0)

    assert run_of(CASES["tiles"], watch=lambda *_: answer).interrupted
    for no in (None, 0, "", np.False_):
        assert not run_of(CASES["tiles"], watch=lambda *_, no=no: no).interrupted
    with pytest.raises(ValueError, match="truth value"):
        run_of(CASES["tiles"], watch=lambda *_: np.array([True, False]))


@pytest.mark.parametrize("kind", ["slow step", "slow validation"])
def test_a_long_step_is_left_within_and_taken_again_from_its_begin(kind):
    """The watch is asked in the midst of a step and of a validation; the bits are those of the whole."""
    slow = {
        "slow step": Case((64, 200, 5), *SOFTMAX, 900, replace(PLAIN, batch_size=700), False, 0),
        "slow validation": Case((64, 200, 5), *SOFTMAX, 40, PLAIN, False, 3000),
    }[kind]
    with on_target("scalar"):
        whole = run_of(slow)
        asked = itertools.count()
        first = run_of(slow, watch=lambda *_: next(asked) == 3)
        rest = run_of(slow, first.state, epochs=slow.epochs - first.state.epoch)

    assert first.interrupted
    joined = replace(
        rest,
        iterations=first.iterations + rest.iterations,
        costs=first.costs + rest.costs,
        validation_costs=first.validation_costs + rest.validation_costs,
    )
    assert bits(joined) == bits(whole)
