"""Circuits: exact on every input, of the sizes that the argument counts; and nets trained beside them."""

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from ellnet import load
from ellnet.certificate import certify
from ellnet.datasets import load_dataset
from ellnet.engines import ENGINES
from ellnet.errors import HyperparameterError
from ellnet.explain.circuits import (
    and_or_network,
    build_circuits,
    parity_examples,
    threshold_network,
    wrong_inputs,
    xor_tree,
)
from ellnet.explain.circuits_drawing import circuits_svg
from ellnet.explain.circuits_model import circuit_model
from ellnet.explain.circuits_training import Contender, contenders, epochs_for, train_on_parity
from ellnet.explain.circuits_verdict import verdict
from ellnet.network import Parameters

SIZES = range(2, 17)


def parity_by_counting(n):
    """Parity of every number below 2^n, by Python's own count of bits."""
    return [number.bit_count() % 2 for number in range(2**n)]


@pytest.mark.parametrize("n", SIZES)
def test_every_circuit_is_exact_on_all_inputs(n):
    """With no tolerance, for every size that may be asked for."""
    wrong = {circuit.name: wrong_inputs(circuit.network) for circuit in build_circuits(n)}

    assert wrong == {"tree": 0, "and_or": 0, "threshold": 0}


@pytest.mark.parametrize("n", SIZES)
def test_the_patterns_are_all_there_with_their_parity(n):
    """Column k holds the bits of k, and its target is the parity of their number."""
    examples = parity_examples(n)
    numbers = (2 ** np.arange(n)) @ examples.X

    assert numbers.tolist() == list(range(2**n))
    assert examples.Y[0].tolist() == parity_by_counting(n)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("n", [2, 3, 6, 9])
def test_every_engine_computes_them_exactly(n, name):
    """In both precisions."""
    circuits = [
        build(n, dtype)
        for build in (xor_tree, and_or_network, threshold_network)
        for dtype in (np.float32, np.float64)
    ]

    assert [wrong_inputs(circuit.network, name) for circuit in circuits] == [0] * 6


@pytest.mark.parametrize("n", SIZES)
def test_the_sizes_are_those_of_the_argument(n):
    """n - 1 gates in ceil(log2 n) levels of two units each, 2^(n-1) ANDs, n thresholds."""
    tree, and_or, threshold = build_circuits(n)
    passed_on, signals = 0, n
    while signals > 1:
        passed_on += signals % 2
        signals = signals // 2 + signals % 2

    assert (tree.gates, tree.levels) == (n - 1, math.ceil(math.log2(n)))
    assert tree.units == 2 * (n - 1) + passed_on
    assert (and_or.gates, and_or.units, and_or.levels) == (2 ** (n - 1), 2 ** (n - 1), 1)
    assert (threshold.gates, threshold.units, threshold.levels) == (n, n, 1)
    assert and_or.weights == 2 ** (n - 1) * (n + 1)
    assert threshold.weights == n * (n + 1)


def test_every_and_recognises_exactly_one_pattern():
    """An odd one, another for each unit: none could be left out."""
    net = and_or_network(5).network
    examples = parity_examples(5)
    A = np.maximum(net.W[1] @ examples.X + net.b[1], 0)

    assert A.sum(axis=1).tolist() == [1.0] * 16
    assert (A.sum(axis=0) == examples.Y[0]).all()


def test_a_weight_that_is_wrong_is_found():
    """The check can fail: one weight moved by 1 is wrong on some inputs."""
    net = xor_tree(8).network
    W = [array.copy() for array in net.W]
    W[1][0, 0] += 1
    broken = net.with_parameters(Parameters.of(W, net.b))

    assert 0 < wrong_inputs(broken) <= 256


@pytest.mark.parametrize("n", [0, 1, 17])
def test_other_numbers_of_inputs_are_refused(n):
    """In a sentence that says the range."""
    with pytest.raises(HyperparameterError, match=f"inputs must be from 2 to 16.*got {n}"):
        xor_tree(n)


@pytest.mark.parametrize("circuit", build_circuits(6), ids=lambda circuit: circuit.name)
def test_a_circuit_is_a_model_like_any_other(circuit, tmp_path):
    """Saved and loaded it predicts the built-in table, and its gradient can be proved."""
    path = tmp_path / "circuit.safetensors"
    circuit_model(circuit).save(path)
    model = load(path)
    table = load_dataset("parity:n=6")
    rows = np.stack([table[name].values for name in model.preprocessing.column_names], axis=1)

    assert (model.outputs(rows) == parity_examples(6).Y).all()
    assert model.predict(rows).tolist() == parity_by_counting(6)
    assert wrong_inputs(model.network) == 0
    examples = parity_examples(6, np.float64)
    inside = examples.X * 0.9 + 0.03
    assert certify(model.network, inside, examples.Y).passed


def test_the_drawing_has_every_unit_and_every_wire():
    """As long as they fit: those of 4 inputs do."""
    circuits = build_circuits(4)
    drawn = ET.fromstring(circuits_svg(circuits))  # noqa: S314 - our own text
    paths = [e for e in drawn.iter() if e.tag.endswith("path")]
    circles = [e for e in drawn.iter() if e.tag.endswith("circle")]
    wires = sum(path.attrib["d"].count("M") for path in paths)

    assert len(circles) == sum(sum(circuit.network.n) for circuit in circuits)
    assert wires == sum(circuit.weights for circuit in circuits)
    texts = {title.text for title in drawn.iter() if title.tag.endswith("title")}
    assert {"relu(x1 + x2 - 1)", "relu(x1 - x2 - x3 - x4)"} <= texts


def test_a_wide_layer_is_drawn_with_dots():
    """So that the picture keeps its height."""
    drawn = circuits_svg(build_circuits(10))

    assert drawn.count("⋮") == 1
    assert drawn.count("<circle") < 100


def test_training_counts_what_it_finds():
    """A wide net solves parity of 3 inputs, one unit cannot, and the same seeds give the same shares."""
    chosen = [Contender("wide", (32,)), Contender("one unit", (1,), "tanh")]
    wide, narrow = train_on_parity(3, chosen, seeds=3, epochs=300)
    again, _ = train_on_parity(3, chosen, seeds=3, epochs=300)

    assert wide.solved == 3
    assert narrow.solved == 0
    assert all(0.5 <= share < 1 for share in narrow.learned)
    assert wide == again
    assert wide.parameters == 3 * 32 + 32 + 32 + 1


def test_patterns_held_out_are_not_learned_from():
    """Their share is counted apart: a quarter of the 16 patterns of 4 inputs."""
    (result,) = train_on_parity(4, [Contender("wide", (32,))], seeds=2, epochs=300, held_out=0.25)

    assert result.solved == 2
    assert all(share in {0.0, 0.25, 0.5, 0.75, 1.0} for share in result.unseen)
    assert result.general <= result.solved


def test_contenders_are_as_large_as_the_circuits():
    """One has the tree's shape, one the AND/OR's, one the thresholds'."""
    shapes = {contender.hidden for contender in contenders(8)}

    assert {(8, 4, 2), (128,), (8,)} <= shapes
    assert max(max(contender.hidden) for contender in contenders(16)) <= 1024


def test_a_run_takes_as_many_steps_whatever_its_patterns():
    """About 8,000: 1,000 epochs of 256 patterns, 4 of 65,536."""
    assert [epochs_for(2**n) for n in (2, 8, 16)] == [8000, 1000, 4]


def test_the_verdict_says_what_holds_and_what_not():
    """With the figures of its n: for 8 inputs the thresholds are fewer, for 2 as many as the tree's."""
    eight, two = verdict(build_circuits(8)), verdict(build_circuits(2))

    assert "7 XOR gates, the two-level network 128 ANDs" in eight[0]
    assert "half of the 256 patterns" in eight[1]
    assert "8 thresholds computes parity too, with fewer units than the tree's 14" in eight[2]
    assert "as many units as the tree's" in two[2]
