"""What ends a run: the two rules, ours and scikit-learn's."""

import math
from typing import Any

import pytest

from ellnet.estimators.plateau import Plateau, training_cost, validation_cost, validation_score
from ellnet.history import Epoch
from ellnet.stopping import EarlyStopping, Standstill


def looks(stopping, values, name="validation_cost"):
    """Which epochs were the best so far, and after which one it was exhausted."""
    best, exhausted = [], None
    for number, value in enumerate(values):
        cost = value if name == "cost" else 1.0
        look = stopping.look(Epoch(cost, **({} if name == "cost" else {name: value})))
        if look.best:
            best.append(number)
        if look.exhausted and exhausted is None:
            exhausted = number
    return best, exhausted


def test_early_stopping_keeps_the_lowest_and_waits():
    """A fall within tol is the best so far and no gain."""
    assert looks(EarlyStopping(2, 0.0), [3, 2, 2.5, 1, 1, 1]) == ([0, 1, 3], 5)
    assert looks(EarlyStopping(3, 0.5), [3, 2.8, 2.6, 2.4, 2.4]) == ([0, 1, 2, 3], None)
    assert looks(EarlyStopping(2, 1.0), [3, 2.8, 2.6, 0]) == ([0, 1, 2, 3], 2)


def test_early_stopping_can_begin_again():
    """The count starts from 0, the best stays."""
    stopping = EarlyStopping(2, 0.0)
    looks(stopping, [1, 2])

    stopping.begin_again()

    assert looks(stopping, [2, 0.5, 1, 1]) == ([1], 3)


@pytest.mark.parametrize("name", ["cost", "validation_cost"])
def test_a_standstill_ends_nothing_and_keeps_nothing(name):
    """It tells when the cost stands still, that of training where nothing is validated."""
    stopping = Standstill(2, 0.1)

    assert looks(stopping, [3, 2, 1.95, 1.94], name) == ([], 3)
    assert not stopping.look(Epoch(0.0)).ends
    stopping.begin_again()
    assert looks(stopping, [0.5, 0.45], name) == ([], 1)


def test_the_plateau_needs_more_epochs_than_it_allows():
    """scikit-learn's count is above n_iter_no_change when it ends, and tol is held against the best."""
    rule: dict[str, Any] = {"tol": 0.1, "n_iter_no_change": 2}

    assert looks(Plateau(training_cost, **rule), [1, 0.95, 0.9, 0.85, 0.2], "cost") == ([], 3)
    assert looks(Plateau(training_cost, **rule), [1, 0.8, 0.6, 0.4], "cost") == ([], None)


@pytest.mark.parametrize(
    ("watched", "name", "values"),
    [
        (validation_cost, "validation_cost", [3, 1, 2, 2, 2]),
        (validation_score, "validation_metric", [0.1, 0.5, 0.4, 0.4, 0.4]),
    ],
)
def test_a_validated_plateau_names_the_best(watched, name, values):
    """The lowest cost or the highest score."""
    assert looks(Plateau(watched, tol=0, n_iter_no_change=2), values, name) == ([0, 1], 4)


def test_infinite_patience_never_ends():
    """n_iter_no_change may be infinite, and a plateau goes on from where it was."""
    plateau = Plateau(training_cost, tol=1e9, n_iter_no_change=math.inf, best=1.0, count=7)

    assert looks(plateau, [2.0] * 100, "cost") == ([], None)
    assert plateau.count == 107
    plateau.begin_again()
    assert plateau.count == 0


@pytest.mark.parametrize(
    "costs", [[1.0] * 9, [5, 4, 3, 3, 3, 3, 2, 2, 2, 2], [1, 2, 3, 0, 1, 2, 3]]
)
def test_a_plateau_of_the_cost_knows_how_long_it_cannot_end(costs):
    """It never ends before the epoch that it names, whatever comes, and names no best before it."""
    plateau = Plateau(training_cost, tol=0.1, n_iter_no_change=2)
    named = plateau.earliest()

    assert named == 3
    for number, cost in enumerate(costs, start=1):
        look = plateau.look(Epoch(cost))
        assert not look.best
        assert number >= named or not look.exhausted
        if look.exhausted:
            plateau.begin_again()
        named = number + plateau.earliest()


def test_what_watches_validation_has_to_see_every_epoch():
    """Each may be the best."""
    assert EarlyStopping(9, 0.0).earliest() == 1
    assert Plateau(validation_score, tol=0, n_iter_no_change=9).earliest() == 1
    assert Plateau(training_cost, tol=0, n_iter_no_change=math.inf).earliest() == math.inf
