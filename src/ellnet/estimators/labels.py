"""Labels: the classes of a classifier, as targets Y of the network and back."""

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from ellnet.arrays import overflow_allowed
from ellnet.errors import DataError
from ellnet.estimators.places import refuse_labels, with_places

__all__ = ["Kind", "Labels", "announced"]

Kind = Literal["single", "binary", "multiclass", "multilabel"]

TARGETS = ("binary", "multiclass", "multilabel-indicator", "multiclass-multioutput")
"""What scikit-learn calls the targets that are labels, or are refused here."""


@dataclass(frozen=True, eq=False)
class Labels:
    """The classes that training saw.

    Attributes:
        kind: "binary" is one sigmoid unit, the probability of the second class; "multiclass" a
            softmax unit a class; "multilabel" a sigmoid unit a label; "single" one class alone.
        classes: the labels, sorted; for "multilabel" the numbers of the columns.
    """

    kind: Kind
    classes: NDArray[Any]

    @classmethod
    def of(cls, y: NDArray[Any]) -> Self:
        """Learn the classes of y, (m,) labels or an (m, k) indicator matrix.

        Raises:
            ValueError: y holds quantities, or several classes an output.
        """
        found = type_of_target(y, input_name="y")
        if found not in TARGETS:
            check_classification_targets(y)  # in its own words; it would look through y once more
        if found == "multilabel-indicator":
            return cls("multilabel", np.arange(y.shape[1]))
        if found == "multiclass-multioutput":
            raise DataError(
                "Multioutput target data is not supported: y must be (m,) labels or an (m, k) matrix "
                f"of 0 and 1, got shape {y.shape} with other values; fit one classifier a column, "
                "as sklearn.multioutput.MultiOutputClassifier does"
            )
        return cls.among(_distinct(y))

    @classmethod
    def among(cls, classes: NDArray[Any]) -> Self:
        """Take the classes as given, sorted, each once."""
        kinds: dict[int, Kind] = {1: "single", 2: "binary"}
        return cls(kinds.get(len(classes), "multiclass"), classes)

    @property
    def outputs(self) -> int:
        """The number of units of the output layer."""
        return len(self.classes) if self.kind in {"multiclass", "multilabel"} else 1

    @property
    def output_activation(self) -> str:
        """The activation of the output layer."""
        return "softmax" if self.kind == "multiclass" else "sigmoid"

    @property
    def cost(self) -> str:
        """The cross-entropy that goes with it."""
        return "categorical_cross_entropy" if self.kind == "multiclass" else "binary_cross_entropy"

    def unseen(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return the labels of y that are not among the classes.

        Raises:
            DataError: y has not a column for each of several labels at once.
        """
        if self.kind == "multilabel":
            if y.ndim != 2 or y.shape[1] != len(self.classes):
                raise DataError(
                    f"y must have a column for each of the {len(self.classes)} labels, as in the fit "
                    f"before, got shape {y.shape}"
                )
            return np.array([])
        return np.setdiff1d(_distinct(y), self.classes)

    def numbers(self, y: NDArray[Any]) -> NDArray[np.int64]:
        """Return the number of each label among the classes, (m,)."""
        return np.searchsorted(self.classes, y)

    def encode(self, y: NDArray[Any]) -> NDArray[np.bool_]:
        """Return Y, (outputs, m); those of an example stand beside one another in memory."""
        if self.kind == "multilabel":
            return np.asarray(y, bool).T
        numbers = self.numbers(y)
        if self.kind == "multiclass":
            return np.equal(numbers[:, None], np.arange(len(self.classes))).T
        return np.asarray(numbers == 1)[None, :]

    def are_targets(self, y: NDArray[Any]) -> bool:
        """Say whether a prediction of y is right exactly where the network's outputs are those of Y."""
        return self.kind != "single" and (self.kind != "multilabel" or bool(np.all(y == (y != 0))))

    def decode(self, Z: NDArray[Any]) -> NDArray[Any]:
        """Return the labels that the outputs Z[L] (outputs, m) stand for: the most probable ones."""
        if self.kind == "multilabel":
            return (Z.T > 0).astype(np.int64)
        if self.kind == "multiclass":
            return np.asarray(self.classes[np.argmax(Z, axis=0)])
        second = Z[0] > 0 if self.kind == "binary" else np.zeros(Z.shape[1], bool)
        return np.asarray(self.classes[second.astype(int)])


def _distinct(y: NDArray[Any]) -> NDArray[Any]:
    """Return the labels of y, each once, sorted; objects as an array of what they are."""
    labels = np.unique(y)
    return np.array(labels.tolist()) if labels.dtype == object else labels


def announced(y: Any, classes: Any) -> Labels:
    """Take all classes that there will be; y says whether they are labels of several at once.

    Raises:
        ValueError: y or the classes are no labels; names rows.
    """
    refuse_labels(y)
    try:
        with overflow_allowed():
            several = type_of_target(y, input_name="y").startswith("multilabel")
    except ValueError as error:
        raise with_places(error, None, y) from None
    if several:
        return Labels("multilabel", np.arange(np.shape(y)[1]))
    return Labels.among(unique_labels(classes))
