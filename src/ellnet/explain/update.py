"""The update: how the gradients become a step, with the optimizer's moments before and after."""

from dataclasses import dataclass
from typing import Any

from ellnet.equations.optimizers import OPTIMIZERS, clip_by_norm
from ellnet.equations.penalties import max_norm
from ellnet.equations.schedules import SCHEDULES, Clock, warm_up
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState

__all__ = ["MOMENTS", "Update", "factor_of", "updated"]

MOMENTS = {
    "momentum": ("v",),
    "nesterov": ("v",),
    "adam": ("m", "v"),
    "adamw": ("m", "v"),
    "nadam": ("m", "v"),
    "rmsprop": ("v",),
    "adagrad": ("v",),
}
"""What each optimizer's moments are called in its equation."""

Epochs = tuple[int, int, int]
"""Epochs planned, minibatches of each, examples of each."""


@dataclass(frozen=True, eq=False)
class Update:
    """A step of the optimizer.

    Attributes:
        t: the number of the step, from 1.
        options: the optimizer's options for weights at this step, by name; alpha with its schedule.
        rate_factor: what schedule and warm-up make of the learning rate.
        clip: the factor of clipping, 1 where nothing was clipped.
        gradients: after clipping.
        before: moments before the step, in the shapes of the parameters.
        after: those after it.
        stepped: the parameters after the step.
        bounded: those after the max-norm constraint; the same where there is none.
    """

    t: int
    options: dict[str, float]
    rate_factor: float
    clip: float
    gradients: Parameters
    before: tuple[Parameters, ...]
    after: tuple[Parameters, ...]
    stepped: Parameters
    bounded: Parameters


def factor_of(
    schedule: str, chosen: Hyperparameters, state: TrainingState, epochs: Epochs
) -> float:
    """Return what a schedule makes of its rate at the step that comes next."""
    row = SCHEDULES[schedule]
    planned, batches, examples = epochs
    clock = Clock(state.step, planned * batches, state.epoch, planned, examples)
    values = {**vars(chosen), "cuts": state.cuts}
    return row.factor(clock, **{name: values[name] for name in row.options})


def _rate_factor(chosen: Hyperparameters, state: TrainingState, epochs: Epochs) -> float:
    factor = factor_of(chosen.schedule, chosen, state, epochs)
    if chosen.warmup == 0 or "warmup" in SCHEDULES[chosen.schedule].options:
        return factor
    clock = Clock(state.step, epochs[0] * epochs[1], 0, 1, 1)
    return factor * warm_up(clock, warmup=chosen.warmup)


def updated(
    net: Network,
    gradients: Parameters,
    chosen: Hyperparameters,
    state: TrainingState,
    epochs: Epochs,
) -> Update | None:
    """Take one step; None for L-BFGS, whose step no formula gives from one gradient."""
    if chosen.optimizer not in OPTIMIZERS:
        return None
    optimizer = OPTIMIZERS[chosen.optimizer]
    factor = _rate_factor(chosen, state, epochs)
    options: dict[str, Any] = {name: getattr(chosen, name) for name in optimizer.options}
    options["learning_rate"] = chosen.learning_rate * factor
    if "weight_decay" in options:
        decay = factor_of(chosen.weight_decay_schedule, chosen, state, epochs)
        options["weight_decay"] *= decay
    clipped = gradients.arrays()
    if chosen.clip_norm:
        clipped = clip_by_norm(clipped, chosen.clip_norm)
    stepped, moments = [], []
    for k, (theta, dtheta) in enumerate(zip(net.parameters.arrays(), clipped, strict=True)):
        own = (
            options
            if k % 2 == 0 or "weight_decay" not in options
            else {**options, "weight_decay": 0.0}
        )
        before = [moment.arrays()[k] for moment in state.moments]
        new, after = optimizer.step(theta, dtheta, before, state.step + 1, **own)
        stepped.append(new)
        moments.append(after)
    parameters = Parameters.from_arrays(stepped)
    return Update(
        t=state.step + 1,
        options=options,
        rate_factor=factor,
        clip=_ratio(gradients, clipped),
        gradients=Parameters.from_arrays(clipped),
        before=state.moments,
        after=tuple(Parameters.from_arrays(column) for column in zip(*moments, strict=True)),
        stepped=parameters,
        bounded=_bounded(parameters, chosen.max_norm),
    )


def _ratio(gradients: Parameters, clipped: tuple[Any, ...]) -> float:
    """Return the factor by which every gradient was multiplied."""
    for before, after in zip(gradients.arrays(), clipped, strict=True):
        place = abs(before).argmax()
        if before.flat[place] != 0:
            return float(after.flat[place] / before.flat[place])
    return 1.0


def _bounded(parameters: Parameters, largest: float) -> Parameters:
    if not largest:
        return parameters
    return Parameters.of([max_norm(W, largest) for W in parameters.W], parameters.b)
