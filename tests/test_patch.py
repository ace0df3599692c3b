"""Unchanged scripts with scikit-learn's two classes replaced."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier

X, y = load_iris(return_X_y=True)
fitted = MLPClassifier((8,), solver="lbfgs", random_state=0).fit(X, y)
print(type(fitted).__module__, fitted.score(X, y) > 0.9, sys.argv, __name__)
"""

PROGRAM = """
import ellnet
from sklearn.neural_network import MLPRegressor as Mine
class Derived(Mine): pass
import sklearn.neural_network
replaced = ellnet.patch()
assert Mine is ellnet.MLPRegressor and sklearn.neural_network.MLPRegressor is ellnet.MLPRegressor
assert "__main__.Mine" in replaced and "__main__.Derived" not in replaced
assert ellnet.patch(quiet=True) == []
ellnet.patch.unpatch()
assert Mine is not ellnet.MLPRegressor and Mine.__module__.startswith("sklearn.")
assert ellnet.estimators.MLPRegressor is ellnet.MLPRegressor
"""


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a script that knows nothing of ellnet."""
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    return tmp_path


def test_a_script_runs_with_ours(folder):
    """Its arguments are its own; what was replaced is said on standard error."""
    ran = run("-m", "ellnet.patch", "script.py", "--deep", "7", folder=folder)

    assert ran.returncode == 0, ran.stderr
    expected = "ellnet.estimators.classifier True ['script.py', '--deep', '7'] __main__\n"
    assert ran.stdout == expected
    assert "sklearn.neural_network.MLPClassifier is now that of ellnet" in ran.stderr


def test_a_module_runs_with_ours_in_silence(folder):
    """As `python -m` runs it."""
    ran = run("-m", "ellnet.patch", "-q", "-m", "script", folder=folder)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("ellnet.estimators.classifier True")
    assert ran.stderr == ""


def test_a_script_s_own_exit_code_is_kept(tmp_path):
    """And its traceback is its own affair."""
    (tmp_path / "ends.py").write_text("raise SystemExit(7)\n", encoding="utf-8")

    assert run("-m", "ellnet.patch", "ends.py", folder=tmp_path).returncode == 7


def test_the_running_program_is_patched_and_back(tmp_path):
    """Names that hold the classes already are replaced, classes derived before are named."""
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")

    ran = run("program.py", folder=tmp_path)

    assert ran.returncode == 0, ran.stderr
    assert "__main__.Derived was derived from scikit-learn's MLPRegressor before" in ran.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.py"], "there is no script nowhere.py"),
        (["notes.ipynb"], "call ellnet.patch() in its first cell"),
        (["."], "is a folder"),
        (["-m"], "-m needs the name of a module"),
    ],
)
def test_what_cannot_be_run_is_refused(words, message, tmp_path):
    """In one sentence, with exit code 2."""
    ran = run("-m", "ellnet.patch", *words, folder=tmp_path)

    assert ran.returncode == 2
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_help_says_how(tmp_path):
    """With exit code 0 when it was asked for, 2 when nothing was said."""
    asked, nothing = (run("-m", "ellnet.patch", *w, folder=tmp_path) for w in (["-h"], []))

    assert (asked.returncode, nothing.returncode) == (0, 2)
    assert asked.stdout == nothing.stdout
    assert "python -m ellnet.patch" in asked.stdout
