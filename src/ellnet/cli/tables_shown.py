"""Results as tables for a terminal."""

from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.table import Table

from ellnet.cli.curve import draw_curves
from ellnet.cli.terminal import cell, say
from ellnet.evaluation import Scores
from ellnet.history import History
from ellnet.network import Network
from ellnet.targets import Target

__all__ = [
    "REASONS",
    "plain_table",
    "show_branched",
    "show_confusion",
    "show_curves",
    "show_network",
    "show_scores",
    "stopped_because",
]

CLASSES_SHOWN = 12
REASONS = {
    "epochs": "all epochs were run",
    "early": "the validation cost no longer fell",
    "hook": "a hook asked for it",
    "interrupted": "of Ctrl-C",
    "diverged": "the cost was no longer finite",
}
BASELINES = ("model", "prior", "linear")


def plain_table(*headers: str, title: str = "") -> Table:
    """Return an empty table: the first column to the left, the others to the right."""
    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for i, header in enumerate(headers):
        table.add_column(cell(header), justify="right" if i else "left", overflow="fold")
    return table


def stopped_because(history: History) -> str:
    """Say why training ended, and which epoch was kept."""
    if not history.stopped and not history.epochs:
        return "none here; the parameters are those that came in"
    reason = REASONS.get(history.stopped, history.stopped)
    epochs, steps = len(history.epochs), len(history.iterations)
    kept = f"those of epoch {history.best_epoch}" if history.best_epoch else "the last ones"
    return (
        f"{epochs:,} epoch{'' if epochs == 1 else 's'}, {steps:,} step{'' if steps == 1 else 's'}, "
        f"stopped because {reason}; the parameters kept are {kept}"
    )


def show_network(console: Console, net: Network) -> None:
    """Show the architecture in two lines."""
    layers = " → ".join(str(units) for units in net.n)
    count = f"{net.L} layer{'' if net.L == 1 else 's'}, {net.size:,} parameters"
    say(console, f"network: {layers} ({count})")
    say(console, f"  {', '.join(net.activations)}; cost {net.cost}")


def show_curves(console: Console, history: History) -> None:
    """Draw the cost curves, as wide as there is room for."""
    curves = {
        "training cost with penalty": history.costs,
        "validation cost": history.validation_costs,
    }
    shown = {name: values for name, values in curves.items() if values}
    for line in draw_curves(shown, width=max(20, min(60, console.width - 12))):
        console.print(line)


def show_branched(console: Console, history: History, parent: History) -> None:
    """Draw a branch's curve together with that of the run that it branched from."""
    validated = bool(history.validation_costs and parent.validation_costs)
    curves = {
        "the parent's": parent.validation_costs if validated else parent.costs,
        "this run's": history.validation_costs if validated else history.costs,
    }
    say(console, f"{'validation' if validated else 'training'} cost of both runs:")
    for line in draw_curves(curves, width=max(20, min(60, console.width - 12))):
        console.print(line)


def show_scores(console: Console, scores: Mapping[str, Scores], target: Target, part: str) -> None:
    """Show a model's scores beside the baselines'."""
    first = scores["model"]
    names = {
        "model": "this network",
        "prior": "best constant" if target.task == "regression" else "majority class",
        "linear": "linear model",
    }
    rows = f"on {first.m:,} {f'{part} ' if part else ''}row{'' if first.m == 1 else 's'}"
    table = plain_table(rows, *(name.replace("_", " ") for name in first.values), "cost")
    for name in (*BASELINES, *(other for other in scores if other not in BASELINES)):
        if name in scores:
            row = scores[name]
            values = [_figure(value) for value in (*row.values.values(), row.cost)]
            style = "bold" if name == "model" else ""
            table.add_row(cell(names.get(name, name)), *values, style=style)
    console.print(table)


def _figure(value: float) -> str:
    """Write a number with four digits after the point, or with as many as tell something."""
    size = abs(value)
    if size >= 1e7 or 0 < size < 1e-3:
        return f"{value:.4g}"
    return f"{value:.4f}" if size < 100 else f"{value:,.1f}"


def show_confusion(console: Console, scores: Scores) -> None:
    """Show scores by class and, for few classes, the confusion matrix."""
    if scores.confusion is None:
        return
    table = plain_table("class", "precision", "recall", "f1", "rows")
    for row in scores.classes:
        figures = (f"{value:.3f}" for value in (row.precision, row.recall, row.f1))
        table.add_row(cell(row.label), *figures, f"{row.support:,}")
    console.print(table)
    if len(scores.classes) > CLASSES_SHOWN:
        return
    matrix = plain_table("true \\ predicted", *(row.label for row in scores.classes))
    for row, counts in zip(scores.classes, scores.confusion.tolist(), strict=True):
        matrix.add_row(cell(row.label), *(str(count) for count in counts))
    console.print(matrix)
