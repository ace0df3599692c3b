"""Examples of which most inputs are 0: the first layer is made of lists of the others."""

from dataclasses import replace

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import native
from ellnet.engines.many import run_side_by_side
from ellnet.engines.protocol import Job
from ellnet.hyperparameters import Hyperparameters
from ellnet.state import TrainingState
from tests.engines.every_engine import TARGETS
from tests.engines.native.agreement import BOUNDS, PATHS, TRAINED, trained
from tests.engines.native.configurations import Case, bits, data_of, network_of, run_of
from tests.engines.native.running import THREADS, on_target

PLAIN = Hyperparameters(batch_size=100, l2=0.1, epochs=10, learning_rate=0.01)
SOFTMAX = ("relu", "tanh", "softmax"), "categorical_cross_entropy"
ZEROS = Case((70, 90, 20, 3), *SOFTMAX, 600, PLAIN, weighted=True, validated=300, filled=0.1)

KINDS = {
    "minibatches": ZEROS,
    "chunks": replace(ZEROS, chosen=replace(PLAIN, batch_size=520)),
    "doubles": replace(ZEROS, chosen=replace(PLAIN, dtype="float64", optimizer="momentum")),
    "many inputs": replace(ZEROS, n=(700, 40, 20, 3), m=300),
    "one layer": replace(ZEROS, n=(70, 3), g=("softmax",)),
    "one unit": replace(ZEROS, n=(70, 1), g=("identity",), cost="squared_error"),
    "clipped": replace(ZEROS, chosen=replace(PLAIN, clip_norm=0.01, max_norm=0.5)),
    "dropout": replace(ZEROS, chosen=replace(PLAIN, dropout=0.3)),
}
"""Runs whose first layer is made in every way that there is."""


def first_steps(case: Case, X: np.ndarray, steps: int = 2) -> tuple[bytes, ...]:
    """Return the bits of the first steps on the examples of a case in their order, with other inputs."""
    case = replace(case, validated=0, chosen=replace(case.chosen, shuffle=False))
    examples, net, asked = (
        data_of(case, case.m, 3),
        network_of(case),
        iter([False] * steps + [True]),
    )
    moments = {"momentum": 1}.get(case.chosen.optimizer, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "WATCH_SECONDS", 0.0)
        ran = native.run(
            net,
            TrainingState.start(net.parameters, moments, 0),
            case.chosen,
            Examples(X, examples.Y, examples.w),
            epochs=9,
            watch=lambda *_: next(asked),
        )
    return bits(ran)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", KINDS)
def test_lists_change_no_bit(kind, target):
    """The same steps on two tables: later rows of one are full, so that nothing of it is listed."""
    case = replace(KINDS[kind], m=3000)
    zeros = data_of(case, case.m, 3).X
    used = 2 * case.chosen.examples_a_step(case.m)
    full = zeros.copy()
    full[:, used:] = 1.0

    with on_target(target):
        assert first_steps(case, zeros) == first_steps(case, full)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threads", [2, 3, 16])
def test_lists_that_pass_change_no_bit(kind, threads, monkeypatch):
    """Where memory for lists is short they are made anew for each step, on any number of threads."""
    expected = bits(run_of(KINDS[kind], n_threads=1))
    monkeypatch.setattr(native, "LISTS_BYTES", 0)

    assert bits(run_of(KINDS[kind], n_threads=threads)) == expected
    assert bits(run_of(KINDS[kind], n_threads=1)) == expected


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("kind", TRAINED)
def test_the_update_and_the_costs_are_the_array_engine_s(kind, dtype):
    """Over the whole catalogue, where nine in ten inputs are 0: norm of the difference to norm."""
    n = (40, *PATHS["tiles"][1:])
    expected, oracle = trained(kind, n, dtype, "array", filled=0.1)

    found, ran = trained(kind, n, dtype, "native", filled=0.1)

    bound = BOUNDS[dtype]
    assert np.linalg.norm(found - expected) <= bound * np.linalg.norm(expected)
    for costs in ("iterations", "costs", "validation_costs"):
        assert getattr(ran, costs) == pytest.approx(getattr(oracle, costs), rel=bound), costs


def unaligned(X: np.ndarray) -> np.ndarray:
    """Return the same numbers, example by example, at odd addresses."""
    room = np.zeros(X.nbytes + 1, np.uint8)
    moved = room[1:].view(X.dtype).reshape(X.T.shape).T
    moved[:] = X
    return moved


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", ["float64", "uint8", "rows", "backwards", "unaligned"])
def test_tables_of_every_layout_are_listed(source, target):
    """Of another precision, of bytes, example by example or unit by unit, from the last to the first."""
    net, random = network_of(ZEROS), np.random.default_rng(5)
    X = ((random.random((70, 200)) < 0.1) * random.integers(1, 9, (70, 200))).astype(np.float32)
    Y = np.eye(3, dtype=np.float32)[random.integers(0, 3, 200)].T
    layouts: dict[str, np.ndarray] = {
        "float64": X.astype(np.float64),
        "uint8": X.astype(np.uint8),
        "rows": np.ascontiguousarray(X.T).T,
        "backwards": np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
        "unaligned": unaligned(X),
    }
    given = layouts[source]
    state = TrainingState.start(net.parameters, 2, 0)

    with on_target(target):
        ran = native.run(
            net, state, PLAIN, Examples(given, Y), Examples(given[:, :50], Y[:, :50]), epochs=2
        )

        expected = native.run(
            net, state, PLAIN, Examples(X, Y), Examples(X[:, :50], Y[:, :50]), epochs=2
        )
    assert bits(ran) == bits(expected)


@pytest.mark.parametrize("target", TARGETS)
def test_minus_0_is_0_and_what_is_no_number_is_not(target):
    """The one changes nothing, the other ends the run where it is met."""
    case = replace(ZEROS, validated=0, weighted=False)
    net, examples = network_of(case), data_of(case, case.m, 3)
    state = TrainingState.start(net.parameters, 2, 0)
    minus, broken = examples.X.copy(), examples.X.copy()
    minus[minus == 0] = -0.0
    broken[-1, -1] = np.nan

    with on_target(target):
        ran = native.run(net, state, PLAIN, examples, epochs=2)
        of_minus = native.run(net, state, PLAIN, Examples(minus, examples.Y), epochs=2)
        of_broken = native.run(net, state, PLAIN, Examples(broken, examples.Y), epochs=2)

    assert bits(of_minus) == bits(ran)
    assert of_broken.divergence is not None


def test_inputs_and_examples_of_nothing_but_zeros():
    """Their weights keep still but for the penalty; an example without inputs is all bias."""
    case = replace(ZEROS, weighted=False, validated=0, chosen=replace(PLAIN, l2=0.0))
    net, examples = network_of(case), data_of(case, 200, 3)
    X = examples.X.copy()
    X[10:60] = 0.0
    X[:, 5:90] = 0.0
    state = TrainingState.start(net.parameters, 2, 0)

    ran = native.run(net, state, case.chosen, Examples(X, examples.Y), epochs=3)

    before, after = net.parameters.W[1], ran.state.parameters.W[1]
    assert (after[:, 10:60] == before[:, 10:60]).all()
    assert (after[:, :10] != before[:, :10]).any()


def test_a_table_without_a_single_input_that_is_not_0():
    """Biases learn; the costs are those of the array engine."""
    case = replace(ZEROS, filled=0.0, weighted=False)
    expected = bits(run_of(case, n_threads=1))

    for threads in THREADS[1:4]:
        assert bits(run_of(case, n_threads=threads)) == expected
    before, after = network_of(case).parameters.W[1], run_of(case).state.parameters.W[1]
    assert np.isfinite(after).all()
    assert after.shape == before.shape


def test_a_run_that_goes_on_with_a_validation_lists_its_inputs():
    """All minibatches of the epoch were taken when it was left: nothing is listed on the way there."""
    case = replace(ZEROS, weighted=False, epochs=1)
    whole, learned = run_of(case), run_of(replace(case, validated=0))
    left = replace(learned.state, epoch=0, batch=6, epoch_cost=case.m * learned.costs[0])

    rest = run_of(case, left)

    assert rest.validation_costs == whole.validation_costs
    assert bits(replace(rest, iterations=whole.iterations)) == bits(whole)


def test_jobs_side_by_side_list_the_table_they_share():
    """Each has its own lists, and the bits that it has alone."""
    case = replace(ZEROS, weighted=False, validated=0)
    net, examples = network_of(case), data_of(case, case.m, 3)
    jobs = [
        Job(net, TrainingState.start(net.parameters, 2, seed), replace(PLAIN, seed=seed), 2)
        for seed in range(4)
    ]

    ran = list(run_side_by_side(native.run, jobs, examples, n_threads=2))

    for job, (_, found) in zip(jobs, sorted(ran, key=lambda each: each[0]), strict=True):
        alone = native.run(net, job.state, job.hyperparameters, examples, epochs=2)
        assert bits(found) == bits(alone)
