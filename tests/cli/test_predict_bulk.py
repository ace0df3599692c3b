"""`ellnet predict` on large and faulty tables: streamed, in order, bad rows named or set apart."""

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ellnet import bulk
from ellnet.engines import engine
from ellnet.models import Model, load
from ellnet.tables import read_table
from tests.cli.command_line import Ell, Ran, environment, finished, program, refused
from tests.counts import count

ROWS = 300


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of 64 rows, so that a small table is many of them."""
    monkeypatch.setattr(bulk, "BATCH", 64)
    monkeypatch.setattr(bulk, "PASS", 64)


@pytest.fixture(scope="module")
def model(models: Path) -> Path:
    """Return a model of two classes, from numbers and a category."""
    return models / "mixed" / "model.safetensors"


def table(rows: int = ROWS) -> pl.DataFrame:
    """Return rows that the model takes, numbered, with a note."""
    draws = np.random.default_rng(1)
    return pl.DataFrame(
        {
            "id": np.arange(1000, 1000 + rows),
            "x1": draws.normal(size=rows).round(3),
            "x2": draws.normal(size=rows).round(3),
            "colour": draws.choice(["red", "green", "blue"], rows),
            "note": [None if i % 7 == 3 else f"n, {i}" for i in range(rows)],
        }
    )


def arrays(frame: pl.DataFrame) -> dict[str, Any]:
    """Return columns as plain arrays."""
    numbers = {name: frame[name].to_numpy() for name in ("id", "x1", "x2")}
    return {**numbers, "colour": frame["colour"].to_numpy().astype(str)}


WRITERS: dict[str, Callable[[pl.DataFrame, Path], object]] = {
    ".csv": lambda frame, path: frame.write_csv(path),
    ".tsv": lambda frame, path: frame.write_csv(path, separator="\t"),
    ".csv.gz": lambda frame, path: path.write_bytes(gzip.compress(frame.write_csv().encode())),
    ".parquet": lambda frame, path: frame.write_parquet(path, row_group_size=100),
    ".feather": lambda frame, path: frame.write_ipc(path),
    ".npz": lambda frame, path: np.savez(path, **arrays(frame)),
}


@pytest.mark.parametrize("ending", WRITERS)
def test_a_table_in_batches_gives_the_bits_of_the_whole(ell: Ell, model: Path, ending: str) -> None:
    """Every kind of file, in the order of its rows, what is kept beside what is predicted."""
    frame = table()
    WRITERS[ending](frame, Path(f"t{ending}"))

    ran = ell("predict", model, f"t{ending}", "-o", "p.parquet", "--keep", "id")

    loaded = load(model)
    assert isinstance(loaded, Model)
    inputs = read_table(Path(f"t{ending}"), categorical=["colour"])
    with pytest.warns(UserWarning, match="passed over"):
        whole = loaded.predict_proba(inputs)
    found = pl.read_parquet("p.parquet")
    assert ran.code == 0, ran.err
    assert f"{ROWS} predictions in p.parquet" in ran.err
    assert found.columns == ["id", "y", "p(no)", "p(yes)"]
    assert found["id"].cast(pl.Int64).to_list() == frame["id"].to_list()
    assert found["p(yes)"].to_numpy().tobytes() == whole[:, 1].astype(np.float64).tobytes()


def test_what_is_asked_is_given(ell: Ell, model: Path) -> None:
    """Words, hidden activations to the bit, and columns of the table as they stand there."""
    frame = table()
    frame.write_parquet("t.parquet")

    ell("predict", model, "t.parquet", "-o", "a.parquet", "--give", "class", "--keep", "note,id")
    ell("predict", model, "t.parquet", "-o", "b.parquet", "--give", "none", "--activations", "2,1")

    loaded = load(model)
    assert isinstance(loaded, Model)
    X = loaded.inputs(frame.drop("id", "note")).T
    chosen = engine(loaded.hyperparameters.engine)
    a, b = pl.read_parquet("a.parquet"), pl.read_parquet("b.parquet")
    assert a.columns == ["note", "id", "y"]
    assert a.select("note", "id").equals(frame.select("note", "id"))
    n = loaded.network.n
    assert b.columns == [f"A[{l}][{i}]" for l in (2, 1) for i in range(1, n[l] + 1)]
    for layer, names in ((1, b.columns[n[2] :]), (2, b.columns[: n[2]])):
        A = chosen.predict(loaded.network.upto(layer), X)
        assert np.array_equal(b.select(names).to_numpy().T, A)


def test_the_truth_may_be_kept_beside_the_prediction(ell: Ell, models: Path, model: Path) -> None:
    """The prediction then has a name of its own."""
    ran = ell("predict", model, models / "mixed.csv", "-o", "p.csv", "--keep", "y")

    assert ran.code == 0
    assert pl.read_csv("p.csv").columns == ["y", "predicted(y)", "p(no)", "p(yes)"]


ASKED = {
    "a word of another task": (("--give", "value"), "gives class and probabilities, got 'value'"),
    "nothing": (("--give", "none"), "something must be given of each row"),
    "a layer too many": (("--activations", "9"), "a layer from 1 to 3, got 9"),
    "no number": (("--activations", "x"), "numbers of layers with commas between"),
    "no such column": (("--keep", "idd"), "has no column 'idd'; did you mean 'id'?"),
    "two of a name": (("--keep", "p(no)"), "two columns called 'p(no)'"),
    "another ending": (("--bad-rows", "b.txt"), "b.txt must end in .csv or .parquet"),
    "one file for both": (("--bad-rows", "p.csv"), "must have a file each"),
}


@pytest.mark.parametrize(("words", "says"), ASKED.values(), ids=ASKED)
def test_what_cannot_be_given_is_refused(
    ell: Ell, model: Path, words: tuple[str, ...], says: str
) -> None:
    """In a sentence, before anything is written."""
    table(5).rename({"note": "p(no)"}).write_csv("t.csv")

    assert says in refused(ell("predict", model, "t.csv", "-o", "p.csv", *words))
    assert [path.name for path in Path().iterdir()] == ["t.csv"]


def spoiled() -> tuple[str, dict[int, tuple[str, str]]]:
    """Return a CSV table with bad rows in several batches, and column and words of each by row."""
    lines = table().select("id", "x1", "x2", "colour").write_csv().splitlines()
    bad = {
        3: ("2,few,1,red", "x1", "must hold a number, as in training, got 'few'"),
        70: ("2,1,inf,red", "x2", "must hold finite numbers, got inf"),
        71: ("2,,1,red", "x1", "had no missing value in training"),
        150: ("2,1,1,mauve", "colour", "must hold categories seen in training, got 'mauve'"),
        151: ("2,1,1", "", "must have 4 values, as line 1 has, got 3"),
        222: ("2,1,1,r\udcff", "", "must be UTF-8 text, got the byte 0xff"),
        299: ('"2" x,1,1,red', "", "must have quotes that open and close a whole value"),
    }
    for row, (line, _, _) in bad.items():
        lines[row + 1] = line
    lines.insert(100, "")
    return "\n".join(lines) + "\n", {row: (c, words) for row, (_, c, words) in bad.items()}


def test_bad_rows_are_set_apart_and_named(ell: Ell, model: Path) -> None:
    """Row, line, column and reason of each; all others are predicted, with their numbers."""
    text, bad = spoiled()
    Path("t.csv").write_bytes(text.encode("utf-8", "surrogateescape"))

    ran = ell("predict", model, "t.csv", "-o", "p.csv", "--keep", "id", "--bad-rows", "b.csv")

    good = [row for row in range(ROWS) if row not in bad]
    found, apart = pl.read_csv("p.csv"), pl.read_csv("b.csv")
    assert ran.code == 0, ran.err
    assert f"{len(good)} predictions in p.csv, {len(bad)} bad rows in b.csv\n" in ran.err
    assert found["row"].to_list() == good
    assert found["id"].to_list() == [1000 + row for row in good]
    assert apart["row"].to_list() == list(bad)
    assert apart["line"].to_list() == [row + 2 + (row >= 99) for row in bad]
    for (column, words), said in zip(bad.values(), apart.iter_rows(named=True), strict=True):
        assert (said["column"] or "") == column
        assert words in said["reason"]
    whole = table()[good].select("x1", "x2", "colour")
    loaded = load(model)
    assert isinstance(loaded, Model)
    expected = loaded.predict_proba(whole)[:, 1]
    assert np.array_equal(found["p(yes)"].to_numpy().astype(np.float32), expected)


@pytest.mark.parametrize("row", [3, 70, 71, 150, 151, 222, 299])
def test_without_a_place_for_it_the_first_bad_row_ends_the_job(
    ell: Ell, model: Path, row: int
) -> None:
    """Its number in the whole table, its line and column; nothing is left under the output's name."""
    text, bad = spoiled()
    lines, healthy = text.split("\n"), table().select("id", "x1", "x2", "colour").write_csv()
    for other in bad:
        if other < row:
            lines[other + 1 + (other >= 99)] = healthy.splitlines()[other + 1]
    Path("t.csv").write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))

    said = refused(ell("predict", model, "t.csv", "-o", "p.csv"))

    column, words = bad[row]
    assert words in said
    assert f"in row {row} (line {row + 2 + (row >= 99)})" in said
    assert f"column {column!r}" in said or not column
    assert "--bad-rows FILE" in said
    assert not Path("p.csv").exists()
    assert [path.name for path in Path().iterdir()] == ["t.csv"]


def test_bad_rows_of_a_parquet_file_have_no_line(ell: Ell, model: Path) -> None:
    """They have their number, and the column; strange categories may be ignored instead."""
    frame = table().select("x1", "x2", "colour")
    colours = frame["colour"].to_list()
    colours[90] = colours[200] = "mauve"
    frame.with_columns(colour=pl.Series(colours)).write_parquet("t.parquet")

    ran = ell("predict", model, "t.parquet", "-o", "p.parquet", "--bad-rows", "b.parquet")
    ignored = ell("predict", model, "t.parquet", "-o", "q.parquet", "--unseen", "ignore")

    assert ran.code == 0
    assert pl.read_parquet("b.parquet").select("row", "line", "column").rows() == [
        (90, None, "colour"),
        (200, None, "colour"),
    ]
    assert pl.read_parquet("p.parquet").height == ROWS - 2
    assert pl.read_parquet("q.parquet").height == ROWS
    assert ignored.err.count("warning") == 1
    assert (
        "column 'colour' has values that training never saw in 2 rows, such as 'mauve'"
        in ignored.err
    )


def test_a_table_of_no_rows_gives_files_of_no_rows(ell: Ell, model: Path) -> None:
    """With the columns that they would have."""
    table(0).write_parquet("t.parquet")

    ran = ell("predict", model, "t.parquet", "-o", "p.parquet", "--bad-rows", "b.csv")

    assert ran.code == 0
    assert pl.read_parquet("p.parquet").columns == ["row", "y", "p(no)", "p(yes)"]
    assert Path("b.csv").read_text() == "row,line,column,reason\n"


BROKEN = {
    "cut.parquet": "is it whole",
    "words.parquet": "is it whole",
    "cut.csv.gz": "compressed and cut off or damaged",
    "open.csv": "line 2 begins a quote that is never closed",
    "astray.csv": "line 2 begins a quote that is never closed",
    "empty.parquet": "is empty",
    "empty.csv": "is empty",
    "pipe.csv": "a named pipe",
    "pipe.parquet": "a named pipe",
    "device.csv": "a device",
    "folder.parquet": "a folder",
}


@pytest.mark.parametrize(("name", "says"), BROKEN.items(), ids=BROKEN)
def test_a_table_that_cannot_be_read_is_refused(
    ell: Ell, model: Path, name: str, says: str
) -> None:
    """Cut off, of another kind, or no regular file: told in a sentence, without waiting."""
    frame, path = table(), Path(name)
    text = frame.drop("note").write_csv()
    if name.startswith("pipe"):
        os.mkfifo(path)
    elif name.startswith("device"):
        path.symlink_to("/dev/zero")
    elif name.startswith("folder"):
        path.mkdir()
    elif name == "cut.parquet":
        frame.write_parquet(path)
        os.truncate(path, path.stat().st_size - 100)
    elif name == "cut.csv.gz":
        path.write_bytes(gzip.compress(text.encode())[:-300])
    elif name == "open.csv":
        path.write_text(text.replace("\n1000,", '\n"1000,'))
    elif name == "astray.csv":
        path.write_text(text.replace("\n1000,", '\n"1000,').replace("\n1009,", '\n"1009,'))
    else:
        path.write_text("" if name.startswith("empty") else "id,x1\n1,2\n")

    assert says in refused(ell("predict", model, name, "-o", "p.csv"))
    assert not Path("p.csv").exists()


def test_a_table_that_changes_meanwhile_is_refused(
    ell: Ell, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another file under the name of the first, between two batches, is noticed."""
    table().write_parquet("t.parquet")
    values = bulk.BulkPrediction._values

    def changing(self: bulk.BulkPrediction, X: np.ndarray) -> list[object]:
        table(200).write_parquet("t.parquet")
        return values(self, X)

    monkeypatch.setattr(bulk.BulkPrediction, "_values", changing)

    assert "it changed meanwhile" in refused(ell("predict", model, "t.parquet", "-o", "p.csv"))
    assert not Path("p.csv").exists()


def test_a_killed_job_leaves_nothing_under_the_name(tmp_path: Path, models: Path) -> None:
    """Neither new predictions nor damaged old ones; Ctrl-C takes the temporary file away too."""
    text = table(400_000).write_csv()
    (tmp_path / "t.csv").write_text(text)
    words = ("predict", str(models / "mixed" / "model.safetensors"), "t.csv", "-o", "p.parquet")
    for sent in (signal.SIGKILL, signal.SIGINT):
        ran = stopped(words, tmp_path, sent)

        assert ran.code == (-signal.SIGKILL if sent == signal.SIGKILL else 130), ran
        assert (tmp_path / "p.parquet").read_bytes() == b"old"
        left = list(tmp_path.glob(".ellnet-*.tmp"))
        assert len(left) == (sent == signal.SIGKILL)
        for path in left:
            path.unlink()


def stopped(words: tuple[str, ...], folder: Path, sent: signal.Signals) -> Ran:
    """Send a signal to a job that is writing; one that has ended before it came is started again."""
    for _attempt in range(10):
        (folder / "p.parquet").write_bytes(b"old")
        process = program(*words, cwd=folder)
        while process.poll() is None and not list(folder.glob(".ellnet-*.tmp")):
            time.sleep(0.01)
        process.send_signal(sent)
        ran = finished(process)
        if ran.code != 0:
            break
    return ran


MEASURED = """
import sys
from pathlib import Path
from ellnet.cli import main
code = main(sys.argv[1:])
status = Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0])
sys.exit(code)
"""

LARGE = count(1_000_000, 10_000_000)
MEGABYTES = 400


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
def test_a_large_parquet_file_takes_little_memory(tmp_path: Path, models: Path) -> None:
    """Ten million rows in the ordeal, one in the ordinary suite, in 400 MB; the last rows are right."""
    frame = table(100_000).select("id", "x1", "x2", "colour")
    pl.concat([frame] * (LARGE // frame.height)).write_parquet(tmp_path / "t.parquet")
    model = models / "mixed" / "model.safetensors"
    words = ["predict", str(model), "t.parquet", "-o", "p.parquet", "--keep", "id"]

    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stdout) < MEGABYTES * 1024
    last = pl.scan_parquet(tmp_path / "p.parquet").tail(frame.height).collect()
    loaded = load(model)
    assert isinstance(loaded, Model)
    expected = loaded.predict_proba(frame.drop("id"))[:, 1]
    assert last["id"].equals(frame["id"])
    assert np.array_equal(last["p(yes)"].to_numpy().astype(np.float32), expected)
