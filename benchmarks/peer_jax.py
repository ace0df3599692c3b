"""JAX: an epoch is one compiled function, a scan over the steps."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from benchmarks.entrants import Entrant
from benchmarks.nets import LEARNING_RATE, Material, Net

__all__ = ["Measured"]

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


def logits(parameters: Any, X: Any) -> Any:
    """Return Z[L] as rows."""
    *hidden, (W, b) = parameters
    for V, c in hidden:
        X = jax.nn.relu(X @ V + c)
    return X @ W + b


def cost(parameters: Any, X: Any, Y: Any) -> Any:
    """Return the mean cross-entropy."""
    Z = logits(parameters, X)
    if Y.shape[1] == 1:
        return jnp.mean(jnp.logaddexp(0.0, Z) - Y * Z)
    return -jnp.mean(jnp.sum(Y * jax.nn.log_softmax(Z), axis=1))


def epoch(state: Any, X: Any, Y: Any, order: Any) -> tuple[Any, Any]:
    """Train for an epoch: `order` (steps, batch) names the examples of each step."""

    def step(state: Any, index: Any) -> tuple[Any, Any]:
        parameters, m, v, t = state
        t = t + 1
        J, gradients = jax.value_and_grad(cost)(parameters, X[index], Y[index])
        m = jax.tree.map(lambda a, g: BETA_1 * a + (1 - BETA_1) * g, m, gradients)
        v = jax.tree.map(lambda a, g: BETA_2 * a + (1 - BETA_2) * g * g, v, gradients)
        rate, scale = LEARNING_RATE / (1 - BETA_1**t), 1 / (1 - BETA_2**t)
        parameters = jax.tree.map(
            lambda p, a, b: p - rate * a / (jnp.sqrt(b * scale) + EPSILON), parameters, m, v
        )
        return (parameters, m, v, t), J

    return jax.lax.scan(step, state, order)  # type: ignore[no-any-return]


class Measured:
    """NumPy draws the order of an epoch: it takes a tenth of the time that JAX takes for it."""

    def __init__(self, entrant: Entrant) -> None:
        """Take as many threads as the process has cores."""
        del entrant
        self._random = np.random.default_rng(0)
        self._epoch = jax.jit(epoch, donate_argnums=0)

    def prepare(self, net: Net, given: Material) -> None:
        """Move data and parameters to JAX, the weights transposed; moments begin at 0."""
        pairs = zip(given.parameters.W, given.parameters.b, strict=True)
        parameters = [(jnp.asarray(W.T), jnp.asarray(b[:, 0])) for W, b in pairs]
        zeros = [jax.tree.map(jnp.zeros_like, parameters) for _ in range(2)]
        self._state = (parameters, *zeros, jnp.float32(0))
        self._X, self._Y = jnp.asarray(given.X), jnp.asarray(given.targets(net.n[-1]))
        self._shape = (net.steps, net.batch)

    def train(self, epochs: int) -> None:
        """Train for whole epochs."""
        for _ in range(epochs):
            order = self._random.permutation(len(self._X)).astype(np.int32)
            self._state, J = self._epoch(self._state, self._X, self._Y, order.reshape(self._shape))
        jax.block_until_ready((self._state, J))

    def outputs(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return A[L] as rows."""
        Z = logits(self._state[0], X)
        A = jax.nn.sigmoid(Z) if Z.shape[1] == 1 else jax.nn.softmax(Z)
        return np.asarray(A)

    def predict(self, rows: int, calls: int) -> None:
        """It takes no part in that."""
        raise NotImplementedError(f"JAX is not asked to predict {rows} rows {calls} times")
