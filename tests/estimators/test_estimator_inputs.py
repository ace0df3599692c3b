"""Bad inputs are refused in one sentence that names what came; odd ones are taken as they are."""

import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from ellnet.estimators import MLPClassifier as Classifier
from ellnet.estimators import MLPRegressor as Regressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).standard_normal((30, 3))
Y = (X[:, 0] > 0).astype(int)
Q = X[:, 0]
FRAME = pd.DataFrame(X, columns=["age", "height", "weight"])
BAD = X.copy()
BAD[4, 1] = BAD[9, 2] = np.nan
ONE = np.arange(30) == 5


def changed(value: Any) -> Any:
    """Quantities with one other value in row 5."""
    return np.where(ONE, value, Q)


def fitted(**options: Any) -> Any:
    """A classifier that knows the columns of the frame."""
    return Classifier((3,), max_iter=2, **options).fit(FRAME, Y)


REFUSED: dict[str, tuple[Callable[[], object], tuple[str, ...]]] = {
    "NaN": (
        lambda: Classifier().fit(BAD, Y),
        ("NaN", "2 values", "row 4, column 1", "row 9, column 2"),
    ),
    "NaN in a frame": (
        lambda: Classifier().fit(pd.DataFrame(BAD, columns=FRAME.columns), Y),
        ("NaN", "row 4, column 'height'", "impute"),
    ),
    "infinity": (
        lambda: Classifier().fit(np.where(np.isnan(BAD), np.inf, BAD), Y),
        ("infinity", "row 4, column 1"),
    ),
    "NaN at predict": (lambda: fitted().predict(BAD), ("NaN", "row 4, column 1")),
    "NaN in y": (lambda: Regressor().fit(X, changed(np.nan)), ("y contains NaN", "row 5")),
    "infinite y": (lambda: Regressor().fit(X, changed(np.inf)), ("y contains infinity", "row 5")),
    "NaN label": (lambda: Classifier().fit(X, changed(np.nan).round()), ("NaN", "row 5")),
    "too large": (lambda: Regressor().fit(1e307 * X, Q), ("non-finite", "epoch 1", "feature 0")),
    "too large in float32": (
        lambda: Classifier().fit((1e37 * X).astype(np.float32), Y),
        ("non-finite", "the largest input there was 2.33e+37"),
    ),
    "words": (
        lambda: Classifier().fit([["1", "2"], ["3", "b"]] * 5, [0, 1] * 5),
        ("must hold numbers", "Row 1, column 1", "'b'"),
    ),
    "column of words": (
        lambda: Classifier().fit(FRAME.assign(colour=["red", "blue", "green"] * 10), Y),
        ("Column 'colour'", "'red', 'blue', 'green'", "OneHotEncoder"),
    ),
    "column of dates": (
        lambda: Classifier().fit(FRAME.assign(born=pd.Timestamp("2020-01-01")), Y),
        ("Column 'born'", "dates"),
    ),
    "complex": (lambda: Classifier().fit(X + 1j, Y), ("Complex data not supported",)),
    "one dimension": (lambda: Classifier().fit(X[:, 0], Y), ("Expected 2D array, got 1D",)),
    "three dimensions": (lambda: Classifier().fit(X[None], Y), ("dim 3",)),
    "no rows": (lambda: Classifier().fit(X[:0], Y[:0]), ("0 sample(s)",)),
    "no columns": (lambda: Classifier().fit(X[:, :0], Y), ("0 feature(s)",)),
    "ragged": (lambda: Classifier().fit([[1, 2], [3]], [0, 1]), ("inhomogeneous",)),
    "masked": (
        lambda: Classifier().fit(np.ma.masked_array(X, X > 1.3), Y),
        ("masked entries", "row 2, column 0"),
    ),
    "lengths": (lambda: Classifier().fit(X, Y[:20]), ("[30, 20]",)),
    "no y": (lambda: Classifier().fit(X, None), ("requires y", "None")),
    "mixed labels": (
        lambda: Classifier().fit(X, np.array([1, "a", 2] * 10, object)),
        ("labels of one kind", "'a' in row 1", "1 in row 0"),
    ),
    "bytes as labels": (
        lambda: Classifier().fit(X, np.array([b"no", b"yes"])[Y]),
        ("labels represented as bytes", "string or integer"),
    ),
    "quantities as labels": (lambda: Classifier().fit(X, Q), ("Unknown label type: continuous",)),
    "several classes an output": (
        lambda: Classifier().fit(X, np.stack([Y, Y + 1], 1)),
        ("Multioutput target data is not supported", "(30, 2)"),
    ),
    "negative weight": (
        lambda: Classifier().fit(X, Y, sample_weight=np.where(ONE, -1, 1)),
        ("sample_weight", "-1 in row 5"),
    ),
    "infinite weight": (
        lambda: Classifier().fit(X, Y, sample_weight=np.where(ONE, np.inf, 1)),
        ("sample_weight", "inf in row 5"),
    ),
    "no weight": (lambda: Classifier().fit(X, Y, sample_weight=np.zeros(30)), ("all be zero",)),
    "too few weights": (lambda: Classifier().fit(X, Y, sample_weight=[1.0]), ("(1,)", "(30,)")),
    "weights in columns": (
        lambda: Classifier().fit(X, Y, sample_weight=np.ones((30, 2))),
        ("Sample weights must be 1D",),
    ),
    "weights of words": (
        lambda: Classifier().fit(X, Y, sample_weight=["a"] * 30),
        ("sample_weight must hold one number an example",),
    ),
    "negative rate": (
        lambda: Classifier(learning_rate_init=-1).fit(X, Y),
        ("learning_rate_init", "-1"),
    ),
    "no rate": (lambda: Classifier(learning_rate_init=0).fit(X, Y), ("learning_rate_init", "0")),
    "negative alpha": (lambda: Classifier(alpha=-1).fit(X, Y), ("alpha", "-1")),
    "0 units": (lambda: Classifier((0,)).fit(X, Y), ("hidden_layer_sizes must be > 0", "[0]")),
    "negative units": (lambda: Classifier((5, -1)).fit(X, Y), ("hidden_layer_sizes", "[5, -1]")),
    "half a unit": (lambda: Classifier((2.5,)).fit(X, Y), ("hidden_layer_sizes", "[2.5]")),
    "sizes in words": (lambda: Classifier("wide").fit(X, Y), ("hidden_layer_sizes", "'wide'")),
    "unknown activation": (
        lambda: Classifier(activation="relux").fit(X, Y),
        ("activation", "'relux'"),
    ),
    "unknown activation of a layer": (
        lambda: Classifier((3, 3), activation=["relu", "relux"]).fit(X, Y),
        ("activation must be one of", "'relux'"),
    ),
    "too few activations": (
        lambda: Classifier((3, 3), activation=["relu"]).fit(X, Y),
        ("activation", "each of the 2 hidden layers", "got 1"),
    ),
    "unknown solver": (lambda: Classifier(solver="lion").fit(X, Y), ("solver", "'lion'")),
    "unknown schedule": (
        lambda: Classifier(learning_rate="fast").fit(X, Y),
        ("learning_rate", "'fast'"),
    ),
    "unknown loss": (lambda: Regressor("mse").fit(X, Q), ("loss", "'mse'")),
    "unknown scorer": (
        lambda: Classifier(early_stopping=True, scoring="acc").fit(X, Y),
        ("'acc' is not a valid scoring value",),
    ),
    "unknown engine": (lambda: Classifier(engine="gpu").fit(X, Y), ("engine", "'gpu'")),
    "no batch": (lambda: Classifier(batch_size=0).fit(X, Y), ("batch_size", "0")),
    "no iterations": (lambda: Classifier(max_iter=0).fit(X, Y), ("max_iter", "0")),
    "too much momentum": (
        lambda: Classifier(solver="sgd", momentum=2).fit(X, Y),
        ("momentum", "2"),
    ),
    "too much validation": (
        lambda: Classifier(early_stopping=True, validation_fraction=1.5).fit(X, Y),
        ("validation_fraction", "1.5"),
    ),
    "no threads": (lambda: Classifier(n_threads=0).fit(X, Y), ("n_threads", "0")),
    "a word for a seed": (lambda: Classifier(random_state="a").fit(X, Y), ("random_state", "'a'")),
    "unknown class weight": (
        lambda: Classifier(class_weight="fair").fit(X, Y),
        ("class_weight", "'fair'"),
    ),
    "dropout with lbfgs": (
        lambda: Classifier(solver="lbfgs", dropout=0.3).fit(X, Y),
        ("lbfgs", "dropout"),
    ),
    "too few dropouts": (lambda: Classifier((3, 3), dropout=[0.1]).fit(X, Y), ("dropout", "got 1")),
    "negative counts": (lambda: Regressor("poisson").fit(X, Q), ("y", "'poisson'", "in row 3")),
    "quantile 2": (lambda: Regressor("quantile", quantiles=[2]).fit(X, Q), ("quantiles", "[2]")),
    "not fitted": (lambda: Classifier().predict(X), ("not fitted yet",)),
    "fewer features": (lambda: fitted().predict(X[:, :2]), ("2 features", "expecting 3")),
    "renamed column": (
        lambda: fitted().predict(FRAME.rename(columns={"age": "years"})),
        ("feature names should match", "years", "age"),
    ),
    "reordered columns": (
        lambda: fitted().predict(FRAME[["height", "age", "weight"]]),
        ("feature names", "same order"),
    ),
    "missing column": (lambda: fitted().predict(FRAME[["age", "height"]]), ("missing", "weight")),
    "X_val alone": (lambda: Classifier().fit(X, Y, X_val=X), ("X_val and y_val", "together")),
    "X_val of another width": (
        lambda: Classifier().fit(X, Y, X_val=X[:, :2], y_val=Y),
        ("2 features", "expecting 3"),
    ),
    "unseen label in y_val": (
        lambda: Classifier().fit(X, Y, X_val=X, y_val=Y + 5),
        ("classes not in", "[5 6]"),
    ),
    "outputs of y_val": (
        lambda: Regressor().fit(X, Q, X_val=X, y_val=np.stack([Q, Q], 1)),
        ("Y must have shape", "(2, 30)"),
    ),
    "partial_fit without classes": (
        lambda: Classifier().partial_fit(X, Y),
        ("classes must be passed",),
    ),
    "partial_fit with a new label": (
        lambda: Classifier().partial_fit(X, Y, classes=[0, 1]).partial_fit(X, Y + 7),
        ("classes not in", "[7 8]"),
    ),
    "partial_fit with other classes": (
        lambda: Classifier().partial_fit(X, Y, classes=[0, 1]).partial_fit(X, Y, classes=[0, 2]),
        ("[0, 2]", "not the same"),
    ),
    "partial_fit for no epochs": (
        lambda: Classifier().partial_fit(X, Y, classes=[0, 1], epochs=0),
        ("epochs", "0"),
    ),
    "other layers on a warm start": (
        lambda: fitted(warm_start=True).set_params(hidden_layer_sizes=(4,)).fit(FRAME, Y),
        ("(3, 3, 1)", "(3, 4, 1)", "warm_start=False"),
    ),
    "no such layer": (
        lambda: fitted(transform_layer=9).transform(FRAME),
        ("transform_layer", "L = 2", "9"),
    ),
    "class with one member": (
        lambda: Classifier(early_stopping=True).fit(X, np.where(ONE, 9, Y)),
        ("only 1 member", "['9']", "X_val"),
    ),
    "too few for a hold-out": (
        lambda: Classifier(early_stopping=True).fit(X[:4], Y[:4]),
        ("validation set is too small", "X_val"),
    ),
}


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("case", REFUSED)
def test_bad_inputs_are_refused_within_a_second(case):
    """A ValueError or a TypeError, with what came and where."""
    attempt, words = REFUSED[case]
    began = time.perf_counter()

    with pytest.raises((ValueError, TypeError, NotFittedError)) as caught:
        attempt()

    assert time.perf_counter() - began < 1
    message = str(caught.value)
    assert all(word in message for word in words), message


def test_partial_fit_is_not_there_where_it_makes_no_sense():
    """As hasattr tells; the reason is in the chain of the error."""
    assert not hasattr(Classifier(solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError) as caught:
        _ = Classifier(class_weight="balanced").partial_fit

    assert re.search("pass the weights as a dict", str(caught.value.__cause__))


ODD: dict[str, Callable[[], Any]] = {
    "Fortran order": lambda: np.asfortranarray(X),
    "negative strides": lambda: X[:, ::-1].copy()[:, ::-1],
    "every other column": lambda: np.repeat(X, 2, axis=1)[:, ::2],
    "big-endian": lambda: X.astype(">f8"),
    "list": X.tolist,
    "objects": lambda: X.astype(object),
    "matrix of a subclass": lambda: X.view(type("Mine", (np.ndarray,), {})),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_arrays_give_the_bits_of_plain_ones(case):
    """In training and in prediction."""
    odd = ODD[case]()
    plain = Classifier((4,), max_iter=5, random_state=0).fit(X, Y)

    found = Classifier((4,), max_iter=5, random_state=0).fit(odd, Y)

    assert found.predict_proba(odd) == pytest.approx(plain.predict_proba(X), rel=1e-13)
    assert np.asarray(found.coefs_[0]) == pytest.approx(plain.coefs_[0], rel=1e-13)


@pytest.mark.parametrize("dtype", ["f2", "i8", "i1", "u1", "?"])
def test_other_numbers_are_computed_in_float64(dtype):
    """As their float64 copies are, to the bit."""
    given = (10 * np.abs(X)).astype(dtype)

    found = Classifier((4,), max_iter=5, random_state=0).fit(given, Y)

    plain = Classifier((4,), max_iter=5, random_state=0).fit(given.astype(float), Y)
    assert found.coefs_[0].dtype == np.float64
    assert (
        found.predict_proba(given).tobytes() == plain.predict_proba(given.astype(float)).tobytes()
    )


def test_inputs_are_left_as_they_are():
    """Read-only arrays are taken, and no byte of any changes."""
    arrays = [X.copy(), Y.copy(), np.ones(30)]
    for array in arrays:
        array.flags.writeable = False
    before = [array.tobytes() for array in arrays]

    Classifier((4,), max_iter=3, early_stopping=True).fit(*arrays)

    assert [array.tobytes() for array in arrays] == before


def test_a_memory_map_is_taken(tmp_path):
    """It is no full copy that is trained on."""
    path = tmp_path / "X.npy"
    np.save(path, X)

    found = Classifier((4,), max_iter=3, random_state=0).fit(np.load(path, mmap_mode="r"), Y)

    plain = Classifier((4,), max_iter=3, random_state=0).fit(X, Y)
    assert found.coefs_[0].tobytes() == plain.coefs_[0].tobytes()


LABELS: dict[str, Any] = {
    "numbers": np.array([-7, 99]),
    "text": np.array(["no", "yes"]),
    "objects": np.array(["no", "yes"], object),
    "truth": np.array([False, True]),
    "halves": np.array([1.0, 2.0]),
}


@pytest.mark.parametrize("case", LABELS)
def test_labels_of_any_kind_come_back(case):
    """In their own type, sorted in classes_."""
    names = LABELS[case]

    found = Classifier((8,), max_iter=200, learning_rate_init=0.05, random_state=0).fit(X, names[Y])

    assert np.array_equal(found.classes_, names)
    assert found.predict(X).dtype == (names.dtype if names.dtype != object else "<U3")
    assert np.mean(found.predict(X) == names[Y]) > 0.9


def test_pandas_categories_and_nullable_numbers_are_taken():
    """A Categorical for labels, Int64 and boolean for columns."""
    frame = FRAME.assign(
        n=pd.array([1, 2, 3] * 10, "Int64"), t=pd.array([True, False] * 15, "boolean")
    )
    labels = pd.Categorical(np.array(["no", "yes"])[Y])

    found = Classifier((4,), max_iter=3).fit(frame, labels)

    assert list(found.classes_) == ["no", "yes"]
    assert found.n_features_in_ == 5


def test_constant_columns_and_one_sample_are_taken():
    """There is little to learn, and nothing breaks."""
    constant = Classifier((4,), max_iter=5).fit(np.ones((20, 2)), Y[:20])
    single = Regressor(hidden_layer_sizes=(4,), max_iter=5).fit(X[:1], Q[:1])

    assert np.isfinite(constant.predict_proba(X[:, :2])).all()
    assert np.isfinite(single.predict(X)).all()


def test_a_batch_larger_than_the_data_is_all_of_it():
    """With scikit-learn's warning."""
    with pytest.warns(UserWarning, match="It is going to be clipped"):
        clipped = Classifier((4,), batch_size=100, max_iter=3, random_state=0).fit(X, Y)

    assert np.array_equal(
        clipped.coefs_[0],
        Classifier((4,), batch_size=30, max_iter=3, random_state=0).fit(X, Y).coefs_[0],
    )


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e150])
def test_sizes_of_inputs_never_make_infinite_weights(scale):
    """Whatever the accuracy is without scaling: the weights and the probabilities are finite."""
    found = Classifier((4,), max_iter=5, random_state=0).fit(scale * X, Y)

    assert all(np.isfinite(coef).all() for coef in found.coefs_)
    assert np.isfinite(found.predict_proba(scale * X)).all()


def test_sparse_formats_are_taken():
    """Matrices of the old kind too."""
    for kind in (sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix, sparse.lil_array):
        assert Classifier((4,), max_iter=2).fit(kind(X), Y).n_features_in_ == 3
