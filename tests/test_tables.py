"""Files and frames of every kind to columns, and results back to files."""

import datetime as dt
import os
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ellnet.columns import Columns
from ellnet.errors import DataError, FileAccessError
from ellnet.tables import from_frame, read_table

FRAME = pl.DataFrame(
    {
        "n": [1, None],
        "x": [0.5, None],
        "c": ["a", None],
        "b": [True, None],
        "d": [dt.date(1970, 1, 2), None],
        "t": [dt.datetime(1970, 1, 1, 5), None],  # noqa: DTZ001
    }
)
EXPECTED = {
    "n": ("number", [1.0, None]),
    "x": ("number", [0.5, None]),
    "c": ("category", ["a", None]),
    "b": ("boolean", [1.0, None]),
    "d": ("date", [86400.0, None]),
    "t": ("date", [18000.0, None]),
}


def plain(table: Columns) -> dict[str, tuple[str, list[Any]]]:
    """Name of each column -> its kind and values, None where missing."""
    return {
        name: (
            column.kind,
            [
                None if gone else v
                for v, gone in zip(column.values.tolist(), column.missing, strict=True)
            ],
        )
        for name, column in table.columns.items()
    }


@pytest.mark.parametrize("suffix", ["parquet", "feather", "arrow", "ipc"])
def test_columnar_files_keep_their_types(tmp_path, suffix):
    """Whole numbers, floats, words, yes-or-no, dates and times, with missing values."""
    path = tmp_path / f"t.{suffix}"
    (FRAME.write_parquet if suffix == "parquet" else FRAME.write_ipc)(path)

    assert plain(read_table(path)) == EXPECTED


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME.to_arrow(),
        FRAME.to_pandas(),
        FRAME.to_dict(as_series=False),
        FRAME.to_dicts(),
        pd.DataFrame(
            {
                "n": pd.array([1, None], "Int64"),
                "x": pd.array([0.5, None], "Float64"),
                "c": pd.Categorical(["a", None]),
                "b": pd.array([True, None], "boolean"),
                "d": pd.to_datetime(pd.Series(["1970-01-02", None])),
                "t": pd.to_datetime(pd.Series(["1970-01-01T05:00", None])),
            }
        ),
        FRAME.with_columns(
            pl.col("c").cast(pl.Enum(["a", "b"])), pl.col("n").cast(pl.Decimal(10, 2))
        ),
        FRAME.with_columns(pl.col("c").cast(pl.Categorical)),
    ],
    ids=[
        "polars",
        "arrow",
        "pandas",
        "dict",
        "records",
        "pandas nullable",
        "enum, decimal",
        "categorical",
    ],
)
def test_frames_of_every_library_are_the_same_columns(frame):
    """Whatever the types are called."""
    found = plain(from_frame(frame))

    assert {**found, "b": ("boolean", [*found["b"][1]])} == EXPECTED


@given(
    st.sampled_from(["<f4", ">f4", "<f8", ">f8", "f2", "i1", "u1", "<i8", ">i2", "?"]),
    st.sampled_from(["C", "F", "strided", "reversed", "readonly", "subclass"]),
)
def test_every_layout_and_number_type_of_an_array_is_the_same_columns(dtype, layout):
    """And the array is left as it was."""
    base = np.array([[0, 1, 1], [1, 0, 1]])
    array = {
        "C": np.array(base, dtype, order="C"),
        "F": np.array(base, dtype, order="F"),
        "strided": np.repeat(base.astype(dtype), 2, axis=1)[:, ::2],
        "reversed": base.astype(dtype)[::-1, ::-1][::-1, ::-1],
        "readonly": base.astype(dtype),
        "subclass": base.astype(dtype).view(np.matrix) if dtype == "<f8" else base.astype(dtype),
    }[layout]
    if layout == "readonly":
        array.flags.writeable = False
    before = array.tobytes()

    table = from_frame(np.asarray(array))

    assert [table[name].values.tolist() for name in ("x0", "x1", "x2")] == base.T.tolist()
    assert array.tobytes() == before


def test_a_masked_value_is_missing():
    """Not the number under the mask."""
    table = from_frame({"a": np.ma.masked_array([1.0, 99.0], [False, True])})

    assert plain(table) == {"a": ("number", [1.0, None])}


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (5, "must be a polars, pandas or pyarrow frame, .* got int"),
        ("text", "got str"),
        ([1, 2], "got list"),
        (np.ones(3), r"rows and columns, got shape \(3,\)"),
        (np.ones((2, 2), complex), "column 'x0' must hold numbers"),
        ({"a": [1, 2], "b": [1]}, "got 2 in 'a' and 1 in 'b'"),
        ({"a": [1, "x"]}, "one kind, got 1 in row 0 and 'x' in row 1"),
        (pd.DataFrame({"a": [1, "x"]}), "one kind, got 1 in row 0 and 'x' in row 1"),
        (pl.DataFrame({"a": [[1], [2]]}), "column 'a' .* got List"),
        (pl.DataFrame({"a": [{"x": 1}]}), "column 'a' .* got Struct"),
        (pl.DataFrame({"a": [dt.timedelta(1)]}), "column 'a' .* got Duration"),
        (pl.DataFrame({"a": [dt.time(1)]}), "column 'a' .* got Time"),
        (pa.table({"a": pa.array([b"x"])}), "column 'a' .* got Binary"),
    ],
)
def test_what_is_no_table_is_refused(frame, message):
    """The column and what it holds stand in the message."""
    with pytest.raises(DataError, match=message):
        from_frame(frame)


def test_npz_files_lay_x_out_as_columns(tmp_path):
    """Images become one column a pixel; the other arrays stand beside them."""
    path = tmp_path / "a.npz"
    np.savez(path, X=np.arange(12, dtype=np.uint8).reshape(3, 2, 2), y=np.array(["a", "b", "a"]))

    table = read_table(path)

    assert table.names == ("x0", "x1", "x2", "x3", "y")
    assert table["x3"].values.tolist() == [3.0, 7.0, 11.0]
    assert table["y"].kind == "category"


def test_npz_files_in_two_parts_say_which_is_which(tmp_path):
    """X_train and X_test are joined, with a column `split`."""
    path = tmp_path / "a.npz"
    np.savez(
        path, X_train=np.ones((3, 2)), y_train=[0, 1, 0], X_test=np.zeros((2, 2)), y_test=[1, 1]
    )

    table = read_table(path)

    assert table["split"].values.tolist() == ["train"] * 3 + ["test"] * 2
    assert table["y"].values.tolist() == [0, 1, 0, 1, 1]
    assert table["x1"].values.tolist() == [1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.array([{}], object)}, "no npz file of plain arrays"),
        ({"X": np.array(1.0)}, "must have rows"),
        ({"X": np.ones((3, 2)), "y": np.ones(2)}, "got 3 in 'x0' and 2 in 'y'"),
        ({"X": np.ones((3, 2)), "y": np.ones((3, 2))}, "one value a row"),
        (
            {
                "X_train": np.ones((3, 2)),
                "y_train": np.ones(3),
                "X_test": np.ones((3, 3)),
                "y_test": np.ones(3),
            },
            "must have the columns of X_train",
        ),
    ],
)
def test_npz_files_that_are_no_table_are_refused(tmp_path, arrays, message):
    """Nothing is unpickled."""
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)

    with pytest.raises(DataError, match=message):
        read_table(path)


@pytest.mark.parametrize("name", ["t.parquet", "t.feather", "t.npz", "t.csv"])
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04nonsense", b"PAR1" + bytes(40), b"\x80\x04]."])
def test_damaged_files_are_refused_in_one_sentence(tmp_path, name, data):
    """Whatever library reads them."""
    path = tmp_path / name
    path.write_bytes(data)

    with pytest.raises(DataError, match=name) as caught:
        read_table(path)

    assert "\n" not in str(caught.value)


def test_a_truncated_parquet_file_is_refused(tmp_path):
    """At every length."""
    whole = tmp_path / "t.parquet"
    FRAME.write_parquet(whole)
    data, cut = whole.read_bytes(), tmp_path / "cut.parquet"

    for length in range(0, len(data), 97):
        cut.write_bytes(data[:length])
        with pytest.raises(DataError, match=r"cut\.parquet"):
            read_table(cut)


def test_what_is_no_file_is_refused(tmp_path):
    """A folder, a pipe, nothing at all, and an ending that says nothing."""
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "table.csv").write_text("a\n1\n")
    os.mkfifo(tmp_path / "pipe.csv")

    for name, error, message in (
        ("folder.csv", FileAccessError, "it is a folder"),
        ("pipe.csv", FileAccessError, "named pipe"),
        ("tabel.csv", FileAccessError, r"did you mean table\.csv\?"),
        ("no/table.csv", FileAccessError, "there is no folder"),
        ("table.xls", DataError, r"must be a \.csv"),
        ("table", DataError, r"must be a \.csv"),
    ):
        with pytest.raises(error, match=message):
            read_table(tmp_path / name)


def test_columns_are_left_out_of_every_kind_of_file(tmp_path):
    """And an unknown name is refused."""
    FRAME.write_parquet(tmp_path / "t.parquet")
    np.savez(tmp_path / "t.npz", X=np.ones((2, 2)), y=[0, 1])

    assert read_table(tmp_path / "t.parquet", ignore=["n", "t"]).names == ("x", "c", "b", "d")
    assert read_table(tmp_path / "t.npz", ignore=["x0"]).names == ("x1", "y")
    for name in ("t.parquet", "t.npz"):
        with pytest.raises(DataError, match="has no column 'zz'"):
            read_table(tmp_path / name, ignore=["zz"])


def test_numbers_that_are_categories_agree_between_kinds_of_file(tmp_path):
    """The level 7 is the same text in CSV and Parquet."""
    (tmp_path / "t.csv").write_text("zip\n7\n10\n")
    pl.DataFrame({"zip": [7, 10]}).write_parquet(tmp_path / "t.parquet")

    levels = [
        read_table(tmp_path / name, categorical=["zip"])["zip"].values.tolist()
        for name in ("t.csv", "t.parquet")
    ]

    assert levels == [["7", "10"], ["7", "10"]]
