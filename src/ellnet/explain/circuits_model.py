"""A circuit as a model: what `predict`, `evaluate`, `prove` and `inspect` take like any other."""

import math

from ellnet.encodings import NumberEncoding, Standard
from ellnet.explain.circuits import Circuit
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.models import Model
from ellnet.preprocessing import Preprocessing
from ellnet.targets import Target

__all__ = ["circuit_model"]

UNIT = math.sqrt(8.0) / 3.0
"""The scale with which 0 and 1 come through the clip of `Standard` as 0 and, in float32, exactly 1."""


def circuit_model(circuit: Circuit) -> Model:
    """Return the circuit as a model of the table `parity:n=...`, which gives its inputs as they are.

    Nothing was trained: its history is empty, and the hyperparameters only say what it is.

    Args:
        circuit: the circuit.
    """
    net = circuit.network
    hyperparameters = Hyperparameters(
        hidden=net.n[1:-1],
        activation=tuple(net.activations)[:-1],
        output_activation="identity",
        cost=net.cost,
        l2=0.0,
        early_stopping=False,
        validation_fraction=0.0,
        batch_size="full",
    )
    as_it_is = NumberEncoding(Standard(0.0, UNIT), missing=False)
    columns = {f"x{k}": as_it_is for k in range(1, net.n[0] + 1)}
    preprocessing = Preprocessing(columns, "float32")
    built = History(stopped="epochs", engine="none: built by explicit weights")
    return Model(net, hyperparameters, preprocessing, Target("target", "binary", (0, 1)), built)
