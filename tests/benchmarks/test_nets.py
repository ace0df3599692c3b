"""The networks that are measured, and the arithmetic that they need."""

import numpy as np
import pytest

from benchmarks.nets import MANY, NETS, Net, by_name, material
from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.network import Network


def test_the_arithmetic_of_a_step_is_counted_by_hand():
    """Z, dW and dA of every layer but dA[0]: of 2-3-1 and four examples, 24 (3 dW, Z; 3 dA)."""
    net = Net((2, 3, 1), batch=4, steps=1)
    first, second = 2 * 2 * 3 * 4, 2 * 3 * 1 * 4

    assert net.weights == 9
    assert net.training_flop == 2 * first + 3 * second
    assert net.prediction_flop(5) == 2 * 9 * 5


@pytest.mark.parametrize(
    ("name", "flop"),
    [
        ("3-5-5-3-1", 10_176),
        ("100-64-64-2", 13_041_664),
        ("784-256-128-10", 128_909_312),
        ("784-1024-1024-10", 2_448_424_960),
    ],
)
def test_the_four_nets_need_so_much(name, flop):
    """6 times weights times batch, less 2 n[0] n[1] batch."""
    (net,) = by_name(name)
    n = net.n
    weights = sum(n[layer] * n[layer + 1] for layer in range(len(n) - 1))

    assert net.training_flop == flop == (6 * weights - 2 * n[0] * n[1]) * net.batch


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.name)
def test_the_data_fit_the_net(net):
    """Whole minibatches, every class among the labels, and a finite cost at the start."""
    given = material(net)
    Y = given.targets(net.n[-1])
    model = Network(net.n, net.activations, net.cost, given.parameters)

    assert given.X.shape == (net.examples, net.n[0])
    assert net.examples == net.steps * net.batch
    assert set(given.labels.tolist()) == set(range(net.classes))
    assert given.inputs.shape == (MANY, net.n[0])
    assert np.isfinite(engine("array").cost(model, Examples(given.X[:500].T, Y[:500].T)))


def test_an_unknown_net_is_named():
    """The sentence lists the nets there are."""
    with pytest.raises(ValueError, match="no net '3-3'; there are 3-5-5-3-1, 100-64"):
        by_name("100-64-64-2, 3-3")
    assert by_name("") == NETS
