"""A run folder as a patient: its model, and its examples where the table is still what it was."""

import warnings
from typing import NamedTuple

import numpy as np

from ellnet.batches import Examples
from ellnet.columns import Columns
from ellnet.errors import EllnetError
from ellnet.explain.doctor_findings import Patient
from ellnet.models import Model
from ellnet.parts import Plan, Rows, part_rows
from ellnet.preprocessing import Preprocessing
from ellnet.targets import Target

__all__ = ["Admission", "patient_of"]


class Admission(NamedTuple):
    """A patient, and why its examples are not there where they are not: "" where they are."""

    patient: Patient
    lacking: str = ""


def patient_of(model: Model, table: Columns | None, plan: Plan | None, why: str = "") -> Admission:
    """Return a model's run with the examples that it learned from, split and encoded as then.

    The table is the one of training where everything learned on it comes out the same: the mean and
    the scale of each number, the levels of each category, the classes or the scale of the target.

    Args:
        model: the model.
        table: the table of training, as it is now; None where it cannot be had.
        plan: how it was split.
        why: why there is no table, where there is none.
    """
    alone = Patient(
        model.network,
        model.history,
        hyperparameters=model.hyperparameters,
        feature_names=model.preprocessing.feature_names,
    )
    if table is None or plan is None:
        return Admission(alone, why)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _with_examples(model, table, plan)
    except EllnetError as error:
        return Admission(alone, f"its table can no longer be learned from: {error}")


def _with_examples(model: Model, table: Columns, plan: Plan) -> Admission:
    chosen, target = model.hyperparameters, model.target
    counts = model.network.cost == "poisson"
    y = table[target.name]
    whole = Target.fit(y, target.task, counts=counts)
    parts = part_rows(table, plan, chosen, whole)
    inputs = table.drop([target.name, *([plan.split_column] if plan.split_column else [])])
    then = Preprocessing.fit(inputs.take(parts.train), dtype=chosen.dtype)
    again = Target.fit(y.take(parts.train), target.task, counts=counts)
    feature_names = model.preprocessing.feature_names
    if then != model.preprocessing or again != target:
        return Admission(
            Patient(
                model.network,
                model.history,
                hyperparameters=chosen,
                feature_names=feature_names,
            ),
            f"the table {table.source} is not what it was when the run was made",
        )

    def examples(rows: Rows) -> Examples | None:
        if len(rows) == 0:
            return None
        X = then.transform(inputs.take(rows), unseen="ignore").T
        return Examples(X, np.asarray(target.encode(y.take(rows)), chosen.dtype))

    held = examples(parts.validation if len(parts.validation) else parts.test)
    return Admission(
        Patient(
            model.network,
            model.history,
            examples(parts.train),
            held,
            chosen,
            feature_names=feature_names,
        )
    )
