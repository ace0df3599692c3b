"""Which network is tried next: a function of the rungs so far."""

import pytest

from ellnet.errors import HyperparameterError
from ellnet.search.ladder_rungs import Limits, Rung, held_back, next_hidden
from tests.search.climbing import rung


def way_of(limits: Limits, loss) -> list[Rung]:
    """Climb where every rung costs what `loss` says of its hidden layers, and any gain counts."""
    tried: list[Rung] = []
    while (hidden := next_hidden(tried, limits, lower)) is not None:
        tried.append(rung(hidden, 1 + sum(hidden), [loss(hidden)] * 2))
    return tried


def climbed(limits: Limits, loss) -> list[tuple[int, ...]]:
    """The hidden layers that were climbed."""
    return [each.hidden for each in way_of(limits, loss)]


def lower(one: Rung, other: Rung) -> bool:
    """Whether a rung costs less."""
    return bool(one.costs[0] < other.costs[0])


def test_where_nothing_gains_two_depths_are_tried_up_to_sixteen_units():
    """The linear model first; what a narrow network cannot do, a wider one may."""
    way = climbed(Limits(), lambda _: 1.0)

    assert way == [(), (2,), (4,), (8,), (16,), (4, 4), (8, 8), (16, 16)]


def test_a_late_gain_is_found():
    """Two and four units gain nothing on xor, eight do; from there two widths more are tried."""
    way = climbed(Limits(), lambda hidden: 0.1 if hidden and hidden[0] >= 8 else 1.0)

    one, two = [(2,), (4,), (8,), (16,), (32,)], [(4, 4), (8, 8), (16, 16), (32, 32)]
    assert way == [(), *one, *two]


def test_widths_go_on_while_they_gain():
    """And two beyond the last that did."""
    way = climbed(Limits(2, 256), lambda hidden: 1 / min(32, 1 + sum(hidden)))

    assert way == [(), (2,), (4,), (8,), (16,), (32,), (64,), (128,)]


def test_depths_go_on_while_they_gain():
    """Three hidden layers are tried where two were better than one, and four where three were."""
    way = climbed(Limits(6, 16), lambda hidden: 1.0 - 0.1 * min(3, len(hidden)))
    depths = [len(hidden) for hidden in way]

    assert sorted(set(depths)) == [0, 1, 2, 3, 4]
    assert depths == sorted(depths)


@pytest.mark.parametrize(
    ("limits", "last"),
    [(Limits(1, 256), ()), (Limits(2, 4), (4,)), (Limits(3, 2), (2,)), (Limits(3, 4), (4, 4))],
)
def test_limits_are_kept(limits, last):
    """Layers counted with the output layer; a depth without any width is none."""
    assert climbed(limits, lambda hidden: 1 / (1 + sum(hidden)))[-1] == last


@pytest.mark.parametrize(
    ("limits", "gaining", "held"),
    [
        (Limits(), False, False),
        (Limits(4, 8), False, True),
        (Limits(2, 16), False, True),
        (Limits(1, 256), False, True),
        (Limits(3, 16), False, False),
        (Limits(3, 16), True, True),
    ],
)
def test_it_is_known_whether_limits_ended_the_ladder(limits, gaining, held):
    """At the top, or at a depth whose wider networks were never tried."""
    rungs = way_of(limits, lambda hidden: 1 / (1 + sum(hidden)) if gaining else 1.0)

    assert held_back(rungs, lower) is held


@pytest.mark.parametrize(("layers", "width"), [(0, 8), (2, 1)])
def test_limits_that_leave_nothing_are_refused(layers, width):
    """What rule, what came."""
    with pytest.raises(HyperparameterError, match="must be at least"):
        Limits(layers, width)
