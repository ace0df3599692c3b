"""Bad inputs: one clear sentence, the right exit code, no traceback, and nothing left behind."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from ellnet.models import load
from tests.cli.command_line import Ell, finished, mixed_table, points, program, refused

ROWS = mixed_table(30)


def changed(line: int, old: str, new: str, table: str = ROWS) -> str:
    """Return the table with a word of a line (from 1) replaced."""
    lines = table.splitlines()
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    return "\n".join(lines) + "\n"


def with_column(name: str, words: list[str], table: str = ROWS) -> str:
    """Return the table with a column before the others; words are repeated to its length."""
    head, *lines = table.splitlines()
    rows = [f"{words[i % len(words)]},{line}" for i, line in enumerate(lines)]
    return "\n".join([f"{name},{head}", *rows]) + "\n"


def split_with_unseen_classes() -> str:
    """Return a table whose training part lacks two of its three classes."""
    rows = [f"{i},{'abc'[i % 3]},{'train' if i % 3 == 0 else 'test'}" for i in range(30)]
    return "\n".join(["x,y,part", *rows]) + "\n"


@dataclass(frozen=True)
class Bad:
    """A table that training must refuse, with which words, and what the sentence must hold."""

    name: str
    table: str | bytes
    says: tuple[str, ...]
    words: tuple[str, ...] = ("--target", "y")


TABLES = [
    Bad("empty file", "", ("bad.csv", "is empty", "column names and rows")),
    Bad("header only", "x1,y\n", ("bad.csv", "no row below it")),
    Bad("one row", "x1,y\n1,a\n", ("bad.csv has 1 row", "at least 2")),
    Bad(
        "missing target column",
        ROWS,
        ("bad.csv has no column 'color'", "did you mean 'colour'?"),
        ("--target", "color"),
    ),
    Bad("no target named", ROWS, ("which column to predict", "--target COLUMN"), ()),
    Bad(
        "target missing in some rows",
        changed(7, ",no", ",", changed(9, ",no", ",", ROWS.replace(",yes", ",no"))),
        ("target 'y' must have a value in every row", "2 missing", "5", "7"),
    ),
    Bad(
        "all-missing column",
        with_column("gap", ["", "NA"]),
        ("column 'gap' of bad.csv", "no value", "--ignore gap"),
    ),
    Bad(
        "single class",
        ROWS.replace(",yes", ",no"),
        ("target 'y' must have at least two classes", "'no' in every row"),
    ),
    Bad(
        "infinite number",
        with_column("a", [*["1"] * 4, "inf", *["2"] * 25]),
        ("column 'a' must hold finite numbers", "row 4 (line 6)", "--ignore a"),
    ),
    Bad(
        "words among numbers",
        with_column("a", [*["1"] * 9, "lots", *["2"] * 20]),
        ("column 'a' holds numbers in 29 of 30 values", "'lots' in row 9 (line 11)"),
    ),
    Bad("short row", f"{ROWS}1,2\n", ("bad.csv: line 32", "4 values", "got 2")),
    Bad("two columns of one name", "x,x,y\n1,2,a\n3,4,b\n", ("two columns called 'x'", "line 1")),
    Bad("not text", b"\x00\x01\x02\x03" * 20, ("bad.csv",)),
    Bad("not UTF-8", b"x,y\n1,caf\xe9\n2,b\n", ("bad.csv must be UTF-8", "0xe9", "line 2")),
    Bad(
        "categories that are not there",
        ROWS,
        ("bad.csv has no column 'colours'", "did you mean 'colour'?"),
        ("--target", "y", "--categorical", "colours"),
    ),
    Bad(
        "ignored column that is not there",
        ROWS,
        ("has no column 'x3'",),
        ("--target", "y", "--ignore", "x3"),
    ),
    Bad(
        "split column with another word",
        with_column("part", ["train", "test", "Train", "holdout"]),
        ("column 'part' must say train, validation or test", "'holdout' in row 3 (line 5)"),
        ("--target", "y", "--split-column", "part"),
    ),
    Bad(
        "split column without training rows",
        with_column("part", ["test"]),
        ("column 'part' of bad.csv must call some rows train",),
        ("--target", "y", "--split-column", "part"),
    ),
    Bad(
        "split column that is the target",
        with_column("part", ["train", "test"]),
        ("split_column and target must be two columns", "'part'"),
        ("--target", "part", "--split-column", "part"),
    ),
    Bad(
        "classes missing in training",
        split_with_unseen_classes(),
        ("every class of target 'y'", "none of 'b', 'c'", "row 1 (line 3)"),
        ("--target", "y", "--split-column", "part"),
    ),
    Bad(
        "regression on words",
        ROWS,
        ("task regression needs numbers", "'y' holds categories"),
        ("--target", "y", "--task", "regression"),
    ),
    Bad(
        "binary with three classes",
        ROWS,
        ("task binary needs two classes, got 3", "'colour'"),
        ("--target", "colour", "--task", "binary"),
    ),
    Bad("target alone", "y\n" + "a\nb\n" * 9, ("bad.csv has no column to learn from",)),
]


@pytest.mark.parametrize("bad", TABLES, ids=lambda bad: bad.name)
def test_a_bad_table_is_refused_in_one_sentence(ell: Ell, tmp_path: Path, bad: Bad) -> None:
    """The sentence names place and remedy, and nothing is left in the folder."""
    data = bad.table.encode() if isinstance(bad.table, str) else bad.table
    (tmp_path / "bad.csv").write_bytes(data)

    said = refused(ell("train", "bad.csv", *bad.words))

    for words in bad.says:
        assert words in said
    assert [path.name for path in tmp_path.iterdir()] == ["bad.csv"]


OPTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no units": (("--hidden", "0"), ("n[1]", "at least 1, got 0")),
    "units that are no numbers": (("--hidden", "8,x"), ("hidden", "256,128", "'8,x'")),
    "fewer than no units": (("--hidden", "8,-3"), ("n[2]", "-3")),
    "negative learning rate": (("--learning-rate", "-1"), ("learning_rate", "above 0", "-1")),
    "learning rate that is no number": (("--learning-rate", "nan"), ("learning_rate", "nan")),
    "learning rate that is a word": (("--learning-rate", "fast"), ("--learning-rate", "'fast'")),
    "empty minibatch": (("--batch-size", "0"), ("batch_size", "got 0")),
    "minibatch of a word": (("--batch-size", "some"), ("batch_size", "full or auto", "'some'")),
    "fewer than no epochs": (("--epochs", "-1"), ("epochs", "at least 0", "-1")),
    "half an epoch": (("--epochs", "1.5"), ("--epochs", "1.5")),
    "negative penalty": (("--l2", "-0.1"), ("l2", "at least 0", "-0.1")),
    "test part too large": (("--test-size", "1.5"), ("test_size", "from 0 to below 1", "1.5")),
    "test part nan": (("--test-size", "nan"), ("test_size", "nan")),
    "validation part too large": (("--validation-fraction", "1"), ("validation_fraction", "1")),
    "seed below zero": (("--seed", "-1"), ("seed", "-1")),
    "unknown activation": (("--activation", "rulu"), ("activation", "relu", "'rulu'")),
    "activations of the wrong length": (
        ("--hidden", "5,3", "--activation", "relu,tanh,relu"),
        ("activation", "2 hidden layers", "got 3"),
    ),
    "cost and output that do not go together": (
        ("--cost", "binary_cross_entropy", "--output-activation", "relu"),
        ("cost binary_cross_entropy", "output activation relu", "sigmoid"),
    ),
    "a cost of counts for classes": (
        ("--task", "classification", "--cost", "poisson"),
        ("cost poisson is one of counts", "task is binary", "regression"),
    ),
    "shares of a single unit": (
        ("--cost", "squared_error", "--output-activation", "softmax"),
        ("softmax gives the shares of several units", "binary has one", "sigmoid"),
    ),
    "unknown optimizer": (("--optimizer", "lion"), ("optimizer", "adam", "'lion'")),
    "unknown engine": (("--engine", "gpu"), ("engine", "array", "'gpu'")),
    "unknown option": (("--hiden", "3"), ("'--hiden'", "--hidden")),
    "unknown task": (("--task", "guess"), ("'--task'", "'guess'", "classification")),
}


@pytest.mark.parametrize(("words", "says"), OPTIONS.values(), ids=OPTIONS.keys())
def test_a_bad_option_is_refused_in_one_sentence(
    ell: Ell, tmp_path: Path, words: tuple[str, ...], says: tuple[str, ...]
) -> None:
    """The sentence names the field, the rule and what came; no run folder is made."""
    said = refused(ell("train", "xor:m=40", *words))

    for word in says:
        assert word in said
    assert list(tmp_path.iterdir()) == []


CONFIGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "unknown name": ("learning_rat = 0.1\n", ("c.toml", "'learning_rat'", "'learning_rate'")),
    "not TOML": ("hidden = [5,\nseed 1", ("c.toml is not a TOML file", "line 2")),
    "wrong type": ('learning_rate = "fast"\n', ("learning_rate", "'fast'")),
    "a number for a switch": ("early_stopping = 1\n", ("early_stopping", "true or false", "1")),
    "a name for a list": ('ignore = "x1"\n', ("ignore must be a list of column names", "'x1'")),
    "a table": ("[hidden]\nfirst = 3\n", ("hidden", "first")),
    "one name twice": ("batch-size = 3\nbatch_size = 4\n", ("batch_size stands there twice",)),
}


@pytest.mark.parametrize(("text", "says"), CONFIGS.values(), ids=CONFIGS.keys())
def test_a_bad_config_file_is_refused(
    ell: Ell, tmp_path: Path, text: str, says: tuple[str, ...]
) -> None:
    """The sentence names the file or the field."""
    (tmp_path / "c.toml").write_text(text)

    said = refused(ell("train", "xor:m=40", "--config", "c.toml"))

    for word in says:
        assert word in said
    assert [path.name for path in tmp_path.iterdir()] == ["c.toml"]


PATHS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "missing table": (("train", "tabel.csv", "--target", "y"), ("no file tabel.csv", "table.csv")),
    "neither file nor set": (("train", "irish"), ("no file irish", "iris")),
    "folder as table": (("train", "folder.csv", "--target", "y"), ("folder.csv", "a folder")),
    "device as table": (("train", "/dev/null", "--target", "y"), ("/dev/null",)),
    "another kind of file": (("train", "notes.md", "--target", "y"), ("notes.md", ".csv")),
    "unwritable run folder": (
        ("train", "xor:m=40", "--epochs", "1", "--out", "table.csv/run"),
        ("run folder table.csv/run cannot be made", "--out"),
    ),
    "run folder in use": (
        ("train", "xor:m=40", "--epochs", "1", "--out", "folder.csv"),
        ("run folder folder.csv is not empty", "--out"),
    ),
    "missing config": (("train", "xor:m=40", "--config", "no.toml"), ("no.toml",)),
    "missing model": (("predict", "no.safetensors", "table.csv"), ("no.safetensors",)),
    "folder as model": (("predict", "folder.csv", "table.csv"), ("folder.csv", "a folder")),
    "table as model": (("predict", "table.csv", "table.csv"), ("table.csv",)),
    "empty model": (("inspect", "empty"), ("empty",)),
}


@pytest.mark.parametrize(("words", "says"), PATHS.values(), ids=PATHS.keys())
def test_a_bad_path_is_refused(
    ell: Ell, tmp_path: Path, words: tuple[str, ...], says: tuple[str, ...]
) -> None:
    """The sentence names the path, and nothing is made or changed."""
    (tmp_path / "table.csv").write_text(ROWS)
    (tmp_path / "notes.md").write_text("words")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "folder.csv" / "old").write_text("x")

    said = refused(ell(*words))

    for word in says:
        assert word in said
    names = sorted(path.name for path in tmp_path.rglob("*"))
    assert names == ["empty", "folder.csv", "notes.md", "old", "table.csv"]


def test_a_truncated_model_is_refused_at_every_length(ell: Ell, models: Path) -> None:
    """No beginning of a model file passes for one."""
    data = (models / "mixed" / "model.safetensors").read_bytes()
    for length in (1, 7, 8, 9, 100, len(data) // 2, len(data) - 1):
        Path("cut").write_bytes(data[:length])

        assert "cut" in refused(ell("inspect", "cut"))


def test_a_flipped_bit_in_a_model_is_noticed(ell: Ell, models: Path) -> None:
    """Wherever it is, in the lengths, the header or the numbers."""
    data = (models / "mixed" / "model.safetensors").read_bytes()
    for place in (0, 3, 20, 300, len(data) // 2, len(data) - 1):
        flipped = bytearray(data)
        flipped[place] ^= 1
        Path("flipped").write_bytes(flipped)

        assert "flipped" in refused(ell("predict", "flipped", models / "mixed.csv"))


def test_a_model_of_a_later_version_is_refused_with_both_versions(ell: Ell, models: Path) -> None:
    """Format version 1 is all that this library knows."""
    data = (models / "mixed" / "model.safetensors").read_bytes()
    mark = b'\\"format_version\\":1'
    assert data.count(mark) == 1
    Path("later").write_bytes(data.replace(mark, mark[:-1] + b"7"))

    said = refused(ell("predict", "later", models / "mixed.csv"))

    assert "7" in said
    assert "1" in said
    assert "later" in said


PREDICTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "unseen category": (
        changed(4, "blue", "mauve"),
        ("column 'colour'", "'mauve' in row 2 (line 4)", "--unseen ignore"),
    ),
    "renamed column": (
        changed(1, "colour", "color"),
        ("lacks 'colour'", "did you mean 'color'?"),
    ),
    "missing columns": ("x1,y\n1,yes\n", ("lacks 'x2', 'colour'",)),
    "words in a column of numbers": (
        "x1,x2,colour\n1,few,red\n2,many,red\n",
        ("column 'x2' must hold a number", "'few'", "row 0 (line 2)"),
    ),
    "infinite number": ("x1,x2,colour\n1,2,red\n2,-inf,red\n", ("column 'x2'", "row 1 (line 3)")),
    "missing value": ("x1,x2,colour\n1,,red\n", ("column 'x2'", "row 0 (line 2)", "--unseen")),
    "no rows": ("x1,x2,colour\n", ("t.csv", "no row below it")),
}


@pytest.mark.parametrize("command", ["predict", "evaluate"])
@pytest.mark.parametrize(("table", "says"), PREDICTED.values(), ids=PREDICTED.keys())
def test_a_table_that_does_not_fit_the_model_is_refused(
    ell: Ell, models: Path, command: str, table: str, says: tuple[str, ...]
) -> None:
    """The sentence names column and row; no prediction is written."""
    head, *rows = table.splitlines()
    if ",y" not in head:
        table = "\n".join([f"{head},y", *(f"{row},yes" for row in rows)]) + "\n"
    Path("t.csv").write_text(table)
    words = ["-o", "p.csv"] if command == "predict" else []

    ran = ell(command, models / "mixed" / "model.safetensors", "t.csv", *words)

    for word in says:
        assert word in refused(ran)
    assert ran.out == ""
    assert not Path("p.csv").exists()


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("none/p.csv", "folder does not exist"),
        ("file/p.csv", "not a folder"),
        ("/dev/full", "must end in .csv or .parquet"),
        ("device.csv", "it is a device"),
        ("p.xlsx", "must end in .csv or .parquet"),
    ],
)
def test_an_unwritable_output_is_refused(ell: Ell, models: Path, path: str, says: str) -> None:
    """The sentence names the path, and no part of a file is left."""
    Path("file").write_text("x")
    Path("device.csv").symlink_to("/dev/full")

    said = refused(
        ell("predict", models / "mixed" / "model.safetensors", models / "mixed.csv", "-o", path)
    )

    assert says in said
    assert path in said
    assert sorted(p.name for p in Path().iterdir()) == ["device.csv", "file"]


def test_a_full_disk_at_stdout_is_one_sentence(models: Path, tmp_path: Path) -> None:
    """What cannot be printed ends the program with code 1, also on the way out."""
    for words in (
        ("predict", str(models / "mixed" / "model.safetensors"), str(models / "mixed.csv")),
        ("inspect", str(models / "mixed" / "model.safetensors")),
    ):
        with Path("/dev/full").open("w") as full:
            ran = finished(program(*words, cwd=tmp_path, stdout=full))

        assert "cannot be written: No space left" in refused(ran, code=1)


def test_a_target_unknown_to_the_model_is_refused(ell: Ell, models: Path) -> None:
    """Evaluating needs the truth, in the classes of training."""
    model = models / "mixed" / "model.safetensors"
    Path("t.csv").write_text("x1,x2,colour,y\n1,2,red,perhaps\n")

    unknown = refused(ell("evaluate", model, "t.csv"))
    absent = refused(ell("evaluate", model, models / "mixed.csv", "--target", "z"))

    assert "'perhaps' in row 0" in unknown
    assert "has no column 'z'" in absent


def test_a_diverging_run_saves_the_last_good_model(ell: Ell) -> None:
    """Exit code 1; the sentence names the layer's quantity and the remedy; the model loads."""
    Path("t.csv").write_text(points(rows=200))
    words = ("--optimizer", "gradient_descent", "--learning-rate", "1e12", "--l2", "0")

    ran = ell("train", "t.csv", "--target", "y", "--hidden", "8", *words, "--out", "run")

    said = refused(ran, code=1)
    assert "the cost was the first, computed from A[2]" in said
    assert "in x" in said
    assert "smaller learning_rate (now 1e+12)" in said
    assert load("run/model.safetensors").history.stopped == "diverged"
    assert json.loads(Path("run/report.json").read_text())["trouble"] == said


def test_a_run_folder_is_taken_away_when_the_model_cannot_be_saved(
    ell: Ell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run folder that exists holds a whole model."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ellnet.models.write_model", full)

    ran = ell("train", "xor:m=40", "--epochs", "1")

    assert ran.code == 1
    assert "No space left on device" in ran.err
    assert list(Path().iterdir()) == []


def test_an_empty_folder_of_the_user_stays_when_a_run_fails(
    ell: Ell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what the run made is taken away."""

    def exhausted(*_: object) -> None:
        raise MemoryError

    Path("mine").mkdir()
    monkeypatch.setattr("ellnet.models.write_model", exhausted)

    ran = ell("train", "xor:m=40", "--epochs", "1", "--out", "mine")

    assert "not enough memory" in refused(ran, code=1)
    assert list(Path().rglob("*")) == [Path("mine")]


def test_metrics_that_cannot_be_written_do_not_end_the_run(
    ell: Ell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One warning; the model is trained and saved."""
    monkeypatch.setattr("ellnet.cli.train.RunFolder.append_epoch", _no_room)

    ran = ell("train", "xor:m=40", "--epochs", "3", "--out", "run")

    assert ran.code == 0
    assert ran.err.count("metrics.jsonl cannot be written") == 1
    assert load("run/model.safetensors").history.stopped == "epochs"


def _no_room(*_: object) -> None:
    from ellnet.errors import FileAccessError

    raise FileAccessError("run/metrics.jsonl cannot be written: No space left on device")


def test_control_characters_in_names_do_not_reach_the_terminal(ell: Ell) -> None:
    """A line end or an escape code in a name is written out, so that a sentence stays one line."""
    Path("t.csv").write_text('"a\x1b[31m",y\n' + "1,u\n2,v\n" * 15)

    said = refused(ell("train", "t.csv", "--target", "q\nr"))

    assert "\x1b" not in said
    assert "q\\nr" in said


def test_the_models_of_these_tests_are_left_as_they_were(models: Path, tmp_path: Path) -> None:
    """Copies of the session's models load; nothing above has changed them."""
    for name in ("mixed", "points"):
        copy = shutil.copy(models / name / "model.safetensors", tmp_path / name)

        assert load(copy).history.stopped == "epochs"
