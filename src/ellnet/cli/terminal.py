"""Words on a terminal: wrapped for people, left whole for files; never markup, never a control code."""

import textwrap
from typing import NoReturn

import click
from rich.console import Console
from rich.text import Text

__all__ = ["cell", "one_line", "say", "tell_trouble", "terminal"]


class _Terminal(Console):
    """A console whose closed pipe ends the program as any other closed pipe does."""

    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the door, which ends quietly."""
        raise BrokenPipeError


def terminal(*, stderr: bool = False) -> Console:
    """Return stdout, or stderr, as a console."""
    return _Terminal(stderr=stderr, highlight=False)


def one_line(text: str) -> str:
    """Write out what would not print: line ends, escape codes, halves of characters."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def cell(value: object, style: str = "") -> Text:
    """Return a cell of a table; brackets in it are brackets."""
    return Text(one_line(str(value)), style=style)


def say(console: Console, sentence: str) -> None:
    """Print a sentence; on a terminal it is wrapped between words, further lines set in."""
    sentence = one_line(sentence)
    if console.is_terminal:
        sentence = textwrap.fill(
            sentence,
            console.width,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    console.print(Text(sentence), soft_wrap=True)


def tell_trouble(trouble: str) -> int:
    """Say on stderr what went wrong in a training, if anything, and return the exit code."""
    if not trouble:
        return 0
    click.echo(f"ellnet: error: {one_line(trouble)}", err=True)
    return 1
