"""A cure tried: the run with and without its one change, in pairs of the same seed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import is_sparse, to_numpy
from ellnet.batches import Examples
from ellnet.errors import DataError, DivergenceError
from ellnet.explain.doctor_findings import Change, Patient
from ellnet.explain.doctor_sample import cost_on
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network
from ellnet.starting import starting_network
from ellnet.training import Outcome, split_off, train

__all__ = ["Pair", "Trial", "try_change"]


@dataclass(frozen=True)
class Pair:
    """Two runs of the same seed: costs of the examples held out, by the parameters that were kept.

    A run that diverged has an infinite cost.

    Attributes:
        seed: of both.
        without: cost of the run as it was.
        changed: cost of the run with the change.
        curve_without: held-out cost after every epoch of the run as it was.
        curve_changed: the same with the change.
    """

    seed: int
    without: float
    changed: float
    curve_without: tuple[float, ...] = ()
    curve_changed: tuple[float, ...] = ()

    @property
    def difference(self) -> float:
        """What the change adds to the cost: below 0 it is better; a run without a finite cost lost."""
        if math.isinf(self.without) and math.isinf(self.changed):
            return 0.0
        return self.changed - self.without


@dataclass(frozen=True)
class Trial:
    """What trying a change came to.

    Attributes:
        change: the change.
        pairs: one for each seed.
    """

    change: Change
    pairs: tuple[Pair, ...]

    @property
    def difference(self) -> float:
        """The mean of the paired differences; below 0 the change is better."""
        return sum(pair.difference for pair in self.pairs) / len(self.pairs)

    @property
    def standard_error(self) -> float:
        """The standard error of that mean; NaN for a single pair, or where a run diverged."""
        several = [pair.difference for pair in self.pairs]
        if len(several) < 2 or not all(map(math.isfinite, several)):
            return math.nan
        return float(np.std(several, ddof=1) / np.sqrt(len(several)))

    @property
    def diverged(self) -> tuple[int, int]:
        """How many runs diverged without the change, and how many with it."""
        without = sum(math.isinf(pair.without) for pair in self.pairs)
        return without, sum(math.isinf(pair.changed) for pair in self.pairs)

    @property
    def better(self) -> int:
        """The number of seeds for which the change is better."""
        return sum(pair.difference < 0 for pair in self.pairs)

    def curve(self, *, changed: bool) -> list[float]:
        """Return the mean held-out cost after every epoch, over the seeds still running there."""
        curves = [pair.curve_changed if changed else pair.curve_without for pair in self.pairs]
        longest = max(map(len, curves), default=0)
        return [
            float(np.mean([curve[k] for curve in curves if len(curve) > k])) for k in range(longest)
        ]

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values; what is not finite is None."""
        return {
            "change": self.change.says,
            "difference": _finite(self.difference),
            "standard_error": _finite(self.standard_error),
            "better": self.better,
            "pairs": [
                {
                    "seed": pair.seed,
                    "without": _finite(pair.without),
                    "changed": _finite(pair.changed),
                    "curve_without": [_finite(cost) for cost in pair.curve_without],
                    "curve_changed": [_finite(cost) for cost in pair.curve_changed],
                }
                for pair in self.pairs
            ],
        }


def try_change(patient: Patient, change: Change, seeds: Sequence[int] = range(5)) -> Trial:
    """Train the run without and with a change, from several seeds, on the same examples.

    A run whose start was given, and is not that of its hyperparameters, begins there every time; the
    change begins from weights drawn by the seed. Costs are those of the examples held out; of
    a run that has none, a fifth is held out of what it learned from.

    Args:
        patient: the run, with its examples and hyperparameters.
        change: what to change.
        seeds: of the pairs.

    Raises:
        DataError: the run has no examples or no hyperparameters, or too few examples.
    """
    chosen = patient.hyperparameters
    if patient.train is None or chosen is None:
        raise DataError(
            "trying a change trains, which needs the run's examples and hyperparameters"
        )
    if patient.held_out is None:
        learned, held = split_off(patient.network, patient.train, 0.2, chosen.seed)
        patient = replace(patient, train=learned, held_out=held)
    return Trial(change, tuple(_pair(patient, chosen, change, seed) for seed in seeds))


def _pair(patient: Patient, chosen: Hyperparameters, change: Change, seed: int) -> Pair:
    assert patient.train is not None  # noqa: S101 - try_change has looked
    assert patient.held_out is not None  # noqa: S101 - likewise
    before = replace(chosen, seed=seed)
    given = None if patient.start_drawn else patient.start
    without = _trained(patient.network, patient.train, patient.held_out, before, given)
    after = replace(before, **change.hyperparameters)
    train_set, held = _as_prescribed(patient.train, patient.held_out, change)
    start_changes = bool({"initialization", "activation", "hidden"} & change.hyperparameters.keys())
    kept = None if start_changes or change.without else given
    net = _architecture(patient.network, after, int(train_set.X.shape[0]))
    changed = _trained(net, train_set, held, after, kept)
    return Pair(seed, without[0], changed[0], without[1], changed[1])


def _architecture(net: Network, chosen: Hyperparameters, inputs: int) -> Network:
    """Return the network that changed hyperparameters ask for, with other parameters."""
    hidden = net.n[1:-1] if chosen.hidden == "auto" else chosen.hidden
    g = chosen.hidden_activations if len(hidden) else ()
    n = (inputs, *hidden, net.n[-1])
    output = net.activations[net.L]
    return Network(n, (*g, output), net.cost, cost_options=net.cost_options)


def _trained(
    net: Network,
    examples: Examples,
    held: Examples,
    chosen: Hyperparameters,
    start: Network | None,
) -> tuple[float, tuple[float, ...]]:
    """Return the held-out cost of the parameters kept, and after every epoch."""
    begun = start or starting_network(net, chosen, examples.X)
    try:
        outcome = train(begun, examples, chosen, held)
    except DivergenceError as error:
        ended = error.outcome
        validated = ended.history.validation_costs if isinstance(ended, Outcome) else ()
        return math.inf, tuple(validated)
    return cost_on(outcome.network, held), tuple(outcome.history.validation_costs)


def _as_prescribed(examples: Examples, held: Examples, change: Change) -> tuple[Examples, Examples]:
    """Return the examples with their inputs standardised, or some left out."""
    if not change.standardise and not change.without:
        return examples, held
    X, other = _dense(examples), _dense(held)
    if change.standardise:
        mean, deviation = X.mean(axis=1, keepdims=True), X.std(axis=1, keepdims=True)
        deviation[deviation == 0] = 1.0
        X, other = (X - mean) / deviation, (other - mean) / deviation
    left = np.setdiff1d(np.arange(len(X)), change.without)
    kind = to_numpy(examples.Y).dtype
    return (
        Examples(np.asfortranarray(X[left], kind), examples.Y, examples.w),
        Examples(np.asfortranarray(other[left], kind), held.Y, held.w),
    )


def _dense(examples: Examples) -> NDArray[np.float64]:
    X = examples.X.toarray() if is_sparse(examples.X) else to_numpy(examples.X)
    return np.asarray(X, np.float64)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
