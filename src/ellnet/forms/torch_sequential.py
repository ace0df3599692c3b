"""A PyTorch `nn.Sequential` of dense layers as a Network."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ellnet.equations.rectifiers import LEAK
from ellnet.errors import DataError
from ellnet.forms.chains import DenseChain, closely
from ellnet.network import Network

__all__ = ["from_torch"]

HOME = "torch.nn.modules."
"""Where PyTorch's own modules live; a class made from one may do something else."""

PLAIN = {
    "ReLU": "relu",
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "Identity": "",
    "SELU": "selu",
    "SiLU": "silu",
    "Mish": "mish",
    "Softsign": "softsign",
    "Hardsigmoid": "hard_sigmoid",
    "Dropout": "",
    "AlphaDropout": "",
    "FeatureAlphaDropout": "",
}
"""Modules without a constant of their own, and our activations; "" does nothing when predicting."""

CONSTANTS: dict[str, tuple[str, str, Callable[[Any], bool]]] = {
    "LeakyReLU": (
        "leaky_relu",
        f"negative_slope={LEAK}",
        lambda m: closely(m.negative_slope, LEAK),
    ),
    "ELU": ("elu", "alpha=1.0", lambda m: m.alpha == 1.0),
    "GELU": ("gelu", "approximate='tanh'", lambda m: m.approximate == "tanh"),
    "Softplus": (
        "softplus",
        "beta=1 and threshold=20 or more",
        lambda m: m.beta == 1 and m.threshold >= 20,
    ),
    "Softmax": ("softmax", "dim=1 or dim=-1", lambda m: m.dim in {1, -1}),
    "Flatten": ("", "start_dim=1 and end_dim=-1", lambda m: (m.start_dim, m.end_dim) == (1, -1)),
}
"""Modules with constants: our activation, the constants that it has, and whether a module has them."""


def from_torch(module: Any, *, output_activation: str | None = None) -> Network:
    """Return an `nn.Sequential` of `nn.Linear` and activations as a Network with copies of its weights.

    Dropout is left out, as in `module.eval()`.

    Args:
        module: the `nn.Sequential`; others may be nested in it.
        output_activation: what stands behind the last layer where the module gives logits, such as
            "softmax" for one that was trained with `nn.CrossEntropyLoss`.

    Raises:
        DataError: anything else is in it; names the module and its place.
        HyperparameterError: an output activation that does not exist, or a second one.
    """
    chain = DenseChain(type(module).__name__)
    if _name(module) != "Sequential":
        raise DataError(
            f"a torch.nn.Sequential of dense layers is needed, got {type(module).__name__}; pass the "
            "Sequential inside it"
        )
    for place, child in _modules(module, ""):
        _add(chain, place, child)
    return chain.network(output_activation)


def _name(module: Any) -> str:
    """Return the name of one of PyTorch's own modules, "" for any other class."""
    kind = type(module)
    return kind.__name__ if kind.__module__.startswith(HOME) else ""


def _modules(module: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Go through what is in a Sequential, nested ones too."""
    for name, child in module.named_children():
        if _name(child) == "Sequential":
            yield from _modules(child, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", child


def _add(chain: DenseChain, place: str, module: Any) -> None:
    """Add one module to the chain."""
    name = _name(module)
    where = f"module {place} ({type(module).__name__})"
    if name == "Linear":
        W, b = _array(module.weight), None if module.bias is None else _array(module.bias)
        chain.affine(W, b, where)
        return
    ours = PLAIN.get(name)
    if name in CONSTANTS:
        ours, constants, fit = CONSTANTS[name]
        if not fit(module):
            raise DataError(f"{chain.origin}: {where} must have {constants}, got {module!r:.80}")
    if ours is None:
        known = ", ".join(["Linear", *PLAIN, *CONSTANTS])
        raise DataError(
            f"{chain.origin}: {where} has no form in a dense network; there are {known}"
        )
    if ours:
        chain.begin_layer(0, np.float32, where)
        chain.activation(ours)


def _array(tensor: Any) -> Any:
    """Return a tensor as NumPy has it; one in half precision is refused by the chain."""
    detached = tensor.detach().cpu()
    return detached.float().numpy().astype(np.float16) if _is_bfloat(tensor) else detached.numpy()


def _is_bfloat(tensor: Any) -> bool:
    return str(tensor.dtype) == "torch.bfloat16"  # which NumPy does not have
