"""What tests of the ladder share: tables, a quick ladder, and rungs made by hand."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.columns import Columns
from ellnet.search import Judged, Ladder, Rung

__all__ = ["Teacher", "quick", "rung", "separable", "told"]


def quick(**options: Any) -> Ladder:
    """A ladder that takes a second or two on a few hundred rows."""
    return Ladder(
        **{"folds": 5, "repeats": 1, "starts": 2, "max_width": 16, "max_layers": 3, **options}
    )


def rung(hidden: Sequence[int], size: int, costs: Sequence[float], **options: Any) -> Rung:
    """A rung by hand, with these costs on the folds."""
    values = options.get("values", costs)
    judged = [Judged(c, v, {}, 1, 0.1) for c, v in zip(costs, values, strict=True)]
    return Rung(tuple(hidden), size, tuple(judged))


def told(rungs: Sequence[Rung]) -> list[Any]:
    """What must be the same for a seed: all but the seconds."""
    return [
        (r.hidden, r.size, [(j.cost, j.value, dict(j.chosen), j.epochs) for j in r.judged])
        for r in rungs
    ]


def separable(rows: int = 300, *, seed: int = 0) -> Columns:
    """Two clouds with a straight border between them, and a gap."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((3 * rows, 3))
    side = X @ np.array([1.0, -0.7, 0.4])
    X, side = X[np.abs(side) > 0.3][:rows], side[np.abs(side) > 0.3][:rows]
    columns = {f"x{j}": X[:, j].tolist() for j in range(3)}
    return Columns.from_mapping({**columns, "target": ["up" if s > 0 else "down" for s in side]})


class Teacher:
    """A network of depth 3 with random weights, whose outputs and some noise are the target."""

    def __init__(self, seed: int, *, inputs: int = 4, width: int = 6, noise: float = 0.2) -> None:
        """Draw the weights."""
        self._random = np.random.default_rng(seed)
        self._inputs, self._noise = inputs, noise
        n = (inputs, width, width, 1)
        self._layers = [
            (
                self._random.normal(0, 2 / np.sqrt(into), (out, into)),
                self._random.normal(0, 0.5, (out, 1)),
            )
            for into, out in itertools.pairwise(n)
        ]
        self._scale = float(np.std(self._says(self._random.standard_normal((inputs, 4000)))))

    def table(self, rows: int) -> Columns:
        """Draw rows, each time others."""
        X = self._random.standard_normal((self._inputs, rows))
        y = self._says(X) / self._scale + self._noise * self._random.standard_normal(rows)
        columns = {f"x{j}": X[j].tolist() for j in range(self._inputs)}
        return Columns.from_mapping({**columns, "target": y.tolist()})

    def _says(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        *hidden, (W, b) = self._layers
        A = X
        for V, c in hidden:
            A = np.tanh(V @ A + c)
        return np.asarray((W @ A + b)[0])
