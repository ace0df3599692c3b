"""The page on searching: every block of it runs as it stands."""

import re
import shlex
from pathlib import Path

import pytest

from ellnet.cli import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "search.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The blocks of a language, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_block_of_python_runs():
    """Each by itself."""
    for number, block in enumerate(blocks("python"), start=1):
        exec(compile(block, f"docs/search.md, block {number}", "exec"), {})  # noqa: S102

    assert len(blocks("python")) == 2


def test_every_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One after the other, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    commands = [line for block in blocks("sh") for line in block.splitlines()]

    for command in commands:
        program, *words = shlex.split(command)
        assert (program, main(words)) == ("ellnet", 0), command

    assert len(commands) == 4
    assert (tmp_path / "studies" / "digits-1" / "model.safetensors").exists()
    assert (tmp_path / "rate.png").exists()
