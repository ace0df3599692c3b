"""Models of random architecture over tables of every kind of column, with random weights."""

from typing import Any, Literal

import numpy as np

from ellnet.columns import Column, Columns
from ellnet.encodings import BooleanEncoding, CategoryEncoding, Standard
from ellnet.equations.activations import ACTIVATIONS
from ellnet.history import History
from ellnet.hyperparameters import Hyperparameters
from ellnet.models import Model
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.preprocessing import Preprocessing
from ellnet.targets import Label, Target

__all__ = [
    "HIDDEN",
    "HOSTILE",
    "Precision",
    "model_over",
    "random_model",
    "random_table",
    "rows_for",
]

Precision = Literal["float32", "float64"]

HIDDEN = [name for name in ACTIVATIONS if name != "exponential"]
"""Activations of hidden layers; the exponential's outputs grow layer by layer."""

CLASSES: dict[str, tuple[Label, ...]] = {
    "text": ("never", "Übung", "yes"),
    "whole": (-1, 3, 7, 20),
    "halves": (0.5, 1.5, 2.25),
    "binary_text": ("no", "yes"),
    "binary_whole": (0, 1),
    "binary_truth": (False, True),
}

HOSTILE = (
    '"); system("rm -rf /"); ("',
    "*/ int evil(void) { return 1; } /*",
    "a\\",
    "line\nbreak\r\n#define float double",
    "??/",
    "??)",
    "%s%n",
    "int",
    "main",
    "NULL",
    "@NAME@",
    "@WIDTH@",
    "1st",
    "a b",
    "a_b",
    "a-b",
    "Größe",
    "日本",
    " ",
    "\x1b[31mred",
    "x" * 300,
    "label",
    "probabilities",
    "ellnet/A0",
    "W1",
)
"""Names of columns, categories and labels that try to become something else than data."""


def random_table(random: np.random.Generator, kinds: str = "nnnbcd", m: int = 40) -> Columns:
    """Return a table; a letter a column says its kind, a capital that values are missing."""
    columns = []
    for place, kind in enumerate(kinds):
        missing = random.random(m) < 0.2 if kind.isupper() else np.zeros(m, bool)
        name = f"column {place}"
        if kind.lower() == "c":
            levels = np.array(["red", "green", "blue", "Größe", "a,b", "1"], object)
            values = random.choice(levels, m)
            values[missing] = None
            columns.append(Column(name, "category", values))
            continue
        values = {
            "n": lambda: random.normal(random.normal() * 100, 10 ** random.uniform(-3, 3), m),
            "b": lambda: random.integers(0, 2, m).astype(float),
            "d": lambda: np.floor(random.uniform(-1e9, 2e9, m) / 86400) * 86400,
            "t": lambda: np.round(random.uniform(-1e9, 2e9, m), 3),
        }[kind.lower()]()
        values[missing] = np.nan
        kinds_of = {"n": "number", "b": "boolean", "d": "date", "t": "date"}
        columns.append(Column(name, kinds_of[kind.lower()], values))  # type: ignore[arg-type]
    return Columns.of(columns)


def rows_for(preprocessing: Preprocessing, seed: int, m: int = 50) -> Columns:
    """Return m rows such as a preprocessing was learned on; some are missing, some levels unseen."""
    random = np.random.default_rng(seed)
    columns = []
    for name, encoding in preprocessing.encodings.items():
        if isinstance(encoding, CategoryEncoding):
            texts = random.choice(np.array([*encoding.levels, None, "never seen"], object), m)
            columns.append(Column(name, "category", texts))
            continue
        if isinstance(encoding, BooleanEncoding):
            values = random.integers(0, 2, m).astype(float)
        else:
            standard = encoding.standard or Standard(0.0, 1.0)
            values = standard.mean + 2 * standard.scale * random.standard_normal(m)
        values[random.random(m) < 0.1] = np.nan
        columns.append(Column(name, encoding.kind, values))
    return Columns.of(columns)


def model_over(
    preprocessing: Preprocessing,
    target: Target,
    hidden: tuple[int, ...],
    activations: tuple[str, ...],
    seed: int = 0,
) -> Model:
    """Return a model with random weights and biases; the last activation is the output's."""
    outputs = len(target.classes) if target.task == "multiclass" else 1
    n = (len(preprocessing.feature_names), *hidden, outputs)
    drawn = initial_parameters(n, activations, seed=seed, dtype=preprocessing.dtype)
    random = np.random.default_rng(seed)
    b = [random.normal(0, 0.3, each.shape).astype(each.dtype) for each in drawn.b]
    cost = {"binary": "binary_cross_entropy", "multiclass": "categorical_cross_entropy"}
    net = Network(n, activations, cost.get(target.task, "squared_error"), Parameters.of(drawn.W, b))
    chosen: dict[str, Any] = {"hidden": hidden, "activation": activations[:-1] or "relu"}
    settled = Hyperparameters(**chosen, dtype=preprocessing.dtype)
    return Model(net, settled, preprocessing, target, History())


def random_model(
    seed: int, dtype: Precision = "float32", among: list[str] | None = None, kinds: str = ""
) -> Model:
    """Return a model of random depth, widths, activations, columns and target."""
    random = np.random.default_rng(seed)
    letters = list("nnnNbBcCdDtT")
    kinds = kinds or "".join(random.choice(letters, random.integers(1, 9)))
    preprocessing = Preprocessing.fit(random_table(random, kinds), dtype=dtype)
    hidden = tuple(random.integers(1, 60, random.integers(0, 5)).tolist())
    g = tuple(random.choice(among or HIDDEN, len(hidden)).tolist())
    task = ["regression", *CLASSES][random.integers(0, len(CLASSES) + 1)]
    if task == "regression":
        mean, scale = random.normal() * 50, 10 ** random.uniform(-2, 3)
        target, output = Target("y", "regression", (), float(mean), float(scale)), "identity"
    else:
        binary = task.startswith("binary")
        target = Target("y", "binary" if binary else "multiclass", CLASSES[task])
        output = "sigmoid" if binary else "softmax"
    return model_over(preprocessing, target, hidden, (*g, output), seed)
