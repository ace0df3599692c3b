"""Encodings: how a column becomes features, one frozen dataclass for each kind of column.

Every encoding has `fit(column, where)`, learned on the training part; `features`, the names of what
it gives; `ranges`, the least and the largest that each of these can be; and `encode(column, where,
unseen)`, an array (m, features) in float64. What is in the fields is what the model file holds.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ellnet.columns import Column, Kind
from ellnet.errors import DataError, EllnetWarning

__all__ = [
    "ENCODINGS",
    "BooleanEncoding",
    "CategoryEncoding",
    "DateEncoding",
    "Encoding",
    "NumberEncoding",
    "Standard",
    "Unseen",
]

Matrix = NDArray[np.float64]
Where = Callable[[int], str]
Unseen = Literal["error", "ignore"]
Ranges = tuple[tuple[float, float], ...]
"""The least and the largest value of each feature."""

CLIP = 3.0
"""Standard deviations at which the smooth clip has taken a value to 0.7 of itself."""

MAX_CATEGORIES = 100
DAY = 86400.0
CLIPPED = (-CLIP * (1 + 1e-6), CLIP * (1 + 1e-6))
"""What a clipped value lies between, with room for rounding in either precision."""

HUGE = 1e100
"""Standard deviations beyond which the clip no longer changes, and a square could overflow."""


@dataclass(frozen=True)
class Standard:
    """Standardised, then clipped smoothly: z = (x - mean) / scale, z / sqrt(1 + (z / 3)^2).

    Attributes:
        mean: mean of the training part.
        scale: its standard deviation; 1 where all values are the same.
    """

    mean: float
    scale: float

    @classmethod
    def fit(cls, x: NDArray[np.float64]) -> Self:
        """Learn mean and deviation of the finite values x (m,), whatever their size."""
        largest = float(np.max(np.abs(x)))
        if largest == 0 or np.ptp(x / largest) == 0:
            return cls(float(x[0]), 1.0)
        scaled = x / largest
        deviation = float(np.std(scaled)) * largest
        return cls(float(np.mean(scaled)) * largest, max(deviation, np.finfo(np.float64).tiny))

    def apply(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standardise and clip x (m,); NaN stays NaN, and the limits of the clip are -3 and 3."""
        with np.errstate(over="ignore"):
            z = np.clip(x / self.scale - self.mean / self.scale, -HUGE, HUGE)
        return z / np.sqrt(1.0 + np.square(z / CLIP))


def _finite(column: Column, where: Where) -> NDArray[np.float64]:
    """Return the values, refusing infinite ones."""
    x = np.asarray(column.values, np.float64)
    bad = np.flatnonzero(np.isinf(x))
    if len(bad):
        raise DataError(
            f"column {column.name!r} must hold finite numbers, got {len(bad)} infinite: "
            f"{_list(where, bad)}; replace them, or leave the column out with --ignore {column.name}"
        )
    return x


def _list(where: Where, rows: Sequence[int] | NDArray[np.int64]) -> str:
    shown = ", ".join(where(int(row)) for row in rows[:3])
    return f"{shown}, ..." if len(rows) > 3 else shown


def _check_missing(
    column: Column, missing: NDArray[np.bool_], learned: bool, where: Where, unseen: Unseen
) -> None:
    """Refuse missing values where training saw none."""
    if learned or unseen == "ignore" or not missing.any():
        return
    rows = np.flatnonzero(missing)
    raise DataError(
        f"column {column.name!r} had no missing value in training, got {len(rows)}: "
        f"{_list(where, rows)}; fill them, or take them for average with --unseen ignore"
    )


def _filled(values: Matrix, missing: NDArray[np.bool_], indicated: bool) -> Matrix:
    """Put 0, the average, where nothing stands, and beside it the indicator where there is one."""
    filled = np.where(missing[:, None], 0.0, values)
    return np.column_stack([filled, missing]) if indicated else filled


def _names(name: str, own: Sequence[str], indicated: bool) -> tuple[str, ...]:
    return (*own, f"{name}=missing") if indicated else tuple(own)


def _ranges(own: Sequence[tuple[float, float]], indicated: bool) -> Ranges:
    return (*own, (0.0, 1.0)) if indicated else tuple(own)


@dataclass(frozen=True)
class NumberEncoding:
    """A number, standardised; 0 and an indicator where missing, if training had missing values.

    Attributes:
        standard: how it is standardised; None leaves it as it is, for networks of other libraries,
            which were trained on such numbers.
        missing: whether training had missing values.
    """

    kind: ClassVar[Kind] = "number"
    standard: Standard | None
    missing: bool

    @classmethod
    def fit(cls, column: Column, where: Where) -> Self:
        """Learn from the training part."""
        x = _finite(column, where)
        missing = np.isnan(x)
        return cls(Standard.fit(x[~missing]), bool(missing.any()))

    def features(self, name: str) -> tuple[str, ...]:
        """Return the names of the features."""
        return _names(name, [name], self.missing)

    def ranges(self) -> Ranges:
        """Return the least and the largest value that each feature can have."""
        free = (-math.inf, math.inf)
        return _ranges([free if self.standard is None else CLIPPED], self.missing)

    def encode(self, column: Column, where: Where, unseen: Unseen) -> Matrix:
        """Return the features, (m, 1 or 2)."""
        x = _finite(column, where)
        missing = np.isnan(x)
        _check_missing(column, missing, self.missing, where, unseen)
        values = x if self.standard is None else self.standard.apply(x)
        return _filled(values[:, None], missing, self.missing)


@dataclass(frozen=True)
class BooleanEncoding:
    """No and yes as -1 and 1; 0 and an indicator where missing, if training had missing values."""

    kind: ClassVar[Kind] = "boolean"
    missing: bool

    @classmethod
    def fit(cls, column: Column, where: Where) -> Self:
        """Learn from the training part whether values can be missing."""
        del where
        return cls(bool(column.missing.any()))

    def features(self, name: str) -> tuple[str, ...]:
        """Return the names of the features."""
        return _names(name, [name], self.missing)

    def ranges(self) -> Ranges:
        """Return the least and the largest value that each feature can have."""
        return _ranges([(-1.0, 1.0)], self.missing)

    def encode(self, column: Column, where: Where, unseen: Unseen) -> Matrix:
        """Return the features, (m, 1 or 2)."""
        missing = column.missing
        _check_missing(column, missing, self.missing, where, unseen)
        return _filled(2.0 * column.values[:, None] - 1.0, missing, self.missing)


@dataclass(frozen=True)
class DateEncoding:
    """A date: time since 1970 standardised, and where it stands in the year, the week and the day.

    The position in a cycle is a point on the circle, its sine and cosine; the day's is left out where
    training had dates without a time.
    """

    kind: ClassVar[Kind] = "date"
    standard: Standard
    hours: bool
    missing: bool

    @classmethod
    def fit(cls, column: Column, where: Where) -> Self:
        """Learn from the training part."""
        x = _finite(column, where)
        missing = np.isnan(x)
        hours = bool(np.any(np.mod(x[~missing], DAY) != 0))
        return cls(Standard.fit(x[~missing]), hours, bool(missing.any()))

    def features(self, name: str) -> tuple[str, ...]:
        """Return the names of the features."""
        cycles = ("year", "week", "day") if self.hours else ("year", "week")
        waves = [f"{name}:{wave} of {cycle}" for cycle in cycles for wave in ("sin", "cos")]
        return _names(name, [name, *waves], self.missing)

    def ranges(self) -> Ranges:
        """Return the least and the largest value that each feature can have."""
        cycles = 3 if self.hours else 2
        return _ranges([CLIPPED, *[(-1.0, 1.0)] * (2 * cycles)], self.missing)

    def encode(self, column: Column, where: Where, unseen: Unseen) -> Matrix:
        """Return the features, (m, 5 to 8)."""
        x = _finite(column, where)
        missing = np.isnan(x)
        _check_missing(column, missing, self.missing, where, unseen)
        known = np.where(missing, 0.0, x)
        # 1970-01-01 was a Thursday; the week begins on Monday.
        cycles = [_part_of_year(known), np.mod(known / DAY + 3.0, 7.0) / 7.0]
        if self.hours:
            cycles.append(np.mod(known / DAY, 1.0))
        waves = [wave(2.0 * math.pi * part) for part in cycles for wave in (np.sin, np.cos)]
        values = np.column_stack([self.standard.apply(known), *waves])
        return _filled(values, missing, self.missing)


def _part_of_year(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much of its year has gone by at each time, from 0 to below 1."""
    times = (np.floor(seconds * 1e6)).astype(np.int64).astype("datetime64[us]")
    begins = times.astype("datetime64[Y]")
    length = (begins + 1).astype("datetime64[us]") - begins.astype("datetime64[us]")
    return np.asarray((times - begins.astype("datetime64[us]")) / length, np.float64)


@dataclass(frozen=True)
class CategoryEncoding:
    """A category: one feature a level, 1 where it stands (one-hot).

    Attributes:
        levels: the levels of the training part, sorted; at most the 100 most frequent.
        infrequent: whether the others share a feature; unseen ones then join them.
        missing: whether training had missing values, which are a feature of their own.
    """

    kind: ClassVar[Kind] = "category"
    levels: tuple[str, ...]
    infrequent: bool
    missing: bool

    @classmethod
    def fit(cls, column: Column, where: Where) -> Self:
        """Learn the levels from the training part."""
        del where
        missing = column.missing
        levels, counts = np.unique(column.values[~missing].astype(str), return_counts=True)
        if len(levels) <= MAX_CATEGORIES:
            return cls(tuple(levels.tolist()), False, bool(missing.any()))
        _warn_of_many(column.name, len(levels), int(counts.sum()))
        kept = np.sort(np.argsort(-counts, kind="stable")[:MAX_CATEGORIES])
        return cls(tuple(levels[kept].tolist()), True, bool(missing.any()))

    def features(self, name: str) -> tuple[str, ...]:
        """Return the names of the features."""
        own = [f"{name}={level}" for level in self.levels]
        return _names(name, [*own, f"{name}=infrequent"] if self.infrequent else own, self.missing)

    def ranges(self) -> Ranges:
        """Return the least and the largest value that each feature can have."""
        return _ranges([(0.0, 1.0)] * (len(self.levels) + self.infrequent), self.missing)

    def encode(self, column: Column, where: Where, unseen: Unseen) -> Matrix:
        """Return the features, (m, levels and what joins them)."""
        missing = column.missing
        _check_missing(column, missing, self.missing, where, unseen)
        numbers = {level: k for k, level in enumerate(self.levels)}
        other = len(self.levels) if self.infrequent else -1
        hot = np.array([numbers.get(value, other) for value in column.values], np.int64)
        self._check_unseen(column, np.flatnonzero((hot < 0) & ~missing), where, unseen)
        matrix = np.zeros((len(hot), len(self.levels) + self.infrequent))
        known = np.flatnonzero((hot >= 0) & ~missing)
        matrix[known, hot[known]] = 1.0
        return np.column_stack([matrix, missing]) if self.missing else matrix

    def _check_unseen(
        self, column: Column, rows: NDArray[np.int64], where: Where, unseen: Unseen
    ) -> None:
        """Refuse or announce levels that training never saw."""
        if len(rows) == 0:
            return
        if unseen == "ignore":
            warnings.warn(
                f"column {column.name!r} has values that training never saw in {len(rows)} "
                f"row{'s' if len(rows) > 1 else ''}, such as {column.values[rows[0]]!r}; they are taken "
                "for no category at all",
                EllnetWarning,
                stacklevel=2,
            )
            return
        raise DataError(
            f"column {column.name!r} must hold categories seen in training, got "
            f"{column.values[rows[0]]!r} in {where(int(rows[0]))}"
            f"{f' and {len(rows) - 1} more' if len(rows) > 1 else ''}; mend them, or take them for "
            "no category with --unseen ignore"
        )


def _warn_of_many(name: str, levels: int, rows: int) -> None:
    identifier = (
        f"; nearly every row has its own, as an identifier would: --ignore {name} leaves it out"
        if levels > rows / 2
        else ""
    )
    warnings.warn(
        f"column {name!r} has {levels} categories, of which the {MAX_CATEGORIES} most frequent are "
        f"kept and the others become one{identifier}",
        EllnetWarning,
        stacklevel=2,
    )


Encoding = NumberEncoding | BooleanEncoding | DateEncoding | CategoryEncoding

ENCODINGS: dict[Kind, type[Encoding]] = {
    "number": NumberEncoding,
    "boolean": BooleanEncoding,
    "date": DateEncoding,
    "category": CategoryEncoding,
}
"""The encoding of each kind of column."""
