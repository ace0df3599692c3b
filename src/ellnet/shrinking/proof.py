"""The proof: which steps are right for which inputs, by argument, and outputs compared one by one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, to_numpy
from ellnet.errors import ProofError
from ellnet.network import Network
from ellnet.randomness import Stream, generator
from ellnet.shrinking.box import AT_ONCE, Box, dense_columns
from ellnet.shrinking.chain import Chain, chain_of, outputs_of
from ellnet.shrinking.steps import Holds, Step, weakest

__all__ = ["INPUTS", "LIMIT", "Proof", "proved"]

Matrix = NDArray[np.float64]

LIMIT = 1e-12
"""What outputs may differ by in float64, as a part of their size."""

INPUTS = 10_000
"""Inputs that are tried: examples first, and for the rest inputs drawn in the box."""

WIDER = 10.0
"""Where steps are right for every input, half of those drawn come from a box so many times as wide."""

NO_END = 10.0
"""Where a box has no end inputs are drawn so far from zero, or from its other end."""

NEAR_ROUNDING = 100.0
"""A difference so many times the network's own rounding, or less, may be rounding."""

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Proof:
    """What is known of the outputs before and after.

    Attributes:
        steps: all of them; `right_for` picks those that are right for the inputs of one kind.
        box: the inputs that bounds were taken over, in words.
        inputs: how many inputs both networks were tried on.
        examples: how many of these were examples that were given.
        left_out: inputs more, on which the network as it came had no finite outputs.
        largest: the largest difference of two outputs in float64.
        relative: the same, of each output's own largest size.
        dtype: the precision of the network.
        largest_cast: the largest difference where both networks are calculated in that precision.
        relative_cast: the same, of each output's own largest size.
    """

    steps: tuple[Step, ...]
    box: str
    inputs: int
    examples: int
    left_out: int
    largest: float
    relative: float
    dtype: str
    largest_cast: float
    relative_cast: float

    @property
    def holds(self) -> Holds:
        """The inputs for which all steps are right together."""
        return weakest(self.steps)

    def right_for(self, holds: Holds) -> tuple[Step, ...]:
        """Return the steps whose argument is for just these inputs."""
        return tuple(step for step in self.steps if step.holds == holds)

    @property
    def argument(self) -> str:
        """Which steps are right for which inputs, in a sentence."""
        inputs: dict[Holds, str] = {
            "every input": "every input",
            "box": f"every input in the box ({self.box})",
            "data": "the examples given, and perhaps for no others",
        }
        counts = {words: len(self.right_for(holds)) for holds, words in inputs.items()}
        said = [f"{_steps(count)} right for {words}" for words, count in counts.items() if count]
        rounded = sum(not step.exact for step in self.steps)
        if rounded:
            said.append(f"{rounded} of them to the last digits of float64, the others exactly")
        return "; ".join(said) or "nothing was changed"

    @property
    def sentence(self) -> str:
        """What was compared and found, in a sentence."""
        drawn = self.inputs - self.examples
        kinds = [
            f"{count:,} {words}"
            for count, words in ((self.examples, "given"), (drawn, "drawn"))
            if count
        ]
        text = (
            f"on {self.inputs:,} inputs ({', '.join(kinds)}) outputs differ in float64 by "
            f"{self.largest:.2g} at most, {self.relative:.2g} of their size"
        )
        if self.dtype != "float64":
            text += (
                f", and calculated in {self.dtype} by {self.largest_cast:.2g}, "
                f"{self.relative_cast:.2g} of it"
            )
        if self.left_out:
            text += f"; on {self.left_out:,} more the network had no finite outputs to compare"
        return text

    def to_json(self) -> dict[str, Any]:
        """Return the figures, without the steps, as plain JSON values."""
        fields = {name: value for name, value in vars(self).items() if name != "steps"}
        return {**fields, "holds": self.holds}


class _Compared:
    """Differences of two chains' outputs, gathered over inputs."""

    def __init__(self, before: Chain, after: Chain) -> None:
        """Take the two."""
        self._before, self._after = before, after
        n = before[-1].n
        self.difference, self.size, self.added = np.zeros(n), np.zeros(n), np.zeros(n)

    def take(self, X: Matrix) -> NDArray[np.bool_]:
        """Compare on the inputs X (n[0], m); return which of them the first has finite outputs for."""
        expected, added = outputs_of(self._before, X)
        found, _ = outputs_of(self._after, X)
        good = np.isfinite(expected).all(axis=0)
        with np.errstate(invalid="ignore"):
            apart = np.abs(found[:, good] - expected[:, good])
        apart[np.isnan(apart)] = np.inf
        for name, values in (
            ("difference", apart),
            ("size", np.abs(expected[:, good])),
            ("added", added[:, good]),
        ):
            largest = np.maximum(getattr(self, name), values.max(axis=1, initial=0.0))
            setattr(self, name, largest)
        return np.asarray(good)

    @property
    def relative(self) -> Matrix:
        """Each output's difference over its own largest size, (n[L],).

        An output that is always 0 has the size of what is added up in it.
        """
        size = np.where(self.size > 0, self.size, self.added)
        return np.asarray(self.difference / np.where(size > 0, size, 1.0))

    @property
    def rounding(self) -> Matrix:
        """What rounding of the last sum alone can come to, (n[L],): the least that can be asked."""
        last = self._before[-1]
        return np.asarray(4.0 * EPS * (last.W.shape[1] + 2) * self.added)


def proved(
    net: Network,
    smaller: Network,
    after: Chain,
    steps: tuple[Step, ...],
    *,
    X: Array | None,
    box: Box,
) -> Proof:
    """Compare a network with what shrinking made of it.

    Args:
        net: the network as it came.
        smaller: what is to be returned, in the precision of `net`.
        after: the same in float64.
        steps: what was done.
        X: examples, (n[0], m), or None.
        box: in which inputs may be drawn.

    Raises:
        ProofError: outputs differ in float64 by more than `LIMIT` of their size, or none is finite.
    """
    exact = _Compared(chain_of(net), after)
    dtype = to_numpy(net.W[1]).dtype
    cast = _Compared(chain_of(net, dtype), chain_of(smaller, dtype))
    holds = weakest(steps)
    inputs = examples = left_out = 0
    for part, given in _tried(X, box, holds):
        good = exact.take(part)
        cast.take(part[:, good])
        inputs += int(good.sum())
        examples += int(good.sum()) if given else 0
        left_out += int((~good).sum())
    if inputs == 0:
        raise ProofError(
            "outputs must be finite to be compared, and those of the network are on none of "
            f"{left_out:,} inputs; give inputs that it is meant for"
        )
    _check(exact, chain_of(net), _tried(X, box, holds))
    if not np.isfinite(cast.difference).all():
        raise ProofError(
            f"an output of the smaller network is beyond the range of {dtype}, and was not before; bring "
            "the network to float64, where it fits"
        )
    return Proof(
        steps=steps,
        box=box.origin,
        inputs=inputs,
        examples=examples,
        left_out=left_out,
        largest=float(exact.difference.max()),
        relative=float(exact.relative.max()),
        dtype=str(dtype),
        largest_cast=float(cast.difference.max()),
        relative_cast=float(cast.relative.max()),
    )


def _check(found: _Compared, before: Chain, tried: Iterator[tuple[Matrix, bool]]) -> None:
    """Refuse outputs that differ by more than rounding, as a wrong step would make them."""
    allowed = np.maximum(LIMIT * found.size, found.rounding)
    wrong = np.flatnonzero(~(found.difference <= allowed))
    if len(wrong) == 0:
        return
    k = int(wrong[0])
    own = _Compared(before, _reversed(before))
    for part, _ in tried:
        own.take(part)
    near = own.difference[k] > found.difference[k] / NEAR_ROUNDING
    rounding = (
        f"; rounding alone comes to {own.difference[k]:.3g} there, as its units added up in another "
        "order show, so float64 cannot tell"
    )
    raise ProofError(
        f"outputs must stay the same to {LIMIT:.0e} of their size, and output {k + 1} differs by "
        f"{found.difference[k]:.3g} ({found.relative[k]:.3g} of its size){rounding if near else ''}; "
        "keep the network as it is"
    )


def _reversed(chain: Chain) -> Chain:
    """Return the same function with the units of each hidden layer in reverse order."""
    *hidden, last = chain
    turned = [
        replace(layer, units=layer.units[::-1], W=layer.W[::-1], b=layer.b[::-1])
        for layer in hidden
    ]
    layers = [*turned, last]
    return (layers[0], *(layer.taking(layer.W[:, ::-1], layer.b) for layer in layers[1:]))


def _tried(X: Array | None, box: Box, holds: Holds) -> Iterator[tuple[Matrix, bool]]:
    """Go through the inputs to try, some at a time, (n[0], m); and whether they were given."""
    given = 0 if X is None else int(X.shape[1])
    taken = min(given, INPUTS)
    if X is not None:
        index = np.arange(taken) * given // taken
        for part in dense_columns(X, index):
            yield part, True
    if holds == "data":
        return
    for begin in range(taken, INPUTS, AT_ONCE):
        yield _drawn(box, min(AT_ONCE, INPUTS - begin), begin, wider=holds == "every input"), False


def _drawn(box: Box, m: int, place: int, *, wider: bool) -> Matrix:
    """Draw m inputs: of each four one is a corner of the box, or near two ends; the others lie inside."""
    lower, upper = _ends(box)
    random = generator(0, Stream.SHRINKING, step=place)
    along = random.uniform(0.0, 1.0, (m, len(lower)))
    corner = np.arange(m) % 4 == 0
    along[corner] = np.round(along[corner])
    X = lower + along * (upper - lower)
    X = np.clip(X, lower, upper)  # rounding may lead out of the box
    if wider:
        half = np.arange(m) % 2 == 1
        middle = lower + (upper - lower) / 2
        X[half] = middle + WIDER * (X[half] - middle)
    return np.ascontiguousarray(X.T)


def _ends(box: Box) -> tuple[Matrix, Matrix]:
    """Return ends to draw between: those of the box, and numbers where it has none."""
    low, high = np.isfinite(box.lower), np.isfinite(box.upper)
    lower = np.where(low, box.lower, np.where(high, box.upper - 2 * NO_END, -NO_END))
    upper = np.where(high, box.upper, np.where(low, box.lower + 2 * NO_END, NO_END))
    return lower, upper


def _steps(count: int) -> str:
    return "1 step is" if count == 1 else f"{count} steps are"
