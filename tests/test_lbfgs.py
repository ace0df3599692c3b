"""L-BFGS: SciPy's method on our cost."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.errors import DivergenceError
from ellnet.hyperparameters import Hyperparameters
from ellnet.lbfgs import pack, unpack
from ellnet.network import Network, initial_parameters
from ellnet.training import Hook, train


def examples(m=120, weights=False):
    """Two classes that overlap."""
    random = np.random.default_rng(0)
    X = random.standard_normal((3, m))
    Y = (X[:1] + 0.8 * random.standard_normal((1, m)) > 0).astype(float)
    return Examples(X, Y, random.random((1, m)) + 0.5 if weights else None)


def network(*hidden, dtype=np.float64):
    """A network for them."""
    n, g = (3, *hidden, 1), ("tanh",) * len(hidden) + ("sigmoid",)
    return Network(n, g, "binary_cross_entropy", initial_parameters(n, g, dtype=dtype))


def chosen(**options):
    """Hyperparameters of L-BFGS."""
    return Hyperparameters(optimizer="lbfgs", early_stopping=False, dtype="float64", **options)


@pytest.mark.parametrize("weights", [False, True])
def test_one_layer_is_logistic_regression(weights):
    """The same minimum as scikit-learn's, weights of the examples included."""
    data = examples(weights=weights)
    w = None if data.w is None else data.w[0]
    theirs = LogisticRegression(C=1 / 2.0, tol=1e-10).fit(data.X.T, data.Y[0], sample_weight=w)

    found = train(network(), data, chosen(l2=2.0, tol=0.0, epochs=500)).network

    assert found.W[1] == pytest.approx(theirs.coef_, rel=1e-5)
    assert found.b[1][0] == pytest.approx(theirs.intercept_, rel=1e-4)


def test_the_cost_and_gradients_of_all_are_those_of_one_pass(monkeypatch):
    """Passes that bound the memory change nothing but rounding."""
    data, net = examples(weights=True), network(4)
    taken = engine("array")
    whole = taken.cost_and_gradients(net, data, l2=0.7)

    monkeypatch.setattr("ellnet.engines.array.PASS", 17)
    cut = taken.cost_and_gradients(net, data, l2=0.7)

    assert cut[0] == pytest.approx(whole[0], rel=1e-13)
    for a, b in zip(cut[1].arrays(), whole[1].arrays(), strict=True):
        assert a == pytest.approx(b, rel=1e-10, abs=1e-14)


def test_the_gradient_is_that_of_the_cost():
    """By central differences, in every parameter."""
    data, net = examples(weights=True), network(4)
    taken, h = engine("array"), 1e-6
    _, gradients = taken.cost_and_gradients(net, data, l2=0.7)
    theta, found = pack(net.parameters), []

    for k in range(len(theta)):
        costs = []
        for shift in (h, -h):
            moved = theta.copy()
            moved[k] += shift
            at = net.with_parameters(unpack(moved, net.parameters))
            costs.append(taken.cost_and_gradients(at, data, l2=0.7)[0])
        found.append((costs[0] - costs[1]) / (2 * h))

    assert np.linalg.norm(found - pack(gradients)) < 1e-7 * np.linalg.norm(found)


def test_what_is_packed_comes_back():
    """Every array, in its own precision."""
    parameters = network(4, dtype=np.float32).parameters

    back = unpack(pack(parameters), parameters)

    for a, b in zip(parameters.arrays(), back.arrays(), strict=True):
        assert a.dtype == b.dtype
        assert np.array_equal(a, b)


def test_iterations_are_epochs_and_end_as_told():
    """The history has one cost an iteration; limits and hooks end the run."""

    class Stop(Hook):
        def after_epoch(self, state, history):
            del history
            return state.epoch == 3

    data = examples()
    limited = train(network(4), data, chosen(epochs=5, tol=0.0)).history
    stopped = train(network(4), data, chosen(epochs=50, tol=0.0), hooks=[Stop()]).history
    starved = train(network(4), data, chosen(epochs=50, tol=0.0, max_fun=4)).history
    done = train(network(4), data, chosen(epochs=500, tol=1e-2)).history

    assert (limited.stopped, len(limited.epochs)) == ("epochs", 5)
    assert (stopped.stopped, len(stopped.epochs)) == ("hook", 3)
    assert starved.stopped == "epochs"
    assert len(starved.epochs) <= 4
    assert done.stopped == "converged"
    assert all(a >= b for a, b in zip(done.costs, done.costs[1:], strict=False))


def test_early_stopping_keeps_the_best_iteration():
    """Validation examples are looked at after every iteration."""
    data, held = examples(40), examples(200, weights=True)

    outcome = train(
        network(30),
        data,
        Hyperparameters(
            optimizer="lbfgs", dtype="float64", l2=0.0, epochs=300, n_iter_no_change=5, tol=1e-9
        ),
        held,
    )

    costs = outcome.history.validation_costs
    assert outcome.history.stopped == "early"
    assert outcome.history.best_epoch == 1 + int(np.argmin(costs))
    assert engine().cost(outcome.network, held) == pytest.approx(min(costs), rel=1e-12)


def test_a_first_cost_that_is_not_finite_is_refused():
    """With the parameters as they were."""
    data = examples()
    net = Network((3, 1), ("identity",), "squared_error", network().parameters)

    with (
        np.errstate(over="ignore"),
        pytest.raises(DivergenceError, match="the cost was the first") as caught,
    ):
        train(net, Examples(data.X, 1e200 * data.Y), chosen(epochs=5))

    kept = caught.value.outcome.network.parameters.arrays()  # type: ignore[attr-defined]
    assert all(np.array_equal(a, b) for a, b in zip(kept, net.parameters.arrays(), strict=True))
