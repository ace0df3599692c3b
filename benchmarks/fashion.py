"""How fast and how good is MLPClassifier on 60,000 images of clothes (Fashion-MNIST)?

    ./run bench fashion --data fashion_mnist.npz

The network is 784-256-128-10 with batches of 128. First the same ten epochs three times: by the engine
alone, by ellnet's MLPClassifier.fit, and by scikit-learn's. Then the test accuracy under early stopping
over seeds, and how long scikit-learn's takes to come as far.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from sklearn.neural_network import MLPClassifier as Peer
from threadpoolctl import threadpool_limits

from benchmarks import machine
from benchmarks.report import FORMAT, RESULTS, folder, write_json
from benchmarks.tables import WIDTH, counted, empty, times
from ellnet import MLPClassifier
from ellnet.batches import Examples
from ellnet.engines import ENGINES, engine
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, initial_parameters
from ellnet.state import TrainingState
from ellnet.training import moments_of

__all__ = ["main", "packages"]

HIDDEN = (256, 128)
BATCH = 128
CLASSES = 10
SETTINGS: dict[str, Any] = {"hidden_layer_sizes": HIDDEN, "batch_size": BATCH, "alpha": 1e-4}

PEER_EPOCHS = (1, 3)
"""scikit-learn is slow: it runs so many epochs, and the rest is their difference."""


@dataclass(frozen=True, eq=False)
class Images:
    """Grey values from 0 to 1 as rows, and labels."""

    X: NDArray[np.float32]
    y: NDArray[np.int64]
    X_test: NDArray[np.float32]
    y_test: NDArray[np.int64]


@dataclass(frozen=True)
class Speed:
    """Seconds of the same work: samples of each, taken in turns.

    And the engine that did ours, and the threads that did scikit-learn's.
    """

    engine: list[float]
    fit: list[float]
    peer: list[float]
    peer_threads: int
    engine_name: str = ""


@dataclass(frozen=True)
class Quality:
    """One fit under early stopping: the seed, test accuracy, epochs run and kept, seconds."""

    seed: int
    accuracy: float
    epochs: int
    kept: int
    seconds: float


@dataclass(frozen=True)
class Chase:
    """scikit-learn on its way to an accuracy: its best, the epochs and the seconds that it took."""

    seed: int
    target: float
    reached: bool
    accuracy: float
    epochs: int
    seconds: float


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what was asked for; a wrong word ends the program with a sentence."""
    parser = argparse.ArgumentParser("./run bench fashion", description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--data", type=Path, required=True, help="an npz with X_train, y_train, ..."
    )
    parser.add_argument("--engine", choices=["auto", *ENGINES], default="auto")
    parser.add_argument("--threads", type=int, help="by default what the engine takes")
    parser.add_argument("--rows", type=int, help="train on the first rows only")
    parser.add_argument("--epochs", type=int, default=10, help="of the first question")
    parser.add_argument("--rounds", type=int, default=3, help="of the first question")
    parser.add_argument(
        "--seeds", type=int, default=3, help="of the second question; 0 to leave it"
    )
    parser.add_argument("--peer-seeds", type=int, default=1, help="of scikit-learn; 0 to leave it")
    parser.add_argument(
        "--peer-limit", type=int, default=60, help="epochs of scikit-learn, at most"
    )
    parser.add_argument("-o", "--output", type=Path, default=RESULTS, help="folder of the results")
    given = parser.parse_args(arguments)
    if min(given.epochs, given.rounds, given.peer_limit) < 1:
        parser.error("--epochs, --rounds and --peer-limit must be at least 1")
    return given


def packages(arguments: Sequence[str]) -> list[str]:
    """Return the packages that this question needs beside ellnet's own: none."""
    parsed(arguments)
    return []


def read(path: Path, rows: int | None) -> Images:
    """Read the images.

    Raises:
        SystemExit: there is no such file, or it is another; one sentence.
    """
    try:
        with np.load(path) as file:
            X, y, X_test, y_test = (
                file[name] for name in ("X_train", "y_train", "X_test", "y_test")
            )
    except (OSError, ValueError, KeyError) as error:
        raise SystemExit(
            f"{path} must be an npz file with X_train, y_train, X_test and y_test: {error}"
        ) from error
    return Images(_grey(X[:rows]), y[:rows].astype(int), _grey(X_test), y_test.astype(int))


def _grey(X: NDArray[np.uint8]) -> NDArray[np.float32]:
    return X.reshape(len(X), -1).astype(np.float32) / np.float32(255)


def by_engine(images: Images, given: argparse.Namespace) -> Callable[[], float]:
    """Return what runs the epochs by the engine alone, and says how many seconds it took."""
    chosen = Hyperparameters(
        hidden=HIDDEN, batch_size=BATCH, l2=SETTINGS["alpha"], early_stopping=False
    )
    n, g = (images.X.shape[1], *HIDDEN, CLASSES), ("relu", "relu", "softmax")
    net = Network(n, g, "categorical_cross_entropy", initial_parameters(n, g))
    state = TrainingState.start(net.parameters, moments_of(chosen), seed=0)
    examples = Examples(images.X.T, np.eye(CLASSES, dtype=np.float32)[images.y].T)

    def run() -> float:
        began = time.perf_counter()
        engine(given.engine).run(
            net, state, chosen, examples, epochs=given.epochs, n_threads=given.threads
        )
        return time.perf_counter() - began

    return run


def by_fit(images: Images, given: argparse.Namespace) -> tuple[float, str]:
    """Return the seconds of MLPClassifier.fit on the same work, and the engine that it took."""
    model = MLPClassifier(
        **SETTINGS,
        max_iter=given.epochs,
        n_iter_no_change=given.epochs,
        random_state=0,
        engine=given.engine,
        n_threads=given.threads,
    )
    began = time.perf_counter()
    model.fit(images.X, images.y)
    seconds = time.perf_counter() - began
    assert model.n_iter_ == given.epochs  # noqa: S101 - else it is not the same work
    return seconds, model.history_.engine


def by_peer(images: Images, epochs: int, threads: int) -> float:
    """Return the seconds of scikit-learn's fit, scaled from a few epochs."""
    few, more = PEER_EPOCHS
    seconds = {}
    for count in PEER_EPOCHS:
        model = Peer(**SETTINGS, max_iter=count, n_iter_no_change=count, random_state=0)
        with threadpool_limits(threads):
            began = time.perf_counter()
            model.fit(images.X, images.y)
            seconds[count] = time.perf_counter() - began
    return seconds[few] + (epochs - few) * (seconds[more] - seconds[few]) / (more - few)


def same_work(images: Images, given: argparse.Namespace) -> Speed:
    """Measure the same epochs three times, round after round, after a warm-up.

    scikit-learn gets the number of threads that serves it best: a busy machine costs its BLAS much.
    """
    run = by_engine(images, given)
    tried = {
        threads: by_peer(images, given.epochs, threads) for threads in {1, machine.physical_cores()}
    }
    threads = min(tried, key=lambda each: tried[each])
    speed = Speed([], [], [tried[threads]], threads)
    run()
    for _ in range(given.rounds):
        speed.engine.append(run())
        seconds, name = by_fit(images, given)
        speed.fit.append(seconds)
        speed.peer.append(by_peer(images, given.epochs, threads))
    return replace(speed, engine_name=name)


def early_stopping(images: Images, given: argparse.Namespace, seed: int) -> Quality:
    """Fit with the estimator's own early stopping, and score on the test images."""
    model = MLPClassifier(
        **SETTINGS,
        early_stopping=True,
        random_state=seed,
        engine=given.engine,
        n_threads=given.threads,
    )
    began = time.perf_counter()
    model.fit(images.X, images.y)
    seconds = time.perf_counter() - began
    accuracy = float(model.score(images.X_test, images.y_test))
    return Quality(seed, accuracy, model.n_iter_, model.history_.best_epoch, seconds)


def chase(images: Images, seed: int, target: float, limit: int, *, threads: int) -> Chase:
    """Let scikit-learn train until its test accuracy comes up to the target.

    It looks at the test images after every epoch, which is in its favour; the seconds are those of
    training alone.
    """
    model = Peer(**SETTINGS, random_state=seed)
    best, seconds = 0.0, 0.0
    for epoch in range(1, limit + 1):
        with threadpool_limits(threads):
            began = time.perf_counter()
            model.partial_fit(images.X, images.y, classes=np.arange(CLASSES))
            seconds += time.perf_counter() - began
        best = max(best, float(model.score(images.X_test, images.y_test)))
        if best >= target:
            return Chase(seed, target, reached=True, accuracy=best, epochs=epoch, seconds=seconds)
    return Chase(seed, target, reached=False, accuracy=best, epochs=limit, seconds=seconds)


def show_speed(console: Console, speed: Speed, epochs: int) -> None:
    """Show the seconds of the same work, and what they are to each other."""
    title = f"The same {epochs} epochs, engine {speed.engine_name}"
    table = empty(title, "", "min s", "median s", "× engine", "× fit")
    names = {
        "engine": "the engine alone",
        "fit": "ellnet MLPClassifier.fit",
        "peer": f"scikit-learn MLPClassifier.fit, {counted(speed.peer_threads, 'thread')}, scaled",
    }
    for name, words in names.items():
        samples = getattr(speed, name)
        ratios = (times(min(samples) / min(other)) for other in (speed.engine, speed.fit))
        table.add_row(words, f"{min(samples):.2f}", f"{median(samples):.2f}", *ratios)
    console.print(table)


def show_quality(console: Console, found: Sequence[Quality], chased: Sequence[Chase]) -> None:
    """Show accuracies and seconds, ours and scikit-learn's."""
    table = empty("Test accuracy", "", "accuracy", "epochs", "kept", "s")
    for each in found:
        figures = (f"{each.accuracy:.4f}", str(each.epochs), str(each.kept))
        table.add_row(f"ellnet, seed {each.seed}", *figures, f"{each.seconds:.1f}")
    means = (mean(q.accuracy for q in found), mean(q.seconds for q in found))
    table.add_row("mean", f"{means[0]:.4f}", "", "", f"{means[1]:.1f}", style="bold")
    for went in chased:
        said = "reached it" if went.reached else "did not reach it"
        name = f"scikit-learn, seed {went.seed}: {said}"
        table.add_row(name, f"{went.accuracy:.4f}", str(went.epochs), "", f"{went.seconds:.1f}")
    console.print(table)


def main(arguments: Sequence[str]) -> int:
    """Measure, show and write."""
    given = parsed(arguments)
    target = folder(given.output)
    images = read(given.data, given.rows)
    warnings.simplefilter("ignore")
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    about = machine.describe()
    speed = same_work(images, given)
    show_speed(console, speed, given.epochs)
    found = [early_stopping(images, given, seed) for seed in range(given.seeds)]
    chased = []
    if found:
        accuracy = mean(each.accuracy for each in found)
        seeds = range(given.peer_seeds)
        limit, threads = given.peer_limit, speed.peer_threads
        chased = [chase(images, seed, accuracy, limit, threads=threads) for seed in seeds]
        show_quality(console, found, chased)
    values = {
        "format": FORMAT,
        "benchmark": "fashion",
        "machine": about,
        "versions": machine.versions("ellnet", "numpy", "scikit-learn"),
        "settings": {
            "rows": len(images.X),
            "epochs": given.epochs,
            "threads": given.threads,
            "peer_epochs": PEER_EPOCHS,
        },
        "seconds": asdict(speed),
        "early_stopping": [asdict(each) for each in found],
        "scikit_learn": [asdict(each) for each in chased],
    }
    write_json(target / "fashion.json", values)
    console.print(f"written: {target / 'fashion.json'}", soft_wrap=True)
    return 0
