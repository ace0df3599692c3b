"""Search spaces for who names none: by task and number of rows, around the defaults."""

from typing import Any

from ellnet.search.space import Choice, Range

__all__ = ["default_space"]

FEW, MANY = 1000, 20_000
WIDTHS: dict[str, list[tuple[int, ...]]] = {
    "few": [(16,), (32,), (32, 16), (64, 32)],
    "some": [(64,), (128,), (128, 64), (256, 128)],
    "many": [(128,), (256, 128), (256, 256), (512, 256)],
}


def default_space(task: str, m: int, optimizer: str = "adam") -> dict[str, Any]:
    """Return what is searched where nothing is said.

    Args:
        task: binary, multiclass or regression.
        m: number of rows.
        optimizer: lbfgs has no learning rate, and its cost cannot be one of dropout.
    """
    size = "few" if m < FEW else "some" if m < MANY else "many"
    slow, fast = {"few": (1e-3, 3e-2), "some": (3e-4, 1e-2), "many": (1e-4, 1e-2)}[size]
    space: dict[str, Any] = {
        "hidden": Choice(tuple(WIDTHS[size])),
        "activation": Choice(("relu", "tanh")),
        "learning_rate": Range(slow, fast, log=True),
        "l2": Range(1e-3, 10.0, log=True),
        "dropout": Range(0.0, 0.2 if task == "regression" else 0.5),
    }
    if optimizer == "lbfgs":
        del space["learning_rate"], space["dropout"]
    return space
