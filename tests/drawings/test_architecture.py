"""Drawings of networks: whole, small, and safe whatever the names hold."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ellnet.drawings import network_html, network_svg

SVG = "{http://www.w3.org/2000/svg}"


def drawn(n, **names):
    """The tree of a drawing."""
    return ET.fromstring(network_svg(n, ["relu"] * (len(n) - 1), "squared_error", **names))  # noqa: S314


def texts(tree):
    """What it says, without the style."""
    return [each.text for each in tree.iter(f"{SVG}text")]


@given(st.lists(st.integers(1, 70_000), min_size=2, max_size=40))
def test_every_architecture_is_drawn_whole(n):
    """Well-formed, within bounds, the same each time, with a circle for each unit that has room."""
    tree = drawn(n)

    columns = n if len(n) <= 8 else [*n[:4], *n[-4:]]
    circles = list(tree.iter(f"{SVG}circle"))
    assert len(circles) == sum(units if units <= 7 else 6 for units in columns)
    _, _, width, height = map(float, tree.attrib["viewBox"].split())
    assert all(0 < float(circle.attrib["cx"]) < width for circle in circles)
    assert all(0 < float(circle.attrib["cy"]) < height - 30 for circle in circles)
    assert ET.tostring(drawn(n)) == ET.tostring(tree)
    assert len(ET.tostring(tree)) < 60_000


def test_it_says_what_it_is():
    """In words for who does not see it, under each layer, and in the title."""
    tree = drawn([3, 5, 1])

    assert tree.attrib["role"] == "img"
    title, description = (tree.find(f"{SVG}{tag}") for tag in ("title", "desc"))
    assert title is not None
    assert title.text == "2 layers, 26 parameters, cost squared error"
    assert description is not None
    assert description.text == "input: 3 features; layer 1: 5 units, relu; layer 2: 1 units, relu"
    assert {"X = A[0]", "n[0] = 3", "n[1] = 5", "n[2] = 1", "relu"} <= set(texts(tree))


def test_a_deep_network_counts_what_it_leaves_out():
    """A thousand layers are eight columns and a number."""
    said = texts(drawn([2] * 1001))

    assert "993 more" in said
    assert "n[1000] = 2" in said
    assert "n[500] = 2" not in said


NASTY = ["<script>alert(1)</script>", "\"'&\x3c", "🙂" * 9, "x" * 10_000]


def test_names_are_text_and_nothing_else():
    """Escaped and shortened; the picture stays well-formed and small."""
    tree = drawn([4, 4], input_names=NASTY, output_names=NASTY)

    said = texts(tree)
    assert said.count("<script>alert…") == 2
    assert said.count("\"'&<") == 2
    assert max(map(len, said)) < 60
    assert "<script" not in network_svg([4, 4], ["relu"], "poisson", input_names=NASTY)


def test_names_of_another_number_are_left_out():
    """A name belongs to a unit."""
    assert "a" not in texts(drawn([3, 1], input_names=["a", "b"]))


@pytest.mark.parametrize("n", [[4, 3], [784, 256, 128, 10]])
def test_nothing_is_fetched(n):
    """But for the name of the format there is no address in it, no script and no link."""
    page = network_html(n, ["relu"] * (len(n) - 1), "squared_error")

    assert re.findall(r"https?://[^\"' ]+", page) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<script|href|url\(|@import", page)
