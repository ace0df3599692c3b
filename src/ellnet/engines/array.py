"""The array engine: the notes' own recursion on whatever library X belongs to.

It is also the oracle that every faster engine is held to.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ellnet.arrays import (
    Array,
    in_precision,
    is_finite,
    is_sparse,
    move,
    namespace,
    overflow_allowed,
    threads_for,
    without_dust,
)
from ellnet.batches import Examples, dropout_mask, epoch_order, mean_weight, minibatches
from ellnet.engines.divergence import diagnose
from ellnet.engines.many import run_side_by_side
from ellnet.engines.protocol import AfterEpoch, Cache, Job, Mask, Run, Score, Watch
from ellnet.engines.recursion import backward, cost_of, forward, penalised, penalty_of
from ellnet.engines.rightness import right_ones
from ellnet.equations.optimizers import OPTIMIZERS, clip_by_norm
from ellnet.equations.penalties import max_norm
from ellnet.equations.schedules import SCHEDULES, Clock, warm_up
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters
from ellnet.state import TrainingState

__all__ = [
    "NAME",
    "backward",
    "cost",
    "cost_and_gradients",
    "describe",
    "forward",
    "predict",
    "run",
    "run_many",
]

NAME = "array"
SWEEP = 100
"""Steps after which, at the end of the epoch, what is too small ever to matter is set to zero."""

PASS = 8192
"""Examples in one pass over all of them: bounds the memory of the hidden layers."""


def describe(net: Network, chosen: Hyperparameters, *examples: Examples | None) -> str:
    """Return what a history says of the engine: its name."""
    del net, chosen, examples
    return NAME


def _passes(net: Network, X: Array) -> Iterator[tuple[slice, Cache]]:
    for part in minibatches(int(X.shape[1]), PASS):
        yield part, forward(net, in_precision(X[:, part], net.W[1]))


def _beside(net: Network, X: Array) -> Network:
    """Bring the network's parameters to the library and device of X; a sparse X goes with NumPy's."""
    if is_sparse(X) or type(net.W[1]) is type(X):
        return net
    return net.with_parameters(net.parameters.like(X))


def predict(net: Network, X: Array, *, n_threads: int | None = None) -> Array:
    """Return the output A[L], (n[L], m), for the inputs X, (n[0], m); m may be 0.

    Raises:
        ShapeError: X is not (n[0], m).
    """
    net.check_input(X)
    net = _beside(net, X)
    if X.shape[1] == 0:
        return namespace(net.W[1]).zeros((net.n[net.L], 0), dtype=net.W[1].dtype)
    with threads_for(net.largest_layer * min(int(X.shape[1]), PASS), n_threads):
        outputs = [cache.A[net.L] for _, cache in _passes(net, X)]
    return outputs[0] if len(outputs) == 1 else namespace(outputs[0]).concat(outputs, axis=1)


def cost(net: Network, examples: Examples) -> float:
    """Return the cost of the examples, without penalty.

    Raises:
        ShapeError: X or Y does not fit the network.
        DataError: the weights have no sum to divide by.
    """
    net.check_target(examples.Y, examples.m)
    net = _beside(net, examples.X)
    total = 0.0
    for part, cache in _passes(net, examples.X):
        piece = examples.part(part)
        if piece.weight > 0:
            Y = in_precision(piece.Y, net.W[1])
            total += piece.weight * cost_of(net, cache, Y, piece.w)
    return total / (examples.m * mean_weight(examples))


def cost_and_gradients(
    net: Network, examples: Examples, *, l2: float = 0.0
) -> tuple[float, Parameters]:
    """Return the cost of all examples, penalty included, and its gradients in float64's sum.

    Args:
        net: the network.
        examples: all of them; they are gone through in passes that bound the memory.
        l2: lambda of the L2 penalty.

    Raises:
        ShapeError: X or Y does not fit the network.
        DataError: the weights have no sum to divide by.
    """
    net.check_target(examples.Y, examples.m)
    net = _beside(net, examples.X)
    whole = examples.m * mean_weight(examples)
    total, sums = 0.0, [0 * theta for theta in net.parameters.arrays()]
    for part, cache in _passes(net, examples.X):
        piece = examples.part(part)
        if piece.weight > 0:
            Y, share = in_precision(piece.Y, net.W[1]), piece.weight / whole
            total += share * cost_of(net, cache, Y, piece.w)
            gradients = backward(net, cache, Y, piece.w).parameters.arrays()
            sums = [s + share * g for s, g in zip(sums, gradients, strict=True)]
    total += penalty_of(net, whole, l2=l2, l1=0.0)
    dWs = penalised(net, sums[0::2], whole, l2=l2, l1=0.0)
    return total, Parameters.of(dWs, sums[1::2])


@dataclass(frozen=True, eq=False)
class _Plan:
    """What stays the same through a call of `run`."""

    net: Network
    hyperparameters: Hyperparameters
    train: Examples
    weight: float
    strengths: Mapping[str, float]
    batches: tuple[slice, ...]

    @classmethod
    def of(cls, net: Network, hyperparameters: Hyperparameters, train: Examples) -> "_Plan":
        """The penalty counts weights, as the cost does: an example of weight 2 is two examples."""
        batches = tuple(minibatches(train.m, hyperparameters.examples_a_step(train.m)))
        mean = mean_weight(train)
        strengths = {"l2": hyperparameters.l2 / mean, "l1": hyperparameters.l1 / mean}
        return cls(net, hyperparameters, train, train.m * mean, strengths, batches)

    def factor(self, state: TrainingState, schedule: str) -> float:
        """Return what a schedule makes of its rate at this step."""
        row, chosen = SCHEDULES[schedule], self.hyperparameters
        epochs = max(1, chosen.epochs)
        steps = epochs * len(self.batches)
        clock = Clock(state.step, steps, state.epoch, epochs, self.train.m)
        values = {**vars(chosen), "cuts": state.cuts}
        return row.factor(clock, **{name: values[name] for name in row.options})

    def learning_rate(self, state: TrainingState) -> float:
        """Return the learning rate of this step, the warm-up included."""
        chosen = self.hyperparameters
        rate = chosen.learning_rate * self.factor(state, chosen.schedule)
        if chosen.warmup == 0 or "warmup" in SCHEDULES[chosen.schedule].options:
            return rate
        steps = max(1, chosen.epochs) * len(self.batches)
        return rate * warm_up(Clock(state.step, steps, 0, 1, 1), warmup=chosen.warmup)

    def masks(self, state: TrainingState, m: int) -> tuple[Mask | None, ...]:
        """Return the masks of dropout of this step's m examples; () where there is none."""
        chosen, L = self.hyperparameters, self.net.L
        rates = [chosen.dropped(layer) for layer in range(L)]
        if not any(rates):
            return ()
        factor = self.factor(state, chosen.dropout_schedule)
        return tuple(self._mask(state, m, layer, factor * rates[layer]) for layer in range(L))

    def _mask(self, state: TrainingState, m: int, layer: int, rate: float) -> Mask | None:
        if rate == 0:
            return None
        keep, n = 1.0 - rate, self.net.n[layer]
        at = {"epoch": state.epoch, "step": state.batch, "layer": layer}
        D = dropout_mask(n, m, keep, state.seed, **at)
        return Mask(move(D.astype(state.dtype), self.train.Y), keep)


def run(
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
    """Train for a number of epochs from a state (see `Engine.run`)."""
    net.check_input(train.X)
    net.check_target(train.Y, train.m)
    result = Run(state.like(train.Y))
    plan = _Plan.of(net, hyperparameters, train)
    products = net.largest_layer * hyperparameters.examples_a_step(train.m)
    with overflow_allowed(), threads_for(products, n_threads):
        for _ in range(epochs):
            result = _epoch(plan, result, watch)
            if result.divergence is not None or result.interrupted:
                break
            result, ends = _looked_at(
                net, result, validation, score=score, look=look, n_threads=n_threads
            )
            if ends:
                break
    return result


def _looked_at(
    net: Network,
    ran: Run,
    validation: Examples | None,
    *,
    score: Score | None,
    look: AfterEpoch | None,
    n_threads: int | None,
) -> tuple[Run, bool]:
    """Validate after an epoch, and look at what it came to; say whether the run is to end."""
    validated = scored = None
    if validation is not None:
        net = net.with_parameters(ran.state.parameters)
        validated = cost(net, validation)
        ran = replace(ran, validation_costs=(*ran.validation_costs, validated))
        if score is not None:
            scored = math.nan
            if math.isfinite(validated):
                A = predict(net, validation.X, n_threads=n_threads)
                right = score.of == "right"
                scored = score.number(right_ones(net, A, validation.Y) if right else A)
            ran = replace(ran, scores=(*ran.scores, scored))
    if look is None:
        return ran, False
    verdict = look(ran.costs[-1], validated, scored)
    return (replace(ran, best=ran.state.parameters) if verdict.keep else ran), verdict.end


def run_many(
    jobs: Sequence[Job],
    train: Examples,
    validation: Examples | None = None,
    *,
    n_threads: int | None = None,
) -> Iterator[tuple[int, Run]]:
    """Train several networks (see `Engine.run_many`), one after another: a BLAS has its own threads."""
    del n_threads
    return run_side_by_side(run, jobs, train, validation, n_threads=1)


def _epoch(plan: _Plan, begun: Run, watch: Watch | None) -> Run:
    """Take the minibatches that are left of the epoch under way."""
    state, good, iterations = begun.state, begun.good, list(begun.iterations)
    batches = plan.batches
    order = _order(plan, state)
    for part in batches[state.batch :]:
        if watch is not None and watch(state.batch, len(batches)):
            return replace(begun, state=state, iterations=tuple(iterations), interrupted=True)
        at = plan.net.with_parameters(state.parameters)
        batch = _minibatch(plan, part, order, at)
        J, gradients = _cost_and_gradients(plan, state, at, batch)
        if not math.isfinite(J):
            return replace(
                begun,
                state=good or state,
                iterations=tuple(iterations),
                divergence=diagnose(at, state, batch),
            )
        iterations.append(J)
        good, state = state, _step(plan, state, gradients, J * batch.weight)
    if not _whole(state):
        kept = good if good is not None and _whole(good) else begun.state
        found = diagnose(plan.net.with_parameters(state.parameters), state, batch, "moment")
        return replace(begun, state=kept, iterations=tuple(iterations), divergence=found)
    costs = (*begun.costs, state.epoch_cost / plan.weight)
    if state.step // SWEEP > (state.step - len(batches)) // SWEEP:
        state = _without_dust(state)
    ended = replace(state, epoch=state.epoch + 1, batch=0, epoch_cost=0.0)
    before = None if good is None else partial(_same, good)
    return replace(begun, state=ended, before=before, iterations=tuple(iterations), costs=costs)


def _same(state: TrainingState) -> TrainingState:
    return state


def _whole(state: TrainingState) -> bool:
    """Say whether parameters and moments are finite: an infinite moment would hold its weight still."""
    groups = (state.parameters, *state.moments)
    return is_finite(*(array for group in groups for array in group.arrays()))


def _without_dust(state: TrainingState) -> TrainingState:
    """Set to zero what is too small ever to matter, before it fades into subnormal numbers.

    Dead units' weights and moments decay by a factor each step; processors calculate with
    subnormal numbers many times slower. Of a parameter's moments none goes without the others: they
    stand in one quotient.
    """
    parameters = [without_dust(array)[0] for array in state.parameters.arrays()]
    columns = zip(*(moment.arrays() for moment in state.moments), strict=True)
    moments = zip(*(without_dust(*column) for column in columns), strict=True)
    return replace(
        state,
        parameters=Parameters.from_arrays(parameters),
        moments=tuple(Parameters.from_arrays(arrays) for arrays in moments),
    )


def _order(plan: _Plan, state: TrainingState) -> Array | None:
    """Return the epoch's order of the examples; None where it changes nothing."""
    if len(plan.batches) == 1 or not plan.hyperparameters.shuffle:
        return None
    return move(epoch_order(plan.train.m, state.seed, state.epoch), plan.train.Y)


def _minibatch(plan: _Plan, part: slice, order: Array | None, net: Network) -> Examples:
    batch = plan.train.part(part) if order is None else plan.train.take(order[part])
    W = net.W[1]
    return Examples(in_precision(batch.X, W), in_precision(batch.Y, W), batch.w)


def _cost_and_gradients(
    plan: _Plan, state: TrainingState, net: Network, batch: Examples
) -> tuple[float, Parameters]:
    cache = forward(net, batch.X, plan.masks(state, batch.m))
    J = cost_of(net, cache, batch.Y, batch.w) + penalty_of(net, batch.m, **plan.strengths)
    if not math.isfinite(J):
        return J, net.parameters
    gradients = backward(net, cache, batch.Y, batch.w, **plan.strengths).parameters
    if plan.hyperparameters.clip_norm:
        clipped = clip_by_norm(gradients.arrays(), plan.hyperparameters.clip_norm)
        gradients = Parameters.from_arrays(clipped)
    return J, gradients


def _step(
    plan: _Plan, state: TrainingState, gradients: Parameters, cost_sum: float
) -> TrainingState:
    """One step of the optimizer for every parameter array; the state given is left as it was."""
    optimizer = OPTIMIZERS[plan.hyperparameters.optimizer]
    for_W, for_b = _options(plan, state)
    stepped = [
        optimizer.step(theta, dtheta, moments, state.step + 1, **(for_b if k % 2 else for_W))
        for k, (theta, dtheta, *moments) in enumerate(
            zip(
                state.parameters.arrays(),
                gradients.arrays(),
                *(moment.arrays() for moment in state.moments),
                strict=True,
            )
        )
    ]
    thetas, moments = zip(*stepped, strict=True)
    return replace(
        state,
        parameters=_bounded(plan, Parameters.from_arrays(thetas)),
        moments=tuple(Parameters.from_arrays(column) for column in zip(*moments, strict=True)),
        step=state.step + 1,
        batch=state.batch + 1,
        epoch_cost=state.epoch_cost + cost_sum,
    )


def _options(plan: _Plan, state: TrainingState) -> tuple[dict[str, float], dict[str, float]]:
    """Return the optimizer's options for weights and for biases, which do not decay."""
    chosen = plan.hyperparameters
    names = OPTIMIZERS[chosen.optimizer].options
    options = {name: getattr(chosen, name) for name in names}
    options["learning_rate"] = plan.learning_rate(state)
    if "weight_decay" not in options:
        return options, options
    options["weight_decay"] *= plan.factor(state, chosen.weight_decay_schedule)
    return options, {**options, "weight_decay": 0.0}


def _bounded(plan: _Plan, parameters: Parameters) -> Parameters:
    """Hold the weights into each unit within the norm that is allowed."""
    largest = plan.hyperparameters.max_norm
    if not largest:
        return parameters
    return Parameters.of([max_norm(W, largest) for W in parameters.W], parameters.b)
