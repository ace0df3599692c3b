"""MLPSearchCV: what scikit-learn's searches are, on threads."""

import threading

import numpy as np
import pytest
from scipy.stats import loguniform, randint, uniform
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ellnet import MLPClassifier, MLPRegressor, MLPSearchCV

SPACE = {"learning_rate_init": loguniform(1e-3, 1e-1), "hidden_layer_sizes": [(8,), (16, 8)]}

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


def iris():
    """Flowers, scaled."""
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def network(**options):
    """A network that is trained for a few epochs."""
    return MLPClassifier(max_iter=8, random_state=0, **options)


@pytest.mark.parametrize("sampler", ["random", "grid"])
def test_it_finds_what_scikit_learns_own_search_finds(sampler):
    """The same candidates, scores, ranks and predictions."""
    X, y = iris()
    if sampler == "random":
        other = RandomizedSearchCV(network(), SPACE, n_iter=6, cv=3, random_state=0)
        space = SPACE
    else:
        space = {"hidden_layer_sizes": [(8,), (4,)], "alpha": [0.1, 1.0]}
        other = GridSearchCV(network(), space, cv=3)
    ours = MLPSearchCV(network(), space, n_iter=6, sampler=sampler, cv=3, random_state=0)

    ours.fit(X, y)
    other.fit(X, y)

    for name in ("mean_test_score", "std_test_score", "rank_test_score"):
        assert np.array_equal(ours.cv_results_[name], other.cv_results_[name])
    assert ours.cv_results_["params"] == other.cv_results_["params"]
    assert ours.best_params_ == other.best_params_
    assert np.array_equal(ours.predict(X), other.predict(X))
    assert np.array_equal(ours.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_the_number_of_threads_changes_nothing(sampler):
    """Candidates and scores, to the bit."""
    X, y = iris()
    given = {"n_iter": 19, "sampler": sampler, "cv": 2, "random_state": 3}
    one, three = (MLPSearchCV(network(), SPACE, n_jobs=jobs, **given).fit(X, y) for jobs in (1, 3))

    assert one.cv_results_["params"] == three.cv_results_["params"]
    scores = [search.cv_results_["mean_test_score"].tobytes() for search in (one, three)]
    assert scores[0] == scores[1]
    assert len(one.cv_results_["params"]) == 19


def test_tpe_draws_whole_numbers_of_a_distribution_of_whole_numbers():
    """As the random sampler does: a batch of 53.0 rows is none."""
    space = {"batch_size": randint(8, 64), "alpha": uniform(0, 1)}

    search = MLPSearchCV(network(), space, n_iter=12, sampler="tpe", cv=2, random_state=0)
    search.fit(*iris())

    tried = search.cv_results_["params"]
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert all(
        isinstance(each["batch_size"], int) and 8 <= each["batch_size"] < 64 for each in tried
    )
    assert all(isinstance(each["alpha"], float) for each in tried)


def test_tpe_goes_where_scores_are_better():
    """After its random beginning three of five candidates and more have the better of two rates."""
    X, y = iris()
    space = {"learning_rate_init": [1e-6, 3e-2], "alpha": [1e-3, 1e-2, 1e-1]}
    search = MLPSearchCV(network(), space, n_iter=40, sampler="tpe", cv=2, random_state=0)
    search.fit(X, y)

    rates = [params["learning_rate_init"] for params in search.cv_results_["params"][10:]]
    assert rates.count(3e-2) > 1.5 * rates.count(1e-6)


def test_it_stands_in_a_pipeline_and_around_one():
    """Parameters of steps go by their long names; threads are given back to the winner."""
    X, y = load_digits(return_X_y=True)
    pipe = make_pipeline(
        StandardScaler(), network().set_params(max_iter=40, learning_rate_init=0.02)
    )
    space = {"mlpclassifier__hidden_layer_sizes": [(8,), (16,)]}
    search = MLPSearchCV(pipe, space, sampler="grid", cv=2).fit(X[:400], y[:400])

    assert search.score(X[400:600], y[400:600]) > 0.5
    assert search.best_estimator_[-1].n_threads is None
    assert pipe[-1].n_threads is None
    assert clone(search).sampler == "grid"


def test_it_starts_no_process_and_leaves_no_thread():
    """Candidates are fitted in this process."""
    X, y = iris()
    seen: set[str] = set()

    class Watched(MLPRegressor):
        def fit(self, X, y):
            seen.add(threading.current_thread().name)
            assert self.n_threads == 1
            return super().fit(X, y)

    search = MLPSearchCV(
        Watched(max_iter=3),
        {"alpha": [0.1, 1.0, 10.0]},
        sampler="grid",
        n_jobs=2,
        cv=2,
        refit=False,
    )
    search.fit(X, y.astype(float))

    assert seen
    assert search.n_jobs == 2


@pytest.mark.parametrize(
    ("space", "options", "message"),
    [
        ({"alpha": [0.1]}, {"sampler": "best"}, "The 'sampler' parameter of MLPSearchCV must be"),
        ([{"alpha": [0.1]}], {"sampler": "tpe"}, "sampler tpe takes one dict"),
        (
            {"alpha": 0.1},
            {"sampler": "tpe"},
            r"with ppf for alpha, got 0.1; for one value write \[0",
        ),
        ({"activation": "relu"}, {"sampler": "tpe"}, "for activation, got 'relu'"),
        ({"alpha": []}, {"sampler": "tpe"}, "needs at least one value for alpha, got none"),
        ({"alpha": [0.1]}, {"n_iter": 0}, "The 'n_iter' parameter of MLPSearchCV must be"),
    ],
)
def test_what_cannot_be_searched_is_refused(space, options, message):
    """By name."""
    with pytest.raises(ValueError, match=message):
        MLPSearchCV(network(), space, **options).fit(*iris())
