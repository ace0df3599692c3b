"""The forward blocks of a sheet: Z[l] and A[l] from A[l-1] (notes N2, N5)."""

from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.dropout import dropout
from ellnet.equations.linear import linear
from ellnet.explain.catalogue import Equation, equation, pieces_of
from ellnet.explain.formulas import Node
from ellnet.explain.letters import entry
from ellnet.explain.naming import Namer
from ellnet.explain.sheet import Block, Quantity, Step, Unfolding
from ellnet.explain.terms import pattern, product_text, sum_text

__all__ = ["forward_block", "given", "scaled_mask"]

ACTIVATION = Equation("2.2", "Activation", pieces_of("A[l] = g[l](Z[l])"))


def forward_block(names: Namer, layer: int) -> Block:
    """Return the forward block of a layer."""
    A, W = given(names, layer - 1), f"W[{layer}]"
    steps = [_affine(names, layer), _activation(names, layer)]
    if scaled_mask(names, layer - 1) is not None:
        steps.insert(0, _dropout(names, layer - 1))
    A_name, Z_name = A.name, names.batch("Z", layer, names.d.cache.Z[layer]).name
    out = names.batch("A", layer, names.d.cache.A[layer]).name
    return Block(
        f"forward-{layer}",
        f"Forward block of layer {layer}",
        f"In: {A_name}. Out: {out}. Parameters: {W}, b[{layer}]. "
        f"Kept for the way back: {Z_name} and {A_name}.",
        tuple(steps),
    )


def given(names: Namer, layer: int) -> Quantity:
    """Return A[l] as the next layer gets it: after dropout, where there is some."""
    key = f"A{layer}_dropped" if scaled_mask(names, layer) is not None else f"A{layer}"
    return names.batch("A", layer, names.d.cache.inputs(layer + 1), key)


def scaled_mask(names: Namer, layer: int) -> Quantity | None:
    """Return D / keep of a layer, None where nothing is dropped."""
    mask = names.d.masks[layer] if names.d.masks else None
    if mask is None:
        return None
    symbol = names.symbol(f"D[{layer}] / keep")
    return Quantity(
        symbol,
        mask.D / mask.keep,
        f"(n[{layer}], {'1' if names.one else 'm'})",
        names.units(layer),
        names.examples,
        f"mask{layer}",
    )


def _dropout(names: Namer, layer: int) -> Step:
    d, mask = names.d, scaled_mask(names, layer)
    assert mask is not None  # noqa: S101 - asked for where there is one
    before = d.cache.X if layer == 0 else d.cache.A[layer]
    keep = d.masks[layer].keep  # type: ignore[union-attr]
    after, whole = given(names, layer), names.batch("A", layer, before)

    def formula(i: int, j: int) -> Node:
        return pattern("P = Q R", P=_at(after, i, j), Q=_at(whole, i, j), R=_at(mask, i, j))

    def numbers(i: int, j: int) -> str:
        return product_text((whole.value[i, j], mask.value[i, j]))

    return Step(
        f"Dropout silences {'inputs' if layer == 0 else f'units of layer {layer}'}: each is kept with "
        f"probability {keep:g}, and what is kept grows by 1/{keep:g}.",
        (names.equation(equation(dropout), layer),),
        (after, "≔", whole, "∗", mask),
        unfolding=Unfolding(formula, numbers),
    )


def _at(quantity: Quantity, i: int, j: int) -> Node:
    """Return an entry; of a single column the row says enough."""
    if quantity.symbol.kind == "fraction":
        letter, below = quantity.symbol.parts
        return Node("fraction", "", (entry(letter, *_places(quantity, i, j)), below))
    return entry(quantity.symbol, *_places(quantity, i, j))


def _places(quantity: Quantity, i: int, j: int) -> tuple[int, ...]:
    return (i + 1,) if quantity.shape[1] == 1 else (i + 1, j + 1)


def _affine(names: Namer, layer: int) -> Step:
    d = names.d
    A = given(names, layer - 1)
    W = names.weights("W", layer, d.net.W[layer])
    b = names.weights("b", layer, d.net.b[layer])
    Z = names.batch("Z", layer, d.cache.Z[layer])

    def formula(i: int, j: int) -> Node:
        k_j = ("k",) if A.shape[1] == 1 else ("k", j + 1)
        return pattern(
            "P = sum_k Q R + S",
            P=_at(Z, i, j),
            Q=entry(W.symbol, i + 1, "k"),
            R=entry(A.symbol, *k_j),
            S=entry(b.symbol, i + 1),
        )

    def numbers(i: int, j: int) -> str:
        terms = [(float(W.value[i, k]), float(A.value[k, j])) for k in range(W.shape[1])]
        return sum_text([*terms, (float(b.value[i, 0]),)])

    return Step(
        "Each unit weighs what comes in, and adds its bias.",
        (names.equation(equation(linear), layer),),
        (Z, "=", W, "·", A, "+", b),
        shaped=names.shaped("Z[l] = W[l] A[l-1] + b[l]", layer, Z, W, A, b),
        unfolding=Unfolding(formula, numbers),
    )


def _activation(names: Namer, layer: int) -> Step:
    g = names.d.net.activations[layer]
    Z = names.batch("Z", layer, names.d.cache.Z[layer])
    A = names.batch("A", layer, names.d.cache.A[layer])

    def formula(i: int, j: int) -> Node:
        return pattern(f"P = g[{layer}](Q)", P=_at(A, i, j), Q=_at(Z, i, j))

    def numbers(i: int, j: int) -> str:
        shown = (Z.value[i, j],) if g != "softmax" else Z.value[:, j]
        return f"{g}({', '.join(product_text((float(z),)) for z in shown)})"

    return Step(
        f"Each unit answers by g[{layer}], which is {g.replace('_', ' ')}.",
        (
            names.equation(ACTIVATION, layer),
            names.equation(equation(ACTIVATIONS[g].value), layer),
        ),
        (A, f"= {g.replace('_', ' ')} of", Z),
        shaped=names.shaped("A[l] = g[l](Z[l])", layer, A, Z),
        unfolding=Unfolding(formula, numbers),
    )
