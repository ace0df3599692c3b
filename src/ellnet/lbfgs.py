"""L-BFGS: full-batch training by SciPy's quasi-Newton method, with our cost and gradients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, in_precision, move, to_numpy
from ellnet.batches import Examples
from ellnet.engines import Divergence, Engine
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters

__all__ = ["Descent", "minimize"]

USUAL_FALL = 1e7 * float(np.finfo(np.float64).eps)
"""Relative fall of the cost in an iteration below which it has converged; without tol it never has."""

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Descent:
    """How L-BFGS ended.

    Attributes:
        reason: "converged"; "epochs" where the iterations or the evaluations allowed were used up;
            "stuck" where no lower cost was found along the line of search.
        message: SciPy's own words.
        evaluations: how often the cost was computed.
        divergence: where the very first cost was not finite, or None.
    """

    reason: str
    message: str
    evaluations: int
    divergence: Divergence | None = None


def minimize(
    engine: Engine,
    net: Network,
    examples: Examples,
    hyperparameters: Hyperparameters,
    *,
    iterations: int,
    look: Callable[[Parameters, float], bool],
) -> Descent:
    """Minimise the cost of all examples by L-BFGS (Liu and Nocedal, 1989), from the net's parameters.

    Args:
        engine: computes the cost and its gradients.
        net: the network at the start.
        examples: all of them.
        hyperparameters: `tol` bounds the largest entry of the gradient at the end, `max_fun` the
            evaluations.
        iterations: at most so many.
        look: called after each iteration with its parameters and cost; true ends the descent.
    """
    from scipy.optimize import minimize as scipy_minimize  # noqa: PLC0415 - most runs need none

    strength = hyperparameters.l2

    def evaluate(x: Vector) -> tuple[float, Vector]:
        at = net.with_parameters(unpack(x, net.parameters))
        cost, gradients = engine.cost_and_gradients(at, examples, l2=strength)
        return cost, pack(gradients)

    def after(intermediate_result: Any) -> None:
        result = intermediate_result
        if look(unpack(result.x, net.parameters), float(result.fun)):
            raise StopIteration

    start = pack(net.parameters)
    if not np.isfinite(evaluate(start)[0]):
        trouble = Divergence(0, 0, net.L, "cost", -1, float("nan"))
        return Descent("diverged", "the first cost is not finite", 1, trouble)
    found = scipy_minimize(
        evaluate,
        start,
        method="L-BFGS-B",
        jac=True,
        callback=after,
        options={
            "maxiter": iterations,
            "maxfun": hyperparameters.max_fun,
            "gtol": hyperparameters.tol,
            "ftol": USUAL_FALL if hyperparameters.tol > 0 else 0.0,
        },
    )
    reason = {0: "converged", 1: "epochs"}.get(int(found.status), "stuck")
    return Descent(reason, str(found.message), int(found.nfev))


def pack(parameters: Parameters) -> Vector:
    """Lay all parameters out in one vector, W[1], b[1], ..., W[L], b[L], row by row."""
    return np.concatenate([to_numpy(array).reshape(-1) for array in parameters.arrays()]).astype(
        np.float64
    )


def unpack(x: Vector, like: Parameters) -> Parameters:
    """Return the parameters that `pack` laid out, in the precision and library of `like`."""
    arrays: list[Array] = []
    start = 0
    for array in like.arrays():
        rows, columns = array.shape
        piece = x[start : start + rows * columns].reshape(rows, columns).copy()
        arrays.append(in_precision(move(piece, array), array))
        start += rows * columns
    return Parameters.from_arrays(arrays)
