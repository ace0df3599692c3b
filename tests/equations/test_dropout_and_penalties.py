"""Dropout with its masks, the L1 penalty, and the max-norm constraint."""

import array_api_strict
import numpy as np
import pytest

from ellnet.batches import dropout_mask
from ellnet.equations.dropout import dropout, dropout_backward
from ellnet.equations.gradient_check import central_difference, relative_error
from ellnet.equations.penalties import l1, l1_backward, max_norm

AT = {"epoch": 3, "step": 5, "layer": 2}


def test_dropout_keeps_the_mean():
    """What is kept is divided by its share (eq. 17.1); the derivative has the same mask (eq. 17.2)."""
    A, D = np.ones((50, 400)), dropout_mask(50, 400, 0.8, 0, **AT).astype(float)

    dropped = dropout(A, D, 0.8)

    assert set(np.unique(dropped)) == {0.0, 1.25}
    assert np.mean(dropped) == pytest.approx(1.0, abs=0.02)
    assert np.array_equal(dropout_backward(A, D, 0.8), dropped)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_masks_keep_their_part(keep):
    """Of the units and of the examples, to five standard deviations."""
    kept = dropout_mask(100, 300, keep, 7, **AT)

    deviation = np.sqrt(keep * (1 - keep))
    assert abs(kept.mean() - keep) < 5 * deviation / np.sqrt(kept.size)
    assert np.abs(kept.mean(axis=0) - keep).max() < 5 * deviation / np.sqrt(100)
    assert np.abs(kept.mean(axis=1) - keep).max() < 5 * deviation / np.sqrt(300)


def test_masks_have_an_address():
    """The same one the same bits, another seed, epoch, step or layer others."""
    mask = dropout_mask(9, 20, 0.5, 1, **AT)

    assert np.array_equal(mask, dropout_mask(9, 20, 0.5, 1, **AT))
    assert not np.array_equal(mask, dropout_mask(9, 20, 0.5, 2, **AT))
    for name in AT:
        assert not np.array_equal(mask, dropout_mask(9, 20, 0.5, 1, **{**AT, name: 8}))
    assert np.array_equal(mask[:, :7], dropout_mask(9, 7, 0.5, 1, **AT))


def test_a_mask_is_these_bits():
    """Sixteen bits an element of Philox, examples one after another, written out."""
    raw = np.random.Philox(
        key=np.array([1, 3], np.uint64), counter=np.array([0, 2, 5, 3], np.uint64)
    ).random_raw(4)
    lanes = [(int(word) >> (16 * lane)) & 0xFFFF for word in raw for lane in range(4)]
    expected = np.array([bits < round(0.3 * 65536) for bits in lanes[:15]]).reshape(5, 3).T

    assert np.array_equal(dropout_mask(3, 5, 0.3, 1, **AT), expected)


def test_the_l1_penalty_and_its_derivative():
    """(lambda / m) sum |W| by hand (eq. 14.3), by differences, and 0 at 0 (eq. 14.4)."""
    W = np.array([[1.0, -2.0], [3.0, 0.5]])

    assert l1(W, 0.6, 3) == pytest.approx(0.2 * 6.5)
    expected = central_difference(lambda theta: l1(theta.reshape(2, 2), 0.6, 3), W.ravel())
    assert relative_error(l1_backward(W, 0.6, 3).ravel(), expected) < 1e-9
    assert np.array_equal(l1_backward(0 * W, 0.6, 3), 0 * W)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_max_norm_bounds_the_rows(scale):
    """A row above the bound is scaled to it, in its direction; the others keep their bits (eq. 14.5)."""
    W = scale * np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])

    bounded = max_norm(W, scale)

    assert bounded[0] == pytest.approx(scale * np.array([0.6, 0.8]), rel=1e-14, abs=0.0)
    assert bounded[1:].tobytes() == W[1:].tobytes()


def test_max_norm_takes_a_row_of_great_and_small_weights():
    """The squares of the great one would overflow."""
    bounded = max_norm(np.array([[1e200, 1.0]]), 5e199)

    assert bounded[0] == pytest.approx([5e199, 0.5], rel=1e-14)


def test_strict_arrays_agree():
    """Every function runs on the array API alone."""
    W, D = np.array([[3.0, -4.0], [0.3, 0.4]]), np.array([[1.0, 0.0], [1.0, 1.0]])
    strict_W, strict_D = array_api_strict.asarray(W), array_api_strict.asarray(D)

    assert np.array_equal(np.asarray(dropout(strict_W, strict_D, 0.5)), dropout(W, D, 0.5))
    assert l1(strict_W, 1.0, 2) == l1(W, 1.0, 2)
    assert np.array_equal(np.asarray(l1_backward(strict_W, 1.0, 2)), l1_backward(W, 1.0, 2))
    assert np.array_equal(np.asarray(max_norm(strict_W, 1.0)), max_norm(W, 1.0))
