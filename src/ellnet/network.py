"""Network: the architecture of an L-layer network and its parameters, in the shapes of the notes.

Layers are numbered from 1; the input is layer 0 and is not counted (N1). W[l] is (n[l], n[l-1]) and
b[l] is (n[l], 1), whatever the number of examples (N3).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from ellnet.arrays import Array, move, precision
from ellnet.drawings import parameters_html
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS, check_options, check_pair
from ellnet.equations.initializers import INITIALIZERS, suited
from ellnet.errors import DataError, HyperparameterError, LayerError, ShapeError
from ellnet.randomness import Stream, generator
from ellnet.shapes import shape_chain

__all__ = ["Layers", "Network", "Parameters", "ShapeRow", "check_shape", "initial_parameters"]

T = TypeVar("T")


class Layers(Generic[T]):
    """One value for each layer 1..L, asked for by its number: `W[1]`, ..., `W[L]`."""

    def __init__(self, values: Iterable[T], name: str = "layer") -> None:
        """Take the values of layers 1, 2, ... in order; `name` is what messages call them."""
        self._values = tuple(values)
        self._name = name

    def __getitem__(self, layer: int) -> T:
        """Return the value of layer `layer`, 1..L.

        Raises:
            LayerError: there is no such layer.
        """
        if 1 <= layer <= len(self._values):
            return self._values[layer - 1]
        why = "; layer 0 is the input, which has none of its own" if layer == 0 else ""
        raise LayerError(
            f"{self._name}[{layer}] does not exist: layers are numbered 1..{len(self)}{why}"
        )

    def __iter__(self) -> Iterator[T]:
        """Go through the values from layer 1 to layer L."""
        return iter(self._values)

    def __len__(self) -> int:
        """Return the number of layers, L."""
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        """Two are equal when their values are."""
        return isinstance(other, Layers) and self._values == other._values

    def __hash__(self) -> int:
        """Hash by value."""
        return hash(self._values)

    def __repr__(self) -> str:
        """Show the values with their layer numbers."""
        inside = ", ".join(f"{layer}: {value!r}" for layer, value in enumerate(self, start=1))
        return f"{self._name}[{inside}]"


@dataclass(frozen=True, eq=False)
class Parameters:
    """W[l], (n[l], n[l-1]), and b[l], (n[l], 1), of every layer; also anything of their shapes."""

    W: Layers[Array]
    b: Layers[Array]

    @classmethod
    def of(cls, W: Iterable[Array], b: Iterable[Array]) -> Self:
        """Build from the arrays of layers 1, 2, ... in order."""
        return cls(Layers(W, "W"), Layers(b, "b"))

    def arrays(self) -> tuple[Array, ...]:
        """Return W[1], b[1], W[2], b[2], ..., W[L], b[L]."""
        return tuple(array for pair in zip(self.W, self.b, strict=True) for array in pair)

    @classmethod
    def from_arrays(cls, arrays: Sequence[Array]) -> Self:
        """Build from what `arrays` returns."""
        return cls.of(arrays[0::2], arrays[1::2])

    def zeros(self) -> Self:
        """Return zeros of the same shapes, dtype, library and device."""
        return self.from_arrays([0 * array for array in self.arrays()])

    def like(self, other: Array) -> Self:
        """Return the same numbers in the library and on the device of `other`."""
        return self.from_arrays([move(array, other) for array in self.arrays()])


@dataclass(frozen=True)
class ShapeRow:
    """One row of the notes' table of dimensions (N3)."""

    layer: int
    quantity: str
    shape: tuple[int, int]
    rule: str


def check_shape(
    quantity: str,
    array: Array,
    required: tuple[int, int],
    rule: str,
    *,
    n: Sequence[int] = (),
    m: int | None = None,
) -> None:
    """Refuse an array whose shape is not the required one (N3).

    Args:
        quantity: its name, such as W[2].
        array: what came.
        required: the shape required.
        rule: the same in letters.
        n: units of each layer; with them the message shows the whole chain of shapes.
        m: the number of examples, for the chain.

    Raises:
        ShapeError: names the quantity with its layer, the rule, the shape required and that found.
    """
    found = tuple(array.shape)
    if found != required:
        chain = f"; {shape_chain(n, quantity.partition(' ')[0], found, m)}" if n else ""
        raise ShapeError(f"{quantity} must have shape {rule} = {required}, got {found}{chain}")


class Network:
    """An L-layer network: n[0..L] units, activations g[1..L], a cost, and the parameters."""

    def __init__(
        self,
        n: Sequence[int],
        activations: Sequence[str],
        cost: str,
        parameters: Parameters | None = None,
        *,
        cost_options: Mapping[str, Any] | None = None,
    ) -> None:
        """Build the network.

        Args:
            n: units of each layer, n[0] (the input features) to n[L].
            activations: g[1] to g[L] by name, one a layer.
            cost: the cost by name; it has to go with g[L].
            parameters: W and b in the shapes of N3; by default the initial ones that suit the
                activations, of seed 0, in float32.
            cost_options: the options of the cost that are not to have their defaults, by name.

        Raises:
            HyperparameterError: a size, name or pair that is not allowed.
            ShapeError: parameters of the wrong shape.
            DataError: parameters of more than one precision; names the layers.
        """
        _check_architecture(n, activations, cost)
        self.n = tuple(int(units) for units in n)
        self.activations = Layers(activations, "activations")
        self.cost = cost
        self.cost_options = check_options(cost, cost_options or {}, self.n[-1])
        self.parameters = parameters or initial_parameters(self.n, activations)
        self._check_parameters()

    @property
    def L(self) -> int:
        """The number of layers; the input is not counted."""
        return len(self.n) - 1

    @property
    def W(self) -> Layers[Array]:
        """The weights: W[l] is (n[l], n[l-1])."""
        return self.parameters.W

    @property
    def b(self) -> Layers[Array]:
        """The biases: b[l] is (n[l], 1)."""
        return self.parameters.b

    @property
    def size(self) -> int:
        """The number of parameters, weights and biases together."""
        n = self.n
        return sum(n[layer] * (n[layer - 1] + 1) for layer in range(1, self.L + 1))

    @property
    def largest_layer(self) -> int:
        """The number of weights of the layer that has most."""
        return max(out * inputs for out, inputs in zip(self.n[1:], self.n, strict=False))

    def with_parameters(self, parameters: Parameters) -> "Network":
        """Return the same architecture with other parameters."""
        g, options = tuple(self.activations), self.cost_options
        return Network(self.n, g, self.cost, parameters, cost_options=options)

    def upto(self, layer: int) -> "Network":
        """Return the network of the layers 1..`layer` alone, whose output is A[layer]."""
        n, g = self.n[: layer + 1], tuple(self.activations)[:layer]
        arrays = self.parameters.arrays()[: 2 * layer]
        return Network(n, g, "squared_error", Parameters.from_arrays(arrays))

    def without_output_activation(self) -> "Network":
        """Return the network whose output is Z[L]: log-odds, where A[L] are probabilities."""
        g = (*tuple(self.activations)[:-1], "identity")
        return Network(self.n, g, "squared_error", self.parameters)

    def shapes(self, m: int) -> list[ShapeRow]:
        """Return the table of dimensions (N3) for m examples, layer by layer."""
        rows = [ShapeRow(0, "X = A[0]", (self.n[0], m), "(n[0], m)")]
        for layer in range(1, self.L + 1):
            out, inputs = f"n[{layer}]", f"n[{layer - 1}]"
            weights, biases = (self.n[layer], self.n[layer - 1]), (self.n[layer], 1)
            rows += [
                ShapeRow(layer, f"W[{layer}], dW[{layer}]", weights, f"({out}, {inputs})"),
                ShapeRow(layer, f"b[{layer}], db[{layer}]", biases, f"({out}, 1)"),
                ShapeRow(
                    layer,
                    f"Z[{layer}], A[{layer}], dZ[{layer}], dA[{layer}]",
                    (self.n[layer], m),
                    f"({out}, m)",
                ),
            ]
        return rows

    def check_input(self, X: Array) -> None:
        """Refuse an input that is not (n[0], m).

        Raises:
            ShapeError: names the shape found and the shape required.
        """
        if len(X.shape) != 2:
            raise ShapeError(
                f"X = A[0] must have shape (n[0], m) = ({self.n[0]}, m), one example a column, "
                f"got {tuple(X.shape)}; {shape_chain(self.n, 'X', tuple(X.shape))}"
            )
        m = int(X.shape[1])
        check_shape("X = A[0]", X, (self.n[0], m), "(n[0], m)", n=self.n, m=m)

    def check_target(self, Y: Array, m: int) -> None:
        """Refuse a target that is not (n[L], m).

        Raises:
            ShapeError: names the shape found and the shape required.
        """
        check_shape("Y", Y, (self.n[self.L], m), f"(n[{self.L}], m)", n=self.n, m=m)

    def _check_parameters(self) -> None:
        for name, layers in (("W", self.W), ("b", self.b)):
            if len(layers) != self.L:
                raise ShapeError(
                    f"{name} must have one array for each of the L = {self.L} layers, "
                    f"got {len(layers)}"
                )
        for layer in range(1, self.L + 1):
            out, inputs = self.n[layer], self.n[layer - 1]
            rule = f"(n[{layer}], n[{layer - 1}])"
            check_shape(f"W[{layer}]", self.W[layer], (out, inputs), rule, n=self.n)
            check_shape(f"b[{layer}]", self.b[layer], (out, 1), f"(n[{layer}], 1)", n=self.n)
        _check_precision(self.parameters)

    def __repr__(self) -> str:
        """Show the architecture."""
        options = f", cost_options={self.cost_options}" if self.cost_options else ""
        return f"Network(n={self.n}, activations={tuple(self.activations)}, cost={self.cost!r}{options})"

    def _repr_html_(self) -> str:
        """Show the architecture and the spread of the parameters in a notebook."""
        g = tuple(self.activations)
        return parameters_html(self.n, g, self.cost, tuple(self.W), tuple(self.b))


def _check_precision(parameters: Parameters) -> None:
    """Refuse parameters of which some are float32 and some float64."""
    dtype = parameters.W[1].dtype
    if all(array.dtype == dtype for array in parameters.arrays()):
        return
    names: dict[str, list[str]] = {}
    for number, array in enumerate(parameters.arrays()):
        names.setdefault(precision(array), []).append(f"{'Wb'[number % 2]}[{number // 2 + 1}]")
    if len(names) == 1:
        return
    found = " and ".join(f"{dtype} in {_listed(those)}" for dtype, those in names.items())
    raise DataError(
        f"all parameters W and b must have one precision, got {found}; convert them to one, such as "
        f"by W.astype({next(iter(names))!r})"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _whole(units: Any) -> bool:
    whole = isinstance(units, int | np.integer) and not isinstance(units, bool)
    return whole and bool(units >= 1)


def _check_architecture(n: Sequence[int], activations: Sequence[str], cost: str) -> None:
    if len(n) < 2:
        raise HyperparameterError(
            f"n must name the units of the input and of at least one layer, got {tuple(n)}"
        )
    for layer, units in enumerate(n):
        if not _whole(units):
            raise HyperparameterError(
                f"n[{layer}] must be a whole number of units, at least 1, got {units!r}"
            )
    if len(activations) != len(n) - 1:
        raise HyperparameterError(
            f"there must be one activation for each of the L = {len(n) - 1} layers, "
            f"got {len(activations)}"
        )
    for layer, activation in enumerate(activations, start=1):
        if activation not in ACTIVATIONS:
            raise HyperparameterError(
                f"g[{layer}] must be one of {', '.join(ACTIVATIONS)}, got {activation!r}"
            )
    if cost not in COSTS:
        raise HyperparameterError(f"cost must be one of {', '.join(COSTS)}, got {cost!r}")
    check_pair(activations[-1], cost)
    if cost == "categorical_cross_entropy" and n[-1] == 1:
        raise HyperparameterError(
            "softmax over one output unit is always 1, got n[L] = 1; use sigmoid for one answer of yes "
            "or no, or give the output layer a unit for each class"
        )


def initial_parameters(
    n: Sequence[int],
    activations: Sequence[str],
    initialization: str = "auto",
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> Parameters:
    """Draw the initial weights at random and set the biases to zero (N9).

    Args:
        n: units of each layer, n[0] to n[L].
        activations: g[1] to g[L].
        initialization: an initializer by name, or "auto": the one that suits each activation.
        seed: the first word of the random numbers' key.
        dtype: float32 or float64; the same draws serve both.

    Returns:
        Parameters as NumPy arrays, W[l] input by input in memory, as engines read it best.
    """
    W, b = [], []
    for layer in range(1, len(n)):
        name = suited(activations[layer - 1]) if initialization == "auto" else initialization
        random = generator(seed, Stream.INITIAL_WEIGHTS, layer=layer)
        drawn = INITIALIZERS[name](n[layer], n[layer - 1], random)
        W.append(np.asarray(drawn, dtype, order="F"))
        b.append(np.zeros((n[layer], 1), dtype))
    return Parameters.of(W, b)
