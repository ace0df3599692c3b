"""The same as scikit-learn where it should be the same."""

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning

from ellnet.estimators import MLPClassifier, MLPRegressor

PAIRS = {
    "MLPClassifier": (neural_network.MLPClassifier, MLPClassifier),
    "MLPRegressor": (neural_network.MLPRegressor, MLPRegressor),
}


def data(name, outputs=1):
    """Examples and a target."""
    random = np.random.default_rng(0)
    X = random.standard_normal((60, 5))
    if name == "MLPClassifier":
        return X, (X[:, 0] * X[:, 1] > 0).astype(int)
    y = np.stack([np.sin(X[:, k]) + X[:, 2] for k in range(outputs)], axis=1)
    return X, y[:, 0] if outputs == 1 else y


def trained(cls, X, y, coefs, intercepts, *, weights=None, **options):
    """An estimator after 20 steps from given weights."""
    estimator = cls(warm_start=True, max_iter=1, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(X, y, weights)
        estimator.coefs_ = [coef.copy() for coef in coefs]
        estimator.intercepts_ = [b.copy() for b in intercepts]
        estimator.set_params(max_iter=20 * options["batch_size"] // len(X)).fit(X, y, weights)
    return estimator


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("batch_size", [60, 15])
def test_twenty_steps_of_gradient_descent_are_the_same(name, activation, batch_size):
    """From the same weights, in the same order, in float64: to 1e-12 of the relative l2 norm."""
    X, y = data(name)
    random = np.random.default_rng(1)
    coefs = [random.standard_normal(shape) / 2 for shape in ((5, 8), (8, 6), (6, 1))]
    intercepts = [random.standard_normal(n) / 2 for n in (8, 6, 1)]
    options: dict[str, Any] = {
        "hidden_layer_sizes": (8, 6),
        "activation": activation,
        "solver": "sgd",
        "momentum": 0,
        "shuffle": False,
        "alpha": 0.01,
        "learning_rate_init": 0.05,
        "batch_size": batch_size,
        "n_iter_no_change": 1000,
    }

    theirs, ours = (trained(cls, X, y, coefs, intercepts, **options) for cls in PAIRS[name])

    for found, expected in zip(
        [*ours.coefs_, *ours.intercepts_], [*theirs.coefs_, *theirs.intercepts_], strict=True
    ):
        assert np.linalg.norm(found - expected) <= 1e-12 * np.linalg.norm(expected)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", ["classes", "labels", "counts"])
def test_so_they_are_with_softmax_with_several_labels_and_with_counts(case, weighted):
    """Wherever their reported loss is the one whose gradient they take; with weights too."""
    X, y = data("MLPClassifier")
    random = np.random.default_rng(2)
    target = {
        "classes": y + (X[:, 2] > 0),
        "labels": np.stack([y, X[:, 2] > 0], axis=1).astype(int),
        "counts": random.poisson(2.0, 60).astype(float),
    }[case]
    outputs = {"classes": 3, "labels": 2, "counts": 1}[case]
    coefs = [random.standard_normal(shape) / 2 for shape in ((5, 8), (8, outputs))]
    intercepts = [random.standard_normal(n) / 2 for n in (8, outputs)]
    weights = random.uniform(0.5, 2.0, 60) if weighted else None
    options: dict[str, Any] = {
        "hidden_layer_sizes": (8,),
        "activation": "tanh",
        "solver": "sgd",
        "momentum": 0,
        "shuffle": False,
        "alpha": 0.01,
        "learning_rate_init": 0.05,
        "batch_size": 60,
        "n_iter_no_change": 1000,
    }
    if case == "counts":
        options["loss"] = "poisson"
    pair = PAIRS["MLPRegressor" if case == "counts" else "MLPClassifier"]
    if not set(options) <= set(inspect.signature(pair[0]).parameters):
        pytest.skip("this scikit-learn has no such loss")

    theirs, ours = (
        trained(cls, X, target, coefs, intercepts, weights=weights, **options) for cls in pair
    )

    for found, expected in zip(
        [*ours.coefs_, *ours.intercepts_], [*theirs.coefs_, *theirs.intercepts_], strict=True
    ):
        assert np.linalg.norm(found - expected) <= 1e-12 * np.linalg.norm(expected)


@pytest.mark.parametrize("nesterov", [True, False])
def test_momentum_takes_the_same_steps_while_the_rate_is_constant(nesterov):
    """PyTorch's form and scikit-learn's differ when the rate changes, and not before."""
    X, y = data("MLPRegressor")
    random = np.random.default_rng(1)
    coefs, intercepts = [random.standard_normal((5, 1))], [np.zeros(1)]
    hidden = [random.standard_normal((5, 4)), random.standard_normal((4, 1))]
    del coefs
    options: dict[str, Any] = {
        "hidden_layer_sizes": (4,),
        "activation": "tanh",
        "solver": "sgd",
        "momentum": 0.8,
        "nesterovs_momentum": nesterov,
        "shuffle": False,
        "learning_rate_init": 0.01,
        "batch_size": 60,
        "n_iter_no_change": 1000,
    }
    fitted = []
    for cls in PAIRS["MLPRegressor"]:
        estimator = cls(**options)
        estimator.partial_fit(X, y)
        estimator = cls(**options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.set_params(max_iter=1, warm_start=True, learning_rate_init=1e-300).fit(X, y)
        estimator.coefs_ = [each.copy() for each in hidden]
        estimator.intercepts_ = [np.zeros(4), intercepts[0].copy()]
        fitted.append(estimator)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for estimator in fitted:
            for attribute in ("_progress", "_optimizer"):
                estimator.__dict__.pop(attribute, None)
            estimator.set_params(max_iter=20, learning_rate_init=0.01).fit(X, y)

    for found, expected in zip(fitted[1].coefs_, fitted[0].coefs_, strict=True):
        assert np.linalg.norm(found - expected) <= 1e-12 * np.linalg.norm(expected)


@pytest.mark.parametrize("name", PAIRS)
def test_the_constructor_has_their_parameters_their_defaults_and_their_order(name):
    """What is more stands after them."""
    theirs, ours = (inspect.signature(cls).parameters for cls in PAIRS[name])

    assert list(ours)[: len(theirs)] == list(theirs)
    for parameter in theirs.values():
        assert ours[parameter.name].default == parameter.default
        assert ours[parameter.name].kind == parameter.kind


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_fitted_one_has_their_attributes(name, solver):
    """Every public attribute of theirs is there, of the same type and shape."""
    X, y = data(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs, ours = (cls(solver=solver, max_iter=5).fit(X, y) for cls in PAIRS[name])

    known: dict[str, Any] = vars(theirs)
    for attribute, expected in known.items():
        if attribute.endswith("_") and not attribute.startswith("_"):
            found: Any = getattr(ours, attribute)
            assert isinstance(found, type(expected)) or np.isscalar(found), attribute
            if attribute in {"coefs_", "intercepts_"}:
                shapes = [[np.shape(array) for array in arrays] for arrays in (found, expected)]  # type: ignore[union-attr]
                assert shapes[0] == shapes[1]
            if attribute in {"n_layers_", "n_outputs_", "out_activation_", "t_", "n_features_in_"}:
                assert found == expected


def test_the_loss_of_several_outputs_is_that_of_the_gradient():
    """loss_ is the sum over the outputs, and its finite difference is the step that is taken."""
    X, y = data("MLPRegressor", outputs=3)
    options: dict[str, Any] = {
        "hidden_layer_sizes": (4,),
        "activation": "tanh",
        "solver": "sgd",
        "momentum": 0,
        "shuffle": False,
        "alpha": 0.1,
        "batch_size": "full",
        "max_iter": 1,
        "warm_start": True,
        "random_state": 0,
    }
    rate, h = 1e-3, 1e-6
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        start = MLPRegressor(learning_rate_init=1e-300, **options).fit(X, y)
        stepped = MLPRegressor(learning_rate_init=rate, **options)
        stepped.fit(X, y)
        step = (start.coefs_[0][2, 1] - stepped.coefs_[0][2, 1]) / rate
        losses = []
        for shift in (h, -2 * h):
            start.coefs_[0][2, 1] += shift
            losses.append(start.fit(X, y).loss_)

    assert step == pytest.approx((losses[0] - losses[1]) / (2 * h), rel=1e-6)
