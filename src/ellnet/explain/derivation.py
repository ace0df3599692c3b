"""The numbers of one training step, all of them: forward, cost, backward, update.

Everything is calculated in float64 by the notes' recursion, from the parameters as they are: a float32
network's are taken over exactly. So the sheet can be held to one rounding, 1e-12, whatever it is of.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, is_sparse, overflow_allowed, threads_for, to_numpy
from ellnet.batches import Examples, dropout_mask, mean_weight
from ellnet.engines.protocol import Cache, Gradients, Mask
from ellnet.engines.recursion import backward, forward
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS, mean_loss, output_delta, output_losses
from ellnet.equations.penalties import l1 as l1_penalty
from ellnet.equations.penalties import l2 as l2_penalty
from ellnet.explain.update import Update, factor_of, updated
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState
from ellnet.training import moments_of, smoothed

__all__ = ["Derivation", "derive"]

Matrix = NDArray[np.float64]

PLAIN = Hyperparameters(optimizer="gradient_descent", learning_rate=0.1, l2=0.0, dtype="float64")
"""What is taken for a network that comes without hyperparameters: the notes' own step (eq. 5.1)."""


@dataclass(frozen=True, eq=False)
class Derivation:
    """One training step, number by number, in float64.

    Attributes:
        given: the network as it was given, in its own precision.
        net: the same in float64.
        examples: X, Y as training sees it, and weights.
        labels: Y before it was smoothed.
        chosen: the hyperparameters.
        state: where training stands.
        known: whether that was given, with the optimizer's moments, or is a start from here.
        masks: of dropout, for the layers 0..L-1; () without.
        cache: of the forward pass.
        slopes: g'(Z[l]) by layer, where units do not depend on one another.
        outer: dA[L], the cost's own derivative, (n[L], m); not finite where an output is saturated.
        delta: dZ[L] of each example's own loss, before weights.
        losses: of each example, (1, m).
        mean: their mean, weighted where there are weights.
        penalties: what each penalty adds, by name.
        bare: dW[l] and db[l] of the losses alone.
        gradients: with the penalties, as they go to the optimizer.
        update: the optimizer's step.
    """

    given: Network
    net: Network
    examples: Examples
    labels: Matrix
    chosen: Hyperparameters
    state: TrainingState
    known: bool
    masks: tuple[Mask | None, ...]
    cache: Cache
    slopes: dict[int, Matrix]
    outer: Matrix
    delta: Matrix
    losses: Matrix
    mean: float
    penalties: dict[str, float]
    bare: Gradients
    gradients: Gradients
    update: Update | None

    @property
    def m(self) -> int:
        """The number of examples."""
        return self.examples.m

    @property
    def cost(self) -> float:
        """J, penalties included."""
        return self.mean + sum(self.penalties.values())

    @property
    def strengths(self) -> dict[str, float]:
        """The lambda of each penalty, over the mean weight of the examples."""
        mean = mean_weight(self.examples)
        return {"l2": self.chosen.l2 / mean, "l1": self.chosen.l1 / mean}


def derive(
    net: Network,
    X: Array,
    Y: Array,
    w: Array | None = None,
    *,
    hyperparameters: Hyperparameters | None = None,
    state: TrainingState | None = None,
    dropout: bool = True,
    batches: int = 1,
    trained_on: int | None = None,
) -> Derivation:
    """Calculate one training step on examples, as one minibatch.

    Args:
        net: the network.
        X: A[0], (n[0], m).
        Y: targets, (n[L], m), as they are before label smoothing.
        w: weights of the examples, (1, m).
        hyperparameters: what it was trained with; by default gradient descent, alpha = 0.1.
        state: where training stands, with the optimizer's moments; by default at a start from here,
            step 1, all moments 0.
        dropout: whether dropout acts, with the masks that training would draw for this minibatch.
        batches: minibatches of an epoch, for schedules.
        trained_on: examples of an epoch, for schedules; by default those given.

    Raises:
        ShapeError: X, Y or w does not fit the network.
        DataError: the weights have no sum to divide by.
    """
    chosen = hyperparameters or PLAIN
    net.check_input(X)
    net.check_target(Y, int(X.shape[1]))
    wide = net.with_parameters(_wide_all(net.parameters))
    plain = Examples(_wide(X), _wide(Y), None if w is None else _wide(w))
    examples = smoothed(wide, plain, chosen.label_smoothing)
    at = _state(wide, chosen, state)
    epochs = (max(1, chosen.epochs), batches, trained_on or examples.m)
    masks = _masks(wide, chosen, at, examples.m, epochs) if dropout else ()
    strengths = {name: getattr(chosen, name) / mean_weight(examples) for name in ("l2", "l1")}
    with overflow_allowed(), threads_for(net.largest_layer * examples.m):
        cache = forward(wide, examples.X, masks)
        bare = backward(wide, cache, examples.Y, examples.w)
        full = backward(wide, cache, examples.Y, examples.w, **strengths)
        outer, delta, losses = _head(wide, cache, examples.Y)
        slopes = _slopes(wide, cache)
        update = updated(wide, full.parameters, chosen, at, epochs)
    return Derivation(
        given=net,
        net=wide,
        examples=examples,
        labels=np.asarray(plain.Y),
        chosen=chosen,
        state=at,
        known=state is not None,
        masks=masks,
        cache=cache,
        slopes=slopes,
        outer=outer,
        delta=delta,
        losses=losses,
        mean=mean_loss(losses, examples.w),
        penalties=_penalties(wide, strengths, examples.m),
        bare=bare,
        gradients=full,
        update=update,
    )


def _wide(array: Array) -> Matrix:
    array = array.toarray() if is_sparse(array) else array
    return np.ascontiguousarray(to_numpy(array), np.float64)


def _wide_all(parameters: Parameters) -> Parameters:
    return Parameters.from_arrays([_wide(array) for array in parameters.arrays()])


def _state(net: Network, chosen: Hyperparameters, state: TrainingState | None) -> TrainingState:
    """Return where training stands, with the network's own parameters, in float64."""
    if state is None:
        return TrainingState.start(net.parameters, moments_of(chosen), chosen.seed)
    moments = tuple(_wide_all(moment) for moment in state.moments)
    return replace(state, parameters=net.parameters, moments=moments)


def _masks(
    net: Network,
    chosen: Hyperparameters,
    state: TrainingState,
    m: int,
    epochs: tuple[int, int, int],
) -> tuple[Mask | None, ...]:
    """Draw the masks that training draws for the minibatch that comes next."""
    rates = [chosen.dropped(layer) for layer in range(net.L)]
    if not any(rates):
        return ()
    factor = factor_of(chosen.dropout_schedule, chosen, state, epochs)
    masks: list[Mask | None] = []
    for layer, rate in enumerate(rates):
        keep = 1.0 - factor * rate
        at: dict[str, Any] = {"epoch": state.epoch, "step": state.batch, "layer": layer}
        drawn = dropout_mask(net.n[layer], m, keep, state.seed, **at) if keep < 1 else None
        masks.append(None if drawn is None else Mask(drawn.astype(np.float64), keep))
    return tuple(masks)


def _head(net: Network, cache: Cache, Y: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return dA[L], dZ[L] of each example's own loss, and the losses."""
    L, options = net.L, net.cost_options
    ends = (net.activations[L], net.cost, cache.Z[L], cache.A[L], Y)
    outer = COSTS[net.cost].backward(cache.A[L], Y, **options)
    return outer, output_delta(*ends, **options), output_losses(*ends, **options)


def _slopes(net: Network, cache: Cache) -> dict[int, Matrix]:
    """Return g'(Z[l]): what dA[l] = 1 comes to; softmax has a Jacobian in its place."""
    return {
        layer: ACTIVATIONS[g].backward(np.ones_like(cache.Z[layer]), cache.Z[layer], cache.A[layer])
        for layer, g in enumerate(net.activations, start=1)
        if g != "softmax"
    }


def _penalties(net: Network, strengths: dict[str, float], m: int) -> dict[str, float]:
    penalty = {"l2": l2_penalty, "l1": l1_penalty}
    return {
        name: float(sum(penalty[name](W, strength, m) for W in net.W))
        for name, strength in strengths.items()
        if strength
    }
