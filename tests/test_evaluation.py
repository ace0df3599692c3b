"""Scores: against figures worked out by hand, and baselines against what they stand for."""

import math

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.columns import Column
from ellnet.engines import engine
from ellnet.evaluation import Scores, fit_linear, metric_of, prior, score
from ellnet.network import Network, Parameters
from ellnet.targets import Target

BINARY = Target("y", "binary", ("no", "yes"))
THREE = Target("y", "multiclass", ("a", "b", "c"))
NUMBER = Target("y", "regression", (), 10.0, 2.0)


def passing_on(n: int, activation: str, cost: str) -> Network:
    """A network whose Z is its input."""
    parameters = Parameters.of([np.eye(n)], [np.zeros((n, 1))])
    return Network((n, n), (activation,), cost, parameters)


def test_a_classification_s_figures_are_those_worked_out_by_hand() -> None:
    """Four rows, one wrong: accuracy 3/4; per class precision, recall, f1 and rows."""
    net = passing_on(1, "sigmoid", "binary_cross_entropy")
    X = np.array([[-2.0, 3.0, 1.0, 1.0]])
    Y = np.array([[0.0, 1.0, 1.0, 0.0]])

    scores = score(net, Examples(X, Y), BINARY)

    assert scores.confusion is not None
    assert scores.confusion.tolist() == [[1, 1], [0, 2]]
    assert scores.values == pytest.approx({"accuracy": 0.75, "balanced_accuracy": 0.75})
    no, yes = scores.classes
    assert (no.label, no.precision, no.recall, no.f1, no.support) == ("no", 1.0, 0.5, 2 / 3, 2)
    assert (yes.precision, yes.recall, yes.support) == (2 / 3, 1.0, 2)
    losses = [math.log1p(math.exp(-z)) for z in (2.0, 3.0, 1.0)] + [math.log1p(math.exp(1.0))]
    assert scores.cost == pytest.approx(sum(losses) / 4)


def test_a_class_that_no_row_has_does_not_count_in_the_balanced_accuracy() -> None:
    """Two of three classes are there; the third has no recall."""
    net = passing_on(3, "softmax", "categorical_cross_entropy")
    X = np.array([[5.0, 0.0, 5.0], [0.0, 5.0, 0.0], [0.0, 0.0, 0.0]])
    Y = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])

    scores = score(net, Examples(X, Y), THREE)

    assert scores.values["balanced_accuracy"] == pytest.approx(0.75)
    assert scores.classes[2].support == 0


def test_a_regression_is_scored_in_its_own_units() -> None:
    """Errors of 1 and -1 standard deviations of 2 are errors of 2."""
    net = passing_on(1, "identity", "squared_error")
    examples = Examples(np.array([[1.0, -1.0, 0.5, 0.0]]), np.array([[0.0, 0.0, 0.5, 2.0]]))

    scores = score(net, examples, NUMBER)

    assert scores.values["mae"] == pytest.approx(2.0)
    assert scores.values["rmse"] == pytest.approx(math.sqrt((4 + 4 + 0 + 16) / 4))
    y = np.array([10.0, 10.0, 11.0, 14.0])
    assert scores.values["r2"] == pytest.approx(1 - 24 / np.sum((y - y.mean()) ** 2))


def test_one_row_has_no_r2() -> None:
    """There is no variance to explain."""
    net = passing_on(1, "identity", "squared_error")

    scores = score(net, Examples(np.array([[1.0]]), np.array([[0.0]])), NUMBER)

    assert set(scores.values) == {"rmse", "mae"}


def test_what_is_not_finite_is_null_in_json() -> None:
    """JSON has no infinity."""
    document = Scores(3, math.inf, {"rmse": math.nan, "mae": 1.0}).to_json()

    assert document == {"m": 3, "cost": None, "rmse": None, "mae": 1.0}


@pytest.mark.parametrize(
    ("activation", "cost", "Y"),
    [
        ("sigmoid", "binary_cross_entropy", [[1.0, 0.0, 0.0, 0.0]]),
        (
            "softmax",
            "categorical_cross_entropy",
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        ),
        ("softmax", "categorical_cross_entropy", [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]),
        ("identity", "squared_error", [[1.0, 2.0, 6.0]]),
    ],
)
def test_the_prior_predicts_the_mean_of_the_training_part(
    activation: str, cost: str, Y: list[list[float]]
) -> None:
    """For any input: frequencies of classes, or the mean."""
    k = len(Y)
    net = Network((2, 4, k), ("relu", activation), cost)
    X = np.ones((2, 3), np.float32)

    A = engine().predict(prior(net, np.array(Y)), X)

    assert np.allclose(A, np.mean(Y, axis=1)[:, None], atol=1e-6)


CONSTANTS: list[tuple[str, str, dict[str, object]]] = [
    ("identity", "squared_error", {}),
    ("identity", "absolute_error", {}),
    ("identity", "huber", {"threshold": 0.5}),
    ("exponential", "poisson", {}),
    ("identity", "quantile", {"quantiles": (0.9,)}),
    ("identity", "quantile", {"quantiles": (0.2, 0.7)}),
]
"""Every cost of numbers, with its output."""


@pytest.mark.parametrize(("activation", "cost", "options"), CONSTANTS)
def test_the_prior_of_numbers_costs_least_of_all_constants(
    activation: str, cost: str, options: dict[str, object]
) -> None:
    """Moved up or down, its outputs cost more."""
    k = len(options.get("quantiles", (0.5,)))  # type: ignore[arg-type]
    Y = np.repeat(np.random.default_rng(0).exponential(1.0, (1, 401)), k, axis=0)
    net = Network((2, 4, k), ("relu", activation), cost, cost_options=options)
    examples = Examples(np.ones((2, 401), np.float32), Y)

    found = prior(net, Y)

    at = engine().cost(found, examples)
    for shift in (-0.02, 0.02):
        moved = Parameters.of(found.W, [b + shift for b in found.b])
        assert engine().cost(found.with_parameters(moved), examples) > at - 1e-7
    assert found.cost_options == net.cost_options


@pytest.mark.parametrize(("activation", "cost", "options"), CONSTANTS)
def test_the_linear_baseline_beats_the_constant_by_the_network_s_own_cost(
    activation: str, cost: str, options: dict[str, object]
) -> None:
    """On numbers above 0 that grow with the inputs, whatever they cost."""
    random = np.random.default_rng(0)
    X = random.standard_normal((3, 400)).astype(np.float32)
    y = random.poisson(np.exp(0.8 + 0.5 * X[:1])).astype(np.float64)
    k = len(options.get("quantiles", (0.5,)))  # type: ignore[arg-type]
    Y = np.repeat(y, k, axis=0)
    net = Network((3, 4, k), ("relu", activation), cost, cost_options=options)

    linear = fit_linear(net, Examples(X, Y), 0)

    examples = Examples(X, Y)
    assert engine().cost(linear, examples) < 0.9 * engine().cost(prior(net, Y), examples)


def test_counts_of_nothing_have_a_baseline_too() -> None:
    """Where every count is 0 both predict next to nothing."""
    net = Network((2, 4, 1), ("relu", "exponential"), "poisson")
    examples = Examples(np.ones((2, 6), np.float32), np.zeros((1, 6)))

    for found in (prior(net, np.asarray(examples.Y)), fit_linear(net, examples, 0)):
        assert 0 <= engine().cost(found, examples) < 1e-9


def blobs(k: int, m: int = 300) -> Examples:
    """Points around k corners."""
    random = np.random.default_rng(0)
    labels = np.arange(m) % k
    X = 4 * np.eye(3)[:, labels] + random.standard_normal((3, m))
    Y = labels[None, :] if k == 2 else np.eye(k)[:, labels]
    return Examples(X.astype(np.float32), Y.astype(np.float32))


@pytest.mark.parametrize("k", [2, 3])
def test_the_linear_baseline_separates_what_a_line_separates(k: int) -> None:
    """Its network gives scikit-learn's own predictions."""
    from sklearn.linear_model import LogisticRegression

    examples = blobs(k)
    kind = (
        ("sigmoid", "binary_cross_entropy") if k == 2 else ("softmax", "categorical_cross_entropy")
    )
    net = Network((3, 4, 1 if k == 2 else k), ("relu", kind[0]), kind[1])
    labels = examples.Y[0] if k == 2 else examples.Y.argmax(axis=0)

    linear = fit_linear(net, examples, 0)

    own = LogisticRegression(max_iter=300, tol=1e-3).fit(examples.X.T, labels)
    A = engine().predict(linear, examples.X)
    expected = own.predict_proba(examples.X.T).T[-A.shape[0] :]
    assert np.allclose(A, expected, atol=1e-5)
    assert score(linear, examples, BINARY if k == 2 else THREE).values["accuracy"] > 0.95


def test_the_linear_baseline_of_a_class_that_the_part_lacks_gives_it_nothing() -> None:
    """Three units and two classes present: the third's probability is zero."""
    two = blobs(2)
    Y = np.vstack([1 - two.Y, two.Y, np.zeros_like(two.Y)])
    net = Network((3, 3), ("softmax",), "categorical_cross_entropy")

    linear = fit_linear(net, Examples(two.X, Y), 0)

    A = engine().predict(linear, two.X)
    assert np.mean(A.argmax(axis=0) == two.Y[0]) > 0.95
    assert float(A[2].max()) < 1e-6


def test_the_linear_baseline_of_a_regression_is_a_plane() -> None:
    """It finds the plane that the numbers lie on."""
    random = np.random.default_rng(0)
    X = random.standard_normal((3, 5000))
    Y = np.array([[1.0, -2.0, 0.5]]) @ X + 3.0
    net = Network((3, 4, 1), ("relu", "identity"), "squared_error")

    linear = fit_linear(net, Examples(X, Y), 0)

    assert np.allclose(linear.W[1], [[1.0, -2.0, 0.5]], atol=1e-2)
    assert np.allclose(linear.b[1], [[3.0]], atol=1e-2)


def test_the_watched_metric_is_the_one_of_the_scores() -> None:
    """Accuracy for classes, the root of the mean squared error for numbers."""
    net = passing_on(1, "sigmoid", "binary_cross_entropy")
    examples = Examples(np.array([[-2.0, 3.0, 1.0]]), np.array([[0.0, 1.0, 0.0]]))
    A = engine().predict(net, examples.X)
    y = NUMBER.encode(Column.of("y", [8.0, 12.0]))
    two = Examples(np.zeros((1, 2)), y)

    assert metric_of(BINARY).measure(net, A, examples) == pytest.approx(2 / 3)
    assert metric_of(BINARY).name == "accuracy"
    assert metric_of(NUMBER).measure(net, np.zeros((1, 2)), two) == pytest.approx(2.0)
    assert metric_of(NUMBER).name == "rmse"
