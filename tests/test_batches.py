"""Examples, orders, minibatches and splits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ellnet import batches
from ellnet.batches import Examples, epoch_order, minibatches, split
from ellnet.errors import DataError, ShapeError
from ellnet.randomness import Stream, words


@given(st.integers(1, 300), st.integers(0, 5), st.integers(0, 3))
def test_an_order_is_the_stable_argsort_of_one_word_an_example(m, seed, epoch):
    """A permutation, fixed by seed and epoch alone."""
    order = epoch_order(m, seed, epoch)

    drawn = words(m, seed, Stream.ORDER, epoch=epoch)
    assert sorted(order.tolist()) == list(range(m))
    assert order.tolist() == sorted(range(m), key=lambda i: (int(drawn[i]), i))


def test_equal_words_keep_the_order_of_the_examples(monkeypatch):
    """The sort is stable: ties go by index."""
    tied = np.random.default_rng(0).integers(0, 3, 1000).astype(np.uint64)
    monkeypatch.setattr(batches, "words", lambda *_, **__: tied)

    order = epoch_order(1000, 0, 0)

    assert order.tolist() == sorted(range(1000), key=lambda i: (int(tied[i]), i))


def test_orders_differ_between_epochs_and_seeds():
    """Each epoch has its own, and so has each seed."""
    orders = {tuple(epoch_order(50, seed, epoch)) for seed in range(3) for epoch in range(3)}

    assert len(orders) == 9


@given(st.integers(1, 500), st.integers(1, 600))
def test_minibatches_cover_all_in_order(m, size):
    """Each example once; all but the last have the size asked for."""
    parts = list(minibatches(m, size))

    assert [i for part in parts for i in range(m)[part]] == list(range(m))
    assert all(part.stop - part.start == min(size, m) for part in parts[:-1])


@given(
    st.lists(st.integers(2, 40), min_size=1, max_size=6),
    st.floats(0.05, 0.6),
    st.integers(0, 3),
)
def test_a_split_is_stratified_disjoint_and_whole(counts, fraction, seed):
    """Each class gives its share within one row, and keeps at least one for training."""
    labels = np.repeat(np.arange(len(counts)), counts)
    m = len(labels)
    total = max(1, round(fraction * m))
    if total > sum(count - 1 for count in counts):
        return

    parts = split(m, fraction, seed, labels)

    assert sorted([*parts.train, *parts.held_out]) == list(range(m))
    assert len(parts.held_out) == total
    held = np.bincount(labels[parts.held_out], minlength=len(counts))
    assert np.all(held < counts)
    room = np.array(counts) - 1
    ideal = np.array(counts) * total / m
    if np.all(np.ceil(ideal) <= room):
        assert np.all(np.abs(held - ideal) <= 1)


@pytest.mark.parametrize(
    ("counts", "fraction", "held"),
    [([2, 18], 0.9, [1, 17]), ([1, 9], 0.5, [0, 5]), ([1, 1, 8], 0.6, [0, 0, 6])],
)
def test_every_class_keeps_a_row_for_training(counts, fraction, held):
    """What a small class cannot give the others do, so that the fraction is still exact."""
    labels = np.repeat(np.arange(len(counts)), counts)

    parts = split(len(labels), fraction, 0, labels)

    assert np.bincount(labels[parts.held_out], minlength=len(counts)).tolist() == held


def test_the_rows_of_a_split_are_in_ascending_order():
    """Both parts, so that a table keeps its order."""
    parts = split(50, 0.3, 0)

    assert parts.train.tolist() == sorted(parts.train)
    assert parts.held_out.tolist() == sorted(parts.held_out)


def test_a_split_follows_seed_and_part():
    """The same address gives the same rows, another one others."""
    base = split(100, 0.2, 0).held_out.tolist()

    assert split(100, 0.2, 0).held_out.tolist() == base
    assert split(100, 0.2, 1).held_out.tolist() != base
    assert split(100, 0.2, 0, part=1).held_out.tolist() != base


@pytest.mark.parametrize(
    ("m", "fraction", "labels"),
    [(1, 0.5, None), (2, 0.9, None), (3, 0.5, [0, 1, 2])],
)
def test_what_cannot_be_split_is_refused(m, fraction, labels):
    """One row for each side, and one of each class for training, must be left."""
    given_labels = None if labels is None else np.array(labels)

    with pytest.raises(DataError, match=f"of {m} rows"):
        split(m, fraction, 0, given_labels)


@pytest.mark.parametrize(
    ("X", "Y", "w", "message"),
    [
        ((2, 3), (1, 4), None, "same number m of columns, got 3 and 4"),
        ((2,), (1, 2), None, "X must have two dimensions"),
        ((2, 3), (3,), None, "Y must have two dimensions"),
        ((2, 3), (1, 3), (1, 2), r"w must have shape \(1, m\) = \(1, 3\), got \(1, 2\)"),
    ],
)
def test_columns_that_do_not_belong_together_are_refused(X, Y, w, message):
    """The message names the quantity and the shapes."""
    with pytest.raises(ShapeError, match=message):
        Examples(np.zeros(X), np.zeros(Y), None if w is None else np.ones(w))


def test_no_example_is_refused():
    """There is nothing to learn from."""
    with pytest.raises(DataError, match="at least one example"):
        Examples(np.zeros((2, 0)), np.zeros((1, 0)))


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_weights_that_are_none_are_refused_by_example(bad):
    """Negative, missing and infinite ones."""
    with pytest.raises(DataError, match=f"at least 0, got {bad} for example 2"):
        Examples(np.zeros((2, 3)), np.zeros((1, 3)), np.array([[1.0, 0.0, bad]]))


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, np.nan])
def test_a_fraction_that_is_none_is_refused(fraction):
    """It has to lie between 0 and 1."""
    with pytest.raises(DataError, match="between 0 and 1, got"):
        split(10, fraction, 0)
