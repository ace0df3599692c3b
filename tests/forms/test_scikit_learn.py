"""scikit-learn's MLP comes in with its own predictions."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline

from ellnet.engines import engine
from ellnet.errors import DataError
from ellnet.forms import as_model, from_scikit_learn, model_of_estimator

ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]


def fitted(estimator, X, y):
    """Fit without a word about epochs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(X, y)


def predicted(net, X):
    """What a network makes of rows, in rows."""
    return engine("array").predict(net, X.T).T


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_classifier_predicts_the_same(activation, classes, dtype):
    """Probabilities within 1e-6, and as a Model the same labels too."""
    X, y = make_classification(200, 8, n_informative=6, n_classes=classes, random_state=0)
    X, labels = X.astype(dtype), np.array(["a", "b", "c", "d"])[y]
    theirs = fitted(
        MLPClassifier((16, 8), activation=activation, max_iter=20, random_state=0), X, labels
    )

    model = model_of_estimator(theirs)

    assert model.network.n == (8, 16, 8, 1 if classes == 2 else classes)
    np.testing.assert_allclose(model.predict_proba(X), theirs.predict_proba(X), rtol=0, atol=1e-6)
    assert model.predict(X).tolist() == theirs.predict(X).tolist()


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_regressor_predicts_the_same(activation, outputs):
    """Also several numbers at once, of which a Network has several outputs and a Model none."""
    X, y = make_regression(200, 5, n_targets=outputs, random_state=0)
    y = y / np.std(y)
    theirs = fitted(
        MLPRegressor(hidden_layer_sizes=(7,), activation=activation, max_iter=30, random_state=0),
        X,
        y,
    )

    net = from_scikit_learn(theirs)

    np.testing.assert_allclose(
        predicted(net, X), theirs.predict(X).reshape(200, -1), rtol=1e-12, atol=1e-12
    )
    if outputs == 1:
        np.testing.assert_allclose(
            model_of_estimator(theirs).predict(X), theirs.predict(X), atol=1e-6
        )
    else:
        with pytest.raises(DataError, match="predicts one column, and the network gives 3 outputs"):
            as_model(net)


def test_several_labels_at_once_make_a_network():
    """And no Model, which has one column to predict."""
    random = np.random.default_rng(0)
    X, Y = random.standard_normal((100, 4)), random.integers(0, 2, (100, 3))
    theirs = fitted(MLPClassifier((5,), max_iter=10, random_state=0), X, Y)

    np.testing.assert_allclose(
        predicted(from_scikit_learn(theirs), X), theirs.predict_proba(X), atol=1e-6
    )
    with pytest.raises(DataError, match="3 outputs of sigmoid"):
        model_of_estimator(theirs)


def test_a_poisson_regressor_predicts_the_same():
    """Its output is an exponential."""
    random = np.random.default_rng(0)
    X, y = random.standard_normal((100, 4)), random.poisson(2.0, 100)
    theirs = fitted(
        MLPRegressor(hidden_layer_sizes=(5,), loss="poisson", max_iter=10, random_state=0), X, y
    )

    net = from_scikit_learn(theirs)

    assert (net.activations[2], net.cost) == ("exponential", "poisson")
    np.testing.assert_allclose(predicted(net, X)[:, 0], theirs.predict(X), atol=1e-6)


def test_the_weights_are_copies():
    """What is fitted on later changes nothing here."""
    X, y = make_regression(50, 3, random_state=0)
    theirs = fitted(MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0), X, y)
    net = from_scikit_learn(theirs)
    before = net.W[1].copy()

    theirs.coefs_[0][:] = 0

    assert np.array_equal(net.W[1], before)
    assert net.W[1].any()


@pytest.mark.parametrize(
    ("estimator", "lacks"),
    [
        (MLPClassifier(), "coefs_"),
        (LogisticRegression(), "coefs_"),
        (make_pipeline(MLPRegressor()), "coefs_"),
    ],
)
def test_anything_else_is_refused(estimator, lacks):
    """One that is not fitted, another estimator, a pipeline."""
    with pytest.raises(
        DataError, match=rf"is needed, got {type(estimator).__name__} without {lacks}"
    ):
        from_scikit_learn(estimator)


def test_an_activation_of_ones_own_is_refused():
    """By its name."""
    X, y = make_regression(50, 3, random_state=0)
    theirs = fitted(MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0), X, y)
    theirs.activation = "wave"

    with pytest.raises(DataError, match=r"must be one of identity, logistic, .* got 'wave'"):
        from_scikit_learn(theirs)
