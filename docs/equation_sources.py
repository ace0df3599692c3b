"""Where the equations stand: their homes in Python, C++ functions with their numbers, and the tests.

A number's home is the one function whose docstring has it in its first sentence, behind the formula. A
C++ function carries a number in brackets, `(eq. 9.5)`, in the comment of `///` lines just above it, and
has its home's name; what is named without brackets is only mentioned. A test names a number in its own
lines, or in a table of its module that it reads.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

__all__ = ["Home", "Site", "homes", "native_sites", "numbers_in", "sites_in_tests", "wrong_sites"]

NUMBERED = re.compile(r"\(eq\. (?P<number>\d+\.\d+)(?:; (?P<source>[^)]*))?\)")
NAMED = re.compile(r"\b[Ee]qs?\. (\d+\.\d+(?:(?:, | and | or | to )(?:eq\. )?\d+\.\d+)*)")
BRACKETED = re.compile(r"\(eq\. [^)]*\)")
SENTENCE_END = re.compile(r"(?<!\.)\.(?=\s|$)")
DEFINES = re.compile(r"With .*=|[A-Za-z]'? (=|is) ")
FUNCTION = re.compile(r"(?:\b(?:struct|class)\s+(\w+))|(\w+)\s*\(")
SKIPPED = re.compile(r"^\s*(?:template\s*<.*>|\[\[.*\]\]|[A-Z][A-Z0-9_]+)\s*$")
TEMPLATE = re.compile(r"^\s*template\s*<[^()]*?>\s*(?=\w)")
ATTRIBUTE = re.compile(r"\b(?:__attribute__|alignas|decltype|noexcept)\s*\(+[^)]*\)+")
NATIVE = ("*.hpp", "*.cpp", "*.h", "*.inl", "*.inc", "*.hh", "*.cc", "*.ipp")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Home:
    """Where an equation is defined.

    Attributes:
        number: as "6.2".
        name: the function's.
        path: of its file, from the root.
        sentence: what stands before the number: its name, and the formula.
        before: the same of the first number, where the sentence has several.
        note: what the sentence says after the number.
        source: who found it.
        defined: the next sentence, where it defines letters of the formula.
    """

    number: str
    name: str
    path: str
    sentence: str
    before: str
    note: str
    source: str
    defined: str


class Site(NamedTuple):
    """A function that carries the number of an equation: in which file, and its name."""

    number: str
    path: str
    name: str


def numbers_in(text: str) -> set[str]:
    """Return the numbers that a text names, as in "eq. 9.1", "eq. 6.2, 6.3" and "eq. 9.1 to 9.4"."""
    found: set[str] = set()
    for names in NAMED.findall(text):
        parts = re.split(r", | and | or |( to )", names.replace("eq. ", ""))
        numbers = [part for part in parts if part]
        for k, part in enumerate(numbers):
            if part == " to ":
                chapter, first = numbers[k - 1].split(".")
                last = numbers[k + 1].split(".")[1]
                found |= {f"{chapter}.{i}" for i in range(int(first), int(last) + 1)}
            else:
                found.add(part)
    return found


def functions(tree: ast.AST) -> Iterator[Function]:
    """Go through every function of a module, methods too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def homes(root: Path) -> list[Home]:
    """Return the home of every number, in the numbers' order.

    Raises:
        ValueError: a number has two.
    """
    found: list[Home] = []
    for path in sorted((root / "src" / "ellnet").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in functions(tree):
            found += _homes_in(function, str(path.relative_to(root)))
    counts = Counter(home.number for home in found)
    twice = [home for home in found if counts[home.number] > 1]
    if twice:
        where = ", ".join(f"{home.number} in {home.path}: {home.name}" for home in twice)
        raise ValueError(f"an equation has one home, its function's first sentence; got {where}")
    return sorted(found, key=lambda home: [int(part) for part in home.number.split(".")])


def _homes_in(function: Function, path: str) -> Iterator[Home]:
    paragraphs = (ast.get_docstring(function) or "").split("\n\n")
    sentence = " ".join(paragraphs[0].split())
    numbered = list(NUMBERED.finditer(sentence))
    begun = 0
    for k, found in enumerate(numbered):
        last = k == len(numbered) - 1
        yield Home(
            found["number"],
            function.name,
            path,
            sentence[begun : found.start()].strip().removeprefix("and "),
            sentence[: numbered[0].start()],
            sentence[found.end() :].strip(" .,;:") if last else "",
            found["source"] or "",
            _defined(paragraphs[1]) if last and len(paragraphs) > 1 else "",
        )
        begun = found.end()


def _defined(paragraph: str) -> str:
    """The sentence that defines letters, "" where the paragraph begins with another one."""
    sentence = SENTENCE_END.split(" ".join(paragraph.split()), maxsplit=1)[0]
    return sentence if DEFINES.match(sentence) else ""


def native_sites(root: Path) -> list[Site]:
    """Return every C++ function with a number in the comment just above it."""
    found: list[Site] = []
    paths = sorted({path for kind in NATIVE for path in (root / "native").rglob(kind)})
    for path in paths:
        lines = path.read_text(encoding="utf-8").splitlines()
        for comment, declaration in _commented(lines):
            name = _declared(declaration)
            where = str(path.relative_to(root))
            carried = numbers_in(" ".join(BRACKETED.findall(comment)))
            found += [Site(number, where, name) for number in sorted(carried) if name]
    return found


def _commented(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Go through the comments of `///` lines, each with the declaration that stands right under it."""
    at = 0
    while at < len(lines):
        begun = at
        while at < len(lines) and lines[at].lstrip().startswith("///"):
            at += 1
        if at == begun:
            at += 1
            continue
        comment = " ".join(line.strip().removeprefix("///").strip() for line in lines[begun:at])
        under = at
        while under < len(lines) and SKIPPED.match(lines[under]):
            under += 1
        yield comment, " ".join(lines[under : under + 6])


def _declared(text: str) -> str:
    """The name that a declaration gives, "" where it is none of a function or a class."""
    bare = TEMPLATE.sub("", ATTRIBUTE.sub("", text))
    found = FUNCTION.search(re.split(r"[{;]", bare, maxsplit=1)[0])
    return (found[1] or found[2]) if found else ""


def wrong_sites(found: Sequence[Home], sites: Sequence[Site]) -> list[str]:
    """Say which C++ functions carry a number that their name does not have in Python."""
    names = {home.number: home.name for home in found}
    return [
        f"{site.path}: {site.name} carries eq. {site.number}, whose home is "
        f"{names.get(site.number, 'nowhere')}"
        for site in sites
        if names.get(site.number) != site.name
    ]


def sites_in_tests(root: Path) -> list[Site]:
    """Return every test that names a number, by its own lines or by a table that it reads."""
    found: list[Site] = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        if path.parent.name == "docs":
            continue
        text = path.read_text(encoding="utf-8")
        tree, lines = ast.parse(text), text.splitlines()
        tables = dict(_tables(tree, lines))
        for function in functions(tree):
            if not function.name.startswith("test_"):
                continue
            own = _lines(function, lines)
            read = [numbers for name, numbers in tables.items() if re.search(rf"\b{name}\b", own)]
            numbers = numbers_in(own).union(*read)
            where = str(path.relative_to(root))
            found += [Site(number, where, function.name) for number in sorted(numbers)]
    return found


def _tables(tree: ast.Module, lines: Sequence[str]) -> Iterator[tuple[str, set[str]]]:
    """Go through a module's assignments that name numbers, in comments beside their rows as well."""
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and (numbers := numbers_in(_lines(node, lines))):
            yield target.id, numbers


def _lines(node: ast.stmt, lines: Sequence[str]) -> str:
    """The lines of a statement, decorators included."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(each.lineno for each in decorators)])
    return "\n".join(lines[first - 1 : node.end_lineno])
