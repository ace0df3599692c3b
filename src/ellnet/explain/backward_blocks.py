"""The backward blocks of a sheet: dZ[l], dW[l], db[l] and dA[l-1] from dA[l] (notes N5, N6)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS, weigh
from ellnet.equations.dropout import dropout_backward
from ellnet.equations.linear import linear_backward, linear_backward_input
from ellnet.equations.penalties import l1_backward, l2_backward
from ellnet.explain.catalogue import Equation, equation, equations, pieces_of
from ellnet.explain.formulas import Node
from ellnet.explain.forward_blocks import given, scaled_mask
from ellnet.explain.letters import entry
from ellnet.explain.naming import Namer
from ellnet.explain.sheet import Block, Quantity, Step, Unfolding
from ellnet.explain.terms import pattern, product_text, sum_text

__all__ = ["backward_block"]

CHAIN = Equation("6.1", "Chain rule", pieces_of("dZ[l] = dA[l] * g[l]'(Z[l])"))
OUTER = "dW[l] = dZ[l] A[l-1]^T"
MEAN = "dW[l] = (1/m) dZ[l] A[l-1]^T"
ALONE = "db[l] = dZ[l]"
SUMMED = "db[l] = (1/m) sum dZ[l]"


def backward_block(names: Namer, layer: int) -> Block:
    """Return the backward block of a layer."""
    last = layer == names.L
    steps = [
        *(_outer(names) if last else _inner(names, layer)),
        _dW(names, layer),
        _db(names, layer),
    ]
    if names.d.penalties:
        steps.insert(-1, _penalised(names, layer))
    steps.append(_dA(names, layer))
    dA, Z = names.symbol_text(f"dA[{layer}]"), names.symbol_text(f"Z[{layer}]")
    return Block(
        f"backward-{layer}",
        f"Backward block of layer {layer}",
        f"In: {dA}, and {Z} and {names.symbol_text(f'A[{layer - 1}]')} from the way forward. "
        f"Out: {names.symbol_text(f'dA[{layer - 1}]')}, dW[{layer}], db[{layer}].",
        tuple(steps),
    )


def _outer(names: Namer) -> list[Step]:
    """From the cost to dZ[L]."""
    d, L = names.d, names.L
    g, row = d.net.activations[L], COSTS[d.net.cost]
    dA, A = names.batch("dA", L, d.outer), names.batch("A", L, d.cache.A[L])
    Y = Quantity(names.symbol("Y"), np.asarray(d.examples.Y), A.rule, A.rows, A.columns, "Y")
    finite = bool(np.isfinite(d.outer).all())
    steps = [
        Step(
            "How the loss changes with each output.",
            (names.equation(equation(row.backward), L),),
            (dA, "from", A, "and", Y),
            note=""
            if finite
            else "An output is saturated: this quotient is not finite, and nothing later needs it.",
        )
    ]
    weighted = d.examples.w is not None
    dZ = names.batch("dZ", L, d.delta, f"dZ{L}_own" if weighted else f"dZ{L}")
    if g in row.fused:
        steps.append(
            Step(
                "Cost and output activation in one: their product of derivatives, without a quotient.",
                (names.equation(equation(row.fused[g].delta), L),),
                (dZ, "=", A, "−", Y)
                if names.equation(equation(row.fused[g].delta), L).number == "6.6"
                else (dZ, "from", A, "and", Y),
                unfolding=_entries(lambda i, j: _difference(dZ, A, Y, i, j), dZ),
            )
        )
    else:
        steps.append(_chain(names, L, dA, dZ))
    if weighted:
        steps.append(_weighed(names, dZ))
    return steps


def _difference(dZ: Quantity, A: Quantity, Y: Quantity, i: int, j: int) -> tuple[Node, str]:
    at = (i + 1,) if dZ.shape[1] == 1 else (i + 1, j + 1)
    node = pattern(
        "P = Q - R", P=entry(dZ.symbol, *at), Q=entry(A.symbol, *at), R=entry(Y.symbol, *at)
    )
    return node, f"{product_text((A.value[i, j],))} − {product_text((Y.value[i, j],))}"


def _entries(both: Callable[[int, int], tuple[Node, str]], result: Quantity) -> Unfolding:
    del result
    return Unfolding(lambda i, j: both(i, j)[0], lambda i, j: both(i, j)[1])


def _weighed(names: Namer, own: Quantity) -> Step:
    d, L = names.d, names.L
    w = np.asarray(d.examples.w)
    share = Quantity(
        names.symbol("w"),
        w * (d.m / float(np.sum(w)) if np.sum(w) else 0.0),
        "(1, m)",
        (),
        names.examples,
        "w_share",
    )
    dZ = names.batch("dZ", L, d.gradients.dZ[L])
    return Step(
        "Each example counts by its weight, m w / Σ w.",
        (names.equation(equation(weigh), L),),
        (dZ, "≔", own, "∗", share),
    )


def _inner(names: Namer, layer: int) -> list[Step]:
    """From dA[l] to dZ[l] of a hidden layer."""
    d, mask = names.d, scaled_mask(names, layer)
    dA, dZ = (
        names.batch("dA", layer, d.gradients.dA[layer]),
        names.batch("dZ", layer, d.gradients.dZ[layer]),
    )
    steps = []
    if mask is not None:
        whole = names.batch(
            "dA", layer, d.net.W[layer + 1].T @ d.gradients.dZ[layer + 1], f"dA{layer}_whole"
        )
        steps.append(
            Step(
                "What dropout silenced on the way forward stays silent on the way back.",
                (names.equation(equation(dropout_backward), layer),),
                (dA, "≔", whole, "∗", mask),
            )
        )
    return [*steps, _chain(names, layer, dA, dZ)]


def _chain(names: Namer, layer: int, dA: Quantity, dZ: Quantity) -> Step:
    d = names.d
    g = d.net.activations[layer]
    own = names.equation(equation(ACTIVATIONS[g].backward), layer)
    words = f"Through the activation: its slope at each {names.symbol_text(f'Z[{layer}]')}."
    if layer not in d.slopes:
        A = names.batch("A", layer, d.cache.A[layer])
        return Step(
            words,
            (own,),
            (dZ, "from", dA, "and", A),
            note="Softmax's units depend on one another: its Jacobian stands in place of a slope.",
        )
    slope = Quantity(
        names.symbol(f"g[{layer}]'"), d.slopes[layer], dZ.rule, dZ.rows, dZ.columns, f"slope{layer}"
    )

    def both(i: int, j: int) -> tuple[Node, str]:
        at = (i + 1,) if dZ.shape[1] == 1 else (i + 1, j + 1)
        Z = names.symbol(f"Z[{layer}]")
        node = pattern(
            f"P = Q g[{layer}]'(R)",
            P=entry(dZ.symbol, *at),
            Q=entry(dA.symbol, *at),
            R=entry(Z, *at),
        )
        return node, product_text((dA.value[i, j], slope.value[i, j]))

    return Step(
        words,
        (names.equation(CHAIN, layer), own),
        (dZ, "=", dA, "∗", slope),
        shaped=names.shaped(
            "dZ[l] = dA[l] * g[l]'(Z[l])", layer, dZ, dA, names.batch("Z", layer, d.cache.Z[layer])
        ),
        unfolding=_entries(both, dZ),
        note=_at_kinks(names, layer),
    )


def _at_kinks(names: Namer, layer: int) -> str:
    """Say which inputs of the activation lie where it bends."""
    Z, g = names.d.cache.Z[layer], names.d.net.activations[layer]
    count = sum(int(np.count_nonzero(kink == Z)) for kink in ACTIVATIONS[g].kinks)
    if count == 0:
        return ""
    return (
        f"{count} of these inputs lie{'s' * (count == 1)} exactly where {g.replace('_', ' ')} bends: "
        "it has no derivative there, and the equation's side is taken."
    )


def _dW(names: Namer, layer: int) -> Step:
    d, A = names.d, given(names, layer - 1)
    dZ = names.batch("dZ", layer, d.gradients.dZ[layer])
    bare = bool(d.penalties)
    dW = names.weights("dW", layer, d.bare.dW[layer], f"dW{layer}_losses" if bare else f"dW{layer}")
    if bare:
        dW = replace(dW, tag="of the losses")
    text = OUTER if names.one else MEAN
    found = equations(linear_backward)[0]

    def both(i: int, k: int) -> tuple[Node, str]:
        at = entry(dW.symbol, i + 1, k + 1)
        if names.one:
            node = pattern("P = Q R", P=at, Q=entry(dZ.symbol, i + 1), R=entry(A.symbol, k + 1))
        else:
            node = pattern(
                "P = (1/m) sum_i Q R",
                P=at,
                Q=entry(dZ.symbol, i + 1, "i"),
                R=entry(A.symbol, k + 1, "i"),
            )
        terms = list(zip(dZ.value[i].tolist(), A.value[k].tolist(), strict=True))
        return node, sum_text(terms, d.m)

    return Step(
        "What each weight has to answer for: the unit's error times what came in"
        + ("." if names.one else ", a mean over the examples."),
        (names.equation(_written(found, text), layer),),
        (dW, "=", *(() if names.one else (f"1/{d.m} ·",)), dZ, "·", names.transposed(A)),
        shaped=names.shaped(text, layer, dW, dZ, A),
        unfolding=_entries(both, dW),
    )


def _written(found: Equation, text: str) -> Equation:
    """Return an equation in another of its forms: that of one example."""
    return Equation(found.number, found.name, pieces_of(text), found.defined, found.function)


def _penalised(names: Namer, layer: int) -> Step:
    d = names.d
    functions: dict[str, Any] = {"l2": l2_backward, "l1": l1_backward}
    bare = replace(
        names.weights("dW", layer, d.bare.dW[layer], f"dW{layer}_losses"), tag="of the losses"
    )
    dW, W = (
        names.weights("dW", layer, d.gradients.dW[layer]),
        names.weights("W", layer, d.net.W[layer]),
    )
    marks: list[Quantity | str] = []
    for name in d.penalties:
        ratio = f"{d.strengths[name]:g}" if names.one else f"{d.strengths[name]:g}/{d.m}"
        marks += [f"+ {ratio} · sign of" if name == "l1" else f"+ {ratio} ·", W]
    return Step(
        "The penalty pulls each weight towards 0.",
        tuple(names.equation(equation(functions[name]), layer) for name in d.penalties),
        (dW, "≔", bare, *marks),
    )


def _db(names: Namer, layer: int) -> Step:
    d = names.d
    db = names.weights("db", layer, d.gradients.db[layer])
    dZ = names.batch("dZ", layer, d.gradients.dZ[layer])
    text = ALONE if names.one else SUMMED

    def both(i: int, j: int) -> tuple[Node, str]:
        del j
        at = entry(db.symbol, i + 1)
        if names.one:
            return pattern("P = Q", P=at, Q=entry(dZ.symbol, i + 1)), sum_text([(dZ.value[i, 0],)])
        node = pattern("P = (1/m) sum_i Q", P=at, Q=entry(dZ.symbol, i + 1, "i"))
        return node, sum_text([(value,) for value in dZ.value[i].tolist()], d.m)

    return Step(
        "What each bias has to answer for"
        + (
            ": the unit's error."
            if names.one
            else ": the mean of the unit's errors, kept as a column."
        ),
        (names.equation(_written(equations(linear_backward)[1], text), layer),),
        (db, "=", dZ) if names.one else (db, f"= 1/{d.m} · row sums of", dZ),
        shaped=names.shaped(text, layer, db, dZ),
        unfolding=_entries(both, db),
    )


def _dA(names: Namer, layer: int) -> Step:
    d, below = names.d, layer - 1
    W, dZ = (
        names.weights("W", layer, d.net.W[layer]),
        names.batch("dZ", layer, d.gradients.dZ[layer]),
    )
    masked = below > 0 and scaled_mask(names, below) is not None
    key = f"dA{below}_whole" if masked else f"dA{below}"
    dA = names.batch("dA", below, W.value.T @ dZ.value, key)

    def both(k: int, j: int) -> tuple[Node, str]:
        at = (k + 1,) if dA.shape[1] == 1 else (k + 1, j + 1)
        column = ("i",) if dA.shape[1] == 1 else ("i", j + 1)
        node = pattern(
            "P = sum_i Q R",
            P=entry(dA.symbol, *at),
            Q=entry(W.symbol, "i", k + 1),
            R=entry(dZ.symbol, *column),
        )
        return node, sum_text(
            list(zip(W.value[:, k].tolist(), dZ.value[:, j].tolist(), strict=True))
        )

    words = (
        "What goes on to the layer below: each unit's error, by the weights through which it acted."
        if below
        else "How the loss changes with each input; there is no layer below to take it."
    )
    return Step(
        words,
        (names.equation(equation(linear_backward_input), layer),),
        (dA, "=", names.transposed(W), "·", dZ),
        shaped=names.shaped("dA[l-1] = W[l]^T dZ[l]", layer, dA, W, dZ),
        unfolding=_entries(both, dA),
    )
