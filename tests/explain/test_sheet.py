"""The proof sheet: its numbers are those of the step, and every form shows them."""

import itertools
import re
import shutil
import subprocess
import time
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from ellnet import Hyperparameters, train
from ellnet.batches import Examples
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS, outputs_of
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.errors import DataError, FileAccessError, ShapeError
from ellnet.explain import html_page, latex_document, prove, sheet_text, write_sheet
from ellnet.explain.terminal_form import terminal_lines
from ellnet.network import Network, initial_parameters
from tests.explain.recomputing import read_numbers, recomputed

SMALL, LARGE = (3, 5, 5, 3, 1), (784, 256, 128, 10)
ADAM = Hyperparameters(l2=0.1, epochs=2, batch_size=64, early_stopping=False)
PAIRS = [(cost, output) for cost in COSTS for output in outputs_of(cost)]


@pytest.fixture(scope="module")
def small():
    """The notes' own network, trained for a while; a batch of its examples; and where training stands."""
    random = np.random.default_rng(3)
    g = ("relu", "tanh", "relu", "sigmoid")
    net = Network(SMALL, g, "binary_cross_entropy", initial_parameters(SMALL, g, seed=3))
    X = random.standard_normal((3, 300)).astype(np.float32)
    Y = (X[:1] * X[1:2] > 0).astype(np.float32)
    outcome = train(net, Examples(X, Y), ADAM)
    return outcome.network, X, Y, outcome.state


@pytest.fixture(scope="module")
def large():
    """784-256-128-10, trained on images of blots; a batch of 32; and where training stands."""
    random = np.random.default_rng(4)
    labels = random.integers(0, 10, 640)
    patterns = random.random((784, 10)) < 0.2
    X = np.clip(patterns[:, labels] + 0.3 * random.standard_normal((784, 640)), 0, 1)
    Y = np.eye(10)[labels].T
    g = ("relu", "relu", "softmax")
    net = Network(LARGE, g, "categorical_cross_entropy", initial_parameters(LARGE, g, seed=4))
    examples = Examples(np.asfortranarray(X, np.float32), np.asfortranarray(Y, np.float32))
    outcome = train(net, examples, ADAM)
    return (
        outcome.network,
        X[:, :32].astype(np.float32),
        Y[:, :32].astype(np.float32),
        outcome.state,
    )


def sheet_of(found, m: int, **options):
    """The sheet of the first m examples."""
    net, X, Y, state = found
    return prove(net, X[:, :m], Y[:, :m], hyperparameters=ADAM, state=state, **options)


@pytest.mark.parametrize("ending", ["npz", "csv"])
@pytest.mark.parametrize("m", [1, 32])
def test_the_small_sheet_is_an_independent_recomputation(small, m, ending, tmp_path):
    """Each number, from the file beside the sheet alone, to 1e-12."""
    _, path = write_sheet(sheet_of(small, m), tmp_path / "sheet.html", numbers=ending)

    numbers, about = read_numbers(path)
    again = recomputed(numbers, about["activations"], about["l2"], about["options"], about["t"])

    assert about["t"] == 11
    assert about["n"] == list(SMALL)
    assert len(again) >= 4 * 13
    for name, value in numbers.items():
        np.testing.assert_allclose(value, again[name], rtol=1e-12, atol=1e-12, err_msg=name)


def test_the_large_sheet_is_an_independent_recomputation(large, tmp_path):
    """784-256-128-10 at 32 examples: the page is under a megabyte, and all of it takes under 3 s."""
    began = time.perf_counter()
    page, path = write_sheet(sheet_of(large, 32), tmp_path / "sheet.html")
    seconds = time.perf_counter() - began

    numbers, about = read_numbers(path)
    again = recomputed(numbers, about["activations"], about["l2"], about["options"], about["t"])

    for name, value in numbers.items():
        np.testing.assert_allclose(value, again[name], rtol=1e-12, atol=1e-12, err_msg=name)
    assert page.stat().st_size < 1_000_000
    assert seconds < 30  # a tenth of it where nothing else runs; a loaded machine is no failure


def test_recomputing_would_find_a_wrong_number(small):
    """The oracle is one: a number that is off by 1e-9 is not let through."""
    numbers = dict(sheet_of(small, 4).numbers)
    numbers.pop("about")
    options = {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
    numbers["W2"] = numbers["W2"] + 1e-9

    again = recomputed(numbers, ["relu", "tanh", "relu", "sigmoid"], 0.1, options, 11)

    assert not np.allclose(numbers["Z2"], again["Z2"], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("cost", "output"), PAIRS, ids="-".join)
def test_every_cost_and_output_has_its_formula_with_its_number(cost, output):
    """Loss, its derivative and what begins the way back are numbered; all forms can be made."""
    random = np.random.default_rng(1)
    g = ("tanh", output)
    net = Network((3, 4, 2), g, cost, initial_parameters((3, 4, 2), g))
    Y = np.eye(2)[random.integers(0, 2, 5)].T

    sheet = prove(net, random.standard_normal((3, 5)), Y, random.random((1, 5)) + 0.5)

    head = [
        step
        for block in sheet.blocks
        if block.place in {"cost", "backward-2"}
        for step in block.steps
    ]
    numbers = [each.number for step in head for each in step.equations]
    assert all(re.fullmatch(r"\d+\.\d+", number) for number in numbers)
    assert {"11.10", "11.9", "6.2", "6.3", "6.4"} <= set(numbers)
    assert all(each.formula for step in head for each in step.equations)
    for text in (html_page(sheet), latex_document(sheet), sheet_text(sheet, 80)):
        assert all(f"({number})" in text for number in numbers)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_has_its_formula_and_its_slope(activation):
    """Value and derivative are numbered, written for the layer."""
    g = (activation, "identity")
    net = Network((3, 4, 2), g, "squared_error", initial_parameters((3, 4, 2), g))

    sheet = prove(net, np.full((3, 1), 0.5), np.ones((2, 1)))

    text = sheet_text(sheet, 120)
    shown = [
        each.number for block in sheet.blocks for step in block.steps for each in step.equations
    ]
    for function in ACTIVATIONS[activation][:2]:
        number = re.search(r"\(eq\. (\d+\.\d+)", function.__doc__ or "")
        assert number is not None
        assert number[1] in shown
        assert f"({number[1]})" in text
    assert "a[1]" in text
    assert ("slope1" in sheet.numbers) == (activation != "softmax")


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, "lbfgs"])
def test_every_optimizer_has_its_formula_and_its_numbers(optimizer):
    """With clipping, a bound on norms and both penalties beside it."""
    random = np.random.default_rng(1)
    g = ("tanh", "sigmoid")
    net = Network((3, 4, 1), g, "binary_cross_entropy", initial_parameters((3, 4, 1), g))
    chosen = Hyperparameters(optimizer=optimizer, l2=0.2)
    if optimizer != "lbfgs":
        chosen = replace(chosen, clip_norm=0.1, max_norm=0.5, l1=0.1)

    sheet = prove(net, random.standard_normal((3, 5)), np.ones((1, 5)), hyperparameters=chosen)

    update = next(blocks for title, blocks in sheet.chapters if title == "Update")
    numbers = {each.number for block in update for step in block.steps for each in step.equations}
    if optimizer == "lbfgs":
        assert "L-BFGS" in update[0].title
        return
    number = re.search(r"\(eq\. (\d+\.\d+)", OPTIMIZERS[optimizer].step.__doc__ or "")
    assert number is not None
    assert {number[1], "13.8", "14.5"} <= numbers
    assert {"W1_new", "W1_bounded", "dW1_clipped", "b2_new"} <= set(sheet.numbers)


@pytest.mark.parametrize("optimizer", sorted(set(OPTIMIZERS) - {"nadam"}))
def test_an_unfolded_step_of_a_parameter_comes_to_its_number(optimizer):
    """What is written for an entry, read as arithmetic, is the new parameter to its four digits."""
    g = ("tanh", "sigmoid")
    net = Network((3, 4, 1), g, "binary_cross_entropy", initial_parameters((3, 4, 1), g))
    chosen = Hyperparameters(optimizer=optimizer, learning_rate=0.25, epsilon=1e-2)

    sheet = prove(net, np.array([[1.0], [2.0], [-1.0]]), np.ones((1, 1)), hyperparameters=chosen)

    for entry in ("W[1]_2,3", "b[2]_1"):
        _, numbers, value = sheet.unfold(entry).split("\n  = ")
        assert arithmetic(numbers) == pytest.approx(float(value), rel=2e-3)


def arithmetic(text: str) -> float:
    """What a line of numbers comes to."""
    plain = text.replace("\N{MINUS SIGN}", "-").replace("·", "*")
    return float(eval(re.sub(r"√(\([^()]*\)|[\d.e-]+)", r"(\1)**0.5", plain), {}))  # noqa: S307


def test_an_entry_unfolds_into_its_terms(small):
    """Every entry of every sum, of one example and of a batch, comes to the number that is shown."""
    for m, entries in (
        (1, ("z[2]_3", "dz[3]_2", "dW[2]_3,1", "db[1]_4", "da[0]_2")),
        (6, ("Z[2]_3,5", "dZ[3]_2,6", "dW[2]_3,1", "db[1]_4", "dA[1]_2,3")),
    ):
        sheet = sheet_of(small, m)
        for entry in entries:
            formula, numbers, value = sheet.unfold(entry).split("\n  = ")
            assert entry.split("_")[0].lower() in formula.lower()
            assert arithmetic(numbers) == pytest.approx(float(value), rel=5e-3, abs=1e-3)


def test_a_long_sum_shows_its_largest_terms_and_the_rest(large):
    """Twelve of 784, and what the others come to."""
    sheet = sheet_of(large, 2)

    _, numbers, value = sheet.unfold("Z[1]_7,2").split("\n  = ")

    assert "from 773 smaller terms" in numbers
    assert arithmetic(numbers.replace(" from 773 smaller terms", "")) == pytest.approx(
        float(value), abs=5e-3
    )


@pytest.mark.parametrize("entry", ["z[9]_1", "z2_3", "q[1]_1", ""])
def test_an_entry_that_is_not_there_is_refused(small, entry):
    """Says how one is asked for."""
    with pytest.raises(DataError, match=r"is asked for as z\[2\]_3"):
        sheet_of(small, 1).unfold(entry)


def test_an_entry_outside_is_refused(small):
    """With the shape."""
    with pytest.raises(DataError, match=r"z\[2\] has shape \(n\[2\], 1\) = \(5, 1\)"):
        sheet_of(small, 1).unfold("z[2]_6")


class Checker(HTMLParser):
    """Looks for what a page must not have: tags that do not close, fetched things, two of one id."""

    EMPTY = ("meta", "img", "br", "link", "circle", "path", "mspace")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.headings: list[int] = []
        self.counts: dict[str, int] = {}

    def handle_starttag(self, tag, attrs):
        """Look at a tag."""
        given = dict(attrs)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in self.EMPTY:
            self.open.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        for name in ("src", "href"):
            target = given.get(name)
            if target and target.startswith("#"):
                self.links.append(target[1:])
            elif target and not target.startswith("data:"):
                self.fetched.append(target)
        assert tag != "img" or given.get("alt")
        assert tag != "math" or given.get("alttext")

    def handle_startendtag(self, tag, attrs):
        """Look at a tag that closes itself."""
        self.handle_starttag(tag, attrs)
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_endtag(self, tag):
        """What closes is what was opened last."""
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["small", "large"])
def test_the_page_is_whole_and_fetches_nothing(name, request):
    """Every tag closes, every link leads somewhere, headings go down a step at a time, no script."""
    sheet = sheet_of(request.getfixturevalue(name), 32, certified=name == "small")
    page, checker = html_page(sheet), Checker()

    checker.feed(page)
    checker.close()

    assert checker.open == []
    assert checker.fetched == []
    assert "script" not in checker.counts
    assert "url(" not in page
    assert "@import" not in page
    assert len(checker.ids) == len(set(checker.ids))
    assert set(checker.links) <= set(checker.ids)
    assert checker.headings[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(checker.headings))
    assert checker.counts["math"] > 50
    assert checker.counts["caption"] > 10
    assert 'lang="en"' in page
    assert "prefers-color-scheme:dark" in page
    assert len(page.encode()) < 1_000_000


def test_names_from_outside_are_words_in_every_form(small):
    """Markup, commands and escape codes in names of columns and classes."""
    net, X, Y, _ = small
    names = ("<b>&\"x'", r"\input{x} $_^~#%", "é日本 {}")

    sheet = prove(net, X[:, :1], Y[:, :1], features=names, title="<script>alert(1)</script>")

    page, document = html_page(sheet), latex_document(sheet)
    assert "<script>" not in page
    assert "<b>" not in page
    assert r"\input" not in document
    Checker().feed(page)


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", ["small", "large"])
def test_no_line_of_the_terminal_form_is_wider_than_it(width, name, request):
    """For one example and many, also where names are long."""
    found = request.getfixturevalue(name)
    for m in (1, 32):
        long = [f"a very long name of column {k}" for k in range(found[0].n[0])]
        sheet = sheet_of(found, m, features=long, certified=name == "small")

        lines = list(terminal_lines(sheet, width))

        assert max(line.cell_len for line in lines) <= width
        assert len(lines) > 100


@pytest.mark.parametrize("m", [1, 7, 32])
def test_the_latex_document_compiles(small, m, tmp_path):
    """With pdflatex, without an overfull line worth speaking of."""
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed: apt-get install texlive-latex-base")
    names = ("a_b & c", "100% #1", "é ~^\\ {x} 日")
    sheet = sheet_of(small, m, certified=True, features=names)
    (tmp_path / "sheet.tex").write_text(latex_document(sheet), encoding="utf-8")

    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "sheet.tex"]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, timeout=240, check=False)

    said = ran.stdout.decode(errors="replace")
    assert ran.returncode == 0, said[-2000:]
    assert [w for w in re.findall(r"Overfull \\hbox \(([\d.]+)pt", said) if float(w) > 20] == []


def test_latex_is_for_small_networks(large):
    """And the refusal names the form to take."""
    with pytest.raises(DataError, match="under 500 parameters, got 235,146; take HTML"):
        latex_document(sheet_of(large, 1))


def test_the_small_sheet_takes_no_time(small):
    """Numbers, page, document and text: 0.3 s where nothing else runs."""
    began = time.perf_counter()

    sheet = sheet_of(small, 1)
    html_page(sheet), latex_document(sheet), sheet_text(sheet)

    assert time.perf_counter() - began < 3  # ten times as much, for a loaded machine


def test_dropout_and_smoothing_enter_as_steps_of_their_own(small):
    """The masks that training draws, the labels that it sees; and both can be left out."""
    net, X, Y, _ = small
    chosen = replace(ADAM, dropout=0.5, input_dropout=0.2, label_smoothing=0.1)

    masked = prove(net, X[:, :4], Y[:, :4], hyperparameters=chosen)
    plain = prove(net, X[:, :4], Y[:, :4], hyperparameters=chosen, dropout=False)

    numbers = {each.number for b in masked.blocks for step in b.steps for each in step.equations}
    assert {"17.1", "17.2", "11.22"} <= numbers
    np.testing.assert_array_equal(
        masked.numbers["A1_dropped"], masked.numbers["A1"] * masked.numbers["mask1"]
    )
    np.testing.assert_allclose(masked.numbers["Y"], 0.9 * Y[:, :4] + 0.05, rtol=1e-7)
    assert "A1_dropped" not in plain.numbers
    assert "left out" in dict(plain.facts)["dropout"]


def test_a_form_that_is_none_is_refused(small, tmp_path):
    """By its ending; the numbers too."""
    sheet = sheet_of(small, 1)

    with pytest.raises(FileAccessError, match=r"must end in \.html, \.tex, \.txt"):
        write_sheet(sheet, tmp_path / "sheet.pdf")
    with pytest.raises(FileAccessError, match="npz or csv"):
        write_sheet(sheet, tmp_path / "sheet.html", numbers="xlsx")


def test_examples_that_do_not_fit_are_refused_with_the_chain(small):
    """Rows in place of columns, the commonest mistake."""
    net, X, Y, _ = small

    with pytest.raises(ShapeError, match=r"the chain of shapes is »X \(300, 3\)« ✗ → W\[1\]"):
        prove(net, X.T, Y)
