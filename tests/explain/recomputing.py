"""An independent recomputation of a sheet from its numbers alone, in NumPy and float64."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["read_numbers", "recomputed"]

G: dict[str, Any] = {
    "relu": (lambda Z: np.where(Z > 0, Z, 0.0), lambda Z: (Z > 0) * 1.0),
    "tanh": (np.tanh, lambda Z: 1 / np.cosh(Z) ** 2),
    "sigmoid": (lambda Z: 1 / (1 + np.exp(-Z)), lambda Z: np.exp(-Z) / (1 + np.exp(-Z)) ** 2),
    "softmax": (lambda Z: np.exp(Z - Z.max(0)) / np.exp(Z - Z.max(0)).sum(0), None),
}
"""The activations that the sheets in question have, and their slopes."""


def recomputed(
    n: dict[str, Any], activations: list[str], l2: float, o: dict[str, float], t: int
) -> dict[str, Any]:
    """Everything again, from A0, Y, W, b and the moments: cross-entropy at the head, Adam at the end."""
    L, m, r = len(activations), n["A0"].shape[1], dict(n)
    for l in range(1, L + 1):
        r[f"Z{l}"] = n[f"W{l}"] @ r[f"A{l - 1}"] + n[f"b{l}"]
        r[f"A{l}"] = G[activations[l - 1]][0](r[f"Z{l}"])
    p = r[f"A{L}"]
    one = activations[-1] == "sigmoid"
    r["losses"] = -(n["Y"] * np.log(p) + (one and (1 - n["Y"]) * np.log(1 - p))).sum(
        0, keepdims=True
    )
    r["J"] = r["losses"].mean() + sum(l2 / 2 / m * (n[f"W{l}"] ** 2).sum() for l in range(1, L + 1))
    r[f"dA{L}"] = (p - n["Y"]) / (p * (1 - p)) if one else -n["Y"] / p
    for l in range(L, 0, -1):
        r[f"dZ{l}"] = p - n["Y"] if l == L else r[f"dA{l}"] * G[activations[l - 1]][1](r[f"Z{l}"])
        r[f"dW{l}"] = r[f"dZ{l}"] @ r[f"A{l - 1}"].T / m + l2 / m * n[f"W{l}"]
        r[f"db{l}"] = r[f"dZ{l}"].sum(1, keepdims=True) / m
        r[f"dA{l - 1}"] = n[f"W{l}"].T @ r[f"dZ{l}"]
    for k in (f"{letter}{l}" for l in range(1, L + 1) for letter in "Wb"):
        mk = r[f"m_{k}_new"] = o["beta_1"] * n[f"m_{k}"] + (1 - o["beta_1"]) * r[f"d{k}"]
        vk = r[f"v_{k}_new"] = o["beta_2"] * n[f"v_{k}"] + (1 - o["beta_2"]) * r[f"d{k}"] ** 2
        mk, vk = mk / (1 - o["beta_1"] ** t), vk / (1 - o["beta_2"] ** t)
        r[f"{k}_new"] = n[k] - o["learning_rate"] * mk / (np.sqrt(vk) + o["epsilon"])
    return r


def read_numbers(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The numbers of a file beside a sheet, NPZ or CSV, and what it says of the network."""
    if path.suffix == ".npz":
        with np.load(path) as file:
            numbers = {name: file[name] for name in file.files}
        return numbers, json.loads(str(numbers.pop("about")))
    found: dict[str, dict[tuple[int, int], float]] = {}
    about: dict[str, Any] = {}
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row["quantity"] == "about":
                about = json.loads(row["value"])
                continue
            place = (int(row["row"]) - 1, int(row["column"]) - 1)
            found.setdefault(row["quantity"], {})[place] = float(row["value"])
    numbers = {}
    for name, entries in found.items():
        numbers[name] = np.empty([max(side) + 1 for side in zip(*entries, strict=True)])
        for place, value in entries.items():
            numbers[name][place] = value
    return numbers, about
