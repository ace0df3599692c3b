"""Estimators in files and pickles: what comes back is what was put away."""

import copy
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import ellnet
from ellnet.errors import CorruptFileError, DataError, EllnetWarning, PatchError
from ellnet.estimators import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).standard_normal((60, 4))
NUMBERS = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)

CASES: dict[str, tuple[Any, Any]] = {
    "numbers": (MLPClassifier((5,), max_iter=4, early_stopping=True), NUMBERS),
    "words": (MLPClassifier((5,), max_iter=4), np.array(["a", "bb", "c"], object)[NUMBERS]),
    "text": (MLPClassifier((5,), max_iter=4), np.array(["a", "bb", "c"])[NUMBERS]),
    "truth": (MLPClassifier(activation=["tanh"], max_iter=4), NUMBERS > 0),
    "several labels": (MLPClassifier((), solver="lbfgs"), np.stack([NUMBERS > 0, X[:, 2] > 0], 1)),
    "class weights": (MLPClassifier((5,), class_weight={0: 1.5, 1: 1, 2: 3}, max_iter=4), NUMBERS),
    "quantiles": (MLPRegressor("quantile", (5,), quantiles=(0.2, 0.8), max_iter=4), X[:, 0]),
    "poisson": (MLPRegressor("poisson", (5,), n_iter_no_change=np.inf, max_iter=4), NUMBERS),
    "several outputs": (
        MLPRegressor(hidden_layer_sizes=(5, 3), solver="sgd", max_iter=4),
        X[:, :2],
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_loaded_estimator_is_the_saved_one(case, dtype, tmp_path):
    """Parameters, labels, curves, predictions; it goes on to the same bits, and saves to the same."""
    estimator, y = CASES[case]
    inputs = X.astype(dtype)
    saved = copy.deepcopy(estimator).set_params(random_state=1).fit(inputs, y)
    saved.save(tmp_path / "one")

    loaded: Any = ellnet.load(tmp_path / "one")

    assert repr(loaded) == repr(saved)
    assert loaded.predict(inputs).tobytes() == saved.predict(inputs).tobytes()
    assert loaded.predict(inputs).dtype == saved.predict(inputs).dtype
    for name in ("loss_", "best_loss_", "best_validation_score_", "validation_scores_", "t_"):
        assert getattr(loaded, name) == getattr(saved, name)
    loaded.save(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    if hasattr(saved, "partial_fit"):
        first, second = saved.partial_fit(inputs, y), loaded.partial_fit(inputs, y)
        assert first.coefs_[0].tobytes() == second.coefs_[0].tobytes()


@pytest.mark.parametrize("case", CASES)
def test_pickle_and_deepcopy_keep_the_bits(case):
    """And the copy goes its own way."""
    estimator, y = CASES[case]
    fitted = copy.deepcopy(estimator).set_params(random_state=1).fit(X, y)
    before = fitted.predict(X)

    unpickled = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - its own pickle
    for other in (unpickled, copy.deepcopy(fitted)):
        assert np.array_equal(other.predict(X), before)
        other.coefs_[0][:] = 0
        assert np.array_equal(fitted.predict(X), before)


def test_a_frame_s_names_are_saved(tmp_path):
    """They are checked after loading as before."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["p", "q", "r", "s"])
    MLPClassifier((5,), max_iter=2).fit(frame, NUMBERS).save(tmp_path / "m")

    loaded: Any = ellnet.load(tmp_path / "m")

    assert list(loaded.feature_names_in_) == ["p", "q", "r", "s"]
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(frame[["q", "p", "r", "s"]])


def test_what_no_file_can_hold_is_named(tmp_path):
    """A function, a generator of random numbers, labels that are dates."""
    dates = np.array(["2020-01-01", "2021-01-01", "2022-01-01"], "datetime64[D]")[NUMBERS]
    state = MLPClassifier((3,), max_iter=2, random_state=np.random.RandomState(0))

    with pytest.raises(DataError, match=r"random_state must be .* got RandomState"):
        state.fit(X, NUMBERS).save(tmp_path / "m")
    with pytest.raises(DataError, match="labels must be numbers, truth values or text"):
        MLPClassifier((3,), max_iter=2).fit(X, dates).save(tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_damaged_file_is_refused_by_section(tmp_path):
    """Every byte is under the digest."""
    path = tmp_path / "m"
    MLPClassifier((3,), max_iter=2).fit(X, NUMBERS).save(path)
    whole = path.read_bytes()

    for place in (20, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(CorruptFileError, match="is damaged or was not written by ellnet"):
            ellnet.load(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorruptFileError):
        ellnet.load(path)


def test_another_library_s_pickle_is_refused():
    """As it comes when a pickle of scikit-learn's class is read under the patch."""
    fitted = MLPClassifier((3,), max_iter=2).fit(X, NUMBERS)
    theirs = {k: v for k, v in fitted.__getstate__().items() if k != "_ellnet_version"}

    with pytest.raises(PatchError, match="another library's MLPClassifier"):
        MLPClassifier().__setstate__(theirs)


def test_a_pickle_of_another_version_warns():
    """A file made by save is the form that lasts."""
    state = MLPClassifier((3,), max_iter=2).fit(X, NUMBERS).__getstate__()

    with pytest.warns(EllnetWarning, match=r"pickled by ellnet 0\.0\.1"):
        MLPClassifier().__setstate__(state | {"_ellnet_version": "0.0.1"})


def test_the_package_alone_imports_no_scikit_learn():
    """The estimators come when they are asked for."""
    program = (
        "import ellnet, sys; assert 'sklearn' not in sys.modules; "
        "assert 'MLPClassifier' in dir(ellnet); ellnet.MLPClassifier; assert 'sklearn' in sys.modules"
    )

    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_unknown_name_of_the_package_is_refused():
    """As by any module."""
    with pytest.raises(AttributeError, match="no attribute 'MLPTransformer'"):
        getattr(ellnet, "MLPTransformer")  # noqa: B009 - the name is not there, which is the point
