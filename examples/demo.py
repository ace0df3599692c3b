"""The demo: handwritten digits, from table to saved model, by the main job's own path.

Trains on five seeds, each with its own 80/20 split, draws the first run's cost curve, and shows
that a saved model predicts the same bits.
"""

import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console

from ellnet import Hyperparameters, Plan, load, load_dataset, train_table
from ellnet.cli.curve import draw_curves
from ellnet.cli.progress import progress_hook
from ellnet.cli.tables_shown import show_network, show_scores, stopped_because
from ellnet.cli.warnings_shown import warnings_shown
from ellnet.columns import Columns
from ellnet.runs import RunFolder
from ellnet.workflow import Trained

SEEDS = range(5)


def show_first(console: Console, trained: Trained) -> None:
    """Show one run in full."""
    history = trained.model.history
    show_network(console, trained.model.network)
    curves = {"training cost": history.costs, "validation cost": history.validation_costs}
    for line in draw_curves(curves):
        console.print(line)
    console.print(stopped_because(history), highlight=False)
    show_scores(console, trained.scores, trained.model.target, trained.scored)


def same_bits(trained: Trained, table: Columns, path: Path) -> bool:
    """Save, load, and compare the outputs for every row."""
    trained.model.save(path)
    before, after = trained.model.outputs(table), load(path).outputs(table)
    return bool(before.tobytes() == after.tobytes())


def main() -> int:
    """Run the demo; 1 where a saved model does not give the same bits."""
    console = Console()
    table = load_dataset("digits")
    accuracies = []
    for seed in SEEDS:
        began = time.perf_counter()
        console.print(f"\n[bold]digits, seed {seed}[/bold]")
        hooks = [progress_hook(Console())]
        trained = train_table(table, Plan("target"), Hyperparameters(seed=seed), hooks=hooks)
        if seed == 0:
            first = trained
            show_first(console, trained)
        accuracies.append(trained.scores["model"].values["accuracy"])
        seconds = time.perf_counter() - began
        console.print(f"test accuracy {accuracies[-1]:.4f} in {seconds:.1f} s", highlight=False)
    spread = f"from {min(accuracies):.4f} to {max(accuracies):.4f}"
    console.print(f"\nmean test accuracy of 5 seeds: {np.mean(accuracies):.4f} ({spread})")
    folder = RunFolder.create(None, "demo", sys.argv)
    same = same_bits(first, table, folder.model)
    console.print(f"saved as {folder.model}; loaded again, it predicts the same bits: {same}")
    return 0 if same else 1


if __name__ == "__main__":
    with warnings_shown():
        sys.exit(main())
