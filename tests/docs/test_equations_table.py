"""The table of all equations: it is up to date, complete, and needs nothing else."""

import re
import shutil
from pathlib import Path

import pytest
from docs.equation_sources import homes, native_sites, wrong_sites
from docs.make_equations import PAGE, page

from ellnet.explain.formulas import FormulaError


@pytest.fixture(scope="module")
def committed(root):
    """The page as it stands."""
    return (root / PAGE).read_text(encoding="utf-8")


def tree(folder: Path, sentence: str, native: str = "") -> Path:
    """A project with one numbered function, and one C++ file."""
    for name in ("src/ellnet/equations", "native", "tests"):
        (folder / name).mkdir(parents=True)
    module = folder / "src" / "ellnet" / "equations" / "rectifiers.py"
    module.write_text(f'def relu(Z):\n    """{sentence}"""\n', encoding="utf-8")
    (folder / "native" / "rectifiers.hpp").write_text(native, encoding="utf-8")
    return folder


def test_the_page_is_what_the_docstrings_give(root, committed):
    """Where this fails: python docs/make_equations.py."""
    assert committed == page(root)


def test_every_equation_has_its_row(root, committed):
    """With a formula, a function, and a test."""
    for home in homes(root):
        row = committed.split(f'<tr id="eq-{home.number}">')[1].split("</tr>\n")[0]
        assert "<math" in row, home.number
        assert re.sub("<wbr>", "", row).count(f"<code>{home.name}</code>") >= 1, home.number
        assert "<wbr>py</code></a>" in row.rsplit("<td>", maxsplit=1)[1], home.number


def test_the_page_fetches_nothing(committed):
    """No script, no style, font or picture from elsewhere; it follows the reader's light or dark."""
    assert not re.search(r"https?:|//\w|<script|<link|<img|@import|url\(", committed)
    assert "color-scheme: light dark" in committed
    assert "prefers-color-scheme: dark" in committed


def test_every_link_of_the_page_leads_somewhere(root, committed):
    """To a file, or to a place in the page."""
    for target in set(re.findall(r'href="([^"]+)"', committed)):
        if target.startswith("#"):
            assert f'id="{target[1:]}"' in committed, target
        else:
            assert ((root / PAGE).parent / target).exists(), target


def test_a_formula_that_cannot_be_read_is_refused(tmp_path):
    """It names the number and the words that were not understood."""
    root = tree(tmp_path, "Rectifier A = Z if Z > 0 % 2 (eq. 9.5).")

    with pytest.raises(FormulaError, match=r"eq. 9.5: no formula can be read in ' % '"):
        page(root)


def test_a_sentence_without_a_formula_is_refused(tmp_path):
    """A number stands for a formula."""
    with pytest.raises(FormulaError, match=r"eq. 9.5: there is no formula in 'The rectifier'"):
        page(tree(tmp_path, "The rectifier (eq. 9.5)."))


NATIVE = """#pragma once
// Rectifiers (eq. 9.1): a plain comment says nothing.

/// Rectified linear unit A = max(Z, 0) (eq. 9.5).
template <class V, int N = (3 > 2)>
[[gnu::always_inline]] inline V relu(V z) noexcept {
    return max(z, V(0));
}

/// The same, declared
/// on two lines (eq. 9.5; Someone, 2001).
extern "C" void
relu(float *out, int n);

/// No number of its own, only one that is mentioned: eq. 9.7.
int helper(int n) { return n; }

/// A class (eq. 9.5) that is called.
struct relu { };
"""


def test_c_plus_plus_functions_are_found_by_the_comment_above(tmp_path):
    """Templates, attributes, several lines; what has no number or no `///` is left out."""
    found = native_sites(tree(tmp_path, "Rectifier A = max(Z, 0) (eq. 9.5).", NATIVE))

    assert [(site.number, site.name) for site in found] == [("9.5", "relu")] * 3
    assert {site.path for site in found} == {"native/rectifiers.hpp"}
    assert wrong_sites(homes(tmp_path), found) == []
    assert "rectifiers.<wbr>hpp" in page(tmp_path)


@pytest.mark.parametrize(
    ("native", "message"),
    [
        ("/// ReLU (eq. 9.5).\ninline float rectify(float z);\n", "rectify carries eq. 9.5.* relu"),
        ("/// ReLU (eq. 9.7).\ninline float relu(float z);\n", "relu carries eq. 9.7.* nowhere"),
        ("/// ReLU (eq. 9.5).\nstruct Relu {};\n", "Relu carries eq. 9.5.* relu"),
    ],
)
def test_a_c_plus_plus_function_of_another_name_is_refused(tmp_path, native, message):
    """Its name has to be that of the number's home in Python."""
    root = tree(tmp_path, "Rectifier A = max(Z, 0) (eq. 9.5).", native)

    with pytest.raises(ValueError, match=message):
        page(root)


def test_the_c_plus_plus_of_the_project_has_the_names_of_python(root):
    """Every function there that carries a number, now and later."""
    assert wrong_sites(homes(root), native_sites(root)) == []


def test_the_page_changes_with_a_docstring(root, committed, tmp_path):
    """A formula that is changed makes the page stale."""
    shutil.copytree(root / "src" / "ellnet", tmp_path / "src" / "ellnet")
    shutil.copytree(
        root / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__")
    )
    (tmp_path / "native").mkdir()
    module = tmp_path / "src" / "ellnet" / "equations" / "sigmoids.py"
    text = module.read_text(encoding="utf-8")
    module.write_text(text.replace("1 / (1 + exp(-Z))", "1 / (1 + exp(-2 Z))"), encoding="utf-8")

    assert page(tmp_path) != committed
