"""A Keras `Sequential` of dense layers as a Network."""

from typing import Any

import numpy as np

from ellnet.equations.rectifiers import LEAK
from ellnet.errors import DataError
from ellnet.forms.chains import DenseChain, closely
from ellnet.network import Network

__all__ = ["from_keras"]

HOME = ("keras.", "tf_keras.")
"""Where Keras's own layers and functions live; a class made from one may do something else."""

FUNCTIONS = {
    "linear": "identity",
    "relu": "relu",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "softmax": "softmax",
    "elu": "elu",
    "selu": "selu",
    "silu": "silu",
    "mish": "mish",
    "softplus": "softplus",
    "softsign": "softsign",
    "hard_sigmoid": "hard_sigmoid",
    "exponential": "exponential",
}
"""Keras's functions with their own defaults, and our activations."""

NOTHING = {"InputLayer", "Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "Flatten"}
"""Layers that do nothing to an example of one row when predicting."""


def from_keras(model: Any, *, output_activation: str | None = None) -> Network:
    """Return a built Keras `Sequential` of `Dense` layers as a Network with copies of its weights.

    Args:
        model: the `Sequential`; others may be nested in it.
        output_activation: what stands behind the last layer where the model gives logits, such as
            "softmax" for one that was trained with `from_logits=True`.

    Raises:
        DataError: anything else is in it; names the layer.
        HyperparameterError: an output activation that does not exist, or a second one.
    """
    chain = DenseChain(f"Sequential {getattr(model, 'name', '')}".strip())
    if _name(model) != "Sequential":
        raise DataError(
            f"a keras.Sequential of dense layers is needed, got {type(model).__name__}; build a "
            "Sequential of its layers"
        )
    _add_all(chain, model)
    return chain.network(output_activation)


def _name(thing: Any) -> str:
    """Return the name of one of Keras's own classes, "" for any other."""
    kind = type(thing)
    return kind.__name__ if kind.__module__.startswith(HOME) else ""


def _add_all(chain: DenseChain, model: Any) -> None:
    for layer in model.layers:
        if _name(layer) == "Sequential":
            _add_all(chain, layer)
        else:
            _add(chain, layer)


def _add(chain: DenseChain, layer: Any) -> None:
    """Add one layer to the chain."""
    name, where = _name(layer), f"layer {layer.name} ({type(layer).__name__})"
    if name == "Dense":
        arrays = [np.asarray(array) for array in layer.get_weights()]
        if not arrays:
            raise DataError(f"{chain.origin}: {where} has no weights yet; build the model first")
        chain.affine(arrays[0].T, arrays[1] if layer.use_bias else None, where)
        chain.activation(_function(chain, layer.activation, where))
    elif name in NOTHING:
        return
    else:
        ours = _of_layer(chain, layer, name, where)
        chain.begin_layer(0, np.float32, where)
        chain.activation(ours)


def _function(chain: DenseChain, function: Any, where: str) -> str:
    """Return our activation for a function of Keras."""
    name = getattr(function, "__name__", "")
    own = str(getattr(function, "__module__", "")).startswith(HOME)
    if not own or name not in FUNCTIONS:
        raise DataError(
            f"{chain.origin}: the activation of {where} must be one of {', '.join(FUNCTIONS)}, got "
            f"{name or repr(function):.60}"
        )
    return FUNCTIONS[name]


def _of_layer(chain: DenseChain, layer: Any, name: str, where: str) -> str:
    """Return our activation for a layer that is nothing else."""
    if name == "Activation":
        return _function(chain, layer.activation, where)
    config = layer.get_config()
    if name == "ReLU":
        slope = config["negative_slope"]
        if config["max_value"] is None and config["threshold"] == 0 and slope == 0:
            return "relu"
    elif name == "LeakyReLU":
        if closely(config["negative_slope"], LEAK):
            return "leaky_relu"
    elif name == "ELU":
        if config["alpha"] == 1.0:
            return "elu"
    elif name == "Softmax":
        if config["axis"] in {1, -1}:
            return "softmax"
    else:
        raise DataError(
            f"{chain.origin}: {where} has no form in a dense network; there are Dense, Activation, "
            f"ReLU, LeakyReLU, ELU, Softmax, {', '.join(sorted(NOTHING))}"
        )
    raise DataError(
        f"{chain.origin}: {where} has constants that our activation does not have; relu has slope 0 and "
        f"no bound, leaky ReLU the slope {LEAK}, ELU alpha 1, softmax the last axis"
    )
