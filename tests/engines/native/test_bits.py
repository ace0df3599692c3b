"""The same bits on any number of threads, on any instruction set, and however a run is cut."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ellnet.engines import native
from ellnet.hyperparameters import Hyperparameters
from tests.counts import count
from tests.engines.every_engine import TARGETS
from tests.engines.native.configurations import Case, bits, cases, data_of, network_of, run_of
from tests.engines.native.held_bits import hold_bits
from tests.engines.native.running import BEST, THREADS, on_target

PLAIN = Hyperparameters(batch_size=64, l2=0.1, epochs=10, learning_rate=0.01)
SOFTMAX = ("relu", "tanh", "softmax"), "categorical_cross_entropy"

FIXED = {
    "lanes": Case((3, 8, 5, 2), *SOFTMAX, 200, PLAIN, weighted=False, validated=50),
    "tiles": Case((20, 70, 33, 3), *SOFTMAX, 200, PLAIN, weighted=True, validated=300),
    "chunks": Case(
        (33, 65, 17, 4), *SOFTMAX, 600, replace(PLAIN, batch_size=520), weighted=False, validated=0
    ),
    "options": Case(
        (18, 40, 32, 5),
        *SOFTMAX,
        300,
        replace(
            PLAIN,
            clip_norm=0.1,
            max_norm=0.8,
            l1=0.3,
            dropout=0.3,
            dtype="float64",
        ),
        weighted=True,
        validated=20,
    ),
    "mostly zeros": Case(
        (40, 70, 3),
        ("relu", "softmax"),
        SOFTMAX[1],
        600,
        PLAIN,
        weighted=True,
        validated=300,
        filled=0.1,
    ),
    "one unit": Case(
        (17, 1, 1), ("tanh", "identity"), "huber", 70, PLAIN, weighted=False, validated=0
    ),
}
"""Runs on both paths; steps of several chunks; all that joins sums over the whole network."""


@pytest.mark.parametrize("threads", THREADS[1:])
@pytest.mark.parametrize("kind", FIXED)
def test_the_number_of_threads_changes_no_bit(kind, threads):
    """Parameters, moments and costs of 16 threads are those of one."""
    alone = run_of(FIXED[kind], n_threads=1)

    many = run_of(FIXED[kind], n_threads=threads)

    assert bits(many) == bits(alone)


@settings(max_examples=count(100, 5000))
@given(cases(), st.sampled_from(THREADS), st.data())
def test_no_configuration_has_other_bits(case, threads, draw):
    """On each instruction set, on any number of threads, and in two pieces."""
    hold_bits(case, threads, lambda steps: draw.draw(st.integers(0, steps)))


@pytest.mark.parametrize("kind", FIXED)
def test_cost_and_gradients_have_the_same_bits_everywhere(kind):
    """On every instruction set and number of threads."""
    net, examples = network_of(FIXED[kind]), data_of(FIXED[kind], 600, 3)
    found = set()

    for target in TARGETS:
        with on_target(target):
            for threads in THREADS[:4]:
                cost, gradients = native.cost_and_gradients(
                    net, examples, l2=0.1, n_threads=threads
                )
                arrays = (np.ascontiguousarray(each).tobytes() for each in gradients.arrays())
                found.add((cost, *arrays))

    assert len(found) == 1


@pytest.mark.parametrize("kind", FIXED)
def test_ten_epochs_are_four_and_six(kind):
    """Costs and validation costs included."""
    case = replace(FIXED[kind], epochs=10)
    whole, first = run_of(case), run_of(case, epochs=4)

    rest = run_of(case, first.state, epochs=6)

    joined = replace(
        rest,
        iterations=first.iterations + rest.iterations,
        costs=first.costs + rest.costs,
        validation_costs=first.validation_costs + rest.validation_costs,
    )
    assert bits(joined) == bits(whole)
    assert len(whole.costs) == 10


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", FIXED)
def test_the_bits_of_a_target_do_not_hang_on_what_ran_before(kind, target):
    """Twice the same call gives twice the same bits, and those of the best target."""
    with on_target(BEST):
        expected = bits(run_of(FIXED[kind]))
    with on_target(target):
        once, again = bits(run_of(FIXED[kind])), bits(run_of(FIXED[kind], n_threads=2))

    assert once == again == expected


def test_the_numbers_are_numbers():
    """What is compared above is a trained network, and no row of zeros or NaN."""
    for kind, case in FIXED.items():
        ran = run_of(replace(case, epochs=4))

        assert ran.divergence is None, kind
        assert ran.costs[-1] < ran.costs[0], kind
        assert all(np.all(np.isfinite(array)) for array in ran.state.parameters.arrays()), kind
