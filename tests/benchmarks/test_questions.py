"""The benchmarks from end to end, as short as they can be made."""

import contextlib
import io
import json
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from benchmarks.__main__ import QUESTIONS, main
from benchmarks.nets import NETS
from benchmarks.processes import ProcessError
from benchmarks.report import Report
from benchmarks.rounds import Pace
from benchmarks.speed import Bench, prediction
from tests.benchmarks.measured import entrant

NET = "100-64-64-2"


@pytest.fixture(scope="module")
def short_run(tmp_path_factory) -> Any:
    """Return a short run's exit code, what it showed, and the folder of its results."""
    folder = tmp_path_factory.mktemp("speed")
    (folder / "torch.py").write_text("raise ImportError('no torch for this machine')\n")
    words = ["--nets", NET, "--peers", "scikit-learn,torch", "--threads", "1", "--seconds", "0.02"]
    shown = io.StringIO()
    with pytest.MonkeyPatch.context() as patched, contextlib.redirect_stdout(shown):
        patched.setenv("PYTHONPATH", str(folder))
        code = main([*words, "-o", str(folder / "results")])
    return SimpleNamespace(code=code, shown=shown.getvalue(), folder=folder / "results")


def test_a_short_run_measures_shows_and_writes(short_run):
    """Figures of everybody there is; a library that cannot be imported is named and passed over."""
    found = json.loads((short_run.folder / "speed.json").read_text())

    assert short_run.code == 0
    assert found["passed_over"] == {"torch": "no torch for this machine"}
    assert "torch was passed over: no torch for this machine" in short_run.shown
    tasks = {(f["task"], f["rows"], f["library"]) for f in found["figures"]}
    assert tasks == {
        (task, rows, library)
        for library in ("ellnet", "scikit-learn")
        for task, rows in (("training", 256), ("prediction", 1), ("prediction", 10_000))
    }
    assert all(f["microseconds"]["minimum"] > 0 for f in found["figures"])
    assert all(f["samples"] >= 3 for f in found["figures"])
    assert {r["peer"] for r in found["ratios"]} == {"scikit-learn"}
    assert (short_run.folder / "speed.png").stat().st_size > 10_000


def test_the_file_has_the_fields_that_the_readme_lists(short_run, root):
    """Each is named there; the machine is described."""
    found = json.loads((short_run.folder / "speed.json").read_text())
    readme = (root / "benchmarks" / "README.md").read_text()

    assert all(f"`{field}`" in readme for field in [*found, *found["figures"][0]])
    assert found["machine"]["physical_cores"] >= 1
    assert found["machine"]["cpu"]
    assert found["versions"]["ellnet"]


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_benchmark_has_help(name, capsys):
    """`--help` says what it is about and ends well."""
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])

    assert ended.value.code == 0
    assert f"./run bench{'' if name == 'speed' else f' {name}'}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--nets", "1-2"], "there is no net '1-2'; there are 3-5-5-3-1"),
        (["--peers", "keras"], "there is no peer 'keras'; there are scikit-learn"),
        (["--threads", "0"], "--threads and --seconds must be above 0"),
        (["fashion"], "the following arguments are required: --data"),
    ],
)
def test_a_wrong_word_is_one_sentence(words, said, capsys):
    """With exit code 2, before anything is begun."""
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_an_unknown_benchmark_is_named(capsys):
    """The sentence lists the benchmarks there are."""
    assert main(["fashions"]) == 2
    assert "no benchmark 'fashions'; there are speed, growth, fashion" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "packages"),
    [
        ([], ["scikit-learn", "torch", "jax", "onnxruntime", "onnx"]),
        (["--quick", "--peers", "onnxruntime"], ["onnxruntime", "onnx"]),
        (["speed", "--peers", "none"], []),
        (["--growth"], ["scikit-learn", "torch"]),
        (["growth", "--peers", "jax"], ["jax"]),
        (["fashion", "--data", "x.npz"], []),
        (["defaults"], []),
    ],
)
def test_a_benchmark_says_which_packages_it_needs(words, packages, capsys):
    """A line each, for who installs them."""
    code = main(["packages", *words])

    assert code == 0
    assert capsys.readouterr().out.split() == packages


@pytest.fixture
def images(tmp_path: Any) -> Any:
    """Return a file of a few images of noise with a class each in one bright row."""
    random = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for part, m in (("train", 400), ("test", 100)):
        y = np.arange(m) % 10
        X = random.integers(0, 100, (m, 28, 28), dtype=np.uint8)
        X[np.arange(m), y] = 255
        arrays |= {f"X_{part}": X, f"y_{part}": y.astype(np.uint8)}
    np.savez(tmp_path / "images.npz", **arrays)
    return tmp_path / "images.npz"


def test_fashion_measures_the_same_work_and_the_accuracy(images, tmp_path, capsys):
    """Seconds of the engine, of fit and of scikit-learn's; accuracies, and how far that one came."""
    words = ["fashion", "--data", str(images), "--epochs", "2", "--rounds", "1", "--seeds", "1"]
    code = main([*words, "-o", str(tmp_path)])
    found = json.loads((tmp_path / "fashion.json").read_text())
    shown = capsys.readouterr().out

    assert code == 0
    assert all(min(found["seconds"][name]) > 0 for name in ("engine", "fit", "peer"))
    assert found["early_stopping"][0]["accuracy"] > 0.9
    assert found["scikit_learn"][0]["reached"]
    assert "ellnet MLPClassifier.fit" in shown
    assert "scikit-learn, seed 0: reached it" in shown


def test_fashion_refuses_another_file(tmp_path):
    """A file that is not there, or that lacks an array, is named in one sentence."""
    np.savez(tmp_path / "other.npz", X_train=np.zeros(3))

    for name in ("none.npz", "other.npz"):
        with pytest.raises(SystemExit, match=f"{name} must be an npz file with X_train"):
            main(["fashion", "--data", str(tmp_path / name), "-o", str(tmp_path)])


class Broken:
    """A process that tells its versions and fails at whatever is asked next."""

    def __init__(self) -> None:
        self.entrant = entrant()
        self.closed = 0

    def ask(self, do: str, **_: int) -> Any:
        """Answer the greeting alone."""
        if do != "hello":
            raise ProcessError("it has crashed")
        return {"versions": {"ellnet": "0"}, "target": "avx2"}

    def close(self) -> None:
        """Count how often it was ended."""
        self.closed += 1


def test_who_fails_is_named_once_and_ended():
    """Also where it is asked for the peak beside a measurement that it takes part in."""
    report, process = Report({}, {}), Broken()
    bench = Bench([process], report, Console(quiet=True))  # type: ignore[list-item]
    bench.greet()
    bench.measure(prediction(1), NETS[0], Pace(0.1, 0.1, 1), rows=1, flop=1)
    bench.look_at_peak()

    assert report.targets == {"ellnet native": "avx2"}
    assert report.passed_over == {"ellnet native": "it has crashed"}
    assert report.figures == []
    assert process.closed >= 1


@pytest.mark.parametrize(("elapsed", "expected"), [(0.0, 6.0), (145.0, 3.0), (151.0, 0.0)])
def test_a_quick_run_hurries_when_it_is_late(monkeypatch, elapsed, expected):
    """What is left of the time is shared by what is left to do; a full run has no hurry."""
    monkeypatch.setattr(Bench, "elapsed", elapsed)
    bench = Bench([], Report({}, {}), Console(quiet=True))
    bench.shares_left = 5
    paces = [bench.in_time(Pace(0.1, 1.0, 3, limit=6.0), training=True)]
    bench.shares_left = 5
    paces += [bench.in_time(Pace(0.1, 1.0, 3), training=True)]

    assert [pace.limit for pace in paces] == [expected, math.inf]
    assert bench.shares_left == 2
