"""`ellnet export`: a model in, an ONNX or C file out; `ellnet import`: an ONNX file in, a model out."""

import shlex
from pathlib import Path
from typing import Literal

import click

from ellnet.cli.model_files import model_in
from ellnet.cli.terminal import say, terminal
from ellnet.errors import FileAccessError, HyperparameterError

__all__ = ["export", "import_"]

Inputs = Literal["auto", "columns", "matrix"]
Numbers = Literal["float64", "float32"]


@click.command(short_help="Write a model as an ONNX or a C file.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--to", "form", type=click.Choice(["onnx", "c"]), required=True, help="The form to write."
)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="The file.  [default: beside MODEL]"
)
@click.option(
    "--inputs",
    type=click.Choice(["auto", "columns", "matrix"]),
    help="ONNX: an input for each column, or one matrix of all; auto takes the matrix where every "
    "column holds numbers.  [default: auto]",
)
@click.option(
    "--numbers",
    type=click.Choice(["float64", "float32"]),
    help="ONNX: precision of the inputs that are numbers.  [default: float64]",
)
@click.option("--name", help="C: what every identifier begins with.  [default: the file's name]")
def export(
    *,
    model: Path,
    form: str,
    out: Path | None,
    inputs: Inputs | None,
    numbers: Numbers | None,
    name: str | None,
) -> None:
    """Write MODEL, preprocessing included, in a form that runs without ellnet.

    An ONNX file is run before it is written: where ONNX Runtime does not agree with MODEL, nothing is.
    A C file carries a self-test: compile it with -DELLNET_SELF_TEST.
    """
    if form == "c" and (inputs or numbers):
        raise HyperparameterError("--inputs and --numbers go with --to onnx, got --to c")
    if form == "onnx" and name is not None:
        raise HyperparameterError("--name goes with --to c, got --to onnx")
    path = model.with_suffix(f".{form}") if out is None else out
    if path.resolve() == model.resolve():
        raise FileAccessError(f"{path} is the model itself; name another file with -o")
    loaded = model_in(model)
    console = terminal()
    if form == "onnx":
        from ellnet.forms.onnx_export import export_onnx

        worst = export_onnx(loaded, path, inputs=inputs or "auto", numbers=numbers or "float64")
        say(
            console,
            f"{path}: {path.stat().st_size:,} bytes; ONNX Runtime agrees with the model, worst "
            f"difference {worst:.2g}",
        )
        return
    from ellnet.forms.c_export import export_c

    export_c(loaded, path, name=name)
    say(console, f"{path}: {path.stat().st_size:,} bytes of C99")
    say(
        console,
        f"self-test: cc -std=c99 -O2 -DELLNET_SELF_TEST {shlex.quote(str(path))} -lm && ./a.out",
    )


@click.command("import", short_help="Make a model of a dense network in an ONNX file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), required=True, help="The model file to write."
)
@click.option("--columns", help="Names of the inputs, with commas between.  [default: x0,x1,...]")
@click.option("--target", default="y", show_default=True, help="Name of what is predicted.")
@click.option("--classes", help="Labels, sorted, with commas between.  [default: 0,1,...]")
@click.option(
    "--output-activation", help="What stands behind the last layer, as softmax for logits."
)
def import_(
    *,
    file: Path,
    out: Path,
    columns: str | None,
    target: str,
    classes: str | None,
    output_activation: str | None,
) -> None:
    """Make a model of FILE, an ONNX file that holds a chain of dense layers.

    Its columns go into the network as they stand: scaling that was done before it has to be done still.
    """
    if out.resolve() == file.resolve():
        raise FileAccessError(f"{out} is the ONNX file itself; name another file with -o")
    from ellnet.forms.onnx_import import from_onnx
    from ellnet.forms.plain import as_model

    network = from_onnx(file, output_activation=output_activation)
    made = as_model(
        network, columns=_words(columns), target=target, classes=_labels(_words(classes))
    )
    made.save(out)
    say(terminal(), f"{out}: {made.network!r}, {made.target.task}")


def _words(text: str | None) -> list[str] | None:
    return None if text is None else [word.strip() for word in text.split(",")]


def _labels(words: list[str] | None) -> list[int] | list[str] | None:
    """Return labels as whole numbers where all of them are."""
    if words is None:
        return None
    try:
        return [int(word) for word in words]
    except ValueError:
        return words
