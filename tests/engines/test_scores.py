"""Scores that engines take after each epoch: sklearn's accuracy of their own predictions, to the bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score

from ellnet.batches import Examples
from ellnet.engines import Engine, Run, Score, Verdict, native
from ellnet.engines.rightness import right_ones
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.state import TrainingState
from tests.engines.every_engine import EVERY, TARGETS, engine_of
from tests.engines.native.running import THREADS, on_target

RIGHT = Score("right", lambda right: float(np.average(right)))
"""The share of right predictions."""

KINDS: dict[str, tuple[int, str, str]] = {
    "binary": (1, "sigmoid", "binary_cross_entropy"),
    "three classes": (3, "softmax", "categorical_cross_entropy"),
    "forty classes": (40, "softmax", "categorical_cross_entropy"),
    "labels": (4, "sigmoid", "binary_cross_entropy"),
    "squares of a sigmoid": (2, "sigmoid", "squared_error"),
    "a softmax of no cost of its own": (5, "softmax", "squared_error"),
}
"""Output layers: units, activation, cost."""


def scored(of: Any, shown: list[np.ndarray]) -> Score:
    """A score that keeps what it is given."""

    def number(seen: np.ndarray) -> float:
        shown.append(np.array(seen))
        return 0.0

    return Score(of, number)


def network(kind: str, inputs: int, dtype: str, seed: int = 0) -> Network:
    """A network with ten hidden units."""
    units, output, cost = KINDS[kind]
    n, g = (inputs, 10, units), ("tanh", output)
    return Network(n, g, cost, initial_parameters(n, g, "course", seed, np.dtype(dtype).type))


def examples(net: Network, m: int, seed: int, *, weighted: bool = False) -> Examples:
    """Classes and labels of no pattern; some weights are 0."""
    random, units = np.random.default_rng(seed), net.n[-1]
    X = random.standard_normal((net.n[0], m)).astype(net.W[1].dtype)
    Y = random.integers(0, 2, (units, m)).astype(X.dtype)
    if net.activations[net.L] == "softmax":
        Y = np.eye(units, dtype=X.dtype)[random.integers(0, units, m)].T
    w = random.integers(0, 3, (1, m)) * 0.7 + (np.arange(m) == 0) if weighted else None
    return Examples(X, Y, w)


def ran_with(
    taken: Any, net: Network, data: tuple[Examples, Examples | None], **options: Any
) -> Run:
    """Train for three epochs unless said otherwise."""
    chosen = Hyperparameters(batch_size=16, epochs=10, learning_rate=0.05)
    state = options.pop("state", None) or TrainingState.start(net.parameters, 2, 0)
    given_options = {"epochs": 3, "score": RIGHT, **options}
    return taken.run(net, state, chosen, *data, **given_options)


def of_sklearn(net: Network, A: np.ndarray, held: Examples, w: Any) -> float:
    """Return scikit-learn's accuracy of outputs A[L], by the rules of `MLPClassifier`."""
    if net.activations[net.L] == "softmax":
        return float(
            accuracy_score(np.argmax(held.Y, axis=0), np.argmax(A, axis=0), sample_weight=w)
        )
    truth, found = (held.Y > 0.5).T.astype(int), (A > 0.5).T.astype(int)
    if len(A) == 1:
        truth, found = truth[:, 0], found[:, 0]
    return float(accuracy_score(truth, found, sample_weight=w))


@given(
    kind=st.sampled_from([*KINDS]),
    inputs=st.sampled_from([3, 20]),
    dtype=st.sampled_from(["float32", "float64"]),
    held_out=st.tuples(
        st.sampled_from([1, 2, 15, 16, 17, 33, 64, 255, 257, 600]),
        st.booleans(),
        st.integers(0, 999),
    ),
    name=st.sampled_from(EVERY),
)
def test_the_accuracy_is_scikit_learn_s_of_the_engine_s_own_predictions(
    kind, inputs, dtype, held_out, name
):
    """Equal, not nearly so: for every output, with weights and without, on both paths and all targets."""
    m, weighted, seed = held_out
    net = network(kind, inputs, dtype, seed)
    data = examples(net, 40, seed), examples(net, m, seed + 1, weighted=weighted)
    w = None if data[1].w is None else data[1].w[0]
    score = Score("right", lambda right: float(np.average(right, weights=w)))
    with pytest.MonkeyPatch.context() as patch:
        taken = engine_of(name, patch)

        ran = ran_with(taken, net, data, score=score)

        states = [ran_with(taken, net, data, epochs=k).state for k in (1, 2, 3)]
        outputs = [taken.predict(net.with_parameters(s.parameters), data[1].X) for s in states]
    assert ran.scores == tuple(of_sklearn(net, A, data[1], w) for A in outputs)
    assert len(ran.validation_costs) == 3


@pytest.mark.parametrize("inputs", [3, 20])
@pytest.mark.parametrize("kind", KINDS)
def test_ties_go_to_the_first_class_and_a_half_to_none(taken: Engine, kind, inputs):
    """All weights are 0: outputs are equal, or exactly 1/2; every engine decides as NumPy does."""
    units, output, cost = KINDS[kind]
    parameters = network(kind, inputs, "float32").parameters.zeros()
    net = Network((inputs, 10, units), ("tanh", output), cost, parameters)
    held = examples(net, 70, 1)
    chosen = Hyperparameters(
        optimizer="gradient_descent", momentum=0.0, learning_rate=1e-30, l2=0.0
    )
    state = TrainingState.start(parameters, 0, 0)
    marked: list[np.ndarray] = []

    taken.run(
        *(net, state, chosen, held, held),
        epochs=1,
        score=scored("right", marked),
    )

    A = np.full(held.Y.shape, 1 / units if output == "softmax" else 0.5)
    right = (held.Y[0] == 1) if output == "softmax" else (held.Y == 0).all(axis=0)
    assert np.array_equal(taken.predict(net, held.X), A.astype(np.float32))
    assert np.array_equal(right_ones(net, A, held.Y), right)
    assert 0 < right.sum() < 70
    assert np.array_equal(marked[0], right)


@pytest.mark.parametrize("of", ["right", "outputs"])
@pytest.mark.parametrize("inputs", [3, 20])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_has_the_same_bits_on_any_threads_and_targets(kind, inputs, of):
    """Outputs are those of `predict`, and no score changes a bit of training."""
    net = network(kind, inputs, "float32")
    data = examples(net, 100, 0), examples(net, 700, 1)
    shown: list[np.ndarray] = []
    score = scored(of, shown)
    plain = ran_with(native, net, data, score=None)

    runs = [ran_with(native, net, data, score=score, n_threads=each) for each in THREADS[:4]]
    for target in TARGETS:
        with on_target(target):
            runs.append(ran_with(native, net, data, score=score))

    seen = [np.ascontiguousarray(each).tobytes() for each in shown]
    assert all(seen[k : k + 3] == seen[:3] for k in range(0, len(seen), 3))
    assert {ran.validation_costs for ran in runs} == {plain.validation_costs}
    last = net.with_parameters(plain.state.parameters)
    assert all(ran.state.parameters.W[1].tobytes() == last.W[1].tobytes() for ran in runs)
    A = native.predict(last, data[1].X)
    expected = A if of == "outputs" else right_ones(net, A, data[1].Y)
    assert seen[2] == np.ascontiguousarray(expected).tobytes()


@pytest.mark.parametrize("inputs", [3, 20])
def test_scores_of_a_run_that_goes_on_are_those_of_the_whole(taken: Engine, inputs):
    """Ten epochs are four and six, scores and validation costs too."""
    net = network("three classes", inputs, "float64")
    data = examples(net, 100, 0), examples(net, 70, 1)

    whole = ran_with(taken, net, data, epochs=10)
    first = ran_with(taken, net, data, epochs=4)
    rest = ran_with(taken, net, data, epochs=6, state=first.state)

    assert len(whole.scores) == 10
    assert first.scores + rest.scores == whole.scores
    assert first.validation_costs + rest.validation_costs == whole.validation_costs


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("inputs", [3, 20])
def test_a_look_keeps_parameters_and_ends_the_run(taken: Engine, inputs, threads):
    """Kept are those of the epoch that it said, ended is after the one that it said, to the bit."""
    net = network("three classes", inputs, "float32")
    data = examples(net, 100, 0), examples(net, 70, 1)
    looked: list[tuple[float | None, ...]] = []

    def look(*epoch: float | None) -> Verdict:
        looked.append(epoch)
        return Verdict(keep=len(looked) in {2, 4}, end=len(looked) == 6)

    ran = ran_with(taken, net, data, epochs=50, look=look, n_threads=threads)

    assert ran.state.epoch == 6
    assert not ran.interrupted
    assert looked == [*zip(ran.costs, ran.validation_costs, ran.scores, strict=True)]
    kept, last = (ran_with(taken, net, data, epochs=k) for k in (4, 6))
    assert same(ran.best, kept.state.parameters)
    assert same(ran.state.parameters, last.state.parameters)
    assert ran.good is not None
    assert last.good is not None
    assert ran.good.step == ran.state.step - 1
    assert same(ran.good.parameters, last.good.parameters)
    assert not same(ran.good.parameters, ran.state.parameters)


def test_a_look_without_validation_hears_of_the_cost_alone(taken: Engine):
    """The validation cost and the score are None, and nothing is kept that was not asked for."""
    net = network("binary", 3, "float32")
    looked: list[tuple[float | None, ...]] = []

    def look(*epoch: float | None) -> Verdict:
        looked.append(epoch)
        return Verdict()

    ran = ran_with(taken, net, (examples(net, 40, 0), None), look=look)

    assert looked == [(cost, None, None) for cost in ran.costs]
    assert (ran.scores, ran.best) == ((), None)


def test_what_a_look_raises_ends_the_run(taken: Engine):
    """An exception comes through, also from several threads."""
    net = network("binary", 20, "float32")
    data = examples(net, 40, 0), examples(net, 700, 1)

    def look(*_: object) -> Verdict:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        ran_with(taken, net, data, look=look, n_threads=3)


def test_the_state_that_is_given_is_never_changed(taken: Engine):
    """A run reads it where it lies, and writes elsewhere."""
    net = network("three classes", 20, "float32")
    data = examples(net, 100, 0), examples(net, 70, 1)
    state = ran_with(taken, net, data, epochs=1).state
    groups = (state.parameters, *state.moments)
    before = [np.array(array) for group in groups for array in group.arrays()]

    ran = ran_with(taken, net, data, state=state, look=lambda *_: Verdict(keep=True))

    after = [array for group in groups for array in group.arrays()]
    assert all(a.tobytes() == b.tobytes() for a, b in zip(before, after, strict=True))
    others = (ran.state.parameters, *ran.state.moments, ran.best)
    assert not any(
        np.shares_memory(a, b)
        for a in after
        for group in others
        if group is not None
        for b in group.arrays()
    )


def test_after_a_moment_that_overflows_the_beginning_of_its_epoch_is_kept(taken: Engine):
    """No state of the second epoch is whole but its first: the epoch before it is not lost."""
    zero = np.zeros((1, 1), np.float32)
    net = Network((1, 1), ("identity",), "squared_error", Parameters.of([zero], [zero]))
    data = Examples(np.array([[1e9, 0.0]], np.float32), np.array([[1.0, 0.0]], np.float32))
    chosen = Hyperparameters(learning_rate=100.0, l2=0.0, batch_size=1, shuffle=False)
    state = TrainingState.start(net.parameters, 2, 0)

    ran = taken.run(*(net, state, chosen, data), epochs=5, look=lambda *_: Verdict(keep=True))

    first = taken.run(net, state, chosen, data, epochs=1)
    alone = taken.run(net, first.state, chosen, data, epochs=1)
    assert ran.divergence == alone.divergence
    assert ran.divergence is not None
    assert (ran.divergence.epoch, ran.divergence.quantity) == (1, "moment")
    assert (ran.state.step, ran.state.epoch, ran.state.batch) == (2, 1, 0)
    assert ran.costs == first.costs
    for there in (ran.state, alone.state):
        assert same(there.parameters, first.state.parameters)
        assert same(there.moments[1], first.state.moments[1])
    assert same(ran.best, first.state.parameters)


def same(some: Parameters | None, others: Parameters) -> bool:
    """Whether parameters have the same bits."""
    assert some is not None
    pairs = zip(some.arrays(), others.arrays(), strict=True)
    return all(np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in pairs)
