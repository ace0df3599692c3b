"""Training runs drawn at random over all that the native engine covers, and their bits."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ellnet.batches import Examples
from ellnet.engines import Run, native
from ellnet.engines.coverage import (
    ACTIVATION_NUMBERS,
    COST_NUMBERS,
    OPTIMIZER_NUMBERS,
    SCHEDULE_NUMBERS,
)
from ellnet.equations.costs import outputs_of
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState

__all__ = ["Case", "bits", "cases", "data_of", "network_of", "run_of"]

NARROW = st.integers(1, 16)
"""Widths of the path for tiny networks."""

WIDE = st.one_of(
    st.sampled_from([1, 8, 15, 16, 17, 31, 32, 33, 47, 48, 64, 65]), st.integers(1, 70)
)
"""Widths on both sides of the ends of vectors and panels."""

SIZES = st.sampled_from([1, 2, 7, 15, 16, 17, 31, 32, 33, 64, 100, 255, 256, 257, 300])
"""Sizes of a minibatch, on both sides of a vector of examples and of a chunk."""


@dataclass(frozen=True)
class Case:
    """A training run: a network, examples, and all that is chosen.

    Attributes:
        filled: the share of inputs that are not 0; where it is small, the engine lists them.
    """

    n: tuple[int, ...]
    g: tuple[str, ...]
    cost: str
    m: int
    chosen: Hyperparameters
    weighted: bool
    validated: int
    epochs: int = 2
    filled: float = 1.0


def network_of(case: Case) -> Network:
    """Return the network at its start; exponentials begin small."""
    n, g = case.n, case.g
    dtype = np.dtype(case.chosen.dtype).type
    parameters = initial_parameters(n, g, "course", case.chosen.seed, dtype)
    options = {
        name: value for name, value in case.chosen.cost_options.items() if name != "quantiles"
    }
    if case.cost == "quantile":
        options = {"quantiles": (0.3,) if n[-1] % 2 else (0.2, 0.9)}
    return Network(n, g, case.cost, parameters, cost_options=options)


def data_of(case: Case, m: int, seed: int) -> Examples:
    """Return m examples: classes for a cross-entropy, counts for Poisson, numbers for the rest."""
    random, units = np.random.default_rng(seed), case.n[-1]
    X = random.standard_normal((case.n[0], m)).astype(case.chosen.dtype)
    if case.filled < 1.0:
        X *= random.random(X.shape) < case.filled
    Y = random.standard_normal((units, m))
    if case.cost == "binary_cross_entropy":
        Y = (Y > 0).astype(float)
    elif case.cost == "categorical_cross_entropy":
        Y = np.eye(units)[random.integers(0, units, m)].T
    elif case.cost == "poisson":
        Y = np.floor(Y * Y)
    w = random.integers(0, 3, (1, m)) + (np.arange(m) == 0) if case.weighted else None
    return Examples(X, Y.astype(case.chosen.dtype), w if w is None else w.astype(float))


def run_of(case: Case, state: TrainingState | None = None, **options: Any) -> Run:
    """Train with the native engine, from the start or from a state."""
    net = network_of(case)
    if state is None:
        moments = OPTIMIZERS[case.chosen.optimizer].moments
        state = TrainingState.start(net.parameters, moments, case.chosen.seed)
    held = data_of(case, case.validated, 7) if case.validated else None
    given = {"epochs": case.epochs, **options}
    return native.run(net, state, case.chosen, data_of(case, case.m, 3), held, **given)


def bits(ran: Run) -> tuple[bytes, ...]:
    """Return every bit of a run: parameters, moments, costs of steps, of epochs and of validation."""
    groups = (ran.state.parameters, *ran.state.moments)
    costs = (ran.iterations, ran.costs, ran.validation_costs, (ran.state.epoch_cost,))
    return (
        *(np.ascontiguousarray(array).tobytes() for group in groups for array in group.arrays()),
        *(np.array(each, np.float64).tobytes() for each in costs),
    )


PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "optimizer": st.sampled_from([*OPTIMIZER_NUMBERS]),
    "learning_rate": st.sampled_from([1e-3, 0.01, 0.1]),
    "schedule": st.sampled_from([*SCHEDULE_NUMBERS]),
    "shuffle": st.booleans(),
    "seed": st.integers(0, 2**64 - 1),
    "dtype": st.sampled_from(["float32", "float64"]),
    "threshold": st.sampled_from([0.3, 1.0]),
}
"""What every run has one of."""

SOMETIMES: dict[str, st.SearchStrategy[Any]] = {
    "l2": st.sampled_from([0.1, 3.0]),
    "l1": st.sampled_from([0.1, 3.0]),
    "clip_norm": st.sampled_from([1e-3, 0.5]),
    "max_norm": st.sampled_from([0.3, 1.0]),
    "dropout": st.sampled_from([0.1, 0.5, 0.97]),
    "input_dropout": st.sampled_from([0.2, 0.6]),
    "dropout_schedule": st.sampled_from([*SCHEDULE_NUMBERS]),
    "weight_decay_schedule": st.sampled_from([*SCHEDULE_NUMBERS]),
    "momentum": st.sampled_from([0.0, 0.5, 1.0]),
    "beta_1": st.sampled_from([0.0, 0.5]),
    "beta_2": st.sampled_from([0.0, 0.9]),
}
"""What some runs have."""


def chosen_options() -> st.SearchStrategy[dict[str, Any]]:
    """Draw hyperparameters by name."""
    usual = {"l2": st.just(0.0), "epochs": st.just(3), "floor": st.just(0.1), "period": st.just(1)}
    warm = {"warmup": st.just(0.4), "growth": st.sampled_from([1, 2])}
    return st.fixed_dictionaries({**PLAIN, **usual, **warm}).flatmap(
        lambda plain: st.fixed_dictionaries({}, optional=SOMETIMES).map(lambda some: plain | some)
    )


@st.composite
def cases(draw: st.DrawFn, most: int = 320) -> Case:
    """Draw a run of at most `most` examples; softmax has two outputs or more."""
    width = NARROW if draw(st.booleans()) else WIDE
    n = tuple(draw(st.lists(width, min_size=2, max_size=5)))
    cost = draw(st.sampled_from([*COST_NUMBERS]))
    hidden = draw(
        st.lists(st.sampled_from([*ACTIVATION_NUMBERS]), min_size=len(n) - 2, max_size=len(n) - 2)
    )
    output = draw(st.sampled_from(outputs_of(cost)))
    n = (*n[:-1], max(2, n[-1])) if output == "softmax" else n
    chosen = Hyperparameters(**draw(chosen_options()))
    return Case(
        n=n,
        g=(*hidden, output),
        cost=cost,
        m=draw(st.integers(1, most)),
        chosen=replace(chosen, batch_size=draw(SIZES)),
        weighted=draw(st.booleans()),
        validated=draw(st.sampled_from([0, 1, 40, 257])),
        filled=draw(st.sampled_from([1.0, 0.1])),
    )
