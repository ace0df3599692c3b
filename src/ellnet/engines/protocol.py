"""The seam between training and the engines: what an engine has to offer, and what passes through."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from ellnet.arrays import Array
from ellnet.batches import Examples
from ellnet.drawings import backward_html, forward_html
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Layers, Network, Parameters
from ellnet.state import TrainingState

__all__ = [
    "AfterEpoch",
    "Cache",
    "Divergence",
    "Engine",
    "Gradients",
    "Job",
    "Mask",
    "Run",
    "Score",
    "Verdict",
    "Watch",
]

Watch = Callable[[int, int], bool]
"""Called between steps, every 50 ms or oftener where steps are so short, with the minibatches taken
and all of the epoch; true ends the run there."""


class Score(NamedTuple):
    """A number that a run takes of its validation examples after each epoch.

    Where the validation cost is not finite, nothing is taken, and it is not a number.

    Attributes:
        of: what it is taken of: "right", which of the predictions are right, (m,) of bool, or
            "outputs", A[L] (n[L], m). A prediction of a softmax is right where its most probable class
            is that of Y, the first of equal ones; one of other units where each is above 1/2 where
            Y is, and nowhere else.
        number: gives the number; what it is given is overwritten after the next epoch.
    """

    of: Literal["right", "outputs"]
    number: Callable[[Array], float]


class Verdict(NamedTuple):
    """What is to be done after an epoch: keep its parameters as the best so far, end the run."""

    keep: bool = False
    end: bool = False


AfterEpoch = Callable[[float, float | None, float | None], Verdict]
"""Called after each epoch with its cost, the validation cost and the score, None where there is none."""


class Mask(NamedTuple):
    """What dropout leaves of a layer: D (n[l], m) of 0 and 1, and the probability of 1."""

    D: Array
    keep: float


@dataclass(frozen=True, eq=False)
class Cache:
    """What a forward pass keeps: X = A[0] (n[0], m), and Z[l], A[l] (n[l], m) for l = 1..L.

    Attributes:
        X: A[0].
        Z: Z[l].
        A: A[l], before dropout.
        given: what each layer was given: A[l-1] after dropout.
        masks: those of the layers 0..L-1, None for a layer without; () where there is no dropout.
    """

    X: Array
    Z: Layers[Array]
    A: Layers[Array]
    given: Layers[Array]
    masks: tuple[Mask | None, ...] = ()

    def inputs(self, layer: int) -> Array:
        """Return the inputs of layer l."""
        return self.given[layer]

    def _repr_html_(self) -> str:
        """Show shape and spread of every Z[l] and A[l] in a notebook."""
        kept = {layer: mask.keep for layer, mask in enumerate(self.masks) if mask is not None}
        return forward_html(self.X, tuple(self.Z), tuple(self.A), kept)


@dataclass(frozen=True, eq=False)
class Gradients:
    """What a backward pass gives.

    Attributes:
        parameters: dW[l] as `W` and db[l] as `b`, l = 1..L; the penalty's part is included.
        dZ: dZ[l], (n[l], m), l = 1..L.
        dA: dA[l], (n[l], m), l = 1..L-1; the output layer goes straight to dZ[L] (eq. 6.6).
    """

    parameters: Parameters
    dZ: Layers[Array]
    dA: Layers[Array]

    @property
    def dW(self) -> Layers[Array]:
        """The gradients of the weights: dW[l] is (n[l], n[l-1])."""
        return Layers(self.parameters.W, "dW")

    @property
    def db(self) -> Layers[Array]:
        """The gradients of the biases: db[l] is (n[l], 1)."""
        return Layers(self.parameters.b, "db")

    def _repr_html_(self) -> str:
        """Show shape, size and spread of every gradient in a notebook."""
        return backward_html(tuple(self.dW), tuple(self.db), tuple(self.dZ), tuple(self.dA))


@dataclass(frozen=True)
class Divergence:
    """Where a run met the first number that is not finite.

    Attributes:
        epoch: number of the epoch under way, from 0.
        step: steps taken before.
        layer: the layer that held it first.
        quantity: "W", "b", "Z", "A" of that layer; "cost", "validation cost", or "moment" of the
            optimizer.
        feature: the input feature (row of X) with the largest absolute value in that minibatch.
        largest: that value.
    """

    epoch: int
    step: int
    layer: int
    quantity: str
    feature: int
    largest: float


@dataclass(frozen=True, eq=False)
class Run:
    """What a call of `Engine.run` gives.

    Attributes:
        state: where training stands; after a divergence the last state of this run whose cost was
            finite, or the state given where the very first cost was not.
        iterations: cost of each step's minibatch, penalty included.
        costs: mean cost of each epoch that was finished.
        validation_costs: validation cost after each of them, where validation examples were given.
        scores: the score after each of them, where one was asked for.
        interrupted: whether the watch ended the run.
        divergence: where the cost became non-finite, or None.
        best: the parameters that the look said to keep, or None; they may be of an epoch that a
            divergence's way back, when it was interrupted, did not come to again.
        before: gives `good`; or None, where there is none.
    """

    state: TrainingState
    iterations: tuple[float, ...] = ()
    costs: tuple[float, ...] = ()
    validation_costs: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()
    interrupted: bool = False
    divergence: Divergence | None = None
    best: Parameters | None = None
    before: Callable[[], TrainingState | None] | None = None

    @property
    def good(self) -> TrainingState | None:
        """The state before the last step, whose cost was finite; None where the run was cut short.

        An engine may have to take the run's steps again for it; it asks the run's watch meanwhile, and
        gives None where that ends it.
        """
        return None if self.before is None else self.before()


class Job(NamedTuple):
    """A network to train: where it stands, what is chosen for it, and for how many epochs it runs."""

    net: Network
    state: TrainingState
    hyperparameters: Hyperparameters
    epochs: int


class Engine(Protocol):
    """What every engine offers; a module with these names satisfies it."""

    NAME: str

    def describe(self, net: Network, chosen: Hyperparameters, *examples: Examples | None) -> str:
        """Return what a history says of who trains: the engine, its target, why not another."""

    def forward(self, net: Network, X: Array, masks: tuple[Mask | None, ...] = ()) -> Cache:
        """Forward propagation of X (n[0], m), with dropout where masks are given."""

    def backward(
        self,
        net: Network,
        cache: Cache,
        Y: Array,
        w: Array | None = None,
        *,
        l2: float = 0.0,
        l1: float = 0.0,
    ) -> Gradients:
        """Backward propagation from targets Y (n[L], m), weights w (1, m) and penalties."""

    def predict(self, net: Network, X: Array, *, n_threads: int | None = None) -> Array:
        """Return A[L] (n[L], m) for X (n[0], m)."""

    def cost(self, net: Network, examples: Examples) -> float:
        """Return the cost of the examples, without penalty."""

    def cost_and_gradients(
        self, net: Network, examples: Examples, *, l2: float = 0.0
    ) -> tuple[float, Parameters]:
        """Return the cost of all examples, penalty included, and its gradients."""

    def run(
        self,
        net: Network,
        state: TrainingState,
        hyperparameters: Hyperparameters,
        train: Examples,
        validation: Examples | None = None,
        *,
        epochs: int,
        watch: Watch | None = None,
        n_threads: int | None = None,
        score: Score | None = None,
        look: AfterEpoch | None = None,
    ) -> Run:
        """Train for a number of epochs from a state, or until the look says to end.

        The parameters are those of `state`; `net` gives the architecture. The minibatches of an
        epoch depend on the state's seed and epoch alone, and a state in mid-epoch goes on there, so
        that run(10) and run(4) + run(6) are the same. X may be a sparse matrix of SciPy's. The number
        of threads changes the time and nothing else, as far as the engine promises bits.
        """

    def run_many(
        self,
        jobs: Sequence[Job],
        train: Examples,
        validation: Examples | None = None,
        *,
        n_threads: int | None = None,
    ) -> Iterator[tuple[int, Run]]:
        """Train several networks side by side; give each job's number with its run as they end.

        A run's numbers are those that it has alone, whatever runs beside it and ends before it.
        """
