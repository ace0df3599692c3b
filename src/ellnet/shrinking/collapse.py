"""Collapse: where all units of a hidden layer are constant the outputs are, and little has to be left."""

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import overflow_allowed
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.linear import linear
from ellnet.shrinking.chain import Chain, Layer, size_of
from ellnet.shrinking.rules import Answer, Question
from ellnet.shrinking.steps import Step, for_inputs, weakest

__all__ = ["collapsed"]


def collapsed(question: Question, values: NDArray[np.float64], found: list[Step]) -> Answer:
    """Return the constant network that is left where all units of a layer are idle.

    That is one layer of weights 0; where it would have more parameters than there are, which many
    inputs and outputs come to, one hidden unit of weights 0 stays between them.

    Args:
        question: of that layer.
        values: what its units always are, (n,).
        found: the steps that say why.

    Returns:
        The network as it is, and no step, where neither is smaller.
    """
    chain = question.chain
    b = _last_bias(chain[question.k + 1 :], values)
    for smaller in (_one_layer(chain, b), _one_unit(chain, b)):
        fewer = size_of(smaller) - size_of(chain)
        if fewer < 0 or (fewer == 0 and len(smaller) < len(chain)):
            return smaller, [*found, _step(question, smaller, found)]
    return chain, []


def _last_bias(behind: Chain, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Z[L] (n[L], 1) where the layer before those behind is constant."""
    A = values[:, None]
    with overflow_allowed():
        for layer in behind[:-1]:
            A = ACTIVATIONS[layer.activation].value(linear(layer.W, A, layer.b))
        return np.asarray(linear(behind[-1].W, A, behind[-1].b), np.float64)


def _one_layer(chain: Chain, b: NDArray[np.float64]) -> Chain:
    last = chain[-1]
    return (last.taking(np.zeros((last.n, chain[0].W.shape[1])), b),)


def _one_unit(chain: Chain, b: NDArray[np.float64]) -> Chain:
    first, last = chain[0], chain[-1]
    W = np.zeros((1, first.W.shape[1]))
    unit = Layer(first.number, first.units[:1], W, np.zeros((1, 1)), first.activation)
    return unit, last.taking(np.zeros((last.n, 1)), b)


def _step(question: Question, smaller: Chain, found: list[Step]) -> Step:
    layer = question.chain[question.k]
    holds = weakest(found)
    left = (
        "its output layer is left, with weights 0"
        if len(smaller) == 1
        else "one hidden unit with weights 0 is left, since without it there would be more weights"
    )
    sentence = (
        f"layer {layer.number} passes on constants alone {for_inputs(holds)}, and so the network is one: "
        f"{left}"
    )
    return Step("collapsed", layer.number, (), holds, True, sentence)
