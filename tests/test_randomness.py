"""Counter-based randomness: every number has an address."""

from typing import Any

import numpy as np
import pytest

from ellnet.randomness import Stream, generator, words

GOLDEN = ["0xc512e2cffdaf460f", "0x8b1c82c7689279de", "0x92711c36dec15851"]


def test_the_words_of_an_address_never_change():
    """Golden words: a change of the stream is a change of every model's bits."""
    golden = words(3, 42, Stream.ORDER, epoch=7, step=1, layer=2)

    assert [hex(word) for word in golden.tolist()] == GOLDEN


def test_the_address_is_laid_out_as_the_design_says():
    """Key (seed, stream); counter epoch, step, layer, block from the highest word to the lowest."""
    counter = 7 * 2**192 + 1 * 2**128 + 2 * 2**64
    direct = np.random.Philox(key=42 + int(Stream.ORDER) * 2**64, counter=counter)

    assert (
        direct.random_raw(8).tolist()
        == words(8, 42, Stream.ORDER, epoch=7, step=1, layer=2).tolist()
    )


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"stream": Stream.SPLIT},
        {"epoch": 1},
        {"step": 1},
        {"layer": 1},
    ],
)
def test_every_part_of_the_address_counts(other):
    """Another seed, stream, epoch, step or layer gives other words."""
    base: dict[str, Any] = {"seed": 0, "stream": Stream.ORDER, "epoch": 0, "step": 0, "layer": 0}

    assert words(4, **base).tolist() != words(4, **{**base, **other}).tolist()


def test_more_words_go_on_where_fewer_end():
    """The count does not change the words."""
    assert words(9, 5, Stream.DATA)[:4].tolist() == words(4, 5, Stream.DATA).tolist()


def test_the_largest_seed_is_taken():
    """A seed is a whole 64-bit word."""
    assert words(1, 2**64 - 1, Stream.DATA).dtype == np.uint64
    assert 0 <= generator(2**64 - 1, Stream.DATA).random() < 1


def test_streams_have_numbers_of_their_own():
    """No two purposes share their random numbers, and a number is never given to another purpose."""
    assert {stream.name: int(stream) for stream in Stream} == {
        "INITIAL_WEIGHTS": 1,
        "ORDER": 2,
        "DROPOUT": 3,
        "SPLIT": 4,
        "DATA": 5,
        "SEARCH": 6,
        "SHRINKING": 7,
    }
    assert len({int(stream) for stream in Stream}) == len(Stream)
