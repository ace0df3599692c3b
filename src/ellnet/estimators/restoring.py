"""From an estimator's file back to the estimator."""

from pathlib import Path

from ellnet.estimators.base import BaseMLP
from ellnet.estimators.classifier import MLPClassifier
from ellnet.estimators.record import record_from_bytes
from ellnet.estimators.regressor import MLPRegressor
from ellnet.files.container import section

__all__ = ["estimator_of"]

CLASSES: dict[str, type[BaseMLP]] = {
    "MLPClassifier": MLPClassifier,
    "MLPRegressor": MLPRegressor,
}


def estimator_of(data: bytes, path: str | Path) -> BaseMLP:
    """Return the estimator of a file's bytes, after checking all of it.

    Raises:
        NewerFileError: the file needs a later library.
        CorruptFileError: it is damaged, or was not written by ellnet; names the section.
    """
    record = record_from_bytes(data, path)
    with section(path, "record"):
        if record.name not in CLASSES:
            raise ValueError(f"class must be one of {', '.join(CLASSES)}, got {record.name[:60]!r}")
        if (record.labels is None) != (record.name == "MLPRegressor"):
            raise ValueError("a classifier has labels, and a regressor has none")
        return CLASSES[record.name].from_record(record)
