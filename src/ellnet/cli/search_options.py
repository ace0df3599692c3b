"""The options of `ellnet search`: every hyperparameter takes several values, and a search has its own."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from ellnet.cli.options import FIELDS
from ellnet.cli.sources import BUILT_IN_TARGET, file_of, refuse_no_target
from ellnet.errors import HyperparameterError
from ellnet.parts import Plan

__all__ = ["budget_options", "plan_of", "search_options", "searched_options", "table_options"]

Command = TypeVar("Command", bound=Callable[..., Any])
TASKS = ("classification", "regression", "binary", "multiclass")

TABLE = (
    click.option(
        "--target", metavar="COLUMN", help="Column to predict; a built-in set knows its own."
    ),
    click.option("--task", type=click.Choice(TASKS), help="Said instead of inferred."),
    click.option(
        "--test-size",
        type=float,
        default=0.2,
        show_default=True,
        help="Part of the rows that no trial sees.",
    ),
    click.option(
        "--split-column", metavar="COLUMN", help="Column that says train, validation or test."
    ),
    click.option(
        "--ignore", multiple=True, metavar="COLUMN", help="Leave a column out; may be repeated."
    ),
    click.option(
        "--categorical",
        multiple=True,
        metavar="COLUMN",
        help="Take a column of numbers as categories; may be repeated.",
    ),
)
SEARCH = (
    click.option(
        "--sampler",
        default="random",
        show_default=True,
        metavar="NAME",
        help="random, grid or tpe.",
    ),
    click.option(
        "--pruner",
        default="none",
        show_default=True,
        metavar="NAME",
        help="none, median, asha or hyperband.",
    ),
    click.option(
        "--metric",
        default="cost",
        show_default=True,
        metavar="NAME",
        help="What trials are compared by: cost, rmse, mae, accuracy or any scorer of scikit-learn's.",
    ),
    click.option(
        "--folds", default=0, show_default=True, metavar="K", help="Folds; 0 holds rows out once."
    ),
    click.option("--groups", metavar="COLUMN", help="Rows of one value stay together; no input."),
    click.option("--time", metavar="COLUMN", help="Rows compared on come later by it; no input."),
    click.option("--seed", default=0, show_default=True, metavar="N", help="Seed of everything."),
    click.option(
        "--study", type=click.Path(path_type=Path), help="Folder.  [default: studies/NAME-1]"
    ),
    click.option(
        "--refit", is_flag=True, help="Train the winner, score it on the test rows, and save it."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
)
BUDGET = (
    click.option("--seconds", type=float, metavar="S", help="No trial begins after so many."),
    click.option("--workers", type=int, metavar="N", help="Trials at once.  [default: the cores]"),
    click.option(
        "--storage",
        metavar="URL",
        help="sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME, in place of a journal file.",
    ),
)


def table_options(command: Command) -> Command:
    """Give a command the options of its table."""
    return _given(command, TABLE)


def search_options(command: Command) -> Command:
    """Give a command the options of a search."""
    return _given(command, SEARCH)


def budget_options(command: Command) -> Command:
    """Give a command the options of a search's budget."""
    return _given(command, BUDGET)


def _given(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def searched_options(command: Command) -> Command:
    """Give a command one option for every hyperparameter; each takes a value, several, or a range."""
    for field in reversed(FIELDS.values()):
        if field.name != "seed":
            command = _option(field)(command)
    return command


def _option(field: "dataclasses.Field[Any]") -> Callable[[Command], Command]:
    number = isinstance(field.default, int | float) and not isinstance(field.default, bool)
    bars = field.name in {"hidden", "quantiles"}
    metavar = "VALUES" if not number else "LOW:HIGH[:log]"
    return click.option(
        f"--{field.name.replace('_', '-')}",
        field.name,
        metavar="A|B,C" if bars else metavar,
        default=None,
        help=f"{field.metadata['help']}  [default: {field.default}]",
    )


def plan_of(source: str, given: Mapping[str, Any]) -> Plan:
    """Return what is to be predicted.

    Raises:
        HyperparameterError: no target, or a part for the test that is none.
    """
    target = given["target"] or (BUILT_IN_TARGET if file_of(source) is None else None)
    if target is None:
        refuse_no_target(source)
    size = given["test_size"]
    if not 0 <= size < 1:
        raise HyperparameterError(f"test_size must be a number from 0 to below 1, got {size!r}")
    return Plan(target, given["task"], size, given["split_column"])
