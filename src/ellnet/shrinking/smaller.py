"""Shrink: a network, and a smaller one of the same outputs, with the steps between them and the proof."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ellnet.arrays import Array, threads_for
from ellnet.errors import DataError, HyperparameterError, ShapeError
from ellnet.network import Network
from ellnet.shrinking.bounds import Interval, bounds_in, bounds_on, values_in
from ellnet.shrinking.box import AT_ONCE, Box
from ellnet.shrinking.chain import Chain, chain_of, network_of
from ellnet.shrinking.idle import without_idle_units
from ellnet.shrinking.part import with_fewer_straight_units
from ellnet.shrinking.proof import Proof, proved
from ellnet.shrinking.rules import Question, Rule
from ellnet.shrinking.steps import Holds, Step
from ellnet.shrinking.straight import kept_linear, without_linear_layer
from ellnet.shrinking.twins import without_twins

__all__ = ["Shrunk", "shrink"]

RULES: tuple[Rule, ...] = (without_idle_units, without_twins, without_linear_layer)
"""In the order in which they are asked, from the first layer on; each leaves fewer units or layers."""

LAST_RULES: tuple[Rule, ...] = (with_fewer_straight_units,)
"""Asked where nothing else can be done, from the last layer back: how wide the next is decides."""


@dataclass(frozen=True, eq=False)
class Shrunk:
    """What shrinking came to.

    Attributes:
        network: the smaller network; the one that came in where nothing could go.
        before: the network as it came.
        layers: the numbers that its layers had there, from 1.
        steps: what was done, in order.
        kept: what might have gone and stayed, and why, a sentence each.
        box: the inputs that bounds were taken over.
        proof: that the outputs are the same.
    """

    network: Network
    before: Network
    layers: tuple[int, ...]
    steps: tuple[Step, ...]
    kept: tuple[str, ...]
    box: Box
    proof: Proof

    def removed(self, kind: str) -> int:
        """Return how many units went for a reason: "dead", "constant", "twin" or "linear"."""
        return sum(len(step.units) for step in self.steps if step.kind == kind)

    def summary(self) -> str:
        """Return what went and what was proved, in a sentence or two."""
        net, before = self.network, self.before
        if not self.steps:
            return f"nothing can go from {_sizes(before)}: {self._why_nothing()}"
        return (
            f"{_sizes(before)} became {_sizes(net)}; {self.proof.argument}; {self.proof.sentence}"
        )

    def _why_nothing(self) -> str:
        if self.before.L == 1:
            return "it has one layer, and so no hidden unit"
        return "no unit is dead, constant or another's twin, and no more are linear than it takes"


class _Source(NamedTuple):
    """Bounds of every Z[l], and the inputs for which they are right."""

    holds: Holds
    box: Box
    bounds: Callable[[Chain], list[Interval]]

    def questions(self, chain: Chain, *, fewer_layers: bool) -> list[Question]:
        """Return what rules are asked of each hidden layer, from the first on."""
        Z = self.bounds(chain)
        A = [Interval(self.box.lower, self.box.upper)]
        A += [values_in(layer.activation, z) for layer, z in zip(chain, Z, strict=True)]
        return [
            Question(chain, k, Z[k], A[k], self.holds, fewer_layers) for k in range(len(chain) - 1)
        ]


def shrink(
    net: Network,
    X: Array | None = None,
    *,
    box: Box | None = None,
    trust_data: bool = False,
    fewer_layers: bool = False,
) -> Shrunk:
    """Make a network smaller by steps that leave its outputs as they are, and prove it.

    Dead units go, twins are merged, constant units go into the next bias, and linear layers are
    multiplied out with the next, until nothing changes. What is right for every input is done first,
    then what is right for every input in the box, by interval arithmetic. All of it is float64; the
    result has the precision of `net`.

    Args:
        net: the network.
        X: examples, (n[0], m), one a column; sparse, too. They are tried in the proof.
        box: the inputs that the network is meant for; by default the range of X, or all there are.
        trust_data: also take out what is idle or linear on the examples of X, though other inputs in the
            box might wake it up: outputs are then the same on X alone.
        fewer_layers: multiply linear layers out even where their product has more parameters.

    Raises:
        DivergenceError: a parameter is not finite.
        ShapeError: X is not (n[0], m), or the box is of another number of inputs.
        DataError: X holds no example, a number that is not finite, or an example outside the box.
        HyperparameterError: `trust_data` without X.
        ProofError: outputs that differ by more than 1e-12 of their size in float64.
    """
    if trust_data and X is None:
        raise HyperparameterError("trust_data needs the examples to be trusted, got none; give X")
    around = _box(net, X, box)
    with threads_for(net.largest_layer * AT_ONCE):
        return _shrunk(net, X, around, trust_data=trust_data, fewer_layers=fewer_layers)


def _shrunk(
    net: Network, X: Array | None, around: Box, *, trust_data: bool, fewer_layers: bool
) -> Shrunk:
    """Go from step to step until nothing changes, and compare the last network with the first."""
    sources = _sources(net, X, around, trust_data=trust_data)
    chain, steps = chain_of(net), list[Step]()
    while found := next(_found(chain, sources, fewer_layers=fewer_layers), None):
        chain, new = found
        steps += new
    smaller = network_of(chain, net) if steps else net
    done = tuple(steps)
    proof = proved(net, smaller, chain, done, X=X, box=around)
    kept = tuple(_kept(chain, sources, X, trust_data=trust_data))
    layers = tuple(layer.number for layer in chain)
    return Shrunk(smaller, net, layers, done, kept, around, proof)


def _box(net: Network, X: Array | None, box: Box | None) -> Box:
    """Return the box to take bounds over."""
    if X is None:
        around = Box.everything(net.n[0]) if box is None else box
    else:
        net.check_input(X)
        data = Box.of(X)
        around = data if box is None else box
    if len(around.lower) != net.n[0]:
        raise ShapeError(
            f"a box must have an end for each of the n[0] = {net.n[0]} inputs, got {len(around.lower)}"
        )
    if X is not None and not around.holds(data):
        raise DataError(
            f"all examples must lie in the box ({around.origin}), and some do not; leave the box out to "
            "take the range of the data"
        )
    return around


def _sources(net: Network, X: Array | None, box: Box, *, trust_data: bool) -> list[_Source]:
    """Return the bounds that may be built on, those that are right for most inputs first."""
    everything = Box.everything(net.n[0])
    sources = [_Source("every input", everything, lambda chain: bounds_in(chain, everything))]
    if box.bounded:
        sources.append(_Source("box", box, lambda chain: bounds_in(chain, box)))
    if X is not None and trust_data:
        sources.append(_on_data(X))
    return sources


def _on_data(X: Array) -> _Source:
    """Return the bounds that are seen on the examples."""
    return _Source("data", Box.of(X), lambda chain: bounds_on(chain, X))


def _found(
    chain: Chain, sources: list[_Source], *, fewer_layers: bool
) -> Iterator[tuple[Chain, list[Step]]]:
    """Go through what could be done next, the strongest first."""
    for source in sources:
        questions = source.questions(chain, fewer_layers=fewer_layers)
        asked = [(rule, question) for rule in RULES for question in questions]
        asked += [(rule, question) for rule in LAST_RULES for question in reversed(questions)]
        for rule, question in asked:
            changed, steps = rule(question)
            if steps:
                yield changed, steps


def _kept(
    chain: Chain, sources: list[_Source], X: Array | None, *, trust_data: bool
) -> Iterator[str]:
    """Say what might have gone from a network that nothing more goes from."""
    said: dict[int, str] = {}
    for source in sources:
        for question in source.questions(chain, fewer_layers=False):
            sentence = kept_linear(question)
            if sentence:
                said.setdefault(question.k, sentence)
    yield from (said[k] for k in sorted(said))
    if X is None or trust_data:
        return
    for question in _on_data(X).questions(chain, fewer_layers=False):
        for step in without_idle_units(question)[1]:
            if step.units:
                count = len(step.units)
                yield (
                    f"layer {step.layer}: on the examples given {count} unit"
                    f"{' passes' if count == 1 else 's pass'} on the same number each time, which "
                    "other inputs in the box might change; trust_data takes them out"
                )


def _sizes(net: Network) -> str:
    return f"{' → '.join(map(str, net.n))} ({net.size:,} parameters)"
