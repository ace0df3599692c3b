"""The run folder."""

import json

import pytest

from ellnet.errors import FileAccessError
from ellnet.history import Epoch
from ellnet.runs import RunFolder


def test_folders_are_numbered(tmp_path, monkeypatch):
    """Without a name the first free number is taken."""
    monkeypatch.chdir(tmp_path)

    names = [RunFolder.create(None, "iris", ["ellnet"]).path.as_posix() for _ in range(3)]

    assert names == ["runs/iris-1", "runs/iris-2", "runs/iris-3"]


def test_the_command_is_kept_as_it_has_to_be_typed(tmp_path):
    """Words with blanks are quoted."""
    folder = RunFolder.create(tmp_path / "a", "x", ["ellnet", "train", "my table.csv"])

    assert (folder.path / "command.txt").read_text() == "ellnet train 'my table.csv'\n"


def test_a_folder_in_use_is_refused(tmp_path):
    """Nothing of another run is overwritten."""
    (tmp_path / "old").write_text("x")

    with pytest.raises(FileAccessError, match="is not empty; name a new one"):
        RunFolder.create(tmp_path, "x", [])


@pytest.mark.parametrize("name", ["file/run", "file"])
def test_a_path_that_is_no_folder_is_refused(tmp_path, name):
    """One sentence names the folder."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(FileAccessError, match="cannot be made"):
        RunFolder.create(tmp_path / name, "x", [])


def test_runs_being_a_file_is_refused(tmp_path, monkeypatch):
    """The numbered folders cannot be made under a file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").write_text("x")

    with pytest.raises(FileAccessError, match="runs cannot be made"):
        RunFolder.create(None, "x", [])


def test_metrics_are_one_json_object_an_epoch(tmp_path):
    """Each line stands for itself; what was not measured is left out."""
    folder = RunFolder.create(tmp_path / "a", "x", [])

    folder.append_epoch(1, Epoch(0.5, seconds=0.1), "")
    folder.append_epoch(2, Epoch(0.4, 0.6, 0.9, 0.1), "accuracy")

    lines = (folder.path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"epoch": 1, "cost": 0.5, "seconds": 0.1},
        {
            "epoch": 2,
            "cost": 0.4,
            "validation_cost": 0.6,
            "validation_accuracy": 0.9,
            "seconds": 0.1,
        },
    ]
