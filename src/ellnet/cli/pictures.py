"""What commands that draw have in common: a model or an estimator, its table, units, and a picture."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from ellnet.cli.sources import open_for, open_table
from ellnet.columns import Column, Columns
from ellnet.errors import DataError
from ellnet.models import Model

if TYPE_CHECKING:
    from ellnet.plots import Display

__all__ = ["IMAGE", "Looked", "dark_option", "draw_to", "looked_at", "unit_options"]


class Pixels(click.ParamType[tuple[int, int]]):
    """Rows and columns of an image, such as 28x28."""

    name = "ROWSxCOLUMNS"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        """Read it."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", str(value).strip())
        if found is None or "0" in {found[1].strip("0") or "0", found[2].strip("0") or "0"}:
            self.fail(f"{value!r} is not ROWSxCOLUMNS, such as 28x28", param, ctx)
        return int(found[1]), int(found[2])


IMAGE = Pixels()

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

dark_option: Decorator = click.option("--dark", is_flag=True, help="Draw for dark pages.")


def unit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --unit and --image."""
    image = click.option(
        "--image",
        type=IMAGE,
        help="Pixels of an input that is an image.  [default: a square, if the columns have no names]",
    )
    unit = click.option(
        "--unit",
        "units",
        multiple=True,
        type=click.IntRange(min=1),
        help="A unit of the layer, from 1; may be repeated.  [default: the first ones]",
    )
    return unit(image(command))


def draw_to(out: Path, dark: bool, draw: "Callable[[], Display]") -> None:
    """Draw, light or dark, and write the picture."""
    from ellnet.plots import theme

    with theme(dark=dark):
        draw().save(out)


class Looked(NamedTuple):
    """A subject with a table's rows: X as its `predict` takes them, and the truth, None without one."""

    subject: Any
    X: Any
    y: Any
    m: int


def looked_at(subject: Any, source: str) -> Looked:
    """Read a table for a Model, or for a saved estimator.

    An estimator's X are its columns by name, where it was trained with names; else the columns of
    numbers, in their order, but for one called y or target.

    Raises:
        DataError, FileAccessError: the table cannot be had, or does not fit; names file and column.
    """
    if isinstance(subject, Model):
        columns = open_for(subject, source)
        scored = subject.target.name in columns.names
        return Looked(subject, columns, columns if scored else None, columns.m)
    columns = open_table(source)
    truth = next((columns[name] for name in ("y", "target") if name in columns.names), None)
    X = _matrix(columns, getattr(subject, "feature_names_in_", None), subject.n_features_in_)
    return Looked(subject, X, None if truth is None else _truth(subject, truth), columns.m)


def _matrix(columns: Columns, names: Sequence[str] | None, features: int) -> NDArray[np.float64]:
    if names is None:
        names = [
            name
            for name in columns.names
            if columns[name].kind == "number" and name not in {"y", "target"}
        ]
    if len(names) != features:
        raise DataError(
            f"the estimator was trained on {features} columns, and {columns.source} has "
            f"{len(names)} of numbers beside y or target"
        )
    return np.stack([columns[str(name)].values for name in names], axis=1)


def _truth(subject: Any, column: Column) -> NDArray[Any]:
    """Return the truth in the estimator's own kind of labels."""
    classes = getattr(subject, "classes_", None)
    if classes is not None and np.asarray(classes).dtype.kind in "iu":
        return column.values.astype(np.int64)
    return column.values
