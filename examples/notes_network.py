"""The notes' running example n = (3, 5, 5, 3, 1), trained from arrays and looked into."""

import sys

import numpy as np
from rich.console import Console

from ellnet import Hyperparameters, Network, engine, train
from ellnet.batches import Examples
from ellnet.network import initial_parameters


def main() -> int:
    """Learn the sign of a product of two inputs; the third says nothing."""
    console = Console(highlight=False)
    random = np.random.default_rng(0)
    X = random.standard_normal((3, 400)).astype(np.float32)
    Y = (X[:1] * X[1:2] > 0).astype(np.float32)

    n = (3, 5, 5, 3, 1)
    activations = ("tanh", "tanh", "tanh", "sigmoid")
    parameters = initial_parameters(n, activations, seed=1)
    net = Network(n, activations, "binary_cross_entropy", parameters)
    for row in net.shapes(m=400):
        console.print(f"{row.quantity:28} {row.rule:14} {row.shape}", markup=False)

    chosen = Hyperparameters(learning_rate=0.01, batch_size=32, l2=0.0, epochs=300)
    outcome = train(net, Examples(X[:, :300], Y[:, :300]), chosen)
    trained, history = outcome.network, outcome.history
    console.print(f"{len(history.epochs)} epochs, the best was {history.best_epoch}")

    chosen_engine = engine()
    A = chosen_engine.predict(trained, X[:, 300:])
    accuracy = np.mean((A > 0.5) == (Y[:, 300:] > 0.5))
    console.print(f"accuracy on 100 examples not trained on: {accuracy:.2f}")

    cache = chosen_engine.forward(trained, X[:, :1])
    gradients = chosen_engine.backward(trained, cache, Y[:, :1])
    for layer in range(1, trained.L + 1):
        Z, dW = cache.Z[layer], gradients.dW[layer]
        values = np.round(Z[:, 0], 3)
        console.print(f"Z[{layer}] = {values}, dW[{layer}] is {dW.shape}", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
