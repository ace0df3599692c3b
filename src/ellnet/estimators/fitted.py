"""What a fitted estimator remembers: its attributes, and its file."""

import copy
import math
import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ellnet.drawings import network_html
from ellnet.errors import DataError, DivergenceError, EllnetWarning, PatchError
from ellnet.estimators.fitting import Held, Past, parameters_of
from ellnet.estimators.parameters import hidden_activation
from ellnet.estimators.plateau import Plateau
from ellnet.estimators.record import CURVES, Fitted, Record, record_bytes
from ellnet.files.durable import write_durably
from ellnet.network import Network, Parameters
from ellnet.training import Outcome
from ellnet.version import VERSION

__all__ = ["FittedMLP"]

LEFT = (
    "coefs_",
    "intercepts_",
    "loss_curve_",
    "validation_loss_curve_",
    "validation_scores_",
    "best_loss_",
    "best_validation_score_",
    "t_",
    "_progress",
    "_no_improvement_count",
)
"""Attributes that a call goes on from, and a fit from the start drops."""

CALLBACKS = ("_skl_", "_callback_")
"""How the attributes begin that scikit-learn's callbacks need until the very end of a call."""

THEIR_NAMES = {"sigmoid": "logistic", "exponential": "exp"}


PICKLED = "_ellnet_version"
"""The name in a pickle under which the version of the library stands."""


class FittedMLP(BaseEstimator, metaclass=ABCMeta):  # type: ignore[misc]
    """The attributes of an estimator that is fitted, under scikit-learn's names."""

    validation_scores_: Any
    validation_loss_curve_: Any

    @abstractmethod
    def _ends(self) -> tuple[str, str]:
        """Return the output activation and the cost."""

    def _cost_options(self) -> dict[str, Any]:
        """Return the options of the cost."""
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), PICKLED: VERSION}

    def __setstate__(self, state: dict[str, Any]) -> None:
        kept = dict(state)
        version = kept.pop(PICKLED, None)
        if version is None:
            raise PatchError(
                f"this pickle is of another library's {type(self).__name__}, which that of ellnet "
                "stands in for: load it without ellnet.patch"
            )
        if version != VERSION:
            warnings.warn(
                f"this {type(self).__name__} was pickled by ellnet {version}, and this is {VERSION}; "
                "a file written by save is made to last, a pickle is not",
                EllnetWarning,
                stacklevel=2,
            )
        super().__setstate__(kept)

    def _repr_html_inner(self) -> str:
        return f"{super()._repr_html_inner()}{self._drawing()}"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        bundle: dict[str, str] = super()._repr_mimebundle_(**options)
        if "text/html" in bundle:
            bundle["text/html"] += self._drawing()
        return bundle

    def _drawing(self) -> str:
        """Return the network as a figure, "" before there is one."""
        if not hasattr(self, "coefs_"):
            return ""
        net = self.network_
        classes = [str(label) for label in getattr(self, "classes_", ())]
        return network_html(
            net.n,
            tuple(net.activations),
            net.cost,
            input_names=self._names(),
            output_names=classes[1:] if len(classes) == 2 and net.n[-1] == 1 else classes,
        )

    @property
    def network_(self) -> Network:
        """The network in the shapes of the notes; its arrays are views of coefs_ and intercepts_."""
        check_is_fitted(self, "coefs_")
        output, cost = self._ends()
        hidden = hidden_activation(self.activation)
        layers = len(self.coefs_) - 1
        names = (hidden,) * layers if isinstance(hidden, str) else hidden
        n = (self.coefs_[0].shape[0], *(coef.shape[1] for coef in self.coefs_))
        parameters = parameters_of(self.coefs_, self.intercepts_)
        options = self._cost_options()
        return Network(n, (*names, output), cost, parameters, cost_options=options)

    def _names(self) -> list[str]:
        return [str(name) for name in self._left("feature_names_in_", [])]

    @contextmanager
    def _unchanged_on_error(self) -> Iterator[None]:
        """Put every attribute back if what is inside fails, but for what a divergence leaves behind."""
        before = dict(self.__dict__)
        try:
            yield
        except DivergenceError:
            raise
        except BaseException:
            kept = {k: v for k, v in self.__dict__.items() if k.startswith(CALLBACKS)}
            self.__dict__.clear()
            self.__dict__.update(before | kept)
            raise

    def _forget(self) -> None:
        """Drop what an earlier fit left."""
        for name in LEFT:
            self.__dict__.pop(name, None)

    def _left(self, name: str, default: Any) -> Any:
        """Return what an earlier call left under a name."""
        return self.__dict__.get(name, default)

    def _past(self, held: Held | None) -> Past:
        """Return where the rule that ends a run stands."""
        count = self._left("_no_improvement_count", 0)
        if self.early_stopping and held is not None:
            best = self._left("best_validation_score_", None)
            return Past(math.inf if best is None else -best, count)
        best = self._left("best_loss_", None)
        return Past(math.inf if best is None else best, count)

    def _record(self, outcome: Outcome, plateau: Plateau, held: Held | None) -> None:
        """Keep what training gave, under scikit-learn's names."""
        history, net = outcome.history, outcome.network
        self.__dict__.update(self._attributes(net.parameters))
        self.n_iter_ = len(history.epochs)
        self.loss_curve_ = [*self._left("loss_curve_", []), *history.costs]
        self.loss_ = history.costs[-1] if history.epochs else math.nan
        self.stopped_ = history.stopped
        self.history_ = history
        self._no_improvement_count = plateau.count
        costs, scores = history.validation_costs, [e.validation_metric for e in history.epochs]
        if held is None:
            self.validation_scores_ = self.validation_loss_curve_ = None
            self._summarise(scored=False)
            return
        if self.scoring == "loss":
            scores = [-cost for cost in costs]
        if history.stopped == "diverged":
            scores.append(math.nan)
        self.validation_scores_ = [*(self._left("validation_scores_", None) or []), *scores]
        before = self._left("validation_loss_curve_", None) or []
        self.validation_loss_curve_ = [*before, *costs]
        self._summarise(scored=self.early_stopping)

    def _summarise(self, *, scored: bool) -> None:
        """Set the best of the curves: the score that early stopping watches, or the cost."""
        scores = self.validation_scores_ or []
        finite = [score for score in scores if not math.isnan(score)]
        self.best_validation_score_ = max([*finite, -math.inf]) if scored else None
        self.best_loss_ = None if scored else min([*self.loss_curve_, math.inf])

    def _attributes(self, parameters: Parameters) -> dict[str, Any]:
        """Return the attributes that make an estimator with such parameters a fitted one."""
        output, _ = self._ends()
        return {
            "coefs_": [W.T for W in parameters.W],
            "intercepts_": [b[:, 0] for b in parameters.b],
            "n_layers_": len(parameters.W) + 1,
            "n_outputs_": int(parameters.W[len(parameters.W)].shape[0]),
            "out_activation_": THEIR_NAMES.get(output, output),
        }

    def _fitted_copy(self, parameters: Parameters) -> Self:
        """Return a copy with such parameters that takes bare arrays."""
        fitted = copy.copy(self)
        fitted.__dict__.pop("feature_names_in_", None)
        fitted.__dict__.update(self._attributes(parameters))
        return fitted

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator to a file that `ellnet.load` reads, durably and without pickle.

        It holds what predicts and what partial_fit goes on from; not the `History`.

        Raises:
            NotFittedError: there is nothing to save yet.
            DataError: a parameter or a label that a file cannot hold, such as a function; names it.
            FileAccessError: the file cannot be written; says why, and what to do.
        """
        write_durably(path, self._file_bytes())

    def _file_bytes(self) -> bytes:
        """Return the bytes of the file that `save` writes; no file holds what no fit would take."""
        check_is_fitted(self)
        try:
            self._validate_params()
        except ValueError as error:
            raise DataError(f"{error} Set it by set_params before saving.") from error
        curves = {name: getattr(self, name) for name in CURVES}
        fitted = Fitted(
            self.n_iter_, self.t_, self.stopped_, self._no_improvement_count, self._names()
        )
        record = Record(
            type(self).__name__,
            self.get_params(deep=False),
            self.network_.parameters,
            curves,
            self._left("_labels", None),
            self._left("_progress", None),
            fitted,
        )
        return record_bytes(record)

    @classmethod
    def from_record(cls, record: Record) -> Self:
        """Return the fitted estimator that a file's record describes.

        Raises:
            ValueError: parts of the record that do not go together.
        """
        estimator = cls(**record.hyperparameters)
        estimator._validate_params()
        estimator._restore(record)
        return estimator

    def _restore(self, record: Record) -> None:
        if record.labels is not None:
            self._labels, self.classes_ = record.labels, record.labels.classes
        self.__dict__.update(self._attributes(record.parameters))
        self.__dict__.update(record.curves)
        self._progress, fitted = record.progress, record.fitted
        self.n_iter_, self.t_, self.stopped_ = fitted.n_iter, fitted.t, fitted.stopped
        self._no_improvement_count = fitted.waited
        self.n_features_in_ = int(self.coefs_[0].shape[0])
        if fitted.names:
            self.feature_names_in_ = np.array(fitted.names, object)
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else math.nan
        self._summarise(scored=self.early_stopping and self.validation_scores_ is not None)
        self.network_.check_input(np.empty((self.n_features_in_, 0)))
