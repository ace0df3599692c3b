"""The door: commands, and every error turned into one sentence and an exit code."""

import contextlib
import os
import signal
import sys
from collections.abc import Sequence

import click

from ellnet.cli.branch import branch
from ellnet.cli.circuits import circuits
from ellnet.cli.doctor import doctor
from ellnet.cli.draw import draw
from ellnet.cli.evaluate import evaluate
from ellnet.cli.export import export, import_
from ellnet.cli.inspect import inspect
from ellnet.cli.lr_find import lr_find
from ellnet.cli.occam import occam
from ellnet.cli.predict import predict
from ellnet.cli.prove import prove
from ellnet.cli.responses import responses
from ellnet.cli.search import search
from ellnet.cli.shrink import shrink
from ellnet.cli.terminal import one_line
from ellnet.cli.train import train
from ellnet.cli.verify import verify
from ellnet.cli.warnings_shown import warnings_shown
from ellnet.errors import EllnetError
from ellnet.version import VERSION

__all__ = ["commands", "main"]

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="ellnet", message="%(prog)s %(version)s")
def commands() -> None:
    """Deep fully-connected networks of L layers, for tables and small arrays.

    \b
    ellnet train iris
    ellnet train houses.csv --target price --hidden 64,32
    ellnet predict runs/houses-1/model.safetensors new.csv
    """  # noqa: D301 - click knows the backspace as: leave these lines as they are


for command in (
    train,
    predict,
    evaluate,
    inspect,
    search,
    lr_find,
    occam,
    branch,
    verify,
    prove,
    circuits,
    doctor,
    responses,
    draw,
    export,
    import_,
    shrink,
):
    commands.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, and return its exit code.

    Args:
        arguments: the words after `ellnet`; by default those of this process.
    """
    _never_refuse_a_character()
    code = _guarded(list(sys.argv[1:] if arguments is None else arguments))
    if arguments is None and code == INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the way out is not interrupted again
    return code


def _guarded(words: list[str]) -> int:
    """Run a command; whatever ends it becomes an exit code."""
    with warnings_shown():
        try:
            return _run(words)
        except KeyboardInterrupt:
            return _refuse("interrupted", INTERRUPTED)
        except MemoryError:
            return _refuse("error: there is not enough memory for this table and network", FAILED)
        except BrokenPipeError:
            _give_up_stdout()
            return 0
        except OSError as error:
            _give_up_stdout()
            return _refuse(f"error: the output cannot be written: {error.strerror}", FAILED)


def _run(words: list[str]) -> int:
    """Run a command; an error of ours becomes a sentence."""
    try:
        with commands.make_context("ellnet", words.copy(), obj=words) as context:
            code = commands.invoke(context)
            sys.stdout.flush()
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help(), err=True)
        return BAD_INPUT
    except click.UsageError as error:
        return _refuse(f"error: {_usage(error)}", BAD_INPUT)
    except EllnetError as error:
        return _refuse(f"error: {error}", BAD_INPUT)
    return code if isinstance(code, int) else 0


def _usage(error: click.UsageError) -> str:
    """Return what click has to say of a command line as one of our sentences."""
    said = " ".join(error.format_message().split()).rstrip(".")
    path = error.ctx.command_path if error.ctx else "ellnet"
    return f"{said[:1].lower()}{said[1:]}; {path} --help lists what can be typed"


def _refuse(sentence: str, code: int) -> int:
    with contextlib.suppress(OSError):
        click.echo(f"ellnet: {one_line(sentence)}", err=True)
    return code


def _never_refuse_a_character() -> None:
    """Replace what the encoding of a terminal does not have, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _give_up_stdout() -> None:
    """Let what is still to be written, also on the way out, go nowhere."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
