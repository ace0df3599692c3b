"""Every Display keeps scikit-learn's convention, on an estimator, a Model and a Network alike."""

import warnings
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from ellnet.batches import Examples
from ellnet.errors import DataError, FileAccessError, LayerError
from ellnet.hyperparameters import Hyperparameters
from ellnet.plots import (
    DARK,
    ActivationsDisplay,
    CostCurveDisplay,
    DependenceDisplay,
    GradientNormsDisplay,
    InfluenceDisplay,
    NetworkDisplay,
    ResponsesDisplay,
    WeightsDisplay,
)
from tests.explain.subjects import classifier, mixed_model, network

FITTED, X, Y = classifier()
MODEL, FRAME = mixed_model()
HOT = np.eye(3)[Y].T

SUBJECTS = {
    "estimator": (FITTED, X, (X, Y), "x0"),
    "model": (MODEL, FRAME, (FRAME,), "size"),
    "network": (FITTED.network_, X.T, (X.T, HOT), "x0"),
}
DISPLAYS: dict[str, Callable[[Any, Any], Any]] = {
    "activations": lambda s, ax: ActivationsDisplay.from_estimator(s[0], s[1], ax=ax),
    "dependence": lambda s, ax: DependenceDisplay.from_estimator(s[0], s[1], s[3], ax=ax),
    "influence": lambda s, ax: InfluenceDisplay.from_estimator(s[0], *s[2], ax=ax),
    "network": lambda s, ax: NetworkDisplay.from_estimator(s[0], ax=ax),
    "responses": lambda s, ax: ResponsesDisplay.from_estimator(s[0], s[1], ax=ax),
    "weights": lambda s, ax: WeightsDisplay.from_estimator(s[0], ax=ax),
}


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("display", DISPLAYS)
def test_a_display_keeps_to_the_convention(display, subject):
    """It draws on the axes given, or on new ones, gives itself back, and can draw itself again."""
    figure = Figure(layout="constrained")
    ax = figure.add_subplot()

    drawn = DISPLAYS[display](SUBJECTS[subject], ax)

    assert drawn.ax_ is ax
    assert drawn.figure_ is figure
    figure.draw_without_rendering()
    assert drawn.plot(title="again") is drawn
    assert drawn.figure_ is not figure
    assert drawn.ax_.get_title() == "again"
    drawn.figure_.draw_without_rendering()


def test_a_network_has_no_history_and_the_others_have(tmp_path):
    """The curve of an estimator and of a Model holds their own costs."""
    by_estimator = CostCurveDisplay.from_estimator(FITTED)
    by_model = CostCurveDisplay.from_estimator(MODEL)

    drawn = np.asarray(by_estimator.ax_.get_lines()[0].get_ydata())
    np.testing.assert_allclose(drawn, FITTED.loss_curve_)
    assert np.asarray(by_model.ax_.get_lines()[0].get_ydata()).tolist() == MODEL.history.costs
    with pytest.raises(DataError, match="has no history"):
        CostCurveDisplay.from_estimator(FITTED.network_)
    with pytest.raises(FileAccessError, match=r"must end in \.png, \.svg, \.pdf"):
        by_model.save(tmp_path / "curve.jpg")


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_picture_is_the_same_file(tmp_path, ending):
    """To the byte, so that a picture in a repository changes only when what it shows does."""
    for name in ("one", "two"):
        NetworkDisplay.from_estimator(FITTED).save(tmp_path / f"{name}.{ending}")

    one, two = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
    assert len(one) > 2000
    assert one == two


def test_an_image_has_a_picture_a_unit():
    """Each over its own range, of the unit's own weights, blue and orange around 0."""
    net = network((64, 5, 2), ("relu", "identity"))

    display = WeightsDisplay.from_estimator(net, units=[4, 2])

    shown = display.ax_.get_images()
    assert len(shown) == 2
    np.testing.assert_allclose(np.asarray(shown[0].get_array()), net.W[1][3].reshape(8, 8))
    low, high = shown[0].get_clim()
    assert -low == high == pytest.approx(np.abs(net.W[1][3]).max())
    assert [text.get_text() for text in display.ax_.texts] == ["4", "2"]


def test_deeper_weights_are_a_heat_map_with_names():
    """Of W[L] the rows are the classes."""
    display = WeightsDisplay.from_estimator(FITTED, layer=3)

    np.testing.assert_array_equal(
        np.asarray(display.ax_.get_images()[0].get_array()), FITTED.coefs_[2].T
    )
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["0", "1", "2"]
    with pytest.raises(LayerError, match=r"1\.\.3"):
        WeightsDisplay.from_estimator(FITTED, layer=4)


def test_the_network_is_drawn_with_its_real_weights():
    """A line a weight: as wide as it is large beside the largest of its layer, by its sign in colour."""
    net = network((3, 4, 2), ("tanh", "identity"))

    display = NetworkDisplay.from_estimator(net)

    lines = [each for each in display.ax_.collections if isinstance(each, LineCollection)]
    assert [np.size(each.get_linewidth()) for each in lines] == [12, 8]
    W = net.W[1].ravel()
    order = np.argsort(np.abs(W), kind="stable")
    widths = np.asarray(lines[0].get_linewidth())
    np.testing.assert_allclose(widths, 0.15 + 3.2 * np.abs(W[order]) / np.abs(W).max())
    colours = np.asarray(lines[0].get_colors())
    assert np.array_equal(colours[:, 0] > colours[:, 2], W[order] > 0)
    words = {text.get_text() for text in display.ax_.texts}
    assert {"n[0] = 3", "n[1] = 4", "n[2] = 2", "g[1] = tanh", "g[2] = identity"} <= words


def test_of_a_wide_layer_the_strongest_are_drawn():
    """With their own numbers, and the others are counted; of many layers those in the middle too."""
    net = network((30, 4, 1), ("relu", "identity"))
    deep = network((2,) * 40, ("tanh",) * 39)

    wide = NetworkDisplay.from_estimator(net, max_units=3)

    words = [text.get_text() for text in wide.ax_.texts]
    strongest = np.argsort(-np.linalg.norm(net.W[1], axis=0))[:3] + 1
    assert {str(unit) for unit in strongest} <= set(words)
    assert "...\n27 more" in words
    said = [text.get_text() for text in NetworkDisplay.from_estimator(deep).ax_.texts]
    assert "···\n31 more" in said
    assert "n[39] = 2" in said


def test_activations_count_the_dead():
    """Under the layer, beside its activation."""
    net = network((2, 3, 1), ("relu", "identity"))
    net.b[1][:] = [[0.0], [-1e4], [0.0]]

    display = ActivationsDisplay.from_estimator(
        net, np.random.default_rng(0).standard_normal((2, 50))
    )

    labels = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert labels == ["layer 1\nrelu\n1 of 3 dead", "layer 2\nidentity"]


def test_responses_to_images_show_the_examples_themselves():
    """For each unit the driving input, then the examples that drive it most and least, as they are."""
    net = network((64, 5, 2), ("relu", "identity"))
    images = np.random.default_rng(0).random((64, 30))

    display = ResponsesDisplay.from_estimator(net, images, units=[3], count=2)

    shown = [np.asarray(image.get_array()).ravel() for image in display.ax_.get_images()]
    z = net.W[1][2] @ images
    assert len(shown) == 5
    np.testing.assert_allclose(shown[1], images[:, np.argmax(z)])
    np.testing.assert_allclose(shown[3], images[:, np.argmin(z)])


def test_gradients_of_an_estimator_are_drawn_too():
    """A line a layer, a point an epoch, in an order of colours."""
    display = GradientNormsDisplay.from_estimator(FITTED, X, Y, epochs=2)

    lines = display.ax_.get_lines()
    assert [len(np.asarray(line.get_xdata())) for line in lines] == [2, 2, 2]
    assert len({line.get_color() for line in lines}) == 3


def test_gradients_have_a_line_a_layer_and_the_network_stays():
    """One point before training and one after each epoch."""
    net = network((2, 3, 1), ("sigmoid", "sigmoid"), cost="binary_cross_entropy")
    before = net.W[1].copy()
    points = np.random.default_rng(0).standard_normal((2, 40))
    examples = Examples(points, (points[:1] > 0).astype(float))

    chosen = Hyperparameters(epochs=3, hidden=(3,))
    display = GradientNormsDisplay.from_training(net, examples, chosen)

    assert [len(np.asarray(line.get_xdata())) for line in display.ax_.get_lines()] == [4, 4]
    assert np.array_equal(net.W[1], before)


NASTY = ["$x^{2", "a\nb\t", "x" * 500, "_under_$"]


def test_names_are_text_and_nothing_else():
    """Half a formula, line ends and endless words are drawn as they are, or cut."""
    pandas = pytest.importorskip("pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        named = type(FITTED)((4,), max_iter=2, random_state=0)
        named.fit(pandas.DataFrame(X, columns=NASTY), np.array(["$a", "$b_{", "c"])[Y])

    for name in ("network", "weights", "responses", "influence"):
        rows, labels = pandas.DataFrame(X, columns=NASTY), np.array(["$a", "$b_{", "c"])[Y]
        subject = (named, rows, (rows, labels), NASTY[0])
        DISPLAYS[name](subject, None).figure_.draw_without_rendering()


@pytest.mark.parametrize("display", DISPLAYS)
def test_text_and_lines_are_seen_on_dark_paper(display):
    """Under the dark settings no word and no tick is as dark as the paper."""
    with mpl.rc_context(DARK):
        drawn = DISPLAYS[display](SUBJECTS["model"], None)
        drawn.figure_.draw_without_rendering()

    paper = brightness(drawn.figure_.get_facecolor())
    words = [text for text in drawn.figure_.findobj(mpl.text.Text) if text.get_text().strip()]
    assert paper < 0.15
    assert all(abs(brightness(text.get_color()) - paper) > 0.3 for text in words)


def brightness(colour):
    """How bright a colour is, 0 to 1."""
    red, green, blue = mpl.colors.to_rgb(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue
