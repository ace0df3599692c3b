"""Hyperparameters as command-line options, and as lines of a TOML file."""

import dataclasses
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from ellnet.errors import FileAccessError, HyperparameterError
from ellnet.hyperparameters import Hyperparameters

__all__ = ["chosen_hyperparameters", "hyperparameter_options", "read_config"]

Command = TypeVar("Command", bound=Callable[..., Any])


def _widths(text: str) -> tuple[int, ...] | str:
    """Read `256,128`; `none` is no hidden layer."""
    if text.strip().lower() == "auto":
        return "auto"
    if text.strip().lower() in {"none", ""}:
        return ()
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise HyperparameterError(
            f"hidden must be whole numbers with commas between, as 256,128, or none, got {text!r}"
        ) from None


def _names(text: str) -> str | tuple[str, ...]:
    parts = tuple(part.strip() for part in text.split(","))
    return parts[0] if len(parts) == 1 else parts


def _size(text: str) -> int | str:
    try:
        return text if text in {"full", "auto"} else int(text)
    except ValueError:
        raise HyperparameterError(
            f"batch_size must be a whole number of at least 1, full or auto, got {text!r}"
        ) from None


def _strength(text: str) -> float | str:
    try:
        return text if text == "auto" else float(text)
    except ValueError:
        raise HyperparameterError(f"l2 must be a number of at least 0, got {text!r}") from None


READERS: dict[str, Callable[[str], Any]] = {
    "hidden": _widths,
    "activation": _names,
    "batch_size": _size,
    "l2": _strength,
}
"""How the text of an option becomes a value, where it is not one plain word or number."""


def hyperparameter_options(command: Command) -> Command:
    """Give a command one option for every hyperparameter; what is not given is None."""
    for field in reversed(dataclasses.fields(Hyperparameters)):
        command = _option(field)(command)
    return command


def _option(field: "dataclasses.Field[Any]") -> Callable[[Command], Command]:
    flag = f"--{field.name.replace('_', '-')}"
    default = field.default
    shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
    help_text = f"{field.metadata['help']}  [default: {_shown(shown)}]"
    if isinstance(default, bool):
        names = f"{flag}/--no-{flag[2:]}"
        return click.option(names, field.name, default=None, help=help_text)
    kind = str if field.name in READERS else type(default)
    return click.option(flag, field.name, type=kind, default=None, help=help_text)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def chosen_hyperparameters(given: Mapping[str, Any], config: Mapping[str, Any]) -> Hyperparameters:
    """Join the file's lines with the options given, which win.

    Raises:
        HyperparameterError: a value that is not allowed.
    """
    names = {field.name for field in dataclasses.fields(Hyperparameters)}
    values = {name: value for name, value in config.items() if name in names}
    for name in names:
        if given.get(name) is not None:
            text = given[name]
            values[name] = READERS[name](text) if name in READERS else text
    return Hyperparameters.from_json(values)


def read_config(path: Path | None, other: frozenset[str]) -> dict[str, Any]:
    """Read a TOML file of options: hyperparameters, and the `other` options of the command.

    Args:
        path: the file, or None for none.
        other: names that are allowed beside the hyperparameters'.

    Returns:
        name -> value; dashes in names have become underscores.

    Raises:
        FileAccessError: the file cannot be read.
        HyperparameterError: it is not TOML, or has a line with an unknown name.
    """
    if path is None:
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileAccessError(f"the file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HyperparameterError(f"{path} is not a TOML file: {error}") from error
    values = {name.replace("-", "_"): value for name, value in values.items()}
    known = {field.name for field in dataclasses.fields(Hyperparameters)} | other
    for name in values:
        if name not in known:
            raise HyperparameterError(
                f"{path}: there is no option {name}; there are {', '.join(sorted(known))}"
            )
    return values
