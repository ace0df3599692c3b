"""Figures: numbers written so that they can be read and compared, and which of a large matrix."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ELIDED",
    "Window",
    "figure",
    "scale_of",
    "scaled",
    "statistics",
    "superscript",
    "window",
]

ELIDED = 64
"""Units up to which a matrix is shown whole."""

HEAD, TAIL = 5, 2
"""Rows and columns of an elided matrix that are shown, at its beginning and its end."""

DIGITS = 4


def figure(x: float) -> str:
    """Write one number with four significant digits, with a proper minus."""
    if not math.isfinite(x):
        return {math.inf: "∞", -math.inf: "−∞"}.get(x, "undefined")
    if x == 0:
        return "0"
    return f"{x:.4g}".replace("e-0", "e−").replace("e-", "e−").replace("e+0", "e").replace("-", "−")


def scale_of(values: NDArray[Any]) -> int:
    """Return the power of ten to take out of a matrix, so that its numbers stand in one format.

    It is 0 where the largest absolute value is between 0.01 and 1000.
    """
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0.0))
    if largest == 0 or 0.01 <= largest < 1000:
        return 0
    return int(f"{largest:.{DIGITS}e}".partition("e")[2])


def scaled(x: float, scale: int) -> str:
    """Write a number of a matrix, less its power of ten: four digits after the point.

    An exact zero is 0; what is too small for four digits has one digit and its own power.
    """
    if x == 0:
        return "0"
    if not math.isfinite(x):
        return figure(x)
    value = x / 10.0**scale
    if abs(value) < 0.5 * 10**-DIGITS:
        return f"{value:.0e}".replace("e-0", "e−").replace("e-", "e−").replace("-", "−")
    return f"{value:.{DIGITS}f}".replace("-", "−")


def superscript(number: int) -> str:
    """Write a power: ⁻⁵."""
    return str(number).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


@dataclass(frozen=True)
class Window:
    """Which rows and columns of a matrix are shown; None stands for those left out between."""

    rows: tuple[int | None, ...]
    columns: tuple[int | None, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return None not in self.rows and None not in self.columns


def window(shape: Sequence[int], most_rows: int = ELIDED, most_columns: int = ELIDED) -> Window:
    """Choose what to show of a matrix: all of it, or its beginning and its end.

    A matrix that has more rows or columns than fit is cut in both directions, where both are long.
    """
    cut = shape[0] > most_rows or shape[1] > most_columns
    rows = _shown(shape[0], min(most_rows, HEAD + TAIL + 1) if cut else most_rows)
    columns = _shown(shape[1], min(most_columns, HEAD + TAIL + 1) if cut else most_columns)
    return Window(rows, columns)


def _shown(count: int, most: int) -> tuple[int | None, ...]:
    if count <= most:
        return tuple(range(count))
    tail = min(TAIL, max(1, most // 3))
    head = max(1, most - tail - 1)
    return (*range(head), None, *range(count - tail, count))


def statistics(values: NDArray[Any]) -> str:
    """Say in words what a large matrix is like."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return "no finite number"
    zeros = int(np.count_nonzero(finite == 0))
    share = f", {100 * zeros / values.size:.0f} % exactly 0" if zeros else ""
    odd = values.size - finite.size
    lost = f", {odd:,} not finite" if odd else ""
    return (
        f"{values.size:,} numbers: mean {figure(float(finite.mean()))}, standard deviation "
        f"{figure(float(finite.std()))}, from {figure(float(finite.min()))} to "
        f"{figure(float(finite.max()))}{share}{lost}"
    )
