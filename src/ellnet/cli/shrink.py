"""`ellnet shrink`: a model in, a smaller one of the same outputs out, and the proof of that."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from ellnet.cli.model_files import model_in
from ellnet.cli.sources import open_for
from ellnet.cli.tables_shown import show_network
from ellnet.cli.terminal import say, terminal
from ellnet.encodings import Unseen
from ellnet.errors import EllnetError, FileAccessError, HyperparameterError
from ellnet.loading import load
from ellnet.models import Model

if TYPE_CHECKING:
    from ellnet.shrinking import Shrunk

__all__ = ["document_of", "shrink"]

OTHER_FORMS = (".onnx", ".c")
"""Ends of the names of files that `ellnet export` writes."""


@click.command(short_help="Make a model smaller without changing what it says, with a proof.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--data",
    metavar="TABLE",
    help="Rows to try both models on; inputs are then taken to stay in their range.",
)
@click.option(
    "-o",
    "--out",
    "--output",
    "out",
    type=click.Path(path_type=Path),
    help="The model file to write.  [default: NAME-shrunk beside MODEL, where anything went]",
)
@click.option(
    "--trust-data", is_flag=True, help="Take out what is idle on the rows of --data alone, too."
)
@click.option(
    "--fewer-layers",
    is_flag=True,
    help="Multiply linear layers out even where that makes more parameters.",
)
@click.option(
    "--unseen",
    type=click.Choice(["error", "ignore"]),
    default="error",
    show_default=True,
    help="What to do with a category that training never saw.",
)
@click.option("--json", "as_json", is_flag=True, help="Print steps and proof as JSON.")
def shrink(
    *,
    model: Path,
    data: str | None,
    out: Path | None,
    trust_data: bool,
    fewer_layers: bool,
    unseen: Unseen,
    as_json: bool,
) -> None:
    """Take out of MODEL what its outputs do not need, and prove that they stay the same.

    Dead units go, twins are merged, constant units go into the next bias, and linear layers are
    multiplied out. Without --data every step is right for any table; with it, some may be right for
    inputs in the range of its rows alone, and each step says so.
    """
    if trust_data and data is None:
        raise HyperparameterError("--trust-data needs rows to trust; name a table with --data")
    path = model.parent / f"{model.stem}-shrunk{model.suffix}" if out is None else out
    _refuse_to_overwrite(path, model)
    loaded = model_in(model)
    rows = None if data is None else open_for(loaded, data)
    smaller, found = loaded.shrunk(
        rows, unseen=unseen, trust_data=trust_data, fewer_layers=fewer_layers
    )
    written = path if found.steps or out is not None else None
    if written is not None:
        smaller.save(written)
    if as_json:
        file = None if written is None else str(written)
        click.echo(json.dumps({**document_of(found), "file": file}, allow_nan=False))
    else:
        _show(terminal(), loaded, found, written)


def _refuse_to_overwrite(path: Path, model: Path) -> None:
    """Nothing but a model may be written over, and the model that is shrunk may not."""
    if path.resolve() == model.resolve():
        raise FileAccessError(f"{path} is the model itself; name another file with --out")
    if path.suffix in OTHER_FORMS:
        raise FileAccessError(
            f"{path} would be a model file by the name of another form; `ellnet export` writes those"
        )
    if not path.exists():
        return
    try:
        load(path)
    except EllnetError:
        raise FileAccessError(
            f"{path} is there and is no model file; name another file with --out"
        ) from None


def _show(console: Console, model: Model, found: "Shrunk", written: Path | None) -> None:
    """Show the network before and after, the steps between them, and the proof."""
    show_network(console, found.before)
    say(console, f"inputs: {_inputs(found)}")
    if not found.steps:
        say(console, found.summary())
    for number, step in enumerate(found.steps, start=1):
        say(console, f"{number}. {step.sentence}")
    for sentence in found.kept:
        say(console, f"kept: {_as_options(sentence)}")
    if found.steps:
        show_network(console, found.network)
        say(console, f"why: {found.proof.argument}")
        if model.certificate is not None:
            say(console, "the certificate was of the larger network, and is left out")
        say(console, f"tried: {found.proof.sentence}")
    say(console, "nothing was written" if written is None else f"wrote {written}")


def _as_options(sentence: str) -> str:
    """Call what Python has as arguments by the names of their options."""
    for name in ("trust_data", "fewer_layers"):
        sentence = sentence.replace(name, f"--{name.replace('_', '-')}")
    return sentence


def _inputs(found: "Shrunk") -> str:
    """Say which inputs the network is taken to be meant for."""
    if found.box.bounded:
        return found.box.origin
    return (
        "its columns go in as they stand, so nothing is known of their range, and only steps for every "
        "input were looked for; --data TABLE gives a range"
    )


def document_of(found: "Shrunk") -> dict[str, Any]:
    """Return what was taken out, and the proof, for JSON."""
    before, after = found.before, found.network
    return {
        "before": {"n": list(before.n), "parameters": before.size},
        "after": {"n": list(after.n), "parameters": after.size, "layers": list(found.layers)},
        "inputs": _inputs(found),
        "steps": [step.to_json() for step in found.steps],
        "kept": list(found.kept),
        "proof": found.proof.to_json(),
        "summary": found.summary(),
    }
