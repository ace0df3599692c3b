"""The corrected resampled t-test against a calculation by hand, and what is recommended by it."""

import math

import numpy as np
import pytest
from scipy import stats

from ellnet.search.ladder_verdict import Test, best_of_rungs, recommended_of
from tests.search.climbing import rung

QUARTER = Test(ratio=0.25)


def test_a_hand_calculation():
    """Differences 1, 2, 3, 4 with 1 row judged on for 4 trained on: s^2 = 5/3, factor 1/4 + 1/4."""
    found = QUARTER.of(np.array([2.0, 4.0, 6.0, 8.0]), np.array([1.0, 2.0, 3.0, 4.0]))

    assert found.difference == 2.5
    assert found.error == pytest.approx(math.sqrt(0.5 * 5 / 3), rel=1e-14)
    assert found.t == pytest.approx(2.5 / math.sqrt(5 / 6), rel=1e-14)
    assert found.p == pytest.approx(stats.t.sf(found.t, 3), rel=1e-12)


@pytest.mark.parametrize("folds", [2, 5, 10, 30])
def test_without_the_correction_it_is_the_paired_t_test(folds):
    """With no rows judged on the factor is 1/J, and SciPy's own test is the oracle."""
    random = np.random.default_rng(folds)
    a, b = random.random(folds), random.random(folds) - 0.1

    found = Test(ratio=0.0).of(a, b)
    theirs = stats.ttest_rel(a, b, alternative="greater")

    assert found.t == pytest.approx(theirs.statistic, rel=1e-12)
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-10)


def test_the_correction_holds_the_level_where_the_plain_test_does_not():
    """On means of overlapping fifths of the same rows the plain test finds far too much."""
    random = np.random.default_rng(0)
    corrected, plain, trials, none = 0, 0, 1000, np.zeros(15)
    for _ in range(trials):
        rows = random.standard_normal(100)
        means = np.array([np.mean(rows[random.permutation(100)[:20]]) for _ in range(15)])
        corrected += QUARTER.of(means, none).p < 0.05
        plain += Test(ratio=0.0).of(means, none).p < 0.05

    assert 0.01 < corrected / trials < 0.06
    assert plain / trials > 0.15


def test_what_does_not_vary_has_a_certain_difference_or_none():
    """Equal in every fold is no difference; the same difference in every fold is certain."""
    same, worse = np.full(5, 0.5), np.full(5, 0.75)

    assert QUARTER.of(same, same).p == 0.5
    assert QUARTER.of(worse, same).p == pytest.approx(0.0, abs=1e-30)
    assert QUARTER.of(same, worse).p == pytest.approx(1.0)


def test_the_smallest_within_one_error_is_recommended():
    """The smaller of two that are as good, and not one that is worse by more."""
    small = rung((2,), 9, [0.50, 0.60, 0.45, 0.47])
    middle = rung((8,), 33, [0.30, 0.43, 0.26, 0.26])
    large = rung((64,), 300, [0.31, 0.41, 0.25, 0.27])

    assert best_of_rungs([small, middle, large], QUARTER) is large
    assert recommended_of([small, middle, large], QUARTER) is middle


def test_what_is_allowed_by_hand():
    """The corrected error of the best's mean, less the plain error of the difference."""
    best = rung((8,), 33, [0.2, 0.4, 0.3, 0.2])
    other = rung((2,), 9, [0.2 + 0.02, 0.4 - 0.02, 0.3 + 0.02, 0.2])
    plain = np.std([0.02, -0.02, 0.02, 0.0], ddof=1) / 2
    own = math.sqrt(0.5 * np.var([0.2, 0.4, 0.3, 0.2], ddof=1))

    assert QUARTER.allowed(other, best) == pytest.approx(own - plain, rel=1e-12)
    assert QUARTER.allowed(best, best) == pytest.approx(own, rel=1e-12)
    twice = Test(ratio=0.25, folds=2)
    assert twice.allowed(other, best) == pytest.approx(own - plain * math.sqrt(2), rel=1e-12)


def test_a_network_that_fails_in_one_fold_is_not_excused_by_that():
    """Its own spread makes the error of the difference large, and what is allowed smaller."""
    steady = rung((8,), 33, [0.10, 0.11, 0.10, 0.09, 0.10])
    erratic = rung((2,), 9, [0.10, 0.11, 0.70, 0.09, 0.10])
    found = QUARTER.compare(erratic, steady)

    assert found.difference < found.error
    assert recommended_of([erratic, steady], QUARTER) is steady


def test_a_difference_that_is_negligible_counts_for_nothing():
    """Neither as gain nor against the smaller network, however certain."""
    small, large = rung((2,), 9, [0.0011] * 5), rung((8,), 33, [0.0001] * 5)
    test = Test(ratio=0.25, negligible=0.002)

    assert QUARTER.gains(large, small)
    assert not test.gains(large, small)
    assert recommended_of([small, large], test) is small


def test_a_greater_metric_is_compared_the_other_way_round():
    """The most accurate is the best, whatever its cost."""
    test = Test(ratio=0.25, greater=True, metric="accuracy")
    sure = rung((4,), 17, [0.9] * 4, values=[0.95, 0.96, 0.95, 0.96])
    right = rung((8,), 33, [1.5] * 4, values=[0.99, 0.98, 0.99, 0.99])

    assert best_of_rungs([sure, right], test) is right
    assert test.gains(right, sure)
    assert not test.gains(sure, right)


def test_what_diverged_is_never_best():
    """Not even of two, and where all did nothing is recommended."""
    good, gone = rung((), 3, [0.5] * 3), rung((2,), 9, [0.1, math.inf, 0.1])

    assert best_of_rungs([good, gone], QUARTER) is good
    assert recommended_of([good, gone], QUARTER) is good
    assert not QUARTER.gains(gone, good)
    assert QUARTER.gains(good, gone)
    assert recommended_of([gone], QUARTER) is None
