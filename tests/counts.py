"""How often a test repeats what it does: a few times in the ordinary suite, very often in an ordeal."""

import os

__all__ = ["ORDEAL", "count"]

ORDEAL = "ELLNET_ORDEAL"
"""The variable of the environment that asks for the large counts; `pytest --ordeal` sets it."""


def count(ordinary: int, ordeal: int) -> int:
    """Return the first number in the ordinary suite, and the second in an ordeal."""
    return ordeal if os.environ.get(ORDEAL) == "1" else ordinary
