"""Activations and costs against the numbers of PyTorch, which golden/ keeps."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS, output_delta, output_losses
from ellnet.equations.cross_entropies import smooth_labels

FILE = Path(__file__).parent / "golden" / "activations_and_costs.json"
GOLDEN: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
LOGITS = np.array(GOLDEN["logits"])
REL = 1e-12
TINY = 1e-15


def title(row: dict[str, Any]) -> str:
    """Return a short name for a parametrised test."""
    return f"{row['output']}-{row['cost']}{row['options'] or ''}"


@pytest.mark.parametrize("name", GOLDEN["activations"])
def test_activations_are_those_of_pytorch(name):
    """Value and derivative, to 1e-12."""
    Z, row, expected = np.array([GOLDEN["Z"]]), ACTIVATIONS[name], GOLDEN["activations"][name]

    A = row.value(Z)
    dZ = row.backward(np.ones_like(Z), Z, A)

    assert A[0] == pytest.approx(expected["A"], rel=REL, abs=TINY)
    assert dZ[0] == pytest.approx(expected["slope"], rel=REL, abs=TINY)


@pytest.mark.parametrize("row", GOLDEN["costs"], ids=title)
def test_costs_are_those_of_pytorch(row):
    """Losses and dZ[L], from saturated outputs too, to 1e-12."""
    output, cost, options, Y = row["output"], row["cost"], row["options"], np.array(row["Y"])
    A = ACTIVATIONS[output].value(LOGITS)

    losses = output_losses(output, cost, LOGITS, A, Y, **options)
    delta = output_delta(output, cost, LOGITS, A, Y, **options)

    assert losses[0] == pytest.approx(row["losses"], rel=REL, abs=TINY)
    assert delta == pytest.approx(np.array(row["dZ"]), rel=REL, abs=TINY)


def test_smoothed_labels_cost_what_pytorch_s_do():
    """Categorical cross-entropy of eq. 11.22, to 1e-12."""
    row = GOLDEN["smoothed"]
    Y = smooth_labels(np.array(row["Y"]), row["smoothing"], classes=3)

    losses = COSTS["categorical_cross_entropy"].fused["softmax"].loss(LOGITS, Y)

    assert losses[0] == pytest.approx(row["losses"], rel=REL, abs=TINY)


def test_nothing_is_left_out():
    """Every activation but those without a number of their own, and every cost."""
    assert set(GOLDEN["activations"]) == set(ACTIVATIONS) - {"identity", "softmax"}
    assert {row["cost"] for row in GOLDEN["costs"]} == set(COSTS)
