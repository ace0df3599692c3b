"""Precision stays the parameters' own, whatever comes in; weights make weighted means."""

from typing import Any

import array_api_strict
import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import Run
from ellnet.engines import array as array_engine
from ellnet.equations.costs import COSTS, outputs_of
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.errors import DataError, ShapeError
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState

PAIRS = [(output, cost) for cost in COSTS for output in outputs_of(cost)]


def net_of(output: str = "softmax", cost: str = "categorical_cross_entropy", dtype=np.float32):
    """A small network with two outputs."""
    n, g = (3, 5, 2), ("tanh", output)
    return Network(n, g, cost, initial_parameters(n, g, seed=1, dtype=dtype))


def data(m: int = 24) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X of whole numbers 0..9, one-hot Y, and whole weights, in float32."""
    random = np.random.default_rng(0)
    X = random.integers(0, 10, (3, m)).astype(np.float32)
    Y = np.eye(2, dtype=np.float32)[(X[0] > X[1]).astype(int)].T
    return X, Y, random.integers(1, 4, (1, m)).astype(np.float32)


def trained(taken, net: Network, train: Examples, **chosen: Any) -> Run:
    """Two epochs of minibatches."""
    hyperparameters = Hyperparameters(**{"batch_size": 8, "l2": 0.1, **chosen})
    moments = OPTIMIZERS[hyperparameters.optimizer].moments
    state = TrainingState.start(net.parameters, moments, 0)
    return taken.run(net, state, hyperparameters, train, epochs=2)


def bits(ran: Run) -> list[bytes]:
    """The parameters and moments that were reached."""
    groups = (ran.state.parameters, *ran.state.moments)
    return [array.tobytes() for group in groups for array in group.arrays()]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("X_type", ["uint8", "int64", "float32", "float64"])
@pytest.mark.parametrize("w_type", ["uint8", "int64", "float32", "float64"])
def test_float32_stays_float32_to_the_bit_whatever_comes_in(taken, optimizer, X_type, w_type):
    """The same numbers in another type train the same network."""
    X, Y, w = data()
    given = Examples(X.astype(X_type), Y.astype(X_type), w.astype(w_type))

    plain = trained(taken, net_of(), Examples(X, Y, w), optimizer=optimizer)
    other = trained(taken, net_of(), given, optimizer=optimizer)

    assert {array.dtype.name for array in other.state.parameters.arrays()} == {"float32"}
    assert bits(other) == bits(plain)
    assert other.costs == plain.costs


@pytest.mark.parametrize("name", ["learning_rate", "beta_1", "beta_2", "epsilon", "l2"])
def test_a_hyperparameter_of_numpy_does_not_widen_the_parameters(taken, name):
    """NumPy's float64 is a float, and would carry float32 arrays along with it."""
    value = {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-7, "l2": 0.2}[name]
    X, Y, _ = data()

    plain = trained(taken, net_of(), Examples(X, Y), **{name: value})
    other = trained(taken, net_of(), Examples(X, Y), **{name: np.float64(value)})

    assert other.state.parameters.W[1].dtype == np.float32
    assert bits(other) == bits(plain)


def test_costs_and_outputs_are_in_the_precision_of_the_parameters(taken):
    """Data in float64 is brought down first: to the bit the cost of what was float32."""
    X, Y, w = data()
    fine = X.astype(np.float64) + 1e-12
    target = Y.astype(np.float64) * (1 - 1e-12)

    cost = taken.cost(net_of(), Examples(fine, target, w))

    assert cost == taken.cost(net_of(), Examples(X, Y, w))
    assert taken.predict(net_of(), fine).tobytes() == taken.predict(net_of(), X).tobytes()


def test_backward_with_weights_keeps_the_precision(taken):
    """Weights in float64 make no float64 gradient."""
    X, Y, w = data()

    gradients = taken.backward(net_of(), taken.forward(net_of(), X), Y, w.astype(np.float64))

    assert {array.dtype.name for array in gradients.parameters.arrays()} == {"float32"}


def test_a_minibatch_without_weight_says_nothing(taken):
    """With a step for each example, one of weight 0 leaves the parameters as they were."""
    X, Y, w = data(6)
    some = w * float_row([1, 0, 1, 0, 0, 1])
    chosen: dict[str, Any] = {
        "batch_size": 1,
        "l2": 0.0,
        "optimizer": "gradient_descent",
        "shuffle": False,
    }

    ran = trained(taken, net_of(), Examples(X, Y, some), **chosen)
    index = np.array([0, 2, 5])
    fewer = trained(taken, net_of(), Examples(X, Y, w).take(index), **chosen)

    assert ran.divergence is None
    assert bits(ran) == bits(fewer)


def float_row(values: list[float]) -> np.ndarray:
    """Values as a (1, m) array in single precision."""
    return np.array([values], np.float32)


def test_the_cost_in_parts_is_the_weighted_mean_of_all(monkeypatch):
    """By hand, over parts of other weights, one of them without any."""
    X, Y, w = (array.astype(np.float64) for array in data(10))
    w[0, 4:8] = 0.0
    net = net_of(dtype=np.float64)
    A = array_engine.predict(net, X)
    by_hand = -np.sum(w[0] * np.sum(Y * np.log(A), axis=0)) / np.sum(w)

    monkeypatch.setattr(array_engine, "PASS", 4)

    assert array_engine.cost(net, Examples(X, Y, w)) == pytest.approx(by_hand, rel=1e-12)
    assert array_engine.cost(net, Examples(X, Y)) == pytest.approx(
        -np.mean(np.sum(Y * np.log(A), axis=0)), rel=1e-12
    )


def test_examples_without_any_weight_have_no_cost(taken):
    """There is nothing to divide by, and the message says what to do."""
    X, Y, w = data()

    with pytest.raises(DataError, match=r"weights w .* sum above 0; give"):
        taken.cost(net_of(), Examples(X, Y, 0 * w))


@pytest.mark.parametrize("shape", [(2, 1), (2,), (1, 1), (2, 2)])
def test_weights_of_another_shape_are_refused_where_they_would_broadcast(taken, shape):
    """With as many outputs as examples a column of weights would weigh units, silently."""
    X, Y, _ = data(2)

    with pytest.raises(ShapeError, match=r"w must have shape \(1, m\) = \(1, 2\), got"):
        taken.backward(net_of(), taken.forward(net_of(), X), Y, np.ones(shape, np.float32))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("output", "cost"), PAIRS)
def test_every_output_and_cost_runs_on_the_standard_alone(output, cost, dtype):
    """array-api-strict agrees with NumPy, keeps the precision and the library, weights included."""
    X, Y, w = data()
    net = net_of(output, cost, np.dtype(dtype).type)
    away = Examples(*(array_api_strict.asarray(a) for a in (X.astype(np.uint8), Y, w.astype(int))))

    here = trained(array_engine, net, Examples(X, Y, w), batch_size=20)
    strict = trained(array_engine, net, away, batch_size=20)

    assert strict.divergence is None
    rel = {"float32": 1e-4, "float64": 1e-10}[dtype]
    assert strict.iterations == pytest.approx(here.iterations, rel=rel)
    for a, b in zip(strict.state.parameters.arrays(), here.state.parameters.arrays(), strict=True):
        assert type(a).__module__.startswith("array_api_strict")
        assert np.asarray(a).dtype == dtype
        assert np.asarray(a) == pytest.approx(b, rel=rel, abs=rel)
    predicted = array_engine.predict(net, away.X)
    assert type(predicted).__module__.startswith("array_api_strict")
    assert np.asarray(predicted) == pytest.approx(array_engine.predict(net, X), rel=rel)
