"""The pages on circuits and on the doctor: what they show runs, and their figures are the program's."""

import re

import pytest

from ellnet.cli.circuits import circuits
from ellnet.cli.doctor import doctor
from ellnet.explain.circuits import build_circuits
from ellnet.explain.circuits_drawing import circuits_svg
from ellnet.explain.doctor_findings import ILLNESSES

PAGES = {"circuits": (circuits, 2, 4), "doctor": (doctor, 1, 3)}


def page(root, name):
    """A page as it stands."""
    return (root / "docs" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_every_block_runs(root, name, tmp_path, monkeypatch):
    """In the order of the page, in one namespace; every assertion in it holds."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", page(root, name), flags=re.DOTALL)

    for block in blocks:
        exec(compile(block, f"docs/{name}.md", "exec"), names)  # noqa: S102 - what the page shows

    _, count, assertions = PAGES[name]
    assert len(blocks) == count
    assert sum(block.count("assert ") for block in blocks) >= assertions


@pytest.mark.parametrize("name", PAGES)
def test_every_option_that_is_shown_is_one(root, name):
    """In the commands of the page, and in its text."""
    command = PAGES[name][0]
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    text = page(root, name).replace("ellnet train moons --learning-rate", "")
    lines = [line for line in text.splitlines() if f"ellnet {name}" in line]
    shown = {each for line in lines for each in re.findall(r"(?<=\s)(--[a-z-]+)", line)}
    named = set(re.findall(r"`(--[a-z-]+)", text))
    others = {"--target"}  # of evaluate

    assert shown
    assert (shown | named) - others <= known


def test_the_sizes_of_the_table_are_those_of_the_circuits(root):
    """Every row that is shown."""
    rows = re.findall(
        r"^\| (\d+) \| (.*?) \| (.*?) \| (.*?) \|$", page(root, "circuits"), re.MULTILINE
    )

    assert [int(row[0]) for row in rows] == [2, 4, 8, 12, 16]
    for n, *cells in rows:
        tree, and_or, threshold = build_circuits(int(n))
        figures = [
            (tree.gates, tree.units, tree.weights, tree.levels),
            (and_or.units, and_or.weights),
            (threshold.units, threshold.weights),
        ]
        assert cells == [", ".join(f"{each:,}" for each in row) for row in figures]


def test_the_picture_is_what_the_program_draws(root):
    """Of eight inputs."""
    kept = (root / "docs" / "images" / "circuits.svg").read_text(encoding="utf-8")

    assert kept == circuits_svg(build_circuits(8))


def test_every_illness_has_its_row(root):
    """In the doctor's own order."""
    shown = re.findall(r"^\| ([a-zA-Z ]+?) \| (?!what)", page(root, "doctor"), re.MULTILINE)

    assert tuple(shown) == ILLNESSES
