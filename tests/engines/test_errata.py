"""The errata of the lecture notes' source (N7): each printed form is shown to be wrong."""

import numpy as np
import pytest

from ellnet.engines import Cache, Gradients, engine
from ellnet.equations.linear import linear_backward
from ellnet.network import Network, initial_parameters


def passes(n: tuple[int, ...], m: int = 6) -> tuple[Network, Cache, Gradients]:
    """A network with one forward and one backward pass."""
    random = np.random.default_rng(1)
    activations = ("tanh",) * (len(n) - 2) + ("sigmoid",)
    net = Network(
        n, activations, "binary_cross_entropy", initial_parameters(n, activations, dtype=np.float64)
    )
    X = random.standard_normal((n[0], m))
    Y = (random.random((n[-1], m)) > 0.5).astype(float)
    cache = engine().forward(net, X)
    return net, cache, engine().backward(net, cache, Y)


@pytest.mark.parametrize("layer", [1, 3])
def test_1_the_gradient_needs_the_inputs_of_the_layer_not_its_outputs(layer):
    """dW[l] = (1/m) dZ[l] A[l]^T has the wrong shape where n[l] differs from n[l-1]."""
    _, cache, gradients = passes((4, 5, 3, 2))

    printed = gradients.dZ[layer] @ cache.A[layer].T / 6

    assert printed.shape != gradients.dW[layer].shape


@pytest.mark.parametrize("layer", [1, 3])
def test_1_where_the_shapes_agree_the_printed_form_is_silently_wrong(layer):
    """With equal widths the printed form has the right shape and other numbers."""
    _, cache, gradients = passes((3, 3, 3, 3))

    printed = gradients.dZ[layer] @ cache.A[layer].T / 6
    right = gradients.dZ[layer] @ cache.inputs(layer).T / 6

    assert printed.shape == gradients.dW[layer].shape
    assert not np.allclose(printed, gradients.dW[layer], rtol=0.1)
    assert right == pytest.approx(gradients.dW[layer], rel=1e-12)


def test_2_the_weights_carry_the_gradient_back_and_not_their_own_gradient():
    """dZ[L-1] = dW[L]^T dZ[L] g'[L](Z[L-1]) is wrong in each of its three ways."""
    net, cache, gradients = passes((3, 4, 4, 4))
    dZ, Z, A = gradients.dZ[3], cache.Z[2], cache.A[2]
    tanh, sigmoid = 1 - A**2, 1 / (1 + np.exp(-Z)) * (1 - 1 / (1 + np.exp(-Z)))

    right = (net.W[3].T @ dZ) * tanh

    assert right == pytest.approx(gradients.dZ[2], rel=1e-12)
    assert not np.allclose((gradients.dW[3].T @ dZ) * tanh, right, rtol=0.1)
    assert not np.allclose((net.W[3].T @ dZ) * sigmoid, right, rtol=0.1)
    with pytest.raises(ValueError, match="matmul"):
        (net.W[3].T @ dZ) @ tanh


def test_2_with_as_many_examples_as_units_the_matrix_product_is_silently_wrong():
    """All three ways of the printed form keep the shape then, alone and together."""
    net, cache, gradients = passes((3, 4, 4, 4), m=4)
    dZ, Z, A = gradients.dZ[3], cache.Z[2], cache.A[2]
    tanh, sigmoid = 1 - A**2, 1 / (1 + np.exp(-Z)) * (1 - 1 / (1 + np.exp(-Z)))

    printed = [
        (net.W[3].T @ dZ) @ tanh,
        (gradients.dW[3].T @ dZ) * tanh,
        (net.W[3].T @ dZ) * sigmoid,
        (gradients.dW[3].T @ dZ) @ sigmoid,
    ]

    for wrong in printed:
        assert wrong.shape == gradients.dZ[2].shape
        assert not np.allclose(wrong, gradients.dZ[2], rtol=0.1)


def test_2_where_the_widths_differ_the_right_form_has_the_right_shape():
    """dW[L]^T would have it too, W[L] without its transpose not."""
    net, _, gradients = passes((3, 5, 4, 2))

    assert (net.W[3].T @ gradients.dZ[3]).shape == gradients.dZ[2].shape
    assert (gradients.dW[3].T @ gradients.dZ[3]).shape == gradients.dZ[2].shape
    with pytest.raises(ValueError, match="matmul"):
        net.W[3] @ gradients.dZ[3]


def test_3_the_first_layer_s_gradient_comes_through_the_second_layer_s_weights():
    """dZ[1] with dW[L]^T dZ[2] is wrong, in shape or in numbers."""
    net, cache, gradients = passes((3, 4, 4, 4))
    tanh = 1 - cache.A[1] ** 2

    right = (net.W[2].T @ gradients.dZ[2]) * tanh

    assert right == pytest.approx(gradients.dZ[1], rel=1e-12)
    assert not np.allclose((gradients.dW[3].T @ gradients.dZ[2]) * tanh, right, rtol=0.1)
    assert not np.allclose((net.W[3].T @ gradients.dZ[2]) * tanh, right, rtol=0.1)
    other, _, uneven = passes((3, 5, 4, 2))
    with pytest.raises(ValueError, match="matmul"):
        uneven.dW[3].T @ uneven.dZ[2]
    assert (other.W[2].T @ uneven.dZ[2]).shape == uneven.dZ[1].shape


def test_4_of_one_example_the_gradient_is_an_outer_product():
    """dz[l] . a[l-1] without the transpose is refused where the widths differ."""
    _, cache, gradients = passes((4, 5, 3, 2), m=1)
    dz, a = gradients.dZ[2], cache.A[1]

    assert gradients.dW[2] == pytest.approx(dz @ a.T, rel=1e-15)
    with pytest.raises(ValueError, match="matmul"):
        dz @ a
    with pytest.raises(ValueError, match="broadcast"):
        dz * a


def test_4_where_the_widths_agree_what_is_printed_is_silently_wrong():
    """Of flat vectors it is a number, of columns elementwise a column: W less either has W's shape."""
    net, cache, gradients = passes((3, 3, 3, 3), m=1)
    dz, a, W = gradients.dZ[2], cache.A[1], net.W[2]
    right = W - 0.1 * gradients.dW[2]

    for printed in (np.dot(dz[:, 0], a[:, 0]), dz * a):
        assert np.shape(printed) != gradients.dW[2].shape
        assert (W - 0.1 * printed).shape == W.shape
        assert not np.allclose(W - 0.1 * printed, right, rtol=1e-3)


def test_5_without_keepdims_the_bias_gradient_loses_its_column():
    """The misspelt argument is refused; without it db[l] is no column and broadcasts wrongly."""
    dZ = np.arange(9.0).reshape(3, 3)

    with pytest.raises(TypeError, match="keepdim"):
        np.sum(dZ, axis=1, keepdim=True)  # type: ignore[call-overload]
    flat = np.sum(dZ, axis=1) / 3
    column = linear_backward(dZ, dZ)[1]
    assert flat.shape == (3,)
    assert column.shape == (3, 1)
    assert (np.zeros((3, 1)) - flat).shape == (3, 3)


def test_5_a_flat_bias_gradient_goes_on_silently():
    """b[l] less it is a matrix, which W[l] A[l-1] takes where there are as many examples as units."""
    net, cache, gradients = passes((4, 3, 2), m=3)
    flat = np.sum(gradients.dZ[1], axis=1) / 3

    b = net.b[1] - flat
    Z = net.W[1] @ cache.X + b

    assert b.shape == (3, 3)
    assert Z.shape == cache.Z[1].shape
    assert not np.allclose(Z, net.W[1] @ cache.X + (net.b[1] - gradients.db[1]), rtol=1e-3)
