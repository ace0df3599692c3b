"""The estimators: what they do beyond scikit-learn's, and what they leave behind."""

import os
import re
import signal
import warnings
from typing import Any

import array_api_strict
import numpy as np
import pytest
from scipy import sparse
from sklearn import config_context, neural_network
from sklearn.datasets import load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline

from ellnet.estimators import MLPClassifier, MLPRegressor
from ellnet.network import Network

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_digits(n_class=4, return_X_y=True)
X = X[:300] / 16
y = y[:300]


def same(a, b):
    """Whether two estimators have the same bits."""
    pairs = zip([*a.coefs_, *a.intercepts_], [*b.coefs_, *b.intercepts_], strict=True)
    return all(np.array_equal(x, z) for x, z in pairs)


def test_no_hidden_layer_is_logistic_regression():
    """hidden_layer_sizes=() has one layer, and transform gives X itself."""
    found = MLPClassifier((), solver="lbfgs", alpha=1.0).fit(X, y)

    assert found.n_layers_ == 2
    assert found.score(X, y) > 0.97
    assert np.array_equal(found.transform(X), X)


def test_each_layer_may_have_an_activation_of_its_own():
    """The list names them, and the network has them."""
    found = MLPRegressor(hidden_layer_sizes=(8, 4), activation=["tanh", "logistic"], max_iter=2)

    net = found.fit(X, y).network_

    assert isinstance(net, Network)
    assert tuple(net.activations) == ("tanh", "sigmoid", "identity")
    assert net.n == (64, 8, 4, 1)


@pytest.mark.parametrize("solver", ["sgd", "adam", "momentum"])
def test_partial_fit_is_fit_epoch_by_epoch(solver):
    """To the bit, in whatever portions, since every number has an address."""
    options: dict[str, Any] = {
        "solver": solver,
        "random_state": 3,
        "tol": 0,
        "n_iter_no_change": np.inf,
    }
    whole = MLPClassifier((8,), max_iter=7, **options).fit(X, y)

    pieces = MLPClassifier((8,), **options)
    for epochs in (1, 4, 2):
        pieces.partial_fit(X, y, classes=np.arange(4), epochs=epochs)

    assert same(whole, pieces)
    assert pieces.loss_curve_ == whole.loss_curve_
    assert pieces.t_ == whole.t_ == 7 * len(X)


def test_warm_start_goes_on_with_the_moments():
    """Two fits of five epochs are one of ten, to the bit."""
    options: dict[str, Any] = {
        "random_state": 3,
        "tol": 0,
        "n_iter_no_change": np.inf,
        "warm_start": True,
    }
    whole = MLPClassifier((8,), max_iter=10, **options).fit(X, y)

    halves = MLPClassifier((8,), max_iter=5, **options).fit(X, y).fit(X, y)

    assert same(whole, halves)
    assert halves.n_iter_ == 5
    assert len(halves.loss_curve_) == 10


def test_warm_start_may_change_the_solver():
    """Another optimizer begins with moments of its own."""
    found = MLPClassifier((8,), max_iter=3, warm_start=True, random_state=0).fit(X, y)
    before = found.loss_

    found.set_params(solver="sgd", learning_rate_init=0.1, max_iter=20).fit(X, y)
    found.set_params(solver="lbfgs").fit(X, y)

    assert found.loss_ < before / 2


def test_validation_data_stand_in_for_a_hold_out():
    """X_val and y_val give scores and costs each epoch, and all of X is learned from."""
    found = MLPClassifier((16,), early_stopping=True, random_state=0, max_iter=60)

    found.fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])

    assert len(found.validation_scores_) == len(found.validation_loss_curve_) == found.n_iter_
    assert found.best_validation_score_ == max(found.validation_scores_)
    assert found.score(X[200:], y[200:]) == pytest.approx(found.best_validation_score_)
    assert found.t_ == 200 * found.n_iter_


def test_validation_data_without_early_stopping_are_watched_alone():
    """The last parameters are kept; scores and costs are there to be drawn."""
    options: dict[str, Any] = {"random_state": 0, "max_iter": 5}
    watched = MLPRegressor(hidden_layer_sizes=(8,), **options).fit(X, y, X_val=X[:50], y_val=y[:50])

    assert same(watched, MLPRegressor(hidden_layer_sizes=(8,), **options).fit(X, y))
    assert len(watched.validation_loss_curve_) == 5
    assert watched.validation_scores_[-1] == pytest.approx(watched.score(X[:50], y[:50]))
    assert watched.best_loss_ == min(watched.loss_curve_)


@pytest.mark.parametrize("scoring", ["loss", "neg_log_loss", "f1_macro", None])
def test_any_scorer_may_end_the_run(scoring):
    """The best parameters by that scorer are kept."""
    held = X[200:], y[200:]
    found = MLPClassifier(
        (16,), early_stopping=True, scoring=scoring, random_state=0, learning_rate_init=0.02
    ).fit(X[:200], y[:200], X_val=held[0], y_val=held[1])

    assert found.stopped_ == "early"
    assert found.best_validation_score_ == max(found.validation_scores_)
    if scoring in {"loss", "neg_log_loss"}:
        loss = log_loss(held[1], found.predict_proba(held[0]))
        assert found.best_validation_score_ == pytest.approx(-loss, rel=1e-9)


def test_partial_fit_takes_early_stopping():
    """Several epochs a call end early, and the best of the call is kept."""
    found = MLPClassifier((16,), early_stopping=True, random_state=0, learning_rate_init=0.02)

    found.partial_fit(X, y, classes=np.arange(4), epochs=200)

    assert found.stopped_ == "early"
    assert found.n_iter_ < 200
    assert found.best_validation_score_ == max(found.validation_scores_)


def test_weights_count_examples():
    """Weight 2 is the example twice, weight 0 is none; one full batch shows it to rounding."""
    weights = np.random.default_rng(0).integers(0, 3, len(X))
    repeated = np.repeat(np.arange(len(X)), weights)
    options: dict[str, Any] = {
        "batch_size": "full",
        "random_state": 0,
        "max_iter": 30,
        "alpha": 1.0,
    }

    weighted = MLPClassifier((8,), **options).fit(X, y, sample_weight=weights)
    counted = MLPClassifier((8,), **options).fit(X[repeated], y[repeated])

    assert weighted.predict_proba(X) == pytest.approx(counted.predict_proba(X), rel=1e-9)
    assert weighted.loss_ == pytest.approx(counted.loss_)


def test_class_weights_are_weights_of_examples():
    """A dict and "balanced" say by class what sample_weight says by example."""
    options: dict[str, Any] = {"random_state": 0, "max_iter": 10}
    rare = np.flatnonzero((y != 3) | (np.arange(len(y)) % 5 == 0))
    some, labels = X[rare], y[rare]
    counts = np.bincount(labels)

    balanced = MLPClassifier((8,), class_weight="balanced", **options).fit(some, labels)
    given = MLPClassifier(
        (8,), class_weight={k: len(labels) / (4 * n) for k, n in enumerate(counts)}, **options
    ).fit(some, labels)
    by_hand = MLPClassifier((8,), **options).fit(
        some, labels, sample_weight=(len(labels) / (4 * counts))[labels]
    )

    assert same(balanced, by_hand)
    assert same(given, by_hand)
    assert not same(by_hand, MLPClassifier((8,), **options).fit(some, labels))


def test_class_weights_of_several_labels_are_multiplied():
    """A list of dicts, one a label; "balanced" gives 0 and 1 of each label the same weight."""
    labels = np.stack([y > 0, y > 2], axis=1).astype(int)
    dicts: list[dict[int, float]] = [{0: 3.0, 1: 1.0}, {0: 0.5, 1: 2.0}]
    options: dict[str, Any] = {"random_state": 0, "max_iter": 5}
    products = np.prod(
        [[d[k] for k in column] for d, column in zip(dicts, labels.T, strict=True)], 0
    )
    counts = np.array([np.bincount(column) for column in labels.T])
    balance = np.prod(
        [len(y) / (2 * c[column]) for c, column in zip(counts, labels.T, strict=True)], 0
    )

    found = [
        MLPClassifier((8,), class_weight=chosen, **options).fit(X, labels)
        for chosen in (dicts, "balanced")
    ]

    for weighted, weights in zip(found, (products, balance), strict=True):
        by_hand = MLPClassifier((8,), **options).fit(X, labels, sample_weight=weights)
        assert same(weighted, by_hand)


@pytest.mark.parametrize("chosen", ["balanced", {0: 1.0, 1: 2.0, 2: 5.0, 3: 0.5}])
def test_class_weights_count_in_the_validation_cost(chosen):
    """Whether it is held out or passed: it is the cost that training lowers, with the same factors."""
    options: dict[str, Any] = {"random_state": 0, "max_iter": 4, "class_weight": chosen}
    learned, held = slice(0, 200), slice(200, 300)
    found = MLPClassifier((8,), early_stopping=True, scoring="loss", **options)

    found.fit(X[learned], y[learned], X_val=X[held], y_val=y[held])

    counts = np.bincount(y[learned])
    factors = 200 / (4 * counts) if chosen == "balanced" else np.array(list(chosen.values()))
    cost = log_loss(y[held], found.predict_proba(X[held]), sample_weight=factors[y[held]])
    assert min(found.validation_loss_curve_) == pytest.approx(cost, rel=1e-9)


def test_weights_count_in_partial_fit_in_validation_and_in_scores():
    """An example of weight 2 is the example twice, wherever it stands."""
    weights = np.random.default_rng(0).integers(1, 3, 100)
    twice = np.repeat(np.arange(100), weights)
    options: dict[str, Any] = {"batch_size": "full", "random_state": 0, "early_stopping": True}
    held, rest = slice(100, 200), slice(200, 300)
    each = np.arange(100) % 3 + 1
    often = 200 + np.repeat(np.arange(100), each)

    weighted = MLPClassifier((8,), **options).partial_fit(
        X[:100],
        y[:100],
        weights,
        np.arange(4),
        epochs=5,
        X_val=X[rest],
        y_val=y[rest],
        sample_weight_val=each,
    )
    counted = MLPClassifier((8,), **options).partial_fit(
        X[twice], y[twice], classes=np.arange(4), epochs=5, X_val=X[often], y_val=y[often]
    )

    assert weighted.predict_proba(X[held]) == pytest.approx(
        counted.predict_proba(X[held]), rel=1e-9
    )
    assert weighted.loss_curve_ == pytest.approx(counted.loss_curve_)
    assert weighted.validation_scores_ == pytest.approx(counted.validation_scores_)
    assert weighted.validation_loss_curve_ == pytest.approx(counted.validation_loss_curve_)
    scored = weighted.score(X[rest], y[rest], sample_weight=each)
    assert scored == pytest.approx(weighted.score(X[often], y[often]))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["words", "two", "several", "quantity", "quantities", "constant"])
def test_the_scores_of_early_stopping_are_those_of_score(kind, weighted):
    """Measured without scikit-learn's checks, and the same."""
    targets: dict[str, Any] = {
        "words": np.array(["a", "bb", "c", "dd"])[y],
        "two": y > 1,
        "several": np.stack([y > 0, y > 2], axis=1).astype(int),
        "quantity": np.sin(X[:, 2] + y),
        "quantities": np.stack([np.sin(y), X[:, 2] - y], axis=1),
        "constant": np.stack([np.full(len(y), 2.0), X[:, 2]], axis=1),
    }
    target = targets[kind]
    weights = np.arange(len(y)) % 5 + 0.5 if weighted else None
    cls = MLPClassifier if kind in {"words", "two", "several"} else MLPRegressor
    found: Any = cls(hidden_layer_sizes=(8,), random_state=0, max_iter=6, early_stopping=True)

    found.fit(X, target, X_val=X, y_val=target, sample_weight_val=weights)

    expected = found.score(X, target, sample_weight=weights)
    assert found.best_validation_score_ == pytest.approx(expected, rel=1e-12)


def test_a_scorer_of_one_s_own_may_take_no_weights():
    """It is given them only if it has a place for them."""
    seen = []

    def plain(estimator, inputs, labels):
        return float(np.mean(estimator.predict(inputs) == labels))

    def weighing(estimator, inputs, labels, sample_weight=None):
        seen.append(sample_weight)
        return plain(estimator, inputs, labels)

    for scoring in (plain, weighing):
        found = MLPClassifier((4,), early_stopping=True, scoring=scoring, max_iter=3)
        found.fit(X, y, sample_weight=np.full(len(y), 2.0))
        assert len(found.validation_scores_) == 3

    assert [np.unique(weights).tolist() for weights in seen] == [[2.0]] * 3


def test_the_decision_function_is_z_of_the_output_layer():
    """Log-odds for two classes, one column a class for more, softmax of it the probabilities."""
    two = MLPClassifier((8,), random_state=0).fit(X, y > 1)
    four = MLPClassifier((8,), random_state=0).fit(X, y)

    odds, Z = two.decision_function(X), four.decision_function(X)

    assert odds.shape == (len(X),)
    P = two.predict_proba(X)
    assert odds == pytest.approx(np.log(P[:, 1] / P[:, 0]), rel=1e-9)
    assert Z.shape == (len(X), 4)
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    assert four.predict_proba(X) == pytest.approx(E / E.sum(axis=1, keepdims=True))


def test_probabilities_are_never_certain():
    """However far away: within 0 and 1, with finite logarithms."""
    found = MLPClassifier((8,), random_state=0).fit(X, y > 1)

    P = found.predict_proba(1e6 * X)

    assert 0 < P.min() < 1e-300
    assert P.max() < 1
    assert np.isfinite(found.predict_log_proba(1e6 * X)).all()


@pytest.mark.parametrize(("layer", "units"), [(None, 5), (0, 64), (1, 8), (2, 5), (3, 4)])
def test_transform_gives_the_activations_of_a_layer(layer, units):
    """The last hidden one by default; names say which."""
    found = MLPClassifier((8, 5), transform_layer=layer, max_iter=3, random_state=0).fit(X, y)

    A = found.transform(X)

    number = 2 if layer is None else layer
    assert A.shape == (len(X), units)
    assert list(found.get_feature_names_out())[:2] == [f"mlpclassifier{number}_{k}" for k in (0, 1)]
    if layer == 1:
        expected = np.maximum(X @ found.coefs_[0] + found.intercepts_[0], 0)
        assert pytest.approx(expected) == A


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_precision_is_that_of_the_data(dtype):
    """Parameters, outputs and hidden activations; the mathematics is the same."""
    found = MLPClassifier((8,), random_state=0, max_iter=20).fit(X.astype(dtype), y)
    reference = MLPClassifier((8,), random_state=0, max_iter=20).fit(X, y)

    assert {a.dtype for a in (*found.coefs_, *found.intercepts_)} == {np.dtype(dtype)}
    assert found.predict_proba(X.astype(dtype)).dtype == dtype
    assert found.transform(X.astype(dtype)).dtype == dtype
    assert found.predict_proba(X) == pytest.approx(reference.predict_proba(X), abs=1e-4)


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_array, sparse.coo_array])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_sparse_inputs_are_the_dense_ones(kind, solver):
    """To rounding, in training and prediction, hidden activations too."""
    options: dict[str, Any] = {
        "solver": solver,
        "random_state": 0,
        "max_iter": 15,
        "batch_size": 50,
    }
    dense = MLPClassifier((8,), **options).fit(X, y)

    thin = MLPClassifier((8,), **options).fit(kind(X), y)

    assert thin.predict_proba(kind(X)) == pytest.approx(dense.predict_proba(X), rel=1e-6)
    assert thin.transform(kind(X)) == pytest.approx(dense.transform(X), rel=1e-6)
    assert thin.set_params(transform_layer=0).transform(kind(X)) == pytest.approx(X)


def test_several_labels_at_once():
    """One sigmoid unit a label; predictions are a matrix of 0 and 1."""
    features, labels = make_multilabel_classification(n_samples=80, random_state=0)
    found = MLPClassifier((30,), solver="lbfgs", random_state=0).fit(features, labels)

    assert found.out_activation_ == "logistic"
    assert np.array_equal(found.predict(features), labels)
    assert found.decision_function(features).shape == labels.shape
    assert np.array_equal(found.predict_proba(features) > 0.5, labels.astype(bool))
    sparse_labels = MLPClassifier((30,), solver="lbfgs", random_state=0)
    assert same(found, sparse_labels.fit(features, sparse.csr_array(labels)))


def test_one_class_is_certain():
    """predict_proba has one column, as there is one class."""
    found = MLPClassifier((4,), max_iter=3).fit(X[:20], np.full(20, "only"))

    assert set(found.predict(X)) == {"only"}
    assert np.array_equal(found.predict_proba(X), np.ones((len(X), 1)))


def test_arrays_of_another_library_stay_there():
    """Parameters and outputs are of the library of X, and agree with NumPy's."""
    options: dict[str, Any] = {"random_state": 0, "max_iter": 10}
    reference = MLPClassifier((8,), **options).fit(X, y)
    with config_context(array_api_dispatch=True):
        Xs, ys = array_api_strict.asarray(X), array_api_strict.asarray(y)
        found = MLPClassifier((8,), early_stopping=False, **options).fit(Xs, ys)
        P, labels = found.predict_proba(Xs), found.predict(Xs)

    assert {type(a) for a in (*found.coefs_, P, labels)} == {type(Xs)}
    assert np.asarray(P) == pytest.approx(reference.predict_proba(X), rel=1e-9)


def test_divergence_is_refused_and_the_last_good_parameters_are_kept():
    """The error names layer and step; the estimator still predicts."""
    found = MLPRegressor(
        hidden_layer_sizes=(8,), activation="identity", solver="sgd", learning_rate_init=50.0
    )

    with pytest.raises(ValueError, match=r"Solver produced non-finite .* in epoch \d+, after"):
        found.fit(X, 1e3 * y)

    assert found.stopped_ == "diverged"
    assert np.isfinite(found.predict(X)).all()


def test_divergence_under_early_stopping_keeps_the_best():
    """A warning says so; the score of the epoch that failed is not a number."""
    found = MLPRegressor(
        hidden_layer_sizes=(30,),
        activation="identity",
        solver="sgd",
        learning_rate_init=0.5,
        early_stopping=True,
        random_state=0,
    )

    with pytest.warns(ConvergenceWarning, match="The best parameters are kept"):
        found.fit(10 * X, y)

    assert np.isnan(found.validation_scores_[-1])
    assert np.isfinite(found.predict(X)).all()


@pytest.mark.parametrize("early_stopping", [False, True])
def test_ctrl_c_keeps_what_was_learned(early_stopping):
    """With scikit-learn's warning; a second one ends the call at once, and changes nothing."""
    epochs = []

    def press(*seen):
        epochs.append(seen)
        if len(epochs) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return 0.5

    def press_twice(*seen):
        del seen
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return 0.5

    options: dict[str, Any] = {"early_stopping": early_stopping, "scoring": press}
    found = MLPClassifier((4,), max_iter=50, random_state=0, **options)

    with pytest.warns(UserWarning, match="Training interrupted by user"):
        found.fit(X, y, X_val=X, y_val=y)

    assert (found.stopped_, found.n_iter_) == ("interrupted", 3)
    before = found.predict_proba(X)
    with pytest.raises(KeyboardInterrupt):
        found.set_params(scoring=press_twice).fit(X, y, X_val=X, y_val=y)
    assert found.predict_proba(X).tobytes() == before.tobytes()


def test_the_seed_makes_the_bits():
    """A whole number is the seed; None draws one, from NumPy's global generator."""
    a, b, c = (MLPClassifier((4,), max_iter=3, random_state=s).fit(X, y) for s in (1, 1, 2))
    np.random.seed(5)  # noqa: NPY002 - what random_state=None stands on
    d = MLPClassifier((4,), max_iter=3).fit(X, y)
    np.random.seed(5)  # noqa: NPY002 - the same
    e = MLPClassifier((4,), max_iter=3).fit(X, y)

    assert same(a, b)
    assert same(d, e)
    assert not same(a, c)
    assert not same(a, d)


def test_threads_change_nothing_but_time():
    """n_threads is passed on; the numbers agree."""
    one, two = (MLPClassifier((8,), max_iter=3, random_state=0, n_threads=k) for k in (1, 2))

    assert one.fit(X, y).predict_proba(X) == pytest.approx(two.fit(X, y).predict_proba(X))


def test_the_schedules_act():
    """Each changes the training of sgd, and scikit-learn's two leave Adam alone, as there."""
    options: dict[str, Any] = {
        "random_state": 0,
        "max_iter": 30,
        "tol": 0.05,
        "n_iter_no_change": 2,
    }
    curves = {
        (solver, name): MLPClassifier((4,), solver=solver, learning_rate=name, **options)
        .fit(X, y)
        .loss_curve_
        for solver in ("sgd", "adam")
        for name in ("constant", "invscaling", "adaptive")
    }

    assert curves["adam", "invscaling"] == curves["adam", "constant"] == curves["adam", "adaptive"]
    assert curves["sgd", "invscaling"] != curves["sgd", "constant"] != curves["sgd", "adaptive"]


def test_verbose_prints_costs_and_scores(capsys):
    """In scikit-learn's words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        MLPClassifier((4,), max_iter=2, verbose=True, early_stopping=True).fit(X, y)

    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("Iteration 1, loss = ")
    assert printed[1].startswith("Validation score: ")
    assert len(printed) == 4


@pytest.mark.parametrize(
    "options",
    [
        {"solver": "adam", "tol": 10.0},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 10.0, "learning_rate_init": 1e-3},
        {"solver": "adam", "tol": 10.0, "early_stopping": True},
    ],
)
def test_verbose_says_why_it_ends_as_scikit_learn_does(options, capsys):
    """Line by line the same words; the numbers of costs and scores are of other weights."""
    printed = []
    for cls in (neural_network.MLPClassifier, MLPClassifier):
        cls((4,), verbose=True, n_iter_no_change=2, random_state=0, **options).fit(X, y)
        lines = capsys.readouterr().out.splitlines()
        printed.append([re.sub(r"(loss = |score: )[0-9.]+", r"\1", line) for line in lines])

    assert printed[0] == printed[1]
    assert printed[1][-1].endswith("Stopping.")


def test_warnings_name_the_line_that_called():
    """Not one of scikit-learn's or of ours, through pipelines too."""
    for model in (MLPClassifier((4,), max_iter=1), make_pipeline(MLPClassifier((4,), max_iter=1))):
        with pytest.warns(ConvergenceWarning, match="hasn't converged") as caught:
            model.fit(X, y)
        assert {warning.filename for warning in caught} == {__file__}


def test_numbers_may_be_numpy_s():
    """Whole numbers, floats and truth values of NumPy's, and an array for sizes and activations."""
    options: dict[str, Any] = {
        "alpha": 0.25,
        "batch_size": 30,
        "max_iter": 3,
        "early_stopping": True,
        "random_state": 3,
        "n_threads": 1,
    }
    numpys: dict[str, Any] = {name: np.asarray(value)[()] for name, value in options.items()}
    plain = MLPClassifier((4, 3), ["relu", "tanh"], dropout=[0.25, 0.5], **options)
    given = MLPClassifier(
        np.array([4, 3]), np.array(["relu", "tanh"]), dropout=np.array([0.25, 0.5]), **numpys
    )

    assert {type(value).__module__ for value in numpys.values()} == {"numpy"}
    assert same(given.fit(X, y), plain.fit(X, y))


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "poisson", "quantile"])
def test_the_losses_of_a_regressor_find_their_own_centre(loss):
    """Without inputs that tell, the prediction is the number that each loss is least for."""
    counts = np.random.default_rng(0).exponential(2.0, 400)
    centre = {
        "absolute_error": np.median(counts),
        "poisson": np.mean(counts),
        "quantile": np.quantile(counts, 0.9),
    }
    options: dict[str, Any] = {"learning_rate_init": 0.02, "max_iter": 400, "random_state": 0}
    found = MLPRegressor(loss, (), quantiles=(0.9,), n_iter_no_change=50, **options)

    predicted = found.fit(np.zeros((400, 1)), counts).predict([[0.0]])[0]

    if loss == "huber":
        assert np.median(counts) < predicted < np.mean(counts)
    else:
        assert predicted == pytest.approx(centre[loss], rel=0.05)


def test_several_quantiles_at_once():
    """predict has a column for each, target by target, in their order."""
    random = np.random.default_rng(0)
    features = random.uniform(-1, 1, (600, 1))
    targets = np.hstack([features, -features]) + random.standard_normal((600, 2)) / 4
    found = MLPRegressor(
        "quantile", (16,), quantiles=(0.1, 0.5, 0.9), learning_rate_init=0.01, random_state=0
    ).fit(features, targets)

    low, middle, high, *second = found.predict(features).T

    assert len(second) == 3
    assert np.mean(targets[:, 0] < low) == pytest.approx(0.1, abs=0.04)
    assert np.mean(targets[:, 0] < high) == pytest.approx(0.9, abs=0.04)
    assert np.mean(targets[:, 1] < second[1]) == pytest.approx(0.5, abs=0.06)
    assert np.mean(middle < high) > 0.99
    assert found.score(features, targets) > 0.6


def test_a_notebook_shows_the_network():
    """Before fit the parameters, after it the drawing too, with the classes for names."""
    words = np.array(["zero", "one", "two", "three"])[y]
    unfitted, fitted = MLPClassifier((5,)), MLPClassifier((5,), max_iter=2).fit(X, words)

    bundle = fitted._repr_mimebundle_()

    assert "ellnet-net" not in unfitted._repr_mimebundle_()["text/html"]
    assert "2 layers, 349 parameters, cost categorical cross entropy" in bundle["text/html"]
    assert ">three</text>" in bundle["text/html"]
    assert "ellnet-net" in fitted._repr_html_()
    assert bundle["text/plain"] == repr(fitted)
