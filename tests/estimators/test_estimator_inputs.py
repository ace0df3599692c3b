"""Bad inputs are refused in one sentence that names what came; odd ones are taken as they are."""

import re
import time
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import array_api_strict
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn import config_context
from sklearn.exceptions import NotFittedError

from ellnet.engines import engine
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


DAYS = np.datetime64("2020-01-01") + np.arange(30)


def elsewhere(array: Any) -> object:
    """Fit to an array of another library."""
    with config_context(array_api_dispatch=True):
        return Classifier((3,), max_iter=2).fit(array, array_api_strict.asarray(Y))


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
        ("Column 'born'", "datetime64", "days since"),
    ),
    "nothing but dates": (
        lambda: Classifier().fit(FRAME.assign(born=DAYS)[["born"]], Y),
        ("Column 'born'", "datetime64", "days since"),
    ),
    "array of dates": (lambda: Classifier().fit(DAYS[:, None], Y), ("datetime64[D]",)),
    "array of spans": (lambda: Classifier().fit((DAYS - DAYS[0])[:, None], Y), ("timedelta64[D]",)),
    "dates among objects": (
        lambda: Classifier().fit(np.stack([DAYS.astype(object), Q.astype(object)], 1), Y),
        ("Row 0, column 0", "datetime.date(2020, 1, 1)"),
    ),
    "polars dates": (
        lambda: Classifier().fit(pl.DataFrame({"a": Q, "born": DAYS}), Y),
        ("Column 'born' holds Date",),
    ),
    "pyarrow dates": (
        lambda: Classifier().fit(pa.table({"a": Q, "born": DAYS}), Y),
        ("Column 'born' holds date32[day]",),
    ),
    "polars words": (
        lambda: Classifier().fit(pl.DataFrame({"a": Q, "b": ["u", "v", "w"] * 10}), Y),
        ("Column 'b'", "'u', 'v', 'w'"),
    ),
    "pyarrow words": (
        lambda: Classifier().fit(pa.table({"a": Q, "b": ["u", "v", "w"] * 10}), Y),
        ("Column 'b'", "'u', 'v', 'w'"),
    ),
    "a word late in a column": (
        lambda: Classifier().fit(FRAME.assign(age=np.where(ONE, "?", "3")), Y),
        ("Column 'age'", "'?' in row 5"),
    ),
    "polars null": (
        lambda: Classifier().fit(pl.DataFrame({"a": Q, "b": [1, None, 3] * 10}), Y),
        ("NaN", "10 values", "row 1, column 'b'"),
    ),
    "pyarrow null": (
        lambda: Classifier().fit(pa.table({"a": Q, "b": [1, None, 3] * 10}), Y),
        ("NaN", "10 values", "row 1, column 'b'"),
    ),
    "pandas NA": (
        lambda: Classifier().fit(FRAME.assign(n=pd.array([1, None, 3] * 10, "Int64")), Y),
        ("NaN", "10 values", "row 1, column 'n'"),
    ),
    "NaN in a sparse array": (
        lambda: Classifier().fit(sparse.csr_array(BAD), Y),
        ("NaN", "2 values", "row 4, column 1", "row 9, column 2"),
    ),
    "infinity in a sparse array at predict": (
        lambda: fitted().predict(sparse.csc_array(np.where(np.isnan(BAD), -np.inf, BAD))),
        ("infinity", "row 4, column 1"),
    ),
    "NaN in an array of another library": (
        lambda: elsewhere(array_api_strict.asarray(BAD)),
        ("NaN", "row 4, column 1"),
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
    "mixed labels in a list": (
        lambda: Classifier().fit(X, [1, "a", 2] * 10),
        ("labels of one kind", "'a' in row 1", "1 in row 0"),
    ),
    "missing label": (
        lambda: Classifier().fit(
            X, [None if one else int(k) for one, k in zip(ONE, Y, strict=True)]
        ),
        ("y contains NaN", "1 of its labels is missing", "row 5"),
    ),
    "missing word": (
        lambda: Classifier().fit(X, pd.Series(["a", None, "b"] * 10, dtype="string")),
        ("y contains NaN", "10 of its labels are missing", "row 1"),
    ),
    "missing category": (
        lambda: Classifier().fit(X, pd.Categorical(["a", None, "b"] * 10)),
        ("y contains NaN", "row 1"),
    ),
    "words as quantities": (
        lambda: Regressor().fit(X, np.where(ONE, "b", "1")),
        ("y must hold numbers", "Row 5 holds 'b'"),
    ),
    "dates as quantities": (lambda: Regressor().fit(X, DAYS), ("y must hold", "datetime64[D]")),
    "quantities too large to square": (
        lambda: Regressor().fit(X, 1e200 * Q),
        ("non-finite", "the largest target is 2.33e+200", "scaled targets"),
    ),
    "quantities too large for float32": (
        lambda: Regressor().fit(X.astype(np.float32), changed(1e300)),
        ("y must fit float32", "1e+300 in row 5"),
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
    "masked weights": (
        lambda: Classifier().fit(X, Y, sample_weight=np.ma.masked_array(np.ones(30), ONE)),
        ("masked entries", "row 5"),
    ),
    "weights too large together": (
        lambda: Classifier().fit(X, Y, sample_weight=np.full(30, 1e308)),
        ("sample_weight must have a sum", "float64", "inf"),
    ),
    "weights too large for float32": (
        lambda: Classifier().fit(X.astype(np.float32), Y, sample_weight=np.full(30, 1e300)),
        ("sample_weight must have a sum", "float32", "3e+301"),
    ),
    "weights next to nothing": (
        lambda: Classifier().fit(X, Y, sample_weight=np.full(30, 1e-320)),
        ("sample_weight must have a sum",),
    ),
    "weights of X_val": (
        lambda: Classifier().fit(X, Y, X_val=X, y_val=Y, sample_weight_val=-np.ones(30)),
        ("sample_weight_val", "-1 in row 0"),
    ),
    "negative class weight": (
        lambda: Classifier(class_weight={0: 1, 1: -2}).fit(X, Y),
        ("class_weight", "-2 for the class 1"),
    ),
    "class weight of no class": (
        lambda: Classifier(class_weight={0: 1, 7: 2}).fit(X, Y),
        ("The classes, [1], are not in class_weight",),
    ),
    "one dict for several labels": (
        lambda: Classifier(class_weight={0: 1, 1: 2}).fit(X, np.stack([Y, 1 - Y], 1)),
        ("class_weight", "a list of 2 dicts"),
    ),
    "dicts for one label": (
        lambda: Classifier(class_weight=[{0: 1, 1: 2}]).fit(X, Y),
        ("class_weight", "a dict of factors by class"),
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
    "no quantiles": (
        lambda: Regressor("quantile", quantiles=()).fit(X, Q),
        ("quantiles must hold one number", "()"),
    ),
    "quantiles in words": (
        lambda: Regressor("quantile", quantiles=["low"]).fit(X, Q),
        ("quantiles must hold one number", "['low']"),
    ),
    "dropout in words": (
        lambda: Classifier((3, 3), dropout=["a", "b"]).fit(X, Y),
        ("dropout must hold numbers, one a layer", "['a', 'b']"),
    ),
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
    "partial_fit with a NaN label": (
        lambda: Classifier().partial_fit(X, changed(np.nan).round(), classes=[0, 1]),
        ("y contains NaN", "row 5"),
    ),
    "partial_fit with a missing label": (
        lambda: Classifier().partial_fit(X, [None, *Y[1:].tolist()], classes=[0, 1]),
        ("y contains NaN", "row 0"),
    ),
    "classes of two kinds": (
        lambda: Classifier().partial_fit(X, Y, classes=[0, "a"]),
        ("Mix of label input types",),
    ),
    "partial_fit with other outputs": (
        lambda: Regressor().partial_fit(X, Q).partial_fit(X, np.stack([Q, Q], 1)),
        ("1 outputs", "got 2"),
    ),
    "partial_fit with other labels at once": (
        lambda: (
            Classifier()
            .partial_fit(X, np.stack([Y, 1 - Y], 1), classes=[0, 1])
            .partial_fit(X, np.stack([Y, 1 - Y, Y], 1))
        ),
        ("a column for each of the 2 labels", "(30, 3)"),
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


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_refused_fit_leaves_the_estimator_as_it_was(method):
    """What was learned before still predicts the same bits, and what was never fitted is not now."""
    known = Classifier((3,), max_iter=3, random_state=0).fit(FRAME, Y)
    before, P = dict(vars(known)), known.predict_proba(FRAME)
    fresh = Classifier((3,))
    bad: dict[str, Any] = {
        "fit": (X[:, :2], Y + 5, -np.ones(30)),
        "partial_fit": (FRAME, Y, -np.ones(30), [0, 1]),
    }

    for estimator in (known, fresh):
        with pytest.raises(ValueError, match="sample_weight must be finite"):
            getattr(estimator, method)(*bad[method])

    assert vars(known) == before
    assert known.predict_proba(FRAME).tobytes() == P.tobytes()
    assert not any(name.endswith("_") for name in vars(fresh))


def strided(array: Any, *, every: int, backwards: bool) -> Any:
    """The same rows with others between them, perhaps the other way round in memory."""
    wide = np.repeat(array, every, axis=0)
    there = wide[::every]
    return there[::-1].copy()[::-1] if backwards else there


def misaligned(array: Any) -> Any:
    """The same numbers at odd addresses."""
    buffer = np.empty(array.nbytes + 1, np.uint8)
    there = buffer[1:].view(array.dtype).reshape(array.shape)
    there[...] = array
    return there


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda array: array,
    "Fortran order": np.asfortranarray,
    "columns backwards": lambda array: array[..., ::-1].copy()[..., ::-1],
    "rows backwards": lambda array: array[::-1].copy()[::-1],
    "every other row": lambda array: strided(array, every=2, backwards=False),
    "every third row backwards": lambda array: strided(array, every=3, backwards=True),
    "every other column": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "big-endian": lambda array: array.astype(array.dtype.newbyteorder(">")),
    "misaligned": misaligned,
    "a subclass": lambda array: array.view(type("Mine", (np.ndarray,), {})),
    "objects": lambda array: array.astype(object),
    "nested lists": lambda array: array.tolist(),
}


@given(
    layouts=st.tuples(
        st.sampled_from(sorted(LAYOUTS)),
        st.sampled_from(sorted(set(LAYOUTS) - {"objects", "nested lists"})),
    ),
    dtype=st.sampled_from(["f4", "f8", "i2", "u1"]),
    read_only=st.booleans(),
    batch=st.sampled_from([7, 30]),
    early_stopping=st.booleans(),
)
def test_odd_arrays_give_the_bits_of_plain_ones(layouts, dtype, read_only, batch, early_stopping):
    """In training and in prediction, and no byte of what was given changes."""
    plain = (20 * np.abs(X)).astype(dtype)
    odd, y = LAYOUTS[layouts[0]](plain), LAYOUTS[layouts[1]](Y)
    if dtype == "f4" and layouts[0] in {"objects", "nested lists"}:
        plain = plain.astype("f8")  # Python's numbers have no single precision
    for array in (odd, y):
        if isinstance(array, np.ndarray):
            array.flags.writeable = array.flags.writeable and not read_only
    before = [np.asarray(array).tobytes() for array in (odd, y)]
    options: dict[str, Any] = {"batch_size": batch, "early_stopping": early_stopping, "max_iter": 3}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        expected = Classifier((4,), random_state=0, **options).fit(plain, Y)
        found = Classifier((4,), random_state=0, **options).fit(odd, y)

    assert found.predict_proba(odd).tobytes() == expected.predict_proba(plain).tobytes()
    pairs = zip(found.coefs_, expected.coefs_, strict=True)
    assert all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)
    assert [np.asarray(array).tobytes() for array in (odd, y)] == before


@pytest.fixture
def inputs_of_runs(monkeypatch) -> list[Any]:
    """The X of every run that the engine is asked for."""
    given = []
    taken = engine()

    def run(*arguments, **options):
        given.append(arguments[3].X)
        return original(*arguments, **options)

    original = taken.run
    monkeypatch.setattr(taken, "run", run)
    return given


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_engine_is_given_rows_one_after_another(layout, inputs_of_runs):
    """Whatever came: a minibatch is then gathered in whole runs; what came so is not copied."""
    odd = LAYOUTS[layout](X)

    Classifier((4,), max_iter=2).fit(odd, Y)

    inputs = inputs_of_runs[0]
    assert inputs.T.flags.c_contiguous
    assert inputs.flags.aligned
    assert inputs.dtype == float
    assert np.shares_memory(inputs, np.asarray(odd)) == (layout in {"as it is", "a subclass"})


def test_frames_give_the_bits_of_arrays():
    """Whatever way a frame keeps its columns."""
    expected = Classifier((4,), max_iter=3, random_state=0).fit(X, Y)

    for frame in (FRAME, pl.DataFrame(X, ["a", "b", "c"]), pa.table(list(X.T), [*"abc"])):
        found = Classifier((4,), max_iter=3, random_state=0).fit(frame, Y)
        assert found.predict_proba(frame).tobytes() == expected.predict_proba(X).tobytes()


def test_whole_numbers_are_not_copied():
    """Eight bits a number stay that: floating point is made of a minibatch at a time."""
    pixels = np.random.default_rng(0).integers(0, 256, (20_000, 100), np.uint8)
    labels = pixels[:, 0] > 127
    found = Classifier((2,), batch_size=1000, max_iter=2, random_state=0)
    tracemalloc.start()

    found.fit(pixels, labels)
    found.predict(pixels)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * pixels.nbytes


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


@pytest.mark.parametrize("dtype", ["f4", "f8", "u1"])
def test_a_memory_map_is_taken(dtype, inputs_of_runs, tmp_path):
    """It is no copy that is trained on."""
    path, plain = tmp_path / "X.npy", np.abs(20 * X).astype(dtype)
    np.save(path, plain)
    mapped = np.load(path, mmap_mode="r")

    found = Classifier((4,), max_iter=3, random_state=0).fit(mapped, Y)

    assert np.shares_memory(inputs_of_runs[0], mapped)
    expected = Classifier((4,), max_iter=3, random_state=0).fit(plain, Y)
    assert found.coefs_[0].tobytes() == expected.coefs_[0].tobytes()


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


@pytest.mark.parametrize("dtype", ["u1", "?"])
def test_whole_numbers_are_shown_in_floating_point(dtype):
    """Layer 0 is X itself, in the precision that it is computed in."""
    given = (10 * np.abs(X)).astype(dtype)
    found = Classifier((4,), transform_layer=0, max_iter=2).fit(given, Y)

    assert found.transform(given).dtype == np.float64
    assert np.array_equal(found.transform(given), given)


TAKEN: dict[str, Callable[[], Any]] = {
    "constant columns": lambda: Classifier((4,), max_iter=5).fit(np.ones((30, 2)), Y),
    "a constant column": lambda: Classifier((4,), max_iter=5).fit(np.where([1, 0, 1], X, 7.0), Y),
    "one class": lambda: Classifier((4,), max_iter=5).fit(X, np.zeros(30)),
    "one class, early stopping": lambda: Classifier((4,), max_iter=5, early_stopping=True).fit(
        X, np.zeros(30)
    ),
    "one sample": lambda: Classifier((4,), max_iter=5).fit(X[:1], Y[:1]),
    "one sample of a quantity": lambda: Regressor(hidden_layer_sizes=4, max_iter=5).fit(
        X[:1], Q[:1]
    ),
    "two samples": lambda: Classifier((4,), max_iter=5).fit(X[:2], [0, 1]),
    "1e38": lambda: Classifier((4,), max_iter=5).fit(1e38 * X, Y),
    "1e38 and a quantity": lambda: Regressor(hidden_layer_sizes=4, max_iter=5).fit(1e38 * X, Q),
    "one weight": lambda: Classifier((4,), max_iter=5).fit(X, Y, sample_weight=np.float32(2)),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_scikit_learn_takes_is_taken_within_a_second(case):
    """There is little to learn, and nothing breaks."""
    began = time.perf_counter()

    found = TAKEN[case]()

    assert time.perf_counter() - began < 1
    assert all(np.isfinite(coef).all() for coef in found.coefs_)
    inputs = np.zeros((2, found.n_features_in_))
    assert len(found.predict(inputs)) == 2


def test_pandas_categories_and_nullable_numbers_are_taken():
    """A Categorical for labels, Int64 and boolean for columns."""
    frame = FRAME.assign(
        n=pd.array([1, 2, 3] * 10, "Int64"), t=pd.array([True, False] * 15, "boolean")
    )
    labels = pd.Categorical(np.array(["no", "yes"])[Y])

    found = Classifier((4,), max_iter=3).fit(frame, labels)

    assert list(found.classes_) == ["no", "yes"]
    assert found.n_features_in_ == 5


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
