"""Where a run met the first number that is not finite."""

from ellnet.arrays import Array, is_finite, largest_in_rows, namespace
from ellnet.batches import Examples
from ellnet.engines.protocol import Divergence
from ellnet.engines.recursion import forward
from ellnet.network import Network
from ellnet.state import TrainingState

__all__ = ["diagnose"]


def diagnose(
    net: Network, state: TrainingState, batch: Examples, otherwise: str = "cost"
) -> Divergence:
    """Find the layer that held the first number that is not finite.

    Args:
        net: the network at the state.
        state: where training stood.
        batch: the minibatch whose cost was not finite.
        otherwise: what to name where every W, b, Z and A is finite.
    """
    feature, largest = _largest_input(batch.X)
    cache = forward(net, batch.X)
    quantities = (("W", net.W), ("b", net.b), ("Z", cache.Z), ("A", cache.A))
    found = next(
        (
            (layer, name)
            for layer in range(1, net.L + 1)
            for name, layers in quantities
            if not is_finite(layers[layer])
        ),
        (net.L, otherwise),
    )
    return Divergence(state.epoch, state.step, *found, feature, largest)


def _largest_input(X: Array) -> tuple[int, float]:
    largest = largest_in_rows(X)
    feature = int(namespace(largest).argmax(largest))
    return feature, float(largest[feature])
