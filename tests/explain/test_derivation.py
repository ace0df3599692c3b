"""The numbers of a step are those that training itself comes to."""

import itertools

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import array
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS, outputs_of
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.equations.schedules import SCHEDULES
from ellnet.explain.derivation import derive
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState
from ellnet.training import moments_of, smoothed

N = (3, 5, 5, 3, 2)
M = 7


def example(activation: str = "tanh", output: str = "sigmoid", cost: str = "binary_cross_entropy"):
    """A network in float64, X, Y and weights."""
    random = np.random.default_rng(4)
    g = (activation, activation, activation, output)
    parameters = initial_parameters(N, g, "course", 1, np.float64)
    X, w = random.standard_normal((3, M)), random.random((1, M)) + 0.5
    Y = np.eye(2)[random.integers(0, 2, M)].T
    return Network(N, g, cost, parameters), X, Y, w


def trained(net: Network, chosen: Hyperparameters, examples: Examples, state: TrainingState):
    """The state after one more epoch of a single minibatch, by the engine."""
    ready = smoothed(net, examples, chosen.label_smoothing)
    return array.run(net, state, chosen, ready, epochs=1)


SETTINGS = [
    *({"optimizer": name} for name in OPTIMIZERS),
    *(
        {"schedule": name, "warmup": 0.3 if name == "one_cycle" else 0.0, "optimizer": "momentum"}
        for name in SCHEDULES
    ),
    {"l1": 0.3, "l2": 0.0},
    {"clip_norm": 0.01},
    {"max_norm": 0.5, "learning_rate": 0.3},
    {"warmup": 0.4},
    {"label_smoothing": 0.1},
    {"dropout": 0.4, "input_dropout": 0.2, "dropout_schedule": "cosine"},
    {"optimizer": "adamw", "weight_decay": 0.2, "weight_decay_schedule": "cosine"},
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_update_is_the_engines_next_step(setting, weighted):
    """For every optimizer, schedule, penalty, with masks and weights: the third step, to 1e-14."""
    net, X, Y, w = example()
    chosen = Hyperparameters(
        **{"epochs": 9, "batch_size": "full", "learning_rate": 0.05, "dtype": "float64", **setting}
    )
    examples = Examples(X, Y, w if weighted else None)
    begun = TrainingState.start(net.parameters, moments_of(chosen), 5)
    state = array.run(
        net, begun, chosen, smoothed(net, examples, chosen.label_smoothing), epochs=2
    ).state
    there = net.with_parameters(state.parameters)

    found = derive(there, X, Y, examples.w, hyperparameters=chosen, state=state)

    run = trained(there, chosen, examples, state)
    assert found.update is not None
    assert found.update.t == 3
    assert found.cost == pytest.approx(run.iterations[0], rel=1e-14)
    for got, expected in zip(
        (found.update.bounded, *found.update.after),
        (run.state.parameters, *run.state.moments),
        strict=True,
    ):
        for mine, engines in zip(got.arrays(), expected.arrays(), strict=True):
            np.testing.assert_allclose(mine, engines, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(
    ("cost", "output"), [(c, o) for c in COSTS for o in outputs_of(c)], ids="-".join
)
def test_the_head_joins_up(cost, output):
    """dA[L] * g'(Z[L]) is dZ[L] for every cost and output, also where both are fused into one."""
    net, X, Y, _ = example("softplus", output, cost)

    found = derive(net, X, Y)

    chained = ACTIVATIONS[output].backward(found.outer, found.cache.Z[4], found.cache.A[4])
    np.testing.assert_allclose(chained, found.delta, rtol=1e-9, atol=1e-12)


def test_a_start_from_here_says_so():
    """Without a state it is step 1, with moments of 0, and L-BFGS has no step of its own."""
    net, X, Y, _ = example()

    adam = derive(net, X, Y, hyperparameters=Hyperparameters())
    lbfgs = derive(net, X, Y, hyperparameters=Hyperparameters(optimizer="lbfgs"))

    assert adam.update is not None
    assert (adam.update.t, adam.known) == (1, False)
    zeros = itertools.chain.from_iterable(moment.arrays() for moment in adam.update.before)
    assert all(not each.any() for each in zeros)
    assert lbfgs.update is None
