"""What may be searched: typed and in Python, and the errors that name the nearest right word."""

import json
import math

import pytest

from ellnet.errors import HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.search import Budget, Choice, Range, Search, Space
from ellnet.search.spaces import default_space
from ellnet.search.words import described, exact, read_value, word
from tests.search.searching import PLAN, classes


def test_what_is_typed_becomes_ranges_alternatives_and_values():
    """A range with a logarithm, bars between lists, commas between names, and one value."""
    space = Space.read(
        {
            "epochs": "50",
            "activation": "relu,tanh",
            "hidden": "64|128,64|none",
            "learning_rate": "1e-4:1e-1:log",
            "batch_size": "16:64",
            "dropout": "0:0.5",
        }
    )

    assert space.fixed == {"epochs": 50}
    assert (
        space.dimensions
        == {
            "hidden": Choice(((64,), (128, 64), ())),
            "activation": Choice(("relu", "tanh")),
            "learning_rate": Range(1e-4, 1e-1, log=True),
            "batch_size": Range(16, 64, whole=True),
            "dropout": Range(0.0, 0.5),
        }
        | {}
    )
    assert list(space.dimensions) == [
        "hidden",
        "activation",
        "learning_rate",
        "dropout",
        "batch_size",
    ]


def test_python_values_say_the_same():
    """Lists are alternatives; a range is a Range; anything else is one value."""
    said = Space.read({"hidden": [(64,), (128, 64)], "learning_rate": Range(1e-4, 1e-1, log=True)})
    typed = Space.read({"hidden": "64|128,64", "learning_rate": "1e-4:1e-1:log"})

    assert said == typed


def test_bars_part_lists_of_one_activation_a_layer():
    """And a list that does not go with the layers is refused before anything is run."""
    space = Space.read({"hidden": "8,4", "activation": "relu|tanh,relu"})

    assert space.dimensions["activation"] == Choice(("relu", ("tanh", "relu")))
    with pytest.raises(HyperparameterError, match="one for each of the 1 hidden layers"):
        Space.read({"hidden": "8|8,4", "activation": "relu|tanh,relu"})


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"activation": "relu,tnah"}, "activation must be one of .*did you mean 'tanh'?"),
        ({"activation": "Relu,tanh"}, "did you mean 'relu'?"),
        ({"Hidden": "8"}, "no hyperparameter 'Hidden'; did you mean 'hidden'?"),
        ({"optimizer": "adma"}, "optimizer must be one of .*did you mean 'adam'?"),
        (
            {"learning_rte": "0.1"},
            "no hyperparameter 'learning_rte'; did you mean 'learning_rate'?",
        ),
        (
            {"learning_rate": "1e-4:1e-1:lgo"},
            "LOW:HIGH:log, got '1e-4:1e-1:lgo'; did you mean ':log'",
        ),
        ({"learning_rate": "1e-1:1e-4"}, "learning_rate: a range must go from a lower number"),
        ({"learning_rate": "0:1:log"}, "learning_rate: a range with :log must begin above 0"),
        ({"learning_rate": "a:b"}, "learning_rate must be a range of two numbers"),
        ({"learning_rate": "0.1,x"}, "learning_rate must be a number, several with commas"),
        ({"dropout": "0:1"}, "dropout must be numbers from 0 to below 1, got 1"),
        ({"batch_size": "1.5:3"}, "batch_size: a range of whole numbers must have whole ends"),
        ({"hidden": "8:64"}, "hidden has no range.*bars between"),
        ({"hidden": "8|x"}, "hidden must be whole numbers .*got 'x'"),
        *(
            ({"hidden": text}, "hidden must have widths in .*none for no hidden layer, got nothing")
            for text in ("64||32", "64|", "| 8", "", [""])
        ),
        ({"activation": "relu,relu"}, "activation names relu twice"),
        ({"early_stopping": "maybe"}, "early_stopping must be on or off, got 'maybe'"),
        ({"epochs": "10,20"}, "epochs cannot be searched: .*--pruner"),
        ({"seed": [1, 2]}, "seed cannot be searched"),
        ({"schedule": "one_cycle,constant"}, "one_cycle needs a warmup"),
        ({"hidden": []}, "hidden needs at least one value"),
    ],
)
def test_an_error_names_the_option_and_the_nearest_right_one(given, sentence):
    """One sentence: the option, the rule, what came, and what may have been meant."""
    with pytest.raises(HyperparameterError, match=sentence):
        Space.read(given)


@pytest.mark.parametrize("ends", [("1", "2"), (None, 1), (0, True), ([1], 2), (0.1, "x")])
def test_a_range_of_what_is_no_number_is_refused(ends):
    """Both ends are shown as they came, and what a range looks like."""
    with pytest.raises(HyperparameterError, match=r"from a number to a number, got .*Range\(1e-4"):
        Range(*ends)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"trials": "9"},
            "trials must be a whole number of at least 1, or None for the usual number, got .9.",
        ),
        ({"trials": 2.5}, "trials must be a whole number of at least 1, or None for .*, got 2.5"),
        ({"trials": "9"}, "trials must be a whole number of at least 1, or None for .*, got '9'"),
        ({"trials": 0}, "trials must be at least 1, got 0"),
        ({"seconds": "9"}, "seconds must be a number above 0, or None for no end, got '9'"),
        ({"seconds": float("nan")}, "seconds must be above 0, got nan"),
        ({"workers": 1.5}, "workers must be a whole number of at least 1, or None .*, got 1.5"),
    ],
)
def test_a_budget_that_is_none_is_refused(options, sentence):
    """By the name of what is wrong."""
    with pytest.raises(HyperparameterError, match=sentence):
        Budget(**options)


def test_a_range_is_drawn_evenly_and_its_grid_has_both_ends():
    """By its logarithm where that was said; whole numbers each with the same share."""
    log, whole = Range(1e-4, 1e-1, log=True), Range(1, 4, whole=True)

    assert log.at(0.5) == pytest.approx(math.sqrt(1e-5))
    assert log.grid() == pytest.approx((1e-4, 10**-3.25, 10**-2.5, 10**-1.75, 1e-1))
    assert [whole.at((k + 0.5) / 8) for k in range(8)] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert whole.grid() == (1, 2, 3, 4)


@pytest.mark.parametrize("name", ["batch_size", "n_iter_no_change"])
def test_a_range_of_pythons_is_whole_where_the_hyperparameter_is(name: str):
    """As the same range is where it is typed."""
    found = Space.read({name: Range(4, 64, log=True)}).dimensions[name]

    assert found == Range(4, 64, log=True, whole=True)
    assert Space.read({name: "4:64:log"}).dimensions[name] == found


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"batch_size": Range(4.5, 64)},
            "batch_size: a range of whole numbers must have whole ends",
        ),
        ({"hidden": Range(4, 64)}, "hidden has no range, got .*; give a list of its values"),
        (
            {"optimizer": "lbfgs,adam", "dropout": "0:0.5"},
            "lbfgs needs .* which dropout = 0.5 is not",
        ),
        ({"optimizer": "lbfgs", "clip_norm": "0,1"}, "lbfgs needs .* which clip_norm = 1.0 is not"),
    ],
)
def test_what_no_trial_could_have_is_refused_before_any_is_trained(given, says: str):
    """Values in Python, and two that do not go together."""
    with pytest.raises(HyperparameterError, match=says):
        Space.read(given)


def test_a_space_survives_its_file():
    """Through JSON and back it is the same, lists and all."""
    space = Space.read({"hidden": "64|128,64", "learning_rate": "1e-4:1e-1:log", "dropout": 0.1})

    assert Space.from_json(json.loads(json.dumps(space.to_json()))) == space


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("m", [150, 5000, 50_000])
def test_the_default_spaces_are_allowed_and_hold_the_default_rate(task, m):
    """Every value of them can be a trial's."""
    space = Space.read(default_space(task, m))
    rate = space.dimensions["learning_rate"]

    assert isinstance(rate, Range)
    assert rate.low <= Hyperparameters().learning_rate <= rate.high
    assert len(space.dimensions) == 5


def test_the_default_space_of_lbfgs_has_neither_rate_nor_dropout():
    """It takes no steps of a length of their own, and its cost must be the same at each."""
    space = Space.read({**default_space("binary", 500, "lbfgs"), "optimizer": "lbfgs"})

    assert list(space.dimensions) == ["hidden", "activation", "l2"]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("hidden", "128,64", (128, 64)),
        ("hidden", "none", ()),
        ("shuffle", "off", False),
        ("batch_size", "full", "full"),
        ("batch_size", "32", 32),
        ("dropout", "0.1,0.2", (0.1, 0.2)),
        ("learning_rate", "0.001", 0.001),
        ("validation_fraction", "auto", "auto"),
    ],
)
def test_a_value_is_read_as_it_is_written(name, text, value):
    """Words to values and back."""
    assert read_value(name, text) == value
    assert word(value) == text
    assert described({name: value}) == f"{name} {text}"


def test_two_values_are_two_words_where_a_sampler_learns_from_them():
    """However little they differ."""
    near = [0.123456, 0.123457]
    search = Search({"learning_rate": near, "hidden": "2", "epochs": 1}, sampler="tpe")
    found = search.run(classes(), PLAN, Budget(12))

    assert {r.chosen["learning_rate"] for r in found.results.values()} == set(near)
    assert exact((0.5, 0.25)) == "0.5,0.25"
