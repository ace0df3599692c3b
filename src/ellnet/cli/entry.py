"""The door: commands, and every error turned into one sentence and an exit code."""

import os
import sys
from collections.abc import Sequence

import click

from ellnet.cli.evaluate import evaluate
from ellnet.cli.inspect import inspect
from ellnet.cli.predict import predict
from ellnet.cli.train import train
from ellnet.cli.warnings_shown import warnings_shown
from ellnet.errors import EllnetError
from ellnet.version import VERSION

__all__ = ["commands", "main"]

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="ellnet")
def commands() -> None:
    """Deep fully-connected networks of L layers, for tables and small arrays."""


for command in (train, predict, evaluate, inspect):
    commands.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, and return its exit code.

    Args:
        arguments: the words after `ellnet`; by default those of this process.
    """
    with warnings_shown():
        try:
            code = commands.main(arguments, prog_name="ellnet", standalone_mode=False)
        except EllnetError as error:
            return _refuse(f"error: {error}", BAD_INPUT)
        except click.ClickException as error:
            return _refuse(f"error: {error.format_message()}", BAD_INPUT)
        except (KeyboardInterrupt, click.Abort):
            return _refuse("interrupted", INTERRUPTED)
        except MemoryError:
            return _refuse("error: there is not enough memory for this table and network", FAILED)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
    return code if isinstance(code, int) else 0


def _refuse(sentence: str, code: int) -> int:
    click.echo(f"ellnet: {sentence}", err=True)
    return code
