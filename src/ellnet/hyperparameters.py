"""Hyperparameters: everything that is chosen and not learned (notes N8)."""

import dataclasses
import math
import sys
from collections.abc import Callable, Mapping
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


ABOVE_0 = ("a finite number above 0", lambda x: x > 0)
AT_LEAST_0 = ("a finite number of at least 0", lambda x: x >= 0)
BELOW_1 = ("a number from 0 to below 1", lambda x: 0 <= x < 1)
UP_TO_1 = ("a number from 0 to 1", lambda x: 0 <= x <= 1)

NUMBERS: dict[str, tuple[str, Callable[[float], bool]]] = {
    **dict.fromkeys(("learning_rate", "epsilon", "threshold", "gamma"), ABOVE_0),
    **dict.fromkeys(("beta_1", "beta_2", "rho", "label_smoothing", "input_dropout"), BELOW_1),
    **dict.fromkeys(("momentum", "floor", "warmup"), UP_TO_1),
    **dict.fromkeys(("tol", "l1", "l2", "power_t", "momentum_decay", "weight_decay"), AT_LEAST_0),
    **dict.fromkeys(("clip_norm", "max_norm"), AT_LEAST_0),
}
"""What each number may be: the rule in words, and as a test."""

COUNTS = {"epochs": 0, "n_iter_no_change": 1, "max_fun": 1, "period": 1, "growth": 1}
"""The least value of each whole number."""

SWITCHES = ("shuffle", "early_stopping", "unit_variance", "zero_last")
"""What is true or false."""


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
    threshold: float = _option(1.0, "error from which the cost huber grows as a straight line")
    quantiles: tuple[float, ...] = _option((0.5,), "quantiles that the cost quantile predicts")
    label_smoothing: float = _option(0.0, "share of each label spread over all classes")
    initialization: str = _option("auto", "initial weights; auto follows each activation")
    unit_variance: bool = _option(False, "scale initial weights so that each Z[l] has variance 1")
    zero_last: bool = _option(False, "begin with an output layer of zeros")
    optimizer: str = _option("adam", "how a gradient becomes a step")
    learning_rate: float = _option(1e-3, "alpha, the size of a step")
    momentum: float = _option(0.9, "mu, decay of the velocity of momentum and nesterov")
    beta_1: float = _option(0.9, "decay of Adam's first moment")
    beta_2: float = _option(0.999, "decay of Adam's second moment")
    rho: float = _option(0.99, "decay of RMSprop's mean square")
    epsilon: float = _option(1e-8, "what keeps the quotient of Adam and its like finite")
    momentum_decay: float = _option(0.004, "psi, how fast the momentum of nadam grows")
    weight_decay: float = _option(0.01, "decay of the weights by adamw, beside the gradient")
    clip_norm: float = _option(0.0, "norm to which a longer gradient is cut; 0 for never")
    schedule: str = _option("constant", "how the learning rate changes as training goes on")
    weight_decay_schedule: str = _option("constant", "how the weight decay changes")
    dropout_schedule: str = _option("constant", "how dropout changes")
    warmup: float = _option(0.0, "part of the run in which the learning rate grows to its height")
    power_t: float = _option(0.5, "power of the schedule invscaling")
    gamma: float = _option(0.5, "factor of the schedules step and exponential")
    period: int = _option(10, "epochs of a step, and of the first cycle of cosine_restarts")
    growth: int = _option(1, "how many times longer each cycle of cosine_restarts is")
    floor: float = _option(0.0, "lowest factor of the schedules cosine and one_cycle")
    max_fun: int = _option(15000, "evaluations of the cost by lbfgs, at most")
    l1: float = _option(0.0, "lambda, the strength of the L1 penalty")
    l2: float = _option(0.1, "lambda, the strength of the L2 penalty")
    max_norm: float = _option(0.0, "largest norm of the weights into a unit; 0 for any")
    dropout: float | tuple[float, ...] = _option(
        0.0, "part of the hidden units silent in a step: one number, or one a layer"
    )
    input_dropout: float = _option(0.0, "part of the inputs silent in a step")
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
        self._freeze_numbers("dropout", "one number, or one a layer")
        self._freeze_numbers("quantiles", "numbers between 0 and 1")
        self._check_names()
        self._check_numbers()
        self._check_lists()
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

    def _freeze_numbers(self, name: str, rule: str) -> None:
        """Take any sequence of numbers for a field that holds a tuple, or one number where it may."""
        value = getattr(self, name)
        if isinstance(value, tuple | list):
            object.__setattr__(self, name, tuple(value))
        elif name == "quantiles" or not _number(value):
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
        if not isinstance(self.activation, str):
            _check_one_a_layer("activation", self.activation, len(self.hidden))

    def _check_names(self) -> None:
        for name, table in (
            ("output_activation", {"auto": None, **ACTIVATIONS}),
            ("cost", {"auto": None, **COSTS}),
            ("initialization", {"auto": None, **INITIALIZERS}),
            ("optimizer", {**OPTIMIZERS, "lbfgs": None}),
            ("schedule", SCHEDULES),
            ("weight_decay_schedule", SCHEDULES),
            ("dropout_schedule", SCHEDULES),
            ("dtype", {"float32": None, "float64": None}),
        ):
            _check_name(name, getattr(self, name), table)
        if not isinstance(self.engine, str):
            raise _refused("engine", "the name of an engine", self.engine)

    def _check_numbers(self) -> None:
        for name, (rule, allowed) in NUMBERS.items():
            value = getattr(self, name)
            if not _number(value) or not allowed(value):
                raise _refused(name, rule, value)
        for name, least in COUNTS.items():
            if not _whole(getattr(self, name), least):
                raise _refused(name, f"a whole number of at least {least}", getattr(self, name))
        for name in SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise _refused(name, "true or false", getattr(self, name))
        if not _word(self.batch_size, "auto", "full") and not _whole(self.batch_size, 1):
            raise _refused(
                "batch_size", "a whole number of at least 1, full or auto", self.batch_size
            )
        if not _whole(self.seed, 0) or self.seed >= 2**64:
            raise _refused("seed", "a whole number from 0 to 2^64 - 1", self.seed)
        part = self.validation_fraction
        if part != "auto" and not (_number(part) and 0 <= part < 1):
            raise _refused("validation_fraction", "a number from 0 to below 1, or auto", part)

    def _check_lists(self) -> None:
        several = self.dropout if isinstance(self.dropout, tuple) else (self.dropout,)
        if not all(_number(part) and 0 <= part < 1 for part in several):
            raise _refused("dropout", "numbers from 0 to below 1", self.dropout)
        if isinstance(self.dropout, tuple) and self.hidden != "auto":
            _check_one_a_layer("dropout", self.dropout, len(self.hidden))
        levels = self.quantiles
        if not levels or not all(_number(level) and 0 < level < 1 for level in levels):
            raise _refused("quantiles", "numbers between 0 and 1", levels)
        self._check_schedules()

    def _check_schedules(self) -> None:
        """Refuse schedules that lack what they need, or would drop more than everything."""
        for name in ("schedule", "weight_decay_schedule", "dropout_schedule"):
            if getattr(self, name) == "one_cycle" and self.warmup == 0:
                raise HyperparameterError(
                    f"{name} one_cycle needs a warmup, the part of the run in which it grows, "
                    "such as 0.3, got 0"
                )
        if "gamma" in SCHEDULES[self.dropout_schedule].options and self.gamma > 1:
            raise HyperparameterError(
                f"gamma must be at most 1 where dropout follows the schedule {self.dropout_schedule}: "
                f"dropout cannot grow beyond 1, got {self.gamma}"
            )

    def check_smooth(self) -> None:
        """Refuse with L-BFGS what makes the cost another at every evaluation, or not smooth.

        Raises:
            HyperparameterError: names it.
        """
        if self.optimizer != "lbfgs":
            return
        for name in ("dropout", "input_dropout", "l1", "max_norm", "clip_norm"):
            value = getattr(self, name)
            if any(value if isinstance(value, tuple) else (value,)):
                raise HyperparameterError(
                    f"optimizer lbfgs needs the same smooth cost at every evaluation, which {name} = "
                    f"{value} is not; set it to 0, or take another optimizer"
                )

    def resolved(self, m: int) -> Self:
        """Return the same with every "auto" that follows the rows replaced by its value.

        The rules were chosen by measuring, on nine tables of 150 to 48,842 rows (docs/defaults.md).

        Args:
            m: number of examples to train on.
        """
        few = m < FEW_EXAMPLES
        hidden = ((32, 16) if few else (256, 128)) if self.hidden == "auto" else self.hidden
        batch_size = self._batch_size(m)
        if (hidden, batch_size) == (self.hidden, self.batch_size):
            return self
        return dataclasses.replace(self, hidden=hidden, batch_size=batch_size)

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

    def dropped(self, layer: int) -> float:
        """Return the part of the units of a layer that dropout silences; layer 0 is the input."""
        if layer == 0:
            return self.input_dropout
        return self.dropout[layer - 1] if isinstance(self.dropout, tuple) else self.dropout

    @property
    def adaptive_rates(self) -> tuple[float, ...]:
        """What the adaptive schedule cuts where the cost stands still: () where nothing follows it."""
        decays = (
            self.optimizer in OPTIMIZERS and "weight_decay" in OPTIMIZERS[self.optimizer].options
        )
        dropped = self.dropout if isinstance(self.dropout, tuple) else (self.dropout,)
        followed = (
            (self.schedule, (self.learning_rate,)),
            (self.weight_decay_schedule, (self.weight_decay,) if decays else ()),
            (self.dropout_schedule, (*dropped, self.input_dropout)),
        )
        return tuple(
            rate for name, rates in followed if name == "adaptive" for rate in rates if rate > 0
        )

    @property
    def cost_options(self) -> dict[str, Any]:
        """The options of the cost, where it is said and has some."""
        names = COSTS[self.cost].options if self.cost in COSTS else ()
        return {name: getattr(self, name) for name in names}

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


def _check_one_a_layer(name: str, values: tuple[Any, ...], layers: int) -> None:
    if len(values) != layers:
        raise HyperparameterError(
            f"{name} must be one value or one for each of the {layers} hidden layers, "
            f"got {len(values)}"
        )


PLAIN = (bool, int, float, str)


def _integral(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, Integral)


def _whole(value: Any, least: int) -> bool:
    return _integral(value) and int(value) >= least


def _plain(value: Any) -> Any:
    """Return a number, or a tuple of them, as Python's own."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    if isinstance(value, str):
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
