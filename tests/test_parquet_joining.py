"""Joining Parquet files: any reader finds the rows of all parts, in their order."""

import io
from datetime import date

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ellnet.parquet_joining import ParquetJoiner

TYPES: dict[str, tuple[st.SearchStrategy[object], pl.DataType]] = {
    "whole": (st.integers(-(2**63), 2**63 - 1), pl.Int64()),
    "small": (st.integers(0, 255), pl.UInt8()),
    "number": (st.floats(allow_nan=False), pl.Float64()),
    "short": (st.floats(width=32, allow_nan=False), pl.Float32()),
    "word": (st.text(max_size=5), pl.String()),
    "truth": (st.booleans(), pl.Boolean()),
    "day": (st.dates(date(1900, 1, 1), date(2100, 1, 1)), pl.Date()),
    "nothing": (st.none(), pl.Null()),
}


def joined(frames: list[pl.DataFrame], rows: int = 100_000) -> bytes:
    """Join frames, each a Parquet file with groups of so many rows."""
    out = io.BytesIO()
    joiner = ParquetJoiner(out.write)
    for frame in frames:
        part = io.BytesIO()
        frame.write_parquet(part, row_group_size=rows)
        joiner.add(part.getvalue())
    joiner.end()
    return out.getvalue()


@settings(max_examples=60)
@given(data=st.data(), names=st.lists(st.sampled_from(sorted(TYPES)), min_size=1, unique=True))
def test_two_readers_find_what_was_in_the_parts(data: st.DataObject, names: list[str]) -> None:
    """polars and pyarrow read the same as one frame holds that was never cut."""
    frames = []
    for length in data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=5)):
        columns = {
            name: data.draw(st.lists(st.none() | TYPES[name][0], min_size=length, max_size=length))
            for name in names
        }
        frames.append(pl.DataFrame(columns, {name: TYPES[name][1] for name in names}))
    whole = pl.concat(frames)

    file = joined(frames, rows=data.draw(st.integers(1, 10)))

    table = pq.read_table(io.BytesIO(file))
    assert pl.read_parquet(io.BytesIO(file)).equals(whole)
    assert [table[name].to_pylist() for name in names] == [whole[name].to_list() for name in names]


def test_parts_of_many_groups_and_columns_keep_their_places() -> None:
    """Numbers of more than one byte, lists of more than fifteen: slices and filters find their rows."""
    draws = np.random.default_rng(0)
    frames = [
        pl.DataFrame({f"c{j}": draws.normal(size=1000) for j in range(40)}).with_columns(
            row=pl.int_range(k * 1000, (k + 1) * 1000, eager=True)
        )
        for k in range(20)
    ]
    whole = pl.concat(frames)

    file = joined(frames, rows=50)

    lazy = pl.scan_parquet(io.BytesIO(file))
    assert pq.ParquetFile(io.BytesIO(file)).num_row_groups == 400
    assert lazy.slice(9990, 30).collect().equals(whole.slice(9990, 30))
    assert lazy.filter(pl.col("row") == 15_555).collect().equals(whole[15_555])
    assert pq.read_table(io.BytesIO(file), columns=["c39"])["c39"].to_pylist() == (
        whole["c39"].to_list()
    )


def test_the_same_parts_give_the_same_bytes() -> None:
    """Nothing of the time or the place is in the file."""
    frames = [pl.DataFrame({"a": [1, 2]}), pl.DataFrame({"a": [3]})]

    assert joined(frames) == joined(frames)


def test_what_is_no_footer_of_ours_is_refused() -> None:
    """A map, which no footer of Parquet has, is not guessed at."""
    part = b"PAR1" + bytes([0x1B, 0x00]) + (2).to_bytes(4, "little") + b"PAR1"

    with pytest.raises(ValueError, match="no Thrift value of kind 11"):
        ParquetJoiner(lambda _: None).add(part)
