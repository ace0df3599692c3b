"""The script `run`: what it decides before it calls anybody else's program.

No test here installs anything: the program that would is replaced by a short one.
"""

import ast
import fcntl
import importlib.machinery
import importlib.util
import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "run"


@pytest.fixture(scope="module")
def run() -> Any:
    """Return the script as a module."""
    loader = importlib.machinery.SourceFileLoader("ellnet_run", str(SCRIPT))
    spec = importlib.util.spec_from_loader("ellnet_run", loader)
    assert spec is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules["ellnet_run"] = module
    loader.exec_module(module)
    return module


@pytest.fixture
def place(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a small project with a native folder and no virtual environment."""
    monkeypatch.delenv("ELLNET_REQUIRE_NATIVE", raising=False)
    monkeypatch.setenv("CXX", "c++")
    (tmp_path / "native").mkdir()
    (tmp_path / "native" / "version.cpp").write_text("// 1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "CMakeLists.txt").write_text("project(x)\n")
    return run.Place(tmp_path)


def pretend_installed(run: Any, place: Any, extra: str) -> None:
    """Leave behind what a complete installation leaves."""
    place.python.parent.mkdir(parents=True, exist_ok=True)
    if not place.python.exists():
        place.python.symlink_to(sys.executable)
    place.owner.write_text(run.identity(place))
    place.stamp(extra).write_text(run.key(place))


@pytest.fixture
def pip(run: Any, place: Any, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Put a short Python program in pip's place; `calls` counts how often it was begun."""
    fake = SimpleNamespace(program="print('Collecting numpy')", calls=0)

    def installer(_: Any) -> list[str]:
        fake.calls += 1
        return [sys.executable, "-c", fake.program]

    def make_venv(_: Any) -> None:
        place.python.parent.mkdir(parents=True, exist_ok=True)
        place.unfinished.unlink(missing_ok=True)
        if not place.python.exists():
            place.python.symlink_to(sys.executable)
        place.owner.write_text(run.identity(place))

    monkeypatch.setattr(run, "installer", installer)
    monkeypatch.setattr(run, "make_venv", make_venv)
    return fake


def test_nothing_is_ready_in_a_fresh_clone(run: Any, place: Any) -> None:
    """Without a virtual environment there is something to install."""
    assert not run.ready(place, "plot")


@pytest.mark.parametrize("installed", ["plot", "test", "check", "peers"])
@pytest.mark.parametrize("asked", ["plot", "test", "check", "peers"])
def test_a_group_serves_those_that_it_contains(
    run: Any, place: Any, installed: str, asked: str
) -> None:
    """What was installed for `check` is enough for `test` and `demo`, and not the other way."""
    pretend_installed(run, place, installed)

    assert run.ready(place, asked) == (run.EXTRAS.index(installed) >= run.EXTRAS.index(asked))


def test_the_tests_against_peers_need_more(run: Any) -> None:
    """PyTorch is installed for who asks for it, and for nobody else."""
    assert run.needed(["test", "-q", "--peers"]) == "peers"
    assert run.needed(["test", "-q"]) == "test"
    assert run.needed(["demo"]) == "plot"


@pytest.mark.parametrize("changed", ["pyproject.toml", "CMakeLists.txt", "native/version.cpp"])
def test_a_changed_build_file_asks_for_a_new_installation(
    run: Any, place: Any, changed: str
) -> None:
    """The stamp holds for the very bytes that were built."""
    pretend_installed(run, place, "test")
    (place.root / changed).write_text("changed\n")

    assert not run.ready(place, "test")


def test_a_new_native_file_asks_for_a_new_installation(run: Any, place: Any) -> None:
    """A file that was added is part of the key."""
    before = run.key(place)
    (place.root / "native" / "deep").mkdir()
    (place.root / "native" / "deep" / "more.cpp").write_text("")

    assert run.key(place) != before


def test_a_compiler_that_appears_asks_for_a_new_installation(
    run: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who installs a compiler after a pure installation gets the native engine."""
    monkeypatch.setenv("CXX", "/nonexistent")
    pretend_installed(run, place, "test")
    monkeypatch.setenv("CXX", "c++")

    assert not run.ready(place, "test")


def test_a_folder_that_was_moved_is_made_anew(run: Any, place: Any, tmp_path: Path) -> None:
    """A virtual environment holds absolute paths: it does not survive a move."""
    pretend_installed(run, place, "test")
    moved = run.Place(tmp_path.rename(tmp_path.with_name("moved")))

    assert not run.ready(moved, "test")
    assert not run.usable(moved)


def test_a_python_that_is_gone_is_noticed(run: Any, place: Any) -> None:
    """A link to an interpreter that was removed is neither ready nor usable."""
    pretend_installed(run, place, "test")
    place.python.unlink()
    place.python.symlink_to(place.root / "gone")

    assert not run.ready(place, "test")
    assert not run.usable(place)


def test_an_installation_that_was_cut_off_is_noticed(run: Any, place: Any) -> None:
    """The mark that a killed call leaves behind outweighs every stamp."""
    pretend_installed(run, place, "test")
    place.unfinished.touch()

    assert not run.ready(place, "test")
    assert not run.usable(place)


def test_a_required_native_engine_is_looked_for(
    run: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ELLNET_REQUIRE_NATIVE=1 a pure installation is not ready, a native one is."""
    pretend_installed(run, place, "test")
    monkeypatch.setenv("ELLNET_REQUIRE_NATIVE", "1")
    pure = run.ready(place, "test")
    module = place.venv / "lib/python3.11/site-packages/ellnet/engines/_native.so"
    module.parent.mkdir(parents=True)
    module.touch()

    assert not pure
    assert run.ready(place, "test")


def test_set_up_installs_once(run: Any, place: Any, pip: SimpleNamespace) -> None:
    """The second call finds everything done."""
    run.setup(place, "test")
    run.setup(place, "test")
    run.setup(place, "plot")

    assert pip.calls == 1
    assert not place.unfinished.exists()


def test_two_calls_at_once_install_once(run: Any, place: Any, pip: SimpleNamespace) -> None:
    """The one that comes second waits, and then has nothing to do."""
    pip.program = "import time; time.sleep(0.5)"
    calls = [threading.Thread(target=run.setup, args=(place, "test")) for _ in range(2)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()

    assert pip.calls == 1
    assert run.ready(place, "test")


@pytest.fixture
def group(place: Any) -> None:
    """Give the small project a group bench of three packages."""
    place.python.parent.mkdir(parents=True, exist_ok=True)
    place.lock.parent.mkdir()
    (place.root / "pyproject.toml").write_text(
        '[project]\nname = "ellnet"\n[project.optional-dependencies]\n'
        'bench = ["ellnet[plot]", "jax>=0.6", "torch==2.13.0", "onnx"]\n'
    )


PICKY = "import sys; sys.exit(sys.argv[-1].startswith('jax'))"
"""In pip's place: it can install everything but JAX."""


@pytest.mark.usefixtures("group")
def test_a_peer_that_cannot_be_had_is_passed_over(
    run: Any, place: Any, pip: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is named, the others are installed one by one, and only it is tried again."""
    pip.program = PICKY
    run.install_peers(place, ["jax", "torch"])
    said = capfd.readouterr().err
    first, pip.calls = pip.calls, 0
    run.install_peers(place, ["jax", "torch"])

    assert "jax is passed over: pip could not install it, see .run/install-jax.log" in said
    assert "torch is passed over" not in said
    assert (first, pip.calls) == (2, 1)
    assert not place.unfinished.exists()


@pytest.mark.usefixtures("group")
def test_another_version_of_a_peer_is_installed_anew(
    run: Any, place: Any, pip: SimpleNamespace
) -> None:
    """The stamp holds for the requirement as it is written; what nobody asks for is left alone."""
    run.install_peers(place, ["torch"])
    project = place.root / "pyproject.toml"
    project.write_text(project.read_text().replace("2.13.0", "2.14.0"))
    run.install_peers(place, ["torch"])

    assert run.peers_of(place) == ["jax>=0.6", "torch==2.14.0", "onnx"]
    assert pip.calls == 2


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize(
    ("arguments", "installed"), [(["--quick"], ["jax", "onnx"]), (["--quick", "--help"], [])]
)
def test_a_benchmark_gets_the_packages_that_it_asks_for(
    run: Any,
    place: Any,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    installed: list[str],
) -> None:
    """It says which; for its help alone nothing is installed."""
    place.python.symlink_to(sys.executable)
    (place.root / "benchmarks.py").write_text(
        "import sys; print('jax onnx' if sys.argv[1] == 'packages' else sys.argv[1:])\n"
    )
    asked: list[str] = []
    monkeypatch.setattr(run, "install_peers", lambda _, names: asked.extend(names))
    run.bench(place, arguments)

    assert asked == installed


@pytest.mark.usefixtures("group")
def test_a_benchmark_that_refuses_its_arguments_installs_nothing(
    run: Any, place: Any, pip: SimpleNamespace
) -> None:
    """Its exit code is the command's."""
    place.python.symlink_to(sys.executable)
    (place.root / "benchmarks.py").write_text("import sys; sys.exit(2)\n")

    with pytest.raises(run.RunError, match="nothing was installed or measured") as caught:
        run.bench(place, ["--nonsense"])

    assert caught.value.code == 2
    assert pip.calls == 0


@pytest.fixture
def trials(place: Any) -> Any:
    """A project with a virtual environment, whose trials need one build."""
    place.python.parent.mkdir(parents=True)
    place.python.symlink_to(sys.executable)
    (place.root / "ordeal.py").write_text(
        "import sys\n"
        "if sys.argv[1:2] == ['builds']:\n"
        "    if '--wrong' in sys.argv: sys.exit(2)\n"
        "    print('thread thread')\n"
        "else:\n"
        "    print('held', *sys.argv[1:])\n"
    )
    return place


def test_trials_get_the_builds_that_they_need(
    run: Any, trials: Any, pip: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    """Once, and again when a source has changed; then the trials are held."""
    run.ordeal(trials, ["race"])
    run.ordeal(trials, ["race"])
    once = pip.calls
    (trials.root / "native" / "version.cpp").write_text("// 2\n")
    run.ordeal(trials, ["race"])

    assert once == 1
    assert pip.calls == 2
    assert capfd.readouterr().out.split() == ["held", "race"] * 3
    assert run.text(trials.build("thread") / "stamp").endswith(" thread")


def test_a_build_that_cannot_be_made_is_named_and_tried_again(
    run: Any, trials: Any, pip: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    """The trials are held all the same: those that need it say that it is missing."""
    pip.program = "import sys; sys.exit(4)"
    run.ordeal(trials, [])
    said = capfd.readouterr()
    run.ordeal(trials, [])

    assert "FAILED with exit code 4" in said.err
    assert "build-thread.log" in said.err
    assert said.out == "held\n"
    assert pip.calls == 2


@pytest.mark.parametrize("arguments", [["--list"], ["--help"]])
def test_to_look_at_the_trials_nothing_is_built(
    run: Any, trials: Any, pip: SimpleNamespace, arguments: list[str]
) -> None:
    """Their list and their help need no build; arguments that are refused begin nothing."""
    run.ordeal(trials, arguments)
    with pytest.raises(run.RunError, match="no trial was begun") as caught:
        run.ordeal(trials, ["--wrong"])

    assert caught.value.code == 2
    assert pip.calls == 0


def test_a_failing_pip_is_shown_with_its_exit_code(
    run: Any, place: Any, pip: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    """What pip said appears, the sentence names its exit code, and the next call tries again."""
    pip.program = "import sys; print('no such wheel'); sys.exit(7)"

    with pytest.raises(run.RunError, match="exit code 7") as caught:
        run.setup(place, "test")

    assert caught.value.code == 7
    assert "no such wheel" in capfd.readouterr().err
    assert not run.ready(place, "test")
    assert run.usable(place)


def test_an_interrupted_installation_is_made_good(
    run: Any, place: Any, pip: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C half way leaves the mark, ends pip, and the next call starts from a clean floor."""
    pip.program = "import time; time.sleep(60)"
    with monkeypatch.context() as patched:
        patched.setattr(run, "last_words", raise_interrupt)
        with pytest.raises(KeyboardInterrupt):
            run.setup(place, "test")
    left_behind = place.unfinished.exists()
    pip.program = "pass"
    run.setup(place, "test")

    assert left_behind
    assert run.ready(place, "test")


def raise_interrupt(_: object) -> str:
    """Press Ctrl-C."""
    raise KeyboardInterrupt


def test_no_pip_at_all_is_one_sentence(
    run: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can install, the sentence says what to install."""
    monkeypatch.setattr(run, "works", lambda *_: False)

    with pytest.raises(run.RunError, match="python3-pip"):
        run.installer(place)


def test_pip_is_found_in_three_places(
    run: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First this Python's pip, then one that ensurepip makes, then one on PATH."""
    own = str(place.python)
    answers = {
        "outer": [sys.executable, "-m", "pip", "--python", own],
        "ensurepip": [own, "-m", "pip"],
        "pip3": ["pip3", "--python", own],
    }
    tells = {"outer": sys.executable, "ensurepip": "ensurepip", "pip3": "pip3"}

    for there, answer in answers.items():
        tell = tells[there]
        monkeypatch.setattr(run, "works", lambda command, _, tell=tell: tell in command)
        assert run.installer(place) == answer


def test_the_lock_outlives_a_killed_script(run: Any, place: Any) -> None:
    """The lock is inherited by pip: nobody begins before it has ended."""
    with run.locked(place) as held:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1, pass_fds=[held])
    with place.lock.open("w") as other, child:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        child.communicate(b"\n")
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_long_step_gives_signs_of_life(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal a line appears every few seconds, with what is being done."""
    monkeypatch.setattr(run, "HEARTBEAT", 0.1)
    program = "import time; print('Collecting polars>=1 (from x)', flush=True); time.sleep(1)"
    with (tmp_path / "log").open("wb+") as log:
        code = run.watch([sys.executable, "-c", program], run.Progress("step"), log, tmp_path)

    assert code == 0
    assert "Collecting polars>=1" in capfd.readouterr().err


def test_what_watch_started_ends_with_it(run: Any, tmp_path: Path) -> None:
    """An interrupted step takes its children's children along."""
    grandchild = "import time; time.sleep(60)"
    program = (
        f"import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', {grandchild!r}]);"
        "print(c.pid, flush=True); c.wait()"
    )

    class Impatient(run.Progress):  # type: ignore[misc]
        def tick(self, detail: str) -> None:  # noqa: ARG002
            if (tmp_path / "log").stat().st_size:
                raise KeyboardInterrupt

    with (tmp_path / "log").open("wb+") as log, pytest.raises(KeyboardInterrupt):
        run.watch([sys.executable, "-c", program], Impatient("step"), log, tmp_path)

    assert gone(int((tmp_path / "log").read_text().split()[0]))


def gone(pid: int) -> bool:
    """Tell whether a process has ended, within two seconds."""
    for _ in range(40):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_the_latest_step_is_shown_without_addresses(run: Any, tmp_path: Path) -> None:
    """Of pip's output only the step is shown; an empty log shows nothing."""
    with (tmp_path / "log").open("wb+", buffering=0) as log:
        empty = run.last_words(log)
        log.write(b"Collecting numpy>=2.1 (from ellnet)\nLooking in indexes: https://x\n  noise\n")

        assert empty == ""
        assert run.last_words(log) == "Collecting numpy>=2.1 (from ellnet)"


@pytest.mark.parametrize(("returned", "shown"), [(0, 0), (3, 3), (-signal.SIGKILL, 137)])
def test_exit_codes_are_a_shells(run: Any, returned: int, shown: int) -> None:
    """A signal's number is added to 128."""
    assert run.exit_code(returned) == shown


def test_a_failing_tool_gives_its_exit_code(
    run: Any, place: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`run` ends with the code of the program that failed, and one sentence."""
    pretend_installed(run, place, "plot")
    tool = run.Command("", "plot", lambda p, a: run.call(p, "the tool", ["python", *a]))
    monkeypatch.setattr(run, "COMMANDS", {"tool": tool})

    assert run.main(["tool", "-c", "import sys; sys.exit(5)"], place) == 5
    assert capfd.readouterr().err == "run: the tool failed with exit code 5\n"


def test_all_checks_run_also_after_one_that_fails(
    run: Any, place: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each check is named with its seconds; the last sentence names those that failed."""
    pretend_installed(run, place, "check")
    checks = [
        (name, ("python", "-c", f"import sys; print('said {name}'); sys.exit({code})"))
        for name, code in (("one", 0), ("two", 3), ("three", 4))
    ]
    monkeypatch.setattr(run, "CHECKS", checks)

    assert run.main(["check"], place) == 3
    said = capfd.readouterr().err
    assert "said one" not in said
    assert "said two" in said
    assert said.endswith("2 of 3 checks failed: two (exit code 3), three (exit code 4)\n")


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_the_commands_are_listed(
    run: Any, place: Any, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """Without a word, or asked for help, every command is named and nothing is installed."""
    code = run.main(words, place)
    said = capsys.readouterr().out

    assert code == 0
    assert all(f"./run {name}" in said for name in run.COMMANDS)
    assert not place.venv.exists()


def test_an_unknown_command_is_refused(
    run: Any, place: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped word gets the list, and exit code 2."""
    assert run.main(["tset"], place) == 2
    assert "'tset'; there are demo, test, check" in capsys.readouterr().err


def test_an_unwritable_folder_is_one_sentence(
    run: Any, place: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file in the way of `.run` is named."""
    place.lock.parent.write_text("in the way")

    assert run.main(["test"], place) == 1
    assert ".run" in capsys.readouterr().err


def test_progress_moves_on_a_terminal(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal one line is rewritten, and the verdict takes its place."""
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", screen)
    progress = run.Progress("step")
    progress.tick("this")
    progress.tick("that")
    progress.end("done")

    assert screen.getvalue().count("\r") == 3
    assert screen.getvalue().endswith("done\n")


def test_an_old_python_gets_a_sentence() -> None:
    """The script parses where Python is old, and says which one it needs."""
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))
    program = (
        "import sys; sys.version_info = (3, 8, 0, 'final', 0);"
        f"exec(compile(open({str(SCRIPT)!r}).read(), 'run', 'exec'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr == "run: ellnet needs Python 3.11 or later, and this is Python 3.8\n"
