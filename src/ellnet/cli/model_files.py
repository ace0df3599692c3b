"""The model that a command is given: a model's own file, or that of an estimator that was saved."""

from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

from ellnet.errors import DataError
from ellnet.loading import load
from ellnet.models import Model

if TYPE_CHECKING:
    from ellnet.estimators import MLPClassifier, MLPRegressor

__all__ = ["model_in", "model_or_estimator"]


def model_in(path: Path) -> Model:
    """Load a model; an estimator becomes one, whose columns go in as they stand and whose target is y.

    Raises:
        FileAccessError: the file cannot be read.
        CorruptFileError: it is damaged, or was not written by ellnet.
        DataError: an estimator of several outputs, which no Model has.
    """
    return model_or_estimator(path)[0]


def model_or_estimator(path: Path) -> tuple[Model, bool]:
    """Load a model, as `model_in` does; say whether the file holds an estimator."""
    loaded = load(path)
    if isinstance(loaded, Model):
        return loaded, False
    net = loaded.network_
    if net.n[-1] > 1 and net.activations[net.L] != "softmax":
        raise DataError(
            f"{path} holds an {type(loaded).__name__} of {net.n[-1]} outputs, and commands take models "
            "that predict one column; use it in Python, by ellnet.load"
        )
    return _model_of(loaded), True


def _model_of(estimator: "MLPClassifier | MLPRegressor") -> Model:
    """Return an estimator's network as a Model, with the hyperparameters that it was trained by."""
    from ellnet.estimators.parameters import hyperparameters_of
    from ellnet.forms.plain import model_of_estimator

    model = model_of_estimator(estimator)
    seed, epochs, seen = estimator.random_state, max(1, estimator.n_iter_), int(estimator.t_)
    chosen = hyperparameters_of(
        estimator,
        m=max(1, seen // epochs),
        epochs=estimator.max_iter,
        seed=int(seed) if isinstance(seed, Integral) else 0,
        dtype=model.hyperparameters.dtype,
    )
    ends = {
        name: getattr(model.hyperparameters, name)
        for name in ("hidden", "activation", "output_activation", "cost")
    }
    return replace(model, hyperparameters=replace(chosen, **ends))
