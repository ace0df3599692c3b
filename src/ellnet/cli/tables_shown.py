"""Results as tables for a terminal."""

from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.table import Table

from ellnet.evaluation import Scores
from ellnet.history import History
from ellnet.network import Network
from ellnet.targets import Target

__all__ = ["plain_table", "show_confusion", "show_network", "show_scores", "stopped_because"]

CLASSES_SHOWN = 12
REASONS = {
    "epochs": "all epochs were run",
    "early": "the validation cost no longer fell",
    "hook": "a hook asked for it",
    "interrupted": "Ctrl-C",
    "diverged": "the cost was no longer finite",
}


def plain_table(*headers: str, title: str = "") -> Table:
    """Return an empty table: the first column to the left, the others to the right."""
    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for i, header in enumerate(headers):
        table.add_column(header, justify="right" if i else "left")
    return table


def stopped_because(history: History) -> str:
    """Say why training ended, and which epoch was kept."""
    reason = REASONS.get(history.stopped, history.stopped)
    return (
        f"{len(history.epochs)} epochs, {len(history.iterations)} steps, stopped because {reason}; "
        f"kept the parameters of epoch {history.best_epoch}"
    )


def show_network(console: Console, net: Network) -> None:
    """Show the architecture in a line."""
    layers = " → ".join(str(units) for units in net.n)
    names = ", ".join(net.activations)
    console.print(
        f"network: {layers} ({net.L} layers, {net.size:,} parameters; {names}; {net.cost})",
        highlight=False,
    )


def show_scores(console: Console, scores: Mapping[str, Scores], target: Target, part: str) -> None:
    """Show a model's scores beside the baselines'."""
    first = scores["model"]
    names = {
        "model": "this network",
        "prior": "mean of training" if target.task == "regression" else "majority class",
        "linear": "linear model",
    }
    table = plain_table(f"on {first.m:,} {part} rows", *first.values, "cost")
    for name, row in scores.items():
        style = "bold" if name == "model" else ""
        values = [
            f"{value:.4f}" if abs(value) < 100 else f"{value:,.1f}" for value in row.values.values()
        ]
        table.add_row(names[name], *values, f"{row.cost:.4f}", style=style)
    console.print(table)


def show_confusion(console: Console, scores: Scores) -> None:
    """Show scores by class and, for few classes, the confusion matrix."""
    if scores.confusion is None:
        return
    table = plain_table("class", "precision", "recall", "f1", "rows")
    for row in scores.classes:
        table.add_row(
            row.label,
            f"{row.precision:.3f}",
            f"{row.recall:.3f}",
            f"{row.f1:.3f}",
            str(row.support),
        )
    console.print(table)
    if len(scores.classes) > CLASSES_SHOWN:
        return
    matrix = plain_table("true \\ predicted", *(row.label for row in scores.classes))
    for row, counts in zip(scores.classes, scores.confusion.tolist(), strict=True):
        matrix.add_row(row.label, *(str(count) for count in counts))
    console.print(matrix)
