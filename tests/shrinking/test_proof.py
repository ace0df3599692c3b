"""The proof counts and compares as it says, and a step that is wrong does not get past it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ellnet.errors import ProofError
from ellnet.shrinking import Box, curves, idle, part, proof, shrink, smaller, straight, twins
from ellnet.shrinking.bounds import Interval, bounds_in
from ellnet.shrinking.chain import chain_of
from tests.shrinking.planting import Garden, corners_and_inside, of, outputs


def everything_planted():
    """A network with one thing of each kind."""
    garden = Garden((3, 4, 5, 4, 2), ("tanh", "relu", "sigmoid", "identity"))
    garden.twin(0, "negative")
    garden.constant(1)
    garden.linear(2)
    garden.twin(3, "negative")
    garden.silent(3)
    return garden.network()


def test_the_figures_are_those_of_the_outputs():
    """Calculated again, one layer after the other."""
    net, X = everything_planted(), corners_and_inside(3)

    found = shrink(net, X)

    expected = outputs(net, X)
    apart = np.abs(outputs(found.network, X) - expected)
    assert found.proof.largest == pytest.approx(apart.max(), rel=0.5, abs=1e-16)
    relative = (apart.max(axis=1) / np.abs(expected).max(axis=1)).max()
    assert found.proof.relative == pytest.approx(relative, rel=0.5, abs=1e-16)
    assert 0 < found.proof.relative < 1e-14
    assert found.proof.largest_cast == found.proof.largest


@pytest.mark.parametrize(("given", "drawn"), [(7, 9_993), (10_000, 0), (25_001, 0)])
def test_examples_are_tried_first(given, drawn):
    """All of them, or 10,000 from beginning to end; the rest is drawn."""
    net, X = everything_planted(), corners_and_inside(3, given)

    found = shrink(net, X).proof

    assert found.inputs == 10_000
    assert found.inputs - found.examples == drawn
    tried = [part for part, is_given in proof._tried(X, Box.of(X), "box") if is_given]
    index = np.arange(10_000 - drawn) * given // (10_000 - drawn)
    assert np.array_equal(np.hstack(tried), X[:, index])


def test_inputs_are_drawn_in_the_box_to_its_corners():
    """And beyond, in a box ten times as wide, where steps are right for every input."""
    box = Box(np.array([-1.0, 2.0, -np.inf]), np.array([1.0, 2.5, np.inf]))

    inside = np.hstack([part for part, _ in proof._tried(None, box, "box")])
    beyond = np.hstack([part for part, _ in proof._tried(None, box, "every input")])

    assert inside.shape == beyond.shape == (3, 10_000)
    assert np.all(inside >= box.lower[:, None])
    assert np.all(inside <= box.upper[:, None])
    at_ends = (inside[:2] == box.lower[:2, None]) | (inside[:2] == box.upper[:2, None])
    assert at_ends.all(axis=0).sum() == 2500
    assert len(np.unique(inside, axis=1).T) > 7000
    assert beyond[0].max() > 8
    assert beyond[1].min() < 1
    assert np.mean((np.abs(beyond[0]) <= 1) & (beyond[1] >= 2) & (beyond[1] <= 2.5)) > 0.5


def test_rounding_leads_no_input_out_of_the_box():
    """Whatever its ends are."""
    random = np.random.default_rng(0)
    lower, upper = np.sort(random.normal(size=(2, 200)), axis=0)

    drawn = np.hstack([part for part, _ in proof._tried(None, Box(lower, upper), "box")])

    assert np.any(lower + (upper - lower) > upper)
    assert np.all((lower[:, None] <= drawn) & (drawn <= upper[:, None]))


def test_what_is_no_number_is_no_small_difference():
    """An output that was finite, and is not."""
    net = of([[[1.0]]], [[0.0]], ["identity"])
    (layer,) = chain_of(net)
    compared = proof._Compared((layer,), (replace(layer, W=np.array([[np.nan]])),))

    good = compared.take(np.ones((1, 3)))

    assert good.all()
    assert compared.difference.tolist() == [np.inf]


def test_wrong_figures_are_not_rounded_away():
    """An output that is tiny beside the others has a size of its own."""
    garden = Garden((3, 4, 2), ("tanh", "identity"))
    garden.constant(0)
    garden.W[1][1] *= 1e-9
    garden.b[1][1] = 0.0
    net, X = garden.network(), corners_and_inside(3)
    wrong = shrink(net, X).network
    wrong.b[2][1, 0] += 1e-15

    with pytest.raises(ProofError, match=r"output 2 differs by 1e-15"):
        proof.proved(net, wrong, chain_of(wrong), shrink(net, X).steps, X=X, box=Box.of(X))


def test_rounding_of_the_network_itself_is_told_from_a_wrong_step():
    """Of twins that cancel but for a hundred-thousandth float64 has no twelve digits."""
    garden = Garden((3, 5, 4, 2), ("tanh", "tanh", "identity"))
    garden.twin(0)
    large = 1e5 * garden.random.normal(size=4)
    garden.W[1][:, 0] += large
    garden.W[1][:, -1] -= large
    garden.shuffled()

    with pytest.raises(
        ProofError, match=r"rounding alone comes to .* so float64 cannot tell; keep"
    ):
        shrink(garden.network(), corners_and_inside(3))


def test_an_output_of_rounding_alone_is_no_failure():
    """Twins whose difference is 0 in real arithmetic; what float64 makes of it may change."""
    W = [[[0.1, 0.7], [0.3, 2.1]], [[3.0, -1.0]]]
    net = of([W[0], W[1]], [[0.05, 0.15], [0.0]], ["relu", "identity"])
    X = corners_and_inside(2)

    found = shrink(net, X)

    assert np.abs(outputs(net, X)).max() < 1e-15
    assert found.removed("twin") == 1
    assert found.proof.largest < 1e-15


def wrong_bias(layer):
    """Constants that are a little off."""
    return right["_at_bias"](layer) + 1e-9


def wrong_straight(activation, lower, upper):
    """A slope that is a little off."""
    found, slope, offset = right["straight_units"](activation, lower, upper)
    return found, slope * (1 + 1e-9), offset


def wrong_multiple(rows, i, j, **options):
    """A multiple that is a little off."""
    twin = right["_multiple"](rows, i, j, **options)
    return twin and twin._replace(c=twin.c * (1 + 1e-9))


def wrong_mirror(rows, i, j, **options):
    """A negative twin taken for an equal one."""
    twin = right["_multiple"](rows, i, j, **options)
    return twin and twin._replace(c=abs(twin.c))


def narrow_bounds(chain, box):
    """Bounds that half of the inputs are beyond."""
    return [Interval(0.5 * z.lower - 9, 0.5 * z.upper - 9) for z in bounds_in(chain, box)]


right: dict[str, Any] = {
    "_at_bias": idle._at_bias,
    "straight_units": curves.straight_units,
    "_multiple": twins._multiple,
    "_shift": part._shift,
}

MUTANTS = [
    (idle, "_at_bias", wrong_bias),
    (straight, "straight_units", wrong_straight),
    (twins, "_multiple", wrong_multiple),
    (twins, "_multiple", wrong_mirror),
    (smaller, "bounds_in", narrow_bounds),
]


def small_shift(W, A):
    """Biases that are too small to keep a unit above zero."""
    return 0.5 * right["_shift"](W, A)


def test_a_bias_too_small_is_refused(monkeypatch):
    """A unit that does the work of others has to stay above zero."""
    garden = Garden((3, 6, 2), ("relu", "identity"))
    garden.b[0] += np.array([9.0, 9.0, 9.0, 0.0, 0.0, 9.0])
    assert len(shrink(garden.network(), corners_and_inside(3)).steps) == 1
    monkeypatch.setattr(part, "_shift", small_shift)

    with pytest.raises(ProofError, match="outputs must stay the same"):
        shrink(garden.network(), corners_and_inside(3))


@pytest.mark.parametrize(("where", "name", "wrong"), MUTANTS, ids=[m[2].__name__ for m in MUTANTS])
def test_a_wrong_step_is_refused(monkeypatch, where, name, wrong):
    """Whichever rule is wrong, and by a part in 10^9: no network comes back, but a sentence."""
    net, X = everything_planted(), corners_and_inside(3, 200)
    assert len(shrink(net, X).steps) >= 5
    monkeypatch.setattr(where, name, wrong)

    with pytest.raises(
        ProofError, match=r"stay the same to 1e-12 of their size.*of its size\); keep"
    ):
        shrink(net, X)


def test_a_fold_that_forgets_the_bias_is_refused(monkeypatch):
    """The commonest slip: a constant unit is cut out and not added."""

    def careless(question):
        chain, k, *_ = question
        layer, following = chain[k], chain[k + 1]
        changed, steps = idle.without_idle_units(question)
        if not steps or len(changed) < len(chain):
            return chain, []
        gone = ~np.isin(layer.units, changed[k].units)
        cut = following.taking(following.W[:, ~gone], following.b)
        return (*chain[:k], layer.without(gone), cut, *chain[k + 2 :]), steps

    monkeypatch.setattr(smaller, "RULES", (careless,))

    with pytest.raises(ProofError, match="keep the network as it is"):
        shrink(everything_planted(), corners_and_inside(3, 200))


def test_what_does_not_fit_the_precision_is_refused():
    """A product beyond the range of float32."""
    W = [np.array([[1e30]]), np.array([[1e30]])]
    net = of(W, [[0.0], [0.0]], ["identity", "identity"], dtype=np.float32)

    with pytest.raises(ProofError, match="beyond the range of float32"):
        shrink(net, np.array([[1e-30, 2e-30]]))
