"""Samplers: which values a trial takes, from the seed, the number and the results that it sees."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from ellnet.errors import HyperparameterError
from ellnet.randomness import Stream, generator
from ellnet.search.quieting import quiet
from ellnet.search.results import LOOKBACK, Result
from ellnet.search.space import Choice, Dimension, Space
from ellnet.search.words import exact, unknown

__all__ = [
    "SAMPLERS",
    "Grid",
    "Random",
    "Sampler",
    "Tpe",
    "check_sampler",
    "distributions",
    "recorded",
]

MOST_LISTED = 10**6
"""So many configurations, or fewer, are drawn without putting back."""

TRIALS = 60
"""Trials of a search where nothing is said."""

TPE_BEGINS = 10
"""Trials of TPE that are drawn at random."""


class Sampler(Protocol):
    """Proposes the values of trials."""

    looks_back: bool
    """Whether a proposal depends on earlier results."""

    most: float
    """The number of trials that there can be."""

    usual: float
    """The number of trials where nothing is said."""

    def suggest(self, number: int, seen: Sequence[Result]) -> dict[str, Any]:
        """Return the values of a trial, asked for in the order of the numbers."""


class Grid:
    """Every combination, the last hyperparameter changing fastest; a range gives five values."""

    looks_back = False

    def __init__(self, space: Space, seed: int, direction: str) -> None:
        """Lay out the grid."""
        del seed, direction
        self._names = list(space.dimensions)
        self._values = [dimension.grid() for dimension in space.dimensions.values()]
        self.most: float = math.prod(map(len, self._values))
        self.usual = self.most

    def suggest(self, number: int, seen: Sequence[Result]) -> dict[str, Any]:
        """Return the point of that number."""
        del seen
        chosen: dict[str, Any] = {}
        for name, values in zip(reversed(self._names), reversed(self._values), strict=True):
            number, k = divmod(number, len(values))
            chosen[name] = values[k]
        return {name: chosen[name] for name in self._names}


class Random:
    """Independent draws; where all configurations can be listed, none is drawn twice."""

    looks_back = False
    usual: float = TRIALS

    def __init__(self, space: Space, seed: int, direction: str) -> None:
        """Draw from `space`; each trial's numbers have an address of their own."""
        del direction
        self._space, self._seed = space, seed
        self.most = space.size
        self._order = None
        if self.most <= MOST_LISTED:
            self._order = generator(seed, Stream.SEARCH).permutation(int(self.most))
        self._grid = Grid(space, seed, "minimize")

    def suggest(self, number: int, seen: Sequence[Result]) -> dict[str, Any]:
        """Return a draw."""
        if self._order is not None:
            return self._grid.suggest(int(self._order[number]), seen)
        places = generator(self._seed, Stream.SEARCH, epoch=number + 1).random(
            len(self._space.dimensions)
        )
        drawn = zip(self._space.dimensions.items(), places.tolist(), strict=True)
        return {name: dimension.at(u) for (name, dimension), u in drawn}

    @property
    def lists_all(self) -> bool:
        """Whether all configurations can be listed."""
        return self._order is not None

    def another(self, number: int, tried: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return a configuration that was not tried, where one is left: for few trials on end others."""
        first = range(min(int(self.most), len(tried) + LOOKBACK))
        left = [each for each in (self.suggest(k, ()) for k in first) if each not in tried]
        return left[number % len(left)] if left else self.suggest(number, ())


class Tpe:
    """Optuna's tree-structured Parzen estimator, on the results that a trial may see.

    It has random numbers of its own for every trial, so that what it proposes follows from those results.
    Where all configurations can be listed, one that it has seen is not proposed again.
    """

    looks_back = True
    usual: float = TRIALS

    def __init__(self, space: Space, seed: int, direction: str) -> None:
        """Begin with nothing seen."""
        self._space, self._seed, self._direction = space, seed, direction
        self._distributions = distributions(space)
        self._random = Random(space, seed, direction)
        self.most = self._random.most
        with quiet():
            self._study = optuna.create_study(direction=StudyDirection[direction.upper()])
        self._told = 0

    def suggest(self, number: int, seen: Sequence[Result]) -> dict[str, Any]:
        """Return what TPE proposes after the results seen."""
        if number < TPE_BEGINS and number < self._random.most:
            return self._random.suggest(number, seen)
        for result in seen[self._told :]:
            self._study.add_trial(recorded(result, self._space, learning=self._direction))
        self._told = len(seen)
        words = generator(self._seed, Stream.SEARCH, epoch=number + 1, step=1)
        self._study.sampler = optuna.samplers.TPESampler(
            seed=int(words.integers(2**31)), n_startup_trials=0
        )
        asked = self._study.ask(dict(self._distributions))
        chosen = {name: _value(self._space.dimensions[name], v) for name, v in asked.params.items()}
        self._study.tell(asked, state=TrialState.FAIL)
        proposed = {name: chosen[name] for name in self._space.dimensions}
        return self._not_again(number, proposed, seen) if self._random.lists_all else proposed

    def _not_again(
        self, number: int, proposed: dict[str, Any], seen: Sequence[Result]
    ) -> dict[str, Any]:
        """Return the proposal, or another where that one was tried: it was seen, or among the first."""
        begun = range(min(TPE_BEGINS, int(self.most)))
        tried = [self._random.suggest(k, ()) for k in begun] + [dict(r.chosen) for r in seen]
        return self._random.another(number, tried) if proposed in tried else proposed


SAMPLERS: dict[str, Callable[[Space, int, str], Sampler]] = {
    "random": Random,
    "grid": Grid,
    "tpe": Tpe,
}
"""Every sampler by its name."""


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """Return the dimensions as Optuna has them; alternatives are words."""
    found: dict[str, BaseDistribution] = {}
    for name, dimension in space.dimensions.items():
        if isinstance(dimension, Choice):
            found[name] = CategoricalDistribution([exact(value) for value in dimension.values])
        elif dimension.whole:
            found[name] = IntDistribution(
                int(dimension.low), int(dimension.high), log=dimension.log
            )
        else:
            found[name] = FloatDistribution(dimension.low, dimension.high, log=dimension.log)
    return found


def stored(dimension: Dimension, value: Any) -> Any:
    """Return a value as Optuna stores it."""
    return exact(value) if isinstance(dimension, Choice) else value


def _value(dimension: Dimension, stored_value: Any) -> Any:
    if not isinstance(dimension, Choice):
        return stored_value
    return next(value for value in dimension.values if exact(value) == stored_value)


def recorded(result: Result, space: Space, *, learning: str = "") -> FrozenTrial:
    """Return a result as a trial of Optuna's.

    Args:
        result: what came of a trial.
        space: the space it was drawn from.
        learning: the direction of the study where TPE is to learn from it: a diverged trial then counts
            as the poorest, rather than as failed, and costs of a study that is maximized are negative.
    """
    validation = result.curves[0].validation if result.curves else ()
    sign = -1.0 if learning == "maximize" else 1.0
    steps = {k: sign * c for k, c in enumerate(validation, 1) if math.isfinite(c)}
    state = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED}.get(
        result.state, TrialState.PRUNED if learning else TrialState.FAIL
    )
    poor = bool(learning) and result.state not in {"complete", "pruned"}
    trial = create_trial(
        state=state,
        value=result.value if state == TrialState.COMPLETE else None,
        params={name: stored(space.dimensions[name], v) for name, v in result.chosen.items()},
        distributions=distributions(space),
        intermediate_values={} if poor else steps,
        user_attrs=_attributes(result),
    )
    if trial.datetime_complete is not None:  # so that a timeline shows how long the trial took
        trial.datetime_start = trial.datetime_complete - timedelta(seconds=result.seconds)
    return trial


def _attributes(result: Result) -> dict[str, Any]:
    attributes = {
        "standard_error": result.error if math.isfinite(result.error) else None,
        "epochs": result.epochs,
        "seconds": round(result.seconds, 3),
        "best_epoch": result.curves[0].best_epoch if result.curves else 0,
        "trouble": result.trouble,
    }
    return {name: value for name, value in attributes.items() if value not in {None, ""}}


def check_sampler(name: str, space: Space) -> None:
    """Refuse a search without anything to choose.

    Raises:
        HyperparameterError: the sampler is unknown, or nothing has more than one value.
    """
    if name not in SAMPLERS:
        raise unknown("sampler", name, SAMPLERS)
    if not space.dimensions:
        raise HyperparameterError(
            "nothing is to be searched; give an option several values, as --learning-rate 1e-4:1e-1:log"
        )
