"""Hyperparameters: checked, frozen, printable."""

import dataclasses
import json

import numpy as np
import pytest

from ellnet.errors import HyperparameterError
from ellnet.hyperparameters import Hyperparameters

BAD = [
    ("hidden", (5, 0)),
    ("hidden", (2.5,)),
    ("hidden", "wide"),
    ("hidden", 5),
    ("activation", "relux"),
    ("activation", ("relu", "relux")),
    ("activation", 3),
    ("output_activation", "relux"),
    ("cost", "mse"),
    ("initialization", "ones"),
    ("optimizer", "sgd"),
    ("learning_rate", 0.0),
    ("learning_rate", -1.0),
    ("learning_rate", float("nan")),
    ("learning_rate", float("inf")),
    ("learning_rate", 10**400),
    ("learning_rate", "fast"),
    ("learning_rate", True),
    ("beta_1", 1.0),
    ("beta_2", -0.1),
    ("epsilon", 0),
    ("threshold", 0.0),
    ("quantiles", (0.5, 1.0)),
    ("quantiles", ()),
    ("quantiles", 0.5),
    ("label_smoothing", 1.0),
    ("unit_variance", 1),
    ("zero_last", "yes"),
    ("momentum", 1.01),
    ("rho", 1.0),
    ("momentum_decay", -0.1),
    ("weight_decay", float("inf")),
    ("clip_norm", -1.0),
    ("schedule", "linear"),
    ("weight_decay_schedule", None),
    ("dropout_schedule", "linear"),
    ("warmup", 1.1),
    ("power_t", -0.5),
    ("gamma", 0.0),
    ("period", 0),
    ("growth", 1.5),
    ("floor", -0.1),
    ("max_fun", 0),
    ("l1", -1e-3),
    ("max_norm", -1),
    ("dropout", 1.0),
    ("dropout", (0.1, 1.0)),
    ("dropout", "some"),
    ("input_dropout", 1.0),
    ("l2", -1e-3),
    ("l2", "much"),
    ("batch_size", 0),
    ("batch_size", 2.0),
    ("batch_size", True),
    ("batch_size", [3]),
    ("batch_size", {}),
    ("hidden", (True,)),
    ("l2", np.array([1.0, 2.0])),
    ("epochs", True),
    ("seed", True),
    ("batch_size", "all"),
    ("shuffle", 1),
    ("epochs", -1),
    ("epochs", 1.5),
    ("early_stopping", "yes"),
    ("validation_fraction", 1.0),
    ("validation_fraction", -0.1),
    ("n_iter_no_change", 0),
    ("tol", float("nan")),
    ("seed", -1),
    ("seed", 2**64),
    ("dtype", "float16"),
    ("engine", None),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_values_are_refused_by_name(name, value):
    """The message names the field and the value."""
    with pytest.raises(HyperparameterError, match=name):
        Hyperparameters(**{name: value})


def test_every_field_has_a_bad_value_above():
    """No field goes unchecked."""
    assert {field.name for field in dataclasses.fields(Hyperparameters)} == {
        name for name, _ in BAD
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden", ()),
        ("beta_1", 0),
        ("beta_2", 0.0),
        ("l2", 0),
        ("tol", 0.0),
        ("batch_size", 1),
        ("epochs", 0),
        ("n_iter_no_change", 1),
        ("validation_fraction", 0),
        ("validation_fraction", 0.999),
        ("seed", 0),
        ("seed", 2**64 - 1),
    ],
)
def test_the_ends_of_a_range_belong_to_it(name, value):
    """The smallest and the largest value that are allowed are taken."""
    assert getattr(Hyperparameters(**{name: value}), name) == value


def test_a_float_of_numpy_becomes_a_plain_one():
    """It is a float, but no plain number of JSON's, and it would widen float32 arrays."""
    chosen = Hyperparameters(learning_rate=np.float64(0.01), l2=np.float64(0.1))

    assert type(chosen.learning_rate) is float
    assert type(chosen.l2) is float


def test_they_cannot_be_changed():
    """Frozen: another value is another object."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Hyperparameters().epochs = 3  # type: ignore[misc]


def test_json_and_back():
    """Every field survives, tuples included."""
    chosen = Hyperparameters(hidden=(8, 4), activation=("relu", "tanh"), batch_size="full", l2=0.5)

    back = Hyperparameters.from_json(json.loads(json.dumps(chosen.to_json())))

    assert back == chosen
    assert back.hidden == (8, 4)
    assert chosen.to_json()["hidden"] == [8, 4]


def test_an_unknown_field_is_refused_with_those_there_are():
    """A misspelt line of a file is never passed over."""
    with pytest.raises(
        HyperparameterError, match=r"no hyperparameter 'learning_rat'.* learning_rate"
    ):
        Hyperparameters.from_json({"learning_rat": 1.0})


def test_one_activation_serves_every_hidden_layer_or_there_is_one_for_each():
    """A list of another length is refused."""
    assert Hyperparameters(hidden=(3, 3), activation="tanh").hidden_activations == ("tanh", "tanh")
    assert Hyperparameters(hidden=(), activation="tanh").hidden_activations == ()
    with pytest.raises(HyperparameterError, match="one for each of the 3 hidden layers, got 2"):
        Hyperparameters(hidden=(3, 3, 3), activation=("relu", "tanh"))


@pytest.mark.parametrize(
    ("m", "hidden", "batch"),
    [
        (1, (32, 16), 1),
        (150, (32, 16), 16),
        (999, (32, 16), 32),
        (1000, (256, 128), 32),
        (1294, (256, 128), 64),
        (30000, (256, 128), 128),
    ],
)
def test_what_is_auto_follows_the_rows(m, hidden, batch):
    """Few rows have a smaller network and smaller minibatches."""
    resolved = Hyperparameters().resolved(m)

    assert resolved.hidden == hidden
    assert Hyperparameters().examples_a_step(m) == batch


def test_few_rows_hold_out_a_larger_part():
    """A tenth of few rows would say too little; without early stopping none is held out."""
    assert [Hyperparameters().held_out(m) for m in (999, 1000)] == [0.2, 0.1]
    assert Hyperparameters(validation_fraction=0.3).held_out(50) == 0.3
    assert Hyperparameters(early_stopping=False).held_out(50) == 0.0


def test_what_is_said_is_kept():
    """Only what is auto is replaced."""
    chosen = Hyperparameters(hidden=(7,), l2=0.0, batch_size=10)

    assert chosen.resolved(50) == chosen
    assert Hyperparameters(batch_size="full").examples_a_step(77) == 77
    assert Hyperparameters(batch_size=100).examples_a_step(77) == 77


def test_numpy_s_numbers_become_plain_ones():
    """They go into JSON, and carry no precision of their own."""
    chosen = Hyperparameters(
        hidden=(np.int64(8),),  # type: ignore[arg-type]
        batch_size=np.int32(4),  # type: ignore[arg-type]
        learning_rate=np.float64(0.5),
    )

    assert json.loads(json.dumps(chosen.to_json()))["hidden"] == [8]
    assert type(chosen.learning_rate) is float
    assert type(chosen.batch_size) is int


def test_values_that_do_not_go_together_are_refused():
    """A list of the wrong length, a cycle without its way up."""
    with pytest.raises(
        HyperparameterError, match="dropout must be one value or one for each of the 2"
    ):
        Hyperparameters(hidden=(4, 3), dropout=(0.1,))
    for name in ("schedule", "weight_decay_schedule", "dropout_schedule"):
        with pytest.raises(HyperparameterError, match=f"{name} one_cycle needs a warmup"):
            Hyperparameters(**{name: "one_cycle"})  # type: ignore[arg-type]


@pytest.mark.parametrize("schedule", ["step", "exponential"])
def test_dropout_cannot_grow_beyond_everything(schedule):
    """A factor above 1, again and again, would drop more units than there are; a rate may grow."""
    with pytest.raises(
        HyperparameterError, match=f"at most 1 where dropout .* {schedule}.* got 1.5"
    ):
        Hyperparameters(dropout_schedule=schedule, gamma=1.5)

    assert Hyperparameters(schedule=schedule, gamma=1.5).gamma == 1.5


def test_what_the_adaptive_schedule_cuts():
    """The rate, the decay where the optimizer has one, and dropout, each where it follows it."""
    every = dict.fromkeys(("schedule", "weight_decay_schedule", "dropout_schedule"), "adaptive")
    chosen = Hyperparameters(**every, learning_rate=0.1, weight_decay=0.2, dropout=0.3)  # type: ignore[arg-type]

    assert Hyperparameters().adaptive_rates == ()
    assert chosen.adaptive_rates == (0.1, 0.3)
    assert dataclasses.replace(chosen, optimizer="adamw").adaptive_rates == (0.1, 0.2, 0.3)
    only = dataclasses.replace(chosen, schedule="constant", hidden=(4, 3), dropout=(0.0, 0.4))
    assert only.adaptive_rates == (0.4,)


def test_dropout_is_told_layer_by_layer():
    """Layer 0 is the input; one number serves every hidden layer."""
    one = Hyperparameters(hidden=(4, 3), dropout=0.2, input_dropout=0.1)
    each = Hyperparameters.from_json({"hidden": [4, 3], "dropout": [0.2, 0.3]})

    assert [one.dropped(layer) for layer in range(3)] == [0.1, 0.2, 0.2]
    assert [each.dropped(layer) for layer in range(3)] == [0.0, 0.2, 0.3]


def test_the_options_of_the_cost_are_its_own():
    """Those of another cost are left out."""
    assert Hyperparameters(cost="huber", threshold=2).cost_options == {"threshold": 2.0}
    assert Hyperparameters(cost="quantile").cost_options == {"quantiles": (0.5,)}
    assert Hyperparameters().cost_options == {}
