"""What to say of a run that met a number that is not finite: where it was, and what usually helps."""

from collections.abc import Sequence

from ellnet.arrays import largest_in_rows, to_numpy
from ellnet.batches import Examples
from ellnet.engines import Divergence
from ellnet.hyperparameters import Hyperparameters

__all__ = ["advice"]

FAR = 1e6
"""How many times larger than every input a target has to be to be named."""


def advice(
    trouble: Divergence,
    hyperparameters: Hyperparameters,
    examples: Examples,
    feature_names: Sequence[str] = (),
) -> str:
    """Say where a run met the first number that is not finite, and what usually helps.

    Args:
        trouble: where that was.
        hyperparameters: those of the run.
        examples: what was learned from.
        feature_names: names of the rows of X; without any they are counted.
    """
    quantity = trouble.quantity
    first = {
        "moment": "a moment of the optimizer was the first",
        "cost": f"the cost was the first, computed from A[{trouble.layer}]",
        "validation cost": "the validation cost was the first",
    }.get(quantity, f"{quantity}[{trouble.layer}] was the first")
    steps = f"{trouble.step} step{'' if trouble.step == 1 else 's'}"
    target = _large_target(examples)
    largest = target or _large_input(trouble, examples, feature_names)
    helps = (
        f"A smaller learning_rate (now {hyperparameters.learning_rate:g}), scaled "
        f"{'targets' if target else 'inputs'} or a larger batch_size usually helps"
    )
    return (
        f"the cost became infinite or not a number in epoch {trouble.epoch + 1}, after {steps}: "
        f"{first}{largest}; the last good parameters are kept. {helps}"
    )


def _large_input(trouble: Divergence, examples: Examples, feature_names: Sequence[str]) -> str:
    """Name the largest input of the minibatch, or of all where no minibatch is known."""
    number, largest = trouble.feature, trouble.largest
    if number < 0:
        each = to_numpy(largest_in_rows(examples.X))
        number, largest = int(each.argmax()), float(each.max())
    feature = dict(enumerate(feature_names)).get(number, f"feature {number}")
    return f" (the largest input there was {largest:.3g}, in {feature})"


def _large_target(examples: Examples) -> str:
    """Name the largest target where it dwarfs the inputs, "" elsewhere."""
    target = float(abs(to_numpy(examples.Y)).max())
    inputs = float(to_numpy(largest_in_rows(examples.X)).max())
    return f" (the largest target is {target:.3g})" if target > FAR * max(1.0, inputs) else ""
