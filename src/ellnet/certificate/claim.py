"""What is to be proved, and the cost where one parameter is another: from its unit on, and no further."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, overflow_allowed, to_numpy
from ellnet.batches import Examples
from ellnet.engines.protocol import Cache, Gradients, Mask
from ellnet.engines.recursion import backward, cost_of, forward, forward_block, penalty_of
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.dropout import dropout
from ellnet.errors import DivergenceError
from ellnet.network import Layers, Network, Parameters

__all__ = [
    "Claim",
    "Index",
    "Place",
    "Vector",
    "claim_of",
    "forward_from",
    "moved",
    "namer",
    "place_of",
    "vector",
]

Vector = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Claim:
    """What is to be proved: a network in float64, examples, and the gradient that is claimed."""

    net: Network
    examples: Examples
    l2: float
    l1: float
    masks: tuple[Mask | None, ...]
    cache: Cache
    gradients: Gradients

    @property
    def gradient(self) -> Vector:
        """All derivatives in one vector."""
        return vector(self.gradients.parameters)

    def cost(self, cache: Cache, net: Network) -> float:
        """Return J of a forward pass."""
        e = self.examples
        return cost_of(net, cache, e.Y, e.w) + penalty_of(net, e.m, l2=self.l2, l1=self.l1)


def claim_of(
    net: Network,
    examples: Examples,
    gradients: Parameters | None = None,
    *,
    l2: float = 0.0,
    l1: float = 0.0,
    masks: tuple[Mask | None, ...] = (),
) -> Claim:
    """Bring everything to float64, and find the gradient that is claimed.

    Raises:
        ShapeError: the examples do not fit the network.
        DivergenceError: the cost is not finite.
    """
    wide = net.with_parameters(Parameters.from_arrays([_wide(a) for a in net.parameters.arrays()]))
    w = None if examples.w is None else _wide(examples.w)
    taken = Examples(_wide(examples.X), _wide(examples.Y), w)
    with overflow_allowed():
        cache = forward(wide, taken.X, masks)
        found = backward(wide, cache, taken.Y, taken.w, l2=l2, l1=l1)
    if gradients is not None:
        found = Gradients(gradients, found.dZ, found.dA)
    claim = Claim(wide, taken, l2, l1, masks, cache, found)
    if not np.isfinite(claim.cost(cache, wide)):
        raise DivergenceError(
            "a gradient can be certified where the cost is finite, got "
            f"{claim.cost(cache, wide)}; give other examples, or parameters from before it grew so"
        )
    return claim


def _wide(array: Array) -> NDArray[np.float64]:
    return np.ascontiguousarray(to_numpy(array), np.float64)


def vector(parameters: Parameters) -> Vector:
    """Return all parameters in one vector, W[1], b[1], W[2] and so on, row by row."""
    return np.concatenate([np.ravel(_wide(array)) for array in parameters.arrays()])


class Place(NamedTuple):
    """Where a parameter stands: which array of W[1], b[1], ..., its row and its column, from 0."""

    array: int
    row: int
    column: int

    @property
    def layer(self) -> int:
        """The layer, from 1."""
        return self.array // 2 + 1


def place_of(net: Network, entry: int) -> Place:
    """Return where an entry of that vector stands."""
    arrays = net.parameters.arrays()
    bounds = np.cumsum([0, *(array.size for array in arrays)])
    which = int(np.searchsorted(bounds, entry, side="right")) - 1
    return Place(which, *divmod(entry - int(bounds[which]), int(arrays[which].shape[1])))


def moved(net: Network, place: Place, value: float) -> Network:
    """Return the network with one parameter changed."""
    arrays = list(net.parameters.arrays())
    arrays[place.array] = arrays[place.array].copy()
    arrays[place.array][place.row, place.column] = value
    return net.with_parameters(Parameters.from_arrays(arrays))


def forward_from(net: Network, claim: Claim, place: Place) -> Cache:
    """Go forward from the unit whose parameter was changed: below it nothing changes."""
    base, l, row = claim.cache, place.layer, slice(place.row, place.row + 1)
    Zs, As, given = list(base.Z), list(base.A), list(base.given)
    Z = base.Z[l].copy()
    Z[row] = net.W[l][row] @ base.inputs(l) + net.b[l][row]
    Zs[l - 1], As[l - 1] = Z, ACTIVATIONS[net.activations[l]].value(Z)
    for layer in range(l + 1, net.L + 1):
        A, mask = As[layer - 2], claim.masks[layer - 1] if claim.masks else None
        given[layer - 1] = A if mask is None else dropout(A, mask.D, mask.keep)
        Zs[layer - 1], As[layer - 1] = forward_block(
            net.W[layer], net.b[layer], given[layer - 1], net.activations[layer]
        )
    return Cache(base.X, Layers(Zs, "Z"), Layers(As, "A"), Layers(given, "inputs"), claim.masks)


def namer(net: Network, entries: Index) -> Callable[[int], str]:
    """Return what names the derivative at a place among the entries."""

    def name(k: int) -> str:
        place = place_of(net, int(entries[k]))
        at = f"d{'Wb'[place.array % 2]}[{place.layer}]_{place.row + 1}"
        return at if place.array % 2 else f"{at},{place.column + 1}"

    return name
