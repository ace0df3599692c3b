"""Preprocessing: learned on the training part, found by name, refused by column and row."""

import copy
import json
import math
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ellnet.columns import Column, Columns
from ellnet.encodings import NumberEncoding, Standard
from ellnet.errors import CorruptFileError, DataError, EllnetWarning
from ellnet.preprocessing import Preprocessing
from tests.forms.random_models import random_model, rows_for

DAYS = ["2020-01-01", "2020-07-01", "2021-01-01"]


def people(**changed: Any) -> Columns:
    """A number, a category, a yes-or-no and a date, with some values missing."""
    values: dict[str, Any] = {
        "age": [20.0, 40.0, None],
        "city": ["Rome", "Oslo", "Rome"],
        "member": [True, False, None],
        "since": [np.datetime64(day) for day in DAYS],
    }
    return Columns.from_mapping({**values, **changed})


def features(table: Columns, fitted: Preprocessing, **options: Any) -> dict[str, list[float]]:
    """Name of each feature -> its column of X."""
    X = fitted.transform(table, **options)
    return {name: X[:, j].tolist() for j, name in enumerate(fitted.feature_names)}


def test_every_kind_becomes_its_features():
    """By hand: standardised, one-hot, -1 and 1, a place in year and week."""
    fitted = Preprocessing.fit(people(), dtype="float64")

    found = features(people(), fitted)

    clipped = 1 / math.sqrt(1 + 1 / 9)
    assert found["age"] == pytest.approx([-clipped, clipped, 0.0])
    assert found["age=missing"] == [0.0, 0.0, 1.0]
    assert found["city=Oslo"] == [0.0, 1.0, 0.0]
    assert found["city=Rome"] == [1.0, 0.0, 1.0]
    assert found["member"] == [1.0, -1.0, 0.0]
    assert found["member=missing"] == [0.0, 0.0, 1.0]
    assert found["since:sin of year"] == pytest.approx(
        [0.0, math.sin(2 * math.pi * 182 / 366), 0.0]
    )
    # a Wednesday, again a Wednesday, a Friday; Monday is 0
    week = [math.sin(2 * math.pi * day / 7) for day in (2, 2, 4)]
    assert found["since:sin of week"] == pytest.approx(week)
    assert "since:sin of day" not in found
    assert fitted.column_names == ("age", "city", "member", "since")
    assert fitted.category_names == ("city",)


def test_the_hour_counts_where_training_had_times():
    """Noon is half of the day."""
    times = [np.datetime64("2020-01-01T12:00"), np.datetime64("2020-01-02T06:00"), None]
    table = Columns.from_mapping({"t": times})

    found = features(table, Preprocessing.fit(table))

    assert found["t:cos of day"][:2] == pytest.approx([-1.0, 0.0], abs=1e-6)
    assert found["t=missing"] == [0.0, 0.0, 1.0]
    assert found["t:cos of day"][2] == 0.0


def test_x_is_rows_by_features_c_ordered_in_the_precision_asked_for():
    """Crossing to one example a column is then a view."""
    for dtype in ("float32", "float64"):
        X = Preprocessing.fit(people(), dtype=dtype).transform(people())

        assert X.dtype == dtype
        assert X.flags.c_contiguous
        assert X.shape == (3, len(Preprocessing.fit(people()).feature_names))


def test_only_the_training_part_teaches():
    """The same fitted numbers, whatever else is transformed afterwards."""
    fitted = Preprocessing.fit(people())
    before = json.dumps(fitted.to_json())

    fitted.transform(people(age=[1e6, -1e6, 0.0]))

    assert json.dumps(fitted.to_json()) == before


def test_order_does_not_matter_missing_columns_are_refused_and_further_ones_named():
    """Columns are found by name."""
    fitted = Preprocessing.fit(people())
    table = people()
    turned = Columns.of([table[name] for name in reversed(table.names)])

    assert fitted.transform(turned).tobytes() == fitted.transform(table).tobytes()
    with pytest.raises(DataError, match="lacks 'city'; did you mean 'citty'"):
        fitted.transform(
            Columns.from_mapping({"age": [1.0], "citty": ["x"], "member": [True], "since": [None]})
        )
    with pytest.warns(EllnetWarning, match="passed over: shoe"):
        fitted.transform(people(shoe=[1, 2, 3]))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"age": [1.0, math.inf, -math.inf]},
            "'age' must hold finite numbers, got 2 infinite: row 1, row 2",
        ),
        (
            {"age": ["old", "x", "y"]},
            r"'age' must hold a number, as in training, got 'old' \(category\) in row 0",
        ),
        ({"city": ["Rome", None, "Rome"]}, "'city' had no missing value in training, got 1: row 1"),
        (
            {"city": ["Rome", "Paris", "Lima"]},
            "'city' must hold categories seen in training, got 'Paris' in row 1 and 1 more",
        ),
        ({"since": [None, None, None]}, "'since' had no missing value"),
        ({"member": [np.datetime64("2020-01-01")] * 3}, "'member' must hold a boolean"),
    ],
)
def test_what_training_never_saw_is_refused_by_column_and_row(changed, message):
    """Never taken silently for something else."""
    fitted = Preprocessing.fit(people())

    with pytest.raises(DataError, match=message):
        fitted.transform(people(**changed))


def test_what_training_never_saw_may_be_passed_over():
    """Unseen categories are none, missing values the average, with a warning that counts."""
    fitted = Preprocessing.fit(people())

    with pytest.warns(
        EllnetWarning, match="'city' has values that training never saw in 1 row, such as 'Paris'"
    ):
        found = features(people(city=["Rome", "Paris", None]), fitted, unseen="ignore")

    with pytest.warns(EllnetWarning, match="never saw in 2 rows, such as 'Paris'"):
        fitted.transform(people(city=["Paris", "Paris", "Rome"]), unseen="ignore")
    assert found["city=Rome"] == [1.0, 0.0, 0.0]
    assert found["city=Oslo"] == [0.0, 0.0, 0.0]


def test_a_column_that_is_all_missing_fits_every_kind():
    """A frame's reader cannot know what an empty column holds."""
    fitted = Preprocessing.fit(people(city=["Rome", None, "Oslo"]))

    found = features(people(age=[None] * 3, city=[None] * 3, member=[None] * 3), fitted)

    assert found["age"] == [0.0] * 3
    assert found["city=missing"] == [1.0] * 3


def test_numbers_and_booleans_become_the_categories_they_were_in_the_table():
    """Whole numbers without a point, yes and no as Python writes them."""
    fitted = Preprocessing.fit(
        Columns.from_mapping({"code": ["1", "2", "2.5"], "flag": ["True", "False", "True"]})
    )

    found = features(
        Columns.from_mapping({"code": [1, 2.5, 2], "flag": [True, False, True]}), fitted
    )

    assert found["code=1"] == [1.0, 0.0, 0.0]
    assert found["code=2.5"] == [0.0, 1.0, 0.0]
    assert found["flag=True"] == [1.0, 0.0, 1.0]


def test_dates_may_come_as_iso_8601_text():
    """As a record from JSON has them; what is no date is refused by row."""
    fitted = Preprocessing.fit(people())

    found = fitted.transform(people(since=DAYS))

    assert found.tobytes() == fitted.transform(people()).tobytes()
    with pytest.raises(DataError, match=r"'since' must hold a date, .* got 'soon' .* in row 1"):
        fitted.transform(people(since=["2020-01-01", "soon", "2021-01-01"]))


def test_rare_levels_are_joined_beyond_a_hundred():
    """The most frequent hundred stay, the rest and the unseen share a feature; a warning says it."""
    levels = [f"v{i:03}" for i in range(150) for _ in range(2 if i < 100 else 1)]
    table = Columns.from_mapping({"code": levels})

    with pytest.warns(
        EllnetWarning, match="'code' has 150 categories, of which the 100 most frequent"
    ):
        fitted = Preprocessing.fit(table)

    found = features(Columns.from_mapping({"code": ["v000", "v149", "never"]}), fitted)
    assert len(fitted.feature_names) == 101
    assert found["code=v000"] == [1.0, 0.0, 0.0]
    assert found["code=infrequent"] == [0.0, 1.0, 1.0]


def test_an_identifier_is_recognised():
    """Nearly every row has its own value: the warning says how to leave the column out."""
    with pytest.warns(EllnetWarning, match="as an identifier would: --ignore name"):
        Preprocessing.fit(Columns.from_mapping({"name": [f"n{i}" for i in range(200)]}))


def test_a_constant_column_is_named_and_harmless():
    """Its feature is 0 for the training value."""
    table = Columns.from_mapping({"a": [5.0, 5.0], "b": [1.0, 2.0]})

    with pytest.warns(EllnetWarning, match="same value in every training row and teach nothing: a"):
        fitted = Preprocessing.fit(table)

    assert features(table, fitted)["a"] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (Columns.from_mapping({}), "no column to learn from"),
        (Columns.from_mapping({"a": []}), "no row to learn from"),
        (
            Columns.from_mapping({"a": [1], "b": [None]}),
            "'b' .* has no value in any training row; .*--ignore b",
        ),
    ],
)
def test_nothing_to_learn_from_is_refused(table, message):
    """No column, no row, no value."""
    with pytest.raises(DataError, match=message):
        Preprocessing.fit(table)


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20).filter(lambda x: np.ptp(x) > 1e-3),
    st.sampled_from([1e-300, 1e-30, 1.0, 1e30, 1e300]),
)
def test_the_scale_of_a_column_changes_nothing(values, scale):
    """From 1e-300 to 1e300 the features are those of the plain values."""
    x = np.array(values)

    plain, scaled = Standard.fit(x).apply(x), Standard.fit(x * scale).apply(x * scale)

    assert np.all(np.isfinite(scaled))
    assert scaled == pytest.approx(plain, abs=1e-6)


def test_the_clip_is_gentle_in_the_middle_and_firm_at_the_ends():
    """z / sqrt(1 + (z / 3)^2): monotone, at most 3, and 3 for whatever is larger than large."""
    z = Standard(0.0, 1.0).apply(np.array([0.0, 0.1, 1.0, 10.0, 1e200, -1e308]))

    assert z[:3] == pytest.approx([0.0, 0.0999445, 0.9486833], rel=1e-5)
    assert np.all(np.diff(z[:5]) > 0)
    assert z[4:] == pytest.approx([3.0, -3.0])


def test_json_and_back_gives_the_same_bits():
    """Through text, for every kind of column."""
    fitted = Preprocessing.fit(people(city=["Rome", None, "Oslo"]))

    back = Preprocessing.from_json(json.loads(json.dumps(fitted.to_json())))

    table = people(city=["Rome", None, "Oslo"])
    assert back == fitted
    assert back.transform(table).tobytes() == fitted.transform(table).tobytes()


def corruptions() -> list[tuple[str, Any]]:
    """Every field of a stored preprocessing taken away, and filled with what it must not hold."""
    good = Preprocessing.fit(people()).to_json()
    cases: list[tuple[str, Any]] = [("not an object", []), ("none", None)]

    def visit(path: list[Any], value: Any) -> None:
        items = (
            value.items()
            if isinstance(value, dict)
            else enumerate(value)
            if isinstance(value, list)
            else ()
        )
        for key, inner in items:
            for name, bad in (
                ("none", None),
                ("object", {"x": 1}),
                ("NaN", math.nan),
                ("gone", ...),
            ):
                broken = copy.deepcopy(good)
                place: Any = broken
                for step in path:
                    place = place[step]
                if bad is ...:
                    if isinstance(value, list):
                        continue
                    del place[key]
                else:
                    place[key] = bad
                cases.append((f"{name} at {[*path, key]}", broken))
            visit([*path, key], inner)

    visit([], good)
    for field, bad in (("scale", 0.0), ("scale", -1.0), ("mean", math.inf)):
        broken = copy.deepcopy(good)
        broken["columns"][0]["standard"][field] = bad
        cases.append((f"{field} {bad}", broken))
    doubled = copy.deepcopy(good)
    doubled["columns"].append(doubled["columns"][0])
    further = copy.deepcopy(good)
    further["columns"][0]["more"] = 1
    return [*cases, ("doubled column", doubled), ("further field", further)]


@pytest.mark.parametrize(
    ("what", "values"), corruptions(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_corrupted_field_is_refused(what, values):
    """With the place named, and by no other error."""
    del what

    with pytest.raises(CorruptFileError, match="preprocessing"):
        Preprocessing.from_json(values)


def test_one_record_needs_no_table_library():
    """Transforming a dict imports neither polars nor scikit-learn."""
    program = (
        "import sys\n"
        "from ellnet.columns import Columns\n"
        "from ellnet.preprocessing import Preprocessing\n"
        "record = {'age': 3, 'city': 'Rome'}\n"
        "table = Columns.from_records([record, {'age': 5, 'city': 'Oslo'}])\n"
        "Preprocessing.fit(table).transform(Columns.from_records([record]))\n"
        "print([m for m in ('polars', 'sklearn', 'scipy', 'pandas') if m in sys.modules])"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "[]"


def test_nothing_warns_on_ordinary_tables():
    """No warning of a library gets through."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Preprocessing.fit(people()).transform(people())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.filterwarnings("ignore::ellnet.errors.EllnetWarning")
def test_no_feature_leaves_its_range(dtype, seed):
    """Of any kind of column, whatever a table holds: gaps, unseen levels, numbers beyond all bounds."""
    preprocessing = random_model(seed, dtype).preprocessing
    rows = rows_for(preprocessing, seed, 400)
    far = [
        Column(c.name, c.kind, c.values * 1e200) if c.kind == "number" else c
        for c in rows.columns.values()
    ]

    lower, upper = preprocessing.ranges().T
    X = np.vstack([preprocessing.transform(each, "ignore") for each in (rows, Columns.of(far))])

    assert lower.shape == upper.shape == (len(preprocessing.feature_names),)
    assert np.all((lower <= X) & (upper >= X))


def test_ranges_are_no_wider_than_the_encodings():
    """Clipped numbers to 3, levels and gaps from 0 to 1; a number as it stands has no end."""
    ranges = Preprocessing.fit(people()).ranges()
    free = Preprocessing({"x": NumberEncoding(None, missing=False)}).ranges()

    sizes = set(map(tuple, np.round(ranges, 4).tolist()))
    assert sizes <= {(-3.0, 3.0), (0.0, 1.0), (-1.0, 1.0)}
    assert (-3.0, 3.0) in sizes
    assert free.tolist() == [[-math.inf, math.inf]]
