"""Optuna without a word on stderr: what there is to tell, the search tells in its own way."""

import contextlib
import warnings
from collections.abc import Iterator

import optuna

__all__ = ["quiet"]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna from telling on stderr what we tell in our own way."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            yield
        finally:
            optuna.logging.set_verbosity(before)
