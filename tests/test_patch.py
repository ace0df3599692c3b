"""Unchanged scripts with scikit-learn's two classes replaced."""

import pickle
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning

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


UNCHANGED = {
    "a search over two processes, and a file of joblib": """
        import joblib
        from sklearn.datasets import load_iris
        from sklearn.model_selection import GridSearchCV, cross_val_score
        from sklearn.neural_network import MLPClassifier
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler

        X, y = load_iris(return_X_y=True)
        steps = [("scale", StandardScaler()), ("mlp", MLPClassifier(max_iter=40, random_state=0))]
        grid = {"mlp__alpha": [1e-4, 1.0], "mlp__hidden_layer_sizes": [(8,), (8, 8)]}
        search = GridSearchCV(Pipeline(steps), grid, cv=2, n_jobs=2).fit(X, y)
        joblib.dump(search.best_estimator_, "model.joblib")
        assert (joblib.load("model.joblib").predict(X) == search.predict(X)).all()
        fitted = search.best_estimator_["mlp"]
    """,
    "import sklearn.neural_network as nn": """
        import sklearn.neural_network as nn
        from sklearn.compose import TransformedTargetRegressor
        from sklearn.datasets import load_diabetes
        from sklearn.preprocessing import StandardScaler

        X, y = load_diabetes(return_X_y=True)
        net = nn.MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=50, random_state=0)
        model = TransformedTargetRegressor(net, transformer=StandardScaler()).fit(X, y)
        fitted = model.regressor_
        assert isinstance(fitted, nn.MLPRegressor)
    """,
    "from sklearn import neural_network": """
        from sklearn import datasets, metrics, neural_network

        X, y = datasets.make_moons(200, noise=0.2, random_state=0)
        fitted = neural_network.MLPClassifier(
            hidden_layer_sizes=(10, 10), learning_rate_init=0.01, early_stopping=True,
            n_iter_no_change=60, random_state=3
        )
        fitted.fit(X, y)
        assert metrics.roc_auc_score(y, fitted.predict_proba(X)[:, 1]) > 0.8
        assert [coef.shape for coef in fitted.coefs_] == [(2, 10), (10, 10), (10, 1)]
        assert (fitted.out_activation_, fitted.n_layers_, fitted.n_outputs_) == ("logistic", 4, 1)
        neural_network.BernoulliRBM(n_components=2, n_iter=1).fit(X > 0)
    """,
    "a class derived in the script, and partial_fit": """
        import numpy as np
        from sklearn.base import clone
        from sklearn.datasets import load_iris
        from sklearn.neural_network import MLPClassifier

        class Mine(MLPClassifier):
            def __init__(self, hidden_layer_sizes=(7,), random_state=None):
                super().__init__(hidden_layer_sizes=hidden_layer_sizes, random_state=random_state)

        X, y = load_iris(return_X_y=True)
        fitted = clone(Mine(random_state=0))
        for start in range(0, 150, 50):
            fitted.partial_fit(X[start : start + 50], y[start : start + 50], classes=np.unique(y))
        assert (fitted.t_, len(fitted.loss_curve_)) == (150, 3)
        assert fitted.get_params() == {"hidden_layer_sizes": (7,), "random_state": 0}
    """,
}
"""Scripts that know nothing of ellnet; `fitted` is the network that each ends with."""

ENDING = """
own = [kind.__module__ for kind in type(fitted).__mro__ if kind.__module__ != "__main__"]
print(own[0].partition(".")[0])
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


@pytest.mark.parametrize("case", UNCHANGED)
def test_realistic_scripts_run_as_they_are(case, tmp_path):
    """With our classes, and nothing of the script has to change."""
    (tmp_path / "script.py").write_text(dedent(UNCHANGED[case]) + ENDING, encoding="utf-8")

    ran = run("-m", "ellnet.patch", "script.py", folder=tmp_path)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "ellnet\n"
    assert ran.stderr.count("is now that of ellnet") == 4


WISHES = {
    "binarizer": (
        "fitted._label_binarizer",
        "MLPClassifier._label_binarizer is scikit-learn's own",
    ),
    "method": ("fitted._forward_pass([])", "MLPClassifier._forward_pass is scikit-learn's own"),
    "pickle": ("pickle.load(open('theirs', 'rb'))", "this pickle is of another library's"),
}
MISTAKES = {"of-a-dict": "{}.no_such_thing", "of-ours": "fitted.no_such_thing"}

PREFACE = """import pickle
from sklearn.neural_network import MLPClassifier
fitted = MLPClassifier((3,), max_iter=1).fit([[0.0], [1.0]], [0, 1])
"""

ALL = """
import sys
from ellnet.patch import main
for name in sys.argv[1:]:
    try:
        print(name, main(["-q", name]))
    except AttributeError:
        print(name, "raised")
"""


def test_what_cannot_be_honoured_is_said_in_one_sentence(tmp_path):
    """With the line of the script and exit code 1; a script's own mistake is its own affair."""
    theirs = neural_network.MLPClassifier((3,), max_iter=1)
    with pytest.warns(ConvergenceWarning):
        theirs.fit([[0.0], [1.0]], [0, 1])
    (tmp_path / "theirs").write_bytes(pickle.dumps(theirs))
    lines = {name: line for name, (line, _) in WISHES.items()} | MISTAKES
    for name, line in lines.items():
        (tmp_path / name).write_text(f"{PREFACE}{line}\n", encoding="utf-8")

    ran = run("-c", ALL, *lines, folder=tmp_path)

    ends = ["1"] * len(WISHES) + ["raised"] * len(MISTAKES)
    assert ran.stdout.splitlines() == [" ".join(pair) for pair in zip(lines, ends, strict=True)]
    said = ran.stderr.splitlines()
    assert len(said) == len(WISHES)
    for sentence, (name, (_, message)) in zip(said, WISHES.items(), strict=True):
        assert sentence.startswith(f"ellnet.patch: {name}, line 4: {message}")


def test_modules_may_hold_what_cannot_be_hashed(tmp_path):
    """Classes of classes that compare and do not hash are left alone."""
    program = """
import ellnet
class Kind(type):
    def __eq__(self, other): return True
    __hash__ = None
class Odd(metaclass=Kind): pass
from sklearn.neural_network import MLPClassifier
replaced = ellnet.patch(quiet=True)
assert MLPClassifier is ellnet.MLPClassifier
assert type(Odd) is Kind and "__main__.Odd" not in replaced
"""
    (tmp_path / "program.py").write_text(program, encoding="utf-8")

    ran = run("program.py", folder=tmp_path)

    assert ran.returncode == 0, ran.stderr


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
        (["-m", "nowhere.at.all"], "there is no module nowhere.at.all that can be run"),
        (["-m", "email"], "there is no module email that can be run"),
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
