"""Curves that survive, verdicts, pruners and metrics, each against a calculation by hand."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer, get_scorer_names, roc_auc_score

from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.errors import CorruptFileError, DataError, HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.parts import Plan
from ellnet.search import Budget, Evaluation, Found
from ellnet.search.curves import CurveStore
from ellnet.search.importance import importance_of
from ellnet.search.ledgers import MemoryLedger
from ellnet.search.material import prepare
from ellnet.search.measures import Resamples, measure_of
from ellnet.search.pruners import Asha, Hyperband, Median
from ellnet.search.queue import Queue
from ellnet.search.results import LOOKBACK, seen_by
from ellnet.search.samplers import SAMPLERS
from ellnet.search.space import Space
from ellnet.search.verdict import as_good, ranked
from ellnet.targets import Target
from tests.search.searching import EVALUATIONS, PLAN, classes, numbers, result, searched, told

BINARY, NUMBER = Target("y", "binary", ("no", "yes")), Target("y", "regression", (), 5.0, 2.0)


def test_curves_come_back_as_they_went(tmp_path: Path):
    """Every number, NaN and infinity too; a record that was cut off is taken away, and only that."""
    store, path = CurveStore(tmp_path / "c"), tmp_path / "c"
    kept = result(0, [1.0, 0.5], chosen={"hidden": (4, 2)}, replicates=np.array([0.1, np.nan]))
    store.append(kept)
    first = path.stat().st_size
    store.append(result(1, [2.0, math.inf], state="diverged", value=math.nan, trouble="oh"))
    whole = path.read_bytes()

    for end in range(first, len(whole)):
        path.write_bytes(whole[:end])
        assert len(store.read()) == 1
        store.repair()
        assert path.read_bytes() == whole[:first]
    path.write_bytes(whole)
    store.repair()
    one, two = store.read()
    assert one.chosen == {"hidden": (4, 2)}
    assert one.curves == kept.curves
    assert one.replicates.tobytes() == kept.replicates.tobytes()
    assert (two.state, two.trouble, math.isnan(two.value)) == ("diverged", "oh", True)
    assert two.curves[0].validation == [2.0, math.inf]


def test_an_altered_curve_is_refused(tmp_path: Path):
    """A digest of each record tells."""
    store, path = CurveStore(tmp_path / "c"), tmp_path / "c"
    store.append(result(0, [1.0]))
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(bytes(data))

    with pytest.raises(CorruptFileError, match="damaged at byte 0"):
        store.read()


def test_a_trial_sees_those_that_are_far_enough_before_it():
    """All of them, or it has to wait."""
    results = {k: result(k, [1.0]) for k in range(5)}

    assert seen_by(LOOKBACK - 1, {}) == []
    assert [r.number for r in seen_by(LOOKBACK + 4, results) or []] == [0, 1, 2, 3, 4]
    assert seen_by(LOOKBACK + 5, results) is None


def test_the_median_ends_what_is_worse_than_half():
    """Of five or more that got there, by their lowest cost so far."""
    pruner = Median(20)
    seen = [result(k, [1.0, 0.1 * k]) for k in range(5)]

    assert pruner.rungs(9)[:3] == (2, 4, 6)
    assert pruner.poor(9, 2, 0.21, seen)
    assert not pruner.poor(9, 2, 0.19, seen)
    assert not pruner.poor(9, 2, 9.0, seen[:4])


def test_asha_lets_the_best_third_go_on():
    """The rungs are powers of three; a trial that ended by itself counts where it ended."""
    pruner = Asha(27)
    seen = [result(k, [0.1 * (k + 1)]) for k in range(5)]

    assert pruner.rungs(0) == (1, 3, 9)
    assert not pruner.poor(9, 1, 0.15, seen)
    assert pruner.poor(9, 1, 0.25, seen)
    assert pruner.poor(9, 9, 0.25, seen)
    ended = [result(k, [0.1], state="pruned") for k in range(5)]
    assert not pruner.poor(9, 9, 0.25, ended)


def test_hyperband_compares_within_a_bracket_and_visits_all():
    """More trials in the brackets that prune early."""
    pruner = Hyperband(27)
    brackets = [pruner.bracket(k) for k in range(200)]
    counts = [brackets.count(k) for k in range(3)]
    mine = pruner.bracket(9)
    others = [k for k in range(60) if pruner.bracket(k) != mine]

    assert counts == sorted(counts, reverse=True)
    assert min(counts) > 10
    rung = pruner.rungs(9)[0]
    assert not pruner.poor(9, rung, 9.0, [result(k, [0.1] * 27) for k in others])


def test_the_best_is_the_lowest_and_near_ones_are_as_good():
    """A difference counts where it is larger than 1.645 of its own standard errors."""
    noise = np.random.default_rng(0).standard_normal(2000) * 0.1
    best = result(0, [1.0], replicates=1.0 + noise)
    same = result(1, [1.05], replicates=1.05 + noise + 0.04 * np.sign(noise))
    worse = result(2, [1.05], replicates=1.05 + noise + 1e-9 * np.sign(noise))
    cost = measure_of("cost", BINARY)

    assert [r.number for r in ranked([worse, same, best], cost)] == [0, 1, 2]
    assert as_good(best, best)
    assert as_good(best, same)
    assert not as_good(best, worse)
    assert best.error == pytest.approx(0.1, rel=0.05)


def test_of_equal_scores_the_lower_cost_is_better():
    """As a metric that counts rows often gives."""
    accuracy = measure_of("accuracy", BINARY)
    trials = [result(0, [0.9], value=0.5), result(1, [0.8], value=0.5), result(2, [1], value=0.4)]

    assert [r.number for r in ranked(trials, accuracy)] == [1, 0, 2]


def test_the_replicates_of_a_mean_have_its_standard_error():
    """The bootstrap's is that of the textbook, s / sqrt(m)."""
    terms = np.random.default_rng(0).standard_normal(400)
    means = Resamples.of(400, 0, 0).means(terms)

    assert np.std(means) == pytest.approx(np.std(terms) / 20, rel=0.15)
    assert np.mean(means) == pytest.approx(np.mean(terms), abs=0.01)


def net_and_examples(target: Target) -> tuple[Network, Examples]:
    """A network that was never trained, and fifty examples."""
    random, n = np.random.default_rng(0), (3, 4, 1)
    classes = target.task == "binary"
    g = ("tanh", "sigmoid" if classes else "identity")
    cost = "binary_cross_entropy" if classes else "squared_error"
    net = Network(n, g, cost, initial_parameters(n, g, seed=0))
    X = random.standard_normal((3, 50)).astype(np.float32)
    Y = (X[:1] > 0) if classes else X[:1]
    return net, Examples(X, np.asarray(Y, np.float32))


@pytest.mark.parametrize("name", ["cost", "accuracy", "roc_auc", "neg_log_loss", "f1"])
def test_a_metric_of_classes_is_scikit_learns(name):
    """Its value on the whole, and the mean of its replicates near it."""
    net, examples = net_and_examples(BINARY)
    measure, A = measure_of(name, BINARY), engine().predict(net, examples.X)
    lowest = engine().cost(net, examples)
    value, replicates = measure.of(net, examples, BINARY, lowest, Resamples.of(50, 0, 0))

    p, y = A[0].astype(float), examples.Y[0]
    expected = {
        "cost": lowest,
        "accuracy": np.mean((p > 0.5) == y),
        "roc_auc": roc_auc_score(y, p),
        "neg_log_loss": -lowest,
        "f1": 2 * np.sum((p > 0.5) * y) / (np.sum(p > 0.5) + np.sum(y)),
    }[name]
    assert value == pytest.approx(expected, rel=1e-5)
    assert np.nanmean(replicates) == pytest.approx(value, abs=0.05)
    assert measure.greater == (name != "cost")


@pytest.mark.parametrize("name", ["rmse", "mae", "r2"])
def test_a_metric_of_numbers_is_in_the_targets_own_units(name):
    """The scale of the target counts."""
    net, examples = net_and_examples(NUMBER)
    difference = 2.0 * (engine().predict(net, examples.X)[0] - examples.Y[0]).astype(float)
    y = 5.0 + 2.0 * examples.Y[0]
    value, _ = measure_of(name, NUMBER).of(net, examples, NUMBER, 0.0, Resamples.of(50, 0, 0))

    expected = {
        "rmse": np.sqrt(np.mean(difference**2)),
        "mae": np.mean(np.abs(difference)),
        "r2": 1 - np.sum(difference**2) / np.sum((y - y.mean()) ** 2),
    }[name]
    assert value == pytest.approx(expected, rel=1e-5)


MULTICLASS = Target("y", "multiclass", ("a", "b", "c"))


@pytest.mark.parametrize(
    ("name", "target", "sentence"),
    [
        ("roc_aoc", BINARY, "there is no metric 'roc_aoc'; did you mean 'roc_auc'?"),
        ("RMSE", NUMBER, "there is no metric 'RMSE'; did you mean 'rmse'?"),
        ("Accuracy", BINARY, "there is no metric 'Accuracy'; did you mean 'accuracy'?"),
        *(
            (
                name,
                target,
                f"metric {name.lower()} is of regressions, and the task is {target.task}",
            )
            for target in (BINARY, MULTICLASS)
            for name in ("rmse", "RMSE", "mae", "r2", "neg_mean_squared_error", "neg_max_error")
        ),
        ("rmse", BINARY, "; say accuracy or cost"),
        *(
            (
                name,
                NUMBER,
                f"metric {name} is of classes, and the task is regression; say rmse or cost",
            )
            for name in ("accuracy", "f1", "roc_auc", "neg_log_loss", "rand_score")
        ),
        ("roc_auc", MULTICLASS, "does not go with the task multiclass; say roc_auc_ovo, "),
        ("f1", MULTICLASS, "say f1_macro, f1_micro or f1_weighted"),
        ("f1_samples", BINARY, "metric f1_samples does not go with the task binary; say f1"),
        ("positive_likelihood_ratio", MULTICLASS, "task multiclass; say accuracy or cost"),
    ],
)
def test_a_metric_that_is_not_there_or_not_for_the_task_is_refused(name, target, sentence):
    """The nearest is named, whatever its case, or one that goes with the task."""
    with pytest.raises(HyperparameterError, match=re.escape(sentence)):
        measure_of(name, target)


def test_every_scorer_is_of_numbers_or_of_classes_as_its_module_has_it():
    """Those of scikit-learn's regression metrics go with regressions, all others with classes alone."""
    for name in get_scorer_names():
        of_numbers = get_scorer(name)._score_func.__module__ == "sklearn.metrics._regression"
        going = [target.task for target in (NUMBER, BINARY, MULTICLASS) if _goes(name, target)]

        assert (going == ["regression"]) == of_numbers, name
        assert going or name.endswith("_samples"), name


def _goes(name: str, target: Target) -> bool:
    try:
        measure_of(name, target)
    except HyperparameterError:
        return False
    return True


def test_what_scikit_learn_refuses_of_the_rows_comes_with_another_metric():
    """A deviance of numbers below 0 is known only as the rows are there."""
    around_zero = Target("y", "regression", (), 0.0, 2.0)
    measure, (net, examples) = (
        measure_of("neg_mean_gamma_deviance", around_zero),
        net_and_examples(NUMBER),
    )

    sentence = r"metric neg_mean_gamma_deviance cannot be had of these rows: .*; say rmse or cost"
    with pytest.raises(HyperparameterError, match=sentence):
        measure.of(net, examples, around_zero, 0.0, Resamples.none(50))


@pytest.mark.parametrize("name", EVALUATIONS)
def test_every_way_to_compare_keeps_its_promise(name):
    """No row in two parts; groups whole; what is compared on, and the test, later; then a search runs."""
    table, evaluation = classes(), EVALUATIONS[name]
    material = prepare(table, PLAN, evaluation, Hyperparameters())
    test = set(material.division.test.tolist())

    assert 0.1 * table.m < len(test) < 0.3 * table.m
    for train, held in material.division.folds:
        parts = [set(train.tolist()), set(held.tolist()), test]
        assert sum(map(len, parts)) == len(set.union(*parts))
        if evaluation.groups:
            groups = [{row % 20 for row in part} for part in parts]
            assert sum(map(len, groups)) == len(set.union(*groups))
        if evaluation.time:
            assert max(parts[0]) < min(parts[1])
            assert max(parts[1]) < min(test)
    inputs = 4 - len(evaluation.columns)
    search = searched({"hidden": "3|4", "epochs": 3}, evaluation=evaluation)
    found = search.run(table, PLAN, Budget(2))
    assert all(len(r.curves) == max(1, evaluation.folds) for r in found.results.values())
    assert len(table.names) - 1 - len(evaluation.columns) == inputs


def test_the_winner_is_refitted_as_it_was():
    """With rows held out once it is the very network: the same costs on the same rows."""
    search, table = searched(), classes()
    found = search.run(table, PLAN, Budget(4))
    best = found.best

    trained = search.refit(table, PLAN, best)

    assert trained.model.history.validation_costs == list(best.curves[0].validation)
    assert trained.scored == "test"
    assert trained.parts.test.tolist() == search.material(table, PLAN).division.test.tolist()
    folded = searched(evaluation=Evaluation(folds=3))
    again = folded.refit(table, PLAN, best)
    assert len(again.parts.train) + len(again.parts.validation) + len(again.parts.test) == table.m


def test_numbers_are_searched_too():
    """A regression with folds, by the root of the mean squared error in the target's units."""
    search = searched(metric="rmse", evaluation=Evaluation(folds=3))
    found = search.run(numbers(), PLAN, Budget(4))

    assert 0.5 < found.best.value < 15
    assert found.best.error > 0
    assert found.best in found.as_good


def test_a_rate_that_explodes_is_told_and_never_wins():
    """Its curve is kept, and the others are compared."""
    space = {"learning_rate": [0.01, 1e30], "hidden": "4", "epochs": 4, "optimizer": "momentum"}
    search = searched({**space, "activation": "relu", "momentum": 0.9}, sampler="grid")
    found = search.run(numbers(), PLAN, Budget(2))

    assert [found.results[k].state for k in (0, 1)] == ["complete", "diverged"]
    assert "infinite or not a number" in found.results[1].trouble
    assert found.best.number == 0


def test_importance_names_what_matters():
    """Of two that vary one decides the value; of a third that never varied nothing is said."""
    space = Space.read({"learning_rate": "0.1:1", "dropout": "0:0.5", "l2": "0.1:1"})
    random = np.random.default_rng(0)
    trials = {}
    for k in range(30):
        rate, drop = random.uniform(0.1, 1), random.uniform(0, 0.5)
        chosen = {"learning_rate": rate, "dropout": drop, "l2": 0.5}
        trials[k] = result(k, [rate**2], chosen=chosen)

    shares = importance_of(Found(trials, measure_of("cost", BINARY)), space)

    assert shares["learning_rate"] > 0.8
    assert importance_of(Found({}, measure_of("cost", BINARY)), space) == {}


def test_a_finite_space_is_gone_through_and_nothing_is_tried_twice():
    """Each configuration once, however many trials were asked for; TPE cannot know those under way."""
    space = {"hidden": "2|3|4", "activation": "relu,tanh", "shuffle": "on,off", "epochs": 1}
    for sampler in ("grid", "random", "tpe"):
        found = searched(space, sampler=sampler).run(classes(), PLAN, Budget(50))
        chosen = {tuple(r.chosen.items()) for r in found.results.values()}
        assert len(found.results) == len(chosen) == 12
    few = {"hidden": "2|3|4|5|6|7", "activation": "relu,tanh", "l2": "0,1,2,3", "epochs": 1}
    found = searched(few, sampler="tpe").run(classes(), PLAN, Budget(60))
    tried = [tuple(r.chosen.items()) for _, r in sorted(found.results.items())]
    assert len(tried) == 48
    assert len(set(tried)) >= 36


@pytest.mark.parametrize(("sampler", "total"), [("grid", 125), ("random", 60), ("tpe", 60)])
def test_where_nothing_is_said_a_grid_is_tried_whole(sampler: str, total: int):
    """Of anything else sixty trials are run."""
    search = searched(
        {"learning_rate": "0.1:1", "l2": "0.1:1", "dropout": "0:0.5"}, sampler=sampler
    )
    kind = SAMPLERS[sampler](search.known_space, 0, "minimize")

    queue = Queue(kind, MemoryLedger(), Budget(), looks_back=False)

    assert queue.status().total == search.usual_trials == total


def test_why_there_is_no_best_trial_is_told():
    """No trial, refused ones, and those that diverged."""
    measure = measure_of("cost", BINARY)
    trouble = {
        "state": "refused",
        "value": math.nan,
        "trouble": "optimizer lbfgs needs this and that",
    }

    with pytest.raises(DataError, match="no trial has ended: the seconds were used up"):
        _ = Found({}, measure).best
    with pytest.raises(
        DataError, match="none of 1 trials was completed, 1 were refused: optimizer lb"
    ):
        _ = Found({0: result(0, [1.0], **trouble)}, measure).best
    with pytest.raises(DataError, match="none of 1 trials was completed; a smaller learning_rate"):
        _ = Found({0: result(0, [1.0], state="diverged", value=math.nan)}, measure).best


def test_a_budget_of_seconds_begins_no_trial_after_them():
    """What was done stands, and the forecast is of what is left."""
    told_of = []
    found = searched().run(
        classes(), PLAN, Budget(500, seconds=0.3), ended=lambda _, status: told_of.append(status)
    )

    assert 0 < len(found.results) < 500
    assert told_of[-1].left is not None
    assert told_of[-1].left <= 0.3


def test_a_search_finds_what_a_linear_model_cannot():
    """An end-to-end oracle: the product of two inputs decides the class."""
    table, plan = classes(400), Plan("y")
    search = searched({"hidden": "16|32,16", "learning_rate": "1e-3:1e-1:log", "epochs": 60})
    found = search.run(table, plan, Budget(10))
    trained = search.refit(table, plan, found.best)
    X = np.column_stack([table["a"].values, table["b"].values])
    y = table["y"].values
    linear = LogisticRegression().fit(X, y).score(X, y)

    assert trained.scores["model"].values["accuracy"] > linear + 0.1
    assert told(found)
