"""Result files: frames one after another are one table, durably."""

from pathlib import Path

import polars as pl
import pytest

from ellnet import result_files
from ellnet.errors import FileAccessError
from ellnet.result_files import CsvText, result_file

FRAMES = [
    pl.DataFrame({"label": ['a, "b"', "c"], "p": [0.25, 1.0]}),
    pl.DataFrame({"label": [], "p": []}, {"label": pl.String, "p": pl.Float64}),
    pl.DataFrame({"label": ["=1+2"], "p": [0.5]}),
]


@pytest.mark.parametrize("group", [1, 2, 1000])
@pytest.mark.parametrize("name", ["r.csv", "r.parquet", "R.PARQUET"])
def test_frames_become_one_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, group: int
) -> None:
    """In their order, commas and quotes included; nothing else is left in the folder."""
    monkeypatch.setattr(result_files, "ROW_GROUP", group)

    with result_file(tmp_path / name) as result:
        for frame in FRAMES:
            result.add(frame)
        assert not (tmp_path / name).exists()

    read = pl.read_csv if name == "r.csv" else pl.read_parquet
    assert read(tmp_path / name).equals(pl.concat(FRAMES))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_text_has_one_line_of_names() -> None:
    """However many frames there are."""
    said: list[bytes] = []
    text = CsvText(said.append)
    for frame in FRAMES:
        text.add(frame)
    text.end()

    assert b"".join(said) == b'label,p\n"a, ""b""",0.25\nc,1.0\n=1+2,0.5\n'


def test_a_name_that_says_no_kind_is_refused(tmp_path: Path) -> None:
    """Before anything is written."""
    with (
        pytest.raises(FileAccessError, match=r"must end in \.csv or \.parquet"),
        result_file(tmp_path / "r.xls"),
    ):
        pass

    assert list(tmp_path.iterdir()) == []
