"""Colours: told apart by every kind of colour vision, on light paper and on dark."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from ellnet.explain.heat import NEGATIVE, POSITIVE
from ellnet.plots.colours import DARK, FIRST, SECOND, along, brightness, ink, paper, signed

VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""Linear RGB as it is seen, at full severity (Machado, Oliveira and Fernandes, 2009)."""

PAPERS = {"light": "#ffffff", "dark": DARK["axes.facecolor"]}
APART = 25.0
"""Distance in CIE Lab: 2.3 is just seen, 25 is another colour."""


def seen(colour, vision):
    """A colour as it is seen, in CIE Lab."""
    rgb = np.asarray(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.asarray(VISION[vision]) @ linear, 0, 1)
    xyz = (
        np.array(
            [
                [0.4124564, 0.3575761, 0.1804375],
                [0.2126729, 0.7151522, 0.0721750],
                [0.0193339, 0.1191920, 0.9503041],
            ]
        )
        @ linear
        / np.array([0.95047, 1.0, 1.08883])
    )
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(one, other, vision):
    """How far two colours are seen apart."""
    return float(np.linalg.norm(seen(one, vision) - seen(other, vision)))


def axes(theme):
    """Axes of a theme."""
    figure = Figure(facecolor=PAPERS[theme])
    return figure.add_subplot(facecolor=PAPERS[theme])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", PAPERS)
def test_signs_are_told_apart(vision, theme):
    """Negative from positive at full and at half strength, and both from the paper, which is 0."""
    scale = signed(axes(theme))

    for strength in (0.5, 1.0):
        low, high = scale(0.5 - strength / 2)[:3], scale(0.5 + strength / 2)[:3]
        assert apart(low, high, vision) > APART
        assert apart(low, PAPERS[theme], vision) > APART / 2
        assert apart(high, PAPERS[theme], vision) > APART / 2
    assert apart(scale(0.5)[:3], PAPERS[theme], vision) < 2.3


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", PAPERS)
def test_curves_are_told_apart(vision, theme):
    """The first from the second, and each from the paper."""
    assert apart(FIRST, SECOND, vision) > APART
    for colour in (FIRST, SECOND):
        assert apart(colour, PAPERS[theme], vision) > APART


@pytest.mark.parametrize("vision", VISION)
def test_the_heat_of_the_sheet_is_told_apart(vision):
    """The proof sheet's two signs too."""
    blue, orange = (np.array(colour) / 255 for colour in (NEGATIVE, POSITIVE))

    assert apart(blue, orange, vision) > APART


@pytest.mark.parametrize("theme", PAPERS)
def test_scales_grow_steadily_away_from_the_paper(theme):
    """On either side of 0, and from the smallest to the largest: a larger number is further from it."""
    ax = axes(theme)

    for scale in (signed(ax), signed(ax).reversed()):
        from_zero = [apart(scale(x)[:3], PAPERS[theme], "normal") for x in np.linspace(0.5, 1, 20)]
        assert all(b > a for a, b in itertools.pairwise(from_zero[1:]))
    from_least = [apart(brightness(ax)(x)[:3], paper(ax), "normal") for x in np.linspace(0, 1, 20)]
    assert all(b > a for a, b in itertools.pairwise(from_least))
    assert apart(ink(ax), paper(ax), "normal") > 70


def test_curves_in_an_order_run_from_the_first_colour_to_the_second():
    """Both ends are those colours, whatever their number."""
    assert [along(0, 5), along(4, 5)] == [FIRST, SECOND]
    assert along(0, 1) == FIRST
    assert len({along(k, 8) for k in range(8)}) == 8
