"""The ladder on tables whose answer is known, and that nothing is judged on what it was chosen by."""

import signal
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss

from ellnet.batches import Examples
from ellnet.columns import Column, Columns
from ellnet.datasets import load_dataset
from ellnet.errors import DataError, HyperparameterError
from ellnet.parts import Plan
from ellnet.search import Budget, Ladder, Rung
from ellnet.search import ladder as ladder_module
from ellnet.search.ladder_trial import judge
from ellnet.search.ladder_words import sentence
from ellnet.training import Hook
from ellnet.workflow import train_table
from tests.counts import count
from tests.search.climbing import Teacher, quick, rung, separable, told
from tests.search.searching import classes, numbers

PLAN = Plan("target")
ALL = Plan("target", test_size=0.0)


SHORT = quick(max_width=4, epochs=50)
"""A ladder of four rungs, for what has to be climbed several times."""

TRAININGS = count(2, 8)
"""Of each network that is tried on fresh rows."""


@pytest.fixture(scope="module")
def moons() -> Any:
    """A ladder on the moons, climbed once."""
    return quick().climb(load_dataset("moons"), PLAN)


def test_on_a_separable_set_logistic_regression_is_enough():
    """And the sentence says: use that."""
    climbed = quick(max_width=8).climb(separable(), PLAN)

    assert climbed.recommended.hidden == ()
    assert climbed.recommended.values.mean() > 0.98
    assert sentence(climbed).startswith("use logistic regression (L = 1, 4 parameters): ")


def test_on_a_straight_line_linear_regression_is_enough():
    """Noise is not learned by any width."""
    random = np.random.default_rng(0)
    X = random.standard_normal((200, 2))
    y = 3 + X @ [2.0, -1.0] + 0.5 * random.standard_normal(200)
    table = Columns.from_mapping(
        {"a": X[:, 0].tolist(), "b": X[:, 1].tolist(), "target": y.tolist()}
    )

    climbed = quick().climb(table, PLAN)

    assert climbed.recommended.hidden == ()
    assert sentence(climbed).startswith("use linear regression (L = 1, 3 parameters): ")


def test_the_moons_need_a_hidden_layer(moons):
    """The linear model is worse by far more than chance."""
    linear = moons.rungs[0]

    assert moons.recommended.L >= 2
    assert moons.test.compare(linear, moons.recommended).p < 0.01
    assert moons.recommended.values.mean() > linear.values.mean() + 0.05


@pytest.mark.parametrize("name", ["xor", "circles"])
def test_xor_and_circles_need_a_hidden_layer(name):
    """Two units gain nothing certain there; the ladder looks further."""
    climbed = quick(max_layers=2).climb(load_dataset(name), PLAN)

    assert climbed.recommended.L == 2
    assert climbed.recommended.values.mean() > 0.95
    assert climbed.rungs[0].values.mean() < 0.6


@pytest.mark.parametrize("seed", range(count(2, 20)))
def test_a_teacher_of_depth_3_is_never_answered_with_a_worse_network(seed):
    """On fresh rows the recommended network is not worse than the best by more than a standard error.

    Each is trained several times, so that the luck of one training is not taken for the network's.
    """
    teacher = Teacher(seed)
    table, fresh = teacher.table(400), teacher.table(10_000)
    ladder = quick(seed=seed, folds=10, repeats=2, starts=3, max_width=32)
    climbed = ladder.climb(table, ALL)
    error = climbed.test.error_of(climbed.test.losses(climbed.best))

    costs = {
        rung: np.mean(
            [fresh_cost(replace(ladder, seed=s), rung, table, fresh) for s in range(TRAININGS)]
        )
        for rung in {climbed.recommended, climbed.best}
    }

    assert climbed.rungs[0] is not climbed.recommended
    assert costs[climbed.recommended] - costs[climbed.best] <= error


def fresh_cost(ladder: Ladder, rung: Rung, table: Columns, fresh: Columns) -> float:
    """The squared error of a refit on rows that it never saw, half of it, in the target's deviations."""
    model = ladder.refit(table, ALL, rung).model
    errors = model.predict(fresh.drop(["target"])) - np.asarray(fresh["target"].values, float)
    return float(np.mean((errors / model.target.scale) ** 2) / 2)


def test_the_same_rungs_for_any_number_of_workers():
    """To the bit, with all that was chosen on the way."""
    table = load_dataset("moons:m=150")
    one, two, three = (SHORT.climb(table, PLAN, Budget(workers=w)) for w in (1, 2, 3))

    assert told(one.rungs) == told(two.rungs) == told(three.rungs)
    assert one.recommended.hidden == two.recommended.hidden == three.recommended.hidden


def test_another_seed_is_another_ladder(moons):
    """Other folds, other weights."""
    other = quick(seed=1, max_layers=1).climb(load_dataset("moons"), PLAN)

    assert told(other.rungs)[0] != told(moons.rungs)[0]


def test_a_ladder_that_was_broken_off_goes_on_as_it_would_have():
    """Ctrl-C keeps the rungs that were done; those are not trained again."""
    ladder, table = SHORT, load_dataset("moons:m=150")
    ground, kept = ladder.ground(table, PLAN), []

    def ended(rung: Any) -> None:
        kept.append(rung)
        if len(kept) == 2:
            raise KeyboardInterrupt

    broken = ladder.climb_on(ground, ended=ended)
    again: list[Any] = []
    whole = ladder.climb_on(ground, known=broken.rungs, ended=again.append)

    assert (broken.ended, len(broken.rungs)) == ("interrupted", 2)
    assert broken.rungs == whole.rungs[:2]
    assert len(again) == len(whole.rungs) - 2
    assert told(whole.rungs) == told(ladder.climb_on(ground).rungs)


def test_seconds_end_it_after_the_rung_under_way():
    """The first is always there."""
    climbed = quick().climb(load_dataset("moons"), PLAN, Budget(seconds=1e-9))

    assert (climbed.ended, [rung.hidden for rung in climbed.rungs]) == ("seconds", [()])


@pytest.mark.parametrize(
    "options", [{}, {"groups": "group"}, {"time": "when"}, {"repeats": 3}], ids=str
)
def test_rows_to_stop_by_are_none_of_those_judged_on(options):
    """Each training row is either learned from or stopped by; groups stay whole, and time goes on."""
    table = classes(200)
    rows = np.arange(200.0)
    more = [Column("row", "number", rows), Column("kind", "number", rows % 20)]
    numbered = Columns.of([*table.columns.values(), *more], table.source)
    ladder = quick(folds=4, **options)
    ground = ladder.ground(numbered, Plan("y"))

    assert len(ground.stages) == 4 * int(options.get("repeats", 1))
    for stage in ground.stages:
        learned, stopping = stage.apart()
        examples = (learned, stopping, stage.fold.validation)
        parts = [part.X[-2] for part in examples]
        assert len(np.unique(np.concatenate(parts))) == sum(map(len, parts)) <= ground.rows
        if "time" in options:
            assert parts[0].max() < parts[1].min() < parts[1].max() < parts[2].min()
        if "groups" in options:
            kinds = [set(part.X[-1].tolist()) for part in examples]
            assert sum(map(len, kinds)) == len(set().union(*kinds))


@pytest.mark.parametrize("options", [{"groups": "group"}, {"time": "when"}], ids=str)
def test_groups_and_times_are_climbed_and_refitted(options):
    """The column that decides is no input, and the refit keeps to it as the folds do."""
    table, ladder = classes(200), replace(SHORT, **options)
    climbed = ladder.climb(table, Plan("y"))
    trained = ladder.refit(table, Plan("y"), climbed.rungs[-1])

    (name,) = options.values()
    values = np.array(table[name].values)
    train, held, test = (
        values[p] for p in (trained.parts.train, trained.parts.validation, trained.parts.test)
    )
    assert name not in trained.model.preprocessing.column_names
    if name == "when":
        assert train.max() < held.min() < held.max() < test.min()
    else:
        assert not (set(train) & set(held))
        assert not (set(train) & set(test))
        assert not (set(held) & set(test))


def test_nothing_is_chosen_by_what_it_is_judged_on():
    """With other targets on the judged rows all that was chosen is the same, and the cost is not."""
    ladder = quick()
    ground = ladder.ground(load_dataset("moons"), PLAN)
    stage = ground.stages[0]
    held = stage.fold.validation
    other = replace(stage, fold=replace(stage.fold, validation=Examples(held.X, 1 - held.Y)))

    for hidden in ((), (8,)):
        chosen = replace(ladder.base, hidden=hidden)
        a, b = (judge(s, chosen, 2, ground.measure, lambda *_: False) for s in (stage, other))
        assert (a.chosen, a.epochs) == (b.chosen, b.epochs)
        assert b.cost > a.cost + 0.5


def test_test_rows_are_seen_by_no_rung():
    """With other targets there every rung comes to the same bits."""
    table, ladder = numbers(150), SHORT
    ground = ladder.ground(table, Plan("y"))
    y = np.array(table["y"].values)
    kept = {float(v) for s in ground.stages for v in s.fold.target.decode(s.fold.learned.Y)}
    test = np.array([not any(np.isclose(v, k) for k in kept) for v in y])
    other = Columns.of(
        [*table.drop(["y"]).columns.values(), Column("y", "number", np.where(test, -1e3, y))], "t"
    )

    assert test.sum() == ground.test_rows == 30
    assert told(ladder.climb(table, Plan("y")).rungs) == told(ladder.climb(other, Plan("y")).rungs)


@pytest.mark.parametrize("name", ["moons", "diabetes"])
def test_the_linear_rung_is_as_good_as_scikit_learns(name):
    """It is fitted to its optimum: on the judged rows no worse than scikit-learn's own."""
    ladder = quick(max_layers=1)
    climbed = ladder.climb(load_dataset(name), PLAN)

    theirs = []
    for stage in climbed.ground.stages:
        learned, held = stage.fold.learned, stage.fold.validation
        X, Y = np.asarray(learned.X).T, np.asarray(learned.Y)[0]
        if name == "moons":
            fitted = LogisticRegression().fit(X, Y)
            theirs.append(log_loss(np.asarray(held.Y)[0], fitted.predict_proba(held.X.T)))
        else:
            errors = LinearRegression().fit(X, Y).predict(held.X.T) - np.asarray(held.Y)[0]
            theirs.append(np.mean(errors**2) / 2)

    assert np.mean(climbed.rungs[0].costs) < 1.02 * np.mean(theirs)


def test_the_refit_takes_all_rows_but_the_tests(moons):
    """A network stops by some of them; the linear model, which needs none, learns from all."""
    table, ladder = load_dataset("moons"), quick()
    network = ladder.refit(table, PLAN, moons.recommended)
    linear = ladder.refit(table, PLAN, moons.rungs[0])

    sizes = [len(p) for p in (network.parts.train, network.parts.validation, network.parts.test)]
    assert sizes == [256, 64, 80]
    assert [len(p) for p in (linear.parts.train, linear.parts.test)] == [320, 80]
    assert network.model.network.n[1:-1] == moons.recommended.hidden
    assert network.scored == "test"
    assert network.scores["model"].cost < linear.scores["model"].cost


@pytest.mark.parametrize("pressed_in", [1, 2])
def test_ctrl_c_in_the_last_step_of_a_start_begins_no_other(pressed_in, monkeypatch):
    """It comes too late to end that start, and ends the refit; in the last start all is done."""
    table, ladder = load_dataset("xor:m=60"), quick(epochs=1, starts=2)
    monkeypatch.setattr(ladder_module, "MORE_STARTS", 1)
    starts = 0

    class Press(Hook):
        def after_epoch(self, state, history):
            del state, history
            signal.raise_signal(signal.SIGINT)
            return False

    def counted(*given, hooks):
        nonlocal starts
        starts += 1
        return train_table(*given, hooks=[*hooks, *([Press()] if starts == pressed_in else [])])

    monkeypatch.setattr(ladder_module, "train_table", counted)
    two = rung((2,), 9, (0.5, 0.5))

    if pressed_in == 1:
        with pytest.raises(KeyboardInterrupt):
            ladder.refit(table, PLAN, two)
    else:
        assert ladder.refit(table, PLAN, two).model.history.stopped == "epochs"

    assert starts == pressed_in


def test_more_rows_than_allowed_are_sampled_and_the_refit_takes_all():
    """Classes in proportion; the test rows are those of the whole table."""
    table, ladder = load_dataset("xor:m=1000"), quick(rows=200, max_layers=1)
    ground = ladder.ground(table, PLAN)
    rung = ladder.climb_on(ground).rungs[0]

    assert (ground.rows, ground.all_rows, ground.test_rows) == (200, 800, 200)
    assert len(ladder.refit(table, PLAN, rung).parts.train) == 800


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"folds": 1}, "folds must be at least 2, got 1"),
        ({"starts": 0}, "starts must be at least 1, got 0"),
        ({"repeats": 0}, "repeats must be at least 1, got 0"),
        ({"time": "when", "repeats": 2}, "repeats must be 1 with folds in time"),
        ({"groups": "a", "time": "b"}, "groups and time cannot both decide"),
        ({"max_layers": 0}, "max_layers must be at least 1, got 0"),
        ({"max_width": 1}, "max_width must be at least 2, got 1"),
        ({"level": 1.0}, "level must be between 0 and 1, got 1"),
        ({"rows": 10}, "rows must be at least 100, got 10"),
        ({"activation": "rleu"}, "activation must be one of"),
    ],
)
def test_what_cannot_be_is_refused(options, said):
    """What rule, and what came."""
    with pytest.raises(HyperparameterError, match=said):
        Ladder(**options)


def test_small_tables_are_cut_twice_by_themselves():
    """Larger ones once, and so where a time decides or it is said."""
    cuts = [
        ladder.evaluation(table).repeats
        for ladder in (Ladder(), Ladder(repeats=3), Ladder(time="x1"))
        for table in (load_dataset("xor:m=100"), load_dataset("xor:m=5000"))
    ]

    assert cuts == [2, 1, 3, 3, 1, 1]


def test_too_few_rows_for_the_folds_are_refused():
    """By their number, before anything is trained."""
    with pytest.raises(DataError, match="has 32 rows to cut into folds, too few for 50"):
        Ladder(folds=50, repeats=1).ground(load_dataset("xor:m=40"), PLAN)
