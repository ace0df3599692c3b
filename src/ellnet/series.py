"""Polars series to the arrays that a Column holds."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

__all__ = ["floats", "objects"]


def floats(series: "pl.Series") -> NDArray[np.float64]:
    """Return numbers, booleans or none at all as float64 (m,), NaN where missing."""
    import polars as pl  # noqa: PLC0415 - prediction from a record needs none of it

    numbers = series.cast(pl.Float64).fill_null(float("nan"))
    return np.array(numbers.to_numpy(), np.float64)


def objects(text: "pl.Series") -> NDArray[Any]:
    """Return words as objects (m,), None where missing."""
    return np.array([*text.to_list(), None], object)[:-1]
