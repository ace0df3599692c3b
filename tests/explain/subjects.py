"""Networks, Models and estimators for what is looked at, and the examples that they are looked at on."""

import warnings

import numpy as np

from ellnet import MLPClassifier
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.tables import from_frame
from ellnet.workflow import Plan, train_table

__all__ = ["classifier", "mixed_model", "network"]


def network(n, g, *, seed=0, cost="squared_error", dtype=np.float64):
    """A network whose parameters are drawn, biases too."""
    random = np.random.default_rng(seed)
    W = [random.standard_normal((n[k], n[k - 1])).astype(dtype) for k in range(1, len(n))]
    b = [random.standard_normal((size, 1)).astype(dtype) for size in n[1:]]
    return Network(n, g, cost, Parameters.of(W, b))


def classifier(*, features=4, classes=3, rows=90, hidden=(6, 5), seed=0, **options):
    """A fitted classifier, with the rows and labels that it was fitted on."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((rows, features))
    y = np.argmax(X @ random.standard_normal((features, classes)), axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge
        return MLPClassifier(hidden, max_iter=5, random_state=0, **options).fit(X, y), X, y


def mixed_model(rows=120):
    """A Model of a table with numbers, one with gaps, and a category; and the table."""
    random = np.random.default_rng(0)
    size = random.standard_normal(rows)
    gaps = np.where(np.arange(rows) % 9 == 0, np.nan, random.standard_normal(rows))
    colour = [None if k % 11 == 0 else ("red", "green")[k % 2] for k in range(rows)]
    price = 3.0 * size + np.array([2.0 if c == "red" else 0.0 for c in colour])
    frame = {"size": size, "gaps": gaps, "colour": colour, "price": price}
    chosen = Hyperparameters(hidden=(8,), activation="tanh", epochs=60, batch_size=16)
    return train_table(from_frame(frame), Plan(target="price"), chosen).model, frame
