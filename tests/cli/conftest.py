"""What tests of the command line share."""

from pathlib import Path

import pytest

from ellnet.cli import main
from tests.cli.command_line import Ell, Ran, mixed_table, points

__all__ = ["ell", "models"]


@pytest.fixture
def ell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ell:
    """Return a function that runs a command line in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: object) -> Ran:
        capsys.readouterr()
        code = main([str(word) for word in words])
        streams = capsys.readouterr()
        return Ran(code, streams.out, streams.err)

    return run


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with small trained models, and the tables that they were trained on."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "mixed.csv").write_text(mixed_table())
    (folder / "points.csv").write_text(points())
    for name in ("mixed", "points"):
        table, out = folder / f"{name}.csv", folder / name
        words = ["train", str(table), "--target", "y", "--epochs", "5", "--out", str(out)]
        assert main([*words, "--hidden", "5,3"]) == 0
    return folder
