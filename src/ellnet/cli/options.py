"""Hyperparameters as command-line options, and as lines of a TOML file."""

import dataclasses
import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS
from ellnet.equations.initializers import INITIALIZERS
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.equations.schedules import SCHEDULES
from ellnet.errors import HyperparameterError
from ellnet.files.durable import read_whole
from ellnet.hyperparameters import Hyperparameters

__all__ = [
    "GroupedCommand",
    "checkpoint_options",
    "chosen_hyperparameters",
    "hyperparameter_options",
    "read_config",
]

Command = TypeVar("Command", bound=Callable[..., Any])

CONFIG_LIMIT = 2**20
FIELDS = {field.name: field for field in dataclasses.fields(Hyperparameters)}


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


def _number(text: str) -> float | str:
    """Read a number or `auto`; what is neither is refused by the hyperparameters, by name."""
    try:
        return float(text)
    except ValueError:
        return text


def _numbers(text: str) -> float | tuple[float | str, ...] | str:
    """Read one number, or several with commas between."""
    parts = tuple(_number(part) for part in text.split(","))
    return parts[0] if len(parts) == 1 else parts


def _several(text: str) -> tuple[float | str, ...]:
    """Read one number or more with commas between, always as several."""
    return tuple(_number(part) for part in text.split(","))


READERS: dict[str, Callable[[str], Any]] = {
    "hidden": _widths,
    "activation": _names,
    "batch_size": _size,
    "dropout": _numbers,
    "quantiles": _several,
    "validation_fraction": _number,
}
"""How the text of an option becomes a value, where it is not one plain word or number."""

METAVARS = {
    "hidden": "N,N,...",
    "activation": "NAME,...",
    "batch_size": "N",
    "dropout": "X,...",
    "quantiles": "X,...",
    "validation_fraction": "X",
}

CHOICES: dict[str, Iterable[str]] = {
    "activation": ACTIVATIONS,
    "cost": COSTS,
    "initialization": INITIALIZERS,
    "optimizer": (*OPTIMIZERS, "lbfgs"),
    "schedule": SCHEDULES,
    "dtype": ("float32", "float64"),
}
"""The words that may be said, where the help should list them."""


class GroupedCommand(click.Command):
    """A command whose help has the hyperparameters under a heading of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, those of the command first."""
        own: list[tuple[str, str]] = []
        chosen: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if isinstance(parameter, click.Option) and record is not None:
                (chosen if parameter.name in FIELDS else own).append(record)
        for title, records in (("Options", own), ("Hyperparameters", chosen)):
            with formatter.section(title):
                formatter.write_dl(records)


def checkpoint_options(command: Command) -> Command:
    """Give a command the options that say how often checkpoints are taken."""
    for flag, kind, metavar, meaning in (
        (
            "--checkpoint-share",
            float,
            "X",
            "Part of the time that checkpoints may take; 1 sets no bound.  [default: 0.02]",
        ),
        ("--checkpoint-keep", int, "N", "Checkpoints that are kept.  [default: 3]"),
        (
            "--checkpoint-every",
            str,
            "30s|5epochs",
            "Write down how training stands: every 30s, 10min, 2h or 5epochs.",
        ),
    ):
        command = click.option(flag, type=kind, metavar=metavar, help=meaning)(command)
    return command


def hyperparameter_options(command: Command) -> Command:
    """Give a command one option for every hyperparameter; what is not given is None."""
    for field in reversed(FIELDS.values()):
        command = _option(field)(command)
    return command


def _option(field: "dataclasses.Field[Any]") -> Callable[[Command], Command]:
    flag = f"--{field.name.replace('_', '-')}"
    default = field.default
    if isinstance(default, bool):
        shown = f"{field.metadata['help']}  [default: {'on' if default else 'off'}]"
        return click.option(f"{flag}/--no-{flag[2:]}", field.name, default=None, help=shown)
    words = f": {', '.join(CHOICES[field.name])}" if field.name in CHOICES else ""
    return click.option(
        flag,
        field.name,
        type=str if field.name in READERS else type(default),
        metavar=METAVARS.get(field.name, {int: "N", float: "X"}.get(type(default), "NAME")),
        default=None,
        help=f"{field.metadata['help']}{words}  [default: {default}]",
    )


def chosen_hyperparameters(given: Mapping[str, Any], config: Mapping[str, Any]) -> Hyperparameters:
    """Join the file's lines with the options given, which win.

    Raises:
        HyperparameterError: a value that is not allowed.
    """
    values: dict[str, Any] = {}
    for name in FIELDS:
        value = config.get(name) if given.get(name) is None else given[name]
        if value is not None:
            text = isinstance(value, str) and name in READERS
            values[name] = READERS[name](value) if text else value
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
        values = tomllib.loads(read_whole(path, CONFIG_LIMIT).decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HyperparameterError(f"{path} is not a TOML file: {error}") from error
    known = sorted({*FIELDS, *other})
    settings: dict[str, Any] = {}
    for written, value in values.items():
        name = written.replace("-", "_")
        if name not in known:
            raise HyperparameterError(
                f"{path}: there is no option {written!r}; {_near(name, known)}"
            )
        if name in settings:
            raise HyperparameterError(f"{path}: {name} stands there twice; keep one line")
        settings[name] = value
    return settings


def _near(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
