"""The search space (notes N8): which values each hyperparameter may take, as typed or in Python."""

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Self

from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS
from ellnet.equations.initializers import INITIALIZERS
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.equations.schedules import SCHEDULES
from ellnet.errors import HyperparameterError
from ellnet.hyperparameters import Hyperparameters
from ellnet.search.words import nearest, read_value, word

__all__ = ["Choice", "Dimension", "Range", "Space", "allowed"]

FIELDS = {field.name: field for field in dataclasses.fields(Hyperparameters)}
WORDS: dict[str, Sequence[str]] = {
    "activation": tuple(ACTIVATIONS),
    "output_activation": ("auto", *ACTIVATIONS),
    "cost": ("auto", *COSTS),
    "initialization": ("auto", *INITIALIZERS),
    "optimizer": (*OPTIMIZERS, "lbfgs"),
    "schedule": tuple(SCHEDULES),
    "weight_decay_schedule": tuple(SCHEDULES),
    "dropout_schedule": tuple(SCHEDULES),
    "dtype": ("float32", "float64"),
}
"""The names that may be said, to find the nearest of one that is not among them."""

SEVERAL = ("hidden", "quantiles")
"""What is a list by itself: its commas do not part alternatives, bars alone do."""

NOT_SEARCHED = {
    "seed": "it is the seed of the whole search, so that trials differ by what is chosen alone",
    "epochs": "it is how far every curve may go; --pruner ends the poor ones earlier",
    "validation_fraction": "trials are compared on the same rows; say one value",
    "dtype": "trials are compared in one precision; say one value",
    "engine": "it changes the time and not what is learned; say one value",
    "cost": "the costs of two different functions cannot be compared; say one value",
    "threshold": "it is part of the cost, and two different costs cannot be compared; say one value",
    "quantiles": "they are part of the cost, and two different costs cannot be compared",
}
GRID_POINTS = 5


@dataclass(frozen=True)
class Choice:
    """One of several values."""

    values: tuple[Any, ...]

    def at(self, u: float) -> Any:
        """Return the value at the place u, from 0 to below 1."""
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]

    def grid(self) -> tuple[Any, ...]:
        """Return the values that a grid takes."""
        return self.values

    def ends(self) -> tuple[Any, ...]:
        """Return the values that have to be allowed, so that all are."""
        return self.values

    def place(self, value: Any) -> float:
        """Return where a value stands, from 0 to 1."""
        return self.values.index(value) / max(1, len(self.values) - 1)


@dataclass(frozen=True)
class Range:
    """Any number from `low` to `high`, drawn evenly; with `log`, evenly by its logarithm.

    Raises:
        HyperparameterError: ends that are no numbers, or in the wrong order, or a logarithm of what is
            not above 0.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        """Check the ends."""
        ends: tuple[Any, ...] = (self.low, self.high)
        for end in ends:
            if isinstance(end, bool) or not isinstance(end, Real):
                raise HyperparameterError(
                    f"a range must go from a number to a number, got {self.low!r} and {self.high!r}; "
                    "write Range(1e-4, 1e-1)"
                )
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise HyperparameterError(
                f"a range must go from a lower number to a higher one, got {self.low:g}:{self.high:g}"
            )
        if self.log and self.low <= 0:
            raise HyperparameterError(
                f"a range with :log must begin above 0, got {self.low:g}:{self.high:g}:log; begin "
                f"higher, or leave :log away"
            )
        if self.whole and not (float(self.low).is_integer() and float(self.high).is_integer()):
            raise HyperparameterError(
                f"a range of whole numbers must have whole ends, got {self.low:g}:{self.high:g}"
            )

    def at(self, u: float) -> Any:
        """Return the value at the place u, from 0 to below 1."""
        low, high = (self.low - 0.5, self.high + 0.5) if self.whole else (self.low, self.high)
        if self.log:
            value = math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
        else:
            value = low + u * (high - low)
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else value

    def grid(self) -> tuple[Any, ...]:
        """Return the values that a grid takes: five, the ends among them."""
        steps = [k / (GRID_POINTS - 1) for k in range(GRID_POINTS)]
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            values = [math.exp(low + u * (high - low)) for u in steps]
        else:
            values = [self.low + u * (self.high - self.low) for u in steps]
        values = [self.low, *values[1:-1], self.high]
        return tuple(dict.fromkeys(round(v) if self.whole else float(v) for v in values))

    def ends(self) -> tuple[Any, ...]:
        """Return the values that have to be allowed, so that all are."""
        return (int(self.low), int(self.high)) if self.whole else (self.low, self.high)

    def place(self, value: Any) -> float:
        """Return where a value stands, from 0 to 1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return float((value - self.low) / (self.high - self.low))


Dimension = Choice | Range


@dataclass(frozen=True)
class Space:
    """What is searched, and what stays: dimensions and fixed values by hyperparameter name."""

    dimensions: Mapping[str, Dimension]
    fixed: Mapping[str, Any]

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Read what was typed, or said in Python.

        Args:
            given: hyperparameter name -> a value; a list of alternatives; a `Choice` or `Range`; or a
                text: `relu,tanh` (alternatives), `64|128,64` (alternatives that are lists),
                `1e-4:1e-1:log` and `0:0.5` (ranges), `50` (a value).

        Raises:
            HyperparameterError: names the option, the rule, and the nearest right word.
        """
        dimensions: dict[str, Dimension] = {}
        fixed: dict[str, Any] = {}
        for name in given:
            if name not in FIELDS:
                raise HyperparameterError(
                    f"there is no hyperparameter {name!r}; {_near(name, list(FIELDS))}"
                )
        for name in FIELDS:
            if name in given:
                _place(name, _dimension(name, given[name]), dimensions, fixed)
        space = cls(dimensions, fixed)
        space.check()
        return space

    def check(self) -> None:
        """Refuse a value, or two together, that no trial could have."""
        base = {**self.fixed, **{name: d.ends()[0] for name, d in self.dimensions.items()}}
        for name, value in self.fixed.items():
            allowed({name: value} if name not in {"activation", "dropout"} else base, name)
        for name, dimension in self.dimensions.items():
            for value in dimension.ends():
                allowed({**base, name: value}, name)
        for one, two in itertools.combinations(self.dimensions, 2):
            ends = self.dimensions[one].ends(), self.dimensions[two].ends()
            for a, b in itertools.product(*ends):
                allowed({**base, one: a, two: b}, two)

    @property
    def size(self) -> float:
        """The number of different configurations; infinite where there is a range."""
        if any(isinstance(d, Range) for d in self.dimensions.values()):
            return math.inf
        return math.prod(len(d.grid()) for d in self.dimensions.values())

    def hyperparameters(self, chosen: Mapping[str, Any], seed: int) -> Hyperparameters:
        """Return a trial's hyperparameters."""
        return Hyperparameters(**{**self.fixed, **chosen, "seed": seed})

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        searched = {
            name: {"values": [_plain(v) for v in d.values]} if isinstance(d, Choice) else vars(d)
            for name, d in self.dimensions.items()
        }
        return {"searched": searched, "fixed": {n: _plain(v) for n, v in self.fixed.items()}}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build from what `to_json` gives."""
        searched: dict[str, Dimension] = {}
        for name, d in values["searched"].items():
            searched[name] = (
                Choice(tuple(_back(v) for v in d["values"])) if "values" in d else Range(**d)
            )
        return cls(searched, {name: _back(v) for name, v in values["fixed"].items()})


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _back(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _near(name: str, known: Sequence[str]) -> str:
    return nearest(name, known) or f"there are {', '.join(known)}"


def _place(
    name: str, found: Dimension, dimensions: dict[str, Dimension], fixed: dict[str, Any]
) -> None:
    """Put a hyperparameter among those that are searched, or those that are fixed."""
    if isinstance(found, Choice) and len(found.values) == 1:
        fixed[name] = found.values[0]
        return
    if NOT_SEARCHED.get(name):
        raise HyperparameterError(f"{name} cannot be searched: {NOT_SEARCHED[name]}")
    dimensions[name] = found


def _dimension(name: str, given: Any) -> Dimension:
    if isinstance(given, Range):
        return _fitting(name, given)
    if isinstance(given, Choice):
        return given
    if isinstance(given, list):
        return _choice(name, [read_value(name, v) if isinstance(v, str) else v for v in given])
    if not isinstance(given, str):
        return Choice((given,))
    if ":" in given:
        return _range(name, given)
    parted = given.split("|") if "|" in given or name in SEVERAL else given.split(",")
    return _choice(name, [read_value(name, text.strip()) for text in parted])


def _choice(name: str, values: Sequence[Any]) -> Choice:
    """Take alternatives, each once."""
    values = [tuple(v) if isinstance(v, list) else v for v in values]
    if not values:
        raise HyperparameterError(f"{name} needs at least one value to take, got none")
    for value in values:
        if values.count(value) > 1:
            raise HyperparameterError(f"{name} names {word(value)} twice; name each value once")
    return Choice(tuple(values))


def _fitting(name: str, given: Range) -> Range:
    """Return a range of Python's, of whole numbers where the hyperparameter takes only these."""
    whole = _takes_whole_numbers(name)
    if not whole and not isinstance(FIELDS[name].default, float):
        raise HyperparameterError(f"{name} has no range, got {given}; give a list of its values")
    try:
        return dataclasses.replace(given, whole=given.whole or whole)
    except HyperparameterError as error:
        raise HyperparameterError(f"{name}: {error}") from None


def _takes_whole_numbers(name: str) -> bool:
    default = FIELDS[name].default
    return name == "batch_size" or (isinstance(default, int) and not isinstance(default, bool))


def _range(name: str, text: str) -> Range:
    """Read `LOW:HIGH` or `LOW:HIGH:log`."""
    whole = _takes_whole_numbers(name)
    if not whole and not isinstance(FIELDS[name].default, float):
        raise HyperparameterError(
            f"{name} has no range, got {text!r}; write its values with "
            f"{'bars' if name in SEVERAL else 'commas'} between"
        )
    low, high, *kind = text.split(":")
    if kind not in ([], ["log"]):
        close = "; did you mean ':log'?" if len(kind) == 1 else ""
        raise HyperparameterError(
            f"{name} must be a range LOW:HIGH or LOW:HIGH:log, got {text!r}{close}"
        )
    try:
        return Range(float(low), float(high), bool(kind), whole)
    except HyperparameterError as error:
        raise HyperparameterError(f"{name}: {error}") from None
    except ValueError:
        raise HyperparameterError(
            f"{name} must be a range of two numbers, as 1e-4:1e-1:log, got {text!r}"
        ) from None


def allowed(values: Mapping[str, Any], name: str) -> None:
    """Let hyperparameters check themselves, of which `name` is new.

    Raises:
        HyperparameterError: as they do; where a name is wrong, the nearest right one is said too.
    """
    try:
        Hyperparameters(**values).check_smooth()
    except HyperparameterError as error:
        value = values[name]
        for each in value if isinstance(value, tuple) else (value,):
            known = WORDS.get(name, ())
            wrong = isinstance(each, str) and known and each not in known
            if wrong and (near := nearest(each, known)):
                raise HyperparameterError(f"{error}; {near}") from None
        raise
