"""Conformance: scikit-learn's own checks, and its own tests of its own two classes."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest
import sklearn.neural_network
from sklearn.utils import get_tags

from tests.estimators.conformance import ESTIMATORS

ABSENT = ("is not installed", "is not available", "is available", "MPS device")
"""What the reason of a check that is passed over says: a library or a piece of hardware is absent."""

PRIVATE = {
    "test_gradient",
    "test_learning_rate_warmstart",
    "test_adaptive_learning_rate",
}
"""Their tests that read private attributes of their classes."""

ON_PURPOSE = {
    "test_mlp_partial_fit_after_fit[MLPClassifier]": "partial_fit takes early stopping here",
    "test_mlp_partial_fit_after_fit[MLPRegressor]": "partial_fit takes early stopping here",
    "test_early_stopping_stratified": "the message names the class by its label, not by True",
}
"""Their tests of behaviour that is another one here, and why."""


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, on one thread."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def checks(root: Path) -> Iterator[list["Future[subprocess.CompletedProcess[str]]"]]:
    """Begin to check every estimator, as many at a time as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        words = ["-m", "tests.estimators.conformance"]
        yield [pool.submit(run, [*words, str(k)], root) for k in range(len(ESTIMATORS))]


@pytest.mark.parametrize("number", range(len(ESTIMATORS)), ids=[str(e) for e in ESTIMATORS])
def test_every_check_of_scikit_learn_passes(number, checks):
    """None fails, none is expected to fail; one is passed over where a library is absent."""
    ran = checks[number].result()

    assert ran.returncode == 0, ran.stderr[-2000:]
    results = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [r for r in results if r["status"] not in {"passed", "skipped"}] == []
    skipped = [r for r in results if r["status"] == "skipped"]
    assert [r for r in skipped if not any(why in r["reason"] for why in ABSENT)] == []
    counts = Counter(r["check"] for r in results if r["status"] == "passed")
    assert sum(counts.values()) >= 60
    if version("scikit-learn") >= "1.9":
        assert counts["check_array_api_same_namespace"] == 1
        assert counts["check_array_api_input"] >= 3


@pytest.mark.parametrize("number", range(len(ESTIMATORS)))
def test_no_tag_excuses(number):
    """Nothing is passed over by asking for it."""
    tags = get_tags(ESTIMATORS[number])

    assert not tags.non_deterministic
    assert not tags.no_validation
    assert not tags.classifier_tags or not tags.classifier_tags.poor_score
    assert not tags.regressor_tags or not tags.regressor_tags.poor_score
    assert tags.array_api_support


def test_scikit_learn_s_own_tests_pass_with_the_imports_swapped(tmp_path):
    """All but those that read private attributes, and those that differ on purpose."""
    theirs = Path(sklearn.neural_network.__file__).parent / "tests" / "test_mlp.py"
    line = "from sklearn.neural_network import MLPClassifier, MLPRegressor"
    text = theirs.read_text(encoding="utf-8")
    assert line in text
    swapped = text.replace(line, "from ellnet.estimators import MLPClassifier, MLPRegressor")
    (tmp_path / "test_theirs.py").write_text(swapped, encoding="utf-8")
    (tmp_path / "conftest.py").write_text(
        "import pytest\n\n\n@pytest.fixture\ndef global_random_seed():\n    return 42\n",
        encoding="utf-8",
    )

    ran = run(["-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", "test_theirs.py"], tmp_path)

    lines = ran.stdout.splitlines()
    passed = {line.split("::")[1] for line in lines if line.startswith("PASSED")}
    failed = {line.split("::")[1].split(" - ")[0] for line in lines if line.startswith("FAILED")}
    assert failed <= PRIVATE | set(ON_PURPOSE), ran.stdout[-3000:]
    if version("scikit-learn") == "1.9.1":
        assert (len(passed), len(failed)) == (53, 6)
