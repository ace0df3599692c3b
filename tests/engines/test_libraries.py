"""The array engine on another library's arrays: the same numbers, to rounding."""

import array_api_strict
import numpy as np
import pytest

from tests.engines.libraries import KINDS, gradients_of, trained_on


@pytest.mark.parametrize("kind", KINDS)
def test_strict_arrays_give_numpy_s_gradients(kind):
    """The array API standard is all that is used."""
    cost, gradients = gradients_of(kind, np.asarray)

    other_cost, other = gradients_of(kind, array_api_strict.asarray)

    assert other_cost == pytest.approx(cost, rel=1e-13)
    for a, b in zip(other, gradients, strict=True):
        assert a == pytest.approx(b, rel=1e-10, abs=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_strict_arrays_train_to_numpy_s_network(kind):
    """Minibatches, masks and steps are the same; what comes out is of the library."""
    costs, parameters, _ = trained_on(kind, np.asarray)

    other_costs, other, array = trained_on(kind, array_api_strict.asarray)

    assert type(array) is type(array_api_strict.asarray([1.0]))
    assert other_costs == pytest.approx(costs, rel=1e-11)
    for a, b in zip(other, parameters, strict=True):
        assert a == pytest.approx(b, rel=1e-8, abs=1e-11)
