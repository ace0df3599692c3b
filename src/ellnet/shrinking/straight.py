"""Linear layers: one whose units are all straight lines is multiplied out with the next.

With A[l] = s * Z[l] + t, W[l+1] A[l] + b[l+1] is W' A[l-1] + b' for W' = W[l+1] (s * W[l]) and
b' = W[l+1] (s * b[l] + t) + b[l+1].
"""

from ellnet.shrinking.chain import Layer, size_of
from ellnet.shrinking.curves import straight_units
from ellnet.shrinking.rules import Answer, Question
from ellnet.shrinking.steps import Step, for_inputs

__all__ = ["kept_linear", "without_linear_layer"]


def without_linear_layer(question: Question) -> Answer:
    """Multiply a linear layer out with the next, where that makes no more parameters of them.

    A layer is linear where its activation is the identity, or where each of its units stays on a
    straight stretch of its activation. A narrow one between wide ones has fewer parameters than its
    product, and is kept.
    """
    chain, k, *_ = question
    product = _product(question)
    if product is None:
        return chain, []
    if _growth(question, product) > 0 and not question.fewer_layers:
        return chain, []
    return (*chain[:k], product, *chain[k + 2 :]), [_step(question, product)]


def kept_linear(question: Question) -> str:
    """Say of a linear layer why it is kept; "" of one that is not linear."""
    product = _product(question)
    if product is None:
        return ""
    layer, following = question.chain[question.k], question.chain[question.k + 1]
    return (
        f"layer {layer.number} is linear {for_inputs(question.holds)} and kept: multiplied out with "
        f"layer {following.number} it would have {size_of((product,)):,} parameters instead of "
        f"{size_of((layer, following)):,}; fewer_layers does it all the same"
    )


def _product(question: Question) -> Layer | None:
    """Return a layer and the next as one, or None where the layer is not linear."""
    layer, following = question.chain[question.k], question.chain[question.k + 1]
    straight, slope, offset = straight_units(layer.activation, *question.Z)
    if not straight.all():
        return None
    s, t = slope[:, None], offset[:, None]
    W = following.W @ (s * layer.W)
    b = following.W @ (s * layer.b + t) + following.b
    return following.taking(W, b)


def _growth(question: Question, product: Layer) -> int:
    """Return how many more parameters the product has than the two layers."""
    layer, following = question.chain[question.k], question.chain[question.k + 1]
    return size_of((product,)) - size_of((layer, following))


def _step(question: Question, product: Layer) -> Step:
    layer = question.chain[question.k]
    why = (
        "has the identity for its activation"
        if layer.activation == "identity"
        else f"is linear {for_inputs(question.holds)}, as all its units stay on a straight stretch of "
        f"{layer.activation}"
    )
    growth = _growth(question, product)
    size = f"{abs(growth):,} parameters {'fewer' if growth < 0 else 'more'}"
    sentence = (
        f"layer {layer.number} {why}; multiplied out with layer {product.number}, which makes "
        f"{size if growth else 'as many parameters and a layer fewer'}"
    )
    return Step("linear", layer.number, tuple(layer.units.tolist()), question.holds, True, sentence)
