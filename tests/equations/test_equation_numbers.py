"""Every equation has one number, and every number one home."""

import ast
import re
from pathlib import Path

import pytest
from docs.equation_sources import homes, numbers_in, sites_in_tests

import ellnet.equations

NOTES = {"2.1", "2.2", "5.1", "6.1", "6.2", "6.3", "6.4", "6.5", "6.6"}
EXEMPT = {
    *("check_options", "check_pair", "output_delta", "output_losses", "outputs_of", "suited"),
    *("plain_cost", "progress", "time"),  # the oracle's network; the schedules' clock
}
"""Public functions that choose, check or count, and compute no formula of their own."""


@pytest.fixture(scope="module")
def numbers(root):
    """Every number that has a home."""
    return [home.number for home in homes(root)]


def module(root: Path, name: str, *sentences: str) -> None:
    """Write a module whose functions have these docstrings."""
    folder = root / "src" / "ellnet"
    folder.mkdir(parents=True, exist_ok=True)
    functions = (f'def f{k}():\n    """{text}"""\n' for k, text in enumerate(sentences))
    (folder / name).write_text("\n".join(functions), encoding="utf-8")


def test_a_number_with_two_homes_is_refused(tmp_path):
    """In one file or in two; what a later sentence mentions is no home."""
    module(tmp_path, "a.py", "Step A = Z (eq. 1.1).", "Another.\n\n    See A = Z (eq. 1.1).")
    module(tmp_path, "b.py", "Step A = Z (eq. 1.2; Someone, 2001).")

    assert [home.number for home in homes(tmp_path)] == ["1.1", "1.2"]
    module(tmp_path, "c.py", "Again A = Z (eq. 1.2).")
    with pytest.raises(ValueError, match=r"one home.*1\.2 in .*b\.py: f0, 1\.2 in .*c\.py: f0"):
        homes(tmp_path)


def test_no_number_has_two_homes(root):
    """Anywhere in the package."""
    found = homes(root)

    assert len({home.number for home in found}) == len(found) >= 97


def test_every_equation_of_the_notes_has_a_home(numbers):
    """None of the notes' equations is left out."""
    assert set(numbers) >= NOTES


def test_a_chapter_s_numbers_have_no_gap(numbers):
    """They count from 1 in each; of chapters 2, 5 and 6 the notes say how many there are."""
    chapters: dict[str, list[int]] = {}
    for number in numbers:
        chapter, place = number.split(".")
        chapters.setdefault(chapter, []).append(int(place))

    for chapter, places in chapters.items():
        assert places == list(range(1, len(places) + 1)), chapter


def test_no_number_is_named_that_has_no_home(root, numbers):
    """In the package, its native part, the tests, the examples and the documentation."""
    kinds = {".py", ".md", ".hpp", ".cpp", ".h", ".pyi", ".inl", ".inc"}
    folders = [root / name for name in ("src", "native", "tests", "examples", "docs", "benchmarks")]
    files = [*root.glob("*.md"), *(path for each in folders for path in each.rglob("*"))]
    left_out = {root / "tests" / "docs", root / "docs"}
    homeless = {
        (str(path.relative_to(root)), number)
        for path in files
        if path.suffix in kinds and path != Path(__file__)
        if path.parent not in left_out or path.suffix == ".md"
        for number in numbers_in(path.read_text(encoding="utf-8")) - set(numbers)
    }

    assert homeless == set()


def test_numbers_are_read_as_people_write_them():
    """One, several, and from one to another."""
    text = (
        "eq. 6.2, 6.3 and 6.4; (eq. 9.1 to 9.3); Eq. 1.1; (eq. 13.1; Someone, 2015), eq. 7.1 or 7.2"
    )

    expected = {"6.2", "6.3", "6.4", "9.1", "9.2", "9.3", "1.1", "13.1", "7.1", "7.2"}
    assert numbers_in(text) == expected


def test_every_public_formula_has_a_number():
    """What the equations' modules export is numbered, but for the few that choose or check."""
    folder = Path(ellnet.equations.__file__).parent
    unnumbered = []
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            sentence = (ast.get_docstring(node) or "").split("\n\n")[0]
            if node.name not in EXEMPT and not re.search(r"\(eq\. \d+\.\d+", sentence):
                unnumbered.append(f"{path.stem}.{node.name}")

    assert unnumbered == []


def test_every_number_is_named_by_a_test(root, numbers):
    """`git grep "eq. 9.5"` finds the code and the test that proves it."""
    tested = {site.number for site in sites_in_tests(root)}

    assert [number for number in numbers if number not in tested] == []
