"""Training: what is kept, what is recorded, and how a run ends."""

import os
import signal

import array_api_strict
import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.engines import engine, native
from ellnet.errors import DataError, DivergenceError, HyperparameterError
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network
from ellnet.state import TrainingState
from ellnet.stopping import Look
from ellnet.training import Hook, Metric, Outcome, split_off, train


def blobs(m: int = 200, k: int = 2, seed: int = 0) -> Examples:
    """Points in the plane around k centres; k = 2 has one sigmoid unit as its target."""
    random = np.random.default_rng(seed)
    labels = np.arange(m) % k
    angle = 2 * np.pi * labels / k
    X = np.stack([np.cos(angle), np.sin(angle)]) + 0.6 * random.standard_normal((2, m))
    Y = labels[None, :] if k == 2 else np.eye(k)[labels].T
    return Examples(X.astype(np.float32), Y.astype(np.float32))


def small_network(k: int = 2) -> Network:
    """A network that fits `blobs`."""
    output = (
        ("sigmoid", "binary_cross_entropy") if k == 2 else ("softmax", "categorical_cross_entropy")
    )
    return Network((2, 8, 1 if k == 2 else k), ("tanh", output[0]), output[1])


def same(a: Network, b: Network) -> bool:
    """Whether two networks have the same bits."""
    pairs = zip(a.parameters.arrays(), b.parameters.arrays(), strict=True)
    return all(x.tobytes() == y.tobytes() for x, y in pairs)


class Recorder(Hook):
    """Notes what it is told, and stops after so many epochs."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.calls: list[str] = []
        self.states: list[TrainingState] = []
        self.stop_after = stop_after

    def before_run(self, epochs: int) -> None:
        """The run begins."""
        self.calls.append(f"run {epochs}")

    def after_step(self, taken: int, of: int) -> None:
        """A step is taken."""
        self.calls.append(f"step {taken}/{of}")

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        """An epoch ends."""
        self.states.append(state)
        self.calls.append(f"epoch {len(history.epochs)}")
        return len(history.epochs) >= self.stop_after

    def after_run(self, outcome: Outcome) -> None:
        """The run ends."""
        self.calls.append(outcome.history.stopped)


def test_the_best_validation_cost_s_parameters_are_kept():
    """Under early stopping the network kept has exactly the lowest validation cost recorded."""
    chosen = Hyperparameters(learning_rate=0.05, epochs=60, batch_size=16, n_iter_no_change=5)
    learned, held = split_off(small_network(), blobs(), 0.3, 0)

    outcome = train(small_network(), learned, chosen, held)

    costs = outcome.history.validation_costs
    assert outcome.history.stopped == "early"
    assert outcome.history.best_epoch == 1 + int(np.argmin(costs))
    assert outcome.history.best_epoch < len(costs)
    assert engine().cost(outcome.network, held) == pytest.approx(min(costs), rel=1e-6)


def test_early_stopping_waits_n_iter_no_change_epochs():
    """The run ends exactly n_iter_no_change epochs after the last gain."""
    chosen = Hyperparameters(learning_rate=0.05, epochs=300, batch_size=16, n_iter_no_change=7)

    history = train(small_network(), blobs(), chosen).history

    assert len(history.epochs) - history.best_epoch == 7


def test_without_early_stopping_the_last_parameters_are_kept():
    """All epochs are run, and a validation curve changes nothing."""
    chosen = Hyperparameters(early_stopping=False, epochs=5)
    learned, held = split_off(small_network(), blobs(), 0.3, 0)

    watched = train(small_network(), learned, chosen, held)
    alone = train(small_network(), learned, chosen)

    assert watched.history.stopped == alone.history.stopped == "epochs"
    assert len(watched.history.validation_costs) == 5
    assert same(watched.network, alone.network)
    assert watched.history.iterations == alone.history.iterations


def test_a_tolerance_makes_small_gains_count_as_none():
    """With a tolerance above every gain, patience runs out from the first epoch on."""
    chosen = Hyperparameters(tol=10.0, n_iter_no_change=3, epochs=50, batch_size=32)

    history = train(small_network(), blobs(), chosen).history

    assert len(history.epochs) == 4


def test_zero_epochs_leave_the_network_as_it_is():
    """No epoch, no step, the initial parameters."""
    net = small_network()

    outcome = train(net, blobs(), Hyperparameters(epochs=0))

    assert same(outcome.network, net)
    assert outcome.history.epochs == ()


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    """The order of examples follows the seed alone."""
    runs = [
        train(small_network(), blobs(), Hyperparameters(seed=seed, epochs=3, batch_size=16)).network
        for seed in (1, 1, 2)
    ]

    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


def test_a_run_goes_on_from_a_state_with_the_same_bits():
    """Ten epochs are four epochs and then six."""
    chosen = Hyperparameters(early_stopping=False, epochs=10, batch_size=32)
    net = small_network()

    whole = train(net, blobs(), chosen)
    half = train(net, blobs(), Hyperparameters(early_stopping=False, epochs=4, batch_size=32))
    rest = train(net, blobs(), chosen, state=half.state)

    assert same(whole.network, rest.network)
    assert whole.history.iterations == (*half.history.iterations, *rest.history.iterations)


@pytest.fixture
def watched_step_by_step(monkeypatch):
    """The native engine asks before every step, and not by the clock."""
    monkeypatch.setattr("ellnet.engines.native.WATCH_SECONDS", 0.0)


@pytest.mark.usefixtures("watched_step_by_step")
def test_hooks_are_called_in_order_and_may_end_the_run():
    """A hook sees the run, each step and each epoch, and its yes ends the run."""
    hook = Recorder(stop_after=2)

    outcome = train(
        small_network(),
        blobs(64),
        Hyperparameters(early_stopping=False, batch_size=32),
        hooks=[hook],
    )

    assert outcome.history.stopped == "hook"
    assert hook.calls == [
        "run 200",
        *("step 0/2", "step 1/2", "epoch 1"),
        *("step 0/2", "step 1/2", "epoch 2"),
        "hook",
    ]


def test_hooks_see_the_last_epoch_of_a_run_that_ends_early():
    """No epoch goes by unseen, and the history that a hook was shown does not change afterwards."""

    class Keep(Hook):
        def __init__(self) -> None:
            self.seen: list[History] = []

        def after_epoch(self, state, history):
            """An epoch has ended."""
            del state
            self.seen.append(history)
            return False

    hook = Keep()
    chosen = Hyperparameters(tol=10.0, n_iter_no_change=3, epochs=50, batch_size=32)

    history = train(small_network(), blobs(), chosen, hooks=[hook]).history

    assert history.stopped == "early"
    assert [len(seen.epochs) for seen in hook.seen] == [1, 2, 3, 4]
    assert [list(seen.epochs) for seen in hook.seen] == [
        list(history.epochs[:k]) for k in range(1, 5)
    ]
    assert tuple(hook.seen[-1].iterations) == history.iterations
    assert hook.seen[0].iterations[-1] == history.iterations[4]
    assert hook.seen[0].iterations[1:3] == history.iterations[1:3]
    assert repr(hook.seen[0].epochs) == repr(history.epochs[:1])


class Seldom(Recorder):
    """Looks at every seventh epoch alone."""

    def next_epoch(self, epoch: int) -> int:
        """The next multiple of seven."""
        return (epoch // 7 + 1) * 7


@pytest.mark.parametrize("engine", ["array", "auto"])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("validated", [False, True])
def test_a_hook_says_when_it_looks_next(engine, early_stopping, validated):
    """What training comes to does not depend on it, and the last epoch is always seen."""
    chosen = Hyperparameters(
        learning_rate=0.05,
        epochs=25,
        batch_size=16,
        engine=engine,
        early_stopping=early_stopping and validated,
        n_iter_no_change=6,
    )
    learned, held = split_off(small_network(), blobs(), 0.3, 0)
    parts = (learned, chosen, held) if validated else (learned, chosen)
    often, seldom, once = Recorder(), Seldom(), Seldom(stop_after=14)

    expected = train(small_network(), *parts, hooks=[often])
    found = train(small_network(), *parts, hooks=[seldom])
    cut = train(small_network(), *parts, hooks=[once])

    epochs = len(expected.history.epochs)
    assert same(found.network, expected.network)
    assert found.history.costs == expected.history.costs
    assert found.history.validation_costs == expected.history.validation_costs
    assert found.history.best_epoch == expected.history.best_epoch
    looked = [call for call in seldom.calls if call.startswith("epoch ")]
    assert looked == [f"epoch {k}" for k in dict.fromkeys([*range(7, epochs, 7), epochs])]
    assert len(cut.history.epochs) == min(14, epochs)


class Patient:
    """Ends the run when so many epochs have gone by, and says so beforehand."""

    def __init__(self, epochs: int) -> None:
        self.left = epochs

    def look(self, epoch):
        """Count."""
        del epoch
        self.left -= 1
        return Look(best=False, exhausted=self.left == 0)

    def begin_again(self):
        """Nothing is cut here."""

    def earliest(self):
        """The epoch at which it ends."""
        return self.left

    def memory(self):
        """How many are left."""
        return {"left": self.left}

    def recall(self, memory):
        """Go on from there."""
        self.left = int(memory["left"])


def test_epochs_that_nobody_has_to_look_at_are_run_at_once(monkeypatch):
    """The engine is asked for all of them, and what is recorded is the same as one by one."""
    asked = []
    taken = engine()

    def run(*given, epochs, **options):
        asked.append(epochs)
        return original(*given, epochs=epochs, **options)

    original = taken.run
    monkeypatch.setattr(taken, "run", run)
    chosen = Hyperparameters(early_stopping=False, epochs=9, batch_size=32)

    at_once = train(small_network(), blobs(), chosen, stopping=Patient(5))
    one_by_one = train(small_network(), blobs(), chosen, stopping=Patient(5), hooks=[Hook()])
    whole = train(small_network(), blobs(), chosen)

    assert asked == [5, 1, 1, 1, 1, 1, 9]
    assert same(at_once.network, one_by_one.network)
    assert at_once.history.stopped == one_by_one.history.stopped == "early"
    assert at_once.history.iterations == one_by_one.history.iterations
    assert at_once.history.costs == one_by_one.history.costs == whole.history.costs[:5]


def test_epochs_before_a_divergence_are_recorded():
    """Those that were finished have their costs, however many were run at once."""
    net = Network((1, 1), ("identity",), "squared_error")
    examples = Examples(np.ones((1, 4), np.float32), np.full((1, 4), 7, np.float32))
    chosen = Hyperparameters(
        hidden=(),
        optimizer="gradient_descent",
        learning_rate=1e4,
        l2=0.0,
        batch_size=2,
        early_stopping=False,
        epochs=9,
    )

    histories = []
    for hooks in ([], [Hook()]):
        with pytest.raises(DivergenceError) as caught:
            train(net, examples, chosen, hooks=hooks)
        assert isinstance(caught.value.outcome, Outcome)
        histories.append(caught.value.outcome)

    at_once, one_by_one = histories
    assert len(at_once.history.epochs) == len(at_once.history.iterations) // 2 > 1
    assert at_once.history.costs == one_by_one.history.costs
    assert at_once.history.iterations == one_by_one.history.iterations
    assert same(at_once.network, one_by_one.network)


@pytest.mark.skipif(not native.available(), reason="the array engine keeps the state before")
@pytest.mark.usefixtures("watched_step_by_step")
def test_ctrl_c_while_the_state_before_a_divergence_is_sought_ends_the_run():
    """It stands after the last epoch, all numbers finite, and diverges where it goes on."""
    net = Network((1, 1), ("identity",), "squared_error")
    examples = Examples(np.ones((1, 8), np.float32), np.full((1, 8), 7, np.float32))
    chosen = Hyperparameters(
        hidden=(),
        optimizer="gradient_descent",
        learning_rate=1e5,
        l2=0.0,
        batch_size=2,
        early_stopping=False,
        engine="native",
    )
    taken_again = []

    class PressOnTheWayBack(Hook):
        ended = 0

        def after_epoch(self, state, history):
            del state, history
            self.ended += 1
            return False

        def after_step(self, taken, of):
            del of
            if self.ended == 1 and taken:
                taken_again.append(taken)
            if taken_again == [1]:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(DivergenceError) as caught:
        train(net, examples, chosen, hooks=[Hook()])
    outcome = train(net, examples, chosen, hooks=[PressOnTheWayBack()])

    assert isinstance(caught.value.outcome, Outcome)
    assert caught.value.outcome.state.step == 3
    assert taken_again == [1]
    assert outcome.history.stopped == "interrupted"
    assert (outcome.state.step, len(outcome.history.iterations)) == (4, 4)
    assert all(np.all(np.isfinite(a)) for a in outcome.network.parameters.arrays())
    with pytest.raises(DivergenceError):
        train(net, examples, chosen, state=outcome.state)


@pytest.mark.parametrize("inputs", [1.0, 1e18])
def test_a_divergence_names_what_is_large(inputs):
    """Targets that dwarf the inputs are to be scaled, and inputs elsewhere."""
    net = Network((2, 1), ("identity",), "squared_error")
    X, Y = np.full((2, 4), inputs, np.float32), np.full((1, 4), 1e20, np.float32)
    chosen = Hyperparameters(hidden=(), early_stopping=False)
    words = {
        1.0: ["the largest target is 1e+20", "scaled targets"],
        1e18: ["the largest input there was 1e+18, in east", "scaled inputs"],
    }

    with pytest.raises(DivergenceError) as caught:
        train(net, Examples(X, Y), chosen, feature_names=["east", "north"])

    assert all(word in str(caught.value) for word in words[inputs])


def test_the_metric_is_measured_on_the_validation_examples_each_epoch():
    """The metric gets the network, its A[L] and the examples of the validation part alone."""
    sizes = []

    def measure(net, A, examples):
        assert np.array_equal(engine().predict(net, examples.X), A)
        sizes.append((A.shape, examples.Y.shape))
        return float(len(sizes))

    chosen = Hyperparameters(epochs=3, validation_fraction=0.25, n_iter_no_change=10)
    outcome = train(small_network(), blobs(), chosen, metric=Metric("count", measure))

    assert [e.validation_metric for e in outcome.history.epochs] == [1.0, 2.0, 3.0]
    assert sizes == [((1, 50), (1, 50))] * 3
    assert outcome.history.metric == "count"


def test_a_metric_that_needs_no_outputs_is_given_none():
    """Nothing is computed for it."""
    outputs = []

    def measure(*seen):
        outputs.append(seen[1])
        return 0.0

    metric = Metric("count", measure, of_outputs=False)
    train(small_network(), blobs(), Hyperparameters(epochs=2), metric=metric)

    assert outputs == [None, None]


@pytest.mark.parametrize("k", [2, 3])
def test_the_part_split_off_is_stratified(k):
    """Each class holds out its share."""
    learned, held = split_off(small_network(k), blobs(90, k), 1 / 3, 0)

    counts = np.bincount(held.Y[0].astype(int)) if k == 2 else held.Y.sum(axis=1)
    assert learned.m == 60
    assert counts.tolist() == [30 / k] * k


def test_too_few_examples_to_hold_some_out_are_refused():
    """One example cannot be both learned from and held out."""
    with pytest.raises(DataError, match=r"holding out 0\.2 of 1 rows"):
        train(small_network(), blobs(1), Hyperparameters())


def test_a_divergence_names_layer_and_remedy_and_keeps_the_last_good_parameters():
    """What is kept has a finite cost; the message says where it went wrong and what helps."""
    chosen = Hyperparameters(
        optimizer="gradient_descent",
        learning_rate=1e30,
        early_stopping=False,
        batch_size=50,
        l2=0.0,
    )
    X = blobs().X * np.float32(1e6)
    net = Network((2, 8, 1), ("relu", "sigmoid"), "binary_cross_entropy")

    with pytest.raises(DivergenceError) as caught:
        train(net, Examples(X, blobs().Y), chosen, feature_names=["east", "north"])

    outcome = caught.value.outcome
    assert isinstance(outcome, Outcome)
    assert outcome.history.stopped == "diverged"
    assert all(np.isfinite(outcome.history.iterations))
    assert all(np.all(np.isfinite(a)) for a in outcome.network.parameters.arrays())
    assert np.isfinite(engine().cost(outcome.network, Examples(X, blobs().Y)))
    message = str(caught.value)
    assert "[1]" in message or "[2]" in message
    assert "east" in message or "north" in message
    assert "smaller learning_rate (now 1e+30)" in message


def test_a_validation_cost_that_overflows_is_a_divergence_too():
    """A validation example that overflows ends the run with the parameters before it."""
    held = Examples(np.full((2, 3), np.float32(3e38)), np.ones((1, 3), np.float32))
    net = Network((2, 1), ("identity",), "squared_error")

    with pytest.raises(DivergenceError, match=r"the validation cost was the first") as caught:
        train(net, blobs(), Hyperparameters(hidden=(), epochs=3), held)

    assert isinstance(caught.value.outcome, Outcome)
    assert caught.value.outcome.history.epochs == ()
    assert same(caught.value.outcome.network, net)


@pytest.mark.usefixtures("watched_step_by_step")
def test_ctrl_c_keeps_what_was_learned_and_the_run_can_go_on():
    """The step under way is finished; going on gives the bits of a run never stopped."""

    class Press(Hook):
        def after_step(self, taken, of):
            del of
            if taken == 3:
                os.kill(os.getpid(), signal.SIGINT)

    chosen = Hyperparameters(early_stopping=False, epochs=4, batch_size=20)
    stopped = train(small_network(), blobs(), chosen, hooks=[Press()])
    rest = train(small_network(), blobs(), chosen, state=stopped.state)
    whole = train(small_network(), blobs(), chosen)

    assert stopped.history.stopped == "interrupted"
    assert stopped.state.batch == 3
    assert same(rest.network, whole.network)
    assert (*stopped.history.iterations, *rest.history.iterations) == whole.history.iterations
    assert rest.history.costs == whole.history.costs


def test_an_unknown_engine_is_refused_with_the_names_there_are():
    """The message says which engines there are."""
    with pytest.raises(HyperparameterError, match=r"engine must be auto or array.*, got 'gpu'"):
        train(small_network(), blobs(), Hyperparameters(engine="gpu"))


def test_the_notes_example_trains():
    """The running example n = (3, 5, 5, 3, 1) of the notes learns a rule of its inputs."""
    random = np.random.default_rng(0)
    X = random.standard_normal((3, 400)).astype(np.float32)
    Y = (X[:1] * X[1:2] > 0).astype(np.float32)
    net = Network((3, 5, 5, 3, 1), ("tanh",) * 3 + ("sigmoid",), "binary_cross_entropy")
    chosen = Hyperparameters(
        early_stopping=False, epochs=150, batch_size=32, learning_rate=0.01, l2=0.0
    )

    outcome = train(net, Examples(X, Y), chosen)

    A = engine().predict(outcome.network, X)
    assert np.mean((A > 0.5) == (Y > 0.5)) > 0.95


def test_another_array_library_trains_with_its_own_hold_out():
    """Splitting off, early stopping and the metric work on array-api-strict as on NumPy."""
    here = blobs(60)
    away = Examples(array_api_strict.asarray(here.X), array_api_strict.asarray(here.Y))
    chosen = Hyperparameters(epochs=4, batch_size=16)

    outcomes = [train(small_network(), examples, chosen) for examples in (here, away)]

    costs = [outcome.history.validation_costs for outcome in outcomes]
    assert costs[0] == pytest.approx(costs[1], rel=1e-5)
    assert type(outcomes[1].network.W[1]).__module__.startswith("array_api_strict")
