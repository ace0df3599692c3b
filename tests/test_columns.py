"""Columns: plain values to a table in memory."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest

from ellnet.columns import Column, Columns, suggestion
from ellnet.errors import DataError


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2.5, None], "number", [1.0, 2.5, None]),
        ([True, None, False], "boolean", [1.0, None, 0.0]),
        (["x", None, "y"], "category", ["x", None, "y"]),
        ([np.int64(3), np.float32(0.5), float("nan")], "number", [3.0, 0.5, None]),
        ([date(1970, 1, 2), None], "date", [86400.0, None]),
        ([datetime(1970, 1, 1, 1, tzinfo=UTC)], "date", [3600.0]),
        ([datetime(1970, 1, 1, 1)], "date", [3600.0]),  # noqa: DTZ001
        ([datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))], "date", [0.0]),
        ([np.datetime64("1970-01-02"), np.datetime64("NaT")], "date", [86400.0, None]),
        ([10**400, -(10**400)], "number", [np.inf, -np.inf]),
        ([None, None], "number", [None, None]),
    ],
)
def test_the_kind_follows_from_the_values(values, kind, expected):
    """None and NaN are missing; the rest is converted to the kind's own form."""
    column = Column.of("a", values)

    known = [None if v is None or v != v else v for v in column.values.tolist()]  # noqa: PLR0124
    assert column.kind == kind
    assert known == expected
    assert column.missing.tolist() == [v is None for v in expected]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, "x"], "one kind, got 1 in row 0 and 'x' in row 1"),
        ([None, True, 2], "one kind, got True in row 1 and 2 in row 2"),
        ([b"x"], r"got b'x' \(bytes\) in row 0"),
        ([1 + 2j], r"\(complex\) in row 0"),
        ([[1]], "column 'a'"),
    ],
)
def test_values_that_are_no_column_are_refused_by_row(values, message):
    """The column, two values and their rows stand in the message."""
    with pytest.raises(DataError, match=message):
        Column.of("a", values)


def table() -> Columns:
    """Three rows of two columns, from a file whose first row is in line 2."""
    columns = [Column.of("age", [30, 40, 50]), Column.of("city", ["Rome", "Oslo", None])]
    return Columns.of(columns, "people.csv", first_line=2)


def test_rows_keep_their_numbers():
    """A part of a table names its rows as the file does."""
    part = table().take(np.array([2, 0]))

    assert part.m == 2
    assert part["age"].values.tolist() == [50.0, 30.0]
    assert part.where(0) == "row 2 (line 4)"
    assert part.take(np.array([1])).where(0) == "row 0 (line 2)"
    assert Columns.from_mapping({"a": [1]}).where(0) == "row 0"


def test_columns_are_left_out_by_name():
    """What is left keeps its order; an unknown name is refused, here and when asked for."""
    assert table().drop(["age"]).names == ("city",)
    for call in (lambda: table().drop(["agee"]), lambda: table()["agee"]):
        with pytest.raises(
            DataError, match=r"people\.csv has no column 'agee'; did you mean 'age'\?"
        ):
            call()


def test_records_may_lack_fields():
    """What a record does not name is missing; the columns come in the order first seen."""
    records = Columns.from_records([{"a": 1}, {"b": "x"}])

    assert records.names == ("a", "b")
    assert records.m == 2
    assert records["a"].missing.tolist() == [False, True]


def test_columns_that_do_not_fit_together_are_refused():
    """Lengths and names."""
    with pytest.raises(DataError, match="got 2 in 'a' and 1 in 'b'"):
        Columns.from_mapping({"a": [1, 2], "b": [1]})
    with pytest.raises(DataError, match="two columns called 'a'"):
        Columns.of([Column.of("a", [1]), Column.of("a", [2])])


def test_a_suggestion_is_a_close_name_or_all_names():
    """At most a dozen are listed."""
    assert suggestion("colour", ["color", "size"]) == "did you mean 'color'?"
    assert suggestion("zzz", ["a", "b"]) == "it has 'a', 'b'"
    assert suggestion("zzz", [f"c{i}" for i in range(20)]).endswith("...")
    assert suggestion("zzz", []) == "it has none at all"
