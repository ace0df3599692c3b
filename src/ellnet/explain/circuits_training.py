"""What gradient descent finds where a circuit was built: nets trained on parity, seed after seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ellnet.arrays import to_numpy
from ellnet.batches import Examples, split
from ellnet.engines import Job, engine
from ellnet.explain.circuits import check_inputs, parity_examples, xor_tree
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.state import TrainingState
from ellnet.training import moments_of

__all__ = ["Contender", "Result", "contenders", "epochs_for", "train_on_parity"]


BATCH, STEPS = 32, 8000
"""Patterns of a minibatch, and steps of a run where no number of epochs is asked for."""

WIDEST = 1024
"""Units of a layer that is trained, at most: the AND/OR's shape of 16 inputs would take hours."""


@dataclass(frozen=True)
class Contender:
    """A kind of net that is trained.

    Attributes:
        name: why it is there.
        hidden: units of each hidden layer.
        activation: of the hidden layers.
    """

    name: str
    hidden: tuple[int, ...]
    activation: str = "relu"


@dataclass(frozen=True)
class Result:
    """What the seeds of a contender came to.

    Attributes:
        contender: what was trained.
        parameters: how many it has, weights and biases.
        learned: share of the patterns trained on that each seed gets right.
        unseen: the same of the patterns held out; () where none were.
    """

    contender: Contender
    parameters: int
    learned: tuple[float, ...]
    unseen: tuple[float, ...] = ()

    @property
    def solved(self) -> int:
        """The number of seeds that get every pattern right that they were trained on."""
        return sum(share == 1.0 for share in self.learned)

    @property
    def general(self) -> int:
        """The number of seeds that get every pattern right, those held out too."""
        both = zip(self.learned, self.unseen, strict=True)
        return sum(share == other == 1.0 for share, other in both)


def contenders(n: int) -> tuple[Contender, ...]:
    """Return shallow and deep nets: those that a circuit shows to be large enough, and larger ones.

    A layer of more than 1,024 units is left out.
    """
    levels = xor_tree(n).network.n[1:-1]
    every = (
        Contender("the thresholds' shape", (n,), "sigmoid"),
        Contender("one layer of n", (n,)),
        Contender("one layer of 4n", (4 * n,)),
        Contender("the AND/OR's shape", (2 ** (n - 1),)),
        Contender("the tree's shape", levels),
        Contender("the tree's, four times as wide", tuple(4 * units for units in levels)),
    )
    return tuple(contender for contender in every if max(contender.hidden) <= WIDEST)


def epochs_for(patterns: int) -> int:
    """Return the epochs in which so many patterns make 8,000 steps."""
    return -(-STEPS // -(-patterns // BATCH))


def train_on_parity(
    n: int,
    chosen: Sequence[Contender],
    *,
    seeds: int = 10,
    epochs: int | None = None,
    learning_rate: float = 0.01,
    held_out: float = 0.0,
) -> list[Result]:
    """Train every contender from several seeds on the patterns of n inputs; count what is right.

    All are trained alike: by Adam in minibatches of 32, without penalty, for all epochs. A
    pattern is right where the output is on its side of 1/2.

    Args:
        n: inputs.
        chosen: what to train.
        seeds: how many of each, with the seeds 0, 1, ...
        epochs: of each; by default those of 8,000 steps.
        learning_rate: of Adam.
        held_out: part of the patterns that training does not see, the same for every seed.

    Raises:
        HyperparameterError: n is not from 2 to 16.
        DataError: too few patterns to hold that part out.
    """
    check_inputs(n)
    examples, unseen = parity_examples(n), None
    if held_out:
        labels = examples.Y[0].astype(np.int64)
        parts = split(examples.m, held_out, 0, labels)
        unseen, examples = examples.take(parts.held_out), examples.take(parts.train)
    run = epochs_for(examples.m) if epochs is None else epochs
    jobs = [
        _job(n, contender, seed, run, learning_rate)
        for contender in chosen
        for seed in range(seeds)
    ]
    ended = dict(engine().run_many(jobs, examples))
    nets = [jobs[k].net.with_parameters(ended[k].state.parameters) for k in range(len(jobs))]
    learned = [_right(net, examples) for net in nets]
    others = [] if unseen is None else [_right(net, unseen) for net in nets]
    return [
        Result(
            contender,
            nets[first].size,
            tuple(learned[first : first + seeds]),
            tuple(others[first : first + seeds]),
        )
        for contender, first in zip(chosen, range(0, len(nets), seeds), strict=True)
    ]


def _job(n: int, contender: Contender, seed: int, epochs: int, learning_rate: float) -> Job:
    layers = len(contender.hidden)
    g = (*[contender.activation] * layers, "sigmoid")
    sizes = (n, *contender.hidden, 1)
    parameters: Parameters = initial_parameters(sizes, g, seed=seed)
    hyperparameters = Hyperparameters(
        hidden=contender.hidden,
        activation=contender.activation,
        learning_rate=learning_rate,
        l2=0.0,
        batch_size=BATCH,
        epochs=epochs,
        early_stopping=False,
        seed=seed,
    )
    net = Network(sizes, g, "binary_cross_entropy", parameters)
    state = TrainingState.start(parameters, moments_of(hyperparameters), seed)
    return Job(net, state, hyperparameters, epochs)


def _right(net: Network, examples: Examples) -> float:
    """Return the share of the examples whose output is on the right side of 1/2."""
    outputs = to_numpy(engine().predict(net, examples.X))
    return float(np.mean((outputs > 0.5) == (examples.Y > 0.5)))
