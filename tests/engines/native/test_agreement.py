"""The native engine against the array engine, over the whole catalogue and on both of its paths."""

import numpy as np
import pytest

from ellnet.engines import array, native
from ellnet.lbfgs import pack
from tests.engines.libraries import KINDS
from tests.engines.native.agreement import BOUNDS, PATHS, TRAINED, network_and_examples, trained

WIDE = "hidden tanh"
"""The kind for networks of many widths."""


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", TRAINED)
def test_the_update_and_the_costs_are_the_array_engine_s(kind, path, dtype):
    """After three epochs: norm of the difference over norm of the update, and each cost."""
    expected, oracle = trained(kind, PATHS[path], dtype, "array")

    found, ran = trained(kind, PATHS[path], dtype, "native")

    bound = BOUNDS[dtype]
    assert np.linalg.norm(found - expected) <= bound * np.linalg.norm(expected)
    for costs in ("iterations", "costs", "validation_costs"):
        assert getattr(ran, costs) == pytest.approx(getattr(oracle, costs), rel=bound), costs


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("outputs", [2, 9, 16, 17])
@pytest.mark.parametrize("width", [8, 15, 16, 17, 31, 32, 33, 64, 65])
def test_widths_that_fill_a_panel_and_widths_that_do_not(width, outputs, dtype):
    """A layer's last weights, and its bias, end inside a vector, at its end, or alone in a new one."""
    n = (width, 70 - width, width, outputs)
    expected, _ = trained(WIDE, n, dtype, "array")

    found, _ = trained(WIDE, n, dtype, "native")

    assert np.linalg.norm(found - expected) <= BOUNDS[dtype] * np.linalg.norm(expected)


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if " of " in kind or kind.startswith("hidden")]
)
def test_cost_and_gradients_are_the_array_engine_s(kind, path, dtype):
    """Of all examples together, several chunks, with the penalty: what L-BFGS goes by."""
    net, examples, _ = network_and_examples(kind, PATHS[path], dtype, 700)
    expected, dtheta = array.cost_and_gradients(net, examples, l2=0.3)

    found, gradients = native.cost_and_gradients(net, examples, l2=0.3)

    assert found == pytest.approx(expected, rel=BOUNDS[dtype])
    assert native.cost(net, examples) == pytest.approx(array.cost(net, examples), rel=BOUNDS[dtype])
    assert {each.dtype.name for each in gradients.arrays()} == {dtype}
    a, b = (pack(each) for each in (gradients, dtheta))
    assert np.linalg.norm(a - b) <= BOUNDS[dtype] * np.linalg.norm(b)
