"""The array libraries."""

import warnings

import array_api_strict
import numpy as np
import pytest

from ellnet.arrays import (
    columns,
    indicator,
    is_finite,
    move,
    overflow_allowed,
    threads_for,
    to_numpy,
    without_dust,
)


def test_columns_are_gathered_from_every_layout():
    """C order, Fortran order and a transposed view give the same columns."""
    X = np.arange(12.0).reshape(3, 4)
    index = np.array([2, 0, 2])

    for layout in (X, np.asfortranarray(X), X.T.copy().T, X[:, ::-1][:, ::-1]):
        assert columns(layout, index).tolist() == X[:, [2, 0, 2]].tolist()


def test_an_array_moves_to_another_library_with_its_precision():
    """float32 stays float32; nothing is copied at home."""
    home = np.ones((2, 2), np.float32)
    away = move(home, array_api_strict.asarray([1.0]))

    assert away.dtype == array_api_strict.float32
    assert to_numpy(away).dtype == np.float32
    assert move(home, np.zeros(1)) is home


def test_finite_is_finite():
    """One infinite or missing number among all arrays is enough."""
    good = np.ones((2, 2))

    assert is_finite(good, good)
    for bad in (np.inf, -np.inf, np.nan):
        assert not is_finite(good, np.array([[1.0, bad]]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dust_is_swept_and_nothing_else(dtype):
    """What is far below anything's rounding becomes zero; the sign and the rest stay."""
    tiny = np.finfo(dtype).smallest_normal
    array = np.array([1.0, -1e-20, tiny, -tiny / 2, 0.0], dtype)

    (swept,) = without_dust(array)

    assert swept.dtype == dtype
    assert swept.tolist() == [*array[:2].tolist(), 0.0, 0.0, 0.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dust_begins_at_the_smallest_normal_number_over_epsilon(dtype):
    """Twice that stays, half of it goes."""
    info = np.finfo(dtype)
    limit = info.smallest_normal / info.eps

    (swept,) = without_dust(np.array([2 * limit, -2 * limit, limit / 2, -limit / 2], dtype))

    assert swept.tolist() == [2 * limit, -2 * limit, 0.0, 0.0]


@pytest.mark.parametrize("xp", [np, array_api_strict])
def test_an_indicator_has_the_precision_of_what_it_multiplies(xp):
    """1 and 0 in float32 for float32."""
    like = xp.asarray([1.0, -2.0], dtype=xp.float32)

    found = indicator(like > 0, like)

    assert found.dtype == xp.float32
    assert to_numpy(found).tolist() == [1.0, 0.0]


def test_what_is_dust_in_one_array_alone_stays():
    """Adam's second moment of a tiny gradient matters as long as the first does."""
    m, v = np.array([1e-17, 1e-35], np.float32), np.array([1e-34, 1e-35], np.float32)

    first, second = without_dust(m, v)

    assert first.tolist() == [m[0], 0.0]
    assert second.tolist() == [v[0], 0.0]


def test_overflow_is_silent_inside_alone():
    """The caller's own settings come back."""
    big = np.array([1e300])

    with overflow_allowed(), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf((big * big)[0])
    with pytest.warns(RuntimeWarning, match="overflow"):
        big * big


def test_small_products_run_on_one_thread():
    """Inside, every BLAS pool has one thread; large products keep what they had."""
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))

    def most() -> int:
        pools = [pool for pool in threadpool_info() if "numpy" in pool["filepath"]]
        return max(pool["num_threads"] for pool in pools)

    before = most()
    with threads_for(1000):
        assert most() == 1
    with threads_for(10**9):
        assert most() == before
    assert most() == before
