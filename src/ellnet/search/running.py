"""The search itself: trials side by side on examples loaded once, in a budget, to be resumed at will."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from ellnet.columns import Columns
from ellnet.engines.many import side_by_side
from ellnet.errors import DataError, HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.parts import Plan
from ellnet.search.folds import Evaluation
from ellnet.search.ledgers import Ledger, MemoryLedger
from ellnet.search.material import Material, prepare, with_parts
from ellnet.search.measures import Measure, Resamples, measure_of
from ellnet.search.pruners import PRUNERS
from ellnet.search.queue import Budget, Queue, Status
from ellnet.search.results import Result
from ellnet.search.samplers import SAMPLERS, Sampler, check_sampler
from ellnet.search.space import Space
from ellnet.search.trial import Bench, Proposal, Watcher, run_trial
from ellnet.search.verdict import as_good, best_of
from ellnet.search.words import unknown
from ellnet.training import Hook
from ellnet.workflow import Trained, network_for, train_table

__all__ = ["Found", "Search"]

AHEAD = 2
"""Trials that wait for a worker: short ones end while the caller brings earlier results to the disk."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a search has found.

    Attributes:
        results: every trial that ended, by number.
        measure: what they are compared by.
    """

    results: Mapping[int, Result]
    measure: Measure

    @property
    def best(self) -> Result:
        """The best trial.

        Raises:
            DataError: no trial was completed.
        """
        best = best_of(self.results.values(), self.measure)
        if best is None:
            raise DataError(self._none_completed())
        return best

    def _none_completed(self) -> str:
        if not self.results:
            return (
                "no trial has ended: the seconds were used up before one began, or none has run yet; "
                "give more seconds, or go on"
            )
        said = f"none of {len(self.results)} trials was completed"
        refused = [each for each in self.results.values() if each.state == "refused"]
        if refused:
            return f"{said}, {len(refused)} were refused: {refused[0].trouble}"
        return f"{said}; a smaller learning_rate usually helps"

    @property
    def as_good(self) -> list[Result]:
        """The trials as good as the best for all that the validation rows can tell, the best too."""
        best = self.best
        return [
            result
            for number, result in sorted(self.results.items())
            if result.state == "complete" and as_good(best, result)
        ]


@dataclass(frozen=True, eq=False)
class Search:
    """Values from a range, each trained, the one with the lowest cost kept (notes N8).

    The trials of a search follow from the space, the sampler, the pruner, the seed and the table: they
    are the same for any number of workers, and after any interruption.

    Attributes:
        space: what is searched; a mapping is read by `Space.read`.
        sampler: random, grid or tpe.
        pruner: none, median, asha or hyperband.
        metric: cost, or a metric by name, measured with the parameters that the lowest cost kept.
        evaluation: hold-out or folds.
        seed: of the split, of every trial and of the sampler.

    Raises:
        HyperparameterError: a name or a value that is not allowed; says the nearest right one.
    """

    space: Space | Mapping[str, Any]
    sampler: str = "random"
    pruner: str = "none"
    metric: str = "cost"
    evaluation: Evaluation = field(default_factory=Evaluation)
    seed: int = 0

    def __post_init__(self) -> None:
        """Read the space, and check the names."""
        if not isinstance(self.space, Space):
            object.__setattr__(self, "space", Space.read(self.space))
        check_sampler(self.sampler, self.known_space)
        if self.known_space.fixed.get("epochs", 1) < 1:
            raise HyperparameterError(
                "epochs must be at least 1 in a search, got 0: trials are compared by what they learn"
            )
        if self.pruner not in PRUNERS:
            raise unknown("pruner", self.pruner, PRUNERS)

    @property
    def known_space(self) -> Space:
        """The space, read."""
        assert isinstance(self.space, Space)  # noqa: S101 - read as the search was made
        return self.space

    @property
    def usual_trials(self) -> int:
        """How many trials there are where nothing is said: 60, or every combination of a grid."""
        sampler = self._sampler()
        return int(min(sampler.usual, sampler.most))

    @property
    def combinations(self) -> float:
        """How many different trials there can be; infinite where a range is drawn from."""
        return self._sampler().most

    def _sampler(self, direction: str = "minimize") -> Sampler:
        return SAMPLERS[self.sampler](self.known_space, self.seed, direction)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            **vars(self),
            "space": self.known_space.to_json(),
            "evaluation": vars(self.evaluation),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build from what `to_json` gives."""
        space, evaluation = Space.from_json(values["space"]), Evaluation(**values["evaluation"])
        return cls(**{**values, "space": space, "evaluation": evaluation})

    def material(self, table: Columns, plan: Plan) -> Material:
        """Make the table ready for all trials."""
        names = ("cost", "dtype", "validation_fraction", "threshold", "quantiles")
        fixed = {
            name: self.known_space.fixed[name] for name in names if name in self.known_space.fixed
        }
        return prepare(table, plan, self.evaluation, Hyperparameters(**fixed, seed=self.seed))

    def checked(self, table: Columns, plan: Plan) -> Material:
        """Make the table ready for all trials, and see that a network and the metric go with it.

        Raises:
            DataError: a table that cannot be searched on; names the column and the row.
            HyperparameterError: an output, a cost or a metric that does not go with the task.
        """
        material = self.material(table, plan)
        fold, measure = material.folds[0], measure_of(self.metric, material.target)
        resamples = Resamples.of(fold.validation.m, self.seed, 0)
        first = {name: d.ends()[0] for name, d in self.known_space.dimensions.items()}
        chosen = self.known_space.hyperparameters(first, self.seed).resolved(fold.learned.m)
        net = network_for(fold.learned, fold.target, chosen)
        measure.of(net, fold.validation, fold.target, 0.0, resamples)
        return material

    def run(
        self,
        table: Columns,
        plan: Plan,
        budget: Budget | None = None,
        *,
        ledger: Ledger | None = None,
        watcher: Watcher | None = None,
        ended: Callable[[Result, Status], None] | None = None,
    ) -> Found:
        """Run the trials that the ledger lacks.

        Args:
            table: the rows, target included.
            plan: what to predict, and which rows no trial sees.
            budget: when to end; by default after 60 trials.
            ledger: where results are kept; by default as long as what is returned.
            watcher: told the validation costs of trials under way, from their threads.
            ended: told of every trial that has ended here, with the status of the search.

        Raises:
            DataError: a table that cannot be searched on; names the column and the row.
            HyperparameterError: a metric that does not go with the task.
            KeyboardInterrupt: Ctrl-C; the results so far are in the ledger.
        """
        material = self.checked(table, plan)
        return self.run_on(material, budget, ledger=ledger, watcher=watcher, ended=ended)

    def run_on(
        self,
        material: Material,
        budget: Budget | None = None,
        *,
        ledger: Ledger | None = None,
        watcher: Watcher | None = None,
        ended: Callable[[Result, Status], None] | None = None,
    ) -> Found:
        """Run the trials on examples that are ready; the rest is as in `run`."""
        budget, ledger = budget or Budget(), ledger or MemoryLedger()
        measure = measure_of(self.metric, material.target)
        sizes = [fold.validation.m for fold in material.folds]
        resamples = tuple(Resamples.of(m, self.seed, k) for k, m in enumerate(sizes))
        epochs = self.known_space.fixed.get("epochs", Hyperparameters().epochs)
        bench = Bench(material, measure, resamples, PRUNERS[self.pruner](epochs), watcher)
        sampler = self._sampler(measure.direction)
        looks_back = sampler.looks_back or bench.pruner.looks_back
        queue = Queue(sampler, ledger, budget, looks_back=looks_back)

        def one(proposal: Proposal, stopped: Callable[..., bool]) -> Result:
            chosen = self.known_space.hyperparameters(proposal.chosen, self.seed)
            return run_trial(bench, proposal, chosen, stopped)

        for _, result in side_by_side(
            one, queue.next, n_threads=queue.workers, ahead=AHEAD if budget.seconds is None else 0
        ):
            ledger.record(result)
            queue.ended()
            if ended is not None:
                ended(result, queue.status())
        return Found(dict(ledger.results()), measure)

    def refit(
        self, table: Columns, plan: Plan, result: Result, *, hooks: Sequence[Hook] = ()
    ) -> Trained:
        """Train a trial's network as the main job does, and score it on the rows that no trial saw.

        With rows held out once it is the very network of the trial; with folds it learns from the rows of
        all of them.

        Args:
            table: the rows that were searched on.
            plan: that of the search.
            result: the trial, as a rule the best.
            hooks: called as training goes.
        """
        material = self.material(table, plan)
        left_out = [*self.evaluation.columns, *([plan.split_column] if plan.split_column else [])]
        parted, name = with_parts(table, material.division, left_out)
        chosen = self.known_space.hyperparameters(result.chosen, self.seed)
        whole = replace(plan, split_column=name, task=material.target.task)
        return train_table(parted, whole, chosen, hooks=hooks)
