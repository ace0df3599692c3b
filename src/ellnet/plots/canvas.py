"""The canvas: where a Display draws, in matplotlib's style of the moment, and how it is saved."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ellnet.errors import FileAccessError, MissingExtraError
from ellnet.files.durable import write_durably
from ellnet.plots.colours import DARK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "Display", "axes_on", "check_ending", "theme"]

FORMATS = (".png", ".svg", ".pdf")
"""Endings of pictures that can be written."""

DOTS = 120
"""Pixels to an inch of a PNG."""


class Display:
    """What every Display has once it is drawn.

    Attributes:
        ax_: the axes, once drawn.
        figure_: the figure, once drawn.
    """

    ax_: "Axes"
    figure_: "Figure"

    def _on(self, ax: "Axes") -> Self:
        """Keep where it was drawn."""
        figure = ax.get_figure(root=True)
        assert figure is not None  # noqa: S101 - axes that can be drawn on are on a figure
        self.ax_, self.figure_ = ax, figure
        return self

    def save(self, path: str | Path) -> None:
        """Write the picture as PNG, SVG or PDF, as the path ends; the same picture gives the same bytes.

        Raises:
            FileAccessError: another ending, or a file that cannot be written.
        """
        path = Path(path)
        ending = check_ending(path)
        drawn = io.BytesIO()
        with style({"svg.hashsalt": "ellnet", "svg.fonttype": "none"}):
            options: dict[str, Any] = {"format": ending[1:], "dpi": DOTS}
            if ending != ".png":
                options["metadata"] = {"Date" if ending == ".svg" else "CreationDate": None}
            self.figure_.savefig(drawn, **options)
        write_durably(path, drawn.getvalue())


def check_ending(path: Path) -> str:
    """Return the ending of a picture's path.

    Raises:
        FileAccessError: it is none that can be written.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise FileAccessError(f"{path} must end in {', '.join(FORMATS)}; name another file")
    return ending


def theme(*, dark: bool) -> Any:
    """Return a context in which Displays draw for dark pages, or as matplotlib is set.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    return style(DARK if dark else {})


def style(settings: dict[Any, Any]) -> Any:
    """Return a context in which matplotlib has other settings.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    return _matplotlib().rc_context(settings)


def axes_on(ax: "Axes | None", size: tuple[float, float] = (7.0, 4.0)) -> "Axes":
    """Return the axes to draw on: those given, or new ones on a figure of so many inches.

    The figure is no part of pyplot: it needs no window, and is gone with its Display.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    if ax is not None:
        return ax
    figure = _matplotlib().figure.Figure(figsize=size, layout="constrained")
    axes: Axes = figure.add_subplot()
    return axes


def _matplotlib() -> Any:
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra, imported when needed
        import matplotlib.figure  # noqa: PLC0415 - the same
    except ImportError as error:
        raise MissingExtraError("drawing needs matplotlib: pip install 'ellnet[plot]'") from error
    return mpl
