"""The update's blocks of a sheet: the optimizer's step of every layer, with its moments."""

from dataclasses import replace

from ellnet.equations.optimizers import OPTIMIZERS, clip_by_norm
from ellnet.equations.penalties import max_norm
from ellnet.explain.catalogue import Equation, equation
from ellnet.explain.derivation import Derivation
from ellnet.explain.figures import figure
from ellnet.explain.formulas import Node
from ellnet.explain.letters import entry, put, put_all, symbol
from ellnet.explain.naming import Namer
from ellnet.explain.sheet import Block, Part, Quantity, Step, Unfolding
from ellnet.explain.update import MOMENTS, Update
from ellnet.explain.update_terms import step_text

__all__ = ["update_blocks"]

LETTERS = {
    "learning_rate": "α",
    "momentum": "μ",
    "beta_1": "β₁",
    "beta_2": "β₂",
    "rho": "ρ",
    "epsilon": "ε",
    "weight_decay": "λ",
    "momentum_decay": "ψ",
}


def update_blocks(names: Namer) -> tuple[Block, ...]:
    """Return the rule, and the step of each layer."""
    update = names.d.update
    if update is None:
        words = (
            "L-BFGS has no step of its own for one gradient: it builds a direction from the gradients of "
            "many iterations, and searches along it with the cost of all examples. What it is handed is "
            "the gradient above."
        )
        return (Block("update", "Update: L-BFGS", words, ()),)
    layers = (_layer(names, update, layer) for layer in range(1, names.L + 1))
    return (_rule(names, update), *layers)


def _rule(names: Namer, update: Update) -> Block:
    d = names.d
    name = d.chosen.optimizer
    found = [equation(OPTIMIZERS[name].step)]
    if name == "adamw":
        found.append(equation(OPTIMIZERS["adam"].step))
    options = ", ".join(
        f"{LETTERS[option]} = {figure(value)}" for option, value in update.options.items()
    )
    steps = [
        Step(
            f"{_where(d, update)} {options}, t = {update.t}.", tuple(found), (), note=_rate(update)
        )
    ]
    if d.chosen.clip_norm:
        steps.append(_clipping(d, update))
    if d.chosen.max_norm:
        words = f"Afterwards the weights into each unit are held to the norm {d.chosen.max_norm:g}."
        steps.append(Step(words, (equation(max_norm),), ()))
    return Block(
        "update",
        f"Update: {name.replace('_', ' ')}",
        "The gradients become a step: θ stands for W[l] and b[l] in turn.",
        tuple(steps),
    )


def _where(d: Derivation, update: Update) -> str:
    if d.known:
        return f"Step {update.t} of the training under way."
    if not update.before:
        return "The next step."
    return (
        "No state of training was given, and a model's file has none: this is the step that training "
        "takes as it starts again from here, with moments of 0."
    )


def _rate(update: Update) -> str:
    if update.rate_factor == 1:
        return ""
    return (
        f"α is the learning rate times {figure(update.rate_factor)}, by its schedule at this step."
    )


def _clipping(d: Derivation, update: Update) -> Step:
    words = (
        f"The gradient, all of it together, is longer than {d.chosen.clip_norm:g}, and cut by the factor "
        f"{figure(update.clip)}."
        if update.clip != 1
        else f"The gradient, all of it together, is within {d.chosen.clip_norm:g}: it stays as it is."
    )
    return Step(words, (equation(clip_by_norm),), ())


def _layer(names: Namer, update: Update, layer: int) -> Block:
    steps = tuple(step for letter in "Wb" for step in _steps(names, update, layer, letter))
    return Block(
        f"update-{layer}",
        f"New parameters of layer {layer}",
        f"W[{layer}] and b[{layer}] after the step.",
        steps,
    )


def _steps(names: Namer, update: Update, layer: int, letter: str) -> list[Step]:
    d, place = names.d, 2 * layer - 2 + "Wb".index(letter)
    theta, key = f"{letter}[{layer}]", f"{letter}{layer}"
    old = names.weights(letter, layer, d.net.parameters.arrays()[place], key)
    dtheta = names.weights(f"d{letter}", layer, update.gradients.arrays()[place], _clipped(d, key))
    stepped = update.stepped.arrays()[place]
    new = replace(names.weights(letter, layer, stepped, f"{key}_new"), tag="new")
    found = _of(equation(OPTIMIZERS[d.chosen.optimizer].step), theta, letter, layer)
    line: list[Part] = [new, "≔", old, "less its step, from", dtheta]
    moments = _moments(update, d.chosen.optimizer, place, old, dtheta)
    decay = d.chosen.optimizer == "adamw" and letter == "b"
    note = "Biases do not decay: λ = 0." if decay else ""
    own = {**update.options, "weight_decay": 0.0} if letter == "b" else update.options

    def formula(i: int, j: int) -> Node:
        at = (i + 1, j + 1) if letter == "W" else (i + 1,)
        rule = next(piece for piece in found.formula if isinstance(piece, Node))
        return put_all(
            rule, {theta: entry(old.symbol, *at), f"d{theta}": entry(dtheta.symbol, *at)}
        )

    def numbers(i: int, j: int) -> str:
        pair = (float(old.value[i, j]), float(new.value[i, j]))
        after = [float(moment.arrays()[place][i, j]) for moment in update.after]
        return step_text(
            d.chosen.optimizer, pair, float(dtheta.value[i, j]), after, t=update.t, options=own
        )

    unfolding = Unfolding(formula, numbers)
    step = Step(f"The step of {theta}.", (found,), tuple(line), unfolding=unfolding, note=note)
    steps = [*moments, step]
    if letter == "W" and d.chosen.max_norm:
        bounded = update.bounded.arrays()[place]
        held = replace(names.weights(letter, layer, bounded, f"{key}_bounded"), tag="held")
        steps.append(Step("Held within the norm.", (equation(max_norm),), (held, "≔", new)))
    return steps


def _clipped(d: Derivation, key: str) -> str:
    return f"d{key}_clipped" if d.chosen.clip_norm else f"d{key}"


def _of(found: Equation, theta: str, letter: str, layer: int) -> Equation:
    """Write W[l] or b[l] for theta."""
    dtheta = symbol(f"d{letter}[{layer}]")

    def change(node: Node) -> Node:
        return put(put(node, "dtheta", dtheta), "theta", symbol(theta))

    return found.with_letters(change)


def _moments(
    update: Update, optimizer: str, place: int, like: Quantity, dtheta: Quantity
) -> list[Step]:
    """Return the steps of the moments: each before, and what the gradient makes of it."""
    steps = []
    for name, before, after in zip(
        MOMENTS.get(optimizer, ()), update.before, update.after, strict=True
    ):
        symbol_ = Node("below", "", (symbol(name), like.symbol))
        key = f"{name}_{like.key}"
        old = replace(like, symbol=symbol_, value=before.arrays()[place], key=key, tag="before")
        new = replace(old, value=after.arrays()[place], key=f"{key}_new", tag="after")
        words = f"The moment {name} of {like.name} takes its gradient in."
        steps.append(Step(words, (), (new, "≔ from", old, "and", dtheta)))
    return steps
