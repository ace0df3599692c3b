"""scikit-learn's MLPClassifier and MLPRegressor as a Network."""

from typing import Any

import numpy as np

from ellnet.errors import DataError
from ellnet.forms.chains import DenseChain
from ellnet.network import Network

__all__ = ["from_scikit_learn"]

OURS = {
    "identity": "identity",
    "logistic": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "softmax": "softmax",
    "exp": "exponential",
}
"""scikit-learn's words for activations, and ours."""

FITTED = ("coefs_", "intercepts_", "activation", "out_activation_")


def from_scikit_learn(estimator: Any) -> Network:
    """Return a fitted MLP of scikit-learn as a Network with copies of its weights.

    Args:
        estimator: a fitted `sklearn.neural_network.MLPClassifier` or `MLPRegressor`.

    Raises:
        DataError: it is another estimator, or not fitted.
    """
    name = type(estimator).__name__
    if not all(hasattr(estimator, attribute) for attribute in FITTED):
        raise DataError(
            f"a fitted MLPClassifier or MLPRegressor of scikit-learn is needed, got {name} without "
            f"{', '.join(each for each in FITTED if not hasattr(estimator, each))}; fit it first, "
            "and of a pipeline pass the last step"
        )
    hidden, output = estimator.activation, estimator.out_activation_
    for word in (hidden, output):
        if not isinstance(word, str) or word not in OURS:
            raise DataError(
                f"{name}: the activation must be one of {', '.join(OURS)}, got {word!r}"
            )
    chain = DenseChain(name)
    last = len(estimator.coefs_) - 1
    pairs = zip(estimator.coefs_, estimator.intercepts_, strict=True)
    for k, (coef, intercept) in enumerate(pairs):
        chain.affine(np.asarray(coef).T, np.asarray(intercept), f"layer {k + 1}")
        chain.activation(OURS[output if k == last else hidden])
    return chain.network()
