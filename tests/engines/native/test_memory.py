"""What a run takes beside the caller's arrays, and what happens where there is not enough."""

import sys

import pytest

from tests.counts import count
from tests.engines.native.scripts import said_by

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")

ROWS = count(200_000, 1_000_000)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_large_table_is_never_copied(threads):
    """An epoch on a table of 100 float32 columns takes at most a fifth of its memory on top of it."""
    program = f"""
        X = np.zeros(({ROWS}, 100), np.float32)
        X[:] = np.arange(100) % 7
        Y = np.ones(({ROWS}, 1), np.float32)
        net, chosen = network(100, 32, 1), Hyperparameters(batch_size=256)
        few = Examples(X[:500].T, Y[:500].T)
        native.run(net, begin(net), chosen, few, epochs=1, n_threads={threads})
        before = status("VmRSS")
        ran = native.run(net, begin(net), chosen, Examples(X.T, Y.T), epochs=1, n_threads={threads})
        print(json.dumps([ran.state.epoch, (status("VmHWM") - before) / X.nbytes]))
    """

    epoch, share = said_by(program, seconds=300)

    assert epoch == 1
    assert share <= 0.2


def test_lists_of_a_large_table_take_less_than_the_table():
    """Of 100 columns 13 are not 0: a list has two numbers for each; at some length they are not kept."""
    program = f"""
        X = np.zeros(({ROWS}, 100), np.float32)
        X[:, ::8] = 1.0
        Y = np.ones(({ROWS}, 1), np.float32)
        net, chosen = network(100, 32, 1), Hyperparameters(batch_size=256)
        native.run(net, begin(net), chosen, Examples(X[:500].T, Y[:500].T), epochs=1)
        before = status("VmRSS")
        ran = native.run(net, begin(net), chosen, Examples(X.T, Y.T), epochs=1, n_threads=1)
        kept = (status("VmHWM") - before) / X.nbytes
        native.LISTS_BYTES = 0
        ran = native.run(net, begin(net), chosen, Examples(X.T, Y.T), epochs=1, n_threads=1)
        print(json.dumps([ran.state.epoch, kept]))
    """

    epoch, share = said_by(program, seconds=300)

    assert epoch == 1
    assert share <= 0.45


def test_predictions_of_a_large_table_take_their_own_memory_alone():
    """No layer is ever there for all rows."""
    program = f"""
        X = np.zeros(({ROWS}, 100), np.float32)
        X[:] = np.arange(100) % 7
        net = network(100, 64, 1)
        native.predict(net, X[:500].T)
        before = status("VmRSS")
        A = native.predict(net, X.T)
        print(json.dumps([A.shape[1], (status("VmHWM") - before - A.nbytes) / X.nbytes]))
    """

    m, share = said_by(program, seconds=300)

    assert m == ROWS
    assert share <= 0.1


def test_where_memory_runs_out_there_is_an_error_and_no_end():
    """Whatever the moment at which nothing more is to be had: one sentence, or a run that is right.

    Among the moments are the begin of a thread, and the one where two threads are under way, and a copy
    to go back to is made.
    """
    program = """
        import resource
        net, outcomes = network(1000, 1000, 4), []
        X, Y = numbers(1000, 280), np.ones((4, 280), np.float32)
        chosen, state = Hyperparameters(batch_size=1, l2=0.0), begin(net)
        native.predict(net, X[:, :2])
        for step in range(40):
            now = int(open("/proc/self/statm").read().split()[0]) * 4096
            limit = now + (4 + 3 * step) * 2**20
            resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
            try:
                ran = native.run(net, state, chosen, Examples(X, Y), epochs=1, n_threads=2)
                outcomes.append(ran.state.step)
            except MemoryError:
                outcomes.append("MemoryError")
            except RuntimeError as error:
                outcomes.append(str(error))
            if outcomes[-3:] == [280] * 3:
                break
        print(json.dumps(outcomes))
    """

    outcomes = said_by(program, seconds=120)

    assert outcomes[0] == "MemoryError"
    assert outcomes[-3:] == [280] * 3
    others = set(outcomes) - {"MemoryError", 280}
    assert all(said.startswith("the system gives no further thread") for said in others)


def test_an_absurd_network_is_a_memory_error():
    """65,536 units upon 65,536, of weights that lie in no memory: sixteen gigabytes are not taken."""
    program = """
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, resource.RLIM_INFINITY))
        n, zero = (65536, 65536, 1), np.zeros((1, 1), np.float32)
        W = [np.broadcast_to(zero, (65536, 65536)), np.broadcast_to(zero, (1, 65536))]
        b = [np.broadcast_to(zero, (65536, 1)), zero]
        net = Network(n, ("relu", "identity"), "squared_error", Parameters.of(W, b))
        X, said = np.zeros((65536, 20), np.float32), []
        for call in (
            lambda: native.predict(net, X),
            lambda: native.cost(net, Examples(X, X[:1])),
            lambda: native.run(net, begin(net, 0), Hyperparameters(optimizer="gradient_descent"),
                               Examples(X, X[:1]), epochs=1),
        ):
            try:
                call()
            except MemoryError:
                said.append("MemoryError")
        print(json.dumps(said))
    """

    assert said_by(program) == ["MemoryError"] * 3
