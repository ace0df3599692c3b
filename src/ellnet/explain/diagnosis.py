"""Diagnosis: what went wrong in a gradient that was derived by hand, by name where it has one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, overflow_allowed, to_numpy
from ellnet.batches import Examples
from ellnet.engines.protocol import Gradients
from ellnet.engines.recursion import forward
from ellnet.errors import ShapeError
from ellnet.explain.shape_slips import ShapeSlip, straightened
from ellnet.explain.slips import SLIPS, Derived, Slip, Work, derived
from ellnet.network import Network, Parameters
from ellnet.shapes import shape_chain

__all__ = ["Diagnosis", "FoundSlip", "diagnose_gradient"]

Given = Parameters | Gradients | Mapping[str, Any] | Sequence[Any]

FINE, COARSE = 1e-7, 1e-4
"""Relative difference up to which two arrays are the same: of float64, and of less."""

NEARLY_NOTHING = 1e-13
"""Part of the whole gradient's norm that rounding may come to in any array of it."""


@dataclass(frozen=True)
class FoundSlip:
    """A slip that was recognised.

    Attributes:
        name: what it is called.
        layers: where it happened.
        says: what was done.
        right: what it should be.
        erratum: its number among the errata of the notes' source (N7), 0 for none.
    """

    name: str
    layers: tuple[int, ...]
    says: str
    right: str
    erratum: int = 0

    def __str__(self) -> str:
        """Name it, and say what it should be."""
        where = ", ".join(str(layer) for layer in self.layers)
        source = f"; erratum {self.erratum} of the notes' source (N7)" if self.erratum else ""
        plural = "s" if len(self.layers) > 1 else ""
        return f"{self.name}, in layer{plural} {where}: {self.says}{source}. Right: {self.right}"


@dataclass(frozen=True)
class Diagnosis:
    """What there is to say of somebody's gradient.

    Attributes:
        right: whether it is right, shapes included.
        slips: what was recognised, all of which happened together.
        others: what would give the same numbers on these examples, each instead of the last of `slips`.
        wrong: the arrays that are wrong, from the output back.
        advice: where to look, for what has no name.
    """

    right: bool
    slips: tuple[FoundSlip, ...] = ()
    others: tuple[FoundSlip, ...] = ()
    wrong: tuple[str, ...] = ()
    advice: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what was recognised, and of what could have been instead."""
        return tuple(dict.fromkeys(found.name for found in (*self.slips, *self.others)))

    def __str__(self) -> str:
        """Everything, a line each."""
        if self.right:
            return "this gradient is right: every dW[l] and db[l], with its shape"
        lines = [str(found) for found in self.slips]
        lines += [f"or, with the same numbers here, {found}" for found in self.others]
        if self.advice:
            lines.append(self.advice)
        return "\n".join(lines)


def diagnose_gradient(
    theirs: Given,
    net: Network,
    X: Array,
    Y: Array,
    w: Array | None = None,
    *,
    l2: float = 0.0,
    l1: float = 0.0,
) -> Diagnosis:
    """Recognise the classic slips in a gradient that was derived by hand.

    Args:
        theirs: dW[l] and db[l] of every layer: Parameters; a mapping of "dW1", "db1", ...; or the arrays
            dW[1], db[1], dW[2], ... in their order.
        net: the network.
        X: A[0], (n[0], m).
        Y: targets, (n[L], m).
        w: weights of the examples, (1, m).
        l2: lambda of the L2 penalty that the gradient is to include.
        l1: lambda of the L1 penalty.

    Returns:
        The slip by name, with the layers where it happened, what was done and what is right; or,
        where nothing is recognised, the array to look at first.

    Raises:
        ShapeError: X, Y or w does not fit the network, or there are not two arrays a layer.
    """
    search = _Search(net, Examples(X, Y, w), l2, l1, _arrays(theirs, net.L))
    with overflow_allowed():
        return search.diagnosis()


def _arrays(theirs: Given, L: int) -> dict[str, NDArray[Any]]:
    """Return somebody's arrays by name."""
    names = [f"d{letter}[{layer}]" for layer in range(1, L + 1) for letter in "Wb"]
    if isinstance(theirs, Gradients):
        theirs = theirs.parameters
    if isinstance(theirs, Parameters):
        theirs = theirs.arrays()
    if isinstance(theirs, Mapping):
        plain = {str(key).replace("[", "").replace("]", ""): value for key, value in theirs.items()}
        lacking = [name for name in names if name.replace("[", "").replace("]", "") not in plain]
        if lacking:
            raise ShapeError(
                f"a gradient must have dW[l] and db[l] of each of the L = {L} layers, and lacks "
                f"{', '.join(lacking[:6])}; name them dW1, db1 and so on"
            )
        theirs = [plain[name.replace("[", "").replace("]", "")] for name in names]
    if len(theirs) != len(names):
        raise ShapeError(
            f"a gradient must have two arrays for each of the L = {L} layers, dW[1], db[1] and so on, "
            f"got {len(theirs)}"
        )
    return {name: np.asarray(to_numpy(array)) for name, array in zip(names, theirs, strict=True)}


class _Search:
    """The search for slips in one gradient."""

    def __init__(
        self,
        net: Network,
        examples: Examples,
        l2: float,
        l1: float,
        theirs: dict[str, NDArray[Any]],
    ) -> None:
        wide = [np.asarray(to_numpy(array), np.float64) for array in net.parameters.arrays()]
        self.net = net.with_parameters(Parameters.from_arrays(wide))
        X, Y = (np.asarray(to_numpy(a), np.float64) for a in (examples.X, examples.Y))
        w = None if examples.w is None else np.asarray(to_numpy(examples.w), np.float64)
        self.examples, self.l2, self.l1 = Examples(X, Y, w), l2, l1
        self.net.check_target(Y, self.examples.m)
        self.cache = forward(self.net, X)
        coarse = any(a.dtype.itemsize < 8 for a in (*theirs.values(), *net.parameters.arrays()))
        self.tolerance = COARSE if coarse else FINE
        self.given = theirs
        self.theirs: dict[str, NDArray[np.float64]] = {}

    def work(self) -> Work:
        """Begin a derivation."""
        return Work(self.net, self.cache, self.examples, self.l2, self.l1)

    def diagnosis(self) -> Diagnosis:
        """Go from what is plain to see to what is not: shapes, one slip, two at once."""
        whole = self.work()
        right = derived(whole, {})
        assert right is not None  # noqa: S101 - the notes' rules always fit
        shapes, hopeless = self._straighten(whole)
        if hopeless:
            return Diagnosis(False, tuple(shapes), wrong=(hopeless[0],), advice=hopeless[1])
        if self._same(right):
            return Diagnosis(not shapes, tuple(shapes), wrong=tuple(self._bent()))
        wrong = tuple(
            reversed([n for n, a in right.arrays() if n in self.theirs and not self._equal(n, a)])
        )
        for candidates in (self._single(), self._pairs()):
            if candidates:
                first, *others = candidates
                instead = tuple(
                    each[-1] for each in others if each[:-1] == first[:-1] or len(first) == 1
                )
                return Diagnosis(False, (*shapes, *first), instead, wrong)
        return Diagnosis(False, tuple(shapes), wrong=wrong, advice=self._where(right))

    def _straighten(self, whole: Work) -> tuple[list[FoundSlip], tuple[str, str] | None]:
        """Bring every array to its shape, and name what had bent it."""
        bent: dict[ShapeSlip, list[int]] = {}
        for name, array in self.given.items():
            layer = int(name[3:-1])
            required = (self.net.n[layer], self.net.n[layer - 1] if name[1] == "W" else 1)
            found = straightened(name[1], array, required, whole, layer, tolerance=self.tolerance)
            if found is None:
                chain = shape_chain(self.net.n, name, array.shape, self.examples.m)
                return _found(bent), (
                    name,
                    f"{name} must have shape {required}, got {array.shape}; {chain}",
                )
            slip, straight = found
            if slip is not None:
                bent.setdefault(slip, []).append(layer)
            if straight is not None:
                self.theirs[name] = straight
        return _found(bent), None

    def _bent(self) -> Iterator[str]:
        for name, array in self.given.items():
            layer = int(name[3:-1])
            required = (self.net.n[layer], self.net.n[layer - 1] if name[1] == "W" else 1)
            if array.shape != required:
                yield name

    def _same(self, other: Derived) -> bool:
        """Say whether every array that has a shape to compare is the same."""
        return all(self._equal(name, a) for name, a in other.arrays() if name in self.theirs)

    def _equal(self, name: str, array: NDArray[Any]) -> bool:
        mine = self.theirs[name]
        if mine.shape != array.shape:
            return False
        whole = max(float(np.linalg.norm(each)) for each in self.theirs.values())
        sizes = float(np.linalg.norm(mine) + np.linalg.norm(array))
        apart = float(np.linalg.norm(mine - array))
        return apart <= self.tolerance * sizes + NEARLY_NOTHING * whole

    def _layers(self, slip: Slip) -> list[int]:
        """Return the layers where a slip can be: where its shapes go together."""
        places = slip.at(self.net.L)
        return [layer for layer in places if derived(self.work(), {layer: (slip,)}) is not None]

    def _single(self) -> list[tuple[FoundSlip, ...]]:
        """Return every slip that gives just these numbers: in all its layers, or in one."""
        found: list[tuple[FoundSlip, ...]] = []
        for slip in SLIPS:
            layers = self._layers(slip)
            for places in dict.fromkeys([tuple(layers), *((layer,) for layer in layers)]):
                if places and self._explains(dict.fromkeys(places, (slip,))):
                    found.append((_named(slip, places),))
                    break
        return found

    def _pairs(self) -> list[tuple[FoundSlip, ...]]:
        """Return pairs of slips that together give just these numbers."""
        found: list[tuple[FoundSlip, ...]] = []
        possible = [(slip, tuple(self._layers(slip))) for slip in SLIPS]
        for (one, here), (other, there) in combinations(possible, 2):
            if not here or not there or set(one.rules) & set(other.rules):
                continue
            both = {l: (one,) * (l in here) + (other,) * (l in there) for l in {*here, *there}}
            if self._explains(both):
                found.append((_named(one, here), _named(other, there)))
        return found

    def _explains(self, slips: Mapping[int, tuple[Slip, ...]]) -> bool:
        """Say whether slips give just these numbers."""
        candidate = derived(self.work(), slips)
        return candidate is not None and self._same(candidate)

    def _where(self, right: Derived) -> str:
        """Say which array to look at first: errors only go back."""
        order = [f"d{letter}[{l}]" for l in range(self.net.L, 0, -1) for letter in ("b", "W")]
        arrays = dict(right.arrays())
        first = next(n for n in order if n in self.theirs and not self._equal(n, arrays[n]))
        layer = int(first[3:-1])
        good = order[: order.index(first)]
        last = layer == self.net.L
        begins = (
            "dZ[L] at the output"
            if last
            else f"dZ[{layer}] = W[{layer + 1}]^T dZ[{layer + 1}] * g[{layer}]'(Z[{layer}]) (eq. 6.5)"
        )
        rule = f"dW[{layer}] = (1/m) dZ[{layer}] A[{layer - 1}]^T (eq. 6.2)"
        look = begins if first[1] == "b" else rule
        checked = f"{', '.join(good)} are right; " if good else ""
        return (
            f"no slip with a name: {checked}the first that is wrong, coming from the output, is {first}: "
            f"look at {look}"
        )


def _named(slip: Slip, layers: tuple[int, ...]) -> FoundSlip:
    return FoundSlip(slip.name, layers, slip.says, slip.right, slip.erratum)


def _found(bent: Mapping[ShapeSlip, Sequence[int]]) -> list[FoundSlip]:
    return [
        FoundSlip(slip.name, tuple(layers), slip.says, slip.right, slip.erratum)
        for slip, layers in bent.items()
    ]
