"""Hyperparameters: everything that is chosen and not learned (notes N8)."""

import dataclasses
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, Literal, Self

from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS
from ellnet.equations.initializers import INITIALIZERS
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.equations.schedules import SCHEDULES
from ellnet.errors import HyperparameterError

__all__ = ["Hyperparameters"]

Auto = Literal["auto"]

FEW_EXAMPLES = 1000
"""Below so many examples a smaller network generalises better."""


def _option(default: Any, meaning: str) -> Any:
    """A field with its one-line meaning, which the command line shows too."""
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class Hyperparameters:
    """Everything that is chosen and not learned. Frozen, checked, and saved with the model.

    Raises:
        HyperparameterError: a value outside its range; names the field, the rule and the value.
    """

    hidden: tuple[int, ...] | Auto = _option(
        "auto", "units of each hidden layer; none is a linear model; auto follows the rows"
    )
    activation: str | tuple[str, ...] = _option(
        "relu", "activation of the hidden layers: one name, or one a layer"
    )
    output_activation: str = _option(
        "auto", "activation of the output layer; auto follows the task"
    )
    cost: str = _option("auto", "the cost; auto follows the task")
    initialization: str = _option("auto", "initial weights; auto follows each activation")
    optimizer: str = _option("adam", "how a gradient becomes a step")
    learning_rate: float = _option(1e-3, "alpha, the size of a step")
    beta_1: float = _option(0.9, "decay of Adam's first moment")
    beta_2: float = _option(0.999, "decay of Adam's second moment")
    epsilon: float = _option(1e-8, "what keeps Adam's quotient finite")
    momentum: float = _option(0.9, "mu, decay of the velocity of momentum and nesterov")
    schedule: str = _option("constant", "how the learning rate changes as training goes on")
    power_t: float = _option(0.5, "power of the schedule invscaling")
    max_fun: int = _option(15000, "evaluations of the cost by lbfgs, at most")
    l2: float = _option(0.1, "lambda, the strength of the L2 penalty")
    batch_size: int | Literal["auto", "full"] = _option(
        "auto", "examples a step; full for all of them; auto follows the rows"
    )
    shuffle: bool = _option(True, "draw a new order of the examples each epoch")
    epochs: int = _option(200, "passes through the training examples, at most")
    early_stopping: bool = _option(True, "stop when the validation cost no longer falls")
    validation_fraction: float | Auto = _option(
        "auto",
        "part of the training rows held out for validation; 0 for none; auto follows the rows",
    )
    n_iter_no_change: int = _option(20, "epochs without gain before early stopping")
    tol: float = _option(0.0, "smallest fall of the validation cost that counts as gain")
    seed: int = _option(0, "the seed of every random number")
    dtype: Literal["float32", "float64"] = _option("float32", "precision of the numbers")
    engine: str = _option("auto", "the engine; auto takes the fastest that is there")

    def __post_init__(self) -> None:
        """Check every field."""
        self._freeze("hidden", "whole numbers with commas between, none, or auto")
        self._freeze("activation", "one name, or one a layer")
        self._check_layers()
        self._check_names()
        self._check_numbers()
        self._check_stopping()
        self._make_plain()

    def _make_plain(self) -> None:
        """Take NumPy's numbers as plain ones: its float64 would carry float32 arrays along."""
        for each in dataclasses.fields(self):
            object.__setattr__(self, each.name, _plain(getattr(self, each.name)))

    def _freeze(self, name: str, rule: str) -> None:
        """Take any sequence for a field that holds a tuple, or a word for all of it."""
        value = getattr(self, name)
        if not isinstance(value, str | tuple | list):
            raise _refused(name, rule, value)
        if not isinstance(value, str):
            object.__setattr__(self, name, tuple(value))
        elif name == "hidden" and value != "auto":
            raise _refused(name, rule, value)

    def _check_layers(self) -> None:
        one = isinstance(self.activation, str)
        for name in (self.activation,) if one else self.activation:
            _check_name("activation", name, ACTIVATIONS)
        if self.hidden == "auto":
            return
        for layer, units in enumerate(self.hidden, start=1):
            if not _whole(units, 1):
                raise _refused(f"hidden: n[{layer}]", "a whole number of at least 1", units)
        if not one and len(self.activation) != len(self.hidden):
            raise HyperparameterError(
                f"activation must be one name or one for each of the {len(self.hidden)} hidden "
                f"layers, got {len(self.activation)}"
            )

    def _check_names(self) -> None:
        for name, table in (
            ("output_activation", {"auto": None, **ACTIVATIONS}),
            ("cost", {"auto": None, **COSTS}),
            ("initialization", {"auto": None, **INITIALIZERS}),
            ("optimizer", {**OPTIMIZERS, "lbfgs": None}),
            ("schedule", SCHEDULES),
            ("dtype", {"float32": None, "float64": None}),
        ):
            _check_name(name, getattr(self, name), table)
        if not isinstance(self.engine, str):
            raise _refused("engine", "the name of an engine", self.engine)

    def _check_numbers(self) -> None:
        for name in ("learning_rate", "epsilon"):
            if not _number(getattr(self, name)) or getattr(self, name) <= 0:
                raise _refused(name, "a finite number above 0", getattr(self, name))
        for name in ("beta_1", "beta_2", "momentum"):
            if not _number(getattr(self, name)) or not 0 <= getattr(self, name) < 1:
                raise _refused(name, "a number from 0 to below 1", getattr(self, name))
        for name in ("tol", "l2", "power_t"):
            value = getattr(self, name)
            if not _number(value) or value < 0:
                raise _refused(name, "a finite number of at least 0", value)
        if not _word(self.batch_size, "auto", "full") and not _whole(self.batch_size, 1):
            raise _refused(
                "batch_size", "a whole number of at least 1, full or auto", self.batch_size
            )
        if not _whole(self.seed, 0) or self.seed >= 2**64:
            raise _refused("seed", "a whole number from 0 to 2^64 - 1", self.seed)

    def _check_stopping(self) -> None:
        for name in ("shuffle", "early_stopping"):
            if not isinstance(getattr(self, name), bool):
                raise _refused(name, "true or false", getattr(self, name))
        for name, least in (("epochs", 0), ("n_iter_no_change", 1), ("max_fun", 1)):
            if not _whole(getattr(self, name), least):
                raise _refused(name, f"a whole number of at least {least}", getattr(self, name))
        part = self.validation_fraction
        if part != "auto" and not (_number(part) and 0 <= part < 1):
            raise _refused("validation_fraction", "a number from 0 to below 1, or auto", part)

    def resolved(self, m: int) -> Self:
        """Return the same with every "auto" that follows the rows replaced by its value.

        The rules were chosen by measuring, on nine tables of 150 to 48,842 rows (docs/defaults.md).

        Args:
            m: number of examples to train on.
        """
        few = m < FEW_EXAMPLES
        hidden = ((32, 16) if few else (256, 128)) if self.hidden == "auto" else self.hidden
        return dataclasses.replace(self, hidden=hidden, batch_size=self._batch_size(m))

    def _batch_size(self, m: int) -> int | Literal["full"]:
        if self.batch_size == "auto":
            return min(128, max(16, 2 ** int(math.log2(max(1, m / 20)))))
        return self.batch_size

    def held_out(self, m: int) -> float:
        """Return the fraction of m rows to hold out for validation; 0 without early stopping."""
        if not self.early_stopping:
            return 0.0
        if self.validation_fraction == "auto":
            return 0.2 if m < FEW_EXAMPLES else 0.1
        return self.validation_fraction

    @property
    def hidden_activations(self) -> tuple[str, ...]:
        """One activation name for each hidden layer, once `hidden` is resolved."""
        if isinstance(self.activation, str):
            return (self.activation,) * len(self.hidden)
        return self.activation

    def examples_a_step(self, m: int) -> int:
        """Return the size of a minibatch of m examples; a batch larger than m is m."""
        size = self._batch_size(m)
        return m if size == "full" else min(size, m)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build from plain values; a field that is left out keeps its default.

        Raises:
            HyperparameterError: a field that does not exist, or a value that is not allowed.
        """
        known = [f.name for f in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise HyperparameterError(
                    f"there is no hyperparameter {name!r}; there are {', '.join(known)}"
                )
        given: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        return cls(**given)


def _integral(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, Integral)


def _whole(value: Any, least: int) -> bool:
    return _integral(value) and int(value) >= least


def _plain(value: Any) -> Any:
    """Return a number, or a tuple of them, as Python's own."""
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    if isinstance(value, bool | str):
        return value
    return int(value) if _integral(value) else float(value)


def _word(value: object, *words: str) -> bool:
    return isinstance(value, str) and value in words


def _number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -sys.float_info.max <= value <= sys.float_info.max


def _refused(name: str, rule: str, value: object) -> HyperparameterError:
    return HyperparameterError(f"{name} must be {rule}, got {value!r}")


def _check_name(field_name: str, value: object, table: Mapping[str, object]) -> None:
    if not isinstance(value, str) or value not in table:
        raise _refused(field_name, f"one of {', '.join(table)}", value)
