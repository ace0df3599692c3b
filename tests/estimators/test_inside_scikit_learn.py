"""Inside scikit-learn: pipelines, searches, ensembles, calibration, frames, routing and callbacks."""

import contextlib
import copy
import functools
import importlib.util
import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_wine, make_classification
from sklearn.ensemble import StackingRegressor, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer_names, log_loss, recall_score
from sklearn.model_selection import (
    GridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    learning_curve,
    train_test_split,
)
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ellnet.estimators import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

WINE: Any = load_wine(as_frame=True)
X, Y = StandardScaler().fit_transform(WINE.data), WINE.target.to_numpy()
PATIENTS, PROGRESSION = load_diabetes(return_X_y=True)

QUICK: dict[str, Any] = {"solver": "lbfgs", "max_iter": 40, "random_state": 0}


def test_pipeline():
    """As the last step, and in the middle, where its hidden activations are features."""
    last = make_pipeline(StandardScaler(), MLPClassifier((8,), **QUICK)).fit(WINE.data, Y)
    middle = make_pipeline(StandardScaler(), MLPClassifier((8,), **QUICK), LogisticRegression())
    middle.fit(WINE.data, Y)

    assert last.score(WINE.data, Y) > 0.97
    assert middle.score(WINE.data, Y) > 0.97
    assert list(middle[:-1].get_feature_names_out())[-1] == "mlpclassifier1_7"


def test_grid_search():
    """Over sizes, activations and penalties, lists among them."""
    grid = {
        "hidden_layer_sizes": [(), (6,), (6, 4)],
        "activation": ["tanh", "logistic"],
        "alpha": [1e-3, 1.0],
    }

    search = GridSearchCV(MLPClassifier(**QUICK), grid, cv=2).fit(X, Y)

    assert search.best_score_ > 0.95
    assert len(search.cv_results_["params"]) == 12


def test_processes_side_by_side():
    """What comes from two processes is what comes from one, to the bit."""
    scores = [
        cross_val_score(MLPClassifier((6,), max_iter=20, random_state=0), X, Y, cv=4, n_jobs=jobs)
        for jobs in (1, 2)
    ]

    assert np.array_equal(*scores)


def test_cross_val_predict():
    """Probabilities of rows that were held out, and decisions."""
    P = cross_val_predict(MLPClassifier((8,), **QUICK), X, Y, cv=3, method="predict_proba")
    Z = cross_val_predict(MLPClassifier((8,), **QUICK), X, Y, cv=3, method="decision_function")

    assert P.shape == Z.shape == (len(X), 3)
    assert np.mean(P.argmax(axis=1) == Y) > 0.93


def test_permutation_importance():
    """The column that decides matters, the noise does not."""
    random = np.random.default_rng(0)
    features = random.standard_normal((200, 3))
    model = MLPClassifier((6,), **QUICK).fit(features, features[:, 1] > 0)

    found = permutation_importance(model, features, features[:, 1] > 0, random_state=0)

    assert found.importances_mean.argmax() == 1
    assert found.importances_mean[1] > 0.3


def test_voting():
    """Soft votes of a shallow, a deep and a linear one."""
    voters = [
        ("shallow", MLPClassifier((8,), **QUICK)),
        ("deep", MLPClassifier((8, 8), **QUICK)),
        ("linear", LogisticRegression()),
    ]

    vote = VotingClassifier(voters, voting="soft").fit(X, Y)

    expected = np.mean([model.predict_proba(X) for model in vote.estimators_], axis=0)
    assert vote.predict_proba(X) == pytest.approx(expected)
    assert vote.score(X, Y) > 0.97


def test_calibration():
    """An overfitted network's probabilities are better after calibration."""
    features, labels = make_classification(600, 20, flip_y=0.3, random_state=0)
    train, test, y_train, y_test = train_test_split(features, labels, random_state=0)
    bold = MLPClassifier((50,), alpha=0.0, solver="lbfgs", random_state=0)

    calibrated = CalibratedClassifierCV(bold, cv=3).fit(train, y_train)

    before = log_loss(y_test, bold.fit(train, y_train).predict_proba(test))
    assert log_loss(y_test, calibrated.predict_proba(test)) < before / 2


def test_tuned_threshold():
    """The rare class is found more often at a threshold of its own."""
    features, labels = make_classification(500, weights=[0.9], class_sep=0.7, random_state=1)
    model = MLPClassifier((6,), alpha=1.0, **QUICK)

    tuned = TunedThresholdClassifierCV(model, scoring="balanced_accuracy", cv=3)
    tuned.fit(features, labels)

    plain = recall_score(labels, model.fit(features, labels).predict(features))
    assert recall_score(labels, tuned.predict(features)) > plain


def test_learning_curve():
    """More examples, a better score on those held out."""
    _, _, scores = learning_curve(
        MLPClassifier((8,), **QUICK),
        X,
        Y,
        train_sizes=[0.1, 1.0],
        cv=3,
        shuffle=True,
        random_state=0,
    )

    assert scores[1].mean() > scores[0].mean() > 0.4


def test_stacking():
    """Under a ridge regression, beside a linear model."""
    inner = [
        ("net", MLPRegressor(hidden_layer_sizes=(6,), alpha=10, **QUICK)),
        ("ridge", Ridge()),
    ]

    stack = StackingRegressor(inner, Ridge(), cv=3).fit(PATIENTS, PROGRESSION)

    assert stack.score(PATIENTS, PROGRESSION) > 0.45


def test_transformed_target():
    """The target standardised on the way in and back on the way out."""
    model = MLPRegressor(hidden_layer_sizes=(6,), alpha=1.0, **QUICK)
    scaled = TransformedTargetRegressor(model, transformer=StandardScaler())

    features = StandardScaler().fit_transform(PATIENTS)
    assert scaled.fit(features, PROGRESSION).score(features, PROGRESSION) > 0.5
    assert abs(scaled.predict(features).mean() - PROGRESSION.mean()) < 5


def test_multi_output():
    """One classifier a column, where a column has several classes."""
    targets = np.stack([Y, (Y + 1) % 3], axis=1)

    found = MultiOutputClassifier(MLPClassifier((6,), **QUICK)).fit(X, targets)

    assert found.score(X, targets) > 0.95


def test_clone_pickle_and_copies():
    """Parameters come back, and a clone is not fitted."""
    model = MLPClassifier((6, 4), activation=["relu", "tanh"], dropout=[0.1, 0.2], alpha=0.3)
    model.fit(X, Y)

    twin = clone(model)

    assert twin.get_params() == model.get_params()
    assert not hasattr(twin, "coefs_")
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):  # noqa: S301 - our own
        assert np.array_equal(other.predict_proba(X), model.predict_proba(X))
    assert repr(twin.set_params(alpha=0.5)).count("alpha=0.5") == 1


FRAMES = {
    "pandas": lambda frame: frame,
    "polars": lambda frame: pl.DataFrame(frame.to_dict(orient="list")),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames(kind):
    """Names are kept where scikit-learn knows the frame, and the numbers are those of the array."""
    frame = pd.DataFrame(X, columns=WINE.data.columns)
    plain = MLPClassifier((6,), **QUICK).fit(X, Y)

    found = MLPClassifier((6,), **QUICK).fit(FRAMES[kind](frame), Y)

    expected = plain.predict_proba(X)
    assert found.predict_proba(FRAMES[kind](frame)) == pytest.approx(expected, abs=1e-6)
    if kind != "pyarrow" or hasattr(found, "feature_names_in_"):
        assert list(found.feature_names_in_) == list(frame.columns)
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            found.predict(X)


@pytest.mark.parametrize(("kind", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_set_output(kind, frame):
    """Hidden activations as a frame, with the names of the units."""
    found = MLPClassifier((5,), **QUICK).fit(X, Y).set_output(transform=kind)

    A = found.transform(X)

    assert isinstance(A, frame)
    assert list(A.columns) == [f"mlpclassifier1_{k}" for k in range(5)]


def test_metadata_routing():
    """Weights and validation data reach fit through a pipeline and a search."""
    weights = np.where(Y == 0, 5.0, 0.2)
    with config_context(enable_metadata_routing=True):
        inner = MLPClassifier((6,), **QUICK).set_fit_request(sample_weight=True)
        inner.set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        search = GridSearchCV(make_pipeline(scaler, inner), {}, cv=2)

        routed = search.fit(WINE.data, Y, sample_weight=weights)

        scaled = StandardScaler().fit_transform(WINE.data)
        expected = MLPClassifier((6,), **QUICK).fit(scaled, Y, sample_weight=weights)
        found = routed.best_estimator_.predict_proba(WINE.data)
        assert found == pytest.approx(expected.predict_proba(scaled), rel=1e-9)


def test_validation_data_are_routed_through_a_pipeline():
    """X_val goes through the scaler as X does, also inside a search; weights find their way."""
    held = np.arange(len(Y)) % 3 == 0
    learned = ~held
    options: dict[str, Any] = {"early_stopping": True, "max_iter": 30, "random_state": 0}
    given: dict[str, Any] = {
        "X_val": WINE.data[held],
        "y_val": Y[held],
        "sample_weight": np.arange(learned.sum()) + 1.0,
        "sample_weight_val": np.arange(held.sum()) % 3 + 1.0,
    }
    with config_context(enable_metadata_routing=True):
        net = MLPClassifier((6,), **options).set_fit_request(**dict.fromkeys(given, True))
        net.set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        steps = [("scale", scaler), ("net", net)]
        routed = Pipeline(steps, transform_input=["X_val"])
        routed.fit(WINE.data[learned], Y[learned], **given)
        search = GridSearchCV(clone(routed), {"net__alpha": [0.1]}, cv=2)
        search.fit(WINE.data[learned], Y[learned], **given)

    scaler = StandardScaler().fit(WINE.data[learned])
    plain = MLPClassifier((6,), **options).fit(
        scaler.transform(WINE.data[learned]),
        Y[learned],
        **(given | {"X_val": scaler.transform(WINE.data[held])}),
    )
    assert routed[-1].validation_loss_curve_ == pytest.approx(plain.validation_loss_curve_)
    assert routed[-1].validation_scores_ == pytest.approx(plain.validation_scores_)
    assert search.best_estimator_[-1].validation_scores_


def test_what_may_be_routed():
    """Every argument of fit, partial_fit and score beside X and y can be asked for."""
    net = MLPClassifier()

    for method, names in {
        "fit": {"sample_weight", "X_val", "y_val", "sample_weight_val"},
        "partial_fit": {
            "sample_weight",
            "classes",
            "epochs",
            "X_val",
            "y_val",
            "sample_weight_val",
        },
        "score": {"sample_weight"},
    }.items():
        assert set(getattr(net.get_metadata_routing(), method).requests) == names


@pytest.mark.parametrize("name", get_scorer_names())
def test_every_scorer_of_scikit_learn_may_end_the_run(name):
    """On labels, on several at once or on quantities, with weights where the metric takes some."""
    features, labels = X[::3], Y[::3]
    targets: list[tuple[Any, Any]] = [
        (MLPClassifier, (labels > 0).astype(int)),
        (MLPClassifier, np.stack([labels > 0, features[:, 0] > 0], axis=1).astype(int)),
        (functools.partial(MLPRegressor, "poisson"), np.exp(features[:, 0])),
    ]
    found = []

    for cls, target in targets:
        net = cls(hidden_layer_sizes=(3,), max_iter=2, early_stopping=True, scoring=name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of metrics that are not defined on so few examples
            with contextlib.suppress(ValueError, AttributeError):
                net.fit(features, target, sample_weight=np.arange(60) + 1.0)
                found.append(net.validation_scores_)

    assert found
    assert all(len(scores) == 2 for scores in found)


def test_hidden_activations_beside_other_features():
    """In a union and in a column transformer the names tell where a column comes from."""
    frame = pd.DataFrame(X, columns=WINE.data.columns)
    net = MLPClassifier((3,), **QUICK)

    union = FeatureUnion([("scaled", StandardScaler()), ("net", net)]).set_output(
        transform="pandas"
    )
    columns = ColumnTransformer([("net", net, ["alcohol", "hue"])], remainder="passthrough")
    both = union.fit_transform(frame, Y)
    columns.fit(frame, Y)

    assert list(both.columns[-3:]) == [f"net__mlpclassifier1_{k}" for k in range(3)]
    assert list(columns.get_feature_names_out()[:3]) == list(both.columns[-3:])
    assert columns.named_transformers_["net"].n_features_in_ == 2


HAVE_CALLBACKS = importlib.util.find_spec("sklearn.callback") is not None


class Notes:
    """A callback that notes what it is told."""

    max_propagation_depth = None

    def __init__(self, fails_at: int = -1, stops: bool = False) -> None:
        self.seen: list[str] = []
        self.fails_at = fails_at
        self.stops = stops
        self.scores: list[float] = []

    def setup(self, estimator, context):
        """A run begins."""
        del estimator
        self.seen.append(f"setup {context.task_name}")

    def teardown(self, estimator, context):
        """It has ended, in whatever way."""
        del estimator
        self.seen.append(f"teardown {context.task_name}")

    def on_fit_task_begin(self, estimator, context):
        """A task begins."""

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        """A task has ended."""
        self.seen.append(f"{context.task_name} {context.task_id} of {context.max_subtasks}")
        if context.task_name == "epoch" and context.task_id == self.fails_at:
            raise RuntimeError("the callback failed")
        if isinstance(estimator, MLPClassifier):
            weights = metadata.get("sample_weight")
            self.scores.append(fitted_estimator.score(X, y, sample_weight=weights))
        return self.stops


@pytest.mark.skipif(not HAVE_CALLBACKS, reason="before 1.9")
@pytest.mark.parametrize(
    "options", [{"max_iter": 6}, {"tol": 10.0, "n_iter_no_change": 3}, {"solver": "lbfgs"}]
)
def test_callbacks_are_told_of_every_epoch(options):
    """Of the last one too, whatever ends the run, with an estimator that predicts as it then did."""
    notes, weights = Notes(), np.arange(len(Y)) % 3 + 1.0
    net: Any = MLPClassifier((4,), random_state=0, **options).set_callbacks(notes)

    net.fit(X, Y, sample_weight=weights)

    limit = net.max_iter
    assert notes.seen == [
        "setup fit",
        *(f"epoch {k} of 0" for k in range(net.n_iter_)),
        f"fit 0 of {limit}",
        "teardown fit",
    ]
    assert notes.scores[-1] == notes.scores[-2] == net.score(X, Y, sample_weight=weights)
    assert not any("callback" in name and "skl" not in name for name in vars(net))


@pytest.mark.skipif(not HAVE_CALLBACKS, reason="before 1.9")
def test_callbacks_come_down_from_a_pipeline():
    """One that is set on the pipeline is told of the network's epochs as parts of its last step."""
    notes = Notes()
    pipe = make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=3, random_state=0))

    pipe.set_callbacks(notes).fit(WINE.data, Y)

    epochs = [f"epoch {k} of 0" for k in range(3)]
    start = notes.seen.index(epochs[0])
    assert notes.seen[start : start + 3] == epochs
    assert (notes.seen[0], notes.seen[-1]) == ("setup fit", "teardown fit")
    assert not hasattr(pipe[-1], "_skl_callbacks")


@pytest.mark.skipif(not HAVE_CALLBACKS, reason="before 1.9")
def test_a_callback_that_fails_is_torn_down_and_the_estimator_is_as_before():
    """The error is the callback's own, and what was learned before still predicts."""
    notes = Notes(fails_at=2)
    net: Any = MLPClassifier((4,), max_iter=5, random_state=0).fit(X, Y)
    before = net.predict_proba(X)

    with pytest.raises(RuntimeError, match="the callback failed"):
        net.set_callbacks(notes).fit(X, Y)

    assert notes.seen[-2:] == ["epoch 2 of 0", "teardown fit"]
    assert net.set_callbacks().predict_proba(X).tobytes() == before.tobytes()
    assert {name for name in vars(net) if "callback" in name} == set()


@pytest.mark.skipif(not HAVE_CALLBACKS, reason="before 1.9")
def test_callbacks_of_partial_fit_and_the_progress_bar(capsys):
    """partial_fit has as many tasks as epochs, and scikit-learn's own bar shows them."""
    from sklearn.callback import ProgressBar

    notes = Notes(stops=True)
    net: Any = MLPClassifier((4,), random_state=0).set_callbacks(notes, ProgressBar())

    net.partial_fit(X, Y, classes=[0, 1, 2], epochs=4)

    assert notes.seen == ["setup fit", "epoch 0 of 0", "fit 0 of 4", "teardown fit"]
    assert (net.n_iter_, net.stopped_) == (1, "hook")
    assert "MLPClassifier - fit" in capsys.readouterr().out


@pytest.mark.skipif(not HAVE_CALLBACKS, reason="before 1.9")
def test_callbacks():
    """Every epoch is a task: scores are logged, and a callback may end the run."""
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    watched = MLPClassifier((6,), max_iter=7, random_state=0).set_callbacks(monitor)

    class Stop:
        def setup(self, estimator, context):
            """Nothing to set up."""

        def teardown(self, estimator, context):
            """Nothing to take down."""

        def on_fit_task_begin(self, estimator, context):
            """Nothing to begin."""

        def on_fit_task_end(self, estimator, context):
            """End after the third epoch."""
            del estimator
            return context.task_name == "epoch" and context.task_id == 2

    watched.fit(X, Y)
    stopped = MLPClassifier((6,), max_iter=50, random_state=0).set_callbacks(Stop()).fit(X, Y)

    scores = [row["accuracy"] for row in monitor.get_logs().data if "accuracy" in row]
    assert len(scores) >= 7
    assert scores[-1] == pytest.approx(watched.score(X, Y))
    assert (stopped.n_iter_, stopped.stopped_) == (3, "hook")
