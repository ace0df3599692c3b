"""`ellnet circuits`: why deep, by explicit weights and by training."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ellnet.cli.tables_shown import plain_table
from ellnet.cli.terminal import cell, say, terminal

if TYPE_CHECKING:
    from ellnet.explain.circuits import Circuit
    from ellnet.explain.circuits_training import Result

__all__ = ["circuits"]

NOT_EXACT = 1
BAR = 32
"""Units that a line of the terminal's drawing has room for."""

Rows = dict[int, list[tuple["Circuit", int]]]
"""For each number of inputs the circuits, each with how many of the 2^n inputs it gets wrong."""


@click.command(short_help="Show why deep nets, by circuits with explicit weights.")
@click.argument("function", type=click.Choice(["parity"]))
@click.option("--inputs", "n", default=8, show_default=True, help="Inputs n, from 2 to 16.")
@click.option("--largest", default=16, show_default=True, help="Last row of the table, to 16.")
@click.option("--draw", type=click.Path(path_type=Path), help="Write the picture, an .svg file.")
@click.option("--out", type=click.Path(path_type=Path), help="Save a circuit as a model file.")
@click.option(
    "--circuit",
    "name",
    type=click.Choice(["tree", "and_or", "threshold"]),
    default="tree",
    show_default=True,
    help="Which one --out saves.",
)
@click.option("--train/--no-train", "trains", default=True, help="Train nets on parity, too.")
@click.option("--seeds", default=10, show_default=True, type=click.IntRange(1, 1000))
@click.option("--epochs", type=click.IntRange(1), help="Of each.  [default: those of 8,000 steps]")
@click.option("--learning-rate", default=0.01, show_default=True, type=click.FloatRange(0))
@click.option(
    "--hold-out",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 1, max_open=True),
    help="Part of the patterns that training does not see.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def circuits(  # noqa: PLR0917 - click passes them by name
    function: str,
    n: int,
    largest: int,
    draw: Path | None,
    out: Path | None,
    name: str,
    trains: bool,
    seeds: int,
    epochs: int | None,
    learning_rate: float,
    hold_out: float,
    as_json: bool,
) -> int:
    """Build PARITY of n inputs as a deep and as two shallow networks, and try each on all 2^n inputs.

    Then train shallow and deep nets on the same patterns, from several seeds. Exit code 1 means that
    a circuit was wrong on some input.
    """
    from ellnet.explain.circuits import build_circuits, check_inputs
    from ellnet.explain.circuits_training import contenders, train_on_parity

    check_inputs(n)
    check_inputs(largest)
    chosen = build_circuits(n)
    written = [*_draw(draw, chosen), *_save(out, name, chosen)]
    rows = _checked(range(2, max(n, largest) + 1))
    console = terminal()
    if not as_json:
        _show(console, n, rows)
    results = (
        train_on_parity(
            n,
            contenders(n),
            seeds=seeds,
            epochs=epochs,
            learning_rate=learning_rate,
            held_out=hold_out,
        )
        if trains
        else []
    )
    if as_json:
        document = {"function": function, **_document(n, rows, results), "files": written}
        click.echo(json.dumps(document, allow_nan=False))
    else:
        _conclude(console, n, rows, results)
        for path in written:
            say(console, f"wrote {path}")
    return NOT_EXACT if any(wrong for row in rows.values() for _, wrong in row) else 0


def _draw(path: Path | None, chosen: "tuple[Circuit, ...]") -> list[str]:
    from ellnet.explain.circuits_drawing import circuits_svg
    from ellnet.files.durable import write_durably

    if path is None:
        return []
    if path.suffix.lower() != ".svg":
        raise click.UsageError(f"--draw writes an .svg file, got {path}")
    write_durably(path, circuits_svg(chosen).encode())
    return [str(path)]


def _save(path: Path | None, name: str, chosen: "tuple[Circuit, ...]") -> list[str]:
    from ellnet.explain.circuits_model import circuit_model

    if path is None:
        return []
    circuit_model(next(circuit for circuit in chosen if circuit.name == name)).save(path)
    return [str(path)]


def _checked(sizes: range) -> Rows:
    """Build the circuits of every size, and try each on all of its inputs."""
    from ellnet.explain.circuits import build_circuits, wrong_inputs

    return {
        n: [(circuit, wrong_inputs(circuit.network)) for circuit in build_circuits(n)]
        for n in sizes
    }


def _show(console: Console, n: int, rows: Rows) -> None:
    """Show the sizes side by side, and the circuits of n inputs as layers of units."""
    say(console, f"parity of n inputs, y = x1 XOR ... XOR xn, for n = 2..{max(rows)}")
    console.print(_sizes(rows))
    say(console, "weights: those that are not 0; L: layers, the output's included. A unit that")
    say(console, "only adds up ends each: it is the OR of the second, and is not counted.")
    for circuit, _ in rows[n]:
        console.print()
        say(console, f"{circuit.title}, n = {n}")
        for layer, units in enumerate(circuit.network.n):
            console.print(_layer(circuit, layer, units), soft_wrap=True)
    console.print()


def _sizes(rows: Rows) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column(Text("\nn"), justify="right")
    for title, counted in (("tree", "XORs"), ("AND/OR", "ANDs"), ("steps", "gates")):
        for k, head in enumerate((counted, "units", "weights", "L")):
            heading = Text(f"{title if k == 0 else ''}\n{head}")
            table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(Text("inputs\nright"), justify="right", no_wrap=True)
    for n, row in rows.items():
        figures = [
            f"{value:,}"
            for each, _ in row
            for value in (each.gates, each.units, each.weights, each.levels + 1)
        ]
        wrong = sum(wrong for _, wrong in row)
        table.add_row(str(n), *figures, "all" if wrong == 0 else f"{wrong} WRONG")
    return table


def _layer(circuit: "Circuit", layer: int, units: int) -> Text:
    net = circuit.network
    kind = "inputs" if layer == 0 else "sum" if layer == net.L else net.activations[layer]
    shown = "●" * units if units <= BAR else "●" * (BAR - 4) + " ⋯ ●●"
    style = "" if layer in {0, net.L} else "bright_blue"
    return Text(f"  {kind.replace('_', ' '):<13}").append(shown, style).append(f"  {units:,}")


def _conclude(console: Console, n: int, rows: Rows, results: "list[Result]") -> None:
    """Show what training found, and say where the notes' argument holds and where not."""
    from ellnet.explain.circuits_verdict import verdict

    if results:
        _show_training(console, results)
    for sentence in verdict([circuit for circuit, _ in rows[n]], results):
        say(console, sentence)


def _show_training(console: Console, results: "list[Result]") -> None:
    held = bool(results[0].unseen)
    heads = ["hidden layers", "parameters", "seeds solved", "patterns right"]
    table = plain_table("trained by gradient descent", *heads, *(["unseen right"] if held else []))
    for result in results:
        units = ", ".join(map(str, result.contender.hidden))
        row = [
            f"{units} {result.contender.activation}",
            f"{result.parameters:,}",
            f"{result.solved} of {len(result.learned)}",
            _mean(result.learned),
            *([_mean(result.unseen)] if held else []),
        ]
        table.add_row(cell(result.contender.name), *row)
    console.print(table)


def _mean(shares: tuple[float, ...]) -> str:
    return f"{sum(shares) / len(shares):.1%}"


def _document(n: int, rows: Rows, results: "list[Result]") -> dict[str, Any]:
    from ellnet.explain.circuits_verdict import verdict

    return {
        "inputs": n,
        "table": [
            {
                "n": size,
                "inputs": 2**size,
                **{circuit.name: {**circuit.to_json(), "wrong": wrong} for circuit, wrong in row},
            }
            for size, row in rows.items()
        ],
        "training": [
            {
                "name": result.contender.name,
                "hidden": list(result.contender.hidden),
                "activation": result.contender.activation,
                "parameters": result.parameters,
                "seeds": len(result.learned),
                "solved": result.solved,
                "learned": list(result.learned),
                "unseen": list(result.unseen),
            }
            for result in results
        ],
        "verdict": verdict([circuit for circuit, _ in rows[n]], results),
    }
