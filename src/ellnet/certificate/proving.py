"""The proof: every derivative, or a fair sample of them, by two other ways.

Central differences need the forward pass alone, and say what backward propagation has to find. The
complex step has no step to speak of, so it never crosses a kink and loses no digit.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, overflow_allowed, threads_for
from ellnet.batches import Examples
from ellnet.certificate.analytic import analytic_cost
from ellnet.certificate.claim import (
    Claim,
    Index,
    Vector,
    claim_of,
    forward_from,
    moved,
    namer,
    place_of,
    vector,
)
from ellnet.certificate.kinks import Side, kinks_at, sides
from ellnet.certificate.record import KINKS_NAMED, Certificate, Check, ShapeCheck, digest_of
from ellnet.engines.protocol import Cache, Mask
from ellnet.equations.complex_step import complex_step
from ellnet.equations.gradient_check import central_difference, relative_error
from ellnet.errors import DivergenceError
from ellnet.network import Network, Parameters

__all__ = ["certify"]

EVERY = 5000
"""Below so many parameters every one is checked."""

SAMPLED = 512
DIRECTIONS = 16
STEPS = (1e-5, 1e-6, 1e-7)
"""Steps of the differences: a smaller one is taken where a larger one crosses a kink."""

DIFFERENCE_BOUND = 1e-7
COMPLEX_BOUND = 1e-10
ROUNDINGS = 16.0
"""Roundings of a cost, or of a derivative, in units of the last place, that a floor allows for."""


def certify(
    net: Network,
    X: Array,
    Y: Array,
    w: Array | None = None,
    *,
    l2: float = 0.0,
    l1: float = 0.0,
    masks: tuple[Mask | None, ...] = (),
    gradients: Parameters | None = None,
    seed: int = 0,
) -> Certificate:
    """Prove the gradient of a network: central differences, complex step, shapes.

    All is done in float64; the parameters of a float32 network are taken as they are. Every parameter
    is checked below 5,000 of them; above, 512 entries, some of each W[l] and b[l], and 16 random
    directions through all of them at once.

    Args:
        net: the network.
        X: A[0], (n[0], m).
        Y: targets, (n[L], m).
        w: weights of the examples, (1, m).
        l2: lambda of the L2 penalty.
        l1: lambda of the L1 penalty.
        masks: of dropout, for the layers 0..L-1.
        gradients: dW[l] and db[l] that are to be proved; by default those of backward propagation.
        seed: of the entries and the directions that are drawn.

    Raises:
        ShapeError: X, Y or w does not fit the network.
        DivergenceError: the cost, or a derivative, is not finite.
    """
    claim = claim_of(net, Examples(X, Y, w), gradients, l2=l2, l1=l1, masks=masks)
    shapes = _shapes(claim)
    named, count = kinks_at(claim.net, claim.cache, claim.examples.Y, l1, KINKS_NAMED)
    checks: tuple[Check, ...] = ()
    left_out = 0
    if all(shape.passed for shape in shapes):
        with overflow_allowed(), threads_for(net.largest_layer * claim.examples.m):
            checks, left_out = _checks(claim, seed)
    return Certificate(
        digest=digest_of(net),
        parameters=net.size,
        examples=claim.examples.m,
        cost=claim.cost(claim.cache, claim.net),
        l2=float(l2),
        l1=float(l1),
        seed=seed,
        checks=checks,
        shapes=shapes,
        kinks=tuple(named),
        kinks_found=count,
        left_out=left_out,
    )


def _shapes(claim: Claim) -> tuple[ShapeCheck, ...]:
    """Hold every quantity against the rules of dimensions (N3)."""
    net, cache, found, m = claim.net, claim.cache, claim.gradients, claim.examples.m
    rows = [("X = A[0]", "(n[0], m)", (net.n[0], m), cache.X)]
    for l in range(1, net.L + 1):
        weights, column, batch = (net.n[l], net.n[l - 1]), (net.n[l], 1), (net.n[l], m)
        of_weights, of_column, of_batch = f"(n[{l}], n[{l - 1}])", f"(n[{l}], 1)", f"(n[{l}], m)"
        rows += [
            (f"W[{l}]", of_weights, weights, net.W[l]),
            (f"b[{l}]", of_column, column, net.b[l]),
            (f"Z[{l}]", of_batch, batch, cache.Z[l]),
            (f"A[{l}]", of_batch, batch, cache.A[l]),
            (f"dZ[{l}]", of_batch, batch, found.dZ[l]),
            (f"dW[{l}]", of_weights, weights, found.dW[l]),
            (f"db[{l}]", of_column, column, found.db[l]),
        ]
        if l < net.L:
            rows.append((f"dA[{l}]", of_batch, batch, found.dA[l]))
    return tuple(
        ShapeCheck(name, rule, required, tuple(int(side) for side in array.shape))
        for name, rule, required, array in rows
    )


def _checks(claim: Claim, seed: int) -> tuple[tuple[Check, ...], int]:
    random = np.random.default_rng(seed)
    total = claim.net.size
    every = total < EVERY
    entries = np.arange(total) if every else _sample(claim.net, random)
    of = (
        f"every one of the {total:,} parameters"
        if every
        else f"{len(entries):,} of the {total:,} parameters, some of each W[l] and b[l]"
    )
    differences, left = _by_differences(claim, entries, of)
    found = [differences, _by_complex_step(claim, entries, of)]
    if not every:
        found.append(_by_directions(claim, random))
    return tuple(found), left


def _sample(net: Network, random: np.random.Generator) -> Index:
    """Draw entries: some of every array, the others from all of them."""
    chosen, start = [], 0
    for array in net.parameters.arrays():
        each = min(array.size, max(4, SAMPLED // (4 * net.L)))
        chosen.append(start + random.choice(array.size, each, replace=False))
        start += array.size
    few = np.concatenate(chosen)
    rest = random.choice(start, max(0, SAMPLED - len(few)), replace=False)
    return np.unique(np.concatenate([few, rest])).astype(np.int64)


class _Differences:
    """The cost as a function of some of the parameters, which watches for kinks that it crosses."""

    def __init__(self, claim: Claim, entries: Index) -> None:
        self.claim = claim
        self.places = [place_of(claim.net, int(entry)) for entry in entries]
        self.home = vector(claim.net.parameters)[entries]
        self.sides = self._sides(claim.cache)
        self.crossed: list[bool] = []
        self.torn: list[bool] = []

    def __call__(self, values: Vector) -> float:
        """Return J where the entries have these values: one of them is another than it was."""
        k = int(np.argmax(values != self.home))
        other = moved(self.claim.net, self.places[k], float(values[k]))
        cache = forward_from(other, self.claim, self.places[k])
        changed = [
            home.sharp
            for now, home in zip(self._sides(cache), self.sides, strict=True)
            if not np.array_equal(now.signs, home.signs)
        ]
        self.crossed.append(bool(changed))
        self.torn.append(any(changed))
        return self.claim.cost(cache, other)

    def _sides(self, cache: Cache) -> list[Side]:
        return sides(self.claim.net, cache, self.claim.examples.Y, self.claim.l1)


def _by_differences(claim: Claim, entries: Index, of: str) -> tuple[Check, int]:
    """Compare with central differences; where one crosses a kink, a smaller step is taken."""
    home = vector(claim.net.parameters)
    found, steps = np.zeros(len(entries)), np.full(len(entries), STEPS[0])
    open_ = np.arange(len(entries))
    for step in STEPS:
        J = _Differences(claim, entries[open_])
        found[open_] = central_difference(J, home[entries[open_]], step)
        steps[open_] = step
        torn = open_[_either(J.torn)]
        open_ = open_[_either(J.crossed)]
        if len(open_) == 0:
            break
    kept = np.setdiff1d(np.arange(len(entries)), torn)
    losses = abs(claim.cost(claim.cache, claim.net)) + 1.0
    floor = ROUNDINGS * np.finfo(float).eps * losses * float(np.sqrt(np.sum(steps[kept] ** -2.0)))
    said = of if len(torn) == 0 else f"{of}, less {len(torn):,} whose step crosses a kink,"
    got = claim.gradient[entries[kept]]
    name = namer(claim.net, entries[kept])
    method = ("central differences", "15.1", said)
    return _compared(method, got, found[kept], floor=floor, bound=DIFFERENCE_BOUND, name=name), len(
        torn
    )


def _either(calls: Sequence[bool]) -> NDArray[np.bool_]:
    """Say of each difference whether one of its two costs is meant."""
    return np.asarray(np.array(calls, bool).reshape(-1, 2).any(axis=1))


def _by_complex_step(claim: Claim, entries: Index, of: str) -> Check:
    net, home = claim.net, vector(claim.net.parameters)[entries]
    places = [place_of(net, int(entry)) for entry in entries]

    def J(values: NDArray[np.complex128]) -> complex:
        k = int(np.argmax(values.imag != 0))
        place, arrays = places[k], list(net.parameters.arrays())
        l, i = place.layer, place.row
        arrays[place.array] = arrays[place.array].astype(np.complex128)
        arrays[place.array][i, place.column] = values[k]
        Z = claim.cache.Z[l].astype(np.complex128)
        Z[i] = arrays[2 * l - 2][i] @ claim.cache.inputs(l) + arrays[2 * l - 1][i]
        return _analytic(claim, arrays, (l, Z))

    found = complex_step(J, home)
    method = ("complex step", "15.3", of)
    floor = _rounding(claim) * float(np.sqrt(len(entries)))
    got, name = claim.gradient[entries], namer(net, entries)
    return _compared(method, got, found, floor=floor, bound=COMPLEX_BOUND, name=name)


def _by_directions(claim: Claim, random: np.random.Generator) -> Check:
    """Compare the derivatives along random directions through all parameters at once."""
    theta = vector(claim.net.parameters)
    V = random.standard_normal((DIRECTIONS, theta.size))

    def along(v: Vector) -> float:
        def J(t: NDArray[np.complex128]) -> complex:
            return _analytic(claim, _split(claim.net, theta + t[0] * v))

        return float(complex_step(J, np.zeros(1))[0])

    found = np.array([along(v) for v in V])
    gradient = claim.gradient
    floor = _rounding(claim) * theta.size
    of = f"{DIRECTIONS} random directions through all {theta.size:,} parameters"
    method = ("complex step", "15.3", of)
    return _compared(
        method, V @ gradient, found, floor=floor, bound=COMPLEX_BOUND, name="direction {}".format
    )


def _analytic(
    claim: Claim, arrays: Sequence[NDArray[Any]], begun: tuple[int, NDArray[Any]] | None = None
) -> complex:
    return analytic_cost(
        claim.net,
        arrays,
        claim.examples,
        l2=claim.l2,
        l1=claim.l1,
        masks=claim.masks,
        begun=begun,
    )


def _split(net: Network, theta: NDArray[Any]) -> list[NDArray[Any]]:
    """Cut a vector of all parameters into arrays."""
    arrays = net.parameters.arrays()
    parts = np.split(theta, np.cumsum([array.size for array in arrays])[:-1])
    return [part.reshape(array.shape) for part, array in zip(parts, arrays, strict=True)]


def _rounding(claim: Claim) -> float:
    """What the rounding of one derivative may come to: that of its largest terms."""
    L, cache = claim.net.L, claim.cache
    largest = max(
        float(np.max(np.abs(claim.gradients.dZ[l])))
        * max(1.0, float(np.max(np.abs(cache.inputs(l)), initial=0.0)))
        for l in range(1, L + 1)
    )
    return ROUNDINGS * float(np.finfo(float).eps) * largest


def _compared(
    method: tuple[str, str, str],
    got: Vector,
    found: Vector,
    *,
    floor: float,
    bound: float,
    name: Callable[[int], str],
) -> Check:
    """Compare two vectors of derivatives."""
    apart = np.abs(got - found)
    difference = float(np.linalg.norm(apart))
    allowed = bound * float(np.linalg.norm(got) + np.linalg.norm(found)) + floor
    if not (np.isfinite(got).all() and np.isfinite(found).all()):
        raise DivergenceError(
            f"a gradient can be certified where it is finite, and {method[0]} met a number that is not; "
            "give other examples, or smaller parameters"
        )
    return Check(
        *method,
        compared=len(got),
        error=relative_error(got, found),
        difference=difference,
        floor=floor,
        bound=bound,
        worst=name(int(np.argmax(apart))) if len(got) else "",
        passed=bool(difference <= allowed),
    )
