"""Warnings as one line on stderr; those of libraries are for developers, and kept back."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from ellnet.errors import EllnetWarning

__all__ = ["warnings_shown"]


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Show every warning of ours inside, each time it is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", EllnetWarning)
        warnings.showwarning = _show
        yield


def _show(  # noqa: PLR0917 - the signature is Python's
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del category, filename, lineno, file, line
    click.echo(f"ellnet: warning: {message}", err=True)
