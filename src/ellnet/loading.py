"""Loading: a file is a Model, or an estimator, as it says of itself."""

from pathlib import Path
from typing import TYPE_CHECKING

from ellnet.files.container import FILE_LIMIT, kind_of
from ellnet.files.durable import read_whole
from ellnet.models import Model, model_of

if TYPE_CHECKING:
    from ellnet.estimators import MLPClassifier, MLPRegressor

__all__ = ["load", "of_bytes"]


def load(path: str | Path) -> "Model | MLPClassifier | MLPRegressor":
    """Read a file that `save` wrote, and check all of it; nothing in it is ever run.

    Returns:
        A Model, or the estimator that was saved. scikit-learn is imported for an estimator alone.

    Raises:
        FileAccessError: the file cannot be read; says why, and what to do.
        NewerFileError: it needs a later library; names both versions.
        CorruptFileError: it is damaged, or was not written by ellnet; names the section.
    """
    return of_bytes(read_whole(path, FILE_LIMIT), path)


def of_bytes(data: bytes, path: str | Path) -> "Model | MLPClassifier | MLPRegressor":
    """Return what a file's bytes hold, as `load` does; `path` says in messages where they came from.

    Raises:
        NewerFileError: it needs a later library; names both versions.
        CorruptFileError: it is damaged, or was not written by ellnet; names the section.
    """
    if kind_of(data, path) != "estimator":
        return model_of(data, path)
    from ellnet.estimators.restoring import estimator_of  # noqa: PLC0415 - a Model needs none of it

    return estimator_of(data, path)
