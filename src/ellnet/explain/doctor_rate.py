"""A learning rate too high or too low: shown by training a little at others, from the same start."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ellnet.arrays import to_numpy
from ellnet.batches import Examples
from ellnet.errors import DivergenceError
from ellnet.evaluation import prior
from ellnet.explain.doctor_findings import Change, Finding, Patient
from ellnet.explain.doctor_sample import cost_on, progress, sampled
from ellnet.hyperparameters import Hyperparameters
from ellnet.training import train

__all__ = ["rate_findings"]

EPOCHS = 20
"""Epochs of a probe at most: a rate that suits shows by then that it does."""

PROBED = 1000
"""Examples that a probe trains on at most, so that seven probes take seconds."""

TIMES = (10.0, 100.0, 1000.0)
"""What the rate is divided and multiplied by. A rate within ten times of a better one is no illness."""

FURTHER = (1e4, 1e5, 1e6)
"""What the rate is multiplied by next, where that is not enough."""

MOVED = 0.01
"""Share of its first cost that a run has to have got rid of to count as having left its start."""

ENOUGH = 0.75
"""Share of the cost of the best constant: a run that got rid of it, on the examples trained on or on
those held out, was not too slow, if perhaps too short."""

BETTER = 0.7
"""A lower rate has to come to this share of the cost, in the same epochs from the same start. In the
first epochs a lower rate is behind where the rate suits, so that being ahead is a strong sign."""

MUCH_BETTER = 0.5
"""A higher rate has to come, in a few epochs, to this share of what the whole run came to. Higher rates
are quicker at first even where the rate suits, so more is asked."""

LAST = 3
"""Epochs whose mean is what a probe came to: too high a rate is now and then lucky for one."""

WORTH = 0.05
"""Both have to be lower by this share of the cost of the best constant: below that it is noise."""


@dataclass(frozen=True)
class _Probe:
    """What a little training at some rate came to, held out and on what it trained on."""

    rate: float
    cost: float
    trained: float


def rate_findings(patient: Patient) -> list[Finding]:
    """Find out whether the rate is too high or too low; [] where nobody can tell."""
    chosen = patient.hyperparameters
    if patient.train is None or patient.start is None or chosen is None:
        return _from_history(patient)
    if chosen.optimizer == "lbfgs":
        return []
    epochs = min(EPOCHS, max(1, len(patient.history.epochs)))
    probes = _Probes(patient, chosen, epochs, _cost_of_constant(patient))
    found = _too_high(probes) or _too_low(probes)
    return [] if found is None else [found]


@dataclass(frozen=True, eq=False)
class _Probes:
    """Trains a little at other rates; `constant` is the cost of the best constant."""

    patient: Patient
    chosen: Hyperparameters
    epochs: int
    constant: float

    @property
    def worth(self) -> float:
        """How much lower a cost has to be to matter."""
        return WORTH * self.constant

    @property
    def rate(self) -> float:
        """The rate of the run."""
        return self.chosen.learning_rate

    def best(self, factors: Sequence[float]) -> _Probe:
        """Return the best of the rate times each of the factors."""
        probes = [self.at(self.rate * factor) for factor in factors]
        return min(probes, key=lambda probe: probe.cost)

    def at(self, rate: float) -> _Probe:
        """Train from the run's own start; the cost is the mean of the last epochs'."""
        patient = self.patient
        assert patient.start is not None  # noqa: S101 - whoever probes has looked
        assert patient.train is not None  # noqa: S101 - likewise
        other = replace(self.chosen, learning_rate=rate, early_stopping=False)
        examples, judged = sampled(patient.train, PROBED), _judged(patient)
        try:
            ended = train(patient.start, examples, other, judged, epochs=self.epochs)
        except DivergenceError:
            return _Probe(rate, math.inf, math.inf)
        history = ended.history
        return _Probe(rate, _end(history.validation_costs), _end(history.costs))


def _end(costs: Sequence[float]) -> float:
    last = costs[-LAST:]
    return sum(last) / len(last) if last else math.inf


def _too_high(probes: _Probes) -> Finding | None:
    own = probes.at(probes.rate)
    if own.cost < probes.worth:
        return None
    best = probes.best([1 / times for times in TIMES])
    if best.cost > BETTER * own.cost or not own.cost - best.cost >= probes.worth:
        return None
    if best.trained >= own.trained:  # it overfits: a lower rate only does so later
        return None
    finite = math.isfinite(own.cost)
    which = f"a {_which(probes.patient)} cost"
    came = f"came to {which} of {own.cost:.4g}" if finite else "diverged"
    figures = {"rate": own.rate, "better_rate": best.rate, "better_cost": best.cost}
    return Finding(
        "rate too high",
        (
            f"from the same start {_epochs(probes.epochs)} at rate {own.rate:g} {came}, and at "
            f"{best.rate:g} came to {'' if finite else which + ' of '}{best.cost:.4g}"
        ),
        figures | ({"cost": own.cost} if finite else {}),
        _change(best.rate, own.rate),
    )


def _too_low(probes: _Probes) -> Finding | None:
    patient = probes.patient
    reached = min(
        [cost_on(patient.network, _judged(patient)), *patient.history.validation_costs[-1:]]
    )
    left_start = reached < (1.0 - MOVED) * _cost_of_start(patient)
    stopped = patient.history.stopped == "early" and left_start
    if stopped or max(progress(patient), 1.0 - reached / probes.constant) > ENOUGH:
        return None
    least = min(MUCH_BETTER * reached, reached - probes.worth)
    best = probes.best(TIMES)
    if best.cost > least:
        best = probes.best(FURTHER)
    if best.cost > least:
        return None
    run = len(patient.history.epochs)
    return Finding(
        "rate too low",
        (
            f"all {_epochs(run)} at rate {probes.rate:g} came to a {_which(patient)} cost of "
            f"{reached:.4g}, and {_epochs(probes.epochs)} at {best.rate:g} to {best.cost:.4g}"
        ),
        {
            "rate": probes.rate,
            "cost": reached,
            "better_rate": best.rate,
            "better_cost": best.cost,
        },
        _change(best.rate, probes.rate),
    )


def _from_history(patient: Patient) -> list[Finding]:
    """Say what a history alone shows: a run that diverged, whose data nobody has."""
    chosen, history = patient.hyperparameters, patient.history
    if history.stopped != "diverged" or chosen is None or chosen.optimizer == "lbfgs":
        return []
    steps, rate = len(history.iterations), chosen.learning_rate
    return [
        Finding(
            "rate too high",
            f"the cost became infinite after {steps:,} steps at rate {rate:g}",
            {"rate": rate, "steps": float(steps)},
            _change(rate / TIMES[0], rate),
        )
    ]


def _change(rate: float, now: float) -> Change:
    return Change(f"set learning_rate to {rate:g} (now {now:g})", {"learning_rate": rate})


def _epochs(count: int) -> str:
    return f"{count:,} epoch{'' if count == 1 else 's'}"


def _judged(patient: Patient) -> Examples:
    """Return the examples that a cost is judged by: those held out, where there are some."""
    examples = patient.train if patient.held_out is None else patient.held_out
    assert examples is not None  # noqa: S101 - whoever asks has looked
    return sampled(examples)


def _which(patient: Patient) -> str:
    return "training" if patient.held_out is None else "held-out"


def _cost_of_constant(patient: Patient) -> float:
    """Return the cost of the best constant on the examples that count."""
    judged = _judged(patient)
    return cost_on(prior(patient.network, to_numpy(judged.Y)), judged)


def _cost_of_start(patient: Patient) -> float:
    """Return what the run began with, on the same examples."""
    assert patient.start is not None  # noqa: S101 - whoever asks has looked
    return cost_on(patient.start, _judged(patient))
