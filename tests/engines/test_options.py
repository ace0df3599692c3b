"""Every option of training: it acts, its gradient is right, and what cannot go together is refused."""

import dataclasses
from dataclasses import replace
from typing import Any

import array_api_strict
import numpy as np
import pytest

from ellnet.arrays import to_numpy
from ellnet.batches import Examples, dropout_mask
from ellnet.engines import engine
from ellnet.engines.protocol import Mask
from ellnet.equations.gradient_check import relative_error
from ellnet.equations.schedules import SCHEDULES
from ellnet.errors import HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.lbfgs import pack, unpack
from ellnet.network import Network, initial_parameters
from ellnet.starting import starting_network
from ellnet.training import train
from tests.engines.every_engine import RECURSIONS

N = (4, 6, 5, 3)
G = ("tanh", "relu", "softmax")

BASE: dict[str, Any] = {
    "hidden": N[1:-1],
    "activation": G[:-1],
    "epochs": 6,
    "batch_size": 8,
    "learning_rate": 0.05,
    "early_stopping": False,
    "dtype": "float64",
}

FLIPS: dict[str, tuple[dict[str, Any], Any]] = {
    "activation": ({}, "sigmoid"),
    "output_activation": ({"cost": "squared_error"}, "sigmoid"),
    "cost": ({}, "squared_error"),
    "threshold": ({"cost": "huber"}, 0.1),
    "quantiles": ({"cost": "quantile", "output_activation": "identity"}, (0.9,)),
    "hidden": ({"activation": "tanh"}, (7, 5)),
    "label_smoothing": ({}, 0.1),
    "initialization": ({}, "orthogonal"),
    "unit_variance": ({}, True),
    "zero_last": ({}, True),
    "optimizer": ({}, "nadam"),
    "learning_rate": ({}, 0.02),
    "momentum": ({"optimizer": "nesterov"}, 0.5),
    "beta_1": ({}, 0.5),
    "beta_2": ({}, 0.9),
    "rho": ({"optimizer": "rmsprop"}, 0.5),
    "epsilon": ({}, 1e-2),
    "momentum_decay": ({"optimizer": "nadam"}, 0.5),
    "weight_decay": ({"optimizer": "adamw"}, 0.5),
    "clip_norm": ({}, 0.1),
    "schedule": ({}, "cosine"),
    "weight_decay_schedule": ({"optimizer": "adamw", "weight_decay": 0.5}, "cosine"),
    "dropout_schedule": ({"dropout": 0.5}, "cosine"),
    "warmup": ({}, 0.5),
    "power_t": ({"schedule": "invscaling"}, 0.2),
    "gamma": ({"schedule": "exponential"}, 0.9),
    "period": ({"schedule": "step"}, 2),
    "growth": ({"schedule": "cosine_restarts", "period": 1}, 2),
    "floor": ({"schedule": "cosine"}, 0.5),
    "max_fun": ({"optimizer": "lbfgs", "tol": 0.0}, 3),
    "l1": ({}, 1.0),
    "l2": ({}, 5.0),
    "max_norm": ({}, 0.5),
    "dropout": ({}, (0.0, 0.5)),
    "input_dropout": ({}, 0.5),
    "batch_size": ({}, "full"),
    "shuffle": ({}, False),
    "epochs": ({}, 7),
    "early_stopping": ({"validation_fraction": 0.25, "n_iter_no_change": 1, "epochs": 60}, True),
    "validation_fraction": ({"early_stopping": True}, 0.5),
    "n_iter_no_change": ({"early_stopping": True, "epochs": 60, "tol": 0.1}, 2),
    "tol": ({"early_stopping": True, "n_iter_no_change": 2, "epochs": 60}, 0.5),
    "seed": ({}, 1),
    "dtype": ({}, "float32"),
}
"""For each hyperparameter: what must be chosen beside it, and another value than its own."""


def examples(m: int = 40) -> Examples:
    """Three classes that overlap."""
    random = np.random.default_rng(0)
    X = random.standard_normal((N[0], m))
    labels = np.argmax(X[:3] + random.standard_normal((3, m)), axis=0)
    return Examples(X, np.eye(3)[labels].T)


def trained(chosen: Hyperparameters) -> np.ndarray:
    """All parameters after training, and the number of epochs, in one vector."""
    data = examples()
    cost = "categorical_cross_entropy" if chosen.cost == "auto" else chosen.cost
    output = "softmax" if chosen.output_activation == "auto" else chosen.output_activation
    activations = (*chosen.hidden_activations, output)
    net = Network((4, *chosen.hidden, 3), activations, cost, cost_options=chosen.cost_options)
    outcome = train(starting_network(net, chosen, data.X), data, chosen)
    epochs = len(outcome.history.epochs)
    return np.append(pack(outcome.network.parameters), epochs)


@pytest.mark.parametrize("name", FLIPS)
def test_every_hyperparameter_changes_the_update(name):
    """An option that changes nothing is a defect."""
    beside, other = FLIPS[name]
    usual = Hyperparameters(**{**BASE, **beside})
    flipped = dataclasses.replace(usual, **{name: other})

    before, after = trained(usual), trained(flipped)

    assert before.shape != after.shape or not np.array_equal(before, after)


SCHEDULED: dict[str, Any] = {
    "optimizer": "adamw",
    "weight_decay": 0.5,
    "dropout": 0.5,
    "input_dropout": 0.2,
    "warmup": 0.4,
    "period": 2,
    "n_iter_no_change": 1,
    "tol": 1.0,
}
"""Something to schedule, and what the schedules need."""


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "constant"])
@pytest.mark.parametrize("field", ["schedule", "weight_decay_schedule", "dropout_schedule"])
def test_every_schedule_serves_rate_decay_and_dropout_alike(field, name):
    """Whichever follows it, nothing ended early: another network than with what stays constant."""
    constant = Hyperparameters(**{**BASE, **SCHEDULED})
    scheduled = dataclasses.replace(constant, **{field: name})

    assert not np.array_equal(trained(constant), trained(scheduled))


def test_the_adaptive_schedule_cuts_where_the_cost_of_training_stands_still():
    """With nothing to validate on too: after two epochs without gain each, and the run goes on."""
    chosen = Hyperparameters(**{**BASE, "schedule": "adaptive", "n_iter_no_change": 2, "tol": 9.0})
    net = Network(N, G, "categorical_cross_entropy", initial_parameters(N, G, dtype=np.float64))

    outcome = train(net, examples(), dataclasses.replace(chosen, epochs=30))

    assert outcome.state.cuts == 7  # 0.05 * 5^-7 is the first rate of 1e-6 or less
    assert outcome.history.stopped == "epochs"
    assert len(outcome.history.epochs) == 30


def test_no_hyperparameter_is_left_out():
    """But for the engine, which changes nothing on purpose."""
    names = {each.name for each in dataclasses.fields(Hyperparameters)}

    assert names - set(FLIPS) == {"engine"}


@pytest.mark.parametrize("l1", [0.0, 0.7])
@pytest.mark.parametrize("dropped", [(0,), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("name", RECURSIONS)
def test_gradients_with_dropout_and_penalties(dropped, l1, name):
    """Of the cost with the same masks, by central differences of the whole vector."""
    data, taken = examples(12), engine(name)
    net = Network(N, ("tanh", "sigmoid", "softmax"), "categorical_cross_entropy")
    net = net.with_parameters(initial_parameters(N, G, dtype=np.float64))
    masks = tuple(
        Mask(dropout_mask(N[k], 12, 0.6, 1, epoch=0, step=0, layer=k).astype(float), 0.6)
        if k in dropped
        else None
        for k in range(3)
    )

    def cost(theta: np.ndarray) -> float:
        at = net.with_parameters(unpack(theta, net.parameters))
        A = taken.forward(at, data.X, masks).A[3]
        weights = np.concatenate([W.reshape(-1) for W in at.W])
        penalty = 0.3 / 24 * np.sum(weights**2) + l1 / 12 * np.sum(np.abs(weights))
        return float(-np.sum(data.Y * np.log(A)) / 12 + penalty)

    found = pack(
        taken.backward(net, taken.forward(net, data.X, masks), data.Y, l2=0.3, l1=l1).parameters
    )
    theta, h = pack(net.parameters), 1e-6
    steps = h * np.eye(len(theta))
    expected = np.array([(cost(theta + s) - cost(theta - s)) / (2 * h) for s in steps])

    assert relative_error(found, expected) < 1e-7


@pytest.mark.parametrize(
    "options",
    [
        {"dropout": 0.4, "input_dropout": 0.2, "dropout_schedule": "cosine"},
        {"optimizer": "adamw", "weight_decay": 0.3, "weight_decay_schedule": "cosine", "l1": 0.2},
        {"optimizer": "nadam", "clip_norm": 0.5, "max_norm": 1.0, "schedule": "growing_cosine"},
        {"optimizer": "rmsprop", "schedule": "one_cycle", "warmup": 0.3, "label_smoothing": 0.1},
    ],
)
def test_a_run_in_pieces_is_the_whole_run(taken, options):
    """run(6) is run(2) and run(4), to the bit, with every option; strict arrays agree."""
    chosen = Hyperparameters(**{**BASE, **options, "engine": taken.NAME})
    data = examples()
    net = Network(N, G, "categorical_cross_entropy", initial_parameters(N, G, dtype=np.float64))
    whole = train(net, data, chosen)

    first = train(net, data, chosen, epochs=2)
    rest = train(net, data, chosen, state=first.state, epochs=4)

    assert whole.history.engine.startswith(taken.NAME)
    assert pack(rest.network.parameters).tobytes() == pack(whole.network.parameters).tobytes()
    strict = Examples(array_api_strict.asarray(data.X), array_api_strict.asarray(data.Y))
    other = train(net, strict, replace(chosen, engine="array")).network.parameters
    flat = np.concatenate([to_numpy(array).reshape(-1) for array in other.arrays()])
    assert flat == pytest.approx(pack(whole.network.parameters), rel=1e-9, abs=1e-12)


def test_max_norm_holds_after_every_step():
    """No unit's incoming weights exceed it."""
    chosen = Hyperparameters(**{**BASE, "max_norm": 0.7})
    net = Network(N, G, "categorical_cross_entropy", initial_parameters(N, G, dtype=np.float64))

    found = train(net, examples(), chosen).network

    assert max(np.linalg.norm(W, axis=1).max() for W in found.W) <= 0.7 * (1 + 1e-12)


def test_unit_variance_is_what_it_says():
    """Each Z[l] of the data has variance 1 at the start; a zero output layer stays zero."""
    chosen = Hyperparameters(**{**BASE, "unit_variance": True, "zero_last": True})
    net = Network(N, G, "categorical_cross_entropy")

    started = starting_network(net, chosen, examples().X)

    cache = engine("array").forward(started, examples().X)
    assert [np.std(cache.Z[layer]) for layer in (1, 2)] == pytest.approx([1.0, 1.0])
    assert not started.W[3].any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"cost": "squared_error", "label_smoothing": 0.1},
            "label_smoothing goes with a cross-entropy",
        ),
        ({"optimizer": "lbfgs", "dropout": 0.1}, "lbfgs .* dropout = 0.1"),
        ({"optimizer": "lbfgs", "dropout": (0.0, 0.1)}, "lbfgs .* dropout"),
        ({"optimizer": "lbfgs", "l1": 0.1}, "lbfgs .* l1"),
        ({"optimizer": "lbfgs", "clip_norm": 1.0}, "lbfgs .* clip_norm"),
        ({"optimizer": "lbfgs", "max_norm": 1.0}, "lbfgs .* max_norm"),
    ],
)
def test_what_cannot_be_honoured_is_refused(options, message):
    """Named with what it does not go with."""
    with pytest.raises(HyperparameterError, match=message):
        trained(Hyperparameters(**{**BASE, **options}))
