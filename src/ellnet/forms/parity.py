"""Parity vectors: rows made from a model's own preprocessing, and what the model says of them.

A form that leaves has to agree with the model on them before it is written. They hold every level of
every category, values near and far from the mean, missing ones, and categories that training never saw.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.columns import Column, Columns
from ellnet.encodings import (
    BooleanEncoding,
    CategoryEncoding,
    DateEncoding,
    Encoding,
    NumberEncoding,
    Standard,
)
from ellnet.errors import EllnetWarning
from ellnet.models import Model
from ellnet.preprocessing import Preprocessing
from ellnet.randomness import Stream, generator

__all__ = ["TOLERANCES", "Expected", "disagreement", "expected", "parity_rows"]

TOLERANCES = {"float32": 1e-5, "float64": 1e-12}
"""By how much the outputs of a form may differ from the model's: for outputs above 1, relatively."""

FEWEST, MOST = 24, 256
"""Rows of a table that is very wide, and of one that is narrow."""

WIDE = 20000
"""Entries that a table may have before it gets fewer rows."""

MISSING_SHARE = 0.1
FAR = 1e6
"""Standard deviations of the farthest values: there the clip has come to its end."""

UNSEEN = "a category that training never saw"

FIRST_TIME, LAST_TIME = -2208988800.0, 4102444800.0
"""The years 1900 and 2100, in seconds since 1970."""

Random = np.random.Generator


@dataclass(frozen=True, eq=False)
class Expected:
    """What the model says of its parity vectors.

    Attributes:
        rows: the parity vectors, m of them.
        labels: (m,) predictions, as `Model.predict` gives them.
        outputs: (m, outputs): the probability of each class, or the value in the target's units.
        unit: what an error in `outputs` is measured in: 1, or the deviation of a regression's target.
    """

    rows: Columns
    labels: NDArray[Any]
    outputs: NDArray[np.float64]
    unit: float


def expected(model: Model, rows: Columns | None = None) -> Expected:
    """Let the model predict rows, by default its parity vectors; unseen levels are no category."""
    rows = parity_rows(model.preprocessing) if rows is None else rows
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EllnetWarning)  # of categories never seen, which are meant
        A = model.outputs(rows, unseen="ignore")
    labels = np.asarray(model.target.decode(A))
    if model.target.task == "regression":
        return Expected(rows, labels, labels[:, None].astype(np.float64), model.target.scale)
    return Expected(rows, labels, model.target.probabilities(A).astype(np.float64), 1.0)


def disagreement(wanted: Expected, outputs: NDArray[Any]) -> float:
    """Return the worst difference of outputs (m, outputs) from the expected ones; NaN is infinite.

    It is taken in the unit of the outputs, and where they are larger than that, relatively.
    """
    if outputs.shape != wanted.outputs.shape:
        return float("inf")
    size = np.maximum(np.abs(wanted.outputs), wanted.unit)
    difference = np.abs(np.asarray(outputs, np.float64) - wanted.outputs) / size
    same = (outputs == wanted.outputs) | (np.isnan(outputs) & np.isnan(wanted.outputs))
    return float(np.max(np.where(same, 0.0, np.nan_to_num(difference, nan=np.inf))))


def parity_rows(preprocessing: Preprocessing, m: int | None = None) -> Columns:
    """Return m rows that go through everything the preprocessing knows; the same ones every time.

    Args:
        preprocessing: how a table becomes X.
        m: number of rows; by default enough for every level, fewer where there are many columns.
    """
    encodings = preprocessing.encodings
    if m is None:
        levels = [len(e.levels) for e in encodings.values() if isinstance(e, CategoryEncoding)]
        most = max(MOST // 4, *(count + 2 for count in levels)) if levels else MOST // 4
        m = min(most, max(FEWEST, WIDE // len(encodings)))
    columns = []
    for place, (name, encoding) in enumerate(encodings.items()):
        random = generator(0, Stream.DATA, layer=place)
        columns.append(Column(name, encoding.kind, _values(encoding, m, random)))
    return Columns.of(columns, "the parity vectors")


def _values(encoding: Encoding, m: int, random: Random) -> NDArray[Any]:
    """Return m values of a column."""
    if isinstance(encoding, CategoryEncoding):
        return _categories(encoding, m, random)
    if isinstance(encoding, NumberEncoding):
        x = _numbers(encoding.standard, m, random)
    elif isinstance(encoding, BooleanEncoding):
        x = random.integers(0, 2, m).astype(np.float64)
    else:
        x = _dates(encoding, m, random)
    x[random.random(m) < MISSING_SHARE] = np.nan
    return x


def _numbers(standard: Standard | None, m: int, random: Random) -> NDArray[np.float64]:
    """Return numbers about the mean, some of them far away; every third in whole units."""
    mean, scale = (0.0, 1.0) if standard is None else (standard.mean, standard.scale)
    z = random.standard_normal(m)
    if standard is not None:
        far = random.random(m) < MISSING_SHARE
        z[far] *= 10.0 ** random.uniform(0, np.log10(FAR), int(far.sum()))
    x = mean + scale * z
    whole = random.random(m) < 1 / 3
    x[whole] = np.rint(x[whole])
    return np.asarray(np.clip(x, -1e300, 1e300))


def _dates(encoding: DateEncoding, m: int, random: Random) -> NDArray[np.float64]:
    """Return times of 1900 to 2100 about the mean, among them the first and last day of leap years."""
    spread = encoding.standard.mean + 3.0 * encoding.standard.scale * random.standard_normal(m)
    times = np.rint(np.clip(spread, FIRST_TIME, LAST_TIME))
    if not encoding.hours:
        times = np.floor(times / 86400.0) * 86400.0
    ends = np.array(["2000-01-01", "2000-12-31", "2023-12-31", "1999-03-01", "2024-02-29"])
    known = ends.astype("datetime64[s]").astype(np.float64)
    places = random.permutation(m)[: len(known)]
    times[places] = known[: len(places)]
    return times


def _categories(encoding: CategoryEncoding, m: int, random: Random) -> NDArray[Any]:
    """Return every level, a missing value and an unseen one, in random order, again and again."""
    unseen = UNSEEN
    while unseen in encoding.levels:
        unseen += "."
    blank = () if "" in encoding.levels else (None,)  # where "" is a level, a form has no missing
    choices = np.array([*encoding.levels, unseen, *blank, None], object)[:-1]
    turns = [random.permutation(len(choices)) for _ in range(-(-m // len(choices)))]
    return np.asarray(choices[np.concatenate(turns)[:m]])
