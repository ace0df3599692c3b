"""`ellnet train`: what is in the run folder, and that every option does what it says."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from ellnet.equations.costs import COSTS
from ellnet.models import Model, load
from tests.cli.command_line import Ell, finished, mixed_table, points, program, refused

FILES = [
    *("command.txt", "cost.png", "metrics.jsonl", "model.safetensors", "report.json", "run.json"),
]


@pytest.fixture
def tables(ell: Ell) -> Ell:
    """Write the tables `mixed.csv` and `points.csv` into the folder."""
    Path("mixed.csv").write_text(mixed_table())
    Path("points.csv").write_text(points())
    return ell


def parameters(run: str | Path) -> list[bytes]:
    """Return the bits of every parameter of a run's model."""
    arrays = load(Path(run) / "model.safetensors").network.parameters.arrays()
    return [array.tobytes() for array in arrays]


def metrics(run: str) -> list[dict[str, float]]:
    """Return the lines of a run's metrics."""
    return [json.loads(line) for line in Path(run, "metrics.jsonl").read_text().splitlines()]


def test_a_run_folder_holds_model_metrics_report_picture_and_command(tables: Ell) -> None:
    """Everything that is told on the terminal is there, and agrees."""
    words = ("train", "mixed.csv", "--target", "y", "--epochs", "4", "--validation-fraction", "0.1")

    ran = tables(*words)

    folder = Path("runs/mixed-1")
    report = json.loads((folder / "report.json").read_text())
    assert ran.code == 0
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert (folder / "command.txt").read_text() == (
        "ellnet train mixed.csv --target y --epochs 4 --validation-fraction 0.1\n"
    )
    assert [line["epoch"] for line in metrics("runs/mixed-1")] == [1, 2, 3, 4]
    assert report["epochs"] == 4
    assert report["rows"] == {"train": 43, "validation": 5, "test": 12}
    assert report["scored_on"] == "test"
    assert set(report["scores"]) == {"model", "prior", "linear"}
    assert load(folder / "model.safetensors").history.costs == [
        line["cost"] for line in metrics("runs/mixed-1")
    ]
    assert f"{report['scores']['model']['accuracy']:.4f}" in ran.out
    assert "saved in runs/mixed-1: model.safetensors, metrics.jsonl" in ran.out
    assert (folder / "cost.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_in_the_folder_gives_the_same_bits_again(tables: Ell) -> None:
    """The exact command replays to the same parameters in a new folder."""
    name = "my table.csv"
    Path("mixed.csv").rename(name)
    tables("train", name, "--target", "y", "--epochs", "3", "--seed", "5")
    command = shlex.split(Path("runs/my table-1/command.txt").read_text())

    again = finished(program(*command[1:], cwd=Path.cwd()))

    assert again.code == 0, again
    assert parameters("runs/my table-1") == parameters("runs/my table-2")
    assert Path("runs/my table-2/command.txt").read_text() == (
        Path("runs/my table-1/command.txt").read_text()
    )


def test_another_seed_gives_another_split_and_other_weights(tables: Ell) -> None:
    """The seed is in everything that is drawn."""
    for seed in (0, 1):
        words = ("--target", "y", "--epochs", "1", "--seed", seed, "--out", f"run{seed}")
        tables("train", "points.csv", *words)

    assert parameters("run0") != parameters("run1")
    assert metrics("run0")[0]["cost"] != metrics("run1")[0]["cost"]


def test_json_stands_alone_on_stdout(tables: Ell) -> None:
    """The report and the folder; words for people go to stderr."""
    ran = tables("train", "points.csv", "--target", "y", "--epochs", "2", "--json")

    assert ran.json == {
        "run": "runs/points-1",
        **json.loads(Path("runs/points-1/report.json").read_text()),
    }
    assert ran.json["scores"]["model"]["rmse"] > 0
    assert "saved in runs/points-1" in ran.err


def test_a_config_file_equals_the_options_and_options_win(tables: Ell) -> None:
    """Lines of a TOML file, dashes or not, do what the options of their names do."""
    Path("c.toml").write_text(
        'target = "y"\nhidden = [4, 3]\nactivation = ["tanh", "relu"]\nlearning-rate = 0.01\n'
        'l2 = 0.5\nbatch_size = 8\nepochs = 3\nseed = 9\ntest_size = 0.3\nignore = ["x1"]\n'
        'early_stopping = false\nout = "by-file"\n'
    )
    options = ["--target", "y", "--hidden", "4,3", "--activation", "tanh,relu", "--learning-rate"]
    options += ["0.01", "--l2", "0.5", "--batch-size", "8", "--epochs", "3", "--seed", "9"]
    options += ["--test-size", "0.3", "--ignore", "x1", "--no-early-stopping"]

    codes = [
        tables("train", "points.csv", "--config", "c.toml").code,
        tables("train", "points.csv", *options, "--out", "by-options").code,
        tables("train", "points.csv", "--config", "c.toml", "--seed", "8", "--out", "won").code,
    ]

    assert codes == [0, 0, 0]
    assert parameters("by-file") == parameters("by-options")
    assert parameters("won") != parameters("by-file")
    chosen = [load(f"{run}/model.safetensors").hyperparameters for run in ("by-file", "won")]
    assert (chosen[0].seed, chosen[1].seed) == (9, 8)
    assert chosen[0].hidden == chosen[1].hidden == (4, 3)


def test_a_config_file_may_say_what_an_option_would(tables: Ell) -> None:
    """The words of the command line, as strings, are understood in the file too."""
    Path("c.toml").write_text(
        'hidden = "none"\nbatch_size = "full"\nvalidation_fraction = "auto"\nepochs = 1\n'
    )

    ran = tables("train", "points.csv", "--target", "y", "--config", "c.toml", "--json")

    assert ran.json["n"] == [3, 1]
    assert ran.json["hyperparameters"]["batch_size"] == "full"


def test_no_hidden_layer_is_the_linear_model(tables: Ell) -> None:
    """`--hidden none` has one layer."""
    ran = tables("train", "points.csv", "--target", "y", "--hidden", "none", "--epochs", "1")

    assert "network: 3 → 1 (1 layer, 4 parameters)" in ran.out


def test_a_split_column_says_which_row_is_for_what(tables: Ell) -> None:
    """The parts are those of the column, in several spellings, and it is no feature."""
    parts = ["train", "Train ", "TRAINING", "valid", "val", "test"] * 10
    head, *rows = points().splitlines()
    body = [f"{row},{part}" for row, part in zip(rows, parts, strict=True)]
    Path("parts.csv").write_text("\n".join([f"{head},part", *body]) + "\n")

    ran = tables(
        *("train", "parts.csv", "--target", "y", "--split-column", "part"), "--epochs", 2, "--json"
    )

    assert ran.json["rows"] == {"train": 30, "validation": 20, "test": 10}
    assert ran.json["n"][0] == 3
    assert ran.json["scores"]["model"]["m"] == 10


def test_without_a_test_part_the_validation_rows_are_scored(tables: Ell) -> None:
    """The report says on what; without validation it is the training part."""
    words = ("train", "points.csv", "--target", "y", "--epochs", 1, "--test-size", 0, "--json")

    validated = tables(*words).json
    bare = tables(*words, "--no-early-stopping").json

    assert (validated["scored_on"], validated["rows"]["test"]) == ("validation", 0)
    assert validated["scores"]["model"]["m"] == validated["rows"]["validation"] > 0
    assert (bare["scored_on"], bare["rows"]["train"]) == ("train", 60)


@pytest.mark.parametrize(
    ("table", "task", "output", "cost"),
    [
        ("points.csv", "regression", "identity", "squared_error"),
        ("mixed.csv", "binary", "sigmoid", "binary_cross_entropy"),
        ("iris", "multiclass", "softmax", "categorical_cross_entropy"),
    ],
)
def test_each_task_is_inferred_and_trains(
    tables: Ell, table: str, task: str, output: str, cost: str
) -> None:
    """Output activation and cost follow the target."""
    target = () if table == "iris" else ("--target", "y")

    report = tables("train", table, *target, "--epochs", "2", "--json").json

    assert (report["task"], report["activations"][-1], report["cost"]) == (task, output, cost)


GOES = {
    "counts.csv": {"squared_error", "absolute_error", "huber", "quantile", "poisson"},
    "mixed.csv": {"binary_cross_entropy", "squared_error", "absolute_error", "huber", "quantile"},
    "iris": {
        *("binary_cross_entropy", "categorical_cross_entropy"),
        *("squared_error", "absolute_error", "huber"),
    },
}
"""The costs that a table of numbers, one of yes and no, and one of three classes can have."""


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("table", GOES)
def test_every_cost_trains_or_is_refused_in_a_sentence(tables: Ell, table: str, cost: str) -> None:
    """With scores beside the baselines', and a model that scores the same table again."""
    random = np.random.default_rng(0)
    rows = [(x, random.poisson(np.exp(1 + x))) for x in random.standard_normal(80).tolist()]
    Path("counts.csv").write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in rows))
    target = () if table == "iris" else ("--target", "y")
    task = ("--task", "regression") if table == "counts.csv" else ()

    ran = tables("train", table, *target, *task, "--cost", cost, "--epochs", 2, "--json")

    if cost not in GOES[table]:
        assert refused(ran)
        return
    report = ran.json
    assert (ran.code, report["cost"]) == (0, cost)
    assert set(report["scores"]) == {"model", "prior", "linear"}
    scored = tables("evaluate", f"{report['run']}/model.safetensors", table)
    assert scored.code == 0, scored


def test_a_count_below_zero_is_refused(tables: Ell) -> None:
    """In training and in scoring, by its row."""
    Path("counts.csv").write_text("x,y\n" + "".join(f"{i},{i % 7}\n" for i in range(60)))
    Path("more.csv").write_text("x,y\n1,2\n2,-3\n")
    report = tables(
        *("train", "counts.csv", "--target", "y", "--cost", "poisson", "--epochs", 2, "--json")
    ).json

    trained = refused(tables("train", "more.csv", "--target", "y", "--cost", "poisson"))
    scored = refused(tables("evaluate", f"{report['run']}/model.safetensors", "more.csv"))

    assert report["task"] == "regression"
    for said in (trained, scored):
        assert "target 'y' must hold counts of at least 0" in said
        assert "got -3 in row 1" in said


def test_columns_may_be_left_out_or_taken_for_categories(tables: Ell) -> None:
    """`--ignore` takes a feature away, `--categorical` makes one for each number."""
    rows = "".join(f"{i % 4},{i},{i % 2}\n" for i in range(40))
    Path("codes.csv").write_text(f"code,x,y\n{rows}")
    words = ("train", "codes.csv", "--target", "y", "--epochs", 1)

    n = [
        tables(*words, *more, "--json").json["n"][0]
        for more in ((), ("--ignore", "x"), ("--categorical", "code"))
    ]

    assert n == [2, 1, 5]


def test_early_stopping_can_be_turned_off(tables: Ell) -> None:
    """All epochs are run, no row is held out, and no validation cost is measured."""
    ran = tables("train", "points.csv", "--target", "y", "--epochs", 3, "--no-early-stopping")

    assert "(48 to train on, 0 to validate, 12 to test)" in ran.out
    assert all("validation_cost" not in line for line in metrics("runs/points-1"))
    assert "stopped because all epochs were run; the parameters kept are those of epoch 3" in (
        ran.out
    )


def test_no_epoch_at_all_leaves_a_whole_run_folder(tables: Ell) -> None:
    """The initial network is saved; there is no curve to draw."""
    ran = tables("train", "points.csv", "--target", "y", "--epochs", "0", "--out", "run")

    assert ran.code == 0
    assert "0 epochs, 0 steps" in ran.out
    assert "saved in run: model.safetensors, report.json, command.txt, run.json" in ran.out
    assert isinstance(load("run/model.safetensors"), Model)


def test_the_notes_network_has_the_shapes_of_the_notes(tables: Ell) -> None:
    """Three columns, `--hidden 5,5,3` and one number to predict are n = (3, 5, 5, 3, 1)."""
    words = ("train", "points.csv", "--target", "y", "--hidden", "5,5,3", "--epochs", 2)

    ran = tables(*words, "--out", "run")

    assert "network: 3 → 5 → 5 → 3 → 1 (4 layers, 72 parameters)" in ran.out
    assert load("run/model.safetensors").network.n == (3, 5, 5, 3, 1)


def test_names_with_brackets_are_no_markup(ell: Ell) -> None:
    """A file, a column and a class may look like styles, and are shown as they are."""
    rows = "".join(f"{i},{('[bold]x[/bold]', '[/red]')[i % 2]}\n" for i in range(30))
    Path("[red]t.csv").write_text(f"[link],[b]y\n{rows}")

    trained = ell("train", "[red]t.csv", "--target", "[b]y", "--epochs", "1", "--out", "[i]")
    shown = ell("inspect", "[i]/model.safetensors")
    scored = ell("evaluate", "[i]/model.safetensors", "[red]t.csv")

    assert "[red]t.csv: 30 rows" in trained.out
    assert "saved in [i]:" in trained.out
    assert "[b]y (binary; classes [/red], [bold]x[/bold])" in shown.out
    assert "[link]" in shown.out
    assert scored.out.count("[bold]x[/bold]") == 3


def test_a_task_inferred_from_all_rows_holds_for_the_training_rows() -> None:
    """Whole numbers of many values stay a quantity, however few are in the training part."""
    from ellnet.columns import Columns
    from ellnet.hyperparameters import Hyperparameters
    from ellnet.workflow import Plan, train_table

    random = np.random.default_rng(0)
    table = Columns.from_mapping({"x": random.random(25), "y": np.arange(25.0)})

    trained = train_table(table, Plan("y"), Hyperparameters(epochs=1))

    assert trained.model.target.task == "regression"
