"""Early stopping inside the engine decides as it does epoch by epoch from outside, to the bit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import ENGINES
from ellnet.errors import DivergenceError
from ellnet.estimators import MLPClassifier, MLPRegressor, base, fitting
from ellnet.hooks import Hook, Metric, Outcome
from ellnet.hyperparameters import Hyperparameters
from ellnet.loop import Loop
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.training import train


def table(m: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, and a quantity that they say something of."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((m, 6))
    return X, X[:, 0] - X[:, 1] ** 2 + 0.3 * random.standard_normal(m)


def labels_of(q: np.ndarray, kind: str) -> np.ndarray:
    """Labels of a kind, made of quantities."""
    return {
        "binary": np.where(q > -0.5, "yes", "no"),
        "three": np.digitize(q, [-1.5, 0.0]),
        "several": np.column_stack([q > -1, q > 0, q > -2]).astype(int),
        "quantity": q,
        "two": np.column_stack([q, -q * q]),
    }[kind]


def from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the loop call the engine for each epoch, and measure each score from predictions."""
    inside = fitting.metric_of

    def outside(*given: Any) -> Metric | None:
        metric = inside(*given)
        return None if metric is None else replace(metric, score=None)

    monkeypatch.setattr(base, "metric_of", outside)
    monkeypatch.setattr(Loop, "_looks_inside", lambda _: False)


def found(estimator: Any) -> tuple[Any, ...]:
    """All that early stopping decides."""
    coefs = [np.asarray(each).tobytes() for each in (*estimator.coefs_, *estimator.intercepts_)]
    return (
        *(coefs, estimator.n_iter_, estimator.loss_curve_, estimator.validation_scores_),
        *(estimator.best_validation_score_, estimator.t_),
    )


CASES = [
    (MLPClassifier, "binary", {}),
    (MLPClassifier, "three", {}),
    (MLPClassifier, "three", {"scoring": "loss"}),
    (MLPClassifier, "three", {"class_weight": "balanced"}),
    (MLPClassifier, "three", {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.01}),
    (MLPClassifier, "several", {}),
    (MLPClassifier, "several", {"loss": "squared_error"}),
    (MLPRegressor, "quantity", {}),
    (MLPRegressor, "two", {"loss": "absolute_error"}),
    (MLPRegressor, "quantity", {"loss": "quantile", "quantiles": (0.2, 0.5, 0.9)}),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_epochs_are_chosen_as_from_outside(engine, case, weighted, monkeypatch):
    """Scores, best epoch, parameters and the number of epochs, with weights and without."""
    kind, y, options = case
    X, q = table()
    weights = np.random.default_rng(1).uniform(0.1, 2.0, len(X)) if weighted else None
    chosen = {
        "early_stopping": True,
        "n_iter_no_change": 4,
        "max_iter": 400,
        "engine": engine,
        "batch_size": 90,
    }
    chosen |= {
        "hidden_layer_sizes": (12,),
        "random_state": 0,
        "learning_rate_init": 0.02,
        **options,
    }

    inside = kind(**chosen).fit(X, labels_of(q, y), weights)
    from_outside(monkeypatch)
    outside = kind(**chosen).fit(X, labels_of(q, y), weights)

    assert found(inside) == found(outside)
    assert 4 < inside.n_iter_ < 400
    assert len(set(inside.validation_scores_)) > 1


@pytest.mark.parametrize("engine", ENGINES)
def test_many_epochs_are_one_call(engine, monkeypatch):
    """A fit with early stopping calls the engine once, and predicts nothing for it."""
    X, q = table()
    calls: list[str] = []

    def counted(name: str) -> Any:
        called = getattr(ENGINES[engine], name)

        def call(*given: Any, **options: Any) -> Any:
            calls.append(name)
            return called(*given, **options)

        return call

    for name in ("run", "predict"):
        monkeypatch.setattr(ENGINES[engine], name, counted(name))

    fitted = MLPClassifier(early_stopping=True, random_state=0, engine=engine).fit(X, q > 0)

    assert fitted.n_iter_ > 10
    assert calls.count("run") == 1
    assert engine == "array" or calls == ["run"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_validation_cost_that_is_not_finite_ends_inside_as_outside(engine, monkeypatch):
    """After some good epochs: kept are the state at the beginning of that one, and the best before."""
    n, g = (1, 1), ("exponential",)
    parameters = initial_parameters(n, g, "course", 0, np.float32)
    net = Network(n, g, "squared_error", Parameters.of([0 * parameters.W[1]], parameters.b))
    data = Examples(np.ones((1, 8), np.float32), np.full((1, 8), 2.0, np.float32))
    held = Examples(np.full((1, 4), 400.0, np.float32), np.ones((1, 4), np.float32))
    chosen = Hyperparameters(
        optimizer="adam", learning_rate=0.004, l2=0.0, batch_size=4, epochs=40, engine=engine
    )

    def outcome() -> tuple[Any, ...]:
        with pytest.raises(DivergenceError, match="validation cost") as raised:
            train(net, data, chosen, held)
        ended = raised.value.outcome
        assert isinstance(ended, Outcome)
        parts = (*ended.state.parameters.arrays(), *ended.network.parameters.arrays())
        place = ended.state.step, ended.state.epoch, ended.state.batch
        history = ended.history
        costs = history.costs, history.validation_costs, list(history.iterations)
        return (*costs, history.best_epoch, history.stopped, place, [np.array(p) for p in parts])

    inside = outcome()
    monkeypatch.setattr(Loop, "_looks_inside", lambda _: False)
    outside = outcome()

    assert inside == outside
    assert len(inside[0]) > 2


def test_hooks_and_metrics_of_one_s_own_see_every_epoch():
    """Where somebody has to look from outside, the engine is left after each epoch."""
    X, q = table()
    n, g = (6, 8, 1), ("relu", "sigmoid")
    net = Network(n, g, "binary_cross_entropy", initial_parameters(n, g, seed=1))
    data = Examples(X.T, (q > 0)[None, :].astype(float))
    seen = []

    class Counted(Hook):
        def after_epoch(self, state, history):
            seen.append((state.epoch, len(history.epochs)))
            return len(seen) == 3

    outcome = train(net, data, Hyperparameters(hidden=(8,), epochs=9), data, hooks=[Counted()])

    assert seen == [(1, 1), (2, 2), (3, 3)]
    assert outcome.history.stopped == "hook"
