"""Dropout: units that are silent for a step, each with a probability (Srivastava et al., 2014)."""

from ellnet.arrays import Array

__all__ = ["dropout", "dropout_backward"]


def dropout(A: Array, D: Array, keep: float) -> Array:
    """Inverted dropout A := A * D / keep (eq. 17.1): what is kept grows, so that the mean stays.

    Args:
        A: activations of a layer, (n[l], m).
        D: 1 where a unit is kept for an example and 0 where it is dropped, (n[l], m).
        keep: the probability that a unit is kept, above 0.
    """
    return A * (D * (1.0 / keep))


def dropout_backward(dA: Array, D: Array, keep: float) -> Array:
    """Dropout's derivative dA := dA * D / keep (eq. 17.2), with the mask of the forward pass."""
    return dA * (D * (1.0 / keep))
