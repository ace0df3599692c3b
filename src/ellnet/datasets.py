"""Built-in sets by name: scikit-learn's, and generated ones whose rule is known."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.columns import Column, Columns
from ellnet.errors import DataError
from ellnet.randomness import Stream, generator

__all__ = ["DATASETS", "load_dataset"]

Points = tuple[NDArray[np.float64], NDArray[Any]]
Random = np.random.Generator


def load_dataset(name: str) -> Columns:
    """Return a built-in set; the column to predict is called `target`.

    Args:
        name: a name in `DATASETS`; a generated set may be followed by parameters, as in
            `moons:m=500,noise=0.2,seed=1` or `parity:n=8`.

    Raises:
        DataError: there is no such set, or no such parameter.
    """
    word, _, given = name.partition(":")
    if word not in DATASETS:
        raise DataError(f"there is no built-in set {word!r}; there are {', '.join(DATASETS)}")
    return DATASETS[word](name, given)


def _from_sklearn(word: str, labelled: bool) -> Callable[[str, str], Columns]:
    """Return a loader of one of scikit-learn's own sets."""

    def load(name: str, given: str) -> Columns:
        from sklearn import datasets  # noqa: PLC0415 - slow to import

        if given:
            raise DataError(f"the set {word} takes no parameters, got {given!r}")
        bunch = getattr(datasets, f"load_{word}")()
        columns = [
            Column(str(feature), "number", np.array(bunch.data[:, j], np.float64))
            for j, feature in enumerate(bunch.feature_names)
        ]
        y = bunch.target_names[bunch.target].tolist() if labelled else bunch.target.tolist()
        return Columns.of([*columns, Column.of("target", y)], name)

    return load


@dataclass(frozen=True)
class _Generated:
    """A generated set: its rule, and its parameters with their defaults."""

    make: Callable[[Random, dict[str, float]], Points]
    defaults: dict[str, float]

    def __call__(self, name: str, given: str) -> Columns:
        values = self._parameters(name, given)
        X, y = self.make(generator(int(values["seed"]), Stream.DATA), values)
        columns = [Column(f"x{j + 1}", "number", np.array(X[:, j])) for j in range(X.shape[1])]
        return Columns.of([*columns, Column("target", "number", y.astype(np.float64))], name)

    def _parameters(self, name: str, given: str) -> dict[str, float]:
        values = {"seed": 0.0, **self.defaults}
        for part in filter(None, given.split(",")):
            key, _, text = part.partition("=")
            if key not in values:
                raise DataError(
                    f"{name}: there is no parameter {key!r}; there are {', '.join(values)}"
                )
            values[key] = _value(name, key, text)
        return values


def _value(name: str, key: str, text: str) -> float:
    """Read one parameter; all but the noise are whole."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < 1e7 or (key != "noise" and not value.is_integer()):
        rule = "a number of at least 0" if key == "noise" else "a whole number of at least 0"
        raise DataError(f"{name}: {key} must be {rule}, got {text!r}")
    return value


def _rows(values: dict[str, float]) -> int:
    if values["m"] < 1:
        raise DataError("m must be at least 1, got 0")
    return int(values["m"])


def _xor(random: Random, values: dict[str, float]) -> Points:
    """Points around the four corners of a square; the class is the exclusive or of their signs."""
    m = _rows(values)
    corners = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)], float)[np.arange(m) % 4]
    y = (corners[:, 0] * corners[:, 1] < 0).astype(int)
    return corners + values["noise"] * random.standard_normal((m, 2)), y


def _moons(random: Random, values: dict[str, float]) -> Points:
    """Two half circles, one reaching into the other."""
    m = _rows(values)
    y = np.arange(m) % 2
    t = math.pi * random.random(m)
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    lower = np.stack([1.0 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    return np.where(y[:, None] == 0, upper, lower) + _noise(random, m, values), y


def _circles(random: Random, values: dict[str, float]) -> Points:
    """A circle, and one of half its size within it."""
    m = _rows(values)
    y = np.arange(m) % 2
    t = 2.0 * math.pi * random.random(m)
    radius = np.where(y == 0, 1.0, 0.5)
    return np.stack([radius * np.cos(t), radius * np.sin(t)], axis=1) + _noise(random, m, values), y


def _spirals(random: Random, values: dict[str, float]) -> Points:
    """Spirals that wind around one another, one a class."""
    m, k = _rows(values), max(2, int(values["classes"]))
    y = np.arange(m) % k
    r = np.sqrt(random.random(m))
    t = 2.0 * math.pi * (values["turns"] * r + y / k)
    return np.stack([r * np.cos(t), r * np.sin(t)], axis=1) + _noise(random, m, values), y


def _parity(random: Random, values: dict[str, float]) -> Points:
    """All 2^n patterns of n bits; the class says whether the number of ones is odd."""
    del random
    n = int(values["n"])
    if not 1 <= n <= 16:
        raise DataError(f"parity: n must be from 1 to 16, got {n}")
    X = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return X.astype(float), X.sum(axis=1) % 2


def _noise(random: Random, m: int, values: dict[str, float]) -> NDArray[np.float64]:
    return values["noise"] * random.standard_normal((m, 2))


DATASETS: dict[str, Callable[[str, str], Columns]] = {
    "digits": _from_sklearn("digits", labelled=False),
    "iris": _from_sklearn("iris", labelled=True),
    "wine": _from_sklearn("wine", labelled=True),
    "breast_cancer": _from_sklearn("breast_cancer", labelled=True),
    "diabetes": _from_sklearn("diabetes", labelled=False),
    "xor": _Generated(_xor, {"m": 400, "noise": 0.25}),
    "moons": _Generated(_moons, {"m": 400, "noise": 0.2}),
    "circles": _Generated(_circles, {"m": 400, "noise": 0.1}),
    "spirals": _Generated(_spirals, {"m": 600, "noise": 0.02, "classes": 2, "turns": 1}),
    "parity": _Generated(_parity, {"n": 8}),
}
"""Every built-in set by its name."""
