"""`ellnet inspect --engine`, and what train and inspect say of the engine of a run."""

from pathlib import Path

import pytest

from ellnet.engines import native, threads
from tests.cli.command_line import Ell, points, refused
from tests.engines.every_engine import TARGETS

AUTO = f"native {TARGETS[0]}" if TARGETS else "array: the native engine is not there"

compiled = pytest.mark.skipif(not TARGETS, reason="the native engine was not built")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the environment bounds threads or names a target."""
    for name in (*threads.LIMITS, native.TARGET_VARIABLE):
        monkeypatch.delenv(name, raising=False)


@compiled
def test_the_engine_is_named_with_its_target_and_threads(ell: Ell) -> None:
    """No model is needed."""
    ran = ell("inspect", "--engine")

    assert ran.code == 0
    assert "engine: native\n" in ran.out
    assert f"instruction set: {TARGETS[0]}" in ran.out
    assert all(target in ran.out for target in TARGETS)
    assert f"threads: up to {threads.available()} (physical cores for this process: " in ran.out
    for word in ("a sparse X", "--engine array", "ELLNET_TARGET"):
        assert word in ran.out


@compiled
@pytest.mark.parametrize("target", TARGETS)
def test_what_the_environment_asks_for_is_named(ell, monkeypatch, target):
    """A target by ELLNET_TARGET, fewer threads by OMP_NUM_THREADS."""
    monkeypatch.setenv("ELLNET_TARGET", target)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    out = ell("inspect", "--engine").out

    assert f"instruction set: {target}, which ELLNET_TARGET asks for" in out
    assert "threads: up to 1 (" in out
    assert "OMP_NUM_THREADS: 1)" in out


@compiled
def test_json_holds_the_same(ell: Ell) -> None:
    """One object, with every bound of the threads."""
    document = ell("inspect", "--engine", "--json").json["engine"]

    assert document["engine"] == "native"
    assert document["target"] == TARGETS[0]
    assert document["targets"] == list(TARGETS)
    assert document["asked_for"] is False
    assert document["threads"] == min(document["bounds"].values()) == threads.available()
    assert len(document["otherwise"]) == 2


def test_a_target_that_is_not_here_is_one_sentence(ell, monkeypatch):
    """It names those that are."""
    if not TARGETS:
        pytest.skip("the native engine was not built")
    monkeypatch.setenv("ELLNET_TARGET", "quantum")

    sentence = refused(ell("inspect", "--engine"))

    assert sentence.startswith(f"ELLNET_TARGET must be one of {', '.join(TARGETS)}")


def test_without_the_compiled_module_the_array_engine_serves_and_says_so(ell, monkeypatch):
    """And how to get the other."""
    monkeypatch.setattr(native, "TARGETS", ())

    ran = ell("inspect", "--engine")
    document = ell("inspect", "--engine", "--json").json["engine"]

    assert ran.code == 0
    assert ran.out.startswith("engine: array\n")
    assert "instruction set" not in ran.out
    assert "the native engine was not compiled" in ran.out
    assert "C++17 compiler" in ran.out
    assert (document["engine"], document["target"], document["targets"]) == ("array", "", [])


def test_a_processor_without_vectors_is_told_so(ell, monkeypatch):
    """The scalar target alone is no reason to take the native engine."""
    monkeypatch.setattr(native, "TARGETS", ("scalar",))

    out = ell("inspect", "--engine").out

    assert out.startswith("engine: array\n")
    assert "this processor has no instruction set" in out


def test_one_of_a_model_and_the_engine_is_needed(ell: Ell) -> None:
    """The message says what else there is."""
    assert "missing argument 'MODEL'; without one there is --engine" in refused(ell("inspect"))


def test_a_model_may_be_shown_beside_the_engine(ell, models):
    """Both, as text and as JSON."""
    path = models / "points" / "model.safetensors"

    ran = ell("inspect", path, "--engine")
    document = ell("inspect", path, "--engine", "--json").json

    assert ran.out.startswith("engine: ")
    assert "network: 3 → 5 → 3 → 1" in ran.out
    assert document["engine"]["threads"] >= 1
    assert document["n"] == [3, 5, 3, 1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), AUTO),
        (("--engine", "array"), "array"),
        (("--optimizer", "lbfgs"), AUTO),
    ],
)
def test_train_and_inspect_say_which_engine_trained(ell, options, said):
    """With its target, and why where it is not the native one; the report has it too."""
    Path("t.csv").write_text(points())
    words = ("--target", "y", "--hidden", "5", "--epochs", "2", "--out", "run", "--json")

    report = ell("train", "t.csv", *words, *options)
    shown = ell("inspect", "run/model.safetensors").out

    assert report.json["engine"] == said
    assert f"engine: {said}\n" in report.err
    assert f"engine: {said}\n" in shown
    assert Path("run/report.json").exists()
