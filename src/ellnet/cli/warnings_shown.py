"""Warnings as one line on stderr; those of libraries are for developers, and kept back."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from ellnet.cli.terminal import one_line
from ellnet.errors import EllnetWarning

__all__ = ["warnings_shown"]


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Show every warning of ours that is given inside, the same words once."""
    shown: set[str] = set()

    def show(  # noqa: PLR0917 - the signature is Python's
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        del category, filename, lineno, file, line
        if str(message) not in shown:
            shown.add(str(message))
            click.echo(f"ellnet: warning: {one_line(str(message))}", err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", EllnetWarning)
        warnings.showwarning = show
        yield
