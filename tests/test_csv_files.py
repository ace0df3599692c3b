"""CSV files: one outcome for every odd case, and never a silent one."""

import gzip
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ellnet.columns import Kind
from ellnet.csv_files import MISSING, read_csv, typed_column
from ellnet.errors import DataError

FILE = Path("odd.csv")


def read(text: str | bytes, **options: Any) -> dict[str, tuple[str, list[Any]]]:
    """Name of each column -> its kind and values, None where missing."""
    table = read_csv(FILE, text.encode() if isinstance(text, str) else text, **options)
    return {
        name: (
            column.kind,
            [None if isinstance(v, float) and math.isnan(v) else v for v in column.values],
        )
        for name, column in table.columns.items()
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,x\n2,y\n", {"a": ("number", [1, 2]), "b": ("category", ["x", "y"])}),
        ("a;b\n1;x\n", {"a": ("number", [1]), "b": ("category", ["x"])}),
        ("a\tb\n1\tx\n", {"a": ("number", [1]), "b": ("category", ["x"])}),
        ("a|b\n1|x\n", {"a": ("number", [1]), "b": ("category", ["x"])}),
        ('"a;b;c;d",e\n1,2\n', {"a;b;c;d": ("number", [1]), "e": ("number", [2])}),
        (
            'a,b\n1,"x, y"\n2,"q""q"\n',
            {"a": ("number", [1, 2]), "b": ("category", ["x, y", 'q"q'])},
        ),
        ('a,b\n1,"two\nlines"\n', {"a": ("number", [1]), "b": ("category", ["two\nlines"])}),
        ("\ufeffa,b\r\n1,2\r\n3,4\r\n", {"a": ("number", [1, 3]), "b": ("number", [2, 4])}),
        ("a,b\r1,2\r3,4\r", {"a": ("number", [1, 3]), "b": ("number", [2, 4])}),
        ("a,b\n1,2", {"a": ("number", [1]), "b": ("number", [2])}),
        ("a,b\n1,2\n\n3,4\n\n\n", {"a": ("number", [1, 3]), "b": ("number", [2, 4])}),
        ("a,b\n1,\n\n,4\n", {"a": ("number", [1, None]), "b": ("number", [None, 4])}),
        ("a\n1\n2\n", {"a": ("number", [1, 2])}),
        ("a,b\n +1, 1e3\n-.5 ,2\n", {"a": ("number", [1, -0.5]), "b": ("number", [1000, 2])}),
        (
            "a,b\ntrue,1\nFALSE,2\n,3\n",
            {"a": ("boolean", [1, 0, None]), "b": ("number", [1, 2, 3])},
        ),
        ("a\n1970-01-02\n1970-01-03\n", {"a": ("date", [86400, 172800])}),
        ("a\n1970-01-01 01:00\n1970-01-01T02:00:00\n", {"a": ("date", [3600, 7200])}),
        ("a\n1970-01-01T01:00:00Z\n1970-01-01T01:00:00+02:00\n", {"a": ("date", [3600, -3600])}),
        ("a\n1e400\n1\n", {"a": ("number", [math.inf, 1])}),
        ("a\n0x1f\n0x2f\n", {"a": ("category", ["0x1f", "0x2f"])}),
        ("Größe,日本\n1,x\n", {"Größe": ("number", [1]), "日本": ("category", ["x"])}),
    ],
)
def test_what_is_read_how(text, expected):
    """Delimiters, quotes, line ends, blanks, types."""
    assert read(text) == expected


@pytest.mark.parametrize("word", [w for w in MISSING if w])
def test_every_word_for_missing_is_missing_in_every_kind(word):
    """In numbers, words, dates and yes-or-no."""
    found = read(f"a,b,c,d\n1,x,true,2020-01-01\n{word},{word}, {word} ,{word}\n")

    assert [values[1] for _, values in found.values()] == [None] * 4
    assert [kind for kind, _ in found.values()] == ["number", "category", "boolean", "date"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n", "no row below it"),
        ("a,b\n  \n", "no row below it"),
        ("a,a\n1,2\n", "two columns called 'a' in line 1"),
        ("a,\n1,2\n", "column 2 has none"),
        ("a,b\n1,2\n3\n", "line 3 must have 2 values, as line 1 has, got 1"),
        ("a,b\n1,2\n3,4,5\n", "line 3 must have 2 values, as line 1 has, got 3"),
        ('a,b\n1,"x\ny"\n2\n', "line 4 must have 2 values"),
        ('a,b\n1,"x\n2,y\n', "quote that is never closed"),
        (
            "a\n" + "1\n" * 9 + "x\n",
            r"numbers in 9 of 10 values, .*'x' in row 9 \(line 11\); .*--categorical a",
        ),
        (
            "a\n" + "2020-01-01\n" * 9 + "2020-13-01\n",
            r"dates in 9 of 10 values, .*'2020-13-01' in row 9",
        ),
        ('a\n"1,234"\n"5,678"\n', r"numbers with commas, such as '1,234' in row 0 \(line 2\)"),
        ("a;b\n1,5;2\n2,5;3\n", "numbers with commas, such as '1,5'"),
        (b"a,b\n1,2\n3,\xe9\n", "must be UTF-8 text, got the byte 0xe9 in line 3"),
        ("a,b\n1,2\n".encode("utf-16"), "must be UTF-8 text"),
        (b"a,b\n1,\x00\n", "zero bytes"),
        (gzip.compress(b"a,b\n1,2\n")[:-5], "cut off or damaged"),
        (b"\x1f\x8bnonsense", "cut off or damaged"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(text, message):
    """The file is named, with line and column where there is one."""
    with pytest.raises(DataError, match=message) as caught:
        read(text)

    assert "\n" not in str(caught.value)


def test_gzip_is_recognised_by_its_content():
    """Whatever the name says."""
    assert read(gzip.compress(b"a\n1\n")) == {"a": ("number", [1])}


def test_columns_left_out_are_not_looked_at():
    """Not even words among numbers trouble there; an unknown name is refused."""
    text = "a,b\n" + "1,1\n" * 20 + "1,x\n"

    assert list(read(text, ignore=["b"])) == ["a"]
    with pytest.raises(DataError, match="no column 'bb'; did you mean 'b'"):
        read(text, ignore=["bb"])


def test_numbers_may_be_said_to_be_categories():
    """Then words among them are welcome, and their text stays as it is."""
    found = read("a\n" + "007\n" * 20 + "x\n", categorical=["a"])

    assert found["a"] == ("category", ["007"] * 20 + ["x"])


def test_a_few_numbers_among_words_are_words():
    """Below nine tenths a column is categories."""
    assert read("a\nx\ny\n1\n")["a"][0] == "category"


def test_lines_are_named_only_where_a_row_is_a_line():
    """Quoted line ends and blank lines move the rows away from the lines."""
    plain = read_csv(FILE, b"a,b\n1,2\n3,4\n")
    moved = read_csv(FILE, b'a,b\n"1\n",2\n3,4\n', categorical=["a"])

    assert plain.where(1) == "row 1 (line 3)"
    assert moved.where(1) == "row 1"


TYPED = {
    "number": [
        "1",
        " 2.5",
        "",
        "-1e300",
        "NA",
        "1_0",
        "+7",
        "0x1",
        "inf",
        "nan",
        "1,5",
        "٣",
        "1e999",
    ],
    "boolean": ["true", "FALSE", "", "True ", "None", "yes", "1"],
    "date": [
        "2020-02-29",
        "2020-01-01T10:00",
        "",
        "2020-01-01 10:00:30",
        "?",
        "2020-02-30",
        "12",
        "2020-01-01T10:00:00+02:00",
        "2020-01-01T10:00:00Z",
        "soon",
    ],
    "category": ["a", " b ", "", "1", "true", "N/A", "2020-01-01"],
}


@pytest.mark.parametrize("kind", TYPED)
def test_a_column_of_a_known_kind_is_what_the_whole_file_makes_of_it(kind: Kind) -> None:
    """Value by value, to the bit; what the whole file would refuse, or take for words, is bad."""
    for value in TYPED[kind]:
        usual = {"number": "1.5", "boolean": "true", "date": "2021-03-04", "category": "w"}[kind]
        series = pl.Series("c", [*[usual] * 20, value])
        text = pl.DataFrame({"c": series, "other": "x"}).write_csv().encode()
        categorical = ["c"] if kind == "category" else []

        column, bad = typed_column(series, kind)

        try:
            whole = read_csv(Path("t.csv"), text, categorical=categorical)["c"]
        except DataError:
            assert bad.tolist() == [20], value
            continue
        if whole.kind != kind:
            assert bad.tolist() == [20], value
            continue
        assert bad.tolist() == []
        assert column.kind == whole.kind
        assert np.array_equal(column.values, whole.values, equal_nan=kind != "category")
