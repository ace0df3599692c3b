"""From a table's columns to X inside an ONNX graph: every encoding, missing values included.

What a graph cannot do is refuse: it takes missing values and categories that training never saw as
`Model.predict` does with unseen="ignore". Numbers are reckoned with in float64, as the model does.
"""

import math
from typing import Literal

import numpy as np

from ellnet.encodings import (
    CLIP,
    DAY,
    HUGE,
    BooleanEncoding,
    CategoryEncoding,
    DateEncoding,
    NumberEncoding,
    Standard,
)
from ellnet.errors import DataError, HyperparameterError
from ellnet.forms.onnx_graph import ML, GraphBuilder
from ellnet.preprocessing import Preprocessing

__all__ = ["MATRIX", "Inputs", "Numbers", "add_preprocessing", "takes_matrix"]

Inputs = Literal["auto", "columns", "matrix"]
Numbers = Literal["float64", "float32"]

MATRIX = "X"
"""The name of the one input that holds all columns."""

MICRO = 1e6
"""Microseconds in a second, to which times are cut."""


def takes_matrix(preprocessing: Preprocessing, inputs: Inputs) -> bool:
    """Say whether the graph has one input of all columns, or one for each column.

    Raises:
        HyperparameterError: there are no such inputs, or a column of a matrix holds categories.
    """
    if inputs not in {"auto", "columns", "matrix"}:
        raise HyperparameterError(f"inputs must be auto, columns or matrix, got {inputs!r}")
    numeric = all(
        isinstance(encoding, NumberEncoding | BooleanEncoding)
        for encoding in preprocessing.encodings.values()
    )
    if inputs == "matrix" and preprocessing.category_names:
        raise HyperparameterError(
            f"inputs='matrix' needs columns of numbers, and {preprocessing.category_names[0]!r} holds "
            "categories; take inputs='columns'"
        )
    return inputs == "matrix" or (inputs == "auto" and numeric)


def add_preprocessing(
    graph: GraphBuilder, preprocessing: Preprocessing, *, matrix: bool, numbers: Numbers
) -> str:
    """Add inputs and preprocessing to a graph; return the name of X, (m, n[0]), in the model's dtype.

    Raises:
        HyperparameterError: numbers of another precision are asked for.
        DataError: a name or a category cannot stand in an ONNX file.
    """
    if numbers not in {"float64", "float32"}:
        raise HyperparameterError(f"numbers must be float64 or float32, got {numbers!r}")
    columns = _declare(graph, preprocessing, matrix=matrix, numbers=numbers)
    parts, order = [], []
    for group in _groups(preprocessing):
        parts.append(_encoded(graph, preprocessing, group, columns))
        order += _places(preprocessing, group)
    X = parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)
    if order != sorted(order):
        back = graph.constant(np.argsort(order).astype(np.int64), "ellnet/order_of_features")
        X = graph.add("Gather", X, back, axis=1)
    return graph.cast(X, preprocessing.dtype, wanted="ellnet/A0")


def _declare(
    graph: GraphBuilder, preprocessing: Preprocessing, *, matrix: bool, numbers: Numbers
) -> dict[str, str]:
    """Declare the inputs; return for each column the name of its values, (m, 1), numbers in float64."""
    encodings = preprocessing.encodings
    if matrix:
        whole = graph.input(MATRIX, numbers, len(encodings))
        wide = graph.cast(whole, "float64") if numbers == "float32" else whole
        return dict.fromkeys(encodings, wide)
    found = {}
    for name, encoding in encodings.items():
        graph.input(name, "string" if isinstance(encoding, CategoryEncoding) else numbers, 1)
    for name, encoding in encodings.items():
        narrow = numbers == "float32" and not isinstance(encoding, CategoryEncoding)
        found[name] = graph.cast(name, "float64") if narrow else name
    return found


def _groups(preprocessing: Preprocessing) -> list[list[str]]:
    """Put columns of numbers that are treated alike together; every other column stands alone."""
    groups: dict[object, list[str]] = {}
    for name, encoding in preprocessing.encodings.items():
        key: object = name, "alone"
        if isinstance(encoding, NumberEncoding):
            key = "number", encoding.standard is None, encoding.missing
        elif isinstance(encoding, BooleanEncoding):
            key = "boolean", encoding.missing
        groups.setdefault(key, []).append(name)
    return list(groups.values())


def _places(preprocessing: Preprocessing, group: list[str]) -> list[int]:
    """Return where the features of a group stand in X: values first, then missing-indicators."""
    start, starts = 0, {}
    for name, encoding in preprocessing.encodings.items():
        starts[name] = start
        start += len(encoding.features(name))
    if len(group) == 1:
        first = starts[group[0]]
        count = len(preprocessing.encodings[group[0]].features(group[0]))
        return list(range(first, first + count))
    indicated = preprocessing.encodings[group[0]].missing
    values = [starts[name] for name in group]
    return values + [place + 1 for place in values] if indicated else values


def _encoded(
    graph: GraphBuilder, preprocessing: Preprocessing, group: list[str], columns: dict[str, str]
) -> str:
    """Add the nodes of a group; return the name of its features in float64."""
    encodings = preprocessing.encodings
    first = encodings[group[0]]
    if isinstance(first, CategoryEncoding):
        return _category(graph, first, columns[group[0]], group[0])
    x = _joined(graph, preprocessing, group, columns)
    missing = graph.add("IsNaN", x)
    if isinstance(first, DateEncoding):
        values = _date(graph, first, x, missing)
    elif isinstance(first, BooleanEncoding):
        twice = graph.add("Mul", x, _number(graph, 2.0))
        values = graph.add("Sub", twice, _number(graph, 1.0))
    else:
        standards = [
            e.standard for name in group if isinstance(e := encodings[name], NumberEncoding)
        ]
        values = _standardised(graph, [s for s in standards if s is not None], x)
    filled = graph.add("Where", missing, _number(graph, 0.0), values)
    if not first.missing:
        return filled
    return graph.add("Concat", filled, graph.cast(missing, "float64"), axis=1)


def _joined(
    graph: GraphBuilder, preprocessing: Preprocessing, group: list[str], columns: dict[str, str]
) -> str:
    """Return the columns of a group side by side, (m, columns)."""
    names = list(preprocessing.encodings)
    sources = {columns[name] for name in group}
    if len(columns) > 1 and len(set(columns.values())) == 1:  # one matrix
        if len(group) == len(names):
            return sources.pop()
        places = graph.constant(np.array([names.index(name) for name in group]), "ellnet/places")
        return graph.add("Gather", sources.pop(), places, axis=1)
    if len(group) == 1:
        return sources.pop()
    return graph.add("Concat", *(columns[name] for name in group), axis=1)


def _number(graph: GraphBuilder, value: float) -> str:
    return graph.constant(np.array(value, np.float64), "ellnet/number")


def _standardised(graph: GraphBuilder, standards: list[Standard], x: str) -> str:
    """Add z = (x - mean) / scale and its smooth clip, column by column; without standards x itself."""
    if not standards:
        return x
    scale = np.array([standard.scale for standard in standards])
    shift = np.array([standard.mean / standard.scale for standard in standards])
    quotient = graph.add("Div", x, graph.constant(scale, "ellnet/scale"))
    z = graph.add("Sub", quotient, graph.constant(shift, "ellnet/shift"))
    z = graph.add("Clip", z, _number(graph, -HUGE), _number(graph, HUGE))
    part = graph.add("Div", z, _number(graph, CLIP))
    square = graph.add("Add", graph.add("Mul", part, part), _number(graph, 1.0))
    return graph.add("Div", z, graph.add("Sqrt", square))


def _category(graph: GraphBuilder, encoding: CategoryEncoding, texts: str, name: str) -> str:
    """Add a number for each level, and 1 where it stands; "" is missing unless it is a level."""
    levels = list(encoding.levels)
    width = len(encoding.features(name))
    other = len(levels) if encoding.infrequent else -1
    missing = width - 1 if encoding.missing else -1
    keys = {level: k for k, level in enumerate(levels)}
    keys.setdefault("", missing)
    if not all(_is_storable(key) for key in keys):
        raise DataError(
            f"column {name!r} has a category that is no Unicode text, which ONNX cannot hold; train on "
            "text without halves of surrogate pairs"
        )
    number = graph.add(
        "LabelEncoder",
        texts,
        domain=ML,
        keys_strings=list(keys),
        values_int64s=list(keys.values()),
        default_int64=other,
    )
    places = graph.constant(np.arange(width, dtype=np.int64), "ellnet/levels")
    return graph.cast(graph.add("Equal", number, places), "float64")


def _is_storable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _date(graph: GraphBuilder, encoding: DateEncoding, x: str, missing: str) -> str:
    """Add a date's features: time standardised, then sine and cosine of each cycle."""
    known = graph.add("Where", missing, _number(graph, 0.0), x)
    days = graph.add("Div", known, _number(graph, DAY))
    monday = graph.add("Add", days, _number(graph, 3.0))  # 1970-01-01 was a Thursday
    cycles = [_part_of_year(graph, known), _part_of(graph, monday, 7.0)]
    if encoding.hours:
        cycles.append(_part_of(graph, days, 1.0))
    parts = [_standardised(graph, [encoding.standard], known)]
    for cycle in cycles:
        angle = graph.add("Mul", cycle, _number(graph, 2.0 * math.pi))
        quarter = graph.add("Add", angle, _number(graph, math.pi / 2))
        # A cosine is a sine a quarter later: runtimes have that one in float64.
        parts += [graph.add("Sin", angle), graph.add("Sin", quarter)]
    return graph.add("Concat", *parts, axis=1)


def _part_of(graph: GraphBuilder, x: str, period: float) -> str:
    """Add how much of its period has gone by at x; the remainder is exact, and divided last."""
    length = _number(graph, period)
    whole = graph.add("Mul", graph.add("Floor", graph.add("Div", x, length)), length)
    return graph.add("Div", graph.add("Sub", x, whole), length)


def _part_of_year(graph: GraphBuilder, seconds: str) -> str:
    """Add how much of its year has gone by at each time, by the Gregorian calendar."""
    number = {value: _number(graph, value) for value in (1.0, 365.0)}

    def floor_of(name: str, divisor: float) -> str:
        quotient = graph.add("Div", name, _number(graph, divisor))
        return graph.add("Floor", quotient)

    def plus(name: str, value: float) -> str:
        return graph.add("Add", name, _number(graph, value))

    def begin(year: str) -> str:
        """Days from 1970 to 1 January of a year."""
        before = graph.add("Sub", year, number[1.0])
        leaps = graph.add("Sub", floor_of(before, 4.0), floor_of(before, 100.0))
        leaps = graph.add("Add", leaps, floor_of(before, 400.0))
        return plus(graph.add("Add", graph.add("Mul", before, number[365.0]), leaps), -719162.0)

    micro = graph.add("Floor", graph.add("Mul", seconds, _number(graph, MICRO)))
    day = graph.add("Floor", graph.add("Div", micro, _number(graph, DAY * MICRO)))
    # A mean year is a little too long or too short for some: the guess is at most one year off.
    guess = plus(floor_of(day, 365.2425), 1970.0)
    late = graph.cast(graph.add("Greater", begin(guess), day), "float64")
    year = graph.add("Sub", guess, late)
    after = begin(plus(year, 1.0))
    early = graph.cast(graph.add("LessOrEqual", after, day), "float64")
    year = graph.add("Add", year, early)
    first, following = begin(year), begin(plus(year, 1.0))
    elapsed = graph.add("Sub", micro, graph.add("Mul", first, _number(graph, DAY * MICRO)))
    length = graph.add("Mul", graph.add("Sub", following, first), _number(graph, DAY * MICRO))
    return graph.add("Div", elapsed, length)
