"""Every library lives in a process of its own; what goes wrong there is a sentence here."""

from dataclasses import asdict

import numpy as np
import pytest

from benchmarks.entrants import Entrant, entrants, peers_by_name
from benchmarks.nets import by_name, material
from benchmarks.processes import Process, ProcessError, environment
from benchmarks.worker import FEW
from ellnet.engines import ENGINES, engine
from ellnet.network import Network
from tests.benchmarks.measured import entrant

NET = "100-64-64-2"
OURS = Entrant("ellnet", "benchmarks.ours", 1, ("ellnet",), "array")


def test_a_process_prepares_trains_and_predicts():
    """Its outputs are the engine's, also of a second net after it has trained on a first."""
    (net,) = by_name(NET)
    with Process(OURS) as process:
        version = process.ask("hello")["versions"]["ellnet"]
        process.ask("prepare", n=[784, 256, 128, 10], batch=128, steps=8)
        seconds = process.ask("train", epochs=1)
        outputs = process.ask("prepare", **asdict(net))
        memory = process.ask("memory")
        predicting = process.ask("predict", rows=1, calls=10)

    given = material(net)
    model = Network(net.n, net.activations, net.cost, given.parameters)
    expected = engine("array").predict(model, given.inputs[:FEW].T).T
    assert version
    assert 0 < predicting < 10
    assert memory == 0 or 2**24 < memory < 2**36
    assert 0 < seconds < 60
    assert np.array(outputs) == pytest.approx(expected, abs=1e-6)


def test_a_library_that_cannot_be_imported_is_named(tmp_path, monkeypatch):
    """The import's own words come out, not a traceback."""
    (tmp_path / "torch.py").write_text("raise ImportError('no torch for this machine')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with (
        Process(Entrant("torch", "benchmarks.peer_torch", 1, ("torch",))) as process,
        pytest.raises(ProcessError, match=r"^no torch for this machine$"),
    ):
        process.ask("hello")


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import os; os._exit(3)", "its process ended with exit code 3: it said nothing"),
        (
            "import os, sys; print('out of luck', file=sys.stderr); sys.stderr.flush(); os.abort()",
            "its process ended with signal 6: .*out of luck",
        ),
    ],
)
def test_a_library_that_ends_its_process_is_told(tmp_path, monkeypatch, program, said):
    """A crash is an exit code or a signal, and the last words before it."""
    (tmp_path / "torch.py").write_text(program + "\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with (
        Process(Entrant("torch", "benchmarks.peer_torch", 1, ("torch",))) as process,
        pytest.raises(ProcessError, match=said),
    ):
        process.ask("hello")


def test_a_request_that_fails_leaves_the_process_alive():
    """The kind of error and its words are told, and the next request is answered until it is ended."""
    with Process(OURS) as process:
        with pytest.raises(ProcessError, match=r"TypeError: .*missing.*steps"):
            process.ask("prepare", n=[1, 1], batch=1)
        answered = process.ask("hello")
        process.close()
        with pytest.raises(ProcessError, match="its process was ended"):
            process.ask("hello")

        assert answered


def test_nobody_s_settings_reach_a_library():
    """Threads are those of the entrant; the instruction set is said to ellnet alone."""
    outer = {"OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "7", "PATH": "/bin"}
    found = environment(entrant("torch", 2), outer)
    avx2 = environment(entrant(target="avx2"), outer)

    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "2")
    assert found == {"PATH": "/bin", **threads}
    assert avx2["ELLNET_TARGET"] == "avx2"


class Native:
    """A native engine that can play AVX2."""

    @staticmethod
    def targets():
        """Return what it can run on."""
        return ("avx512", "avx2", "scalar")


def test_the_native_engine_takes_part_in_every_way(monkeypatch):
    """With one thread and with all, as AVX2 and in float64; peers with one thread and with all."""
    monkeypatch.setitem(ENGINES, "native", Native)
    found = entrants("auto", 2, peers_by_name("torch,jax"))

    assert [each.name for each in found] == [
        "ellnet native, 1 thread",
        "ellnet native, 2 threads",
        "ellnet native avx2, 2 threads",
        "ellnet native float64, 2 threads",
        "torch, 1 thread",
        "torch, 2 threads",
        "jax, 1 thread",
        "jax, 2 threads",
    ]
    assert [each.pinned for each in found][-2:] == [True, False]
    assert [each.main for each in found][:4] == [True, True, False, False]


def test_without_a_native_engine_the_array_engine_is_measured(monkeypatch):
    """Under its own name, and without instruction sets, which it has not."""
    monkeypatch.delitem(ENGINES, "native", raising=False)
    found = entrants("auto", 1, ())

    assert [each.name for each in found] == [
        "ellnet array, 1 thread",
        "ellnet array float64, 1 thread",
    ]


def test_an_unknown_peer_is_named():
    """The sentence lists the peers there are; none is none."""
    with pytest.raises(ValueError, match="no peer 'keras'; there are scikit-learn, torch"):
        peers_by_name("keras")
    assert peers_by_name("none") == ()


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (("avx512", "avx2", "scalar"), "native"),
        (("avx2", "scalar"), "native"),
        (("scalar",), "array"),
    ],
)
def test_the_scalar_oracle_is_not_what_is_measured(monkeypatch, targets, expected):
    """A machine without fused multiply-add gets the array engine; AVX2 alone is no variant of itself."""
    monkeypatch.setattr(Native, "targets", staticmethod(lambda: targets))
    monkeypatch.setitem(ENGINES, "native", Native)
    found = entrants("auto", 1, ())

    assert found[0].engine == expected
    assert any(each.target == "avx2" for each in found) is (targets[0] == "avx512")
