"""Colours: for every kind of colour vision, on light paper and on dark.

Blue is negative and orange positive, as in the proof sheet and in the drawings; what is zero has the
colour of the paper, so that it is not seen in either theme. Where a number has one sign, the scale
goes from the paper to the ink.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

__all__ = ["DARK", "FIRST", "SECOND", "along", "brightness", "ink", "paper", "signed"]

FIRST, SECOND = "#3f7fd0", "#d9722b"
"""The first and the second curve: both are seen on white and on black."""

NEGATIVE = {False: "#0b4a9e", True: "#7db4ff"}
POSITIVE = {False: "#b84a00", True: "#ff9d4d"}
"""The ends of the signed scale, on light paper and on dark."""

DARK: dict[Any, Any] = {
    "figure.facecolor": "#11151a",
    "savefig.facecolor": "#11151a",
    "axes.facecolor": "#11151a",
    "axes.edgecolor": "#8592a0",
    "axes.labelcolor": "#e4e9ee",
    "text.color": "#e4e9ee",
    "xtick.color": "#9aa5b0",
    "ytick.color": "#9aa5b0",
    "xtick.labelcolor": "#e4e9ee",
    "ytick.labelcolor": "#e4e9ee",
    "grid.color": "#4a545f",
    "legend.facecolor": "#11151a",
    "legend.edgecolor": "#313a44",
}
"""matplotlib's settings for dark pages, to use as `with matplotlib.rc_context(DARK):`."""


def paper(ax: "Axes") -> str:
    """Return the colour of the axes' ground; that of the figure where the axes have none."""
    from matplotlib.colors import to_hex, to_rgba  # noqa: PLC0415 - an extra

    own = to_rgba(ax.get_facecolor())
    figure = ax.get_figure(root=True)
    if own[3] == 0 and figure is not None:
        own = to_rgba(figure.get_facecolor())
    return to_hex(own) if own[3] else "#ffffff"


def ink(ax: "Axes") -> str:
    """Return the colour of text on the axes."""
    return "#e4e9ee" if _dark(ax) else "#1f2933"


def signed(ax: "Axes") -> "Colormap":
    """Return the scale from negative over zero to positive."""
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 - an extra

    dark = _dark(ax)
    ends = [NEGATIVE[dark], paper(ax), POSITIVE[dark]]
    return LinearSegmentedColormap.from_list("ellnet signed", ends).with_extremes(bad=(0, 0, 0, 0))


def brightness(ax: "Axes") -> "Colormap":
    """Return the scale of what has one sign, from the paper to the ink."""
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 - an extra

    ends = [paper(ax), ink(ax)]
    return LinearSegmentedColormap.from_list("ellnet one sign", ends).with_extremes(
        bad=(0, 0, 0, 0)
    )


def along(k: int, of: int) -> str:
    """Return the colour of the k-th of so many curves that stand in an order, from FIRST to SECOND."""
    part = k / max(1, of - 1)
    ends = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (FIRST, SECOND)]
    mixed = [round(a + part * (b - a)) for a, b in zip(*ends, strict=True)]
    return f"#{''.join(f'{channel:02x}' for channel in mixed)}"


def _dark(ax: "Axes") -> bool:
    from matplotlib.colors import to_rgb  # noqa: PLC0415 - an extra

    red, green, blue = to_rgb(paper(ax))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
