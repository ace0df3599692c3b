"""Which instruction set runs: the best, or the one that is asked for, and it says so."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse

from ellnet.batches import Examples
from ellnet.engines import ENGINES, auto, engine, native
from ellnet.errors import HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.training import train
from tests.engines.every_engine import EVERY, TARGETS, engine_of
from tests.engines.native.running import on_target

N, G = (3, 5, 1), ("relu", "identity")


def network() -> Network:
    """A small network."""
    return Network(N, G, "squared_error", initial_parameters(N, G, dtype=np.float32))


def history_engine(**chosen: Any) -> str:
    """What the history of a short run says of the engine."""
    X = np.random.default_rng(0).standard_normal((3, 20))
    usual: dict[str, Any] = {"epochs": 1, "early_stopping": False, **chosen}
    return train(network(), Examples(X, X[:1]), Hyperparameters(**usual)).history.engine


@pytest.mark.parametrize("target", TARGETS)
def test_the_target_that_is_asked_for_runs_and_is_named(target):
    """By `target`, in the description, and in the history of a run."""
    with on_target(target):
        assert native.target() == target
        assert native.describe(network(), Hyperparameters()) == f"native {target}"
        assert history_engine(engine="native") == f"native {target}"
        assert history_engine() == f"native {target}"


@pytest.mark.parametrize("name", EVERY)
def test_every_engine_of_these_tests_is_the_one_that_it_is_called(name, monkeypatch):
    """The names by which tests take engines set the target, and the run says which one it was."""
    taken = engine_of(name, monkeypatch)

    kind, _, target = name.partition("-")
    assert history_engine(engine=taken.NAME) == f"{kind} {target}".strip()


def test_a_target_does_what_its_vectors_can():
    """Its multiply-adds a second are counted: one number at a time cannot pass for vectors."""
    with on_target("scalar"):
        scalar = native.peak_gflops(1)

    for target in TARGETS[:-1]:
        with on_target(target):
            assert max(native.peak_gflops(1) for _ in range(3)) > 2 * scalar > 0, target


def test_the_best_target_is_taken_unless_another_is_asked_for(monkeypatch):
    """The list begins with it; an empty variable asks for nothing."""
    monkeypatch.delenv("ELLNET_TARGET", raising=False)
    assert native.target() == TARGETS[0]
    assert native.available() == (TARGETS[0] != "scalar")
    monkeypatch.setenv("ELLNET_TARGET", "")
    assert native.target() == TARGETS[0]
    assert TARGETS[-1] == "scalar"


@pytest.mark.parametrize("name", ["native", "auto"])
def test_a_target_that_is_not_here_is_refused(name, monkeypatch):
    """The message lists those that are."""
    monkeypatch.setenv("ELLNET_TARGET", "quantum")

    with pytest.raises(
        HyperparameterError, match=r"ELLNET_TARGET must be one of .*, got 'quantum'"
    ):
        engine(name).predict(network(), np.zeros((3, 2)))
    with pytest.raises(HyperparameterError, match="got 'quantum'"):
        history_engine(engine=name)


def test_without_the_compiled_module_the_array_engine_serves(monkeypatch):
    """And says so; who asks for native is told why there is none."""
    monkeypatch.setattr(native, "TARGETS", ())
    monkeypatch.delitem(ENGINES, "native")

    assert native.targets() == ()
    assert not native.available()
    assert auto.describe(network(), Hyperparameters()) == "array: the native engine is not there"
    assert history_engine() == "array: the native engine is not there"
    with pytest.raises(HyperparameterError, match=r"not compiled .* install again with a C\+\+17"):
        engine("native")


def test_on_a_processor_without_fused_multiply_add_auto_takes_the_array_engine(monkeypatch):
    """The scalar target alone is an oracle, and no engine."""
    monkeypatch.setattr(native, "TARGETS", ("scalar",))

    assert not native.available()
    assert auto.describe(network(), Hyperparameters()) == "array: the native engine is not there"
    assert history_engine() == "array: the native engine is not there"


def test_auto_says_why_it_takes_the_array_engine():
    """What native does not cover is named."""
    X = np.random.default_rng(0).standard_normal((3, 20))
    examples = Examples(scipy.sparse.csc_array(X), X[:1])
    chosen = Hyperparameters(epochs=1, early_stopping=False)

    said = train(network(), examples, chosen).history.engine

    assert said == "array: of the native engine, it takes no sparse X"
    assert auto.describe(network(), chosen, examples) == said
