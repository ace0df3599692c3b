"""The cost's block of a sheet: targets, losses, J, and where backward propagation begins."""

import numpy as np

from ellnet.equations.costs import COSTS, mean_loss
from ellnet.equations.cross_entropies import smooth_labels
from ellnet.equations.penalties import l1, l2
from ellnet.explain.catalogue import equation
from ellnet.explain.figures import figure
from ellnet.explain.formulas import Node
from ellnet.explain.letters import symbol
from ellnet.explain.naming import Namer
from ellnet.explain.sheet import Block, Part, Quantity, Step

__all__ = ["cost_block"]


def cost_block(names: Namer) -> Block:
    """Return the block of the cost."""
    d = names.d
    steps = [_losses(names)]
    if d.chosen.label_smoothing:
        steps.insert(0, _smoothing(names))
    steps.append(_mean(names))
    if d.penalties:
        steps.append(_penalties(names))
    said = d.net.cost.replace("_", " ")
    return Block(
        "cost",
        f"Cost: {said}",
        f"How far {names.batch('A', names.L, d.cache.A[names.L]).name} is from the target, "
        f"as {'one number' if names.one else 'one number an example and their mean'}.",
        tuple(steps),
    )


def _target(names: Namer, value: np.ndarray, key: str = "Y") -> Quantity:
    rule = f"(n[{names.L}], {'1' if names.one else 'm'})"
    return Quantity(names.symbol("Y"), value, rule, names.units(names.L), names.examples, key)


def _smoothing(names: Namer) -> Step:
    d = names.d
    return Step(
        f"Training smooths the labels: a share s = {d.chosen.label_smoothing:g} of each is spread over "
        "the classes.",
        (names.equation(equation(smooth_labels), names.L),),
        (
            _target(names, np.asarray(d.examples.Y)),
            "≔ smoothed",
            _target(names, d.labels, "Y_given"),
        ),
    )


def _losses(names: Namer) -> Step:
    d, L = names.d, names.L
    row = COSTS[d.net.cost]
    fused = d.net.activations[L] in row.fused
    loss = row.fused[d.net.activations[L]].loss if fused else row.loss
    A = names.batch("A", L, d.cache.A[L])
    losses = Quantity(
        Node("quantity", "loss"),
        d.losses,
        f"(1, {'1' if names.one else 'm'})",
        (),
        names.examples,
        "losses",
    )
    shown = [names.equation(equation(row.loss), L)]
    note = ""
    if fused:
        shown.append(names.equation(equation(loss), L))
        note = (
            f"Calculated from {names.symbol_text(f'Z[{L}]')}, the second form, which never takes the "
            "logarithm of a saturated output."
        )
    options = {name: getattr(d.chosen, name) for name in row.options} | d.net.cost_options
    if options:
        note = (
            f"{note} {', '.join(f'{name} = {value}' for name, value in options.items())}.".strip()
        )
    parts: tuple[Part, ...] = (losses, "of", A, "against", _target(names, np.asarray(d.examples.Y)))
    return Step(
        "The loss of each example, summed over the outputs.", tuple(shown), parts, note=note
    )


def _mean(names: Namer) -> Step:
    d = names.d
    value = np.array([[d.mean]])
    mean = Quantity(symbol("J"), value, "(1, 1)", (), (), "mean_loss")
    if d.examples.w is None:
        words = (
            "The cost of one example is its loss."
            if names.one
            else f"The cost is the mean of the m = {d.m} losses."
        )
        return Step(words, (equation(mean_loss),), (mean,))
    w = Quantity(symbol("w"), np.asarray(d.examples.w), "(1, m)", (), names.examples, "w")
    return Step(
        f"The cost is the mean of the m = {d.m} losses, each counted by its weight: m w / Σ w.",
        (equation(mean_loss),),
        (mean, "with the weights", w),
    )


def _penalties(names: Namer) -> Step:
    d = names.d
    functions = {"l2": l2, "l1": l1}
    total = Quantity(symbol("J"), np.array([[d.cost]]), "(1, 1)", (), (), "J")
    said = " + ".join(
        f"{figure(value)} ({name.upper()}, λ = {d.strengths[name]:g})"
        for name, value in d.penalties.items()
    )
    return Step(
        "The penalties hold the weights of all layers small; biases are free.",
        tuple(equation(functions[name]) for name in d.penalties),
        (total, f"= {figure(d.mean)} + {said}"),
    )
