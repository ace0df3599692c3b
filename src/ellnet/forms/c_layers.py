"""The layers of a network as C99: weights as constants, one loop for all affine steps, activations."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import is_finite, to_numpy
from ellnet.equations.rectifiers import GELU_CUBE, GELU_SLOPE, LEAK, SELU_FLOOR, SELU_SLOPE
from ellnet.equations.sigmoids import HARD_END
from ellnet.errors import DataError, HyperparameterError
from ellnet.forms.c_text import array_of, fill, floats, single
from ellnet.network import Network

__all__ = ["EXPRESSIONS", "activation_functions", "dense_function", "layer_calls", "weight_arrays"]

EXPRESSIONS = {
    "relu": "z > 0.0f ? z : 0.0f",
    "leaky_relu": f"z > 0.0f ? z : {single(LEAK)} * z",
    "tanh": "tanhf(z)",
    "sigmoid": "z >= 0.0f ? 1.0f / (1.0f + expf(-z)) : expf(z) / (1.0f + expf(z))",
    "elu": "z > 0.0f ? z : expm1f(z)",
    "selu": f"z > 0.0f ? {single(SELU_SLOPE)} * z : {single(SELU_FLOOR)} * expm1f(z)",
    "gelu": f"z * @SIGMOID@({single(GELU_SLOPE)} * (z + {single(GELU_CUBE)} * (z * z * z)))",
    "silu": "z * @SIGMOID@(z)",
    "mish": "z * tanhf(@SOFTPLUS@(z))",
    "softplus": "(z > 0.0f ? z : 0.0f) + log1pf(expf(-fabsf(z)))",
    "softsign": "z / (1.0f + fabsf(z))",
    "hard_sigmoid": f"z <= {single(-HARD_END)} ? 0.0f : z >= {single(HARD_END)} ? 1.0f"
    f" : z / {single(2 * HARD_END)} + 0.5f",
    "exponential": "expf(z)",
}
"""Every activation of one unit, as an expression in z."""

USED = {"SIGMOID": "sigmoid", "SOFTPLUS": "softplus"}
"""Functions that expressions use, and the activations that they are."""

DENSE = """\
/* z = W x + b, where W is (outputs, inputs), row after row. */
static void @NAME@_dense(const float *W, const float *b, const float *x, float *z, size_t outputs,
                       size_t inputs)
{
    size_t i, j;
    for (i = 0; i < outputs; i++) {
        const float *w = W + i * inputs;
        float even = b[i], odd = 0.0f;
        for (j = 0; j + 1 < inputs; j += 2) {
            even += w[j] * x[j];
            odd += w[j + 1] * x[j + 1];
        }
        if (j < inputs) {
            even += w[j] * x[j];
        }
        z[i] = even + odd;
    }
}"""

EACH = """\
static float @NAME@_@GNAME@(float z)
{
    return @EXPRESSION@;
}"""

WHOLE = """\
static void @NAME@_@GNAME@_layer(float *a, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) {
        a[i] = @NAME@_@GNAME@(a[i]);
    }
}"""

SOFTMAX = """\
static void @NAME@_softmax_layer(float *a, size_t n)
{
    float largest = a[0], sum = 0.0f;
    size_t i;
    for (i = 1; i < n; i++) {
        largest = a[i] > largest ? a[i] : largest;
    }
    for (i = 0; i < n; i++) {
        a[i] = expf(a[i] - largest);
        sum += a[i];
    }
    for (i = 0; i < n; i++) {
        a[i] /= sum;
    }
}"""


def weight_arrays(net: Network, name: str) -> str:
    """Return W[l] and b[l] of every layer as arrays of float.

    Raises:
        DataError: a float64 weight that float32 does not reach.
    """
    parts = []
    for layer in range(1, net.L + 1):
        out, inputs = net.n[layer], net.n[layer - 1]
        W, b = (_narrow(a[layer], f"{k}[{layer}]") for k, a in (("W", net.W), ("b", net.b)))
        parts += [
            array_of(f"static const float {name}_W{layer}[{out} * {inputs}]", floats(W)),
            array_of(f"static const float {name}_b{layer}[{out}]", floats(b)),
        ]
    return "\n\n".join(parts)


def activation_functions(net: Network, name: str) -> str:
    """Return the functions of the activations that a network has.

    Raises:
        HyperparameterError: an activation that this form does not have; names it.
    """
    wanted = set(net.activations) - {"identity"}
    strange = wanted - {"softmax", *EXPRESSIONS}
    if strange:
        raise HyperparameterError(
            f"the form C has no activation {min(strange)!r}; train with one of "
            f"{', '.join(['identity', 'softmax', *EXPRESSIONS])}"
        )
    used = {
        ours
        for g in wanted - {"softmax"}
        for word, ours in USED.items()
        if f"@{word}@" in EXPRESSIONS[g]
    }
    parts: list[str] = []
    for g in (g for g in EXPRESSIONS if g in wanted | used):
        parts.insert(0 if g in used else len(parts), _function(EACH, g, name))
    parts += [_function(WHOLE, g, name) for g in EXPRESSIONS if g in wanted]
    if "softmax" in wanted:
        parts.append(fill(SOFTMAX, NAME=name))
    return "\n\n".join(parts)


def dense_function(name: str) -> str:
    """Return the function of every affine step."""
    return fill(DENSE, NAME=name)


def layer_calls(net: Network, name: str) -> tuple[str, str]:
    """Return the calls that take the features in `a` through every layer, and where A[L] is then."""
    lines, source, goal = [], "a", "b"
    for layer in range(1, net.L + 1):
        out, inputs, g = net.n[layer], net.n[layer - 1], net.activations[layer]
        W, b = f"{name}_W{layer}", f"{name}_b{layer}"
        lines.append(f"    {name}_dense({W}, {b}, {source}, {goal}, {out}, {inputs});")
        if g != "identity":
            lines.append(f"    {name}_{g}_layer({goal}, {out});")
        source, goal = goal, source
    return "\n".join(lines), source


def _function(template: str, g: str, name: str) -> str:
    functions = {word: f"{name}_{ours}" for word, ours in USED.items()}
    return fill(template, NAME=name, GNAME=g, EXPRESSION=fill(EXPRESSIONS[g], **functions))


def _narrow(array: Any, what: str) -> NDArray[np.float32]:
    """Return an array in float32."""
    with np.errstate(over="ignore"):
        narrow = np.asarray(to_numpy(array), np.float32)
    if not is_finite(narrow):
        raise DataError(f"{what} holds numbers beyond float32, in which the form C has all weights")
    return narrow
