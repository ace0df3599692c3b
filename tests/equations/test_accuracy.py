"""Activations to the last digits for |z| up to 1e4, against decimals of sixty digits."""

import decimal
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from ellnet.equations.activations import ACTIVATIONS

D = Decimal
WIDE = decimal.Context(prec=60, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX)
PI = D("3.14159265358979323846264338327950288419716939937510582097494")
SELU, SELU_ALPHA = D("1.0507009873554804934193349852946"), D("1.6732632423543772848170429916717")
CUBE = D("0.044715")

RAMP = np.geomspace(1e-6, 1e4, 60)
VALUE_ROUNDINGS, SLOPE_ROUNDINGS = 2, 24
"""How many roundings a value may be off, of its own size and of z times its slope; and a slope, of 1."""


def sigma(z: Decimal) -> Decimal:
    """The sigmoid."""
    return 1 / (1 + (-z).exp()) if z >= 0 else z.exp() / (1 + z.exp())


def tanh(z: Decimal) -> Decimal:
    """The hyperbolic tangent of the larger side, which does not cancel far out."""
    return 1 - 2 * sigma(-2 * z) if z > 0 else 2 * sigma(2 * z) - 1


def log1p(x: Decimal) -> Decimal:
    """log(1 + x), also where x would be lost beside 1."""
    return x - x * x / 2 + x * x * x / 3 if x < D("1e-20") else (1 + x).ln()


def softplus(z: Decimal) -> Decimal:
    """log(1 + exp(z))."""
    return max(z, D(0)) + log1p((-abs(z)).exp())


def tanh_of_softplus(z: Decimal) -> Decimal:
    """((1 + e)^2 - 1) / ((1 + e)^2 + 1), e = exp(z), with the square written out."""
    e = z.exp()
    return e * (e + 2) / (e * (e + 2) + 2)


def gelu_u(z: Decimal) -> Decimal:
    """What GELU's sigmoid takes."""
    return 2 * (2 / PI).sqrt() * (z + CUBE * z**3)


def gelu_slope(z: Decimal) -> Decimal:
    """The product rule on z sigma(u)."""
    s, up = sigma(gelu_u(z)), 2 * (2 / PI).sqrt() * (1 + 3 * CUBE * z * z)
    return s + z * s * sigma(-gelu_u(z)) * up


def mish_slope(z: Decimal) -> Decimal:
    """The product rule on z tanh(softplus(z)); 1 - tanh^2 is 4 (1 + e)^2 / ((1 + e)^2 + 1)^2."""
    e = z.exp()
    return tanh_of_softplus(z) + z * 4 * (1 + e) * e / (e * (e + 2) + 2) ** 2


Real = Callable[[Decimal], Decimal]

EXACT: dict[str, tuple[Real, Real]] = {
    "sigmoid": (sigma, lambda z: sigma(z) * sigma(-z)),
    "tanh": (tanh, lambda z: 4 * sigma(2 * z) * sigma(-2 * z)),
    "relu": (lambda z: max(z, D(0)), lambda z: D(z > 0)),
    "leaky_relu": (lambda z: max(z, z / 100), lambda z: D(1) if z > 0 else D("0.01")),
    "identity": (lambda z: z, lambda _: D(1)),
    "elu": (lambda z: z if z > 0 else z.exp() - 1, lambda z: min(z, D(0)).exp()),
    "selu": (
        lambda z: SELU * (z if z > 0 else SELU_ALPHA * (z.exp() - 1)),
        lambda z: SELU if z > 0 else SELU * SELU_ALPHA * z.exp(),
    ),
    "gelu": (lambda z: z * sigma(gelu_u(z)), gelu_slope),
    "silu": (lambda z: z * sigma(z), lambda z: sigma(z) + z * sigma(z) * sigma(-z)),
    "mish": (lambda z: z * tanh_of_softplus(z), mish_slope),
    "softplus": (softplus, sigma),
    "softsign": (lambda z: z / (1 + abs(z)), lambda z: 1 / (1 + abs(z)) ** 2),
    "hard_sigmoid": (
        lambda z: min(max(z / 6 + D("0.5"), D(0)), D(1)),
        lambda z: D(1) / 6 if abs(z) < 3 else D(0),
    ),
    "exponential": (lambda z: z.exp(), lambda z: z.exp()),
}
"""Value and derivative of one unit."""


@pytest.fixture(autouse=True)
def wide():
    """Numbers far beyond those of floats, with sixty digits."""
    with decimal.localcontext(WIDE):
        yield


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", EXACT)
def test_values_and_slopes_are_right_to_rounding(name, dtype):
    """From -1e4 to 1e4, or to where the exponential overflows; what vanishes does so to a tiny number."""
    top = {np.float32: 88.0, np.float64: 700.0}[dtype] if name == "exponential" else 1e4
    Z = np.concatenate([-RAMP, [0.0], RAMP[top >= RAMP]]).astype(dtype)[None, :]
    value, slope = EXACT[name]
    eps, tiny = D(float(np.finfo(dtype).eps)), D(float(np.finfo(dtype).tiny))

    A = ACTIVATIONS[name].value(Z)
    dZ = ACTIVATIONS[name].backward(np.ones_like(Z), Z, A)

    for z, a, d in zip(Z[0], A[0], dZ[0], strict=True):
        at = D(float(z))
        f, df = value(at), slope(at)
        assert abs(D(float(a)) - f) <= VALUE_ROUNDINGS * eps * (abs(f) + abs(at * df)) + tiny, z
        assert abs(D(float(d)) - df) <= SLOPE_ROUNDINGS * eps * max(abs(df), D(1)) + tiny, z


def test_all_but_softmax_are_held_to_it():
    """Its units depend on one another."""
    assert set(EXACT) == set(ACTIVATIONS) - {"softmax"}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_is_right_to_rounding(dtype):
    """Of three units up to 1e4 apart, against quotients of decimal exponentials."""
    random = np.random.default_rng(0)
    Z = (random.standard_normal((3, 200)) * np.geomspace(1e-3, 3e3, 200)).astype(dtype)

    A = ACTIVATIONS["softmax"].value(Z)

    eps, tiny = D(float(np.finfo(dtype).eps)), D(float(np.finfo(dtype).tiny))
    for z, a in zip(Z.T, A.T, strict=True):
        e = [D(float(each)).exp() for each in z]
        apart = D(float(np.max(z) - np.min(z)))
        for found, each in zip(a, e, strict=True):
            right = each / sum(e)
            assert abs(D(float(found)) - right) <= (3 + apart) * eps * right + tiny
