"""Many networks side by side: each as it would be alone, whatever ends first."""

import threading

import numpy as np
import pytest

from ellnet.arrays import to_numpy
from ellnet.batches import Examples
from ellnet.engines import ENGINES, Job, engine
from ellnet.engines.many import side_by_side
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState

G = ("relu", "softmax")


def examples(m: int = 300) -> Examples:
    """Three inputs, two classes."""
    random = np.random.default_rng(0)
    X = random.standard_normal((3, m)).astype(np.float32)
    return Examples(X, np.eye(2, dtype=np.float32)[(X[0] > 0).astype(int)].T)


def jobs() -> list[Job]:
    """Networks of several widths and rates; the first takes longest."""
    chosen = []
    for k, units in enumerate((40, 20, 5, 8)):
        n = (3, units, 2)
        net = Network(n, G, "categorical_cross_entropy", initial_parameters(n, G, seed=k))
        options = Hyperparameters(batch_size=32, learning_rate=0.01 * (k + 1), seed=k)
        chosen.append(Job(net, TrainingState.start(net.parameters, 2, k), options, 12 - 3 * k))
    return chosen


@pytest.mark.parametrize("name", [*ENGINES, "auto"])
def test_each_run_is_the_run_alone(name):
    """Parameters and costs, to the bit; every job ends once."""
    taken, train = engine(name), examples()

    ran = dict(taken.run_many(jobs(), train, train, n_threads=3))

    assert sorted(ran) == [0, 1, 2, 3]
    for k, (net, state, chosen, epochs) in enumerate(jobs()):
        alone = taken.run(net, state, chosen, train, train, epochs=epochs)
        assert ran[k].costs == alone.costs
        assert ran[k].validation_costs == alone.validation_costs
        for found, expected in zip(
            ran[k].state.parameters.arrays(), alone.state.parameters.arrays(), strict=True
        ):
            assert to_numpy(found).tobytes() == to_numpy(expected).tobytes()


def test_who_leaves_ends_the_runs_under_way():
    """No thread is left behind, and the jobs that had not begun never do."""
    before = threading.active_count()
    endless = [job._replace(epochs=10**6) for job in jobs()[1:]]

    for _number, _run in engine().run_many([jobs()[0], *endless], examples(), n_threads=2):
        break

    assert threading.active_count() == before


def test_a_job_that_is_refused_says_so():
    """The error of one is the error of all."""
    wrong = Examples(np.zeros((4, 5), np.float32), np.zeros((2, 5), np.float32))

    with pytest.raises(ValueError, match=r"X = A\[0\] must have shape"):
        list(engine().run_many(jobs(), wrong))


def test_where_there_is_no_thread_it_is_said(monkeypatch):
    """In the engine's words, which say what to do."""

    def submit(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("ellnet.engines.many.ThreadPoolExecutor.submit", submit)

    with pytest.raises(RuntimeError, match=r"gives no further thread.*take fewer with n_threads"):
        dict(engine("native").run_many(jobs(), examples()))


def test_a_job_may_follow_from_what_came_of_others():
    """Jobs are asked for in the caller's thread, again whenever one has ended."""
    begun: list[int] = []
    ended: list[tuple[int, int]] = []

    def next_job() -> int | None:
        if len(begun) > len(ended) or len(begun) == 6:
            return None
        begun.append(len(begun))
        return begun[-1]

    for job, square in side_by_side(lambda k, _: k * k, next_job, n_threads=3, ahead=1):
        ended.append((job, square))

    assert ended == [(k, k * k) for k in range(6)]
