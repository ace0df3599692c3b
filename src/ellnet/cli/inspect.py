"""`ellnet inspect`: what is in a model file."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ellnet.cli.engine_shown import engine_document, show_engine
from ellnet.cli.model_files import model_or_estimator
from ellnet.cli.tables_shown import plain_table, show_curves, show_network, stopped_because
from ellnet.cli.terminal import cell, say, terminal
from ellnet.models import Model

__all__ = ["inspect"]


@click.command(short_help="Show what is in a model file, or the engine that trains here.")
@click.argument("model", type=click.Path(path_type=Path), required=False)
@click.option("--engine", "of_engine", is_flag=True, help="Show the engine that trains here.")
@click.option("-m", "--examples", "m", type=click.IntRange(min=1), help="Number m in the shapes.")
@click.option("--json", "as_json", is_flag=True, help="Print everything but the weights as JSON.")
def inspect(model: Path | None, of_engine: bool, m: int | None, as_json: bool) -> None:
    """Show MODEL: layers, the shapes of every quantity, hyperparameters, columns and history.

    With --engine, which needs no MODEL, show what trains and predicts on this machine: the engine, its
    instruction set and threads, and what would make it otherwise.
    """
    if model is None and not of_engine:
        raise click.UsageError("missing argument 'MODEL'; without one there is --engine")
    loaded, estimator = (None, False) if model is None else model_or_estimator(model)
    if as_json:
        document = {"engine": engine_document()} if of_engine else {}
        if loaded is not None:
            document |= _document(loaded, m or 1)
        click.echo(json.dumps(document, allow_nan=False))
        return
    console = terminal()
    if of_engine:
        show_engine(console)
    if loaded is not None:
        _show_model(console, loaded, m)
        _show_certificate(console, loaded, kept=not estimator)


def _show_model(console: Console, loaded: Model, m: int | None) -> None:
    show_network(console, loaded.network)
    target = loaded.target
    classes = f"; classes {', '.join(str(c) for c in target.classes)}" if target.classes else ""
    say(console, f"target: {target.name} ({target.task}{classes})")
    _show_layers(console, loaded)
    _show_shapes(console, loaded, m)
    _show_hyperparameters(console, loaded)
    _show_columns(console, loaded)
    _show_history(console, loaded)


def _document(model: Model, m: int) -> dict[str, Any]:
    history = model.history
    return {
        "n": list(model.network.n),
        "activations": list(model.network.activations),
        "cost": model.network.cost,
        "parameters": model.network.size,
        "shapes": [vars(row) for row in model.network.shapes(m)],
        "hyperparameters": model.hyperparameters.to_json(),
        "target": model.target.to_json(),
        "features": list(model.preprocessing.feature_names),
        "history": {
            "costs": history.costs,
            "validation_costs": history.validation_costs,
            "best_epoch": history.best_epoch,
            "stopped": history.stopped,
            "engine": history.engine,
        },
        "certificate": _certificate_document(model),
    }


def _certificate_document(model: Model) -> dict[str, Any] | None:
    """Return what the certificate says, and whether it is of these parameters; None without one."""
    found = model.certificate
    if found is None:
        return None
    return {
        "belongs": found.belongs_to(model.network),
        "passed": found.passed,
        **found.to_json(),
    }


def _show_layers(console: Console, model: Model) -> None:
    net = model.network
    table = plain_table("layer", "units", "activation", "weights", "biases", "mean |W|")
    table.add_row("0 (input)", str(net.n[0]), "", "", "", "")
    for layer in range(1, net.L + 1):
        weights = net.n[layer] * net.n[layer - 1]
        mean = f"{abs(net.W[layer]).mean():.4g}"
        cells = (
            str(net.n[layer]),
            net.activations[layer],
            f"{weights:,}",
            f"{net.n[layer]:,}",
            mean,
        )
        table.add_row(str(layer), *cells)
    console.print(table)


def _show_shapes(console: Console, model: Model, m: int | None) -> None:
    table = plain_table("quantity", "rule", "shape", title="shapes for m examples, one a column")
    for row in model.network.shapes(m or 0):
        columns = "m" if m is None and row.rule.endswith(" m)") else str(row.shape[1])
        table.add_row(row.quantity, row.rule, f"({row.shape[0]}, {columns})")
    console.print(table)


def _show_hyperparameters(console: Console, model: Model) -> None:
    table = plain_table("hyperparameter", "value")
    for name, value in model.hyperparameters.to_json().items():
        shown = (
            ", ".join(str(part) for part in value) or "none" if isinstance(value, list) else value
        )
        table.add_row(name, cell(shown))
    console.print(table)


def _show_columns(console: Console, model: Model) -> None:
    preprocessing = model.preprocessing
    table = plain_table("column", "kind", "features")
    for name, kind, features in preprocessing.describe():
        table.add_row(cell(name), kind, str(features))
    console.print(table)


def _show_history(console: Console, model: Model) -> None:
    history = model.history
    say(console, f"training: {stopped_because(history)}")
    say(console, f"engine: {history.engine}")
    show_curves(console, history)


def _show_certificate(console: Console, model: Model, *, kept: bool) -> None:
    """Show it, or say what makes one; an estimator's file has no place to keep it in."""
    found = model.certificate
    if found is None:
        words = "--certify --store` makes one" if kept else "--certify` proves the gradient"
        say(console, f"certificate: none; `ellnet prove MODEL TABLE {words}")
        return
    if not found.belongs_to(model.network):
        say(console, "certificate: of OTHER parameters than these; they changed after it was made")
        return
    say(console, f"certificate: of these parameters (digest {found.digest[:16]}...)")
    for sentence in found.sentences():
        say(console, f"  {sentence}")
