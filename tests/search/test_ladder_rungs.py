"""Which network is tried next: a function of the rungs so far."""

import pytest

from ellnet.errors import HyperparameterError
from ellnet.search.ladder_rungs import Limits, Rung, next_hidden
from tests.search.climbing import rung


def climbed(limits: Limits, loss) -> list[tuple[int, ...]]:
    """Climb where every rung costs what `loss` says of its hidden layers, and any gain counts."""
    tried: list[Rung] = []
    while (hidden := next_hidden(tried, limits, lambda a, b: a.costs[0] < b.costs[0])) is not None:
        tried.append(rung(hidden, 1 + sum(hidden), [loss(hidden)] * 2))
    return [each.hidden for each in tried]


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


@pytest.mark.parametrize(("layers", "width"), [(0, 8), (2, 1)])
def test_limits_that_leave_nothing_are_refused(layers, width):
    """What rule, what came."""
    with pytest.raises(HyperparameterError, match="must be at least"):
        Limits(layers, width)
