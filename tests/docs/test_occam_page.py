"""The page on the ladder: every block of it runs as it stands."""

import re
import shlex
from pathlib import Path

import pytest

from ellnet.cli import main
from ellnet.cli.occam import occam

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "occam.md").read_text(encoding="utf-8")
QUICK = ("--folds", "3", "--starts", "1", "--max-width", "4", "--epochs", "20")
"""What the page's commands are given besides, to be done in a moment."""


def blocks(language: str) -> list[str]:
    """The blocks of a language, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_every_block_of_python_runs(capsys: pytest.CaptureFixture[str]):
    """It prints a line a rung, and the recommended network with its scores."""
    (block,) = blocks("python")

    exec(compile(block, "docs/occam.md", "exec"), {})  # noqa: S102

    assert "accuracy" in capsys.readouterr().out.splitlines()[-1]


def test_every_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One after the other, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    commands = blocks("sh")[0].splitlines()

    for command in commands:
        program, *words = shlex.split(command)
        assert (program, main([*words, *QUICK])) == ("ellnet", 0), command

    assert len(commands) == 2
    assert (tmp_path / "ladders" / "moons-1" / "model.safetensors").exists()


def test_every_option_of_the_page_is_one():
    """And the page names those that a newcomer needs."""
    options = {name for each in occam.params for name in each.opts}
    named = set(re.findall(r"--[a-z][a-z-]+", PAGE))

    assert named <= options
    assert {"--folds", "--groups", "--time", "--max-layers", "--max-width", "--seconds"} <= named
