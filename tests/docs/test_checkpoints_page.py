"""The page on checkpoints: what it shows runs, and every option of it is one."""

import re

import pytest

from ellnet.cli.entry import commands
from ellnet.files.checkpoint_file import RECORD


@pytest.fixture(scope="module")
def page(root):
    """The page as it stands."""
    return (root / "docs" / "checkpoints.md").read_text(encoding="utf-8")


def test_every_block_runs(page, tmp_path, monkeypatch):
    """In the order of the page, in one namespace; every assertion in it holds."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)

    for block in blocks:
        exec(compile(block, "docs/checkpoints.md", "exec"), names)  # noqa: S102 - what the page shows

    assert len(blocks) == 2
    assert "".join(blocks).count("assert ") == 2


def test_every_option_that_is_named_is_there(page):
    """Of train, branch and verify."""
    options = {
        option
        for name in ("train", "branch", "verify")
        for parameter in commands.commands[name].params
        for option in parameter.opts
    }

    named = set(re.findall(r"--[a-z][a-z-]+", page))

    assert len(named) >= 8
    assert named - options == set()


def test_every_field_of_the_record_is_named(page):
    """Nothing stands in a checkpoint that the page does not name."""
    table = page.split("| field of `record` |")[1]

    assert [name for name in RECORD if f"`{name}`" not in table] == []
