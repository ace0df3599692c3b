"""The main job from Python: parts, what is learned on which, and what is refused before training."""

from pathlib import Path

import numpy as np
import pytest

from ellnet import load
from ellnet.columns import Columns
from ellnet.encodings import NumberEncoding
from ellnet.errors import DataError, EllnetWarning, HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.models import Model
from ellnet.parts import Parts, part_rows, rows_of_part
from ellnet.targets import Target
from ellnet.workflow import Plan, evaluate_model, train_table

QUICK = Hyperparameters(hidden=(4,), epochs=3)


def table(rows: int = 100, classes: int = 2) -> Columns:
    """A table with a number, a category and a class."""
    random = np.random.default_rng(1)
    x = random.standard_normal(rows)
    return Columns.from_mapping(
        {
            "x": x,
            "c": [("u", "v")[i % 2] for i in range(rows)],
            "y": [f"k{i % classes}" for i in range(rows)],
        }
    )


def parts_of(columns: Columns, plan: Plan, chosen: Hyperparameters = QUICK) -> Parts:
    """Split a table."""
    return part_rows(columns, plan, chosen, Target.fit(columns[plan.target], plan.task))


def test_every_row_is_in_one_part() -> None:
    """Training, validation and test together are all rows, each once."""
    parts = parts_of(table(), Plan("y", test_size=0.25))

    rows = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(rows.tolist()) == list(range(100))
    assert len(parts.test) == 25


def test_parts_are_stratified() -> None:
    """Each class gives its share to each part."""
    columns = table(200, classes=4)
    parts = parts_of(columns, Plan("y", test_size=0.2), Hyperparameters(validation_fraction=0.1))

    for rows, expected in ((parts.test, 10), (parts.validation, 4)):
        labels, counts = np.unique(columns["y"].values[rows].astype(str), return_counts=True)
        assert labels.tolist() == ["k0", "k1", "k2", "k3"]
        assert counts.tolist() == [expected] * 4


def test_the_test_part_does_not_depend_on_how_it_is_trained() -> None:
    """Turning validation off changes the training part only."""
    held = parts_of(table(), Plan("y"))
    bare = parts_of(table(), Plan("y"), Hyperparameters(early_stopping=False))

    assert held.test.tolist() == bare.test.tolist()
    assert len(bare.validation) == 0


def test_few_rows_hold_none_out_for_validation() -> None:
    """A warning says so, and why."""
    with pytest.warns(EllnetWarning, match="no rows are held out .* only 12 rows to train on"):
        parts = parts_of(table(16), Plan("y", test_size=0.25))

    assert len(parts.validation) == 0


def test_rows_of_a_part_are_found_by_their_word() -> None:
    """Upper case and blanks do not matter; another word is refused with its row."""
    words = ["train", " TEST", "valid", "Training"]
    columns = Columns.from_mapping({"p": words})

    assert rows_of_part(columns, "p", "train").tolist() == [0, 3]
    assert rows_of_part(columns, "p", "test").tolist() == [1]
    assert rows_of_part(columns, "p", "validation").tolist() == [2]
    with pytest.raises(DataError, match=r"'p' must say .* got 'dev' in row 1"):
        rows_of_part(Columns.from_mapping({"p": ["test", "dev"]}), "p", "test")


def test_a_missing_word_in_the_split_column_is_refused() -> None:
    """None is no part."""
    with pytest.raises(DataError, match="got None in row 1"):
        rows_of_part(Columns.from_mapping({"p": ["test", None]}), "p", "test")


def test_scaling_and_categories_are_learned_on_the_training_part_only() -> None:
    """What stands in the test part alone leaves no trace in the model."""
    columns = Columns.from_mapping(
        {
            "x": [0.0, 2.0] * 20 + [1e6] * 10,
            "c": ["u", "v"] * 20 + ["w"] * 10,
            "y": [0.5, 1.5] * 20 + [99.0] * 10,
            "p": ["train"] * 40 + ["test"] * 10,
        }
    )

    with pytest.warns(EllnetWarning, match="'w'"):
        trained = train_table(columns, Plan("y", split_column="p"), QUICK)

    model = trained.model
    assert model.preprocessing.feature_names == ("x", "c=u", "c=v")
    encoding = model.preprocessing.encodings["x"]
    assert isinstance(encoding, NumberEncoding)
    assert encoding.standard is not None
    assert encoding.standard.mean == pytest.approx(1.0, abs=0.3)
    assert (model.target.mean, model.target.scale) == pytest.approx((1.0, 0.5), abs=0.2)
    assert trained.scored == "test"


def test_the_model_is_handed_over_before_it_is_scored(tmp_path: Path) -> None:
    """`begin` sees network and parts, `keep` the trained model, the result has the baselines too."""
    begun: list[tuple[tuple[int, ...], Parts]] = []
    kept: list[Model] = []

    def keep(model: Model) -> None:
        kept.append(model)
        model.save(tmp_path / "m")

    trained = train_table(
        table(), Plan("y"), QUICK, begin=lambda net, parts: begun.append((net.n, parts)), keep=keep
    )

    assert begun == [((3, 4, 1), trained.parts)]
    assert [dict(model.baselines) for model in kept] == [{}]
    assert set(trained.model.baselines) == {"prior", "linear"}
    assert load(tmp_path / "m").history == trained.model.history


def test_evaluating_the_held_out_rows_gives_the_scores_of_training() -> None:
    """Every figure of model and baselines."""
    columns = table()
    trained = train_table(columns, Plan("y"), QUICK)

    again = evaluate_model(trained.model, columns.take(trained.parts.test), "y")

    assert {name: scores.to_json() for name, scores in again.items()} == {
        name: scores.to_json() for name, scores in trained.scores.items()
    }


@pytest.mark.parametrize("rows", [0, 1])
def test_fewer_than_two_rows_are_refused(rows: int) -> None:
    """Nothing can be learned."""
    with pytest.raises(DataError, match="training needs at least 2"):
        train_table(table(rows), Plan("y"), QUICK)


def test_what_is_wrong_in_the_test_part_is_found_before_training() -> None:
    """No epoch is run for nothing."""
    columns = Columns.from_mapping(
        {"x": [1.0, 2.0] * 20 + [np.inf], "y": [0, 1] * 20 + [1], "p": ["train"] * 40 + ["test"]}
    )

    def begin(*_: object) -> None:
        pytest.fail("training began")

    with pytest.raises(DataError, match=r"'x' must hold finite numbers.* row 40"):
        train_table(columns, Plan("y", split_column="p"), QUICK, begin=begin)


def test_a_class_without_a_training_row_is_refused() -> None:
    """The sentence names class and row."""
    columns = Columns.from_mapping(
        {
            "x": np.arange(40.0),
            "y": ["a", "b"] * 19 + ["c", "c"],
            "p": ["train", "train"] * 19 + ["test", "validation"],
        }
    )

    with pytest.raises(DataError, match=r"none of 'c', which first stands in row 38"):
        train_table(columns, Plan("y", split_column="p"), QUICK)


def test_cost_and_task_have_to_go_together() -> None:
    """A regression has no probabilities."""
    chosen = Hyperparameters(cost="categorical_cross_entropy", hidden=(3,))

    with pytest.raises(
        HyperparameterError, match="is one of classes, and the task is a regression"
    ):
        train_table(
            Columns.from_mapping({"x": np.arange(30.0), "y": np.linspace(0, 1, 30)}),
            Plan("y"),
            chosen,
        )
