"""A network of another origin as a Model: numbers go in as they stand, and its target has names."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ellnet.arrays import to_numpy
from ellnet.encodings import NumberEncoding
from ellnet.errors import DataError, ShapeError
from ellnet.forms.scikit_learn import from_scikit_learn
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.models import Model
from ellnet.network import Network
from ellnet.preprocessing import Preprocessing
from ellnet.targets import Label, Target

__all__ = ["as_model", "model_of_estimator"]


def as_model(
    network: Network,
    *,
    columns: Sequence[str] | None = None,
    target: str = "y",
    classes: Sequence[Label] | None = None,
) -> Model:
    """Return a network as a Model, whose columns go into it as they stand.

    Args:
        network: the network; n[L] units of softmax are classes, one of sigmoid is two classes, one of
            anything else is a number.
        columns: names of the inputs, n[0] of them; by default x0, x1, ...
        target: name of what is predicted.
        classes: the labels in the order of the outputs, sorted; by default 0, 1, ...

    Raises:
        ShapeError: names or classes in another number than there are inputs or outputs.
        DataError: outputs that no Model has: several numbers, or several labels at once; classes that are
            not sorted.
    """
    names = [f"x{k}" for k in range(network.n[0])] if columns is None else list(map(str, columns))
    if len(names) != network.n[0] or len(set(names)) < len(names):
        raise ShapeError(f"columns must be n[0] = {network.n[0]} different names, got {len(names)}")
    dtype = str(to_numpy(network.W[1]).dtype)
    encodings = {name: NumberEncoding(None, missing=False) for name in names}
    chosen = Hyperparameters(
        hidden=network.n[1:-1],
        activation=tuple(network.activations)[:-1] or "relu",
        output_activation=network.activations[network.L],
        cost=network.cost,
        dtype=dtype,  # type: ignore[arg-type] # Network keeps what the model file can hold
        epochs=0,
    )
    preprocessing = Preprocessing(encodings, dtype)  # type: ignore[arg-type]
    described = _target(network, target, classes)
    return Model(network, chosen, preprocessing, described, History(engine="none"))


def model_of_estimator(estimator: Any) -> Model:
    """Return a fitted MLPClassifier or MLPRegressor, of ellnet or of scikit-learn, as a Model.

    Raises:
        DataError: an estimator of another kind, or one whose outputs no Model has.
    """
    own = getattr(estimator, "network_", None)
    network = own if isinstance(own, Network) else from_scikit_learn(estimator)
    names = getattr(estimator, "feature_names_in_", None)
    labels = getattr(estimator, "classes_", None)
    if labels is not None and len(labels) != max(2, network.n[-1]):
        raise DataError(
            f"a Model needs at least two classes, got {len(labels)} in the estimator; fit it on rows "
            "of two classes"
        )
    classes = None if labels is None else np.asarray(labels).tolist()
    return as_model(network, columns=names, classes=classes)


def _target(network: Network, name: str, classes: Sequence[Label] | None) -> Target:
    output, units = network.activations[network.L], network.n[-1]
    if output == "softmax" or (output == "sigmoid" and units == 1):
        count = max(2, units)
        labels = tuple(range(count)) if classes is None else tuple(classes)
        if len(labels) != count:
            raise ShapeError(f"classes must be {count} labels, got {len(labels)}")
        if len(set(map(type, labels))) > 1 or list(labels) != sorted(set(labels)):
            raise DataError(
                "classes must be labels of one type, sorted, each once, as a Model has them"
            )
        return Target(name, "binary" if units == 1 else "multiclass", labels)
    if units > 1:
        raise DataError(
            f"a Model predicts one column, and the network gives {units} outputs of {output}; use the "
            "Network itself, or name the activation that makes probabilities of them: softmax"
        )
    if classes is not None:
        raise DataError(
            f"an output of {output} is a number, which has no classes; leave classes out"
        )
    return Target(name, "regression")
