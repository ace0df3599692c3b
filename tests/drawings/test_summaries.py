"""What notebooks show of Network, Cache, Gradients and History: self-contained, escaped, bounded."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import scipy.sparse

from ellnet.drawings.summaries import history_html, parameters_html
from ellnet.engines import engine
from ellnet.engines.protocol import Mask
from ellnet.history import Epoch, History
from ellnet.network import Network, Parameters


def passes(n=(3, 4, 2), m=30, **options):
    """A network, its forward pass and its backward pass."""
    net = Network(n, ("relu",) * (len(n) - 2) + ("identity",), "squared_error")
    X = np.random.default_rng(0).standard_normal((n[0], m)).astype(np.float32)
    array = engine("array")
    cache = array.forward(net, X, **options)
    return net, cache, array.backward(net, cache, np.ones((n[-1], m), np.float32))


HISTORY = History(
    epochs=[Epoch(0.9, 0.8, 0.5), Epoch(0.5, 0.6, 0.7), Epoch(0.04, 0.7, 0.6)],
    best_epoch=2,
    stopped="early",
    metric="accuracy",
    engine="array",
)
SHOWN = {
    "network": passes()[0],
    "cache": passes()[1],
    "gradients": passes()[2],
    "history": HISTORY,
}


def tree(page):
    """The piece of a page as a tree, which it is only if it is well-formed."""
    return ET.fromstring(page)  # noqa: S314 - our own


def rows(page):
    """The cells of its table by the first of them."""
    found = [["".join(td.itertext()) for td in tr.iter("td")] for tr in tree(page).iter("tr")]
    return {row[0]: row[1:] for row in found if row}


@pytest.mark.parametrize("name", SHOWN)
def test_it_stands_alone(name):
    """Well-formed, no script, no handler, no identifier, nothing fetched, in light and dark."""
    page = SHOWN[name]._repr_html_()

    assert tree(page).tag == "div"
    assert re.findall(r"https?://[^\"' ]+", page.replace("http://www.w3.org/2000/svg", "")) == []
    assert not re.search(r"<script|<link|href|url\(|@import|\son\w+=|\sid=", page)
    assert "prefers-color-scheme:dark" in page
    assert SHOWN[name]._repr_html_() == page


def test_a_network_shows_its_parameters():
    """Their shapes, and the numbers that they run from and to."""
    net = passes()[0]

    found = rows(net._repr_html_())

    W = np.asarray(net.W[1])
    assert found["W[1]"][:2] == ["relu", "4 × 3"]
    shown = [float(cell.replace("\N{MINUS SIGN}", "-")) for cell in found["W[1]"][2:5]]
    np.testing.assert_allclose(shown, [W.min(), W.mean(), W.max()], rtol=5e-3)
    assert set(found) == {"W[1]", "b[1]", "W[2]", "b[2]"}


def test_a_forward_pass_shows_every_Z_and_A():
    """With the part of zeros that a rectifier makes, and what dropout keeps."""
    masks = (None, Mask(np.ones((4, 30), np.float32), 0.8))
    _, cache, _ = passes(masks=masks)

    page = cache._repr_html_()

    found = rows(page)
    assert list(found) == ["X = A[0]", "Z[1]", "A[1]", "Z[2]", "A[2]"]
    zeros = np.mean(np.asarray(cache.A[1]) == 0)
    assert found["A[1]"][-1] == f"{100 * zeros:.0f} %"
    assert "dropout keeps 80 % of A[1]" in page
    assert "30 examples" in page


def test_a_backward_pass_shows_how_large_each_gradient_is():
    """From the output down, by the root of the mean square."""
    gradients = passes()[2]

    found = rows(gradients._repr_html_())

    assert list(found) == ["dZ[2]", "dW[2]", "db[2]", "dA[1]", "dZ[1]", "dW[1]", "db[1]"]
    size = np.sqrt(np.mean(np.square(np.asarray(gradients.dW[1]))))
    assert float(found["dW[1]"][0]) == pytest.approx(float(size), rel=5e-3)


def test_a_history_shows_its_curves_and_what_it_came_to():
    """One point an epoch, and the epoch that was kept on the curve of validation."""
    page = HISTORY._repr_html_()

    lines = [line.attrib["points"].split() for line in tree(page).iter("polyline")]
    circle = next(iter(tree(page).iter("circle"))).attrib
    assert [len(points) for points in lines] == [3, 3]
    assert f"{circle['cx']},{circle['cy']}" == lines[1][1]
    for words in ("3 epochs", "cost 0.04", "accuracy 0.6", "kept: epoch 2", "ended: early"):
        assert words in page
    assert "logarithmic" in page
    assert "epoch" in History()._repr_html_()


def test_a_big_network_is_a_small_page():
    """A thousand layers, a million weights, a hundred thousand epochs: a page of a few kilobytes."""
    deep = passes(n=(3, *[4] * 1000, 2))
    wide = Network((1000, 1000, 2), ("relu", "identity"), "squared_error")
    long = History(epochs=[Epoch(1.0 / (k + 1)) for k in range(100_000)])

    pages = [each._repr_html_() for each in (*deep, wide, long)]

    assert max(map(len, pages)) < 40_000
    assert "1978 more" in pages[0]
    assert "epoch 100000" in pages[-1]


def test_words_are_escaped():
    """Whatever a metric, an engine or an activation is called."""
    nasty = '<script>alert("1")</script>&'
    W = [np.ones((2, 2))]

    pages = [
        history_html([1.0], [], best_epoch=0, stopped=nasty, engine=nasty, metric=(nasty, 1.0)),
        parameters_html((2, 2), (nasty,), nasty, W, W),
    ]

    for page in pages:
        assert "<script" not in page
        assert nasty[:24] in "".join(tree(page).itertext())


def test_what_is_not_finite_is_counted():
    """In place of a mean that would be none; the page is whole all the same."""
    W = [np.array([[1.0, np.nan], [np.inf, 2.0]]), np.ones((1, 2))]
    biases = [np.ones((2, 1)), np.ones((1, 1))]
    net = Network((2, 2, 1), ("relu", "identity"), "squared_error", Parameters.of(W, biases))

    assert "2 not finite" in rows(net._repr_html_())["W[1]"]
    assert "polyline" not in History(epochs=[Epoch(float("nan"))])._repr_html_()


def test_a_sparse_input_is_shown_as_one():
    """Without being made dense."""
    X = scipy.sparse.random_array((5, 40), density=0.25, format="csc", rng=0)
    net = Network((5, 2), ("identity",), "squared_error")

    found = rows(engine("array").forward(net, X)._repr_html_())

    assert found["X = A[0]"][0] == "5 × 40 sparse"
    assert found["X = A[0]"][-1] == "75 %"
