"""CSV files record by record: what the whole file gives, in constant memory, bad lines told apart."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ellnet import csv_records
from ellnet.csv_records import Records, open_records
from ellnet.errors import DataError

TEXT = 'a,b\n1,2\n\n3,4\r\n5,"x\ny"\n6\n7,8,9\n10,11'


def read(path: Path, count: int) -> list[Records]:
    """Read a file, so many records at a time."""
    with open_records(path) as records:
        found = []
        while some := records.take(count):
            found.append(some)
        assert records.part == 1.0
        return found


@pytest.mark.parametrize("count", [1, 2, 3, 100])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_records_have_numbers_and_lines(tmp_path: Path, count: int, pack: type[bytes]) -> None:
    """Blank lines are no rows; a value of two lines is one; short and long rows are bad."""
    (tmp_path / "t.csv").write_bytes(pack(b"\xef\xbb\xbf" + TEXT.encode()))

    found = read(tmp_path / "t.csv", count)

    rows = [row for some in found for row in zip(some.rows, some.lines, some.values, strict=True)]
    bad = [(each.row, each.line, each.reason) for some in found for each in some.bad]
    assert rows == [
        (0, 2, ["1", "2"]),
        (1, 4, ["3", "4"]),
        (2, 5, ["5", "x\ny"]),
        (5, 9, ["10", "11"]),
    ]
    assert bad == [
        (3, 7, "must have 2 values, as line 1 has, got 1"),
        (4, 8, "must have 2 values, as line 1 has, got 3"),
    ]
    assert max(len(some.rows) + len(some.bad) for some in found) <= count


@given(
    rows=st.lists(
        st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0\r"))] * 2),
        min_size=1,
        max_size=20,
    ),
    count=st.integers(1, 7),
)
def test_what_a_writer_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], count: int
) -> None:
    """Whatever stands in the values, Python's own writer and these records agree."""
    path = tmp_path_factory.mktemp("records") / "t.csv"
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([("a", "b"), *rows])
    path.write_bytes(buffer.getvalue().encode())

    found = read(path, count)

    assert [tuple(values) for some in found for values in some.values] == rows
    assert [row for some in found for row in some.rows] == list(range(len(rows)))


def test_a_line_without_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line may have so many characters and no more."""
    monkeypatch.setattr(csv_records, "LONGEST", 1000)
    (tmp_path / "t.csv").write_text("a,b\n1,2\n" + "x" * 5000 + ",3\n")

    with pytest.raises(DataError, match="line 3 must have fewer than 1000 characters"):
        read(tmp_path / "t.csv", 10)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\n\na,b\n1,2\n", "line 1 must name the columns, and is blank"),
        (b"a,b\n\n\n", "no row below it"),
        (b"a,a\n1,2\n", "two columns called 'a'"),
        (b"a,\xff\n1,2\n", "got the byte 0xff in line 1"),
        (b"a,\0\n1,2\n", "holds zero bytes"),
    ],
)
def test_a_file_without_names_or_rows_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    """In a sentence, before a record is read."""
    (tmp_path / "t.csv").write_bytes(data)

    with pytest.raises(DataError, match=words):
        read(tmp_path / "t.csv", 10)
