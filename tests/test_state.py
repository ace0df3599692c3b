"""TrainingState: what training needs to go on."""

import array_api_strict
import numpy as np

from ellnet.network import initial_parameters
from ellnet.state import TrainingState


def test_the_start_has_nothing_behind_it():
    """Moments of zero in the parameters' shapes and precision, no steps, and the seed as given."""
    parameters = initial_parameters((3, 4, 1), ("relu", "sigmoid"))

    state = TrainingState.start(parameters, 2, seed=17)

    assert (state.step, state.epoch, state.batch, state.epoch_cost) == (0, 0, 0, 0.0)
    assert state.seed == 17
    assert state.parameters is parameters
    assert len(state.moments) == 2
    for moment in state.moments:
        for zeros, array in zip(moment.arrays(), parameters.arrays(), strict=True):
            assert (zeros.shape, zeros.dtype) == (array.shape, array.dtype)
            assert not np.any(zeros)


def test_a_state_moves_with_its_moments_and_counts():
    """Every array goes to the other library; the numbers of steps stay."""
    parameters = initial_parameters((3, 1), ("sigmoid",))
    state = TrainingState(parameters, (parameters,), step=4, epoch=2, batch=1, seed=9)

    moved = state.like(array_api_strict.asarray([1.0]))

    for group in (moved.parameters, *moved.moments):
        for array, original in zip(group.arrays(), parameters.arrays(), strict=True):
            assert type(array).__module__.startswith("array_api_strict")
            assert np.asarray(array).tolist() == original.tolist()
    assert (moved.step, moved.epoch, moved.batch, moved.seed) == (4, 2, 1, 9)
