"""The chapters on the equations: one for each file, and what they show runs."""

import re
from pathlib import Path

import pytest
from docs.equation_sources import homes, numbers_in

ROOT = Path(__file__).resolve().parents[2]
HOMES = homes(ROOT)
FOLDER = ROOT / "docs" / "equations"
FILES = {
    **{path.stem: path for path in sorted((ROOT / "src/ellnet/equations").glob("[a-z]*.py"))},
    "recursion": ROOT / "src" / "ellnet" / "engines" / "recursion.py",
}
"""Every file that is the home of equations."""


def chapter(name: str) -> str:
    """The page of one file."""
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def blocks(page: str) -> list[str]:
    """The blocks of Python, in their order."""
    return re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)


def test_every_file_has_its_chapter():
    """And no chapter is of a file that is gone; the start page leads to each."""
    pages = {path.stem for path in FOLDER.glob("*.md")} - {"README"}

    assert pages == set(FILES)
    assert len(pages) == 15
    start = chapter("README")
    assert [name for name in FILES if f"[{name}]({name}.md)" not in start] == []


@pytest.mark.parametrize("name", FILES)
def test_a_chapter_goes_from_derivation_over_code_to_check(name):
    """Three headings in that order, and code that asserts."""
    page = chapter(name)
    places = [page.find(f"\n## {heading}") for heading in ("Derivation", "Plain code", "Check")]

    assert -1 not in places
    assert places == sorted(places)
    assert sum(block.count("assert ") for block in blocks(page.split("\n## Check")[1])) >= 1


@pytest.mark.parametrize("name", FILES)
def test_every_block_runs(name):
    """In the order of the page, in one namespace; every assertion in it holds."""
    names: dict[str, object] = {}
    for number, block in enumerate(blocks(chapter(name)), start=1):
        exec(compile(block, f"docs/equations/{name}.md, block {number}", "exec"), names)  # noqa: S102

    assert len(blocks(chapter(name))) >= 2


@pytest.mark.parametrize("name", FILES)
def test_a_chapter_names_every_number_of_its_file(name):
    """Each of which has its home there; the start page lists them as well."""
    path = str(FILES[name].relative_to(ROOT))
    numbers = {home.number for home in HOMES if home.path == path}
    row = next(line for line in chapter("README").splitlines() if f"({name}.md)" in line)

    assert numbers
    assert numbers - numbers_in(chapter(name)) == set()
    assert numbers_in(f"eq. {row.rsplit('|', maxsplit=2)[1].strip()}") == numbers
