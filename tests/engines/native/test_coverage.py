"""What the native engine covers has the same numbers in Python and C++; the rest is refused in words."""

import re
from pathlib import Path

import numpy as np
import pytest

from ellnet.engines import auto, native
from ellnet.engines.coverage import (
    ACTIVATION_NUMBERS,
    COST_NUMBERS,
    MOST_UNITS,
    OPTIMIZER_NUMBERS,
    SCHEDULE_NUMBERS,
    unfit_network,
)
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.equations.schedules import SCHEDULES
from ellnet.errors import HyperparameterError
from ellnet.network import Network, Parameters

NATIVE = Path(__file__).resolve().parents[3] / "native"
TABLES = {
    "Activation": ("network.hpp", ACTIVATION_NUMBERS, set(ACTIVATIONS)),
    "Cost": ("network.hpp", COST_NUMBERS, set(COSTS)),
    "Optimizer": ("network.hpp", OPTIMIZER_NUMBERS, set(OPTIMIZERS)),
    "Schedule": ("schedules.hpp", SCHEDULE_NUMBERS, set(SCHEDULES)),
}


def enumerated(file: str, kind: str) -> list[str]:
    """The members of an enumeration of native/, in their order."""
    text = (NATIVE / file).read_text(encoding="utf-8")
    found = re.search(rf"enum class {kind} : int {{([^}}]*)}}", text)
    assert found, kind
    return [name.strip() for name in found.group(1).split(",")]


@pytest.mark.parametrize("kind", TABLES)
def test_the_numbers_are_those_of_c_plus_plus(kind):
    """A member is its place in the list, here as there."""
    file, numbers, _ = TABLES[kind]

    assert enumerated(file, kind) == list(numbers)
    assert list(numbers.values()) == list(range(len(numbers)))


@pytest.mark.parametrize("kind", TABLES)
def test_nothing_is_covered_that_there_is_not(kind):
    """Every name is one of the catalogue; what is missing goes to the array engine."""
    _, numbers, catalogue = TABLES[kind]

    assert set(numbers) <= catalogue


def wide(units: int) -> Network:
    """A network with a layer of so many units, whose weights take no memory."""
    zero = np.zeros((1, 1), np.float32)
    W = [np.broadcast_to(zero, (units, 1)), np.broadcast_to(zero, (1, units))]
    b = [np.broadcast_to(zero, (units, 1)), zero]
    return Network((1, units, 1), ("relu", "identity"), "squared_error", Parameters.of(W, b))


def test_layers_that_are_too_wide_are_the_array_engine_s():
    """65,536 units fit; one more is named."""
    X = np.ones((1, 2), np.float32)

    assert unfit_network(wide(MOST_UNITS)) == ""
    with pytest.raises(HyperparameterError, match="at most 65536 units, and one has 65537"):
        native.predict(wide(MOST_UNITS + 1), X)
    assert auto.predict(wide(MOST_UNITS + 1), X).tolist() == [[0.0, 0.0]]


def test_parameters_of_another_library_or_precision_are_named():
    """Whole numbers are no parameters."""
    net = wide(3)
    whole = net.with_parameters(
        Parameters.from_arrays([each.astype(np.int64) for each in net.parameters.arrays()])
    )

    with pytest.raises(HyperparameterError, match="NumPy arrays of float32 or float64; take"):
        native.predict(whole, np.ones((1, 2), np.float32))
