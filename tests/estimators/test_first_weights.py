"""The weights that an estimator starts from: drawn as scikit-learn draws its own."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning

from ellnet.estimators import MLPClassifier, MLPRegressor
from ellnet.estimators.first_weights import first_parameters
from ellnet.network import initial_parameters


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("n", [(40, 60, 1), (40, 30, 50, 3), (40, 3)])
def test_they_are_uniform_up_to_the_bound_of_scikit_learn(n, activation):
    """The same bound, for weights and biases alike, and the variance of a uniform number."""
    theirs = neural_network.MLPClassifier(activation=activation.replace("sigmoid", "logistic"))
    theirs._random_state = np.random.RandomState(0)
    found = first_parameters(n, (activation,) * (len(n) - 2) + ("softmax",), 0, np.float64)

    for W, b in zip(found.W, found.b, strict=True):
        drawn = [theirs._init_coef(W.shape[1], W.shape[0], np.float64)[0] for _ in range(20)]
        r = np.abs(drawn).max()
        factor = 2 if activation == "sigmoid" and len(n) > 2 else 6
        bound = math.sqrt(factor / sum(W.shape))
        if len(n) > 2:
            assert r == pytest.approx(bound, rel=0.02)
        assert np.abs(W).max() <= bound
        assert np.abs(b).max() <= bound
        assert W.std() == pytest.approx(bound / math.sqrt(3), rel=0.2)
        assert np.all(b != 0)


def test_they_follow_the_seed_and_one_draw_serves_both_precisions():
    """Each layer has numbers of its own."""
    n, g = (5, 5, 5), ("relu", "identity")
    found = [first_parameters(n, g, seed, "float64") for seed in (1, 1, 2)]
    single = first_parameters(n, g, 1, "float32")

    assert np.array_equal(found[0].W[1], found[1].W[1])
    assert not np.array_equal(found[0].W[1], found[2].W[1])
    assert not np.array_equal(found[0].W[1], found[0].W[2])
    assert np.array_equal(single.W[2], found[0].W[2].astype(np.float32))


def test_an_initializer_by_name_stands_in_for_them():
    """Those of `ellnet train`, "auto" among them."""
    X = np.random.default_rng(0).standard_normal((40, 4))
    options: dict[str, Any] = {"learning_rate_init": 1e-300, "max_iter": 1, "random_state": 5}
    g = ("relu", "identity")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in ("auto", "he", "orthogonal", "sklearn"):
            net = MLPRegressor(hidden_layer_sizes=(6,), initialization=name, **options).fit(
                X, X[:, 0]
            )
            expected = (
                first_parameters((4, 6, 1), g, 5, "float64")
                if name == "sklearn"
                else initial_parameters((4, 6, 1), g, name, 5, "float64")
            )
            assert np.allclose(net.coefs_[0].T, expected.W[1], rtol=1e-15, atol=1e-290)
            assert np.allclose(net.intercepts_[0], expected.b[1][:, 0], rtol=1e-15, atol=1e-290)


def test_a_swapped_import_learns_as_well():
    """Over several seeds the cost that scikit-learn's defaults come to is met within a tenth."""
    X, y = make_classification(400, 20, n_informative=10, n_classes=4, random_state=0)
    reached = []

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for cls in (neural_network.MLPClassifier, MLPClassifier):
            fitted = [cls((30, 30), max_iter=60, random_state=seed).fit(X, y) for seed in range(5)]
            reached.append(np.mean([each.loss_ for each in fitted]))

    assert reached[1] < 1.1 * reached[0]
