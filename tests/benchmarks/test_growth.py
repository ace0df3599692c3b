"""The benchmark of growth: its networks, and a run as short as it can be made."""

import contextlib
import io
import json

import pytest

from benchmarks import footprint, growth
from benchmarks.__main__ import main
from benchmarks.footprint import Footprint, footprints
from benchmarks.machine import most_memory
from benchmarks.rounds import Pace


def test_one_thing_grows_and_all_else_stands():
    """Examples leave the step as it is, width and depth the batch, the batch the network."""
    examples, width, depth, batch = growth.SERIES
    few, many = (examples.net(examples.values[i]) for i in (0, -1))

    assert (few.n, few.batch, few.training_flop) == (many.n, many.batch, many.training_flop)
    assert [net.examples for net in (few, many)] == [1_024, 1_024_000]
    assert width.net(4096).n == (64, 4096, 4096, 10)
    assert width.net(16).batch == width.net(4096).batch == depth.net(64).batch
    assert len(depth.net(64).n) == 66
    assert batch.net(1).n == batch.net(4096).n
    assert batch.net(4096).batch == 4096


@pytest.fixture(scope="module")
def short_run(tmp_path_factory):
    """A run over two examples of two series, with what it showed and wrote."""
    folder, shown = tmp_path_factory.mktemp("growth"), io.StringIO()
    few = tuple(
        growth.Series(each.name, each.axis, each.values[:2], each.net)
        for each in growth.SERIES[::2]
    )
    with pytest.MonkeyPatch.context() as patched, contextlib.redirect_stdout(shown):
        patched.setattr(growth, "SERIES", few)
        patched.setattr(growth, "PACE", Pace(0.001, 0.001, rounds=2, limit=1.0))
        patched.setattr(growth, "IMPORTS", {"Python alone": "pass"})
        patched.setattr(footprint, "ROUNDS", 1)
        words = ["--growth", "--peers", "scikit-learn", "--threads", "1", "-o", str(folder)]
        code = main(words)
    return code, shown.getvalue(), folder


def test_a_short_run_measures_shows_and_writes(short_run):
    """Every point has ours and the peer's; memory and imports are told; the picture is drawn."""
    code, shown, folder = short_run

    found = json.loads((folder / "growth.json").read_text())
    assert code == 0
    assert [(p["series"], p["value"]) for p in found["points"]] == [
        ("examples", 1_024),
        ("examples", 10_240),
        ("depth", 1),
        ("depth", 2),
    ]
    for point in found["points"]:
        assert {f["library"] for f in point["figures"]} == {"ellnet", "scikit-learn"}
        assert all(f["microseconds"]["minimum"] > 0 for f in point["figures"])
    assert {name.split()[0] for name in found["memory"]} == {"ellnet", "scikit-learn"}
    assert [each["name"] for each in found["imports"]] == ["Python alone"]
    assert (folder / "growth.png").stat().st_size > 10_000
    assert "A training step, by hidden layers of 64 units" in shown
    assert "10,240" in shown


def test_a_library_that_is_not_there_is_passed_over(monkeypatch):
    """With the last words of its import."""
    monkeypatch.setitem(footprint.IMPORTS, "nothing", "import no_such_library")

    (found,) = footprints(["nothing"])

    words = "ModuleNotFoundError: No module named 'no_such_library'"
    assert found == Footprint("nothing", passed_over=words)


def test_memory_is_read_from_the_system_s_words():
    """In bytes; 0 where they say nothing of it."""
    assert most_memory("Name:\tpython\nVmHWM:\t   10036 kB\nVmRSS:\t 9000 kB\n") == 10036 * 1024
    assert most_memory("Name:\tpython\n") == 0
