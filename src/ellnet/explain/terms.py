"""Terms: an entry of a matrix as the sum, or the product, that it is, with its numbers."""

from collections.abc import Iterable, Sequence

from ellnet.explain.figures import figure
from ellnet.explain.formulas import Node, parse
from ellnet.explain.letters import put

__all__ = ["pattern", "product_text", "sum_text"]

SHOWN = 12
"""Terms of a sum that are written out; of a longer one the largest, and what the others come to."""


def pattern(text: str, **parts: Node) -> Node:
    """Return a formula with something in place of its capital letters: P = sum_k Q R."""
    node = parse(text)
    for letter, part in parts.items():
        node = put(node, letter, part)
    return node


def product_text(factors: Iterable[float]) -> str:
    """Write a product: 0.51 · (−1.2)."""
    first, *others = factors
    written = [figure(first), *(_enclosed(factor) for factor in others)]
    return " · ".join(written)


def sum_text(terms: Sequence[Sequence[float]], divisor: int = 1) -> str:
    """Write a sum of products, over a divisor.

    Of more than twelve terms the twelve of the largest absolute value are written, in their order, and
    then what the others come to together.
    """
    values = [_value(term) for term in terms]
    chosen = range(len(terms))
    rest = ""
    if len(terms) > SHOWN:
        largest = sorted(chosen, key=lambda k: -abs(values[k]))[:SHOWN]
        left = sum(value for k, value in enumerate(values) if k not in set(largest))
        chosen = sorted(largest)  # type: ignore[assignment]
        rest = f" + {_enclosed(left)} from {len(terms) - SHOWN:,} smaller terms"
    first, *others = (terms[k] for k in chosen)
    text = " + ".join([product_text(first), *(_term(term) for term in others)]) + rest
    return text if divisor == 1 else f"({text}) / {divisor}"


def _term(factors: Sequence[float]) -> str:
    return " · ".join(_enclosed(factor) for factor in factors)


def _value(factors: Sequence[float]) -> float:
    value = 1.0
    for factor in factors:
        value *= factor
    return value


def _enclosed(x: float) -> str:
    text = figure(x)
    return f"({text})" if text.startswith("−") else text
