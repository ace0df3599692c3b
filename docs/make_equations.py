"""Makes docs/equations/table.html from the docstrings: number, formula, Python, C++ and tests.

python docs/make_equations.py
"""

import re
import sys
from html import escape
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from docs.equation_sources import (  # noqa: E402 - found from the root
    Home,
    Site,
    homes,
    native_sites,
    sites_in_tests,
    wrong_sites,
)

from ellnet.explain.formulas import FormulaError, Node, segments  # noqa: E402
from ellnet.explain.mathml import mathml  # noqa: E402

__all__ = ["CHAPTERS", "PAGE", "main", "page"]

PAGE = Path("docs/equations/table.html")

CHAPTERS = {
    "2": ("Forward propagation", "recursion"),
    "5": ("Gradient descent", "optimizers"),
    "6": ("Backward propagation", "recursion"),
    "9": ("Activations", "activations"),
    "11": ("Costs", "costs"),
    "12": ("Initial weights", "initializers"),
    "13": ("Optimizers", "optimizers"),
    "14": ("Penalties", "penalties"),
    "15": ("Gradients proved", "gradient_check"),
    "16": ("Schedules", "schedules"),
    "17": ("Dropout", "dropout"),
}
"""The chapters of numbers: what each is about, and the page to begin with."""

LEFT_OVER = re.compile(r"[^\w\s.,;:'()-]|[\d_]")
"""What prose has none of: a formula was not read."""

NO_FORMULA = re.compile(r"`[^`]*`|\([A-Z][^)]*\d{4}[^)]*\)|\b[A-Z]\d+\b|\beq\. \d+\.\d+")
"""What looks like one all the same: code, sources with their years, L2, chapters of the notes."""

KEPT_TOGETHER = re.compile(r"(<math(?:(?!<math).)*</math>[,;.:])")
"""A formula and the mark behind it, which begins no line."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --line: #d1d9e0; --band: #f6f8fa;
  --paper: #ffffff; --link: #0757ba; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4af; --line: #3a424c;
  --band: #161b22; --paper: #0d1117; --link: #6cb0ff; } }
body { margin: 2rem auto; max-width: 84rem; padding: 0 1.2rem; color: var(--ink);
  background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
a { color: var(--link); }
nav a { margin-right: 1rem; white-space: nowrap; }
h2 { margin: 2.4rem 0 .6rem; }
h2 a { font-size: .9rem; font-weight: normal; margin-left: .8rem; }
.wide { overflow-x: auto; }
table.equations { border-collapse: collapse; width: 100%; min-width: 62rem; table-layout: fixed; }
.equations .number { width: 4.5%; } .equations .python { width: 17%; } .equations .native { width: 13%; }
.equations .tests { width: 24%; }
.equations > thead th, .equations > tbody > tr > td, .equations > tbody > tr > th {
  border-top: 1px solid var(--line); padding: .55rem .7rem; text-align: left; vertical-align: top; }
.equations thead th { border-top: 0; color: var(--soft); font-size: .85rem; font-weight: 600; }
.equations tbody > tr:nth-child(even) { background: var(--band); }
.title { display: block; color: var(--soft); font-size: .9rem; }
.formula { display: block; margin: .3rem 0; line-height: 2.1; }
.formula math { font-size: 1.2rem; margin-right: .1rem; }
.kept { white-space: nowrap; }
.note { display: block; color: var(--soft); font-size: .9rem; }
.note math { font-size: 1.05rem; }
code { font: .82rem/1.5 ui-monospace, monospace; }
math { font-family: "Latin Modern Math", "STIX Two Math", "STIX Math", "Cambria Math", math; }
mtd { text-align: left; padding: .25em .6em .25em 0; }
"""


def typeset(text: str, number: str) -> tuple[str, bool]:
    """Return a piece of a sentence as HTML, and whether a formula stands in it.

    Raises:
        FormulaError: something in it looks like a formula, and is none that can be read.
    """
    pieces, found = [], False
    for source, node in segments(text):
        if node is None and LEFT_OVER.search(NO_FORMULA.sub("", source)):
            raise FormulaError(f"eq. {number}: no formula can be read in {source!r} of {text!r}")
        if node is None or node.kind == "number":
            pieces.append(prose(source))
        else:
            found = found or _says_something(node)
            pieces.append(mathml(node, source))
    return KEPT_TOGETHER.sub(r'<span class="kept">\1</span>', "".join(pieces)), found


def prose(text: str) -> str:
    """Return words as HTML, with code between backticks."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text, quote=False))


def split_title(text: str) -> tuple[str, str]:
    """Cut a sentence where its first formula begins: what is before it is the title."""
    at = 0
    for source, node in segments(text):
        if node is not None and _says_something(node):
            break
        at += len(source)
    return text[:at].strip(" ,:"), text[at:].strip(" ,")


def _says_something(node: Node) -> bool:
    """Say whether a formula is more than a letter that the sentence mentions."""
    return node.kind not in {"symbol", "number"}


def cell(home: Home) -> str:
    """Return what stands in the middle of a row: the title, the formula and the notes."""
    title, formula = split_title(home.sentence)
    shown, found = typeset(formula, home.number)
    if not found:
        raise FormulaError(f"eq. {home.number}: there is no formula in {home.sentence!r}")
    notes = [typeset(text, home.number)[0] for text in (home.defined, home.note) if text]
    if home.source:
        notes.append(escape(home.source))
    lines = "".join(f'<span class="note">{note}</span>' for note in notes)
    name, _ = typeset(title or split_title(home.before)[0], home.number)
    return f'<span class="title">{name}</span><span class="formula">{shown}</span>{lines}'


def link(path: str, text: str) -> str:
    """Return a link from the page to a file of the project."""
    return f'<a href="../../{path}">{code(text)}</a>'


def code(name: str) -> str:
    """Return a name that may be broken after an underscore or a dot."""
    breakable = re.sub(r"([_.])", r"\1<wbr>", escape(name))
    return f"<code>{breakable}</code>"


def listed(sites: list[Site]) -> str:
    """Return links to functions, a file once."""
    files = groupby(sites, key=lambda site: site.path)
    groups = ((path, dict.fromkeys(site.name for site in group)) for path, group in files)
    return "<br>".join(
        f"{link(path, Path(path).name)}<br>" + "<br>".join(code(name) for name in names)
        for path, names in groups
    )


def row(home: Home, native: list[Site], tests: list[Site]) -> str:
    """Return the row of one equation."""
    module = home.path.removeprefix("src/ellnet/").removesuffix(".py").replace("/", ".")
    python = f"{link(home.path, module)}<br>{code(home.name)}"
    return (
        f'<tr id="eq-{home.number}"><th class="number" scope="row">{home.number}</th>'
        f"<td>{cell(home)}</td><td>{python}</td><td>{listed(native) or '–'}</td>"
        f"<td>{listed(tests)}</td></tr>"
    )


def chapter(number: str, rows: list[str]) -> str:
    """Return the table of one chapter."""
    about, start = CHAPTERS[number]
    return (
        f'<section id="chapter-{number}"><h2>{number} {about}<a href="{start}.md">the chapter</a></h2>'
        '<div class="wide"><table class="equations"><thead><tr><th class="number"></th>'
        '<th>formula</th><th class="python">Python</th><th class="native">C++</th>'
        '<th class="tests">tests</th></tr></thead><tbody>\n'
        + "\n".join(rows)
        + "\n</tbody></table></div></section>"
    )


def page(root: Path) -> str:
    """Return the page of all equations.

    Raises:
        FormulaError: a docstring's formula that cannot be read.
        ValueError: a number with two homes, or a C++ function of another name than its home.
    """
    found, native, tests = homes(root), native_sites(root), sites_in_tests(root)
    wrong = wrong_sites(found, native)
    if wrong:
        raise ValueError(
            "C++ functions have the names of their equations' homes; " + "; ".join(wrong)
        )
    chapters: dict[str, list[str]] = {}
    for home in found:
        sites = ([site for site in each if site.number == home.number] for each in (native, tests))
        chapters.setdefault(home.number.split(".")[0], []).append(row(home, *sites))
    sections = "\n".join(chapter(number, rows) for number, rows in chapters.items())
    contents = " ".join(
        f'<a href="#chapter-{number}">{number} {CHAPTERS[number][0]}</a>' for number in chapters
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The equations of ellnet</title>
<style>{STYLE}</style>
</head>
<body>
<h1>The equations</h1>
<p>Made from the docstrings by <code>docs/make_equations.py</code>: {len(found)} equations, each
with one home. n<sup>[l]</sup> units, m examples, one a column; W<sup>[l]</sup> is
(n<sup>[l]</sup>, n<sup>[l-1]</sup>), b<sup>[l]</sup> is (n<sup>[l]</sup>, 1), Z<sup>[l]</sup> and
A<sup>[l]</sup> are (n<sup>[l]</sup>, m). ∗ is elementwise, ≔ replaces. Chapters 2 to 10 are numbered
as in the lecture notes, those from 11 on are ours. What each is for, why it holds and how it is checked:
<a href="README.md">the chapters</a>.</p>
<nav>{contents}</nav>
{sections}
</body>
</html>
"""


def main() -> None:
    """Write the page."""
    target = ROOT / PAGE
    target.parent.mkdir(exist_ok=True)
    target.write_text(page(ROOT), encoding="utf-8")
    sys.stderr.write(f"{PAGE}: {len(homes(ROOT))} equations\n")


if __name__ == "__main__":
    main()
