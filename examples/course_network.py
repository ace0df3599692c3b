"""The course's own four-layer set-up, as it is: [12288, 20, 7, 5, 1] on 209 images.

Full-batch gradient descent with rate 0.0075, initial weights randn / sqrt(n[l-1]) from NumPy's
RandomState, no shuffling, float64, and the cost by iteration. The images here are generated: noise, and
in half of them a bright disc.

    python examples/course_network.py [ITERATIONS]
"""

import itertools
import sys

import numpy as np
from numpy.typing import NDArray

from ellnet import Hyperparameters, Network, train
from ellnet.batches import Examples
from ellnet.engines import engine
from ellnet.network import Parameters

N = (12288, 20, 7, 5, 1)
IMAGES = 209
RATE = 0.0075


def images(m: int, random: np.random.RandomState) -> Examples:
    """Return m images of 64 x 64 x 3 as columns of X (12288, m), and in Y (1, m) who has a disc."""
    pixels = 0.25 * random.rand(m, 64, 64, 3)
    labels = np.arange(m) % 2
    rows, columns = np.mgrid[:64, :64]
    for image, label in zip(pixels, labels, strict=True):
        if label:
            centre = random.randint(20, 44, size=2)
            disc = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < 14**2
            image[disc] += 0.5
    return Examples(pixels.reshape(m, -1).T, labels[None, :].astype(np.float64))


def initial(n: tuple[int, ...], random: np.random.RandomState) -> Parameters:
    """Return the course's initial parameters: W[l] = randn(n[l], n[l-1]) / sqrt(n[l-1]), b[l] = 0."""
    W = [random.randn(out, inputs) / np.sqrt(inputs) for inputs, out in itertools.pairwise(n)]
    return Parameters.of(W, [np.zeros((out, 1)) for out in n[1:]])


def run(iterations: int, seed: int = 1) -> tuple[Network, tuple[float, ...], Examples]:
    """Train as the course does; return the network, the cost before every step, and the images."""
    examples = images(IMAGES, np.random.RandomState(seed))
    parameters = initial(N, np.random.RandomState(seed))
    net = Network(N, ("relu", "relu", "relu", "sigmoid"), "binary_cross_entropy", parameters)
    chosen = Hyperparameters(
        optimizer="gradient_descent",
        learning_rate=RATE,
        batch_size="full",
        shuffle=False,
        l2=0.0,
        epochs=iterations,
        early_stopping=False,
        dtype="float64",
    )
    outcome = train(net, examples, chosen)
    return outcome.network, tuple(outcome.history.iterations), examples


def accuracy(net: Network, examples: Examples) -> float:
    """Return the part of the images that are told rightly."""
    A: NDArray[np.float64] = engine().predict(net, examples.X)
    return float(np.mean((A > 0.5) == examples.Y))


def main() -> None:
    """Print the cost after every hundred iterations, as the course does."""
    iterations = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    net, costs, examples = run(iterations)
    for k in range(0, iterations, 100):
        print(f"cost after iteration {k}: {costs[k]:.6f}")
    print(f"cost of the last iteration: {costs[-1]:.6f}")
    print(f"accuracy on the {IMAGES} images: {accuracy(net, examples):.4f}")


if __name__ == "__main__":
    main()
