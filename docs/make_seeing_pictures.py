"""Makes the pictures of docs/seeing.md, each for light pages and for dark.

python docs/make_seeing_pictures.py FASHION_MNIST.npz

The file has the arrays X_train, y_train and X_test of Fashion-MNIST, which is no part of the project.
"""

import io
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from ellnet import Hyperparameters, MLPClassifier, Network, Plan, load_dataset, train_table
from ellnet.batches import Examples
from ellnet.plots import (
    ActivationsDisplay,
    DependenceDisplay,
    GradientNormsDisplay,
    InfluenceDisplay,
    NetworkDisplay,
    ResponsesDisplay,
    WeightsDisplay,
    theme,
)

IMAGES = Path(__file__).resolve().parent / "images" / "seeing"
GARMENTS = [
    "T-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "boot",
]


def fashion(path: str) -> tuple[MLPClassifier, Any]:
    """Train on the images; return the network, and those that it has not seen."""
    with np.load(path, allow_pickle=False) as arrays:
        X, y = arrays["X_train"], np.array(GARMENTS)[arrays["y_train"]]
        unseen = arrays["X_test"].reshape(-1, 784).astype(np.float32) / 255
        truth = np.array(GARMENTS)[arrays["y_test"]]
    X = X.reshape(-1, 784).astype(np.float32) / 255
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fifteen epochs are enough to see something
        net = MLPClassifier((64, 32), alpha=1.0, max_iter=15, random_state=0).fit(X, y)
    sys.stdout.write(f"accuracy on images not trained on: {net.score(unseen, truth):.3f}\n")
    return net, unseen


def keep(display: Any, name: str) -> None:
    """Write a picture with 256 colours, which makes a small file."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "picture.png"
        display.save(drawn)
        small = Image.open(drawn).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE)
    data = io.BytesIO()
    small.save(data, "png", optimize=True)
    (IMAGES / f"{name}.png").write_bytes(data.getvalue())


def gradients() -> Any:
    """Train sigmoid networks of depth 2, 4 and 8, and draw their gradients side by side."""
    table = load_dataset("moons")
    X = np.stack([table["x1"].values, table["x2"].values])
    Y = (table["target"].values == np.max(table["target"].values)).astype(np.float64)[None, :]
    figure = Figure(figsize=(9.0, 3.4), layout="constrained")
    axes = figure.subplots(1, 3, sharey=True)
    for ax, depth in zip(axes, (2, 4, 8), strict=True):
        n = (2, *[16] * (depth - 1), 1)
        net = Network(n, ("sigmoid",) * depth, "binary_cross_entropy")
        chosen = Hyperparameters(hidden=(16,) * (depth - 1), epochs=40, early_stopping=False)
        last = GradientNormsDisplay.from_training(
            net, Examples(X, Y), chosen, ax=ax, title=f"sigmoid, L = {depth}"
        )
    for ax in axes[1:]:
        ax.set_ylabel("")
    return last


def main(path: str) -> None:
    """Draw everything twice."""
    net, unseen = fashion(path)
    model = train_table(load_dataset("wine"), Plan(target="target"), Hyperparameters()).model
    wine = load_dataset("wine")
    IMAGES.mkdir(exist_ok=True)
    for mode in ("light", "dark"):
        with theme(dark=mode == "dark"):
            layer_2 = ResponsesDisplay.from_estimator(
                net, unseen, layer=2, units=[2, 4, 13, 19, 21, 29], count=4
            )
            garments = ResponsesDisplay.from_estimator(
                net, unseen, layer=3, units=range(1, 11), count=3
            )
            keep(WeightsDisplay.from_estimator(net), f"strokes-{mode}")
            keep(layer_2, f"parts-{mode}")
            keep(garments, f"garments-{mode}")
            keep(NetworkDisplay.from_estimator(net), f"network-{mode}")
            keep(ActivationsDisplay.from_estimator(net, unseen), f"activations-{mode}")
            keep(gradients(), f"gradients-{mode}")
            keep(InfluenceDisplay.from_estimator(model, wine), f"influence-{mode}")
            keep(DependenceDisplay.from_estimator(model, wine, "proline"), f"dependence-{mode}")


if __name__ == "__main__":
    main(sys.argv[1])
