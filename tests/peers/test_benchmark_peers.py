"""The libraries that ellnet is compared with do the same work."""

import importlib

import numpy as np
import pytest

from benchmarks.entrants import PEERS, entrants
from benchmarks.nets import NETS, Material, Net, material

SMALL = Net((20, 12, 8, 3), batch=32, steps=40)
TINY = Net((3, 5, 5, 3, 1), batch=32, steps=40)
TWO = Net((10, 8, 2), batch=32, steps=40)


def library(peer):
    """Return a peer as the benchmarks measure it; skip where it is not installed."""
    for package in peer.packages:
        pytest.importorskip({"scikit-learn": "sklearn"}.get(package, package))
    return importlib.import_module(peer.module).Measured(entrants("array", 1, [peer])[-1])


def learnable(net):
    """Return data with something to learn: the class is the largest of a few inputs."""
    given = material(net)
    labels = np.argmax(given.X[:, : net.classes], axis=1)
    return Material(given.X, labels, given.inputs, given.parameters)


def cost(measured, net, given):
    """Return the mean cross-entropy on the data."""
    P = np.asarray(measured.outputs(given.X), float)
    P = np.hstack([1 - P, P]) if net.n[-1] == 1 else P
    return -np.mean(np.log(P[np.arange(len(P)), given.labels]))


@pytest.mark.parametrize("net", [*NETS[:3], SMALL, TWO], ids=lambda net: net.name)
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_computes_the_same_outputs(peer, net):
    """From the same parameters, to float32's rounding."""
    measured, ours = library(peer), importlib.import_module("benchmarks.ours")
    given = material(net)
    reference = ours.Measured(entrants("array", 1, ())[0])
    for each in (measured, reference):
        each.prepare(net, given)

    expected = reference.outputs(given.inputs[:50])
    assert measured.outputs(given.inputs[:50]) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("net", [SMALL, TINY], ids=lambda net: net.name)
@pytest.mark.parametrize("peer", [p for p in PEERS if p.trains], ids=lambda peer: peer.name)
def test_a_peer_learns_as_fast(peer, net):
    """After the same epochs of Adam the costs are alike: only the orders of the examples differ."""
    measured, ours = library(peer), importlib.import_module("benchmarks.ours")
    given = learnable(net)
    reference = ours.Measured(entrants("array", 1, ())[0])
    costs = []
    for each in (measured, reference):
        each.prepare(net, given)
        before = cost(each, net, given)
        each.train(5)
        costs.append(cost(each, net, given))

    assert costs[1] < before - 0.01
    assert costs[0] == pytest.approx(costs[1], rel=0.05)
