"""Slips: the classic mistakes of deriving a gradient by hand, each written as the derivation that it is.

A slip replaces one rule of the notes' recursion. `derived` runs the recursion with it, so that somebody's
gradient can be held against what each slip would have given. What is printed wrong in the notes' source
(N7) is among them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ellnet.batches import Examples
from ellnet.engines.protocol import Cache
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS, output_delta, weigh
from ellnet.network import Network

__all__ = ["SLIPS", "Derived", "Slip", "Work", "derived"]

Matrix = NDArray[np.float64]


@dataclass(eq=False)
class Work:
    """A derivation under way: what is known so far, going from layer L to layer 1."""

    net: Network
    cache: Cache
    examples: Examples
    l2: float = 0.0
    l1: float = 0.0
    dZ: dict[int, Matrix] = field(default_factory=dict)
    dW: dict[int, Matrix] = field(default_factory=dict)
    db: dict[int, Matrix] = field(default_factory=dict)

    @property
    def m(self) -> int:
        """The number of examples."""
        return self.examples.m

    @property
    def Y(self) -> Matrix:
        """The targets."""
        return np.asarray(self.examples.Y)

    def a(self, layer: int) -> Matrix:
        """A[l], A[0] being X."""
        return np.asarray(self.cache.X if layer == 0 else self.cache.A[layer])

    def slope(self, layer: int, dA: Matrix, *, at: Matrix | None = None, of: int = 0) -> Matrix:
        """Return dA * g'(Z[l]).

        Args:
            layer: l.
            dA: (n[l], m).
            at: where to take the derivative, in place of Z[l].
            of: the layer whose activation to take, in place of l.
        """
        g = ACTIVATIONS[self.net.activations[of or layer]]
        Z = np.asarray(self.cache.Z[layer]) if at is None else at
        return np.asarray(g.backward(dA, Z, g.value(Z)))


Rule = Callable[[Work, int], Matrix]


def _delta(work: Work, l: int) -> Matrix:
    net, cache = work.net, work.cache
    ends = (net.activations[l], net.cost, cache.Z[l], cache.A[l], work.Y)
    return np.asarray(weigh(output_delta(*ends, **net.cost_options), work.examples.w))


def _dZ(work: Work, l: int) -> Matrix:
    return work.slope(l, work.net.W[l + 1].T @ work.dZ[l + 1])


def _dW(work: Work, l: int) -> Matrix:
    return np.asarray(work.dZ[l] @ work.a(l - 1).T / work.m)


def _db(work: Work, l: int) -> Matrix:
    return np.asarray(np.sum(work.dZ[l], axis=1, keepdims=True) / work.m)


def _penalty(work: Work, l: int) -> Matrix:
    W = np.asarray(work.net.W[l])
    return np.asarray((work.l2 * W + work.l1 * np.sign(W)) / work.m)


RULES: dict[str, Rule] = {
    "delta": _delta,
    "dZ": _dZ,
    "dW": _dW,
    "db": _db,
    "penalty": _penalty,
}
"""The rules of the recursion, as the notes have them."""


@dataclass(frozen=True)
class Slip:
    """A mistake that has a name.

    Attributes:
        name: what it is called.
        says: what was done, in a formula.
        right: what it should be, with the number of the equation.
        rules: the rules that it replaces.
        erratum: the number among the errata of the notes' source (N7), 0 for none of them.
        at: the layers where it can be, given L.
    """

    name: str
    says: str
    right: str
    rules: Mapping[str, Rule]
    erratum: int = 0
    at: Callable[[int], range] = field(default=lambda L: range(1, L + 1))


@dataclass(frozen=True, eq=False)
class Derived:
    """A gradient: dW[l] and db[l] by layer."""

    dW: dict[int, Matrix]
    db: dict[int, Matrix]

    def arrays(self) -> Iterator[tuple[str, Matrix]]:
        """Go through dW[1], db[1], ..., with their names."""
        for layer in sorted(self.dW):
            yield f"dW[{layer}]", self.dW[layer]
            yield f"db[{layer}]", self.db[layer]


def derived(work: Work, slips: Mapping[int, tuple[Slip, ...]]) -> Derived | None:
    """Derive a gradient in which slips happen.

    Args:
        work: a fresh one; it is filled.
        slips: the slips of each layer.

    Returns:
        The gradient; None where the shapes of a slip do not go together, as they often do not.
    """
    L = work.net.L
    try:
        for layer in range(L, 0, -1):
            rules = dict(RULES)
            for slip in slips.get(layer, ()):
                rules |= slip.rules
            work.dZ[layer] = rules["delta" if layer == L else "dZ"](work, layer)
            work.dW[layer] = np.asarray(rules["dW"](work, layer) + rules["penalty"](work, layer))
            work.db[layer] = rules["db"](work, layer)
    except ValueError:  # matrices that cannot be multiplied
        return None
    return Derived(dict(work.dW), dict(work.db))


def _hidden(L: int) -> range:
    return range(1, L)


def _only_last(L: int) -> range:
    return range(L, L + 1)


def _ends(L: int) -> range:
    return range(1, L + 1, max(1, L - 1))


def _before_last(L: int) -> range:
    return range(L - 1, L) if L > 1 else range(0)


def _reversed_delta(work: Work, l: int) -> Matrix:
    return -_delta(work, l)


def _outer(work: Work, l: int) -> Matrix:
    dA = COSTS[work.net.cost].backward(work.cache.A[l], work.Y, **work.net.cost_options)
    return np.asarray(weigh(dA, work.examples.w))


def _own(work: Work, dW: Matrix, l: int) -> Matrix:
    """Leave a wrong dW as it is, unless it has a shape that W less it would not take."""
    if dW.shape != work.net.W[l].shape:
        raise ValueError
    return dW


def _with(**rules: Rule) -> Mapping[str, Rule]:
    return rules


SLIPS = (
    Slip(
        "missing 1/m",
        "dW[l] = dZ[l] A[l-1]^T and db[l] = sum of dZ[l], without the mean",
        "dW[l] = (1/m) dZ[l] A[l-1]^T (eq. 6.2) and db[l] = (1/m) sum of dZ[l] (eq. 6.3)",
        _with(dW=lambda w, l: _dW(w, l) * w.m, db=lambda w, l: _db(w, l) * w.m),
    ),
    Slip(
        "missing 1/m in dW",
        "dW[l] = dZ[l] A[l-1]^T, without the mean",
        "dW[l] = (1/m) dZ[l] A[l-1]^T (eq. 6.2)",
        _with(dW=lambda w, l: _dW(w, l) * w.m),
    ),
    Slip(
        "missing 1/m in db",
        "db[l] = sum of dZ[l], without the mean",
        "db[l] = (1/m) sum of dZ[l] (eq. 6.3)",
        _with(db=lambda w, l: _db(w, l) * w.m),
    ),
    Slip(
        "1/m twice",
        "the mean is taken of dZ[l] that has been divided by m before",
        "dZ[L] is each example's own; the 1/m stands in eq. 6.2 and eq. 6.3 alone",
        _with(dW=lambda w, l: _dW(w, l) / w.m, db=lambda w, l: _db(w, l) / w.m),
    ),
    Slip(
        "missing g'",
        "dZ[l] = dA[l], as if the activation had slope 1",
        "dZ[l] = dA[l] * g[l]'(Z[l]) (eq. 6.1)",
        _with(dZ=lambda w, l: w.net.W[l + 1].T @ w.dZ[l + 1]),
        at=_hidden,
    ),
    Slip(
        "g' taken at A",
        "dZ[l] = dA[l] * g[l]'(A[l])",
        "the slope is taken where the activation was: g[l]'(Z[l]) (eq. 6.1)",
        _with(dZ=lambda w, l: w.slope(l, w.net.W[l + 1].T @ w.dZ[l + 1], at=w.a(l))),
        at=_hidden,
    ),
    Slip(
        "missing transpose of W",
        "dA[l] = W[l+1] dZ[l+1]",
        "dA[l] = W[l+1]^T dZ[l+1] (eq. 6.4)",
        _with(dZ=lambda w, l: w.slope(l, w.net.W[l + 1] @ w.dZ[l + 1])),
        at=_hidden,
    ),
    Slip(
        "missing transpose of A",
        "dW[l] = (1/m) dZ[l] A[l-1]",
        "dW[l] = (1/m) dZ[l] A[l-1]^T (eq. 6.2)",
        _with(dW=lambda w, l: _own(w, w.dZ[l] @ w.a(l - 1) / w.m, l)),
    ),
    Slip(
        "dW turned on its side",
        "dW[l] = (1/m) A[l-1] dZ[l]^T",
        "dW[l] = (1/m) dZ[l] A[l-1]^T (eq. 6.2): a row for each unit of layer l",
        _with(dW=lambda w, l: _own(w, _dW(w, l).T, l)),
    ),
    Slip(
        "elementwise product for dW",
        "dW[l] = dz[l] a[l-1] without the transpose, broadcast over the columns of W[l]",
        "for one example dW[l] = dz[l] a[l-1]^T, an outer product (eq. 6.2)",
        _with(dW=lambda w, l: (w.dZ[l] * w.a(l - 1)) @ np.ones((w.m, w.net.n[l - 1])) / w.m),
        erratum=4,
    ),
    Slip(
        "A[l] in place of A[l-1]",
        "dW[l] = (1/m) dZ[l] A[l]^T, as the summary prints it for l = L and l = 1",
        "dW[l] = (1/m) dZ[l] A[l-1]^T (eq. 6.2); for l = 1 that is X^T",
        _with(dW=lambda w, l: w.dZ[l] @ w.a(l).T / w.m),
        erratum=1,
        at=_ends,
    ),
    Slip(
        "dW in place of W",
        "dZ[l] = dW[l+1]^T dZ[l+1] * g[l]'(Z[l]): the gradient of the weights, not the weights",
        "dZ[l] = W[l+1]^T dZ[l+1] * g[l]'(Z[l]) (eq. 6.5)",
        _with(dZ=lambda w, l: w.slope(l, w.dW[l + 1].T @ w.dZ[l + 1])),
        erratum=2,
        at=_hidden,
    ),
    Slip(
        "g of the layer above",
        "dZ[L-1] = W[L]^T dZ[L] * g[L]'(Z[L-1]): the activation of layer L, not of L-1",
        "dZ[L-1] = W[L]^T dZ[L] * g[L-1]'(Z[L-1]) (eq. 6.5)",
        _with(dZ=lambda w, l: w.slope(l, w.net.W[l + 1].T @ w.dZ[l + 1], of=l + 1)),
        erratum=2,
        at=_before_last,
    ),
    Slip(
        "dW and g of the layer above",
        "dZ[L-1] = dW[L]^T dZ[L] g[L]'(Z[L-1]), as the summary prints it",
        "dZ[L-1] = W[L]^T dZ[L] * g[L-1]'(Z[L-1]) (eq. 6.5)",
        _with(dZ=lambda w, l: w.slope(l, w.dW[l + 1].T @ w.dZ[l + 1], of=l + 1)),
        erratum=2,
        at=_before_last,
    ),
    Slip(
        "dW[L] in place of W[2]",
        "dZ[1] = dW[L]^T dZ[2] * g[1]'(Z[1]), as the summary prints it",
        "dZ[1] = W[2]^T dZ[2] * g[1]'(Z[1]) (eq. 6.5)",
        _with(dZ=lambda w, l: w.slope(l, w.dW[w.net.L].T @ w.dZ[l + 1])),
        erratum=3,
        at=lambda L: range(1, 2) if L > 2 else range(0),
    ),
    Slip(
        "sign of the error turned",
        "dZ[L] = Y - A[L]",
        "dZ[L] = A[L] - Y (eq. 6.6)",
        _with(delta=_reversed_delta),
        at=_only_last,
    ),
    Slip(
        "factor 2 at the output",
        "dZ[L] is twice what it is",
        "the squared error is (1/2) sum (A - Y)^2 (eq. 11.7), whose derivative has no 2 (eq. 11.8)",
        _with(delta=lambda w, l: 2.0 * _delta(w, l)),
        at=_only_last,
    ),
    Slip(
        "g' once more at the output",
        "dZ[L] = (A[L] - Y) * g[L]'(Z[L]), the slope that eq. 6.6 has in it already",
        "dZ[L] = A[L] - Y (eq. 6.6)",
        _with(delta=lambda w, l: w.slope(l, _delta(w, l))),
        at=_only_last,
    ),
    Slip(
        "missing g' at the output",
        "dZ[L] = dA[L], as if the output activation had slope 1",
        "dZ[L] = dA[L] * g[L]'(Z[L]) (eq. 6.1)",
        _with(delta=_outer),
        at=_only_last,
    ),
    Slip(
        "missing penalty",
        "dW[l] without the part of the penalty",
        "the penalties add (lambda / m) W (eq. 14.2) or (lambda / m) sign W (eq. 14.4) to dW",
        _with(penalty=lambda w, l: np.zeros_like(w.net.W[l])),
    ),
    Slip(
        "penalty without 1/m",
        "dW[l] with lambda W added in place of (lambda / m) W",
        "the penalties add (lambda / m) W (eq. 14.2) or (lambda / m) sign W (eq. 14.4) to dW",
        _with(penalty=lambda w, l: _penalty(w, l) * w.m),
    ),
    Slip(
        "missing db",
        "db[l] = 0",
        "db[l] = (1/m) sum of dZ[l] (eq. 6.3)",
        _with(db=lambda w, l: np.zeros_like(w.net.b[l])),
    ),
)
"""Every slip that has a name; those of shape alone are recognised before (see `diagnosis`)."""
