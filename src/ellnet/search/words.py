"""Values of hyperparameters as words, and back: what is typed, stored, and written beside a curve."""

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ellnet.errors import HyperparameterError
from ellnet.hyperparameters import Hyperparameters

__all__ = ["described", "exact", "nearest", "read_value", "unknown", "word"]

FIELDS = {field.name: field for field in dataclasses.fields(Hyperparameters)}
YES, NO = ("on", "true", "yes", "1"), ("off", "false", "no", "0")


def word(value: Any) -> str:
    """Return a value as it is typed: `128,64`, `none`, `on`, `0.001`."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple | list):
        return ",".join(word(part) for part in value) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `did you mean ...?` with the known name that is meant, whatever its case; "" for none."""
    close = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else ""


def unknown(option: str, name: str, known: Iterable[str]) -> HyperparameterError:
    """Return the error that names all that an option knows, and the nearest."""
    near = nearest(name, known)
    said = f"{option} must be one of {', '.join(known)}, got {name!r}"
    return HyperparameterError(f"{said}; {near}" if near else said)


def exact(value: Any) -> str:
    """Return a value with all its digits, so that two values are two words."""
    if isinstance(value, tuple | list):
        return ",".join(exact(part) for part in value) or "none"
    return repr(value) if isinstance(value, float) else word(value)


def described(chosen: Mapping[str, Any]) -> str:
    """Return a trial's choices in a line."""
    return ", ".join(f"{name} {word(value)}" for name, value in chosen.items())


def read_value(name: str, text: str) -> Any:
    """Read one value of a hyperparameter.

    Raises:
        HyperparameterError: it is not what that hyperparameter holds; names it and shows an example.
    """
    text = text.strip()
    default: Any = FIELDS[name].default
    if name in LISTS:
        return LISTS[name](text)
    if isinstance(default, bool):
        return _switch(name, text)
    if name == "batch_size" and text in {"auto", "full"}:
        return text
    if name == "validation_fraction" and text == "auto":
        return text
    if name in {"validation_fraction", "batch_size"} or isinstance(default, int | float):
        whole = name == "batch_size" or isinstance(default, int)
        return _number(name, text, whole=whole)
    return text


def _switch(name: str, text: str) -> bool:
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise HyperparameterError(f"{name} must be on or off, got {text!r}")


def _number(name: str, text: str, *, whole: bool = False) -> float:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        rule = "a whole number" if whole else "a number"
        raise HyperparameterError(
            f"{name} must be {rule}, several with commas between, or a range as 1:9, got {text!r}"
        ) from None


def _widths(text: str) -> tuple[int, ...] | str:
    if text == "":
        raise HyperparameterError(
            "hidden must have widths in every alternative, as 64|256,128, or none for no hidden layer, "
            "got nothing in one"
        )
    if text.lower() == "none":
        return ()
    if text.lower() == "auto":
        return "auto"
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise HyperparameterError(
            "hidden must be whole numbers with commas between, and bars between alternatives, as "
            f"64|256,128, got {text!r}"
        ) from None


def _names(text: str) -> str | tuple[str, ...]:
    parts = tuple(part.strip() for part in text.split(","))
    return parts[0] if len(parts) == 1 else parts


def _shares(text: str) -> float | tuple[float, ...]:
    parts = tuple(_number("dropout", part) for part in text.split(","))
    return parts[0] if len(parts) == 1 else parts


def _levels(text: str) -> tuple[float, ...]:
    return tuple(_number("quantiles", part) for part in text.split(","))


LISTS: dict[str, Callable[[str], Any]] = {
    "hidden": _widths,
    "activation": _names,
    "dropout": _shares,
    "quantiles": _levels,
}
"""How what may be several values in one is read."""
