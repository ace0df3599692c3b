"""Every equation has one number, and every number one home."""

import ast
import re
from collections import Counter
from pathlib import Path

import ellnet.equations

NOTES = {"2.1", "2.2", "5.1", "6.1", "6.2", "6.3", "6.4", "6.5", "6.6"}
SOURCE = Path(ellnet.equations.__file__).parent
NUMBER = re.compile(r"eq\. (\d+\.\d+)")


def first_sentences() -> list[tuple[str, str]]:
    """File and function, with the first sentence of its docstring."""
    found = []
    for path in [*SOURCE.glob("*.py"), SOURCE.parent / "engines" / "recursion.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)):
                sentence = text.split("\n\n")[0].replace("\n", " ")
                found.append((f"{path.stem}.{node.name}", sentence))
    return found


def test_no_number_has_two_homes():
    """A number stands in the first sentence of one function."""
    counts = Counter(n for _, sentence in first_sentences() for n in NUMBER.findall(sentence))

    assert [number for number, count in counts.items() if count > 1] == []


def test_every_equation_of_the_notes_has_a_home():
    """None of the notes' equations is left out."""
    numbers = {n for _, sentence in first_sentences() for n in NUMBER.findall(sentence)}

    assert numbers >= NOTES


def test_every_public_formula_has_a_number():
    """What the equations' modules export is numbered, but for the few that choose or check."""
    exempt = {
        "check_options",
        "check_pair",
        "output_delta",
        "output_losses",
        "outputs_of",
        "suited",
    }
    exempt |= {"plain_cost", "progress", "time"}  # the oracle's network; the schedules' clock
    unnumbered = []
    for name, sentence in first_sentences():
        stem, function = name.split(".")
        public = not function.startswith("_") and function not in exempt and stem != "recursion"
        if public and not NUMBER.search(sentence):
            unnumbered.append(name)

    assert unnumbered == []


def test_the_table_of_the_documentation_names_every_number(root):
    """docs/equations.md has each number, alone or within a range."""
    table = (root / "docs" / "equations.md").read_text()
    listed = set(re.findall(r"\b\d+\.\d+\b", table))
    for first, last in re.findall(r"(\d+\.\d+) to (\d+\.\d+)", table):
        chapter, start = first.split(".")
        listed |= {f"{chapter}.{i}" for i in range(int(start), int(last.split(".")[1]) + 1)}

    numbers = {n for _, sentence in first_sentences() for n in NUMBER.findall(sentence)}
    assert numbers - listed == set()
