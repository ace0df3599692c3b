"""The page on shrinking: its commands and its Python run, and what it shows is what comes out."""

import re
import shlex
from typing import get_args

import pytest

import ellnet
from ellnet.cli import main
from ellnet.cli.shrink import shrink
from ellnet.shrinking.steps import Kind


@pytest.fixture(scope="module")
def page(root):
    """The page as it stands."""
    return (root / "docs" / "shrinking.md").read_text(encoding="utf-8")


def blocks(page, kind):
    """The blocks of a kind on the page."""
    return re.findall(rf"```{kind}\n(.*?)```", page, flags=re.DOTALL)


def test_the_page_runs(page, tmp_path, monkeypatch, capsys):
    """Commands, then Python in one namespace; where the native engine trained, to the same sentences."""
    monkeypatch.chdir(tmp_path)
    (commands,), (shown,), python = (blocks(page, kind) for kind in ("sh", "text", "python"))
    names: dict[str, object] = {}

    for line in commands.splitlines():
        capsys.readouterr()
        assert main(shlex.split(line)[1:]) == 0
    said = capsys.readouterr().out.splitlines()
    for block in python:
        exec(compile(block, "docs/shrinking.md", "exec"), names)  # noqa: S102 - what the page shows

    assert len(python) == 2
    assert sum(block.count("assert ") for block in python) >= 7
    if ellnet.load("runs/small/model.safetensors").history.engine.startswith("native"):
        lines = shown.splitlines()
        figures = [line for line in lines if line.startswith("tried: ")]
        assert len(figures) == 1
        assert [line for line in said if not line.startswith("tried: ")] == [
            line for line in lines if line not in figures
        ]


def test_every_option_that_is_shown_is_one(page):
    """In the text; those of training are its own."""
    known = {option for each in shrink.params for option in each.opts}
    named = set(re.findall(r"`(--?[a-z][a-z0-9-]*)", page))

    assert {"--data", "--trust-data", "--fewer-layers", "--json", "-o"} <= named
    assert named - {"--l1", "--l2"} <= known


def test_every_kind_has_its_row(page):
    """In the order of the steps."""
    rows = re.findall(r"^\| ([a-z]+) \| (?!what)", page, re.MULTILINE)

    assert tuple(dict.fromkeys(rows)) == get_args(Kind)
