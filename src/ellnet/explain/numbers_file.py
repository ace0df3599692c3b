"""The numbers beside a sheet: every one of them, by name, as NPZ or CSV."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.errors import FileAccessError
from ellnet.explain.derivation import Derivation
from ellnet.explain.update import MOMENTS
from ellnet.files.durable import write_durably

__all__ = ["ENDINGS", "numbers_of", "write_numbers"]

ENDINGS = (".npz", ".csv")
ABOUT = "about"

Numbers = dict[str, NDArray[Any]]


def numbers_of(d: Derivation) -> Numbers:
    """Return every number of a derivation by name, in float64.

    W1, b1, Z1, A1, slope1 (g' of Z1), dZ1, dA1, dW1, db1 and so on, W1_new after the step; A0 is X.
    What is chosen, the network's shape and its functions stand in `about`, as JSON text.
    """
    m = d.m
    numbers: Numbers = {
        ABOUT: np.array(json.dumps(_about(d))),
        "A0": d.cache.X,
        "Y": np.asarray(d.examples.Y),
        "w": np.ones((1, m)) if d.examples.w is None else np.asarray(d.examples.w),
        "losses": d.losses,
        "mean_loss": np.array(d.mean),
        "J": np.array(d.cost),
    }
    if d.chosen.label_smoothing:
        numbers["Y_given"] = d.labels
    if d.examples.w is not None:
        numbers[f"dZ{d.net.L}_own"] = d.delta
    for layer in range(1, d.net.L + 1):
        numbers |= _layer(d, layer)
    if d.update is not None:
        numbers |= _steps(d)
    return {name: np.asarray(value, order="C") for name, value in numbers.items()}


def _about(d: Derivation) -> dict[str, Any]:
    about: dict[str, Any] = {
        "n": list(d.net.n),
        "activations": list(d.net.activations),
        "cost": d.net.cost,
        "cost_options": dict(d.net.cost_options),
        "l2": d.strengths["l2"],
        "l1": d.strengths["l1"],
        "label_smoothing": d.chosen.label_smoothing,
        "keep": [mask.keep if mask else 1.0 for mask in d.masks],
        "optimizer": d.chosen.optimizer,
        "clip_norm": d.chosen.clip_norm,
        "max_norm": d.chosen.max_norm,
    }
    if d.update is not None:
        about |= {"t": d.update.t, "options": d.update.options}
    return about


def _layer(d: Derivation, layer: int) -> Numbers:
    l, g = layer, d.gradients
    numbers = {
        f"W{l}": d.net.W[l],
        f"b{l}": d.net.b[l],
        f"Z{l}": d.cache.Z[l],
        f"A{l}": d.cache.A[l],
        f"dZ{l}": g.dZ[l],
        f"dW{l}": g.dW[l],
        f"db{l}": g.db[l],
        f"dA{l}": d.outer if l == d.net.L else g.dA[l],
    }
    if l == 1:
        numbers["dA0"] = d.net.W[1].T @ g.dZ[1]
    if l in d.slopes:
        numbers[f"slope{l}"] = d.slopes[l]
    if d.penalties:
        numbers[f"dW{l}_losses"] = d.bare.dW[l]
    mask = d.masks[l - 1] if d.masks else None
    if mask is not None:
        numbers[f"mask{l - 1}"] = mask.D / mask.keep
        numbers[f"A{l - 1}_dropped"] = d.cache.inputs(l)
        if l > 1:
            numbers[f"dA{l - 1}_whole"] = d.net.W[l].T @ g.dZ[l]
    return numbers


def _steps(d: Derivation) -> Numbers:
    numbers: Numbers = {}
    update = d.update
    assert update is not None  # noqa: S101 - asked for where there is one
    for k, stepped in enumerate(update.stepped.arrays()):
        key = f"{'Wb'[k % 2]}{k // 2 + 1}"
        numbers[f"{key}_new"] = stepped
        if d.chosen.clip_norm:
            numbers[f"d{key}_clipped"] = update.gradients.arrays()[k]
        if d.chosen.max_norm and k % 2 == 0:
            numbers[f"{key}_bounded"] = update.bounded.arrays()[k]
        for name, before, after in zip(
            MOMENTS.get(d.chosen.optimizer, ()), update.before, update.after, strict=True
        ):
            numbers[f"{name}_{key}"] = before.arrays()[k]
            numbers[f"{name}_{key}_new"] = after.arrays()[k]
    return numbers


def write_numbers(path: Path, numbers: Numbers) -> None:
    """Write the numbers: NPZ, or CSV with a line a number and all of its digits.

    Raises:
        FileAccessError: another ending, or a file that cannot be written.
    """
    if path.suffix not in ENDINGS:
        raise FileAccessError(f"{path} must end in {' or '.join(ENDINGS)}; name another file")
    if path.suffix == ".npz":
        whole = io.BytesIO()
        np.savez(whole, **numbers)  # type: ignore[arg-type]
        write_durably(path, whole.getvalue())
        return
    write_durably(path, _csv(numbers).encode())


def _csv(numbers: Numbers) -> str:
    """Rows and columns count from 1, as in the notes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("quantity", "row", "column", "value"))
    for name, value in numbers.items():
        if name == ABOUT:
            writer.writerow((name, 1, 1, str(value)))
            continue
        matrix = np.atleast_2d(value)
        for (i, j), number in np.ndenumerate(matrix):
            writer.writerow((name, i + 1, j + 1, repr(float(number))))
    return text.getvalue()
