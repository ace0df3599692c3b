"""MLPSearchCV: a search after scikit-learn's convention, on threads that share one copy of the data."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from numbers import Integral
from typing import Any, ClassVar

import joblib
import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial
from sklearn.model_selection import ParameterGrid, ParameterSampler
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils._param_validation import Interval, StrOptions

from ellnet.engines.threads import available
from ellnet.errors import HyperparameterError
from ellnet.estimators.parameters import seed_of
from ellnet.search.quieting import quiet
from ellnet.search.samplers import TPE_BEGINS

__all__ = ["MLPSearchCV"]

ROUND = 8
"""Candidates of TPE that are proposed from the same results, whatever the number of threads."""


class MLPSearchCV(BaseSearchCV):  # type: ignore[misc]
    """Search over an estimator's parameters by cross-validation: random, grid or TPE.

    What RandomizedSearchCV and GridSearchCV are, with the same attributes (`best_estimator_`,
    `best_params_`, `best_score_`, `cv_results_` and the others), for our estimators: candidates are
    fitted on threads of this process, each on one core, so that no process is started and no data are
    copied into one. The candidates and scores are the same for any `n_jobs`.

    Args:
        estimator: an MLPClassifier or MLPRegressor, or a pipeline that ends in one.
        param_distributions: name -> a list of values, or a distribution of scipy.stats; for `grid` and
            `tpe` lists, and for `tpe` distributions with `ppf` too.
        n_iter: candidates; `grid` takes every combination and looks away from it.
        sampler: random, grid or tpe.
        scoring, refit, cv, verbose, pre_dispatch, error_score, return_train_score: as scikit-learn has
            them.
        n_jobs: threads; None for the cores that this process may use.
        random_state: seed of the candidates.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearchCV._parameter_constraints,  # noqa: SLF001 - as scikit-learn's own classes do
        "param_distributions": [dict, list],
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "sampler": [StrOptions({"random", "grid", "tpe"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_iter: int = 60,
        sampler: str = "random",
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: Any = "2*n_jobs",
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
    ) -> None:
        self.estimator: Any
        self.n_jobs: int | None
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.sampler = sampler
        self.random_state = random_state
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )

    def fit(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit every candidate on every fold, and the best on all of X.

        Args:
            X: (m, n[0]).
            y: (m,).
            params: passed on to the estimator's fit, or routed by scikit-learn's metadata routing.

        Returns:
            The search itself, fitted.

        Raises:
            ValueError: as RandomizedSearchCV.
        """
        threads = available() if self.n_jobs is None else self.n_jobs
        single = self._single_threaded()
        asked: int | None = self.n_jobs
        given: Any = self.estimator
        self.n_jobs, self.estimator = threads, single
        try:
            with joblib.parallel_config(backend="threading", n_jobs=threads):
                super().fit(X, y, **params)
        finally:
            self.n_jobs, self.estimator = asked, given
        if hasattr(self, "best_estimator_"):
            names = _threads_of(given)
            self.best_estimator_.set_params(**{name: given.get_params()[name] for name in names})
        return self

    def _single_threaded(self) -> Any:
        """Return the estimator with one thread a network: the candidates take the cores."""
        names = dict.fromkeys(_threads_of(self.estimator), 1)
        if not names:
            return self.estimator
        from sklearn.base import clone  # noqa: PLC0415 - beside its only use

        return clone(self.estimator).set_params(**names)

    def _run_search(
        self, evaluate_candidates: Callable[[Iterable[Any]], Mapping[str, Any]]
    ) -> None:
        """Propose the candidates, and have them evaluated."""
        if self.sampler == "tpe":
            self._run_tpe(evaluate_candidates)
        elif self.sampler == "grid":
            evaluate_candidates(ParameterGrid(self.param_distributions))
        else:
            seed = seed_of(self.random_state) % 2**32
            evaluate_candidates(
                ParameterSampler(self.param_distributions, self.n_iter, random_state=seed)
            )

    def _run_tpe(self, evaluate: Callable[[Iterable[Any]], Mapping[str, Any]]) -> None:
        """Propose by rounds, each from the results of those before it."""
        seed = seed_of(self.random_state) % 2**31
        names, values = _listed(self.param_distributions)
        lists = dict(zip(names, values, strict=True))
        most = math.prod(len(each) for each in values)
        begin = ParameterSampler(lists, min(TPE_BEGINS, self.n_iter, most), random_state=seed)
        results = evaluate(list(begin))
        done = len(results["params"])
        key = f"mean_test_{self.refit if isinstance(self.refit, str) else 'score'}"
        while done < self.n_iter:
            proposals = _Proposals(names, values, seed + done)
            proposals.learn(results["params"], results[key])
            results = evaluate(list(itertools.islice(proposals, min(ROUND, self.n_iter - done))))
            done = len(results["params"])


class _Proposals:
    """TPE over lists of values, by their number in the list."""

    def __init__(self, names: list[str], values: list[list[Any]], seed: int) -> None:
        self._names, self._values = names, values
        self._space = {
            name: CategoricalDistribution(list(range(len(each))))
            for name, each in zip(names, values, strict=True)
        }
        with quiet():
            self._study = optuna.create_study(
                direction=StudyDirection.MAXIMIZE,
                sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=0),
            )

    def learn(self, candidates: Iterable[Mapping[str, Any]], scores: Iterable[float]) -> None:
        """Take the results so far; a score that is missing teaches nothing."""
        for candidate, score in zip(candidates, scores, strict=True):
            if not np.isfinite(score):
                continue
            numbers = {
                name: next(
                    k for k, v in enumerate(values) if v is candidate[name] or v == candidate[name]
                )
                for name, values in zip(self._names, self._values, strict=True)
            }
            self._study.add_trial(
                create_trial(
                    state=TrialState.COMPLETE,
                    value=float(score),
                    params=numbers,
                    distributions=dict(self._space),
                )
            )

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Give proposals without end."""
        while True:
            asked = self._study.ask(dict(self._space))
            self._study.tell(asked, state=TrialState.FAIL)
            yield {
                name: values[asked.params[name]]
                for name, values in zip(self._names, self._values, strict=True)
            }


GRAIN = 64
"""Values that stand for a continuous distribution where TPE chooses."""


def _listed(distributions: Any) -> tuple[list[str], list[list[Any]]]:
    """Return the names, and the values of each: those of a list, or quantiles of a distribution.

    Raises:
        HyperparameterError: neither a list nor something with quantiles, or a list of nothing; names the
            parameter. Or a list of spaces.
    """
    if not isinstance(distributions, Mapping):
        raise HyperparameterError(
            "sampler tpe takes one dict of param_distributions, got a list of them; use random"
        )
    names = sorted(distributions)
    values = []
    for name in names:
        given = distributions[name]
        if hasattr(given, "ppf"):
            values.append(_quantiles(given))
        elif hasattr(given, "rvs"):
            raise HyperparameterError(
                f"sampler tpe needs a list or a distribution with ppf for {name}; use random"
            )
        else:
            values.append(_values_of(name, given))
    return names, values


def _quantiles(distribution: Any) -> list[Any]:
    """Return values of a distribution, each for as likely a part of it; whole where its own are."""
    found = np.asarray(distribution.ppf((np.arange(GRAIN) + 0.5) / GRAIN))
    if np.issubdtype(np.asarray(distribution.rvs(random_state=0)).dtype, np.integer):
        found = found.astype(np.int64)
    return list(dict.fromkeys(found.tolist()))


def _values_of(name: str, given: Any) -> list[Any]:
    """Return the values of a list; a text would be taken for its letters, and is none."""
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise HyperparameterError(
            f"sampler tpe needs a list or a distribution with ppf for {name}, got {given!r}; for one "
            f"value write [{given!r}]"
        )
    values = list(given)
    if not values:
        raise HyperparameterError(
            f"sampler tpe needs at least one value for {name}, got none; leave {name} out, or give it one"
        )
    return values


def _threads_of(estimator: Any) -> list[str]:
    """Return the parameters that say how many threads our networks take, and that say nothing yet."""
    if not hasattr(estimator, "get_params"):
        return []
    found = estimator.get_params()
    return [n for n, v in found.items() if n.rpartition("__")[2] == "n_threads" and v is None]
